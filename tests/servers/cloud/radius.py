"""A RADIUS server on loopback for one user. Arguments: port, dictionary file, user. Standard input: the shared secret and the
user's password, a line each."""

import sys

from pyrad import dictionary, packet, server


class OneUser(server.Server):
    def HandleAuthPacket(self, request):
        known = request["User-Name"] == [user]
        right = known and request.PwDecrypt(request["User-Password"][0]) == password
        reply = self.CreateReplyPacket(request)
        reply.code = packet.AccessAccept if right else packet.AccessReject
        self.SendReplyPacket(request.fd, reply)


port, dictionary_file, user = int(sys.argv[1]), sys.argv[2], sys.argv[3]
secret, password = sys.stdin.readline().rstrip("\n"), sys.stdin.readline().rstrip("\n")
radius = OneUser(
    addresses=["127.0.0.1"],
    authport=port,
    auth_enabled=True,
    acct_enabled=False,
    coa_enabled=False,
    dict=dictionary.Dictionary(dictionary_file),
    hosts={"127.0.0.1": server.RemoteHost("127.0.0.1", secret.encode(), "vault")},
)
print("ready", flush=True)
radius.Run()

"""A file system whose files can stand still, as those of a network share do whose server is away.

    stopped-files.py SOURCE MOUNT PIDFILE

shows the files of the directory SOURCE in the directory MOUNT. It never answers a request to read the file "no-read", and when the
process is stopped (SIGSTOP) it answers nothing at all. It ends with the process that started it. It speaks FUSE's protocol itself
(linux/fuse.h, version 7.31), because no library for that is on every machine, and asks the kernel to keep nothing.
"""

import ctypes
import errno
import os
import signal
import struct
import sys

LOOKUP, FORGET, GETATTR, OPEN, READ, RELEASE, FLUSH, INIT, INTERRUPT, BATCH_FORGET = 1, 2, 3, 14, 15, 18, 25, 26, 36, 42
ROOT, PR_SET_PDEATHSIG = 1, 1


def main(source, mount, pid_file):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    device = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={device},rootmode=40000,user_id={os.getuid()},group_id={os.getgid()}"
    if libc.mount(b"stopped-files", mount.encode(), b"fuse", 0, options.encode()):
        raise OSError(ctypes.get_errno(), "mount")
    names = {ROOT: ""}
    with open(pid_file + ".new", "w", encoding="ascii") as file:
        file.write(str(os.getpid()))
    os.rename(pid_file + ".new", pid_file)
    while True:
        try:
            request = os.read(device, 1 << 20)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.EINTR):
                continue
            return
        _, operation, unique, node = struct.unpack_from("<IIQQ", request)
        if operation in (FORGET, BATCH_FORGET, INTERRUPT):
            continue
        try:
            answer = reply(operation, node, request[40:], names, source)
            status = 0
        except OSError as error:
            answer, status = b"", -error.errno
        if answer is not None:
            os.write(device, struct.pack("<IiQ", 16 + len(answer), status, unique) + answer)


def reply(operation, node, body, names, source):
    if operation == INIT:
        return struct.pack("<IIIIHHIIHHI28x", 7, 31, 0, 0, 12, 10, 1 << 17, 1, 0, 0, 0)
    if operation == LOOKUP:
        name = body.split(b"\0")[0].decode()
        found = attributes(os.path.join(source, name), node := max(names) + 1)
        names[node] = name
        return struct.pack("<QQQQII", node, 0, 0, 0, 0, 0) + found
    path = os.path.join(source, names[node])
    if operation == GETATTR:
        return struct.pack("<QII", 0, 0, 0) + attributes(path, node)
    if operation == OPEN:
        return struct.pack("<QII", 0, 0, 0)
    if operation == READ:
        if names[node] == "no-read":
            return None
        offset, size = struct.unpack_from("<QI", body, 8)
        with open(path, "rb") as file:
            file.seek(offset)
            return file.read(size)
    if operation in (RELEASE, FLUSH):
        return b""
    raise OSError(errno.ENOSYS, "not known")


def attributes(path, node):
    found = os.stat(path)
    seconds = int(found.st_mtime)
    return struct.pack("<QQQQQQIIIIIIIIII", node, found.st_size, 1, seconds, seconds, seconds, 0, 0, 0,
                       found.st_mode, 1, found.st_uid, found.st_gid, 0, 4096, 0)


main(*sys.argv[1:])

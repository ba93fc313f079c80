package dev.vaultcipher.connection;

import static org.junit.Assert.assertEquals;

import dev.vaultcipher.VaultCipher;
import dev.vaultcipher.VaultSecretStore;
import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.FaultPeer;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.Messages;
import dev.vaultcipher.harness.ScriptedPeer;
import dev.vaultcipher.harness.VaultServer;
import java.util.Arrays;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** What a host's log says of each failure: what, where, why, and what to do. */
public class FailuresTest {
    private static final String FAILURE = "com.atlassian.secrets.api.SecretStoreException";

    private static VaultServer vault;
    private static String token;

    @BeforeClass
    public static void startVault() {
        vault = VaultServer.start();
        vault.putSecret("sample/secret", "password", Fixtures.randomText(), "username", Fixtures.randomText());
        token = vault.createToken("path \"secret/data/sample/*\" { capabilities = [\"read\"] }");
    }

    @AfterClass
    public static void stopVault() {
        vault.close();
    }

    @Test
    public void aMissingPath() {
        fails(vault.text("sample/secrets", "password"), "no secret", "GET " + vault.address() + "/v1/secret/data/sample/secrets",
                "namespace", "mount \"secret\"", "path \"sample/secrets\"", "vault kv get -mount=secret sample/secrets");
    }

    @Test
    public void aDeletedVersionSaysWhenAndHowToRestoreIt() {
        vault.putSecret("sample/deleted", "password", Fixtures.randomText());
        vault.delete("secret/data/sample/deleted");
        String when = Fixtures.jsonMember(
                vault.request("GET", "secret/data/sample/deleted", null, vault.rootToken()).body, "deletion_time");
        fails(vault.text("sample/deleted", "password"), "deleted", when.substring(0, "2026-01-01T00:00".length()),
                "vault kv undelete -mount=secret -versions=1 sample/deleted");
    }

    @Test
    public void aDestroyedVersionCannotBeRestored() {
        vault.putSecret("sample/destroyed", "password", Fixtures.randomText());
        vault.put("secret/destroy/sample/destroyed", "{\"versions\":[1]}");
        fails(vault.text("sample/destroyed", "password"), "Version 1", "destroyed", "cannot be restored");
    }

    @Test
    public void anUnknownMount() {
        String text = vault.text("sample/secret", "password").replace("\"secret\"", "\"kv\"");
        // Only a powerful token learns from Vault that there is no such mount; any other is denied.
        failsWith(vault.rootToken(), text, "no secrets engine at mount \"kv\"", "vault secrets list");
        fails(text, "denie", "path \"kv/data/sample/secret\" { capabilities = [\"read\"] }", "mount that does not exist");
    }

    @Test
    public void aMissingKeyListsTheKeysThatExist() {
        fails(vault.text("sample/secret", "pasword"), "no key \"pasword\"", "\"password\"", "\"username\"");
    }

    @Test
    public void keysAreListedAsTheyAre() {
        vault.put("secret/data/sample/odd", "{\"data\":{\"password \":\"" + Fixtures.randomText() + "\",\"pass\\u200bword\":\""
                + Fixtures.randomText() + "\"}}");
        failsWith(vault.rootToken(), vault.text("sample/odd", "password"), "no key \"password\"", "\"password \"",
                "\"pass\\u{200b}word\"");
    }

    @Test
    public void aTextWithThousandsOfUnknownFieldsOrAnEndlessPathIsAShortMessage() {
        StringBuilder fields = new StringBuilder();
        for (int i = 0; i < 3000; i++) {
            fields.append(",\"field-").append(i).append("\":1");
        }
        String text = vault.text("sample/secret", "password");
        fails(text.replace("}", fields + "}"), "unknown field \"field-0\"", "2990 more unknown fields", "(VC1001)");
        fails(vault.text("a".repeat(30_000), "password"), "/v1/secret/data/aaaa");
    }

    @Test
    public void aWrongToken() {
        failsWith(Canaries.keep("s." + Fixtures.randomText()), vault.text("sample/secret", "password"),
                "does not accept the token", "environment variable SECRET_STORE_VAULT_TOKEN", "vault token lookup",
                "GET " + vault.address() + "/v1/secret/data/sample/secret");
    }

    @Test
    public void aRevokedTokenReadsLikeAWrongOne() {
        String revoked = vault.createReader("sample/secret");
        vault.put("auth/token/revoke", "{\"token\":\"" + revoked + "\"}");
        failsWith(revoked, vault.text("sample/secret", "password"), "does not accept the token", "revoked");
    }

    @Test
    public void aDeniedPolicyNamesTheLineToAdd() {
        fails(vault.text("other/secret", "password"), "denie", "403",
                "path \"secret/data/other/secret\" { capabilities = [\"read\"] }");
    }

    @Test
    public void aSealedVault() {
        try (VaultServer sealed = VaultServer.start()) {
            String reader = sealed.createReader("sample/secret");
            sealed.seal();
            failsWith(reader, sealed.text("sample/secret", "password"), "sealed", "vault operator unseal",
                    sealed.address());
        }
    }

    @Test
    public void aRefusedConnection() {
        String address = "127.0.0.1:" + Fixtures.freePorts(1);
        fails(vault.text("sample/secret", "password").replace(vault.address(), "http://" + address), "refused", address,
                "check that Vault runs");
    }

    @Test
    public void theClustersOwnPortIsToldFromTheApis() {
        // The dev server's is the next one.
        String text = vault.text("sample/secret", "password").replace(vault.address(), "https://127.0.0.1:" + (vault.port() + 1));
        fails(text, "TLS failed", "InternalError: the port that the nodes of a Vault cluster use among themselves does that",
                "names Vault's API port (usually 8200, not 8201)", "(VC1302)");
        // By its usual number, whatever it does there.
        try (FaultPeer cluster = FaultPeer.at("127.82.0.1", 8201, FaultPeer.closes(""))) {
            fails(vault.text("sample/secret", "password").replace(vault.address(), cluster.address()),
                    "What to do: 8201 is usually the port that the nodes of a Vault cluster use among themselves: write the API port", "(VC1405)");
        }
    }

    @Test
    public void anAddressThatWasCopiedFromTheBrowserIsTold() {
        for (String copied : Arrays.asList("/ui", "/ui/", "/ui/vault/secrets", "/ui/vault/auth?with=token")) {
            fails(vault.text("sample/secret", "password").replace(vault.address(), vault.address() + copied),
                    "\"endpoint\" is the address of Vault's user interface, from a browser: leave out /ui and what follows");
        }
    }

    @Test
    public void anUnknownHost() {
        fails(vault.text("sample/secret", "password").replace(vault.address(), "http://vault.invalid:8200"),
                "\"vault.invalid\" cannot be resolved", "getent hosts vault.invalid");
    }

    @Test
    public void anHtmlPageFromAProxy() {
        String page = "<html><head><title>Access Denied</title></head><body>Proxy &amp; firewall</body></html>";
        for (String status : Arrays.asList("200 OK", "403 Forbidden", "502 Bad Gateway")) {
            try (ScriptedPeer proxy = ScriptedPeer.answering("HTTP/1.1 " + status + "\r\nContent-Type: text/html\r\nContent-Length: "
                    + page.length() + "\r\nConnection: close\r\n\r\n" + page)) {
                fails(vault.text("sample/secret", "password").replace(vault.address(), proxy.address()), "not from Vault",
                        "status " + status.substring(0, 3), "text/html", "Access Denied", proxy.address());
            }
        }
    }

    @Test
    public void aConnectionThatIsClosedWithoutAnAnswer() {
        try (ScriptedPeer peer = ScriptedPeer.answering("")) {
            fails(vault.text("sample/secret", "password").replace(vault.address(), peer.address()), "closed", peer.address());
        }
    }

    @Test
    public void aTextThatIsNoJsonOrLacksFieldsNamesAllProblems() {
        HostProcess.Outcome outcome = jvm(token).call("swordfish", "", "{}",
                "{\"mount\":\"secret\",\"pth\":\"a\",\"key\":5,\"endpoint\":\"vault:8200\"}", "{ATL_SECURED}", "{ENC}{ATL_SECURED}\n");
        assertEquals(outcome.toString(), 6, outcome.calls.size());
        for (HostProcess.Call taken : outcome.calls.subList(4, 6)) {
            Messages.assertSays(taken, FAILURE, "it is {ATL_SECURED}, which Jira 10.2 and later write into dbconfig.xml",
                    "write the text there again", "(VC1001)");
        }
        Messages.assertSays(outcome.calls.get(0), FAILURE, "the secret itself is in Vault");
        Messages.assertSays(outcome.calls.get(1), FAILURE, "empty");
        Messages.assertSays(outcome.calls.get(2), FAILURE, "mount", "path", "key", "endpoint");
        Messages.assertSays(outcome.calls.get(3), FAILURE, "\"pth\"", "\"path\"", "\"key\"", "\"endpoint\"", "http");
    }

    @Test
    public void theCipherContractFailsWithAnExceptionThatOldHostsHave() {
        HostProcess.Outcome outcome = HostProcess.loading(VaultCipher.class.getName())
                .environment("SECRET_STORE_VAULT_TOKEN", token).call(vault.text("other/secret", "password"), "");
        assertEquals(outcome.toString(), 2, outcome.calls.size());
        Messages.assertSays(outcome.calls.get(0), "java.lang.IllegalStateException",
                "path \"secret/data/other/secret\" { capabilities = [\"read\"] }");
        Messages.assertSays(outcome.calls.get(1), "java.lang.IllegalStateException", "empty");
    }

    private static void fails(String text, String... parts) {
        failsWith(token, text, parts);
    }

    private static void failsWith(String clientToken, String text, String... parts) {
        Messages.assertSays(jvm(clientToken).call(text).only(), FAILURE, parts);
    }

    private static HostProcess jvm(String clientToken) {
        return HostProcess.loading(VaultSecretStore.class.getName()).environment("SECRET_STORE_VAULT_TOKEN", clientToken);
    }
}

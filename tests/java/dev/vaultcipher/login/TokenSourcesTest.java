package dev.vaultcipher.login;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.Cleanup;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.Logins;
import dev.vaultcipher.harness.Messages;
import dev.vaultcipher.harness.StoreSession;
import dev.vaultcipher.harness.VaultServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.concurrent.TimeUnit;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** Where a token may come from: our own names, the official clients' names, a file, the sink of a real agent. */
public class TokenSourcesTest {
    private static final String FILE_PROPERTY = "secret.store.vault.token.file";

    private static Logins logins;
    private static String token;

    @BeforeClass
    public static void startVault() {
        logins = new Logins(VaultServer.start());
        token = logins.token();
        logins.enable("agent", "approle");
        logins.vault.put("auth/agent/role/app", "{\"role_id\":\"agent\"," + Logins.POLICIES + "}");
    }

    @AfterClass
    public static void stopVault() {
        logins.close();
    }

    @Test
    public void theOfficialClientsVariableIsTakenWhenOursIsNotSet() {
        assertValue(logins.getIn(logins.text("TOKEN"), "VAULT_TOKEN", " " + token + "\n"));
    }

    @Test
    public void openBaosVariableComesBeforeVaultsAndBothAfterOurs() {
        HostProcess jvm = HostProcess.plain().environment("BAO_TOKEN", wrongToken()).environment("VAULT_TOKEN", token);
        try (StoreSession session = StoreSession.start(jvm)) {
            session.get(logins.text("TOKEN")).assertFails("environment variable BAO_TOKEN", "403 permission denied");
            session.property("secret.store.vault.token", token);
            session.get(logins.text("TOKEN")).assertValue(logins.value);
        }
        assertValue(logins.getIn(logins.text("TOKEN"), "SECRET_STORE_VAULT_TOKEN", token, "VAULT_TOKEN", wrongToken()));
    }

    @Test
    public void aFileOfTheEnvironmentIsTakenWhenNoTokenIsSetAndAFileOfTheTextBeforeAToken() {
        String file = logins.file("environment", token);
        HostProcess jvm = HostProcess.plain().environment("SECRET_STORE_VAULT_TOKEN_FILE", file);
        try (StoreSession session = StoreSession.start(jvm)) {
            session.get(logins.text("TOKEN")).assertValue(logins.value);
            session.property("secret.store.vault.token", wrongToken());
            session.get(logins.text("TOKEN")).assertFails("system property secret.store.vault.token");
            session.get(logins.text("TOKEN", "tokenFile", file)).assertValue(logins.value);
        }
    }

    @Test
    public void aFileThatIsMeantForUsComesBeforeATokenThatIsThereForOthers() {
        String file = logins.file("ours", token);
        assertValue(logins.getIn(logins.text("TOKEN"), "SECRET_STORE_VAULT_TOKEN_FILE", file, "VAULT_TOKEN", wrongToken()));
        assertValue(logins.getIn(logins.text("TOKEN"), "SECRET_STORE_VAULT_TOKEN_FILE", file, "BAO_TOKEN", wrongToken()));
        assertSays(logins.getIn(logins.text("TOKEN"), "SECRET_STORE_VAULT_TOKEN_FILE", file, "SECRET_STORE_VAULT_TOKEN", wrongToken()),
                "environment variable SECRET_STORE_VAULT_TOKEN, which comes before environment variable SECRET_STORE_VAULT_TOKEN_FILE");
    }

    @Test
    public void quotesOfAnEnvironmentFileAreNamedAndNeverSent() {
        for (String variable : new String[] {"SECRET_STORE_VAULT_TOKEN", "VAULT_TOKEN"}) {
            assertSays(logins.getIn(logins.text("TOKEN"), variable, "\"" + token + "\""),
                    "environment variable " + variable + " cannot be used: it is in quotes", "docker run --env-file", "remove the quotes");
        }
        assertSays(logins.getIn(logins.text("TOKEN").replace(",\"endpoint\":\"" + logins.vault.address() + "\"", ""), "VAULT_ADDR",
                "'" + logins.vault.address() + "'"), "environment variable VAULT_ADDR cannot be used: it is in quotes");
        logins.get(logins.text("TOKEN", "tokenFile", logins.file("quoted-token", "\"" + token + "\"\n")))
                .assertFails("holds quotes around the token. What to do: remove them");
    }

    @Test
    public void aByteOrderMarkIsDroppedAndUtf16IsNamed() throws IOException {
        String file = logins.file("bom-token", "\ufeff" + token + "\r\n");
        logins.get(logins.text("TOKEN", "tokenFile", file)).assertValue(logins.value);
        logins.file("bom-token", "\ufeff{\"token\":" + Fixtures.json(token) + "}");
        logins.get(logins.text("TOKEN", "tokenFile", file)).assertValue(logins.value);
        Files.write(Paths.get(file), token.getBytes(java.nio.charset.StandardCharsets.UTF_16));
        logins.get(logins.text("TOKEN", "tokenFile", file)).assertFails("\"" + file + "\"", "is UTF-16 text", "What to do: save it as UTF-8");
    }

    @Test
    public void aPropertyThatJavaCouldNotDecodeIsNamed() {
        logins.get(logins.text("TOKEN"), "secret.store.vault.token.file", "/run/tok\ufffdn").assertFails(
                "system property secret.store.vault.token.file cannot be used: it holds U+FFFD", "LANG=C.UTF-8");
    }

    @Test
    public void aSinkThatTheAgentEncryptsIsNamed() throws IOException {
        byte[] key = new byte[32];
        java.util.Arrays.fill(key, (byte) 9);
        String publicKey = logins.file("dh-key", "{\"curve25519_public_key\":\"" + java.util.Base64.getEncoder().encodeToString(key) + "\"}");
        String sink = runAgent("", "encrypted", "dh_type = \"curve25519\"\n    dh_path = \"" + publicKey + "\"");
        assertTrue(Files.readString(Paths.get(sink)), Files.readString(Paths.get(sink)).contains("encrypted_payload"));
        logins.get(logins.text("TOKEN", "tokenFile", sink)).assertFails("field \"tokenFile\" of the text",
                "the agent has encrypted", "What to do: remove dh_type and dh_path");
    }

    @Test
    public void aFileIsTrimmedAndReadAnewForEachProperty() {
        String file = logins.file("token", "\n " + wrongToken() + "\r\n");
        logins.get(logins.text("TOKEN", "tokenFile", file))
                .assertFails("the file \"" + file + "\" (field \"tokenFile\" of the text)", "403 permission denied");
        logins.file("token", "\n " + token + "\r\n");
        assertEquals("[]", logins.get(logins.text("TOKEN", "tokenFile", file)).assertValue(logins.value).warnings.toString());
        logins.get(logins.text("TOKEN"), FILE_PROPERTY, file).assertValue(logins.value);
    }

    @Test
    public void aFileThatEverybodyMayReadIsWarnedOf() {
        String file = logins.file("open", token, "rw-r--r--");
        StoreSession.Outcome outcome = logins.get(logins.text("TOKEN", "tokenFile", file)).assertValue(logins.value);
        assertEquals(outcome.toString(), 1, outcome.warnings.size());
        assertTrue(outcome.toString(), outcome.warnings.get(0).contains(
                "Every user of this machine may read the Vault token file \"" + file + "\"; chmod o-r fixes it"));
    }

    @Test
    public void aFileThatHoldsNoTokenIsToldWithItsOrigin() {
        assertFileFails(logins.path("missing"), "does not exist", "What to do: put it there");
        assertFileFails(Paths.get(logins.path("missing")).getParent().toString(), "is a directory", "What to do");
        assertFileFails(logins.file("empty", " \n"), "is empty", "What to do: see why the program that writes it did not");
        assertFileFails(logins.file("two", token + "\n" + token), "holds no token: byte " + (token.length() + 1), "What to do");
        assertFileFails(logins.file("large", "x".repeat(70_000)), "is larger than 64 KiB", "What to do");
        logins.get(logins.text("TOKEN"), FILE_PROPERTY, logins.file("json", "{\"auth\":" + Fixtures.json(token) + "}"))
                .assertFails("system property " + FILE_PROPERTY, "JSON without a \"token\"", "What to do: name the file");
    }

    private static void assertFileFails(String file, String... parts) {
        logins.get(logins.text("TOKEN"), FILE_PROPERTY, file)
                .assertFails("The Vault token file \"" + file + "\" (from system property " + FILE_PROPERTY + ")")
                .assertFails(parts);
    }

    @Test
    public void anAgentsSinkIsUnderstood() throws IOException {
        String sink = runAgent("", "sink", "");
        Canaries.keep(Files.readString(Paths.get(sink)));
        logins.get(logins.text("TOKEN", "tokenFile", sink)).assertValue(logins.value);
        String json = "{\"token\":" + Fixtures.json(Files.readString(Paths.get(sink))) + ",\"lease_duration\":60}";
        logins.get(logins.text("TOKEN", "tokenFile", logins.file("sink.json", json))).assertValue(logins.value);
    }

    @Test
    public void aTokenThatAnAgentWrapsIsUnwrappedOnceForAllPropertiesOfAServer() throws IOException {
        assertUnwrappedOnce(runAgent("", "wrapped-token", "wrap_ttl = \"5m\""), "\"creation_path\":\"sys/wrapping/wrap\"");
    }

    @Test
    public void aLoginThatAnAgentLeavesWrappedIsUnwrappedOnceForAllPropertiesOfAServer() throws IOException {
        assertUnwrappedOnce(runAgent("wrap_ttl = \"5m\"", "wrapped-login", ""), "\"creation_path\":\"auth/agent/login\"");
    }

    private static void assertUnwrappedOnce(String file, String creationPath) throws IOException {
        String content = Files.readString(Paths.get(file));
        Canaries.keep(Fixtures.jsonMember(content, "token"));
        assertTrue("what the agent writes is of " + creationPath, content.contains(creationPath));
        logins.get(logins.text("TOKEN", "tokenFile", file)).assertValue(logins.value);
        logins.get(logins.text("TOKEN", "tokenFile", file)).assertValue(logins.value);
        assertSays(logins.getIn(logins.text("TOKEN", "tokenFile", file)), "field \"tokenFile\" of the text",
                "IT WAS USED BEFORE", "What to do: find out who unwrapped it");
    }

    /** A real agent logs in with AppRole, writes its sink and ends. Returns the sink's path. */
    private static String runAgent(String ofTheMethod, String sink, String ofTheSink) throws IOException {
        String secretId = Canaries.keep(
                Fixtures.jsonMember(logins.vault.put("auth/agent/role/app/secret-id", "{}"), "secret_id"));
        String configuration = logins.file("agent.hcl", "exit_after_auth = true\n"
                + "vault { address = \"" + logins.vault.address() + "\" }\n"
                + "auto_auth {\n  method \"approle\" {\n    mount_path = \"auth/agent\"\n    " + ofTheMethod + "\n"
                + "    config = {\n"
                + "      role_id_file_path = \"" + logins.file("agent-role-id", "agent") + "\"\n"
                + "      secret_id_file_path = \"" + logins.file("agent-secret-id", secretId) + "\"\n    }\n  }\n"
                + "  sink \"file\" {\n    " + ofTheSink + "\n    config = { path = \"" + logins.path(sink) + "\" }\n  }\n}\n");
        Path log = Paths.get(logins.path("agent.log"));
        ProcessBuilder builder = new ProcessBuilder(Fixtures.fromEnvironment("VAULT_BIN").toString(), "agent",
                "-config=" + configuration).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("VAULT_") || name.startsWith("BAO_"));
        try (Cleanup cleanup = new Cleanup()) {
            Process agent = cleanup.start(builder);
            agent.getOutputStream().close();
            boolean ended = agent.waitFor(20, TimeUnit.SECONDS);
            assertTrue("the agent wrote no sink:\n" + Files.readString(log), ended && agent.exitValue() == 0);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
        return logins.path(sink);
    }

    private static String wrongToken() {
        return Canaries.keep("s." + Fixtures.randomText());
    }

    private static void assertValue(HostProcess.Call call) {
        assertEquals(call.toString(), Fixtures.sha256(logins.value), call.valueSha256);
    }

    private static void assertSays(HostProcess.Call call, String... parts) {
        Messages.assertSays(call, "com.atlassian.secrets.api.SecretStoreException", parts);
    }
}

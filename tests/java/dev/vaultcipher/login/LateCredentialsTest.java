package dev.vaultcipher.login;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.Cleanup;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.JwtIssuer;
import dev.vaultcipher.harness.Logins;
import dev.vaultcipher.harness.Stories;
import dev.vaultcipher.harness.StoreSession;
import dev.vaultcipher.harness.VaultServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/**
 * The order of a machine's start: credentials and agents that come some seconds late are waited for, within the time for
 * everything; what is no file is refused at once.
 */
public class LateCredentialsTest {
    private static Logins logins;
    private static Stories stories;
    private static JwtIssuer issuer;

    @BeforeClass
    public static void start() {
        logins = new Logins(VaultServer.start());
        logins.enable("approle", "approle");
        logins.vault.put("auth/approle/role/app", "{\"role_id\":\"app\"," + Logins.POLICIES + "}");
        issuer = new JwtIssuer();
        logins.enable("jwt", "jwt");
        logins.vault.put("auth/jwt/config", "{\"bound_issuer\":" + Fixtures.json(JwtIssuer.NAME) + ",\"jwt_validation_pubkeys\":["
                + Fixtures.json(issuer.publicKeyPem()) + "]}");
        logins.vault.put("auth/jwt/role/app", "{\"role_type\":\"jwt\",\"user_claim\":\"sub\",\"bound_audiences\":[\"vault\"],"
                + Logins.POLICIES + "}");
        stories = new Stories()
                .begin("token", LateCredentialsTest::tellOfALateTokenFile)
                .begin("empty", LateCredentialsTest::tellOfATokenFileThatIsFilledLate)
                .begin("secret-id", LateCredentialsTest::tellOfALateSecretId)
                .begin("jwt", () -> tellOfALateJwt("JWT"))
                .begin("service-account", () -> tellOfALateJwt("KUBERNETES"))
                .begin("stale", LateCredentialsTest::tellOfAStaleTokenFile)
                .begin("never", LateCredentialsTest::tellOfAFileThatNeverComes)
                .begin("wrong", LateCredentialsTest::tellOfATokenThatStaysWrong)
                .begin("agent", LateCredentialsTest::tellOfAnAgentThatLogsInLate)
                .begin("sink", LateCredentialsTest::tellOfAnAgentsLateSink)
                .begin("no-agent-login", LateCredentialsTest::tellOfAnAgentThatNeverLogsIn);
    }

    @AfterClass
    public static void stop() {
        stories.awaitAll();
        logins.close();
    }

    @Test
    public void aTokenFileThatAppearsLateIsWaitedFor() throws Exception {
        stories.assertTold("token");
    }

    private static void tellOfALateTokenFile() {
        String file = logins.path("late-token");
        StoreSession.Outcome outcome = late(text("TOKEN", "tokenFile", file), () -> logins.file("late-token", logins.token() + "\n"));
        assertWarned(outcome, "The Vault token file \"" + file + "\" (from field \"tokenFile\" of the text) does not exist; try 2 follows in ");
    }

    @Test
    public void aTokenFileThatIsFilledLateIsWaitedFor() throws Exception {
        stories.assertTold("empty");
    }

    private static void tellOfATokenFileThatIsFilledLate() {
        String file = logins.file("filled-token", "");
        StoreSession.Outcome outcome = late(text("TOKEN", "tokenFile", file), () -> logins.file("filled-token", logins.token()));
        assertWarned(outcome, "\"" + file + "\" (from field \"tokenFile\" of the text) is empty; try 2 follows in ");
    }

    @Test
    public void aSecretIdThatAppearsLateIsWaitedFor() throws Exception {
        stories.assertTold("secret-id");
    }

    private static void tellOfALateSecretId() {
        String secretId = Canaries.keep(Fixtures.jsonMember(logins.vault.put("auth/approle/role/app/secret-id", "{}"), "secret_id"));
        String file = logins.path("late-secret-id");
        StoreSession.Outcome outcome = late(text("APPROLE", "roleId", "app", "secretIdFile", file),
                () -> logins.file("late-secret-id", secretId));
        assertWarned(outcome, "The secret-id file \"" + file + "\"");
    }

    @Test
    public void aJwtThatIsWrittenLateIsWaitedFor() throws Exception {
        stories.assertTold("jwt");
    }

    /** A projected token that another program hands on. */
    @Test
    public void aServiceAccountsTokenThatIsWrittenLateIsWaitedFor() throws Exception {
        stories.assertTold("service-account");
    }

    private static void tellOfALateJwt(String method) {
        String file = logins.path("late-" + method);
        // The login of both methods is the same request.
        StoreSession.Outcome outcome = late(text(method, "authMount", "jwt", "role", "app", "jwtFile", file),
                () -> logins.file("late-" + method, issuer.jwt("vault", 600)));
        assertWarned(outcome, "\"" + file + "\" (from field \"jwtFile\" of the text) does not exist; try 2 follows in ");
    }

    @Test
    public void aTokenFileFromBeforeTheStartIsReadAgainWhenVaultDoesNotAcceptIt() throws Exception {
        stories.assertTold("stale");
    }

    private static void tellOfAStaleTokenFile() {
        String file = logins.file("stale-token", Canaries.keep("s." + Fixtures.randomText()));
        StoreSession.Outcome outcome = late(text("TOKEN", "tokenFile", file), () -> logins.file("stale-token", logins.token()));
        assertWarned(outcome, "Vault does not accept the token from the file \"" + file + "\"");
    }

    @Test
    public void aFileThatNeverComesIsNamedWhenTheTimeIsUsedUp() throws Exception {
        stories.assertTold("never");
    }

    private static void tellOfAFileThatNeverComes() {
        String file = logins.path("never");
        try (StoreSession session = StoreSession.start(HostProcess.plain())) {
            StoreSession.Outcome outcome = session.get(textWithin("3", "TOKEN", "tokenFile", file))
                    .assertFails("The Vault token file \"" + file + "\" (from field \"tokenFile\" of the text) does not exist, after ",
                            " tries in ", "What to do: put it there");
            assertTrue(outcome.toString(), outcome.warnings.size() > 1);
            session.get(textWithin("0", "TOKEN", "tokenFile", file)).assertFails("does not exist. What to do").assertTriedOnce();
            // Nobody named this one: a kubelet mounts it before it starts a container.
            session.property("secret.store.vault.kube.auth.role", "app");
            session.get(text("KUBERNETES")).assertFails("the default", "does not exist. What to do: run this server in a pod")
                    .assertTriedOnce();
        }
    }

    @Test
    public void aTokenThatStaysWrongIsToldWithItsFile() throws Exception {
        stories.assertTold("wrong");
    }

    private static void tellOfATokenThatStaysWrong() {
        String file = logins.file("wrong-token", Canaries.keep("s." + Fixtures.randomText()), "rw-r--r--");
        try (StoreSession session = StoreSession.start(HostProcess.plain())) {
            StoreSession.Outcome outcome = session.get(textWithin("3", "TOKEN", "tokenFile", file))
                    .assertFails("Vault does not accept the token from the file \"" + file + "\"", "403", " tries in ", "What to do");
            assertTrue(outcome.toString(), outcome.warnings.stream().anyMatch(line -> line.contains("; try 3 follows in ")));
            assertEquals(outcome.toString(), 1, outcome.warnings.stream().filter(line -> line.contains("Every user")).count());
        }
    }

    @Test
    public void anAgentThatLogsInLateIsWaitedFor() throws Exception {
        stories.assertTold("agent");
    }

    private static void tellOfAnAgentThatLogsInLate() {
        try (Cleanup cleanup = new Cleanup()) {
            String endpoint = startAgent(cleanup, "late-agent");
            StoreSession.Outcome outcome = late(agentText(endpoint, "30"), () -> giveTheAgentItsRole("late-agent"));
            assertWarned(outcome, "Vault does not accept the token from the Vault Agent or Proxy at the endpoint (403 ");
        }
    }

    @Test
    public void theSinkOfAnAgentThatLogsInLateIsWaitedFor() throws Exception {
        stories.assertTold("sink");
    }

    private static void tellOfAnAgentsLateSink() {
        try (Cleanup cleanup = new Cleanup()) {
            startAgent(cleanup, "sink-agent");
            String sink = logins.path("sink-agent.sink");
            late(textWithin("30", "TOKEN", "tokenFile", sink), () -> giveTheAgentItsRole("sink-agent"));
        }
    }

    @Test
    public void anAgentThatNeverLogsInIsTheLikeliestCause() throws Exception {
        stories.assertTold("no-agent-login");
    }

    private static void tellOfAnAgentThatNeverLogsIn() {
        try (Cleanup cleanup = new Cleanup();
                StoreSession session = StoreSession.start(HostProcess.plain())) {
            String endpoint = startAgent(cleanup, "idle-agent");
            session.get(agentText(endpoint, "3")).assertFails("the Vault Agent or Proxy at the endpoint", " tries in ", "What to do");
        }
    }

    @Test
    public void aPipeIsRefusedAtOnceWhereverItIsNamed() throws Exception {
        String pipe = logins.path("pipe");
        assertEquals(0, new ProcessBuilder("mkfifo", pipe).start().waitFor());
        for (String text : List.of(text("TOKEN", "tokenFile", pipe), text("APPROLE", "roleId", "app", "secretIdFile", pipe),
                text("APPROLE", "roleIdFile", pipe), text("JWT", "jwtFile", pipe), text("KUBERNETES", "role", "app", "jwtFile", pipe),
                text("USERPASS", "username", "app", "passwordFile", pipe))) {
            logins.get(text).assertFails("\"" + pipe + "\"", "is a pipe, not a regular file", "What to do").assertTriedOnce();
        }
    }

    /** Reads while what is missing comes late. */
    private static StoreSession.Outcome late(String text, Runnable comes) {
        try (StoreSession session = StoreSession.start(HostProcess.plain())) {
            CompletableFuture<StoreSession.Outcome> outcome = session.begin(text);
            Fixtures.until(10, () -> session.said().contains("; try 3 follows in "));
            assertTrue("it is waited for", !outcome.isDone());
            comes.run();
            return StoreSession.await(outcome).assertValue(logins.value);
        }
    }

    private static void assertWarned(StoreSession.Outcome outcome, String part) {
        assertTrue(outcome.toString(), outcome.warnings.stream().anyMatch(line -> line.contains(part)));
    }

    private static String text(String method, String... fields) {
        return textWithin("15", method, fields);
    }

    private static String textWithin(String timeout, String method, String... fields) {
        String text = logins.text(method, fields);
        return text.substring(0, text.length() - 1) + ",\"timeout\":\"" + timeout + "\"}";
    }

    private static String agentText(String endpoint, String timeout) {
        return textWithin(timeout, "AGENT").replace(logins.vault.address(), endpoint);
    }

    /** A real agent that listens, and has no role-id yet: it cannot log in. Returns its address. */
    private static String startAgent(Cleanup cleanup, String name) {
        try {
            int port = Fixtures.freePorts(1);
            String secretId = Canaries.keep(
                    Fixtures.jsonMember(logins.vault.put("auth/approle/role/app/secret-id", "{}"), "secret_id"));
            String configuration = logins.file(name + ".hcl", "vault { address = \"" + logins.vault.address() + "\" }\n"
                    + "auto_auth {\n  method \"approle\" {\n    max_backoff = \"2s\"\n    config = {\n"
                    + "      role_id_file_path = \"" + logins.path(name + ".role-id") + "\"\n"
                    + "      secret_id_file_path = \"" + logins.file(name + ".secret-id", secretId) + "\"\n    }\n  }\n"
                    + "  sink \"file\" { config = { path = \"" + logins.path(name + ".sink") + "\" } }\n}\n"
                    + "api_proxy { use_auto_auth_token = true }\n"
                    + "listener \"tcp\" {\n  address = \"127.0.0.1:" + port + "\"\n  tls_disable = true\n}\n");
            Path log = Paths.get(logins.path(name + ".log"));
            ProcessBuilder builder = new ProcessBuilder(Fixtures.fromEnvironment("VAULT_BIN").toString(), "agent",
                    "-config=" + configuration).redirectErrorStream(true).redirectOutput(log.toFile());
            builder.environment().keySet().removeIf(key -> key.startsWith("VAULT_") || key.startsWith("BAO_"));
            Process agent = cleanup.start(builder);
            agent.getOutputStream().close();
            boolean waits = Fixtures.until(20, () -> !agent.isAlive() || Fixtures.read(log).contains("no known role ID"));
            assertTrue("the agent waits for its role-id:\n" + Fixtures.read(log), waits && agent.isAlive());
            return "http://127.0.0.1:" + port;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void giveTheAgentItsRole(String name) {
        logins.file(name + ".role-id", "app");
    }
}

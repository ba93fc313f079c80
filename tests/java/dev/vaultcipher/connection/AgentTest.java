package dev.vaultcipher.connection;

import static dev.vaultcipher.harness.FaultPeer.answering;
import static dev.vaultcipher.harness.FaultPeer.json;
import static dev.vaultcipher.harness.FaultPeer.textFor;
import static dev.vaultcipher.harness.FaultPeer.value;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.Cleanup;
import dev.vaultcipher.harness.DocsFiles;
import dev.vaultcipher.harness.FaultPeer;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.StoreSession;
import dev.vaultcipher.harness.VaultServer;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** A real Vault Agent and a real Vault Proxy before a real Vault, on a unix socket and on a port; and endpoints with a path. */
public class AgentTest {
    private static final String AGENT = "\"AGENT\"";

    private static Cleanup cleanup;
    private static Path folder;
    private static VaultServer vault;
    private static String value;
    private static String socket;
    private static String port;
    private static StoreSession session;

    @BeforeClass
    public static void startServers() throws IOException {
        cleanup = new Cleanup();
        folder = cleanup.folder("agent");
        vault = VaultServer.start();
        cleanup.add(vault::close);
        value = Fixtures.randomText();
        vault.putSecret("sample/secret", "password", value);
        vault.putSecret("other/secret", "password", Fixtures.randomText());
        vault.put("sys/policies/acl/agent", "{\"policy\":\"path \\\"secret/data/sample/*\\\" { capabilities = [\\\"read\\\"] }\"}");
        vault.put("sys/auth/approle", "{\"type\":\"approle\"}");
        vault.put("auth/approle/role/agent", "{\"token_policies\":[\"agent\"]}");

        // The configuration that the documentation shows.
        String configuration = DocsFiles.marked("agent", "approle").content;
        socket = "unix://" + folder.resolve("vault-agent.sock");
        start("agent", configuration.replace("/run/", folder + "/"));
        port = "http://127.0.0.1:" + Fixtures.freePorts(1);
        start("proxy", configuration.replace("listener \"unix\"", "listener \"tcp\"")
                .replace("/run/vault-agent.sock", port.substring("http://".length())));

        // A token that nobody must get to see: with AGENT it is not sent.
        session = StoreSession.withToken(Canaries.keep("s." + Fixtures.randomText()));
        cleanup.add(session::close);
        waitUntilReady(socket);
        waitUntilReady(port);
    }

    @AfterClass
    public static void stopServers() {
        cleanup.close();
    }

    @Test
    public void theAgentLogsIn() {
        session.get(textFor(socket, "authenticationType", AGENT)).assertValue(value);
        session.get(textFor(port, "authenticationType", AGENT)).assertValue(value);
    }

    @Test
    public void itWantsTheHeaderThatEveryRequestHas() throws IOException {
        HttpURLConnection without = (HttpURLConnection) new URL(port + "/v1/secret/data/sample/secret").openConnection(Proxy.NO_PROXY);
        assertEquals("require_request_header is on", 412, without.getResponseCode());
        session.get(textFor(port, "authenticationType", AGENT)).assertValue(value);
    }

    @Test
    public void noTokenIsSent() {
        try (FaultPeer agent = answering(value(value))) {
            session.get(agent.text("authenticationType", AGENT)).assertValue(value);
            assertNull(agent.reads().get(0).header("X-Vault-Token"));
            assertNull(agent.reads().get(0).header("Authorization"));
            session.get(agent.text()).assertValue(value);
            assertTrue(agent.reads().get(1).header("X-Vault-Token") != null);
        }
    }

    @Test
    public void theVariablesOfTheOfficialClientNameIt() {
        String text = textFor("", "authenticationType", AGENT).replace("\"endpoint\":\"\",", "");
        for (String variable : new String[] {"VAULT_AGENT_ADDR", "BAO_AGENT_ADDR"}) {
            // As in the official client, it comes before VAULT_ADDR.
            try (StoreSession own = StoreSession.start(HostProcess.plain().environment(variable, socket)
                    .environment("VAULT_ADDR", "http://127.0.0.1:1"))) {
                own.get(text).assertValue(value);
                // The text comes first.
                own.get(textFor("http://127.0.0.1:1", "authenticationType", AGENT)).assertFails("the connection was refused");
            }
        }
    }

    @Test
    public void whatTheAgentsTokenMayNotReadIsSaidOfTheAgent() {
        session.get(textFor(socket, "authenticationType", AGENT).replace("sample/secret", "other/secret"))
                .assertFails("Vault does not allow the token from the Vault Agent or Proxy at the endpoint", "via " + socket,
                        "path \"secret/data/other/secret\" { capabilities = [\"read\"] }");
        session.get(textFor(socket, "authenticationType", AGENT).replace("sample/secret", "sample/none"))
                .assertFails("There is no secret at", "via " + socket);
    }

    @Test
    public void aSocketThatIsNotThereHasItsOwnWords() throws IOException {
        session.get(textFor("unix:///nowhere/vault-agent.sock", "authenticationType", AGENT)).assertFails(
                "the unix socket does not exist (is the agent running?)", "via unix:///nowhere/vault-agent.sock");
        Path file = Files.createFile(folder.resolve("file"));
        session.get(textFor("unix://" + file, "authenticationType", AGENT)).assertFails(
                "nothing listens on the unix socket (is the agent running?)", "via unix://" + file);
        session.get(textFor("unix://relative.sock")).assertFails("its path must be absolute: unix:///run/vault-agent.sock");
    }

    @Test
    public void aReverseProxysPathIsKept() {
        FaultPeer.Answer relay = (connection, request) -> {
            VaultServer.Answer answer = vault.request("GET", request.target().replaceFirst("^/tools/vault/v1/", ""), null,
                    request.header("X-Vault-Token"));
            return json(answer.status, answer.body).write(connection, request);
        };
        try (FaultPeer proxy = answering(relay);
                StoreSession own = StoreSession.withToken(vault.createReader("sample/secret"))) {
            for (String path : new String[] {"/tools/vault", "/tools/vault/", "/tools/vault/v1", "/tools/vault/v1/"}) {
                own.get(textFor(proxy.address() + path)).assertValue(value);
            }
            proxy.reads().forEach(request -> assertEquals("/tools/vault/v1/secret/data/sample/secret", request.target()));
            own.get(textFor(proxy.address() + "/tools/vault").replace("\"password\"", "\"pasword\""))
                    .assertFails("GET " + proxy.address() + "/tools/vault/v1/secret/data/sample/secret");
            own.get(textFor(proxy.address() + "//tools")).assertFails("\"//\" in its path");
        }
    }

    /** Starts the same binary as an agent or a proxy, with the configuration and the address of Vault. */
    private static void start(String command, String configuration) throws IOException {
        Path own = Files.createDirectory(folder.resolve(command));
        String roleId = Fixtures.jsonMember(
                vault.request("GET", "auth/approle/role/agent/role-id", null, vault.rootToken()).body, "role_id");
        String secretId = Fixtures.jsonMember(vault.put("auth/approle/role/agent/secret-id", "{}"), "secret_id");
        Files.writeString(own.resolve("role-id"), roleId);
        Files.writeString(own.resolve("secret-id"), Canaries.keep(secretId));
        Path file = Files.writeString(own.resolve("config.hcl"), configuration.replace("/etc/vault-agent", own.toString())
                + "vault {\n  address = \"" + vault.address() + "\"\n}\n");
        ProcessBuilder builder = new ProcessBuilder(Fixtures.fromEnvironment("VAULT_BIN").toString(), command, "-config=" + file)
                .directory(own.toFile()).redirectErrorStream(true).redirectOutput(own.resolve("log").toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("VAULT_") || name.startsWith("BAO_"));
        builder.environment().put("HOME", own.toString());
        cleanup.start(builder).getOutputStream().close();
    }

    private static void waitUntilReady(String endpoint) throws IOException {
        StoreSession.Outcome outcome = session.get(textFor(endpoint, "authenticationType", AGENT, "timeout", "15"));
        if (outcome.call.valueSha256 == null) {
            throw new AssertionError(outcome + "\n" + Files.readString(folder.resolve("agent").resolve("log"))
                    + Files.readString(folder.resolve("proxy").resolve("log")));
        }
    }
}

package dev.vaultcipher.connection;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.VaultSecretStore;
import dev.vaultcipher.harness.Cleanup;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess.Outcome;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.Messages;
import dev.vaultcipher.harness.ScriptedPeer;
import dev.vaultcipher.harness.VaultServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** Several endpoints of which some are away, silent or broken; addresses of all kinds; names with several addresses. */
public class EndpointsTest {
    private static final String FAILURE = "com.atlassian.secrets.api.SecretStoreException";
    private static final String SECRET = "bitbucket/database";
    /** Nothing listens there: the first port of all, which is given to nobody. */
    private static final String DEAD = "http://127.0.0.1:1";

    private static VaultServer vault;
    private static String value;
    private static String token;

    @BeforeClass
    public static void start() {
        vault = VaultServer.start();
        value = Fixtures.randomText();
        vault.putSecret(SECRET, "password", value);
        token = vault.createReader(SECRET);
    }

    @AfterClass
    public static void stop() {
        vault.close();
    }

    @Test
    public void aNodeThatIsSilentOrBehindAFirewallCostsTimeOnceAndNotTheBudget() {
        try (ScriptedPeer silent = ScriptedPeer.silent(); ScriptedPeer blackHole = ScriptedPeer.blackHole()) {
            for (ScriptedPeer peer : List.of(silent, blackHole)) {
                // Half of the 4 s are for each of the two. Each read asks Vault. By time: nobody is there to count the tries.
                String text = text(4, peer.address(), vault.address()).replace("{", "{\"cacheTime\":0,");
                List<Read> reads = reads(text, text, text);
                assertTrue(reads.toString(), reads.stream().allMatch(Read::isRight));
                assertTrue(reads.toString(), reads.get(0).millis >= 1_900 && reads.get(0).millis < 3_500);
                assertTrue(reads.toString(), reads.get(1).millis < 1_000 && reads.get(2).millis < 1_000);
            }
        }
    }

    @Test
    public void aNodeThatIsAwayCostsNothing() {
        List<Read> reads = reads(text(0, DEAD, vault.address()), text(60, DEAD, DEAD, vault.address()));
        assertTrue(reads.toString(), reads.stream().allMatch(Read::isRight));
        Outcome outcome = host().environment("VAULT_ADDR", DEAD + " , " + vault.address()).call(text(0));
        assertEquals(outcome.toString(), Fixtures.sha256(value), outcome.only().valueSha256);
    }

    @Test
    public void aNodeThatCannotAnswerIsPassedOver() {
        for (String status : List.of("500 Internal Server Error", "501 Not Implemented", "502 Bad Gateway",
                "503 Service Unavailable", "472 Secondary", "473 Standby")) {
            try (ScriptedPeer broken = answering(status, "{\"errors\":[\"out of order\"]}")) {
                Outcome outcome = host().call(text(0, broken.address(), vault.address()));
                assertEquals(status + '\n' + outcome, Fixtures.sha256(value), outcome.only().valueSha256);
            }
        }
        try (VaultServer untrusted = VaultServer.startTls()) {
            Outcome outcome = host().call(text(0, untrusted.address(), vault.address()));
            assertEquals(outcome.toString(), Fixtures.sha256(value), outcome.only().valueSha256);
        }
    }

    @Test
    public void anAnswerOfTheClusterIsFinal() {
        try (ScriptedPeer missing = answering("404 Not Found", "{\"errors\":[]}");
                ScriptedPeer denied = answering("403 Forbidden", "{\"errors\":[\"permission denied\"]}")) {
            Outcome outcome =
                    host().call(text(0, missing.address(), vault.address()), text(0, denied.address(), vault.address()));
            Messages.assertSays(outcome.calls.get(0), FAILURE, "There is no secret at", missing.address());
            Messages.assertSays(outcome.calls.get(1), FAILURE, "403 permission denied at", denied.address());
        }
    }

    @Test
    public void theMessageNamesEveryEndpointAndItsReason() {
        try (ScriptedPeer sealed = answering("503 Service Unavailable", "{\"errors\":[\"Vault is sealed\"]}");
                ScriptedPeer gateway = answering("502 Bad Gateway", "<html><title>No backend</title>")) {
            Outcome outcome = host().call(text(0, DEAD, sealed.address(), gateway.address()));
            Messages.assertSays(outcome.only(), FAILURE, "Vault is sealed (503 at GET " + sealed.address(),
                    "other endpoints: " + DEAD + ": the connection was refused; " + gateway.address() + ": 502, ", "No backend");
        }
    }

    @Test
    public void addressesOfBothKindsAndNamesWithBothAreReached() throws IOException {
        try (ScriptedPeer six = ScriptedPeer.relay("::1", vault.port()); Cleanup cleanup = new Cleanup()) {
            assertTrue(six.address(), six.address().startsWith("http://["));
            assertEquals(Fixtures.sha256(value), host().call(text(0, six.address())).only().valueSha256);
            // Each of the two listens on one of the name's two addresses, with nobody on the other.
            Path java = javaHomeThatKnows(cleanup.folder("java"), "::1 vault.test\n127.0.0.1 vault.test\n");
            Outcome outcome = host().javaHome(java).call(text(0, "http://vault.test:" + vault.port()),
                    text(0, "http://vault.test:" + six.port()), text(0, "http://vault.test:1"));
            assertEquals(outcome.toString(), Fixtures.sha256(value), outcome.calls.get(0).valueSha256);
            assertEquals(outcome.toString(), Fixtures.sha256(value), outcome.calls.get(1).valueSha256);
            Messages.assertSays(outcome.calls.get(2), FAILURE, "http://vault.test:1/", "the connection was refused");
        }
    }

    /** One read of {@link TimedReads}. */
    private static final class Read {
        final long millis;
        final String result;

        Read(String line) {
            millis = Long.parseLong(line.substring(0, line.indexOf(' ')));
            result = line.substring(line.indexOf(' ') + 1);
        }

        boolean isRight() {
            return result.equals("value " + Fixtures.sha256(value));
        }

        @Override
        public String toString() {
            return millis + " ms: " + (isRight() ? "right" : result);
        }
    }

    private static List<Read> reads(String... texts) {
        Outcome outcome = host().jvmFlags("-Xcheck:jni").run(TimedReads.class.getName(), texts);
        assertEquals(outcome.toString(), 0, outcome.exitCode);
        return outcome.stdout.lines().map(Read::new).collect(Collectors.toList());
    }

    private static HostProcess host() {
        return HostProcess.loading(VaultSecretStore.class.getName()).environment("SECRET_STORE_VAULT_TOKEN", token);
    }

    private static String text(int budget, String... endpoints) {
        String list = Stream.of(endpoints).map(Fixtures::json).collect(Collectors.joining(","));
        return "{\"mount\":\"secret\",\"path\":\"" + SECRET + "\",\"key\":\"password\",\"timeout\":" + budget
                + (endpoints.length == 0 ? "" : ",\"endpoint\":[" + list + "]") + "}";
    }

    private static ScriptedPeer answering(String status, String body) {
        String type = body.startsWith("{") ? "application/json" : "text/html";
        return ScriptedPeer.answering("HTTP/1.1 " + status + "\r\nContent-Type: " + type + "\r\nContent-Length: " + body.length()
                + "\r\nConnection: close\r\n\r\n" + body);
    }

    /** A Java home whose JVM finds these names and addresses in /etc/hosts: it runs in a mount namespace of its own. */
    private static Path javaHomeThatKnows(Path folder, String hosts) throws IOException {
        Path file = Files.writeString(folder.resolve("hosts"), hosts + "127.0.0.1 localhost\n");
        String java = Paths.get(System.getProperty("java.home"), "bin", "java").toString();
        Path bin = Files.createDirectories(folder.resolve("bin"));
        Path script = Files.writeString(bin.resolve("java"), "#!/bin/sh\n"
                + "root=; [ \"$(id -u)\" = 0 ] || root=--map-root-user\n"
                + "exec unshare $root --mount sh -c 'mount --bind \"$0\" /etc/hosts && exec \"$@\"' '" + file + "' '" + java
                + "' \"$@\"\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
        return folder;
    }
}

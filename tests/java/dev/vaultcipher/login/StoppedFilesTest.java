package dev.vaultcipher.login;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.Cleanup;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.StoreSession;
import dev.vaultcipher.harness.Surroundings;
import dev.vaultcipher.harness.VaultServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/**
 * Files on a file system that does not answer, as a network share does whose server is away: a call ends with its budget and names the
 * file, and what was read before serves on.
 */
public class StoppedFilesTest {
    private static final String STANDS_STILL = "cannot be read: its file system does not answer";

    private static VaultServer vault;
    private static String value;
    private static String token;
    private static Cleanup cleanup;
    private static Path source;
    private static Path mount;
    private static Path pidFile;
    private static StoreSession session;

    @BeforeClass
    public static void start() throws Exception {
        vault = VaultServer.startTls();
        value = Fixtures.randomText();
        vault.putSecret("sample/secret", "password", value);
        token = vault.createReader("sample/secret");
        cleanup = new Cleanup();
        Path folder = cleanup.folder("stopped-files");
        source = Files.createDirectory(folder.resolve("source"));
        mount = Files.createDirectory(folder.resolve("mount"));
        pidFile = folder.resolve("pid");
        secret("no-read", token);
        secret("token", token);
        Files.copy(vault.caFile(), source.resolve("ca.pem"));
        String server = Paths.get("tests", "servers", "stopped-files.py").toAbsolutePath().toString();
        Path java = Surroundings.javaHome(folder, "python3 " + server + ' ' + source + ' ' + mount + ' ' + pidFile + " &",
                "while ! [ -e " + pidFile + " ]; do kill -0 $! && sleep 0.05; done");
        session = StoreSession.start(HostProcess.plain().javaHome(java));
    }

    @AfterClass
    public static void stop() {
        try {
            session.close();
        } finally {
            vault.close();
            cleanup.close();
        }
    }

    @Test
    public void aCredentialsFileThatIsNeverReadEndsWithTheBudget() {
        for (String text : List.of(text("TOKEN", "tokenFile"), text("KUBERNETES", "jwtFile", "role", "app"),
                text("JWT", "jwtFile"), text("USERPASS", "passwordFile", "username", "ann"), text("APPROLE", "roleIdFile"))) {
            assertEndsWithTheBudget(text);
        }
    }

    @Test
    public void aCertificatesFileThatIsNeverReadEndsWithTheBudget() {
        assertEndsWithTheBudget(text("TOKEN", "caCert", "tokenFile", source.resolve("token").toString()));
        assertEndsWithTheBudget(text("TOKEN", "clientCert", "tokenFile", source.resolve("token").toString()));
        session.property("javax.net.ssl.trustStore", mount.resolve("no-read").toString());
        try {
            StoreSession.Outcome outcome = session.get(with("TOKEN", "tokenFile", source.resolve("token").toString()))
                    .assertFails("The certificates that this JVM trusts cannot be read", STANDS_STILL, "(VC1301)").assertWithin(8);
            // By time: the read has to be waited for, and ends with the budget.
            assertTrue(outcome.toString(), outcome.seconds > 1.5);
        } finally {
            session.property("javax.net.ssl.trustStore", null);
        }
    }

    @Test
    public void whatWasReadBeforeServesOnWhenTheFilesStandStill() throws Exception {
        String text = with("TOKEN", "caCert", mount.resolve("ca.pem").toString(), "tokenFile", source.resolve("token").toString());
        session.get(text).assertValue(value);
        signal("STOP");
        try {
            session.get(text).assertValue(value).assertWithin(8);
            session.get(with("TOKEN", "caCert", source.resolve("ca.pem").toString(), "tokenFile", mount.resolve("token").toString()))
                    .assertFails("\"" + mount.resolve("token") + "\"", STANDS_STILL, "(VC1201)").assertWithin(8);
        } finally {
            signal("CONT");
        }
        session.get(text).assertValue(value);
        session.get(with("TOKEN", "caCert", source.resolve("ca.pem").toString(), "tokenFile", mount.resolve("token").toString()))
                .assertValue(value);
    }

    private static void assertEndsWithTheBudget(String text) {
        StoreSession.Outcome outcome = session.get(text).assertFails("\"" + mount.resolve("no-read") + "\"", STANDS_STILL,
                "What to do: check the mount", "findmnt", "(VC1201)").assertWithin(8);
        assertTrue(outcome.toString(), outcome.seconds > 1.5); // by time, as above
    }

    /** A text whose field names the file that is never read. */
    private static String text(String method, String field, String... more) {
        String[] fields = new String[more.length + 4];
        System.arraycopy(more, 0, fields, 4, more.length);
        fields[0] = field;
        fields[1] = mount.resolve("no-read").toString();
        fields[2] = field.equals("caCert") ? "redirectHosts" : "caCert";
        fields[3] = field.equals("caCert") ? "vault.example.com" : vault.caFile().toString();
        return with(method, fields);
    }

    private static String with(String method, String... fields) {
        StringBuilder text = new StringBuilder(vault.text("sample/secret", "password"));
        text.setLength(text.length() - 1);
        text.append(",\"timeout\":2,\"authenticationType\":\"").append(method).append('"');
        for (int i = 0; i + 1 < fields.length; i += 2) {
            text.append(",\"").append(fields[i]).append("\":").append(Fixtures.json(fields[i + 1]));
        }
        return text.append('}').toString();
    }

    private static void secret(String name, String content) throws Exception {
        Path file = Files.writeString(source.resolve(name), content);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    }

    /** To the file system's own process, which the test started. */
    private static void signal(String name) throws Exception {
        assertEquals(0, new ProcessBuilder("kill", "-" + name, Files.readString(pidFile)).start().waitFor());
    }
}

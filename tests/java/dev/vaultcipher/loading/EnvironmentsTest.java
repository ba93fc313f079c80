package dev.vaultcipher.loading;

import static dev.vaultcipher.harness.Installation.TEXT;
import static dev.vaultcipher.harness.Installation.assertRefused;
import static org.junit.Assert.assertEquals;

import dev.vaultcipher.VaultSecretStore;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.Installation;
import dev.vaultcipher.harness.Messages;
import dev.vaultcipher.harness.Surroundings;
import dev.vaultcipher.harness.TrustStores;
import dev.vaultcipher.harness.VaultServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Collections;
import org.junit.After;
import org.junit.AfterClass;
import org.junit.Before;
import org.junit.BeforeClass;
import org.junit.Test;

/** Machines on which a server has little: no rights, no place to write, no home, no certificates. */
public class EnvironmentsTest {
    private static final String FAILURE = "com.atlassian.secrets.api.SecretStoreException";

    private static VaultServer http;
    private static VaultServer https;
    private static String value;

    private Path folder;

    @BeforeClass
    public static void startVaults() {
        value = Fixtures.randomText();
        http = VaultServer.start();
        https = VaultServer.startTls();
        http.putSecret("sample/secret", "password", value);
        https.putSecret("sample/secret", "password", value);
    }

    @AfterClass
    public static void stopVaults() {
        http.close();
        https.close();
    }

    @Before
    public void makeFolder() {
        folder = Fixtures.temporaryFolder("environments");
    }

    @After
    public void deleteFolder() {
        Fixtures.delete(folder);
    }

    /** As root the tests change to the user nobody; where they do not run as root, they are such a user themselves. */
    @Test
    public void anUnprivilegedUserReadsASecret() throws IOException {
        Path open = Files.createDirectory(folder.resolve("open"));
        for (String name : new String[] {"java", "tmp"}) {
            Files.createDirectory(open.resolve(name));
        }
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx--x--x"));
        Files.setAttribute(open.resolve("tmp"), "unix:mode", 01777);
        HostProcess jvm = HostProcess.loading(VaultSecretStore.class.getName())
                .classPath(open.resolve("classes"), open.resolve("stubs.jar"), open.resolve("vault-cipher.jar"));
        // Nobody may look into the home folder of root, where Java and this checkout may lie.
        String install = "cp -r '" + HostProcess.testClasses() + "' '" + open.resolve("classes") + "'\n"
                + "cp '" + HostProcess.apiStubs() + "' '" + open.resolve("stubs.jar") + "'\n"
                + "cp '" + HostProcess.ourJar() + "' '" + open.resolve("vault-cipher.jar") + "'\n"
                + "chmod -R a+rX '" + open + "'\n"
                + "mount --bind '" + System.getProperty("java.home") + "' '" + open.resolve("java") + "'\n"
                + "shift; set -- '" + open.resolve("java/bin/java") + "' \"$@\"";
        Path java = Surroundings.javaHome(folder, install, Surroundings.ROOT
                ? "set -- setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs sh -ec"
                        + " 'test \"$(id -u)\" = 65534; if ls /root 2>/dev/null; then exit 9; fi; exec \"$@\"' sh \"$@\""
                : "");
        assertReads(jvm.javaHome(java).jvmFlags("-Djava.io.tmpdir=" + open.resolve("tmp")), http);
        assertEquals(Collections.emptyList(), Installation.content(open.resolve("tmp")));
    }

    @Test
    public void aReadOnlyMachineWithAWritableTemporaryDirectoryWillDo() throws IOException {
        Path tmp = Files.createDirectory(folder.resolve("tmp"));
        Path java = Surroundings.javaHome(folder, READ_ONLY, "mount -t tmpfs tmpfs " + tmp);
        assertReads(jvm().javaHome(java).jvmFlags("-Djava.io.tmpdir=" + tmp), http);
    }

    @Test
    public void aMachineThatIsReadOnlyThroughoutNeedsTheLibraryBesideTheJar() {
        Path java = Surroundings.javaHome(folder, READ_ONLY);
        assertRefused(Installation.host(HostProcess.ourJar()).javaHome(java).call(TEXT),
                "cannot write to the temporary directory", "Read-only file system");
        Path jar = Installation.jar(folder);
        Installation.library(folder);
        assertReads(Installation.host(jar).javaHome(java), http);
    }

    @Test
    public void noHomeAndNoOtherVariableIsNeeded() {
        Path java = Surroundings.javaHome(folder,
                "set -- env -i SECRET_STORE_VAULT_TOKEN=\"$SECRET_STORE_VAULT_TOKEN\" \"$@\"");
        assertReads(jvm().environment("HOME", null), http);
        assertReads(jvm().javaHome(java), http);
    }

    @Test
    public void withoutSystemCertificatesVaultIsReadOverHttp() {
        assertReads(jvm().javaHome(javaWithoutCertificates()), http);
    }

    @Test
    public void withoutSystemCertificatesVaultIsReadOverHttpsThroughANamedTrustStore() {
        Path store = TrustStores.withCertificate(https.caFile(), folder.resolve("trust.jks"), "JKS");
        assertReads(jvm().javaHome(javaWithoutCertificates()).jvmFlags("-Djavax.net.ssl.trustStore=" + store), https);
    }

    @Test
    public void withoutAnyCertificatesHttpsSaysWhereTheyWereLookedFor() {
        HostProcess.Call call = token(jvm(), https).javaHome(javaWithoutCertificates())
                .call(https.text("sample/secret", "password")).only();
        Messages.assertSays(call, FAILURE, Paths.get(System.getProperty("java.home"), "lib", "security", "cacerts").toString(),
                "javax.net.ssl.trustStore", "What to do");
    }

    /** A JDK on a machine without certificates, which has none of its own either. */
    private Path javaWithoutCertificates() {
        Path security = Paths.get(System.getProperty("java.home"), "lib", "security");
        return Surroundings.javaHome(folder,
                "for certificates in /etc/ssl /etc/pki /usr/share/ca-certificates; do"
                        + " if [ -d $certificates ]; then mount -t tmpfs tmpfs $certificates; fi; done",
                "cp -r '" + security + "' " + folder.resolve("security"),
                "rm -f " + folder.resolve("security") + "/*cacerts",
                "mount --bind " + folder.resolve("security") + " '" + security + "'",
                "test -z \"$(ls -A /etc/ssl)\"");
    }

    private void assertReads(HostProcess jvm, VaultServer vault) {
        HostProcess.Outcome outcome = token(jvm, vault).call(vault.text("sample/secret", "password"));
        assertEquals(outcome.toString(), Fixtures.sha256(value), outcome.only().valueSha256);
    }

    private static HostProcess token(HostProcess jvm, VaultServer vault) {
        return jvm.environment("SECRET_STORE_VAULT_TOKEN", vault.createReader("sample/secret"));
    }

    private static HostProcess jvm() {
        return HostProcess.loading(VaultSecretStore.class.getName());
    }

    /** Every file system but the kernel's own. */
    private static final String READ_ONLY = ""
            + "while read -r _ _ _ _ place options _; do\n"
            + "    case $place in /proc|/proc/*|/sys|/sys/*|/dev|/dev/*) continue ;; esac\n"
            + "    case $options in ro,*) continue ;; esac\n"
            + "    mount -o remount,bind,\"ro,${options#rw,}\" \"$place\"\n"
            + "done </proc/self/mountinfo\n"
            + "for place in / /tmp \"$HOME\"; do if touch \"$place/written\" 2>/dev/null; then exit 9; fi; done";
}

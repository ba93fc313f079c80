package dev.vaultcipher.loading;

import static dev.vaultcipher.harness.Installation.TEXT;
import static dev.vaultcipher.harness.Installation.assertAnswers;
import static dev.vaultcipher.harness.Installation.assertRefused;
import static org.junit.Assert.assertFalse;

import dev.vaultcipher.VaultSecretStore;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.Installation;
import dev.vaultcipher.harness.Jdk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.After;
import org.junit.Before;
import org.junit.Test;


/** JVMs that do not let everybody load native code. */
public class JvmRestrictionsTest {
    private Path folder;

    @Before
    public void makeFolder() {
        folder = Fixtures.temporaryFolder("restrictions");
    }

    @After
    public void deleteFolder() {
        Fixtures.delete(folder);
    }

    @Test
    public void deniedNativeAccessNamesTheFlag() {
        Jdk.hasFrom(24);
        assertRefused(host().jvmFlags("--illegal-native-access=deny").call(TEXT),
                "vault-cipher: The JVM does not allow this jar to load its native library",
                "Add --enable-native-access=ALL-UNNAMED to the server's JVM arguments");
    }

    @Test
    public void theFlagHelpsAndSilencesTheWarning() {
        Jdk.hasFrom(24);
        HostProcess.Outcome outcome = host()
                .jvmFlags("--illegal-native-access=deny", "--enable-native-access=ALL-UNNAMED").call(TEXT);
        assertAnswers(outcome);
        assertFalse(outcome.toString(), outcome.stderr.contains("WARNING"));
    }

    @Test
    public void aSecurityManagerThatAllowsEverythingIsFine() throws IOException {
        assertAnswers(underSecurityManager("permission java.security.AllPermission;"));
    }

    @Test
    public void aSecurityManagerThatAllowsNothingIsNamed() throws IOException {
        assertRefused(underSecurityManager(""), "The JVM's security manager does not allow it: access denied",
                "Grant the jar this permission in the policy file");
    }

    /** All that is needed; without the permission to see protection domains the jar is found in another way. */
    @Test
    public void aSecurityManagerThatAllowsToLoadTheLibraryIsFine() throws IOException {
        Installation.library(folder);
        assertAnswers(underSecurityManager(load()));
    }

    private String load() {
        return "permission java.lang.RuntimePermission \"loadLibrary." + folder.resolve(Installation.LIBRARY) + "\";\n"
                + "permission java.io.FilePermission \"" + folder + "/-\", \"read\";\n";
    }

    private HostProcess.Outcome underSecurityManager(String ourPermissions) throws IOException {
        Jdk.hasUntil(23);
        Path jar = Installation.jar(folder);
        Path policy = Files.writeString(folder.resolve("policy"),
                grant(HostProcess.testClasses(), "permission java.security.AllPermission;")
                        + grant(HostProcess.apiStubs(), "permission java.security.AllPermission;")
                        + grant(jar, ourPermissions));
        return Installation.host(jar)
                .jvmFlags("-Djava.security.manager", "-Djava.security.policy==" + policy).call(TEXT);
    }

    private static String grant(Path code, String permissions) {
        return "grant codeBase \"" + code.toUri() + (Files.isDirectory(code) ? "-" : "") + "\" {\n" + permissions + "\n};\n";
    }

    private static HostProcess host() {
        return HostProcess.loading(VaultSecretStore.class.getName());
    }
}

package dev.vaultcipher.host;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.VaultSecretStore;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostHome;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.Messages;
import dev.vaultcipher.harness.Surroundings;
import dev.vaultcipher.harness.VaultServer;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.Paths;
import org.junit.After;
import org.junit.AfterClass;
import org.junit.Before;
import org.junit.BeforeClass;
import org.junit.Test;

/** Servers started without a locale, as by cron or in a bare container, and names and secrets that are not ASCII. */
public class LocaleTest {
    private static final String PATH = "größe/日本/ключ 𝔘";
    private static final String KEY = "schlüssel ß";

    private static VaultServer vault;
    private static String value;
    private static String token;

    private Path folder;

    @BeforeClass
    public static void startVault() {
        value = "pässwörd € 日本 𝔘 " + Fixtures.randomText();
        vault = VaultServer.start();
        vault.putSecret(URLEncoder.encode(PATH, StandardCharsets.UTF_8).replace("+", "%20").replace("%2F", "/"), KEY, value);
        token = vault.createToken("path \"secret/data/*\" { capabilities = [\"read\"] }");
    }

    @AfterClass
    public static void stopVault() {
        vault.close();
    }

    @Before
    public void makeFolder() {
        folder = Fixtures.temporaryFolder("locale");
    }

    @After
    public void deleteFolder() {
        Fixtures.delete(folder);
    }

    @Test
    public void inTheCLocaleATextFromAPropertiesFileIsRead() {
        assertBitbucketReads(inLocale("C"));
    }

    @Test
    public void inThePosixLocaleWithAnAsciiJvmATextFromAPropertiesFileIsRead() {
        assertBitbucketReads(inLocale("POSIX").jvmFlags("-Dfile.encoding=US-ASCII"));
    }

    @Test
    public void inTheCLocaleAMessageNamesPathAndKeysAsTheyAreWritten() {
        try (HostHome home = new HostHome().install(HostProcess.ourJar())) {
            HostProcess.Outcome outcome = home.start(inLocale("C"), home.configure("bitbucket.properties",
                    bitbucket(vault.text(PATH, "schlussel"))));
            assertEquals(outcome.toString(), 1, outcome.exitCode);
            for (String name : new String[] {"größe/日本/ключ 𝔘", "\"schlussel\"", "\"schlüssel ß\""}) {
                assertTrue(home.launcherLog(), home.launcherLog().contains(name));
            }
        }
    }

    /** Rust takes the variable's bytes, where Java has question marks for them. */
    @Test
    public void inTheCLocaleAFileThatAVariableNamesIsFound() {
        Path java = Surroundings.javaHome(folder, place(), "echo no-token >\"$place/token\"",
                "export SECRET_STORE_VAULT_KUBE_AUTH_JWT_PATH=\"$place/token\"");
        String text = vault.text(PATH, KEY).replace("}", ",\"authenticationType\":\"KUBERNETES\"}");
        Messages.assertSays(store("C").environment("SECRET_STORE_VAULT_KUBE_AUTH_ROLE", "any").javaHome(java).call(text).only(),
                "com.atlassian.secrets.api.SecretStoreException", "größe 日本/token", "is not a JWT");
    }

    @Test
    public void inAUtf8LocaleJarAndTemporaryDirectoryMayLieInAFolderOfAnyName() {
        Path java = Surroundings.javaHome(folder, place(), "cp '" + HostProcess.ourJar() + "' \"$place/vault-cipher.jar\"");
        HostProcess jvm = store("C.UTF-8").javaHome(java).jvmFlags("-Djava.io.tmpdir=@PLACE@/tmp")
                .classPath(HostProcess.testClasses(), HostProcess.apiStubs(), Paths.get("@PLACE@", "vault-cipher.jar"));
        HostProcess.Outcome outcome = jvm.call(vault.text(PATH, KEY));
        assertEquals(outcome.toString(), Fixtures.sha256(value), outcome.only().valueSha256);
    }

    /** Java cannot name the folder then, whether it is in its arguments or in a file that it read. */
    @Test
    public void inTheCLocaleATemporaryDirectoryThatIsNotAsciiIsNamedWithTheWayOut() {
        Path java = Surroundings.javaHome(folder, place());
        for (HostProcess jvm : new HostProcess[] {
            store("C").jvmFlags("-Djava.io.tmpdir=@PLACE@/tmp"),
            store("C").property("dev.vaultcipher.tmpdir", folder + "/größe 日本/tmp")
        }) {
            Messages.assertSays(jvm.javaHome(java).call(vault.text(PATH, KEY)).only(),
                    "com.atlassian.secrets.api.SecretStoreException", "cannot write to the temporary directory " + folder,
                    "-Ddev.vaultcipher.tmpdir=/absolute/path");
        }
    }

    /** Shell that makes a folder whose name is not ASCII and puts it in the place of @PLACE@ in the arguments. */
    private String place() {
        return "place='" + folder + "/größe 日本'\nmkdir -p \"$place/tmp\"\n"
                + "for argument; do\n    shift\n"
                + "    set -- \"$@\" \"$(printf %s \"$argument\" | sed \"s|@PLACE@|$place|g\")\"\ndone";
    }

    private static void assertBitbucketReads(HostProcess jvm) {
        try (HostHome home = new HostHome().install(HostProcess.ourJar())) {
            assertReads(home.start(jvm, home.configure("bitbucket.properties", bitbucket(vault.text(PATH, KEY)))));
        }
    }

    private static void assertReads(HostProcess.Outcome outcome) {
        assertEquals(outcome.toString(), 0, outcome.exitCode);
        assertTrue(outcome.toString(), outcome.stdout.contains("fingerprint " + Fixtures.sha256(value).substring(0, 8)));
    }

    /** The file is ASCII: what is not, is written as {@code \\uXXXX}, which Java's properties undo. */
    private static String bitbucket(String text) {
        return "jdbc.password={ENC}" + text + "\nencrypted-property.cipher.classname=dev.vaultcipher.VaultSecretStore\n";
    }

    /** A product that starts in this locale. */
    private static HostProcess inLocale(String locale) {
        return in(HostProcess.plain().jvmFlags("-Xcheck:jni").classPath(HostProcess.testClasses(), HostProcess.apiStubs()), locale);
    }

    private static HostProcess store(String locale) {
        return in(HostProcess.loading(VaultSecretStore.class.getName()), locale);
    }

    private static HostProcess in(HostProcess jvm, String locale) {
        return jvm.environment("LC_ALL", locale).environment("LANG", null).environment("LANGUAGE", null)
                .environment("SECRET_STORE_VAULT_TOKEN", token);
    }
}

package dev.vaultcipher.loading;

import static dev.vaultcipher.harness.Installation.assertSays;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.VaultCipher;
import dev.vaultcipher.VaultSecretStore;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.Installation;
import dev.vaultcipher.harness.Jdk;
import dev.vaultcipher.harness.Messages;
import dev.vaultcipher.harness.TrustStores;
import dev.vaultcipher.harness.VaultServer;
import java.io.IOException;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** What every JDK must be able to do, each in a JVM of its own with -Xcheck:jni, on a real Vault. */
public class JdkMatrixTest {
    private static final String STORE = VaultSecretStore.class.getName();
    private static final String CIPHER = VaultCipher.class.getName();

    private static VaultServer http;
    private static VaultServer https;
    private static Path folder;
    private static String value;

    @BeforeClass
    public static void startVaults() {
        folder = Fixtures.temporaryFolder("jdk");
        value = Fixtures.randomText();
        http = VaultServer.start();
        https = VaultServer.startTls();
        http.putSecret("sample/secret", "password", value);
        https.putSecret("sample/secret", "password", value);
        TrustStores.withCertificate(https.caFile(), folder.resolve("trust.jks"), "JKS");
        TrustStores.withCertificate(https.caFile(), folder.resolve("trust.p12"), "PKCS12");
    }

    @AfterClass
    public static void stopVaults() {
        http.close();
        https.close();
        Fixtures.delete(folder);
    }

    @Test
    public void readsOverHttpThroughSecretStore() {
        assertReads(jvm(STORE, http).call(text(http)));
    }

    @Test
    public void readsOverHttpThroughCipher() {
        assertReads(jvm(CIPHER, http).call(text(http)));
    }

    @Test
    public void readsOverHttpsWithAJksTrustStore() {
        assertReads(jvm(STORE, https).jvmFlags(trustStore("trust.jks")).call(text(https)));
    }

    @Test
    public void readsOverHttpsWithAPkcs12TrustStore() {
        assertReads(jvm(CIPHER, https).jvmFlags(trustStore("trust.p12"), "-Djavax.net.ssl.trustStorePassword=changeit")
                .call(text(https)));
    }

    /** The trust store is the JDK's own cacerts, whose format differs from JDK to JDK. */
    @Test
    public void refusesACertificateThatTheJdkDoesNotTrust() {
        Messages.assertSays(jvm(STORE, https).call(text(https)).only(),
                "com.atlassian.secrets.api.SecretStoreException", "TLS failed", "cacerts", "What to do");
    }

    @Test
    public void failsWithTheExceptionOfSecretStore() {
        Messages.assertSays(jvm(STORE, http).call(http.text("sample/secret", "pasword")).only(),
                "com.atlassian.secrets.api.SecretStoreException", "has no key \"pasword\"", "\"password\"");
    }

    @Test
    public void failsWithAnExceptionThatHostsOfCipherHave() {
        Messages.assertSays(jvm(CIPHER, http).call(http.text("sample/secret", "pasword")).only(),
                "java.lang.IllegalStateException", "has no key \"pasword\"", "\"password\"");
    }

    @Test
    public void twoClassLoadersReadSideBySide() {
        Path jar = Installation.jar(folder.resolve("webapp"));
        assertSays("read twice", Installation.program(jar).jvmFlags("-Xcheck:jni")
                .environment("SECRET_STORE_VAULT_TOKEN", http.createReader("sample/secret"))
                .run(TwoApplications.class.getName(), jar.toString(), text(http), Fixtures.sha256(value)));
    }

    static final class TwoApplications {
        public static void main(String[] arguments) throws IOException, ReflectiveOperationException {
            Path jar = Paths.get(arguments[0]);
            try (URLClassLoader first = Installation.webApplication(jar, HostProcess.apiStubs());
                    URLClassLoader second = Installation.webApplication(jar, HostProcess.apiStubs())) {
                for (ClassLoader application : new ClassLoader[] {first, second, first}) {
                    Object store = Class.forName(STORE, true, application).getConstructor().newInstance();
                    Object value = store.getClass().getMethod("get", String.class).invoke(store, arguments[1]);
                    assertEquals(arguments[2], Fixtures.sha256((String) value));
                }
            }
            System.out.println("read twice");
        }
    }

    @Test
    public void readsWithoutClassDataSharing() {
        assertReads(jvm(STORE, http).jvmFlags("-Xshare:off").call(text(http)));
    }

    @Test
    public void readsInTheInterpreter() {
        assertReads(jvm(STORE, http).jvmFlags("-Xint").call(text(http)));
    }

    /** A product's own policy grants all to the product's jars, ours among them. */
    @Test
    public void readsUnderASecurityManager() throws IOException {
        Jdk.hasUntil(23);
        Path policy = Files.writeString(folder.resolve("policy"), "grant { permission java.security.AllPermission; };\n");
        HostProcess.Outcome outcome = jvm(STORE, http)
                .jvmFlags("-Djava.security.manager", "-Djava.security.policy==" + policy).call(text(http));
        assertReads(outcome);
    }

    @Test
    public void readsUnderASecurityManagerThatIsSetLater() {
        Jdk.hasUntil(23);
        HostProcess jvm = Installation.program(HostProcess.ourJar())
                .environment("SECRET_STORE_VAULT_TOKEN", http.createReader("sample/secret"));
        if (Jdk.version() >= 12) {
            jvm.jvmFlags("-Djava.security.manager=allow");
        }
        HostProcess.Outcome outcome = jvm.run(SetsASecurityManager.class.getName(), text(http));
        assertEquals(outcome.toString(), Fixtures.sha256(value) + '\n', outcome.stdout);
    }

    static final class SetsASecurityManager {
        public static void main(String[] arguments) {
            System.setSecurityManager(new SecurityManager() {
                @Override
                public void checkPermission(java.security.Permission permission) {
                    // allowed
                }
            });
            assertTrue(System.getSecurityManager() != null);
            System.out.println(Fixtures.sha256(new VaultSecretStore().get(arguments[0])));
        }
    }

    private static void assertReads(HostProcess.Outcome outcome) {
        assertEquals(outcome.toString(), Fixtures.sha256(value), outcome.only().valueSha256);
    }

    private static HostProcess jvm(String storeClass, VaultServer vault) {
        return HostProcess.loading(storeClass)
                .environment("SECRET_STORE_VAULT_TOKEN", vault.createReader("sample/secret"));
    }

    private static String text(VaultServer vault) {
        return vault.text("sample/secret", "password");
    }

    private static String trustStore(String fileName) {
        return "-Djavax.net.ssl.trustStore=" + folder.resolve(fileName);
    }
}

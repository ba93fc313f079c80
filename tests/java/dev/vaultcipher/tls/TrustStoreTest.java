package dev.vaultcipher.tls;

import static org.junit.Assert.assertEquals;

import dev.vaultcipher.VaultSecretStore;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.Messages;
import dev.vaultcipher.harness.ScriptedPeer;
import dev.vaultcipher.harness.VaultServer;
import java.io.IOException;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Locale;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** HTTPS with the certificates that the JVM trusts, which is where administrators put their company's CA. */
public class TrustStoreTest {
    private static final String FAILURE = "com.atlassian.secrets.api.SecretStoreException";

    private static VaultServer vault;
    private static Path folder;
    private static String value;
    private static String text;
    private static String token;

    @BeforeClass
    public static void startVault() throws IOException, InterruptedException {
        vault = VaultServer.startTls();
        folder = Fixtures.temporaryFolder("trust");
        value = Fixtures.randomText();
        vault.putSecret("sample/secret", "password", value);
        text = vault.text("sample/secret", "password");
        token = vault.createReader("sample/secret");
        for (String type : new String[] {"JKS", "PKCS12"}) {
            importCertificate(type);
        }
    }

    @AfterClass
    public static void stopVault() {
        vault.close();
        Fixtures.delete(folder);
    }

    @Test
    public void aCertificateAuthorityInAJksTrustStore() {
        assertReads(jvm().jvmFlags(trustStore("JKS")).call(text));
    }

    @Test
    public void aCertificateAuthorityInAPkcs12TrustStore() {
        assertReads(jvm().jvmFlags(trustStore("PKCS12"), "-Djavax.net.ssl.trustStorePassword=changeit").call(text));
    }

    @Test
    public void theTypeMayBeGivenAsForJava() {
        assertReads(jvm().jvmFlags(trustStore("PKCS12"), "-Djavax.net.ssl.trustStorePassword=changeit",
                "-Djavax.net.ssl.trustStoreType=PKCS12").call(text));
    }

    @Test
    public void theNameLocalhostIsInTheCertificateToo() {
        assertReads(jvm().jvmFlags(trustStore("JKS")).call(text.replace("127.0.0.1", "localhost")));
    }

    @Test
    public void anUntrustedCertificateNamesTheTrustStoreAndItsIssuer() {
        HostProcess.Call call = jvm().call(text).only();
        Messages.assertSays(call, FAILURE, vault.address(), "TLS failed", "issuer \"", "cacerts", "keytool -importcert", "What to do");
    }

    @Test
    public void aCertificateForAnotherHostNamesBoth() {
        try (ScriptedPeer elsewhere = ScriptedPeer.relay("127.0.0.2", vault.port())) {
            String address = elsewhere.address().replace("http:", "https:");
            HostProcess.Call call = jvm().jvmFlags(trustStore("JKS")).call(text.replace(vault.address(), address)).only();
            Messages.assertSays(call, FAILURE, address, "127.0.0.2", "localhost", "127.0.0.1", "What to do");
        }
    }

    @Test
    public void httpWhereVaultSpeaksHttps() {
        HostProcess.Call call = jvm().call(text.replace("https:", "http:")).only();
        Messages.assertSays(call, FAILURE, "GET http://127.0.0.1:" + vault.port(), "https", "What to do");
    }

    @Test
    public void httpsWhereVaultSpeaksHttp() {
        try (VaultServer plain = VaultServer.start()) {
            String address = plain.address().replace("http:", "https:");
            HostProcess.Call call = jvm().call(text.replace(vault.address(), address)).only();
            Messages.assertSays(call, FAILURE, address, "http", "TLS", "What to do");
        }
    }

    @Test
    public void aTrustStoreThatIsMissing() {
        HostProcess.Call call = jvm().jvmFlags("-Djavax.net.ssl.trustStore=/nowhere/trust.jks").call(text).only();
        Messages.assertSays(call, FAILURE, "/nowhere/trust.jks", "javax.net.ssl.trustStore", "What to do");
    }

    @Test
    public void aTrustStoreWithAnotherPassword() {
        HostProcess.Call call = jvm().jvmFlags(trustStore("PKCS12"), "-Djavax.net.ssl.trustStorePassword=wrong").call(text).only();
        Messages.assertSays(call, FAILURE, "trust.pkcs12", "javax.net.ssl.trustStorePassword", "What to do");
    }

    private static void assertReads(HostProcess.Outcome outcome) {
        assertEquals(outcome.toString(), Fixtures.sha256(value), outcome.only().valueSha256);
    }

    private static HostProcess jvm() {
        return HostProcess.loading(VaultSecretStore.class.getName()).environment("SECRET_STORE_VAULT_TOKEN", token);
    }

    private static String trustStore(String type) {
        return "-Djavax.net.ssl.trustStore=" + file(type);
    }

    private static Path file(String type) {
        return folder.resolve("trust." + type.toLowerCase(Locale.ROOT));
    }

    /** As an administrator does it. */
    private static void importCertificate(String type) throws IOException, InterruptedException {
        Process keytool = new ProcessBuilder(Paths.get(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-importcert", "-noprompt", "-alias", "company-ca", "-file", vault.caFile().toString(),
                "-keystore", file(type).toString(), "-storetype", type, "-storepass", "changeit")
                .redirectErrorStream(true).start();
        keytool.getOutputStream().close();
        String output = Fixtures.readAll(keytool.getInputStream());
        assertEquals(output, 0, keytool.waitFor());
    }
}

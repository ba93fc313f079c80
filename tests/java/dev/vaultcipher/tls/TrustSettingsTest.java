package dev.vaultcipher.tls;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.Messages;
import dev.vaultcipher.harness.TestCertificate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** The settings of TLS, each from every place where it can stand, with a real Vault that has several CAs. */
public class TrustSettingsTest {
    private static final TestCertificate FIRST = TestCertificate.ca("First CA");
    private static final TestCertificate SECOND = TestCertificate.ca("Second CA");
    private static final TestCertificate THIRD = TestCertificate.ca("Third CA");
    private static final String LOCAL = "IP:127.0.0.1";

    private static TlsVault vault;
    private static String firstFile;
    private static String folder;
    private static String nowhere;

    @BeforeClass
    public static void startVault() throws IOException {
        vault = new TlsVault().listener("first", FIRST.issue(LOCAL)).listener("second", SECOND.issue(LOCAL))
                .listener("third", THIRD.issue(LOCAL)).listener("named", FIRST.issue("DNS:vault.internal"))
                .listener("tls12", FIRST.issue(LOCAL), "tls_max_version = \"tls12\"")
                .listener("tls13", FIRST.issue(LOCAL), "tls_min_version = \"tls13\"").start();
        firstFile = vault.file("first-ca.pem", FIRST.pem()).toString();
        nowhere = vault.folder().resolve("nowhere").toString();
        Path directory = Files.createDirectories(vault.folder().resolve("cas"));
        Files.createDirectory(directory.resolve("old"));
        Files.writeString(directory.resolve("third.pem"), THIRD.pem());
        Files.writeString(directory.resolve("README"), "the CAs of this company\n");
        folder = directory.toString();
    }

    @AfterClass
    public static void stopVault() {
        vault.close();
    }

    /** Each of three servers is trusted for one of the three variables, so that none stands in for another. */
    @Test
    public void vaultsVariablesNameCertificatesToTrust() {
        reads(vault.jvm().environment("VAULT_CACERT", firstFile).environment("VAULT_CACERT_BYTES", SECOND.pem())
                .environment("VAULT_CAPATH", folder));
    }

    @Test
    public void openBaosVariablesComeBeforeVaults() {
        reads(vault.jvm().environment("VAULT_CACERT", nowhere).environment("BAO_CACERT", firstFile)
                .environment("VAULT_CACERT_BYTES", "nothing").environment("BAO_CACERT_BYTES", SECOND.pem())
                .environment("VAULT_CAPATH", nowhere).environment("BAO_CAPATH", folder));
    }

    @Test
    public void systemPropertiesNameThemTooButVariablesComeFirst() {
        reads(vault.jvm().environment("VAULT_CACERT", firstFile).property("secret.store.vault.ca.cert", nowhere)
                .property("secret.store.vault.ca.cert.bytes", SECOND.pem()).property("secret.store.vault.ca.path", folder));
    }

    private static void reads(HostProcess jvm) {
        vault.check(jvm.call(vault.text("first"), vault.text("second"), vault.text("third")), "", "", "");
    }

    /** The fields of the text come first: each setting that is corrected shows the next one that is broken. */
    @Test
    public void aBrokenOneIsNamedAndTheTextComesFirst() {
        String[] good = {"caCert", firstFile, "caCertBytes", SECOND.pem(), "caPath", folder};
        HostProcess.Outcome outcome = vault.jvm().environment("VAULT_CACERT", nowhere)
                .environment("VAULT_CACERT_BYTES", "no certificate").environment("VAULT_CAPATH", nowhere)
                .property("secret.store.vault.ca.cert", "ignored")
                .text(vault.text("first"))
                .text(vault.text("first", "caCert", firstFile))
                .text(vault.text("first", "caCert", firstFile, "caCertBytes", SECOND.pem()))
                .text(vault.text("first", good)).text(vault.text("second", good)).text(vault.text("third", good))
                .text(vault.text("first", "caCert", folder))
                .call(vault.text("first", "caCert", vault.file("key-only.pem", FIRST.keyPem()).toString()));
        vault.check(outcome, "\"" + nowhere + "\" (from environment variable VAULT_CACERT) does not exist",
                "environment variable VAULT_CACERT_BYTES cannot be used: holds no certificate",
                "\"" + nowhere + "\" (from environment variable VAULT_CAPATH) does not exist", "", "", "",
                "\"" + folder + "\" (from field \"caCert\" of the text) is a directory",
                "(from field \"caCert\" of the text) holds no certificate as PEM text");
    }

    @Test
    public void aRefusalNamesEverythingThatIsTrusted() {
        HostProcess.Outcome outcome = vault.jvm().environment("VAULT_CACERT", firstFile).call(vault.text("second"));
        Messages.assertSays(outcome.only(), "com.atlassian.secrets.api.SecretStoreException", "issuer \"CN=Second CA\"",
                "cacerts", "1 certificate of \"" + firstFile + "\" (environment variable VAULT_CACERT)", "What to do");
    }

    /** No certificates on the machine, neither of the JDK nor of the system. */
    @Test
    public void withoutAnyBundleHttpAndAnExplicitCaWork() {
        HostProcess.Outcome outcome = vault.jvm().environment("SSL_CERT_FILE", nowhere).environment("SSL_CERT_DIR", nowhere)
                // Java itself needs its home to log for the first time, which it does for an unusable key store
                .property("javax.net.ssl.keyStore", "NONE").text(vault.text("second"))
                .property("javax.net.ssl.keyStore", null).property("java.home", nowhere)
                .text(vault.textFor("http://127.0.0.1:" + vault.plainPort()))
                .text(vault.text("first", "caCert", firstFile))
                .text(vault.text("first", "caCertBytes", FIRST.pem()))
                .text(vault.text("first"))
                .call(vault.text("first", "systemTrust", "true"));
        vault.check(outcome, "no certificate in the trust store", "", "", "", nowhere + "/lib/security/cacerts (the JDK's default)", "the operating system's certificates");
    }

    @Test
    public void theOperatingSystemsCertificatesAreTrustedWhenAskedFor() {
        HostProcess.Outcome outcome = vault.jvm().environment("SSL_CERT_FILE", firstFile)
                .text(vault.text("first"))
                .text(vault.text("first", "systemTrust", "true"))
                .call(vault.text("first", "systemTrust", "perhaps"));
        vault.check(outcome, "no certificate in the trust store", "",
                "field \"systemTrust\" of the text cannot be used: it is neither true nor false");
    }

    /** What an administrator adds to the disabled algorithms in java.security counts here as it does in Java. */
    @Test
    public void whatTheJvmDisablesIsRefused() {
        String shortKeys = "a key of the chain is shorter than the disabled algorithms in the JDK's java.security allow";
        for (String list : new String[] {"certpath", "tls"}) {
            vault.check(disabling(list, "EC keySize < 384"), shortKeys);
        }
        vault.check(disabling("certpath", "SHA256withECDSA"), "only Java knows what they mean");
        vault.check(disabling("certpath", "SHA384withECDSA"), "");
    }

    private HostProcess.Outcome disabling(String list, String entry) {
        Path file = vault.file("disabling.security", "jdk." + list + ".disabledAlgorithms=MD5, SHA1, " + entry + '\n');
        return vault.jvm().jvmFlags("-Djava.security.properties=" + file).call(vault.text("first", "caCert", firstFile));
    }

    @Test
    public void theServersNameCanBeAnother() {
        HostProcess.Outcome outcome = vault.jvm().environment("VAULT_CACERT", firstFile)
                .environment("VAULT_TLS_SERVER_NAME", "elsewhere.internal").environment("BAO_TLS_SERVER_NAME", "vault.internal")
                .text(vault.text("named"))
                .text(vault.text("named", "tlsServerName", "127.0.0.1"))
                .call(vault.text("named", "tlsServerName", "https://vault.internal"));
        vault.check(outcome, "", "not valid for \"127.0.0.1\"", "field \"tlsServerName\" of the text cannot be used");
    }

    @Test
    public void notCheckingWorksAndIsWarnedOfOncePerClient() {
        HostProcess.Outcome outcome = vault.jvm().environment("VAULT_SKIP_VERIFY", "1")
                .text(vault.text("first")).text(vault.text("first")).text(vault.text("named"))
                .text(vault.text("first", "skipVerify", "false"))
                .call(vault.text("first", "skipVerify", "perhaps"));
        vault.check(outcome, "", "", "", "no certificate in the trust store", "field \"skipVerify\" of the text cannot be used");
        assertEquals(outcome.toString(), 1,
                warnings(outcome, "certificate is not checked, because environment variable VAULT_SKIP_VERIFY says so"));
    }

    @Test
    public void tls12AndTls13AreSpoken() {
        vault.check(vault.jvm().environment("VAULT_CACERT", firstFile).call(vault.text("tls12"), vault.text("tls13")), "", "");
    }

    /** Through a proxy on this machine (Vault itself, which takes such requests), so that nothing leaves it. */
    @Test
    public void plainHttpToAnotherMachineWorksAndIsWarnedOfOnce() {
        String endpoint = "http://vault.example.com:8200";
        String proxy = "http://127.0.0.1:" + vault.plainPort();
        HostProcess.Outcome outcome = vault.jvm()
                .text(vault.textFor(endpoint, "proxy", proxy)).text(vault.textFor(endpoint, "proxy", proxy))
                .call(vault.textFor("http://vault.example.org", "proxy", proxy));
        vault.check(outcome, "", "", "");
        assertEquals(outcome.toString(), 1, warnings(outcome, "WARNING: The connection to Vault at " + endpoint + " is not encrypted"));
        assertEquals(outcome.toString(), 1, warnings(outcome, "is not encrypted"));
    }

    @Test
    public void plainHttpOnThisMachineIsNotWarnedOf() {
        HostProcess.Outcome outcome = vault.jvm().call(vault.textFor("http://127.0.0.1:" + vault.plainPort()),
                vault.textFor("http://localhost:" + vault.plainPort()));
        vault.check(outcome, "", "");
        assertFalse(outcome.toString(), outcome.stderr.contains("is not encrypted"));
    }

    /** How many lines of the log have this; each of the JVM's log records is printed by two handlers. */
    private static long warnings(HostProcess.Outcome outcome, String words) {
        long lines = outcome.stderr.lines().filter(line -> line.contains(words)).count();
        assertTrue(outcome.toString(), lines % 2 == 0);
        return lines / 2;
    }

    /** A CA is replaced while the server runs, as by a script (another file under the name) and as by an editor. */
    @Test
    public void aChangedFileIsReadAnew() throws IOException {
        Path ca = vault.file("changing-ca.pem", SECOND.pem());
        Path jks = vault.folder().resolve("changing.jks");
        TestCertificate.trustStore(jks, "JKS", "changeit", SECOND);
        try (Conversation jvm = new Conversation(
                vault.jvm().jvmFlags("-Djavax.net.ssl.trustStore=" + jks).environment("VAULT_CACERT", ca.toString()))) {
            String value = "value " + Fixtures.sha256(vault.value);
            assertEquals(value, jvm.ask(vault.text("second")));
            assertTrue(jvm.ask(vault.text("first")).contains("issuer \"CN=First CA\""));
            Files.move(vault.file("new-ca.pem", FIRST.pem()), ca, StandardCopyOption.REPLACE_EXISTING);
            assertEquals(value, jvm.ask(vault.text("first")));
            assertTrue(jvm.ask(vault.text("third")).contains("issuer \"CN=Third CA\""));
            TestCertificate.trustStore(jks, "JKS", "changeit", THIRD);
            assertEquals(value, jvm.ask(vault.text("third")));
            Files.delete(ca);
            assertTrue(jvm.ask(vault.text("first")).contains("(from environment variable VAULT_CACERT) does not exist"));
        }
    }
}

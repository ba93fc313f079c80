package dev.vaultcipher.tls;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.TestCertificate;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** Mutual TLS with a real Vault that demands a client certificate: every form of certificate and key. */
public class ClientCertificateTest {
    private static final TestCertificate CA = TestCertificate.ca("Server CA");
    private static final TestCertificate CLIENT_CA = TestCertificate.ca("Client CA");
    private static final String PASSWORD = Canaries.keep(Fixtures.randomText());
    private static final String NOT_SENT = "it asks for a client certificate (mutual TLS), and none was sent";

    private static TlsVault vault;
    private static String caFile;
    private static TestCertificate ec;
    private static String certificate;
    private static String key;

    @BeforeClass
    public static void startVault() {
        vault = new TlsVault();
        String clientCa = vault.file("clients.pem", CLIENT_CA.pem()).toString();
        vault.listener("server", CA.issue("IP:127.0.0.1"), "tls_require_and_verify_client_cert = true",
                "tls_client_ca_file = \"" + clientCa + "\"").start();
        caFile = vault.file("ca.pem", CA.pem()).toString();
        ec = client(TestCertificate.key("secp256r1"), CLIENT_CA);
        certificate = vault.file("client.pem", ec.pem()).toString();
        key = vault.file("client.key", ec.keyPem()).toString();
    }

    @AfterClass
    public static void stopVault() {
        vault.close();
    }

    private static TestCertificate client(java.security.KeyPair newKey, TestCertificate issuer) {
        return TestCertificate.named("bitbucket").key(newKey).issuedBy(issuer)
                .extendedKeyUsage(TestCertificate.CLIENT_AUTH).build();
    }

    private static HostProcess jvm() {
        return vault.jvm().environment("VAULT_CACERT", caFile);
    }

    @Test
    public void everyFormOfPem() throws IOException, InterruptedException {
        TestCertificate rsa = client(TestCertificate.key("RSA2048"), CLIENT_CA);
        String rsaCertificate = vault.file("rsa.pem", rsa.pem()).toString();
        String rsaKey = vault.file("rsa.key", rsa.keyPem()).toString();
        String pkcs1 = traditional(rsaKey, "rsa-pkcs1.key", "RSA PRIVATE KEY");
        String sec1 = traditional(key, "ec-sec1.key", "EC PRIVATE KEY");
        TestCertificate intermediate = TestCertificate.named("Client Intermediate").ca().issuedBy(CLIENT_CA).build();
        TestCertificate below = client(TestCertificate.key("secp256r1"), intermediate);
        String chain = vault.file("chain-and-key.pem", below.keyPem() + below.pem() + intermediate.pem()).toString();
        vault.check(jvm()
                .text(with(certificate, key)).text(with(rsaCertificate, rsaKey)) // PKCS #8
                .text(with(rsaCertificate, pkcs1)).text(with(certificate, sec1))
                .call(vault.text("server", "clientCert", chain)), "", "", "", "", "");
    }

    private static String with(String certificateFile, String keyFile) {
        return vault.text("server", "clientCert", certificateFile, "clientKey", keyFile);
    }

    /** The key as openssl wrote it before its version 3. */
    private static String traditional(String pkcs8, String name, String type) throws IOException, InterruptedException {
        Path file = vault.file(name, "");
        Process openssl = new ProcessBuilder("openssl", "pkey", "-in", pkcs8, "-traditional", "-out", file.toString())
                .redirectErrorStream(true).start();
        assertEquals(Fixtures.readAll(openssl.getInputStream()), 0, openssl.waitFor());
        assertTrue(java.nio.file.Files.readString(file).startsWith("-----BEGIN " + type));
        return file.toString();
    }

    @Test
    public void vaultsAndOpenBaosVariables() {
        vault.check(jvm().environment("VAULT_CLIENT_CERT", certificate).environment("VAULT_CLIENT_KEY", key)
                .text(vault.text("server")).call(with("/nowhere.pem", "/nowhere.key")), "",
                "\"/nowhere.pem\" (from field \"clientCert\" of the text) does not exist");
        vault.check(jvm().environment("VAULT_CLIENT_CERT", "/nowhere.pem").environment("VAULT_CLIENT_KEY", "/nowhere.key")
                .environment("BAO_CLIENT_CERT", certificate).environment("BAO_CLIENT_KEY", key).call(vault.text("server")), "");
    }

    @Test
    public void aPkcs12FileWithItsPassword() {
        String p12 = ec.keyStore(vault.folder().resolve("client.p12"), "PKCS12", PASSWORD, CLIENT_CA).toString();
        vault.check(jvm().property("secret.store.vault.client.cert", p12)
                .text(vault.text("server"))
                .property("secret.store.vault.client.cert.password", PASSWORD).text(vault.text("server"))
                .property("secret.store.vault.client.cert.password", Fixtures.randomText()).call(vault.text("server")),
                "it is encrypted, and no password is set", "", "its password is wrong");
    }

    /** Each is another store in one JVM: Java itself would read only the first. */
    @Test
    public void theKeyStoreOfTheJvm() {
        String p12 = ec.keyStore(vault.folder().resolve("jvm.p12"), "PKCS12", PASSWORD).toString();
        String jks = ec.keyStore(vault.folder().resolve("jvm.jks"), "JKS", PASSWORD).toString();
        HostProcess.Outcome outcome = jvm()
                .property("javax.net.ssl.keyStore", p12).property("javax.net.ssl.keyStorePassword", PASSWORD)
                .text(vault.text("server"))
                .property("javax.net.ssl.keyStoreType", "PKCS12").text(vault.text("server"))
                .property("javax.net.ssl.keyStore", jks).property("javax.net.ssl.keyStoreType", "JKS").text(vault.text("server"))
                .property("javax.net.ssl.keyStoreType", "pkcs12").property("javax.net.ssl.keyStorePassword", "wrong password")
                .text(vault.text("server"))
                .property("javax.net.ssl.keyStore", "NONE").call(vault.text("server"));
        vault.check(outcome, "", "", "", NOT_SENT, NOT_SENT);
        assertTrue(outcome.toString(), outcome.stderr.contains("The key store " + jks
                + " (from system property javax.net.ssl.keyStore) cannot be used for a client certificate: its password is wrong"));
        assertTrue(outcome.toString(), outcome.stderr.contains("The key store NONE"));
        // A server that asks for no certificate is none the worse for it.
        assertFalse(outcome.toString(), outcome.stderr.contains(PASSWORD));
    }

    @Test
    public void whatDoesNotFitNamesTheFile() {
        String otherKey = vault.file("other.key", TestCertificate.ca("x").keyPem()).toString();
        String noKey = vault.file("not-a.key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n")
                .toString();
        TestCertificate stranger = client(TestCertificate.key("secp256r1"), TestCertificate.ca("Another CA"));
        String strangers = vault.file("stranger.pem", stranger.pem() + stranger.keyPem()).toString();
        vault.check(jvm().environment("VAULT_CLIENT_KEY", key)
                .text(vault.text("server"))
                .text(vault.text("server", "clientCert", caFile))
                .text(with(certificate, otherKey)).text(with(certificate, noKey)).text(with(certificate, certificate))
                .call(with(strangers, strangers)),
                "environment variable VAULT_CLIENT_KEY cannot be used: it names a client key, but no client certificate is set",
                "The client key file \"" + key + "\" (from environment variable VAULT_CLIENT_KEY) does not belong to the client certificate",
                "The client key file \"" + otherKey + "\" (from field \"clientKey\" of the text) does not belong to the client certificate",
                "\"" + noKey + "\" (from field \"clientKey\" of the text) holds a private key that is encrypted",
                "\"" + certificate + "\" (from field \"clientKey\" of the text) holds no private key",
                "none was sent, or not one that it accepts");
    }

    /** Certificates of clients live for days or hours: a new one is used without a restart. */
    @Test
    public void aRenewedOneIsUsedWithoutARestart() throws IOException {
        TestCertificate stranger = client(TestCertificate.key("secp256r1"), TestCertificate.ca("Another CA"));
        Path pem = vault.file("renewed.pem", stranger.pem());
        Path pemKey = vault.file("renewed.key", stranger.keyPem());
        Path store = vault.folder().resolve("renewed.p12");
        stranger.keyStore(store, "PKCS12", PASSWORD);
        Path password = vault.file("jvm-arguments", "-Djavax.net.ssl.keyStorePassword=" + PASSWORD);
        try (Conversation jvm = new Conversation(
                jvm().jvmFlags("-Djavax.net.ssl.keyStore=" + store, "@" + password))) {
            String value = "value " + Fixtures.sha256(vault.value);
            assertTrue(jvm.ask(with(pem.toString(), pemKey.toString())).contains("not one that it accepts"));
            assertTrue(jvm.ask(vault.text("server")).contains("not one that it accepts"));
            vault.file("renewed.pem", ec.pem());
            vault.file("renewed.key", ec.keyPem());
            ec.keyStore(store, "PKCS12", PASSWORD);
            assertEquals(value, jvm.ask(with(pem.toString(), pemKey.toString())));
            assertEquals(value, jvm.ask(vault.text("server")));
        }
    }
}

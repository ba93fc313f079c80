package dev.vaultcipher.tls;

import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.Installation;
import dev.vaultcipher.harness.Jdk;
import dev.vaultcipher.harness.TestCertificate;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.Security;
import java.util.HashMap;
import java.util.Map;
import javax.crypto.spec.SecretKeySpec;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** Every kind of trust store that a JVM can have: files that are read without Java, and those that only Java can read. */
public class TrustStoreKindsTest {
    private static final TestCertificate CA = TestCertificate.ca("Company CA");
    private static final String PASSWORD = Canaries.keep(Fixtures.randomText());
    private static final String STORE = "javax.net.ssl.trustStore";
    private static final String TYPE = "javax.net.ssl.trustStoreType";
    private static final String STORE_PASSWORD = "javax.net.ssl.trustStorePassword";

    private static TlsVault vault;
    private static String caFile;
    private static String text;
    private static String unknown;

    @BeforeClass
    public static void startVault() {
        vault = new TlsVault().listener("server", CA.issue("IP:127.0.0.1"))
                .listener("unknown", TestCertificate.ca("Unknown CA").issue("IP:127.0.0.1")).start();
        caFile = vault.file("ca.pem", CA.pem()).toString();
        text = vault.text("server");
        unknown = vault.text("unknown");
    }

    @AfterClass
    public static void stopVault() {
        vault.close();
    }

    private static String store(String name, String type) {
        return TestCertificate.trustStore(vault.folder().resolve(name), type, PASSWORD, CA).toString();
    }

    /** One store after the other in one JVM; Java itself would read only the first. */
    @Test
    public void files() throws IOException, GeneralSecurityException {
        String jks = store("trust.jks", "JKS");
        String p12 = store("trust.p12", "PKCS12");
        HostProcess.Outcome outcome = vault.jvm()
                .property(STORE, jks).text(text)
                .property(STORE_PASSWORD, PASSWORD).text(text)
                .property(TYPE, "PKCS12").text(text) // Java, too, looks at the content
                .property(TYPE, "jks").property(STORE_PASSWORD, Fixtures.randomText()).text(text)
                .property(TYPE, null).property(STORE, p12).text(text)
                .property(STORE_PASSWORD, PASSWORD).text(text)
                .property(TYPE, "PKCS12").text(text)
                .property(STORE_PASSWORD, null).property(TYPE, null)
                // the old store is no stand-in, even though its content is known already
                .property(STORE, TestCertificate.trustStore(vault.folder().resolve("other.p12"), "PKCS12", PASSWORD, CA).toString())
                .text(text)
                .property(STORE, withoutPassword()).text(text)
                .property(STORE, store("trust.jceks", "JCEKS")).property(TYPE, "JCEKS").text(text)
                .property(STORE_PASSWORD, PASSWORD).call(text);
        vault.check(outcome, "", "", "", jks + " (JKS, from system property javax.net.ssl.trustStore): its password is wrong",
                p12 + " (PKCS12, from system property javax.net.ssl.trustStore): its password is wrong", "", "",
                "other.p12 (PKCS12, from system property javax.net.ssl.trustStore): it is encrypted, and no password is set", "", "", "");
    }

    /** As the JDK's own cacerts is since version 18. */
    private static String withoutPassword() {
        Map<String, String> before = new HashMap<>();
        for (String part : new String[] {"certProtectionAlgorithm", "macAlgorithm"}) {
            String name = "keystore.pkcs12." + part;
            before.put(name, String.valueOf(Security.getProperty(name)));
            Security.setProperty(name, "NONE");
        }
        try {
            return store("passwordless.p12", "PKCS12");
        } finally {
            before.forEach((name, value) -> Security.setProperty(name, value.equals("null") ? "" : value));
        }
    }

    /** A secret key is a serialised Java object there, whose end nobody else can find. */
    @Test
    public void aFileThatOnlyJavaCanRead() throws IOException, GeneralSecurityException {
        KeyStore keys = KeyStore.getInstance("JCEKS");
        keys.load(null, null);
        keys.setEntry("a-secret-key", new KeyStore.SecretKeyEntry(new SecretKeySpec(new byte[16], "AES")),
                new KeyStore.PasswordProtection(PASSWORD.toCharArray()));
        keys.setCertificateEntry("ca", CA.certificate);
        Path file = vault.folder().resolve("keys.jceks");
        try (OutputStream out = Files.newOutputStream(file)) {
            keys.store(out, PASSWORD.toCharArray());
        }
        HostProcess.Outcome outcome = vault.jvm().property(STORE, file.toString()).property(TYPE, "JCEKS")
                .text(text).text(unknown)
                .property(STORE_PASSWORD, PASSWORD).text(text)
                .property(STORE_PASSWORD, Fixtures.randomText()).call(unknown);
        vault.check(outcome, "", file + " (JCEKS, from system property javax.net.ssl.trustStore) (read through Java, 1 certificate)", "",
                "1 certificate");
    }

    @Test
    public void aStoreOfAProvider() {
        HostProcess.Outcome outcome = provider().property(ProviderStore.CERTIFICATE, caFile)
                .property(STORE, "NONE").property(TYPE, ProviderStore.TYPE).text(text).text(unknown).text(text)
                .property(STORE, null).call(text);
        vault.check(outcome, "", "trust store NONE, from system property javax.net.ssl.trustStore, type \"" + ProviderStore.TYPE
                + "\", from system property javax.net.ssl.trustStoreType (read through Java, 1 certificate)", "", "");
    }

    @Test
    public void aStoreOfAProviderThatFailsIsToldInJavasWords() {
        String store = "trust store NONE, from system property javax.net.ssl.trustStore, type \"";
        HostProcess.Outcome outcome = provider().property(STORE, "NONE")
                .property(TYPE, "NoSuchType").text(text)
                .property(TYPE, ProviderStore.TYPE).property(ProviderStore.CERTIFICATE, "broken").text(text)
                .property(ProviderStore.CERTIFICATE, "careless").text(text)
                // a server that names the CA does not need the store
                .text(vault.text("server", "caCert", caFile))
                // and nothing is left of the failure
                .property(ProviderStore.CERTIFICATE, caFile).call(text);
        vault.check(outcome, store + "NoSuchType\"", "the token was pulled out", "no token in slot 3", "", "");
        assertTrue(outcome.toString(), outcome.calls.get(0).message.contains("NoSuchType not found"));
    }

    @Test
    public void aStoreOfAProviderThatIsEmptyIsNoTrustStore() {
        vault.check(provider().property(STORE, "NONE").property(TYPE, ProviderStore.TYPE).call(text), "Java finds no certificate in it");
    }

    /** Without the permissions that Java wants for its own store nothing is trusted, and the JVM is none the worse for it. */
    @Test
    public void aStoreOfAProviderUnderASecurityManager() throws IOException {
        Jdk.hasUntil(23);
        String read = "permission java.util.PropertyPermission \"*\", \"read\";\n";
        String file = "permission java.io.FilePermission \"" + caFile + "\", \"read\";\n";
        vault.check(underSecurityManager(read), "Java finds no certificate in it");
        vault.check(underSecurityManager(read + file), "");
    }

    private static HostProcess.Outcome underSecurityManager(String permissions) throws IOException {
        Path jar = Installation.jar(Files.createTempDirectory(vault.folder(), "webapp"));
        Path library = Installation.library(jar.getParent());
        String ours = "permission java.lang.RuntimePermission \"loadLibrary." + library + "\";\n"
                + "permission java.io.FilePermission \"" + jar.getParent() + "/-\", \"read\";\n"
                + "permission java.lang.RuntimePermission \"setContextClassLoader\";\n"
                + "permission java.lang.RuntimePermission \"getClassLoader\";\n" + permissions;
        String all = "permission java.security.AllPermission;\n";
        Path policy = vault.file("policy", grant(HostProcess.testClasses(), all) + grant(HostProcess.apiStubs(), all) + grant(jar, ours));
        return provider().classPath(HostProcess.testClasses(), HostProcess.apiStubs(), jar)
                .jvmFlags("-Djava.security.manager", "-Djava.security.policy==" + policy)
                .property(STORE, "NONE").property(TYPE, ProviderStore.TYPE).property(ProviderStore.CERTIFICATE, caFile).call(text);
    }

    private static String grant(Path code, String permissions) {
        return "grant codeBase \"" + code.toUri() + (Files.isDirectory(code) ? "-" : "") + "\" {\n" + permissions + "};\n";
    }

    private static HostProcess provider() {
        return vault.jvm().jvmFlags("-Djava.security.properties=" + vault.file("providers", ProviderStore.registration()));
    }
}

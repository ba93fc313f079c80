package dev.vaultcipher.tls;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.TestCertificate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** What {@code doctor} says of the server's chain and of the trust store that is really in use. */
public class TrustInDoctorTest {
    private static final TestCertificate CA = TestCertificate.ca("Company CA");
    private static final TestCertificate OTHER = TestCertificate.ca("Other CA");
    private static final String PASSWORD = Fixtures.randomText();
    private static final String STORE = "-Djavax.net.ssl.trustStore=";

    private static TlsVault vault;
    private static String trusted;

    @BeforeClass
    public static void startVault() {
        LocalDate today = LocalDate.now(ZoneOffset.UTC);
        TestCertificate soon = TestCertificate.named("soon").issuedBy(CA).names("IP:127.0.0.1")
                .valid(today.minusDays(1).toString(), today.plusDays(6).toString()).build();
        TestCertificate renamed = TestCertificate.named("server").issuedBy(CA).names("IP:127.0.0.1").printableIssuer().build();
        vault = new TlsVault().listener("server", CA.issue("IP:127.0.0.1")).listener("soon", soon).listener("renamed", renamed).start();
        trusted = store("trust.jks", CA);
    }

    @AfterClass
    public static void stopVault() {
        vault.close();
    }

    @Test
    public void theCertificateThatEndsTheChainIsNamedWithItsStoreAndEveryEnd() {
        HostProcess.Outcome outcome = doctor(vault.text("server"), STORE + trusted);
        assertEquals(outcome.toString(), 0, outcome.exitCode);
        String tls = line(outcome, "ok   tls");
        assertTrue(tls, tls.contains("issued by \"CN=Company CA\", valid until ") && tls.contains("; trusted by \"CN=Company CA\""));
        assertEquals(tls, 3, tls.split(" days left\\)").length);
        assertTrue(tls, tls.contains(" of trust store " + trusted + " (JKS, 1 certificate, from system property"));
        String trust = line(outcome, "ok   trust");
        assertTrue(trust, trust.contains("trust store " + trusted));
    }

    @Test
    public void theCertificateOfASettingIsNamedAsItsOwnSource() {
        String file = vault.file("ca.pem", CA.pem()).toString();
        HostProcess.Outcome outcome = doctor(vault.text("server", "caCert", file), STORE + store("other.jks", OTHER));
        assertEquals(outcome.toString(), 0, outcome.exitCode);
        String tls = line(outcome, "ok   tls");
        assertTrue(tls, tls.endsWith(" of \"" + file + "\" (field \"caCert\" of the text)"));
    }

    @Test
    public void aCertificateThatEndsSoonIsWarnedOf() {
        HostProcess.Outcome outcome = doctor(vault.text("soon"), STORE + trusted);
        assertEquals(outcome.toString(), 0, outcome.exitCode);
        assertTrue(outcome.stdout, line(outcome, "warn tls").contains("5 days left"));
        assertTrue(outcome.stdout, outcome.stdout.contains("renew the certificate \"CN=soon\", which has 5 days left"));
    }

    @Test
    public void aChainThatOnlyTheJvmAcceptsIsNoFailure() {
        HostProcess.Outcome outcome = doctor(vault.text("renamed"), STORE + trusted);
        assertEquals(outcome.toString(), 0, outcome.exitCode);
        assertTrue(outcome.stdout, line(outcome, "ok   tls").endsWith("trusted by the JVM's own trust manager"));
    }

    @Test
    public void keytoolIsGivenTheFileThatTheServersJvmReads() throws IOException {
        String store = store("without.jks", OTHER);
        assertImports(doctor(vault.text("server"), STORE + store), store);
        // The server's own arguments count, not those of the JVM that runs doctor.
        Path arguments = vault.file("setenv.sh", "JAVA_OPTS=\"" + STORE + store + "\"\n");
        HostProcess.Outcome outcome = vault.tool().jvmFlags(STORE + trusted)
                .run("dev.vaultcipher.Tool", "doctor", "--setenv", arguments.toString(), vault.text("server"));
        assertImports(outcome, store);
        // The default of this JVM.
        assertImports(doctor(vault.text("server")), Path.of(System.getProperty("java.home"), "lib/security/cacerts").toString());
        // jssecacerts comes before cacerts.
        Path home = Files.createDirectories(vault.folder().resolve("jdk/lib/security")).getParent().getParent();
        Path jssecacerts = TestCertificate.trustStore(home.resolve("lib/security/jssecacerts"), "JKS", PASSWORD, OTHER);
        arguments = vault.file("jdk.sh", "JAVA_OPTS=\"-Djava.home=" + home + "\"\n");
        outcome = vault.tool().run("dev.vaultcipher.Tool", "doctor", "--setenv", arguments.toString(), vault.text("server"));
        assertImports(outcome, jssecacerts.toString());
    }

    private static void assertImports(HostProcess.Outcome outcome, String store) {
        assertEquals(outcome.toString(), 2, outcome.exitCode);
        assertTrue(outcome.stdout, line(outcome, "fail tls").contains("no certificate in the trust store is that of the issuer \"CN=Company CA\""));
        assertTrue(outcome.stdout, outcome.stdout.contains("keytool -importcert -alias vault-ca -file ca.pem -keystore " + store + ","));
    }

    private static HostProcess.Outcome doctor(String text, String... flags) {
        HostProcess.Outcome outcome = vault.tool().jvmFlags(flags).run("dev.vaultcipher.Tool", "doctor", text);
        assertFalse(outcome.stdout, outcome.stdout.contains(vault.value));
        return outcome;
    }

    private static String store(String name, TestCertificate... certificates) {
        return TestCertificate.trustStore(vault.folder().resolve(name), "JKS", PASSWORD, certificates).toString();
    }

    private static String line(HostProcess.Outcome outcome, String begin) {
        return outcome.stdout.lines().filter(line -> line.startsWith(begin)).findFirst()
                .orElseThrow(() -> new AssertionError("no line " + begin + "\n" + outcome));
    }
}

package dev.vaultcipher.login;

import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.Logins;
import dev.vaultcipher.harness.StoreSession;
import dev.vaultcipher.harness.TestCertificate;
import dev.vaultcipher.harness.VaultServer;
import java.nio.file.Paths;
import java.util.Arrays;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** CERT: the client certificate of the TLS connection logs in, on a real Vault. */
public class CertificateLoginTest {
    private static final TestCertificate CA = TestCertificate.ca("Client CA");
    private static final String KEY = "secret.store.vault.client.key";
    private static final String CERTIFICATE = "secret.store.vault.client.cert";

    private static Logins logins;

    @BeforeClass
    public static void startVault() {
        logins = new Logins(VaultServer.startTls());
        for (String mount : new String[] {"cert", "machines"}) {
            logins.enable(mount, "cert");
            logins.vault.put("auth/" + mount + "/certs/app", "{\"certificate\":" + Fixtures.json(CA.pem())
                    + ",\"allowed_common_names\":[\"app\"]," + Logins.POLICIES + "}");
        }
    }

    @AfterClass
    public static void stopVault() {
        logins.close();
    }

    @Test
    public void theCertificateLogsInWithANamedRoleOrAnyThatTrustsIt() {
        TestCertificate app = client("app", CA);
        get(app, text()).assertValue(logins.value);
        get(app, text("role", "app")).assertValue(logins.value);
        get(app, text("role", "app", "authMount", "machines")).assertValue(logins.value);
    }

    @Test
    public void aKeyStoreHoldsBoth() {
        String password = Canaries.keep(Fixtures.randomText());
        String store = client("app", CA).keyStore(Paths.get(logins.path("client.p12")), "PKCS12", password).toString();
        logins.get(text("clientCert", store), "secret.store.vault.client.cert.password", password).assertValue(logins.value);
    }

    @Test
    public void withoutACertificateTheMessageSaysWhereToNameOne() {
        logins.get(text()).assertFails("The CERT login was refused (400 ",
                "POST " + logins.vault.address() + "/v1/auth/cert/login", "with any role at auth mount \"cert\"",
                "(1) no client certificate reached Vault", "VAULT_CLIENT_CERT", "VAULT_CLIENT_KEY", "let no proxy end TLS");
    }

    @Test
    public void aCertificateThatTheRoleDoesNotTrustIsTold() {
        String likeliest = "(1) no client certificate reached Vault, or none that the role trusts";
        get(client("other", CA), text("role", "app"))
                .assertFails("The CERT login was refused (400 ", "with role \"app\" at auth mount \"cert\"", likeliest);
        get(client("app", TestCertificate.ca("Another CA")), text())
                .assertFails("The CERT login was refused (400 ", "with any role at auth mount \"cert\"", likeliest);
        get(client("app", CA), text("role", "nobody"))
                .assertFails("The CERT login was refused (400 ", "with role \"nobody\" at auth mount \"cert\"", likeliest,
                        "vault read auth/MOUNT/certs/ROLE");
        get(client("app", CA), text("authMount", "elsewhere")).assertFails("403 permission denied",
                "(1) there is no CERT auth method at \"elsewhere\" (try: vault auth list)");
    }

    @Test
    public void anEndpointWithoutTlsCannotTakeACertificate() {
        try (VaultServer plain = VaultServer.start()) {
            plain.put("sys/auth/cert", "{\"type\":\"cert\"}");
            get(client("app", CA), text().replace(logins.vault.address(), plain.address()))
                    .assertFails("CERT", plain.address(), "https");
        }
    }

    private static TestCertificate client(String name, TestCertificate ca) {
        return TestCertificate.named(name).issuedBy(ca).extendedKeyUsage(TestCertificate.CLIENT_AUTH).build();
    }

    private static String text(String... fields) {
        String[] all = Arrays.copyOf(fields, fields.length + 2);
        all[fields.length] = "caCert";
        all[fields.length + 1] = logins.vault.caFile().toString();
        return logins.text("CERT", all);
    }

    private static StoreSession.Outcome get(TestCertificate certificate, String text) {
        return logins.get(text, CERTIFICATE, logins.file("client.pem", certificate.pem()),
                KEY, logins.file("client.key", certificate.keyPem()));
    }
}

package dev.vaultcipher.login;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.JwtIssuer;
import dev.vaultcipher.harness.Logins;
import dev.vaultcipher.harness.VaultServer;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** JWT on a real Vault that knows the issuer's public key. */
public class JwtLoginTest {
    private static final JwtIssuer ISSUER = new JwtIssuer();

    private static Logins logins;

    @BeforeClass
    public static void startVault() {
        logins = new Logins(VaultServer.start());
        logins.enable("jwt", "jwt");
        logins.vault.put("auth/jwt/config", "{\"bound_issuer\":" + Fixtures.json(JwtIssuer.NAME)
                + ",\"default_role\":\"app\",\"jwt_validation_pubkeys\":[" + Fixtures.json(ISSUER.publicKeyPem()) + "]}");
        logins.vault.put("auth/jwt/role/app", "{\"role_type\":\"jwt\",\"user_claim\":\"sub\",\"bound_audiences\":[\"vault\"],"
                + "\"bound_claims\":{\"project\":\"atlassian\"}," + Logins.POLICIES + "}");
    }

    @AfterClass
    public static void stopVault() {
        logins.close();
    }

    @Test
    public void theRoleMayBeNamedOrBeTheMethodsDefault() {
        String file = logins.file("jwt", ISSUER.jwt("vault", 60) + "\n");
        logins.get(logins.text("JWT", "jwtFile", file, "role", "app")).assertValue(logins.value);
        logins.get(logins.text("JWT"), "secret.store.vault.jwt.file", file).assertValue(logins.value);
    }

    @Test
    public void theFileIsReadAnewForEachProperty() {
        String text = logins.text("JWT", "jwtFile", logins.file("renewed", ISSUER.jwt("vault", -600)));
        logins.get(text).assertFails("expired");
        logins.file("renewed", ISSUER.jwt("vault", 60));
        logins.get(text).assertValue(logins.value);
    }

    @Test
    public void whyATokenIsRefusedIsTold() {
        assertRefused(ISSUER.jwt("other", 60), "role \"app\"", "audience", "\"other\"");
        assertRefused(ISSUER.jwt("vault", -600), "role \"app\"", "expired");
        assertRefused(new JwtIssuer().jwt("vault", 60), "role \"app\"", "signature");
        assertRefused(ISSUER.jwt("vault", 60, "project", "other"), "role \"app\"", "claim", "project");
        assertRefused(ISSUER.jwt("vault", 60, "iss", "https://other.example.com"), "role \"app\"", "issuer");
    }

    @Test
    public void aFileThatHasNotTheFormOfAJwtIsNotSent() {
        String[] parts = ISSUER.jwt("vault", 60).split("\\.");
        String[][] wrong = {{"www.example.com", "its first part is not"}, {"e30." + parts[1], "three parts with dots between them"},
            {"W10." + parts[1] + "." + parts[2], "its first part is not a JSON object"}, {parts[0] + ".e3." + parts[2], "its second part is not base64url"},
            {parts[0] + "." + parts[1] + ".a+b=", "its third part is not base64url"}, {"\"" + String.join(".", parts) + "\"", "is not a JWT"},
            {String.join(".", parts) + "." + parts[2], "three parts"}};
        for (String[] one : wrong) {
            logins.get(logins.text("JWT", "jwtFile", logins.file("form", one[0]), "role", "app")).assertFails("is not a JWT", one[1], "What to do");
        }
        logins.get(logins.text("JWT", "jwtFile", logins.file("form", "\ufeff" + String.join(".", parts)), "role", "app")).assertValue(logins.value);
    }

    private static void assertRefused(String jwt, String... parts) {
        String file = logins.file("refused", jwt);
        logins.get(logins.text("JWT", "jwtFile", file, "role", "app"))
                .assertFails("The JWT login was refused (400 ", "/v1/auth/jwt/login", "at auth mount \"jwt\"",
                        "the token in \"" + file + "\" is of", "What to do: most likely cause first")
                .assertFails(parts);
    }

    @Test
    public void doctorComparesTheTokenWithTheRole() {
        HostProcess.Outcome fits = doctor(ISSUER.jwt("vault", 60), logins.vault.rootToken());
        assertTrue(fits.toString(), fits.stdout.contains("ok   claims") && fits.stdout.contains("audience \"vault\"")
                && fits.stdout.contains("nothing in auth/jwt/role/app contradicts it"));
        HostProcess.Outcome differs = doctor(ISSUER.jwt("other", -600, "project", "x"), logins.vault.rootToken());
        assertEquals(differs.toString(), 2, differs.exitCode);
        assertTrue(differs.toString(), differs.stdout.contains("fail login") && differs.stdout.contains("warn claims"));
        for (String part : new String[] {"audience: the token has \"other\", the role wants \"vault\"",
            "claim \"project\": the token has \"x\", the role wants \"atlassian\"", "the token has expired"}) {
            assertTrue(differs.stdout, differs.stdout.contains(part));
        }
        // The server's own token may not read the role.
        HostProcess.Outcome alone = doctor(ISSUER.jwt("vault", 60), null);
        assertTrue(alone.toString(), alone.exitCode == 0 && alone.stdout.contains("auth/jwt/role/app cannot be read to compare"));
    }

    private static HostProcess.Outcome doctor(String jwt, String administrator) {
        Canaries.keep(jwt);
        String text = logins.text("JWT", "jwtFile", logins.file("doctor", jwt), "role", "app");
        HostProcess.Outcome outcome = HostProcess.plain().environment("VAULT_TOKEN", administrator)
                .run("dev.vaultcipher.Tool", "doctor", text);
        assertFalse(outcome.stdout, outcome.stdout.contains(logins.value) || outcome.stdout.contains(logins.vault.rootToken()));
        return outcome;
    }

    @Test
    public void anUnknownRoleAndAnotherMountAreTold() {
        String file = logins.file("jwt-2", ISSUER.jwt("vault", 60));
        logins.get(logins.text("JWT", "jwtFile", file, "role", "nobody"))
                .assertFails("400 role \"nobody\" could not be found", "What to do");
        logins.get(logins.text("JWT", "jwtFile", file, "authMount", "elsewhere"))
                .assertFails("403 permission denied", "(1) there is no JWT auth method at \"elsewhere\"");
    }

    @Test
    public void aFileThatHoldsNoJwtIsNotSent() {
        logins.get(logins.text("JWT", "jwtFile", logins.file("garbage", Canaries.keep(Fixtures.randomText()))))
                .assertFails("The JWT file \"" + logins.path("garbage") + "\" (from field \"jwtFile\" of the text) is not a JWT",
                        "What to do");
        logins.get(logins.text("JWT", "jwtFile", logins.path("missing"))).assertFails("does not exist", "What to do");
        logins.get(logins.text("JWT", "jwtFile", logins.file("empty", ""))).assertFails("is empty", "What to do");
        logins.get(logins.text("JWT")).assertFails("authenticationType JWT needs the file that holds the JWT",
                "field \"jwtFile\" of the text", "environment variable SECRET_STORE_VAULT_JWT_FILE",
                "system property secret.store.vault.jwt.file");
    }
}

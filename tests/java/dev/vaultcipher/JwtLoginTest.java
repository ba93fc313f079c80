package dev.vaultcipher;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.util.Base64;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** JWT on a real Vault that knows the issuer's public key. */
public class JwtLoginTest {
    private static final String ISSUER = "https://ci.example.com";

    private static Logins logins;
    private static KeyPair key;

    @BeforeClass
    public static void startVault() {
        logins = new Logins(VaultServer.start());
        key = newKey();
        logins.enable("jwt", "jwt");
        logins.vault.put("auth/jwt/config", "{\"bound_issuer\":" + Fixtures.json(ISSUER) + ",\"default_role\":\"app\","
                + "\"jwt_validation_pubkeys\":[" + Fixtures.json("-----BEGIN PUBLIC KEY-----\n"
                + Base64.getMimeEncoder().encodeToString(key.getPublic().getEncoded()) + "\n-----END PUBLIC KEY-----") + "]}");
        logins.vault.put("auth/jwt/role/app", "{\"role_type\":\"jwt\",\"user_claim\":\"sub\",\"bound_audiences\":[\"vault\"],"
                + "\"bound_claims\":{\"project\":\"atlassian\"}," + Logins.POLICIES + "}");
    }

    @AfterClass
    public static void stopVault() {
        logins.close();
    }

    @Test
    public void theRoleMayBeNamedOrBeTheMethodsDefault() {
        String file = logins.file("jwt", jwt("vault", 60, key) + "\n");
        logins.get(logins.text("JWT", "jwtFile", file, "role", "app")).assertValue(logins.value);
        logins.get(logins.text("JWT"), "secret.store.vault.jwt.file", file).assertValue(logins.value);
    }

    @Test
    public void theFileIsReadAnewForEachProperty() {
        String text = logins.text("JWT", "jwtFile", logins.file("renewed", jwt("vault", -600, key)));
        logins.get(text).assertFails("expired");
        logins.file("renewed", jwt("vault", 60, key));
        logins.get(text).assertValue(logins.value);
    }

    @Test
    public void whyATokenIsRefusedIsTold() {
        assertRefused(jwt("other", 60, key), "role \"app\"", "audience", "\"other\"");
        assertRefused(jwt("vault", -600, key), "role \"app\"", "expired");
        assertRefused(jwt("vault", 60, newKey()), "role \"app\"", "signature");
        assertRefused(jwt("vault", 60, key, "project", "other"), "role \"app\"", "claim", "project");
        assertRefused(jwt("vault", 60, key, "iss", "https://other.example.com"), "role \"app\"", "issuer");
    }

    private static void assertRefused(String jwt, String... parts) {
        String file = logins.file("refused", jwt);
        logins.get(logins.text("JWT", "jwtFile", file, "role", "app"))
                .assertFails("The JWT login was refused (400 ", "/v1/auth/jwt/login", "at auth mount \"jwt\"",
                        "the token in \"" + file + "\" is of", "What to do, likeliest cause first")
                .assertFails(parts);
    }

    @Test
    public void anUnknownRoleAndAnotherMountAreTold() {
        String file = logins.file("jwt-2", jwt("vault", 60, key));
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

    /** A token that is valid for so many seconds from now; claims: name, value, name, value … */
    private static String jwt(String audience, int seconds, KeyPair signer, String... claims) {
        long now = System.currentTimeMillis() / 1000;
        StringBuilder payload = new StringBuilder("{\"sub\":\"job-1\",\"aud\":\"" + audience + "\",\"iat\":" + (now - 900)
                + ",\"exp\":" + (now + seconds));
        String issuer = ",\"iss\":" + Fixtures.json(ISSUER);
        String project = ",\"project\":\"atlassian\"";
        for (int i = 0; i + 1 < claims.length; i += 2) {
            payload.append(",\"" + claims[i] + "\":" + Fixtures.json(claims[i + 1]));
            issuer = claims[i].equals("iss") ? "" : issuer;
            project = claims[i].equals("project") ? "" : project;
        }
        String content = base64("{\"alg\":\"RS256\",\"typ\":\"JWT\"}".getBytes(StandardCharsets.UTF_8)) + '.'
                + base64(payload.append(issuer).append(project).append('}').toString().getBytes(StandardCharsets.UTF_8));
        try {
            Signature signature = Signature.getInstance("SHA256withRSA");
            signature.initSign(signer.getPrivate());
            signature.update(content.getBytes(StandardCharsets.US_ASCII));
            return Canaries.keep(content + '.' + base64(signature.sign()));
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    private static String base64(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private static KeyPair newKey() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(2048);
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }
}

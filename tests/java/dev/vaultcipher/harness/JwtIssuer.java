package dev.vaultcipher.harness;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.Signature;
import java.util.Base64;
import java.util.Map;
import java.util.TreeMap;

/** Issues JWTs as a CI system does, with an RSA key of its own. */
public final class JwtIssuer {
    public static final String NAME = "https://ci.example.com";

    private final KeyPair key = TestCertificate.key("RSA2048");

    public String publicKeyPem() {
        return KubernetesCertificate.pem("PUBLIC KEY", key.getPublic().getEncoded());
    }

    /** A token that is valid for so many seconds from now. Claims, name, value, name, value …, replace the usual ones. */
    public String jwt(String audience, int seconds, String... claims) {
        Map<String, String> texts = new TreeMap<>(
                Map.of("iss", NAME, "sub", "bitbucket", "aud", audience, "project", "atlassian"));
        for (int i = 0; i + 1 < claims.length; i += 2) {
            texts.put(claims[i], claims[i + 1]);
        }
        long now = System.currentTimeMillis() / 1000;
        StringBuilder payload = new StringBuilder("{\"iat\":" + (now - 900) + ",\"exp\":" + (now + seconds));
        texts.forEach((name, text) -> payload.append(',').append(Fixtures.json(name)).append(':').append(Fixtures.json(text)));
        String content = base64("{\"alg\":\"RS256\",\"typ\":\"JWT\"}".getBytes(StandardCharsets.UTF_8)) + '.'
                + base64(payload.append('}').toString().getBytes(StandardCharsets.UTF_8));
        try {
            Signature signature = Signature.getInstance("SHA256withRSA");
            signature.initSign(key.getPrivate());
            signature.update(content.getBytes(StandardCharsets.US_ASCII));
            // Its header is that of every such token: no secret.
            Canaries.keep(content.substring(content.indexOf('.') + 1));
            return content + '.' + Canaries.keep(base64(signature.sign()));
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    private static String base64(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}

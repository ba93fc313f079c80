package dev.vaultcipher.harness;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.Signature;
import java.util.Base64;

/** Signs JWTs (RS256) as the clouds do. */
final class SignedToken {
    private SignedToken() {
    }

    /** A JWT with this payload (JSON), signed by the key of this id. */
    static String of(String payload, KeyPair key, String keyId) {
        String content = base64("{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":" + Fixtures.json(keyId) + "}") + '.' + base64(payload);
        try {
            Signature signature = Signature.getInstance("SHA256withRSA");
            signature.initSign(key.getPrivate());
            signature.update(content.getBytes(StandardCharsets.US_ASCII));
            // Its header is that of every such token: no secret.
            Canaries.keep(content.substring(content.indexOf('.') + 1));
            return content + '.' + Canaries.keep(Base64.getUrlEncoder().withoutPadding().encodeToString(signature.sign()));
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    private static String base64(String text) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Seconds since 1970. */
    static long now() {
        return System.currentTimeMillis() / 1000;
    }
}

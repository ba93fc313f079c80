package dev.vaultcipher.harness;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The secrets of this run: every token, JWT and value that a fixture made or a test registered. {@link HostProcess}
 * looks for all of them in everything that a JVM printed, so that each test is a test for leaks as well.
 */
public final class Canaries {
    /** A whole secret is hardly ever what leaks: its beginning or its end in a log is bad enough. */
    private static final int PIECE = 16;
    /** Shorter texts would be found by accident. */
    private static final int SHORTEST = 8;

    private static final Set<String> PIECES = ConcurrentHashMap.newKeySet();

    private Canaries() {
    }

    /** From now on this secret must not appear in any output. Returns it. */
    public static String keep(String secret) {
        if (secret.length() >= SHORTEST) {
            String base64 = Base64.getEncoder().withoutPadding().encodeToString(secret.getBytes(StandardCharsets.UTF_8));
            String json = Fixtures.json(secret);
            for (String form : Arrays.asList(secret, base64, json.substring(1, json.length() - 1))) {
                PIECES.add(form.substring(0, Math.min(PIECE, form.length())));
                PIECES.add(form.substring(Math.max(0, form.length() - PIECE)));
            }
        }
        return secret;
    }

    /** Fails when the text holds a secret; says where, but not what. */
    public static void assertNoneIn(String what, String text) {
        int first = text.length();
        for (String piece : PIECES) {
            int at = text.indexOf(piece);
            first = at < 0 ? first : Math.min(first, at);
        }
        if (first < text.length()) {
            throw new AssertionError(what + " shows a secret, after: …" + text.substring(Math.max(0, first - 80), first));
        }
    }
}

package dev.vaultcipher;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** What both contracts do: a text goes to Rust, and a value, a text or an exception comes back. */
final class Secrets {

    /** In characters. Rust reads as many bytes of a text, which has at least one a character. */
    private static final int MAX_TEXT = 64 * 1024;

    private Secrets() {
    }

    /**
     * Reads the secret that the text points to.
     *
     * @return its value, never null and never empty
     * @throws IllegalStateException with a message for the host's administrator
     */
    static String read(String text) {
        return call(text, false);
    }

    /**
     * Stores the secret that the text holds, if it says so, and else reads the one that it points to.
     *
     * @return the text for the host's configuration
     * @throws IllegalStateException with a message for the host's administrator
     */
    static String store(String text) {
        return call(text, true);
    }

    private static String call(String text, boolean storing) {
        if (text == null) {
            throw Failure.noText();
        }
        // Before the text is copied: it is several times as large on the way.
        if (text.length() > MAX_TEXT) {
            throw Failure.longText(text.length(), MAX_TEXT);
        }
        try {
            NativeLibrary.load();
        } catch (SecurityException e) {
            throw Failure.ofSecurity(e);
        }
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        byte[][] slot = new byte[1][];
        try {
            boolean succeeded = storing ? Native.store(bytes, slot) : Native.read(bytes, slot);
            return answer(slot[0], succeeded);
        } finally {
            // A text to store has a secret.
            erase(bytes);
            erase(slot[0]);
        }
    }

    /** A stopped web application can load no further class: a failure needs none but those that are there. */
    private static String answer(byte[] bytes, boolean succeeded) {
        if (bytes == null) {
            throw new OutOfMemoryError("vault-cipher: there is no memory for an answer");
        }
        String answer = new String(bytes, StandardCharsets.UTF_8);
        if (!succeeded) {
            throw new IllegalStateException(answer);
        }
        return answer;
    }

    private static void erase(byte[] bytes) {
        if (bytes != null) {
            Arrays.fill(bytes, (byte) 0);
        }
    }
}

package dev.vaultcipher.hostile;

import java.util.Random;

/** Changes a text as an attacker or an accident may; the same seed makes the same changes. */
final class Mutation {
    /** What parsers stumble over. */
    private static final String[] PIECES = {
        "\"", "\\", "{", "}", "[", "]", ":", ",", "/", "..", "%", "%2f", "%00", "#", "?", "\0", "\u0001", "\n", "\r\n", "\t", "\u007f", "\u0085",
        "\u202e", "\ufeff", "\ud800", "\udfff", "\ud834\udd1e", "é", "\\u0000", "\\ud800", "\\\"", "{ENC}", "null", "true", "false", "0", "-1", "1e999",
        "18446744073709551616", "0.1", "\"a\":1,", "{\"a\":", "[[[[[[[[", "]]]]", "//", "'", "$", "`", "\u0000\u0000", ";", "|", "Internal error",
    };

    private final Random random;

    Mutation(long seed) {
        random = new Random(seed);
    }

    /** A number below this. */
    int below(int bound) {
        return random.nextInt(bound);
    }

    /** The text with one to eight changes. */
    String of(String text) {
        StringBuilder changed = new StringBuilder(text);
        for (int changes = 1 + random.nextInt(8); changes > 0; changes--) {
            change(changed);
        }
        return changed.toString();
    }

    private void change(StringBuilder text) {
        int at = random.nextInt(text.length() + 1);
        int end = Math.min(text.length(), at + 1 + random.nextInt(12));
        switch (random.nextInt(8)) {
            case 0:
                text.delete(at, end);
                break;
            case 1:
                text.insert(at, text.substring(at, end)); // twice
                break;
            case 2:
                text.setLength(at);
                break;
            case 3:
                text.insert(at, (char) random.nextInt(0x10000));
                break;
            case 4:
                text.insert(at, repeated());
                break;
            case 5:
                if (at < text.length()) {
                    text.setCharAt(at, (char) (text.charAt(at) ^ (1 << random.nextInt(8))));
                }
                break;
            default:
                text.replace(at, random.nextBoolean() ? at : end, PIECES[random.nextInt(PIECES.length)]);
        }
    }

    private String repeated() {
        String piece = PIECES[random.nextInt(PIECES.length)];
        return piece.repeat(random.nextInt(random.nextInt(20) == 0 ? 3_000 : 20));
    }
}

package dev.vaultcipher;

import java.util.Arrays;

/**
 * A main class: what the way from Java into the library and back costs by itself. The call is a turn of the keeper that finds
 * nothing to do: a boolean goes in, Rust asks Java whether the thread is interrupted, a number comes out. Prints the nanoseconds
 * of one, as often as its argument says; each is the median of a thousand batches of a thousand, which are too short to be
 * disturbed.
 */
final class Crossing {
    private static final int BATCHES = 1_000;
    private static final int CALLS = 1_000;

    private Crossing() {
    }

    public static void main(String[] arguments) {
        try {
            // Loads the library, and leaves nothing behind.
            Secrets.read("{}");
        } catch (IllegalStateException expected) {
            nanos();
        }
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < Integer.parseInt(arguments[0]); i++) {
            line.append(nanos()).append(' ');
        }
        System.out.println(line.toString().trim());
    }

    private static double nanos() {
        long[] batches = new long[BATCHES];
        for (int i = 0; i < BATCHES; i++) {
            long start = System.nanoTime();
            for (int j = 0; j < CALLS; j++) {
                Keeper.turn(false);
            }
            batches[i] = System.nanoTime() - start;
        }
        Arrays.sort(batches);
        return batches[BATCHES / 2] / (double) CALLS;
    }
}

package dev.vaultcipher.connection;

import dev.vaultcipher.VaultSecretStore;
import dev.vaultcipher.harness.Fixtures;

/**
 * A main class: reads one text after the other, and prints for each {@code MILLISECONDS value SHA-256} or
 * {@code MILLISECONDS failure MESSAGE}.
 */
final class TimedReads {
    private TimedReads() {
    }

    public static void main(String[] texts) {
        VaultSecretStore store = new VaultSecretStore();
        for (String text : texts) {
            String result;
            long start = System.nanoTime();
            try {
                result = " value " + Fixtures.sha256(store.get(text));
            } catch (RuntimeException e) {
                result = " failure " + e.getMessage();
            }
            System.out.println((System.nanoTime() - start) / 1_000_000 + result);
        }
    }
}

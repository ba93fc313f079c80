package dev.vaultcipher.connection;

import dev.vaultcipher.VaultSecretStore;
import dev.vaultcipher.harness.Fixtures;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A main class: many threads read the same secret over and over until a file appears, and the counts are printed:
 * {@code right N failed N wrong N slowest MILLISECONDS}. Each different failure goes to standard error.
 *
 * <p>Arguments: the text, the SHA-256 of the right value, the number of threads, the pause of a thread between two reads in
 * milliseconds, the file, and another that is made when the first read is over.
 */
final class ReadingThreads {
    private ReadingThreads() {
    }

    public static void main(String[] arguments) throws InterruptedException {
        String text = arguments[0];
        String right = arguments[1];
        Thread[] threads = new Thread[Integer.parseInt(arguments[2])];
        long pause = Long.parseLong(arguments[3]);
        Path end = Paths.get(arguments[4]);
        File begun = new File(arguments[5]);
        AtomicLong good = new AtomicLong();
        AtomicLong failed = new AtomicLong();
        AtomicLong wrong = new AtomicLong();
        AtomicLong slowest = new AtomicLong();
        Map<String, Boolean> failures = new ConcurrentHashMap<>();
        VaultSecretStore store = new VaultSecretStore();
        for (int i = 0; i < threads.length; i++) {
            threads[i] = new Thread(() -> {
                while (!Files.exists(end)) {
                    long start = System.nanoTime();
                    try {
                        (Fixtures.sha256(store.get(text)).equals(right) ? good : wrong).incrementAndGet();
                    } catch (RuntimeException e) {
                        failed.incrementAndGet();
                        failures.put(e.getMessage().replaceAll("[0-9]+ tries in [0-9]+ s", "… tries in … s"), true);
                    }
                    slowest.accumulateAndGet((System.nanoTime() - start) / 1_000_000, Math::max);
                    create(begun);
                    Fixtures.pause(pause); // the load, not a wait: each thread reads so often
                }
            }, "reader-" + i);
            threads[i].start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        failures.keySet().forEach(System.err::println);
        System.out.println("right " + good + " failed " + failed + " wrong " + wrong + " slowest " + slowest);
    }

    private static void create(File file) {
        try {
            file.createNewFile();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

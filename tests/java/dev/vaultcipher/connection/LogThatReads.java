package dev.vaultcipher.connection;

import dev.vaultcipher.VaultSecretStore;
import dev.vaultcipher.harness.Fixtures;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;

/** A log handler that reads a secret itself for each step, and a main class whose threads read another one meanwhile. */
public final class LogThatReads extends Handler {
    private static final int THREADS = 8;
    private static final VaultSecretStore STORE = new VaultSecretStore();
    private static final ThreadLocal<Boolean> READS = ThreadLocal.withInitial(() -> false);

    private static String own;

    public LogThatReads() {
        setLevel(Level.ALL);
    }

    /** Arguments: the text that the handler reads, and the one that the threads read. Prints how often each value came. */
    public static void main(String[] texts) throws Exception {
        own = texts[0];
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        List<Future<String>> values = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            values.add(threads.submit(() -> STORE.get(texts[1])));
        }
        for (Future<String> value : values) {
            System.out.println(Fixtures.sha256(value.get(30, TimeUnit.SECONDS)));
        }
        threads.shutdown();
    }

    @Override
    public void publish(LogRecord step) {
        if (step.getLevel() == Level.FINE && !READS.get()) {
            READS.set(true);
            System.out.println(Fixtures.sha256(STORE.get(own)));
            READS.set(false);
        }
    }

    @Override
    public void flush() {
        // nothing is held back
    }

    @Override
    public void close() {
        // nothing is open
    }
}

package dev.vaultcipher.hostile;

import dev.vaultcipher.VaultSecretStore;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.Installation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ref.WeakReference;
import java.lang.reflect.InvocationTargetException;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * The main class behind {@link SoakTest}: a server that reads its secrets over and over again, in every way that succeeds and in
 * some that fail, on several threads, while web applications with a library of their own come and go.
 *
 * <p>Arguments: a file with the kinds of calls, how many calls, how many web applications, and the jars of one. A line of the file is
 * weight, name, text, and what must come of it: the SHA-256 of the value, or a part of the message; with tabs between them.
 */
final class Soak {
    /** Held here: a logger that nobody holds is collected, and its level with it. */
    private static final Logger LOGGER = Logger.getLogger("dev.vaultcipher");
    private static final int THREADS = 8;
    private static final int SAMPLES = 100;
    private static final int CALLS_OF_AN_APPLICATION = 3;
    /** What a real node answers to a login for some milliseconds after it became active, while it loads its mounts. */
    private static final String STARTING = "login was refused (403 permission denied)";

    private final List<Kind> kinds = new ArrayList<>();
    private final AtomicLong made = new AtomicLong();
    private final Map<String, AtomicLong> outcomes = new ConcurrentHashMap<>();
    private final Queue<String> wrong = new ConcurrentLinkedQueue<>();
    private final List<WeakReference<ClassLoader>> applications = new ArrayList<>();
    private final AtomicLong unrevoked = new AtomicLong();
    private final long start = System.nanoTime();

    /** Counts the warnings that a token could not be revoked: it is ended while its Vault restarts. */
    private final class Unrevoked extends Handler {
        @Override
        public void publish(LogRecord record) {
            if (record.getMessage().contains("could not be revoked after the start")) {
                unrevoked.incrementAndGet();
            }
        }

        @Override
        public void flush() {
            // nothing is kept
        }

        @Override
        public void close() {
            // nothing is open
        }
    }

    private static final class Kind {
        private final String name;
        private final String text;
        private final String expected;

        private Kind(String[] fields) {
            name = fields[1];
            text = fields[2];
            expected = fields[3];
        }
    }

    public static void main(String[] arguments) throws Exception {
        Soak soak = new Soak();
        LOGGER.setLevel(Level.WARNING);
        LOGGER.setUseParentHandlers(false);
        LOGGER.addHandler(soak.new Unrevoked());
        for (String line : Files.readAllLines(Paths.get(arguments[0]), StandardCharsets.UTF_8)) {
            String[] fields = line.split("\t");
            for (int i = Integer.parseInt(fields[0]); i > 0; i--) {
                soak.kinds.add(new Kind(fields));
            }
        }
        soak.run(Long.parseLong(arguments[1]), Integer.parseInt(arguments[2]), Paths.get(arguments[3]), Paths.get(arguments[4]));
    }

    private void run(long calls, int deployments, Path... jars) throws Exception {
        VaultSecretStore store = new VaultSecretStore();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            Random random = new Random(i);
            Thread thread = new Thread(() -> {
                while (made.getAndIncrement() < calls) {
                    call(kinds.get(random.nextInt(kinds.size())), store::get);
                }
            }, "soak-" + i);
            threads.add(thread);
            thread.start();
        }
        int deployed = 0;
        for (int sample = 0; sample <= SAMPLES; sample++) {
            while (made.get() < calls * sample / SAMPLES) {
                if (deployed < deployments * made.get() / calls) {
                    deployOnItsThread(jars);
                    deployed++;
                } else {
                    Thread.sleep(5); // the other threads do the work
                }
            }
            sample();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        for (; deployed < deployments; deployed++) {
            deployOnItsThread(jars);
        }
        long deadline = System.nanoTime() + 60_000_000_000L;
        while ((alive() > 0 || keepers() > 0) && System.nanoTime() < deadline) {
            System.gc();
            Thread.sleep(50); // the collector and the keepers have time until the deadline
        }
        sample();
        new TreeMap<>(outcomes).forEach((outcome, count) -> System.out.println("outcome\t" + outcome + '\t' + count));
        wrong.stream().limit(20).forEach(call -> System.out.println("wrong\t" + call));
        System.out.println("unrevoked\t" + unrevoked);
        System.out.println("end\t" + wrong.size() + '\t' + deployed);
    }

    private interface Store {
        String get(String text);
    }

    private void call(Kind kind, Store store) {
        String outcome;
        try {
            String sha256 = Fixtures.sha256(store.get(kind.text));
            outcome = "a value";
            if (!sha256.equals(kind.expected)) {
                wrong.add(kind.name + ": another value");
            }
        } catch (RuntimeException failure) {
            outcome = "a clear error";
            String message = String.valueOf(failure.getMessage());
            if (message.contains(kind.expected)) {
                count(kind.name + ": " + outcome);
                return;
            }
            if (message.contains(STARTING)) {
                outcome = "refused by a node that had just become active";
            } else {
                wrong.add(kind.name + ": " + message.substring(0, Math.min(400, message.length())));
            }
        }
        count(kind.name + ": " + outcome);
    }

    private void count(String outcome) {
        outcomes.computeIfAbsent(outcome, name -> new AtomicLong()).incrementAndGet();
    }

    /** A thread that used the library keeps it mapped until it ends, for it has thread-local data of it. */
    private void deployOnItsThread(Path... jars) throws InterruptedException {
        Thread thread = new Thread(() -> {
            try {
                deploy(jars);
            } catch (Exception e) {
                wrong.add("a web application: " + e);
            }
        }, "soak-start");
        thread.start();
        thread.join();
    }

    /** A web application with a library of its own: it starts, reads a few secrets, and is stopped. */
    private void deploy(Path... jars) throws Exception {
        try (URLClassLoader loader = Installation.webApplication(jars)) {
            Object store = Class.forName(VaultSecretStore.class.getName(), true, loader).getConstructor().newInstance();
            java.lang.reflect.Method get = store.getClass().getMethod("get", String.class);
            for (int i = 0; i < CALLS_OF_AN_APPLICATION; i++) {
                call(kinds.get(i), text -> {
                    try {
                        return (String) get.invoke(store, text);
                    } catch (InvocationTargetException e) {
                        throw (RuntimeException) e.getCause();
                    } catch (IllegalAccessException e) {
                        throw new AssertionError(e);
                    }
                });
            }
            applications.add(new WeakReference<>(loader));
        }
    }

    private long alive() {
        return applications.stream().filter(application -> application.get() != null).count();
    }

    private static long keepers() {
        return Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getName().contains("vault-cipher")).count();
    }

    private void sample() throws IOException {
        System.gc();
        long resident = Files.readAllLines(Paths.get("/proc/self/status")).stream().filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", ""))).sum();
        System.out.println(String.format(Locale.ROOT, "sample\t%d\t%.1f\t%d\t%d\t%d\t%d\t%d", Math.min(made.get(), Long.MAX_VALUE),
                (System.nanoTime() - start) / 1e9, resident / 1024, entries("/proc/self/fd"), entries("/proc/self/task"), alive(),
                libraries()));
    }

    private static int entries(String folder) {
        String[] names = Paths.get(folder).toFile().list();
        return names == null ? 0 : names.length;
    }

    /** How many copies of the library are mapped. */
    private static long libraries() {
        try {
            return Files.readAllLines(Paths.get("/proc/self/maps"), StandardCharsets.ISO_8859_1).stream()
                    .filter(line -> line.contains(Installation.LIBRARY)).map(line -> line.split(" +", 6)[4]).distinct().count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

package dev.vaultcipher.harness;

import dev.vaultcipher.VaultSecretStore;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The main class behind {@link StoreSession}: each order on standard input runs on a thread of its own. */
final class StoreSessionMain {
    private static final ThreadLocal<List<String>> WARNINGS = ThreadLocal.withInitial(ArrayList::new);

    private StoreSessionMain() {
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        PrintStream out = new PrintStream(System.out, true, "UTF-8");
        Logger logger = Logger.getLogger("dev.vaultcipher"); // a strong reference, or the handler may get lost
        logger.addHandler(new Collector());
        VaultSecretStore store = new VaultSecretStore();
        DatabaseLogins database = new DatabaseLogins();
        List<Thread> threads = new ArrayList<>();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split(" ", -1);
            String name = StoreSession.decode(words[2]);
            if (words[1].equals("login")) {
                String[] texts = {StoreSession.decode(words[3]), StoreSession.decode(words[4])};
                threads.add(begin(() -> out.println(words[0] + ' ' + outcome(() -> database.login(store, name, texts)))));
                continue;
            }
            if (!words[1].equals("get")) {
                String done = "";
                if (words[1].equals("property")) {
                    setProperty(name, words.length > 3 ? StoreSession.decode(words[3]) : null);
                } else if (words[1].equals("interrupt")) {
                    threads().filter(thread -> thread.getName().equals(name)).forEach(Thread::interrupt);
                } else {
                    done = threads().map(Thread::getName).filter(other -> other.contains(name)).collect(Collectors.joining(","));
                }
                out.println(words[0] + " 0 value " + StoreSession.encode(done));
                continue;
            }
            Thread work = begin(() -> out.println(words[0] + ' ' + outcome(() -> store.get(name))));
            threads.add(work);
            if (words.length > 3) {
                Thread.sleep(Long.parseLong(StoreSession.decode(words[3])));
                work.interrupt();
            }
        }
        for (Thread thread : threads) {
            thread.join();
        }
    }

    private static Thread begin(Runnable work) {
        Thread thread = new Thread(work);
        thread.start();
        return thread;
    }

    private static String outcome(Supplier<String> work) {
        long start = System.nanoTime();
        StringBuilder words = new StringBuilder();
        try {
            String value = work.get();
            words.append("value ").append(StoreSession.encode(Fixtures.sha256(value)));
        } catch (RuntimeException | LinkageError failure) {
            words.append("failure ").append(StoreSession.encode(failure.getClass().getName())).append(' ')
                    .append(StoreSession.encode(failure.getMessage().replace("\n", "\\n").replace("\r", "\\r")));
        }
        long millis = (System.nanoTime() - start) / 1_000_000;
        WARNINGS.get().forEach(warning -> words.append(' ').append(StoreSession.encode(warning)));
        return millis + " " + words;
    }

    private static Stream<Thread> threads() {
        return Thread.getAllStackTraces().keySet().stream();
    }

    private static void setProperty(String name, String value) {
        if (value == null) {
            System.clearProperty(name);
        } else {
            System.setProperty(name, value);
        }
    }

    /** Keeps the warnings of the thread that gives them. */
    private static final class Collector extends Handler {
        @Override
        public void publish(LogRecord line) {
            WARNINGS.get().add(line.getMessage());
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
}

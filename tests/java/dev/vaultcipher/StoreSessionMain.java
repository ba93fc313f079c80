package dev.vaultcipher;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

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
        List<Thread> threads = new ArrayList<>();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split(" ");
            if (words[1].equals("property")) {
                setProperty(StoreSession.decode(words[2]), words.length > 3 ? StoreSession.decode(words[3]) : null);
                out.println(words[0] + " 0 value " + StoreSession.encode("set"));
                continue;
            }
            Thread work = new Thread(() -> out.println(words[0] + ' ' + outcome(store, StoreSession.decode(words[2]))));
            work.start();
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

    private static String outcome(VaultSecretStore store, String text) {
        long start = System.nanoTime();
        StringBuilder words = new StringBuilder();
        try {
            String value = store.get(text);
            words.append("value ").append(StoreSession.encode(Fixtures.sha256(value)));
        } catch (RuntimeException | LinkageError failure) {
            words.append("failure ").append(StoreSession.encode(failure.getClass().getName())).append(' ')
                    .append(StoreSession.encode(failure.getMessage().replace("\n", "\\n").replace("\r", "\\r")));
        }
        long millis = (System.nanoTime() - start) / 1_000_000;
        WARNINGS.get().forEach(warning -> words.append(' ').append(StoreSession.encode(warning)));
        return millis + " " + words;
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

package dev.vaultcipher.harness;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.logging.ConsoleHandler;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The main class behind {@link HostProcess#call}: follows the orders on standard input, loads a class by its name as the
 * vendor does, and prints a line for each text: {@code value SHA-256} (never the value), {@code stored TEXT} or
 * {@code failure CLASS MESSAGE}.
 */
final class StoreCalls {
    private StoreCalls() {
    }

    public static void main(String[] arguments) throws IOException, ReflectiveOperationException, InterruptedException {
        PrintStream out = new PrintStream(System.out, true, "UTF-8");
        String className = null;
        Object store = null;
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split(" ", -1);
            if (words[0].equals("class")) {
                className = decode(words[1]);
            } else if (words[0].equals("property") && words.length == 3) {
                System.setProperty(decode(words[1]), decode(words[2]));
            } else if (words[0].equals("property")) {
                System.clearProperty(decode(words[1]));
            } else {
                if (store == null) {
                    logEverything();
                    store = Class.forName(className).getConstructor().newInstance();
                }
                boolean storing = words[0].startsWith("store");
                List<Thread> threads = new ArrayList<>();
                for (String text : Arrays.asList(words).subList(1, words.length)) {
                    Object object = store;
                    threads.add(new Thread(() -> resolve(object, storing, decode(text), out)));
                }
                if (words[0].equals("store-at-once")) {
                    threads.forEach(Thread::start);
                } else {
                    threads.forEach(Thread::run);
                }
                for (Thread thread : threads) {
                    thread.join();
                }
            }
        }
    }

    private static void resolve(Object store, boolean storing, String text, PrintStream out) {
        try {
            out.println(storing ? "stored " + stored(store, text) : "value " + Fixtures.sha256(value(store, text)));
        } catch (RuntimeException | LinkageError failure) {
            out.println("failure " + failure.getClass().getName() + ' ' + oneLine(failure.getMessage()));
            failure.printStackTrace(); // a host logs it with all its causes
        }
    }

    private static String value(Object store, String text) {
        return store instanceof com.atlassian.db.config.password.Cipher
                ? ((com.atlassian.db.config.password.Cipher) store).decrypt(text)
                : ((com.atlassian.secrets.api.SecretStore) store).get(text);
    }

    private static String stored(Object store, String text) {
        return store instanceof com.atlassian.db.config.password.Cipher
                ? ((com.atlassian.db.config.password.Cipher) store).encrypt(text)
                : ((com.atlassian.secrets.api.SecretStore) store).store(text);
    }

    private static void logEverything() {
        ConsoleHandler handler = new ConsoleHandler();
        handler.setLevel(Level.ALL);
        Logger logger = Logger.getLogger("");
        logger.setLevel(Level.ALL);
        logger.addHandler(handler);
    }

    private static String oneLine(String message) {
        return String.valueOf(message).replace("\r", "\\r").replace("\n", "\\n");
    }

    private static String decode(String base64) {
        return new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
    }
}

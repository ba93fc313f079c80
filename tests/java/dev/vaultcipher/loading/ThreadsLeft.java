package dev.vaultcipher.loading;

import dev.vaultcipher.harness.Fixtures;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;

/**
 * The main class behind {@link ThreadsLeftTest}: calls the class with each text and prints which threads that left, and which
 * are left in the end.
 */
final class ThreadsLeft {
    /** A thread that is ending needs a moment until the kernel has forgotten it. */
    private static final long ENDING_MILLIS = 1_000;

    private ThreadsLeft() {
    }

    /** Arguments: class name, for how many milliseconds a thread may stay after the last call, texts. */
    public static void main(String[] arguments) throws Exception {
        com.atlassian.secrets.api.SecretStore store =
                (com.atlassian.secrets.api.SecretStore) Class.forName(arguments[0]).getConstructor().newInstance();
        List<String> before = threads();
        for (int i = 2; i < arguments.length; i++) {
            String outcome;
            try {
                store.get(arguments[i]);
                outcome = "a value";
            } catch (RuntimeException e) {
                outcome = "a failure";
            }
            System.out.println(outcome + ", threads left: " + since(before, ENDING_MILLIS));
        }
        System.out.println("in the end: " + since(before, Long.parseLong(arguments[1])));
    }

    private static List<String> since(List<String> before, long millis) {
        List<String> left = new ArrayList<>();
        Fixtures.until(millis / 1000.0, () -> {
            left.clear();
            left.addAll(threads());
            before.forEach(left::remove);
            return left.isEmpty();
        });
        return left;
    }

    /** Every thread of the process by its name, the JVM's and those that Java does not know. */
    private static List<String> threads() {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> tasks = Files.newDirectoryStream(Paths.get("/proc/self/task"))) {
            for (Path task : tasks) {
                try {
                    names.add(Files.readString(task.resolve("comm")).trim());
                } catch (IOException ended) {
                    // ended between the two looks
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return names;
    }
}

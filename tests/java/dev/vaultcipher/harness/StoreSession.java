package dev.vaultcipher.harness;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

/**
 * A child JVM with an environment of its own ({@link HostProcess}) that stays: it resolves one text after the other, or
 * many at once, and tells of each its outcome, its time and its WARN lines. Everything that it prints is searched for
 * secrets.
 */
public final class StoreSession implements AutoCloseable {
    /** The keeper looks at it only where it was set when the library was first called. */
    private static final String CLOCK = "dev.vaultcipher.test.clock";

    private static final long LIMIT_SECONDS = 240;
    /** The keeper looks at the clock once a second, and may have a token to revoke. */
    private static final long KEEPER_SECONDS = 5;

    private final Cleanup cleanup = new Cleanup();
    private final Map<String, CompletableFuture<Outcome>> open = new ConcurrentHashMap<>();
    private final StringBuilder printed = new StringBuilder();
    private final StringBuilder strange = new StringBuilder();
    private final Path stderr;
    private final Process process;
    private final PrintStream orders;
    private final Thread reader;
    private int orderCount;

    private StoreSession(HostProcess jvm) {
        try {
            Path folder = cleanup.folder("session");
            stderr = folder.resolve("stderr");
            jvm.jvmFlags("-Xcheck:jni", "-Djava.io.tmpdir=" + folder, "-D" + CLOCK + "=0");
            jvm.environment("RUST_LOG", "trace");
            process = cleanup.start(
                    jvm.builder(StoreSessionMain.class.getName()).redirectError(stderr.toFile()));
            orders = new PrintStream(process.getOutputStream(), true, "US-ASCII");
            reader = new Thread(this::read, "session-reader");
            reader.setDaemon(true);
            reader.start();
        } catch (IOException e) {
            cleanup.close();
            throw new UncheckedIOException(e);
        }
    }

    /** Starts the JVM. */
    public static StoreSession start(HostProcess jvm) {
        return new StoreSession(jvm);
    }

    /** A JVM with this token in its environment. */
    public static StoreSession withToken(String token) {
        return start(HostProcess.plain().environment("SECRET_STORE_VAULT_TOKEN", token));
    }

    /** Resolves the text and waits for the outcome. */
    public Outcome get(String text) {
        return await(begin(text));
    }

    /** Resolves all of them at once. */
    public List<Outcome> getAll(List<String> texts) {
        List<CompletableFuture<Outcome>> begun = texts.stream().map(this::begin).collect(Collectors.toList());
        return begun.stream().map(StoreSession::await).collect(Collectors.toList());
    }

    /** Resolves the text, and interrupts the thread that does so after this time. */
    public Outcome getInterrupted(String text, long afterMillis) {
        return await(order("get", text, Long.toString(afterMillis)));
    }

    /** Begins to resolve the text, on a thread of its own. */
    public CompletableFuture<Outcome> begin(String text) {
        return order("get", text);
    }

    /**
     * Logs in to a database with what these two texts lead to, which is resolved only the first time. The value is the user
     * name.
     */
    public Outcome logIn(String jdbcUrl, String userText, String passwordText) {
        return await(order("login", jdbcUrl, userText, passwordText));
    }

    /** Sets a system property, or removes it when the value is null. */
    public void property(String name, String valueOrNull) {
        if (valueOrNull == null) {
            await(order("property", name));
        } else {
            await(order("property", name, valueOrNull));
        }
    }

    /**
     * Sets the library's clock this far ahead of the system's: what lasts or idles for a time does so by that clock. The keeper
     * notices within a second.
     */
    public void clockAhead(double seconds) {
        property(CLOCK, Long.toString((long) (seconds * 1000)));
    }

    /** Waits until no thread of the library runs; fails when one still does after a few seconds. */
    public void awaitNoKeeper() {
        Fixtures.until(KEEPER_SECONDS, () -> threads("vault-cipher").isEmpty());
        assertEquals("threads that are left", List.of(), threads("vault-cipher"));
    }

    /** Interrupts the JVM's threads of this name. */
    public void interruptThreads(String name) {
        await(order("interrupt", name));
    }

    /** The JVM's threads whose name contains this, by the Java names. */
    public List<String> threads(String part) {
        return List.of(await(order("threads", part)).call.valueSha256.split(",")).stream()
                .filter(name -> !name.isEmpty()).collect(Collectors.toList());
    }

    /** The JVM's process. */
    public long pid() {
        return process.pid();
    }

    /** How many sockets the JVM has open. */
    public int sockets() {
        int sockets = 0;
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(Paths.get("/proc/" + process.pid() + "/fd"))) {
            for (Path descriptor : descriptors) {
                sockets += isSocket(descriptor) ? 1 : 0;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return sockets;
    }

    private static boolean isSocket(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString().startsWith("socket:");
        } catch (IOException closedMeanwhile) {
            return false;
        }
    }

    /** What it said on standard error so far: every WARN line, whichever thread gave it. */
    public String said() {
        try {
            return Files.readString(stderr);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static Outcome await(CompletableFuture<Outcome> outcome) {
        try {
            return outcome.get(LIMIT_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new AssertionError("the session gave no outcome: " + e, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** Lets the JVM exit, and waits until it has. */
    public void exit() {
        orders.close();
        try {
            process.waitFor(30, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Ends the JVM, which must have said nothing that it must not. */
    @Override
    public void close() {
        try {
            exit();
            boolean ended = !process.isAlive();
            reader.join(10_000);
            String output = printed + "--- other lines\n" + strange + "--- stderr\n" + Files.readString(stderr);
            Canaries.assertNoneIn("the output of a session", output);
            assertTrue("the session does not end\n" + output, ended);
            assertEquals("exit code\n" + output, 0, process.exitValue());
            assertEquals("lines that are no outcomes\n" + output, "", strange.toString());
            assertTrue(output, !output.contains("in native method") && !output.contains("WARNING: JNI local refs"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            cleanup.close();
        }
    }

    /** What became of one text. */
    public static final class Outcome {
        public final HostProcess.Call call;
        public final double seconds;
        /** The WARN lines of logger dev.vaultcipher meanwhile. */
        public final List<String> warnings;

        private Outcome(HostProcess.Call call, double seconds, List<String> warnings) {
            this.call = call;
            this.seconds = seconds;
            this.warnings = warnings;
        }

        /** Fails unless this value came. */
        public Outcome assertValue(String value) {
            assertEquals(toString(), Fixtures.sha256(value), call.valueSha256);
            return this;
        }

        /** Fails unless it failed with one line that holds all these parts. */
        public Outcome assertFails(String... parts) {
            Messages.assertSays(call, "com.atlassian.secrets.api.SecretStoreException", parts);
            return this;
        }

        /** Fails when anything was tried a second time, or was waited for. */
        public Outcome assertTriedOnce() {
            assertTrue(toString(), warnings.stream().noneMatch(line -> line.contains("; try "))
                    && (call.message == null || !call.message.contains(" tries in ")));
            return this;
        }

        /** Fails unless it took no longer than this: for what ends by time. Where tries can be counted, count them. */
        public Outcome assertWithin(double limit) {
            assertTrue("not within " + limit + " s: " + this, seconds <= limit);
            return this;
        }

        @Override
        public String toString() {
            return String.format("%s%n  after %.2f s, warnings: %s", call, seconds, warnings);
        }
    }

    private synchronized CompletableFuture<Outcome> order(String verb, String... arguments) {
        String id = Integer.toString(++orderCount);
        CompletableFuture<Outcome> outcome = new CompletableFuture<>();
        open.put(id, outcome);
        orders.println(id + ' ' + verb + Arrays.stream(arguments).map(text -> ' ' + encode(text)).collect(Collectors.joining()));
        return outcome;
    }

    private void read() {
        try (BufferedReader in = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                try {
                    outcome(line);
                } catch (RuntimeException notOurs) {
                    strange.append(line).append('\n'); // the JVM itself speaks on standard output
                }
            }
        } catch (IOException ended) {
            // what is still open is told below
        }
        open.values().forEach(waiting -> waiting.completeExceptionally(new IllegalStateException("the session has ended")));
    }

    /** A line of StoreSessionMain: ID MILLIS value SHA-256, or ID MILLIS failure CLASS MESSAGE; warnings follow. */
    private void outcome(String line) {
        String[] words = line.split(" ", -1);
        boolean failed = words[2].equals("failure");
        List<String> rest = new ArrayList<>();
        for (int i = 3; i < words.length; i++) {
            rest.add(decode(words[i]));
        }
        printed.append(rest).append('\n');
        HostProcess.Call call = failed ? new HostProcess.Call(null, rest.get(0), rest.get(1))
                : new HostProcess.Call(rest.get(0), null, null);
        open.remove(words[0]).complete(
                new Outcome(call, Long.parseLong(words[1]) / 1000.0, rest.subList(failed ? 2 : 1, rest.size())));
    }

    static String encode(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    static String decode(String base64) {
        return new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
    }
}

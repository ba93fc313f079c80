package dev.vaultcipher.hostile;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import com.atlassian.secrets.api.SecretStoreException;
import dev.vaultcipher.VaultSecretStore;
import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.Cleanup;
import dev.vaultcipher.harness.FaultPeer;
import dev.vaultcipher.harness.Fixtures;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/**
 * Twenty thousand texts and answers that are not what they should be, always the same ones: each gives a value or one clear
 * line, in time, and shows no secret. The JVM lives, since these tests run in it.
 */
public class FuzzTest {
    private static final int CASES = 10_000;
    private static final int THREADS = 8;
    private static final long SEED = 20_261_126;
    private static final int LONGEST_MESSAGE = 8 * 1024;
    private static final double LIMIT_SECONDS = 10;

    private static final Logger LOGGER = Logger.getLogger("dev.vaultcipher");
    private static final Queue<String> WARNINGS = new ConcurrentLinkedQueue<>();
    private static final String TOKEN = Canaries.keep("s." + Fixtures.randomText());

    private static Cleanup cleanup;

    @BeforeClass
    public static void setUp() {
        cleanup = new Cleanup();
        System.setProperty("secret.store.vault.token", TOKEN);
        System.setProperty("secret.store.vault.client.timeout", "1s");
        System.setProperty("secret.store.vault.max.retries", "0");
        LOGGER.setUseParentHandlers(false);
        LOGGER.addHandler(new Handler() {
            @Override
            public void publish(LogRecord line) {
                WARNINGS.add(line.getMessage());
            }

            @Override
            public void flush() {
                // nothing is held back
            }

            @Override
            public void close() {
                // nothing is open
            }
        });
    }

    @AfterClass
    public static void tidyUp() {
        for (String name : List.of("token", "client.timeout", "max.retries")) {
            System.clearProperty("secret.store.vault." + name);
        }
        LOGGER.setUseParentHandlers(true);
        cleanup.close();
        Canaries.assertNoneIn("a warning", String.join("\n", WARNINGS));
    }

    @Test
    public void anyTextGivesAValueOrOneClearLine() throws Exception {
        String value = Canaries.keep(Fixtures.randomText());
        Path token = Files.writeString(cleanup.folder("fuzz").resolve("token"), TOKEN);
        Tally tally = new Tally();
        try (FaultPeer peer = FaultPeer.answering(FaultPeer.value(value))) {
            // The endpoint stays: a text must lead to no other machine.
            String endpoint = "\"endpoint\":" + Fixtures.json(peer.address()) + '}';
            String[] texts = {
                "{\"mount\":\"secret\",\"path\":\"sample/secret\",\"key\":\"password\",",
                "{ENC}{\"mount\":\"secret\",\"path\":\"sample/secret\",\"pointer\":\"/password\",\"engine\":\"kv2\",\"version\":1,",
                "{\"mount\":\"secret\",\"path\":\"sample/secret\",\"key\":\"password\",\"trim\":true,\"encoding\":\"none\",\"namespace\":\"team-a\","
                        + "\"authenticationType\":\"TOKEN\",\"tokenFile\":" + Fixtures.json(token.toString())
                        + ",\"headers\":{\"X-Team\":\"dba\"},\"timeout\":\"2s\",\"cacheTime\":0,\"maxRetries\":0,",
            };
            each(i -> {
                Mutation mutation = new Mutation(SEED + i);
                String text = mutation.of(texts[i % texts.length]) + endpoint;
                tally.count(i, outcome(text, "text " + i), value);
            });
        }
        Attacks.report("mutated texts", CASES, tally.toString());
    }

    @Test
    public void anyAnswerGivesAValueOrOneClearLineAndTheNextTextItsOwn() throws Exception {
        String value = Canaries.keep(Fixtures.randomText());
        String good = FaultPeer.secret(value);
        String[] bodies = {
            good,
            good.replace("\"warnings\":null", "\"warnings\":[\"it is old\"]"),
            "{\"errors\":[\"permission denied\"]}",
            "{\"errors\":[],\"data\":{\"metadata\":{\"deletion_time\":\"2026-01-01T00:00:00Z\",\"destroyed\":false,\"version\":3}}}",
            "<html><body><h1>502 Bad Gateway</h1></body></html>",
        };
        int[] statuses = {200, 200, 403, 404, 502, 204, 206, 301, 307, 400, 405, 412, 429, 472, 473, 500, 501, 503, 599, 999};
        Tally tally = new Tally();
        FaultPeer.Answer answer = (socket, request) -> {
            int i = number(request.target());
            if (i < 0) {
                return FaultPeer.value(value).write(socket, request);
            }
            Mutation mutation = new Mutation(-SEED - i);
            String body = mutation.of(bodies[i % bodies.length]);
            int status = mutation.below(2) == 0 ? 200 : statuses[mutation.below(statuses.length)];
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            String head = FaultPeer.head(status, "Content-Type: " + (mutation.below(4) == 0 ? "text/html" : "application/json"),
                    "Content-Length: " + bytes.length);
            boolean framed = mutation.below(10) < 7;
            socket.getOutputStream().write((framed ? head : mutation.of(head)).getBytes(StandardCharsets.ISO_8859_1));
            socket.getOutputStream().write(bytes);
            if (mutation.below(10) == 0) { // a second answer that nobody asked for
                socket.getOutputStream().write((FaultPeer.head(200, "Content-Type: application/json", "Content-Length: 3") + "{} ")
                        .getBytes(StandardCharsets.ISO_8859_1));
            }
            return framed;
        };
        try (FaultPeer peer = FaultPeer.answering(answer)) {
            each(i -> {
                Object outcome = outcome(text(peer, "case-" + i), "answer " + i);
                tally.count(i, outcome, outcome instanceof String ? (String) outcome : ""); // the change may be one of the value
                if (i % 4 == 0) {
                    // A connection may be closed while the next request is on its way: tried again.
                    Object next = outcome(text(peer, "good-" + i).replace("{\"mount", "{\"maxRetries\":2,\"mount"), "the answer after " + i);
                    assertTrue("after answer " + i + " the next text got " + (next instanceof String ? "another value" : next),
                            value.equals(next));
                }
            });
        }
        Attacks.report("mutated answers of a server, a good one after each fourth", CASES, tally.toString());
    }

    private static String text(FaultPeer peer, String path) {
        return peer.text("cacheTime", "0").replace("sample/secret", path);
    }

    /** The number in a path that is to get a bad answer, or -1. */
    private static int number(String target) {
        int at = target.indexOf("case-");
        return at < 0 ? -1 : Integer.parseInt(target.substring(at + 5).replaceAll("[^0-9].*", ""));
    }

    /** The value, or the exception; anything else fails. */
    private static Object outcome(String text, String what) {
        long start = System.nanoTime();
        try {
            String value = new VaultSecretStore().get(text);
            assertTrue(what + ": no value and no error", value != null && !value.isEmpty());
            return value;
        } catch (SecretStoreException failure) {
            String message = failure.getMessage();
            assertTrue(what + ": no message", message != null && !message.isEmpty());
            Canaries.assertNoneIn("the message for " + what, message);
            assertTrue(what + ": " + message, !message.startsWith("Internal error"));
            int bytes = message.getBytes(StandardCharsets.UTF_8).length;
            assertTrue(what + ": a message of " + bytes + " bytes", bytes <= LONGEST_MESSAGE);
            assertEquals(what + ": a message of several lines: " + message, 1, message.lines().count());
            return failure;
        } finally {
            double seconds = (System.nanoTime() - start) / 1e9;
            assertTrue(what + " took " + seconds + " s", seconds < LIMIT_SECONDS); // by time: no answer may hold the caller
        }
    }

    /** Each case, on several threads; the first failure ends it. */
    private static void each(IntConsumer work) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(THREADS);
        AtomicInteger next = new AtomicInteger();
        List<Future<?>> running = new ArrayList<>();
        for (int thread = 0; thread < THREADS; thread++) {
            running.add(pool.submit(() -> {
                for (int i = next.getAndIncrement(); i < CASES; i = next.getAndIncrement()) {
                    work.accept(i);
                }
            }));
        }
        try {
            for (Future<?> thread : running) {
                thread.get(5, TimeUnit.MINUTES);
            }
        } finally {
            pool.shutdownNow();
        }
    }

    /** How many cases ended how. */
    private static final class Tally {
        private final Map<String, AtomicInteger> counts = new TreeMap<>();

        synchronized void count(int number, Object outcome, String value) {
            if (outcome instanceof String) {
                assertTrue("case " + number + " gives another value", outcome.equals(value));
            }
            counts.computeIfAbsent(outcome instanceof String ? "values" : "clear errors", kind -> new AtomicInteger())
                    .incrementAndGet();
        }

        @Override
        public synchronized String toString() {
            return counts.entrySet().stream().map(count -> count.getValue() + " " + count.getKey())
                    .collect(Collectors.joining(", "));
        }
    }
}

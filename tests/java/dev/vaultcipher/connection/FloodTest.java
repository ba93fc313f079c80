package dev.vaultcipher.connection;

import static dev.vaultcipher.harness.FaultPeer.answering;
import static dev.vaultcipher.harness.FaultPeer.closes;
import static dev.vaultcipher.harness.FaultPeer.endless;
import static dev.vaultcipher.harness.FaultPeer.head;
import static dev.vaultcipher.harness.FaultPeer.secret;
import static dev.vaultcipher.harness.FaultPeer.value;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.FaultPeer;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.StoreSession;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** Answers that are far larger than any answer of Vault's cost neither much of the processor nor the JVM its life. */
public class FloodTest {
    private static final String JSON = "Content-Type: application/json";
    private static final int MIB = 1 << 20;

    private static StoreSession session;

    @BeforeClass
    public static void start() {
        // Nothing of the JVM's own may need memory while the process has none left.
        session = StoreSession.start(HostProcess.plain().jvmFlags("-Xint", "-XX:+UseSerialGC", "-Xms400m", "-Xmx400m", "-XX:+AlwaysPreTouch")
                .environment("SECRET_STORE_VAULT_TOKEN", Canaries.keep("s." + Fixtures.randomText())));
    }

    @AfterClass
    public static void stop() {
        session.close();
    }

    @Test
    public void aLongErrorIsReadAndQuotedOnlyInPart() {
        String words = "no ".repeat(10 * MIB);
        Map<String, String> answers = new LinkedHashMap<>();
        for (int status : new int[] {400, 403, 404, 500}) {
            String body = "{\"errors\":[\"" + words + "\"]}";
            answers.put("an error, " + status, head(status, JSON, "Content-Length: " + body.length()) + body);
        }
        answers.put("an error without a length", head(500, JSON, "Connection: close") + "{\"errors\":[\"" + words);
        answers.put("a page", head(200, "Content-Type: text/html", "Connection: close") + "<html><title>" + words);
        answers.put("a title", head(502, "Content-Type: text/html", "Connection: close") + "<html><title>" + words);
        for (Map.Entry<String, String> answer : answers.entrySet()) {
            try (FaultPeer peer = answering(closes(answer.getValue()))) {
                Duration before = processor();
                StoreSession.Outcome outcome = session.get(peer.text("timeout", "\"0\"")).assertFails("127.0.0.1:" + peer.port());
                Duration used = processor().minus(before);
                assertTrue(answer.getKey() + ": " + used, used.toMillis() < 6000);
                int length = outcome.call.message.getBytes(StandardCharsets.UTF_8).length;
                assertTrue(answer.getKey() + ": " + length + " bytes", length <= 8192);
            }
        }
    }

    @Test
    public void interimAnswersWithoutEndEndWithTheBudget() {
        String interim = "HTTP/1.1 100 Continue\r\n\r\n".repeat(1000);
        String hints = ("HTTP/1.1 103 Early Hints\r\nLink: </" + "x".repeat(1000) + ">\r\n\r\n").repeat(100);
        for (String again : new String[] {interim, hints}) {
            try (FaultPeer peer = answering(endless("", again))) {
                Duration before = processor();
                session.get(peer.text("timeout", "\"2s\"")).assertFails("no complete answer within 2 s");
                Duration used = processor().minus(before);
                assertTrue(used.toString(), used.toMillis() < 6000);
            }
        }
    }

    /** The memory that is left is enough for a part of the answer, for the answer but not for its value, and for all. */
    @Test
    public void aLargeAnswerThatTheMemoryDoesNotHoldIsAMessage() throws Exception {
        String part = Fixtures.randomText();
        String large = part.repeat(31 * MIB / part.length());
        String small = Fixtures.randomText();
        String body = secret(large);
        String answer = head(200, JSON, "Content-Length: " + body.length()) + body;
        try (FaultPeer peer = answering(closes(answer)); FaultPeer sound = answering(value(small))) {
            session.get(peer.text()).assertValue(large);
            int messages = 0;
            for (int more : new int[] {0, 24, 72, 192}) {
                limit(Long.toString(size() + more * (long) MIB));
                StoreSession.Outcome outcome = session.get(peer.text("timeout", "\"0\"", "headers", "{\"X-More\":\"" + more + "\"}"));
                limit("unlimited");
                session.get(sound.text("headers", "{\"X-More\":\"" + more + "\"}")).assertValue(small);
                if (outcome.call.failureClass == null) {
                    outcome.assertValue(large);
                } else {
                    messages++;
                    assertTrue(more + " MiB: " + outcome, outcome.toString().contains("memory"));
                }
            }
            assertTrue(messages + " messages", messages > 0 && messages < 4);
        }
    }

    private static Duration processor() {
        return ProcessHandle.of(session.pid()).flatMap(process -> process.info().totalCpuDuration()).orElseThrow(AssertionError::new);
    }

    /** The address space of the process. */
    private static long size() throws IOException {
        return Long.parseLong(Files.readString(Paths.get("/proc/" + session.pid() + "/statm")).split(" ")[0]) * 4096;
    }

    private static void limit(String bytes) throws Exception {
        Process prlimit = new ProcessBuilder("prlimit", "--pid", Long.toString(session.pid()), "--as=" + bytes + ":").inheritIO().start();
        assertTrue("prlimit", prlimit.waitFor() == 0);
    }
}

package dev.vaultcipher.loading;

import static dev.vaultcipher.harness.Installation.TEXT;
import static dev.vaultcipher.harness.Installation.assertSays;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNotNull;
import static org.junit.Assert.assertSame;
import static org.junit.Assert.assertTrue;
import static org.junit.Assert.fail;

import com.atlassian.secrets.api.SecretStoreException;
import dev.vaultcipher.VaultCipher;
import dev.vaultcipher.VaultSecretStore;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.Installation;
import dev.vaultcipher.harness.VaultServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.Test;


/** Texts and exceptions across the boundary between Java and Rust. */
public class JniBoundaryTest {
    private final VaultSecretStore store = new VaultSecretStore();
    private final VaultCipher cipher = new VaultCipher();

    @Test
    public void constructingDoesNothing() {
        assertSays("loaded by the first call", Installation.program(HostProcess.ourJar())
                .jvmFlags("-Ddev.vaultcipher.library=/nowhere/x.so").run(Constructing.class.getName()));
    }

    static final class Constructing {
        public static void main(String[] arguments) throws IOException {
            new VaultSecretStore();
            new VaultCipher();
            assertFalse(isLoaded());
            System.clearProperty("dev.vaultcipher.library");
            Installation.assertAnswers(Constructing.class.getClassLoader());
            assertTrue(isLoaded());
            System.out.println("loaded by the first call");
        }

        private static boolean isLoaded() throws IOException {
            return new String(Files.readAllBytes(Paths.get("/proc/self/maps")), StandardCharsets.ISO_8859_1)
                    .contains("/" + Installation.LIBRARY);
        }
    }

    @Test
    public void noTextIsAnswered() {
        for (String message : messages(null)) {
            assertTrue(message, message.startsWith("vault-cipher: There is no text to resolve: the property holds nothing (null)."));
        }
    }

    @Test
    public void anEmptyTextIsAnswered() {
        for (String text : new String[] {"", " ", "{ENC}", "{\0"}) {
            for (String message : messages(text)) {
                assertTrue(message, message.startsWith("vault-cipher: The text in the server's configuration cannot be used: "));
            }
        }
    }

    /** All four methods say the same, in the exception that their contract has. */
    private List<String> messages(String text) {
        List<String> messages = new ArrayList<>();
        try {
            store.get(text);
            fail("a value");
        } catch (SecretStoreException e) {
            messages.add(e.getMessage());
            assertSame(IllegalStateException.class, e.getCause().getClass());
            assertEquals(e.getMessage(), e.getCause().getMessage());
        }
        try {
            store.store(text);
            fail("a value");
        } catch (SecretStoreException e) {
            messages.add(e.getMessage());
        }
        try {
            cipher.decrypt(text);
            fail("a value");
        } catch (IllegalStateException e) {
            assertSame(IllegalStateException.class, e.getClass());
            messages.add(e.getMessage());
        }
        try {
            cipher.encrypt(text);
            fail("a value");
        } catch (IllegalStateException e) {
            assertSame(IllegalStateException.class, e.getClass());
            messages.add(e.getMessage());
        }
        assertEquals(messages.toString(), 1, messages.stream().distinct().count());
        return messages;
    }

    @Test
    public void charactersOfAllPlanesSurviveBothWays() {
        for (String name : new String[] {"ü", "€", "𝔘", "🔑🗝"}) {
            String message = messages("{\"" + name + "\": 1}").get(0);
            assertTrue(message, message.contains("\"" + name + "\""));
        }
        // What no font shows stands there by its number.
        for (String[] name : new String[][] {{"\ud7ff\ue000", "\\u{d7ff}\\u{e000}"}, {"\udbff\udffd", "\\u{10fffd}"}}) {
            String message = messages("{\"" + name[0] + "\": 1}").get(0);
            assertTrue(message, message.contains("\"" + name[1] + "\""));
        }
    }

    @Test
    public void anUnpairedSurrogateIsReplacedAndHarmless() {
        for (String name : new String[] {"a\ud83d", "a\udd11", "a\udd11\ud83d"}) {
            String message = messages("{\"" + name + "\": 1}").get(0);
            assertTrue(message, message.contains("\"a?"));
            for (int i = 0; i < message.length(); i++) {
                assertFalse(message, Character.isSurrogate(message.charAt(i)));
            }
        }
    }

    @Test
    public void aSecretOfAllPlanesSurvives() {
        String value = "\u0001 ü € 𝔘 🔑 \u2028 \uffff \"quoted\" \\ " + Fixtures.randomText();
        try (VaultServer vault = VaultServer.start()) {
            vault.put("secret/data/planes", "{\"data\":{" + Fixtures.json("🔑") + ":" + Fixtures.json(value) + "}}");
            System.setProperty("secret.store.vault.token", vault.rootToken());
            String text = "{\"mount\":\"secret\",\"path\":\"planes\",\"key\":\"🔑\",\"endpoint\":\"" + vault.address() + "\"}";
            assertTrue("the same value", value.equals(store.get(text)));
            assertTrue("the same value", value.equals(cipher.decrypt("{ENC}" + text)));
            assertEquals(text, store.store(text));
            assertEquals(text, cipher.encrypt(text));
        } finally {
            System.clearProperty("secret.store.vault.token");
        }
    }

    @Test
    public void aHugeTextHasASmallAnswer() {
        char[] huge = new char[4_000_000];
        Arrays.fill(huge, 'x');
        for (String text : new String[] {new String(huge), "{\"" + new String(huge) + "\":1}"}) {
            String message = messages(text).get(0);
            assertTrue("length " + message.length(), message.length() < 2000);
        }
    }

    @Test
    public void manyThreadsAtOnceFromTheVeryFirstCallOn() throws Exception {
        int threads = 16;
        Path folder = Fixtures.temporaryFolder("threads");
        ExecutorService executor = Executors.newFixedThreadPool(threads);
        try (URLClassLoader loader = Installation.webApplication(Installation.jar(folder), HostProcess.apiStubs())) {
            CyclicBarrier start = new CyclicBarrier(threads);
            List<Future<?>> outcomes = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                String name = "field " + i;
                outcomes.add(executor.submit(() -> {
                    start.await();
                    for (int call = 0; call < 200; call++) {
                        String message = Installation.failure(
                                loader, VaultCipher.class.getName(), "decrypt", "{\"" + name + "\":1}").getMessage();
                        assertTrue(message, message.contains('"' + name + '"'));
                    }
                    return null;
                }));
            }
            for (Future<?> outcome : outcomes) {
                outcome.get();
            }
        } finally {
            executor.shutdownNow();
            Fixtures.delete(folder);
        }
    }

    @Test
    public void theInterruptFlagStaysAsItWas() {
        Thread.currentThread().interrupt();
        try {
            messages(TEXT);
        } finally {
            assertTrue(Thread.interrupted());
        }
    }

    @Test
    public void manyCallsLeaveNoReferencesAndNoThreads() {
        HostProcess.Outcome outcome = Installation.program(HostProcess.ourJar())
                // The JVM itself starts and ends threads as it likes, unless it only interprets.
                .jvmFlags("-Xcheck:jni", "-Xint", "-XX:+UseSerialGC", "-Xmx32m").run(ManyCalls.class.getName());
        assertSays("no thread left", outcome);
        assertFalse(outcome.toString(), outcome.stderr.contains("JNI"));
        assertFalse(outcome.toString(), outcome.stderr.contains("FATAL"));
    }

    static final class ManyCalls {
        public static void main(String[] arguments) throws Exception {
            System.setProperty("secret.store.vault.token", "none");
            VaultCipher cipher = new VaultCipher();
            String nobodyListens = "{\"mount\":\"a\",\"path\":\"b\",\"key\":\"c\",\"endpoint\":\"http://localhost:1\"}";
            int before = threads();
            for (int i = 0; i < 20_000; i++) {
                try {
                    cipher.decrypt(TEXT);
                } catch (IllegalStateException expected) {
                    assertNotNull(expected.getMessage());
                }
            }
            try {
                cipher.decrypt(nobodyListens);
            } catch (IllegalStateException expected) {
                assertTrue(expected.getMessage(), expected.getMessage().contains("refused"));
            }
            Fixtures.until(5, () -> threads() <= before); // a name look-up's ends
            System.out.println(threads() > before ? before + " threads, then " + threads() : "no thread left");
        }

        private static int threads() {
            try (Stream<Path> tasks = Files.list(Paths.get("/proc/self/task"))) {
                return (int) tasks.count();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}

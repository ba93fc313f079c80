package dev.vaultcipher.hostile;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import com.atlassian.secrets.api.SecretStore;
import com.atlassian.secrets.api.SecretStoreException;
import dev.vaultcipher.VaultSecretStore;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.Installation;
import dev.vaultcipher.harness.Jdk;
import dev.vaultcipher.harness.VaultServer;
import java.io.IOException;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/**
 * A JVM whose heap or stack is used up when it asks for a secret: each in a JVM of its own, because the one before the fix died.
 * Every call gives the value, Java's own error or a message; the next one with room gives the value.
 */
public class ExhaustionTest {
    private static VaultServer http;
    private static VaultServer https;
    private static String value;

    @BeforeClass
    public static void startVaults() {
        value = Fixtures.randomText();
        http = VaultServer.start();
        https = VaultServer.startTls();
        http.putSecret("sample/secret", "password", value);
        https.putSecret("sample/secret", "password", value);
    }

    @AfterClass
    public static void stopVaults() {
        http.close();
        https.close();
    }

    @Test
    public void aFullHeapUnderG1() {
        fullHeap("G1");
    }

    @Test
    public void aFullHeapUnderParallelGc() {
        fullHeap("Parallel");
    }

    @Test
    public void aFullHeapUnderZgc() {
        Jdk.hasFrom(17);
        fullHeap("Z");
    }

    private void fullHeap(String collector) {
        int errors = 0;
        int values = 0;
        for (String heap : new String[] {"16m", "64m"}) {
            for (String first : new String[] {"warm", "cold"}) {
                HostProcess.Outcome outcome = program(http).jvmFlags("-Xmx" + heap, "-XX:+Use" + collector + "GC")
                        .run(FullHeap.class.getName(), first, http.text("sample/secret", "password"), Fixtures.sha256(value));
                Matcher counts = FullHeap.COUNTS.matcher(outcome.stdout);
                assertTrue(outcome.toString(), outcome.exitCode == 0 && counts.matches());
                assertTrue("no error reached the JVM: " + outcome, Integer.parseInt(counts.group(1)) > 0);
                errors += Integer.parseInt(counts.group(1));
                values += Integer.parseInt(counts.group(2));
            }
        }
        Attacks.report("calls while Java's heap is full, " + collector + "GC, Java " + Runtime.version().feature(), errors + values,
                errors + " OutOfMemoryErrors, " + values + " values; the JVM lives, and the next call gives the value");
    }

    static final class FullHeap {
        private static final int CALLS = 30;
        private static final Pattern COUNTS = Pattern.compile("(\\d+) errors, (\\d+) values\n");

        public static void main(String[] arguments) throws IOException {
            String text = arguments[1];
            VaultSecretStore store = new VaultSecretStore();
            assertEquals(64, Fixtures.sha256("").length());
            // A class of the JDK that cannot be initialised in a full heap never is: those that a first call needs are by now.
            Path directory = Paths.get(System.getProperty("java.io.tmpdir"), "initialised");
            Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            Files.getPosixFilePermissions(directory);
            Files.delete(directory);
            if (arguments[0].equals("warm")) {
                assertEquals(arguments[2], Fixtures.sha256(store.get(text)));
            }
            int errors = 0;
            int values = 0;
            String[] read = new String[CALLS];
            for (int round = 0; round < 5; round++) {
                Object[] held = fill();
                for (int call = 0; call < CALLS; call++) {
                    // Nothing else happens here: a class of the JDK that cannot be initialised in a full heap never is.
                    try {
                        read[call] = store.get(text);
                    } catch (OutOfMemoryError e) {
                        errors++;
                        read[call] = null;
                    }
                    // Room comes back bit by bit, so that each allocation of a call is the first that fails once.
                    for (int i = 0; held != null && i < call; i++) {
                        held = (Object[]) held[0];
                    }
                }
                held = null;
                for (String one : read) {
                    assertTrue("the value or an error", one == null || arguments[2].equals(Fixtures.sha256(one)));
                    values += one == null ? 0 : 1;
                }
            }
            assertEquals(arguments[2], Fixtures.sha256(store.get(text)));
            System.out.println(errors + " errors, " + values + " values");
        }

        /** Everything that is left, in pieces that become ever smaller; each holds the one before it. */
        private static Object[] fill() {
            Object[] held = null;
            for (int size = 1 << 18; size > 0; size /= 4) {
                try {
                    while (true) {
                        Object[] next = new Object[size];
                        next[0] = held;
                        held = next;
                    }
                } catch (OutOfMemoryError full) {
                    // on with smaller ones
                }
            }
            return held;
        }
    }

    @Test
    public void theEndOfTheStackIsJavasOwnErrorOrAMessage() {
        HostProcess.Outcome outcome = program(https).jvmFlags("-Xss1m", "-Xint").run(EndOfTheStack.class.getName(),
                https.text("sample/secret", "password"), Fixtures.sha256(value), HostProcess.ourJar().toString());
        assertEquals(outcome.toString(), 0, outcome.exitCode);
        assertTrue(outcome.toString(), outcome.stdout.matches(
                "\\{Java's error=\\d+, message=\\d+, value=\\d+}\n"));
        Attacks.report("first calls over HTTPS near the end of the stack, Java " + Runtime.version().feature(), EndOfTheStack.STEPS,
                outcome.stdout.replaceAll("[{}\n]", ""));
    }

    @Test
    public void aThreadWithASmallStackGetsAMessageOrTheValue() {
        HostProcess.Outcome outcome = program(https).run(SmallStacks.class.getName(),
                https.text("sample/secret", "password"), Fixtures.sha256(value), HostProcess.ourJar().toString());
        assertEquals(outcome.toString(), 0, outcome.exitCode);
        assertTrue(outcome.toString(), outcome.stdout.endsWith("1024 value\n"));
        assertTrue(outcome.toString(), outcome.stdout.contains("512 value\n"));
    }

    static final class EndOfTheStack {
        private static final int STEPS = 60;

        private static int deepest;
        private static String read;
        private static Throwable thrown;

        public static void main(String[] arguments) throws Exception {
            measure(0);
            Map<String, Integer> outcomes = new TreeMap<>();
            for (int step = 0; step < STEPS; step++) {
                try (URLClassLoader loader = application(arguments)) {
                    read = null;
                    thrown = null;
                    SecretStore store = loaded(loader);
                    // From the very end on, 8 kB more room each time.
                    down(deepest - step * deepest / 128, store, arguments[0]);
                    outcomes.merge(outcome(read, thrown, arguments[1]), 1, Integer::sum);
                }
            }
            System.out.println(outcomes);
        }

        private static void measure(int depth) {
            deepest = depth;
            try {
                measure(depth + 1);
            } catch (StackOverflowError e) {
                return;
            }
        }

        /** Does nothing but call where there is little room: a class of the JDK that cannot be initialised there never is. */
        private static void down(int depth, SecretStore store, String text) {
            try {
                if (depth > 0) {
                    down(depth - 1, store, text);
                } else {
                    read = store.get(text);
                }
            } catch (RuntimeException | Error e) {
                thrown = e;
            }
        }
    }

    static final class SmallStacks {
        public static void main(String[] arguments) throws Exception {
            for (int kilobytes : new int[] {64, 96, 128, 160, 192, 224, 256, 288, 320, 384, 512, 1024}) {
                try (URLClassLoader loader = application(arguments)) {
                    SecretStore store = loaded(loader);
                    String[] read = {null};
                    Throwable[] thrown = {null};
                    Runnable call = () -> {
                        try {
                            read[0] = store.get(arguments[0]);
                        } catch (RuntimeException | Error e) {
                            thrown[0] = e;
                        }
                    };
                    Thread thread = new Thread(null, call, "small", kilobytes * 1024L);
                    thread.start();
                    thread.join();
                    System.out.println(kilobytes + " " + outcome(read[0], thrown[0], arguments[1]));
                }
            }
        }
    }

    private static URLClassLoader application(String[] arguments) {
        return Installation.webApplication(SecretStore.class.getClassLoader(), Paths.get(arguments[2]));
    }

    /** A store of an application whose library is loaded, which has made no connection yet. */
    private static SecretStore loaded(ClassLoader loader) throws ReflectiveOperationException {
        SecretStore store = (SecretStore) Class.forName("dev.vaultcipher.VaultSecretStore", true, loader).getConstructor().newInstance();
        try {
            store.get(Installation.TEXT);
            throw new AssertionError("no message");
        } catch (SecretStoreException e) {
            return store;
        }
    }

    private static String outcome(String read, Throwable thrown, String sha256) {
        if (thrown instanceof SecretStoreException && thrown.getMessage().contains("of its stack left")) {
            return "message";
        }
        if (thrown != null) {
            return thrown instanceof StackOverflowError ? "Java's error" : thrown.toString();
        }
        return sha256.equals(Fixtures.sha256(read)) ? "value" : "another value";
    }

    private static HostProcess program(VaultServer vault) {
        // Not our jar: what is to be the first of something must not be loaded by the JVM's own class loader.
        HostProcess jvm = vault == http ? Installation.program(HostProcess.ourJar()) : Installation.program(HostProcess.apiStubs());
        if (vault == https) {
            jvm.environment("VAULT_CACERT", https.caFile().toString());
        }
        return jvm.allowNativeAccess().environment("SECRET_STORE_VAULT_TOKEN", vault.createReader("sample/secret"));
    }
}

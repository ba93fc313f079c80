package dev.vaultcipher.hostile;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import com.atlassian.secrets.api.SecretStore;
import com.atlassian.secrets.api.SecretStoreException;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.Installation;
import dev.vaultcipher.harness.Surroundings;
import dev.vaultcipher.harness.VaultServer;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/**
 * A process that has no descriptors, threads or memory left: each call gives the value or a message that names what is used up,
 * and the next one with room gives the value.
 */
public class UsedUpTest {
    /** Nobody else's on this machine: the kernel counts the threads of a user. */
    private static final int SOMEBODY = 61_234;

    /** Of a store that holds no secret. */
    private static final String PASSWORD = "changeit";

    private static VaultServer http;
    private static VaultServer https;
    private static Path folder;
    private static String value;
    private static String token;

    @BeforeClass
    public static void startVaults() throws Exception {
        folder = Fixtures.temporaryFolder("used-up");
        value = Fixtures.randomText();
        http = VaultServer.start();
        https = VaultServer.startTls();
        http.putSecret("sample/secret", "password", value);
        https.putSecret("sample/secret", "password", value);
        token = http.createReader("sample/secret");
    }

    @AfterClass
    public static void stopVaults() {
        http.close();
        https.close();
        Fixtures.delete(folder);
    }

    @Test
    public void withoutDescriptorsTheMessageNamesThem() throws Exception {
        Path java = Surroundings.javaHome(folder.resolve("descriptors"), "ulimit -n 4096");
        String text = http.text("sample/secret", "password");
        String secure = with(https.text("sample/secret", "password"), "tokenFile", tokenFile(https));
        List<String> kinds = List.of(
                "HTTP\t" + text,
                "a name\t" + text.replace("127.0.0.1", "localhost"),
                "HTTPS with a CA's file\t" + with(secure, "caCert", https.caFile()),
                "HTTPS with the JVM's trust store\t" + secure);
        HostProcess jvm = program().javaHome(java).jvmFlags("-Djavax.net.ssl.trustStore=" + trustStore(),
                "-Djavax.net.ssl.trustStorePassword=" + PASSWORD);
        kinds.forEach(jvm::stdin);
        HostProcess.Outcome outcome = jvm.run(NoDescriptors.class.getName(), HostProcess.ourJar().toString(), Fixtures.sha256(value));
        assertFine(outcome);
        Attacks.report("calls with 0 to " + (NoDescriptors.FREE - 1) + " descriptors left, before the library is loaded and after", calls(outcome),
                tally(outcome));
    }

    private static Path tokenFile(VaultServer vault) throws IOException {
        Path file = Files.createTempFile(folder, "token", "");
        return Files.writeString(file, vault.createReader("sample/secret"));
    }

    private static String with(String text, String field, Path file) {
        return text.replace("{", "{\"" + field + "\":" + Fixtures.json(file.toString()) + ",");
    }

    /** A trust store of the JVM that has the CA of the server. */
    private static Path trustStore() throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        try (InputStream pem = Files.newInputStream(https.caFile())) {
            Certificate ca = CertificateFactory.getInstance("X.509").generateCertificate(pem);
            store.setCertificateEntry("ca", ca);
        }
        Path file = folder.resolve("trust.p12");
        try (OutputStream out = Files.newOutputStream(file)) {
            store.store(out, PASSWORD.toCharArray());
        }
        return file;
    }

    static final class NoDescriptors {
        /** More than a call needs. */
        private static final int FREE = 16;

        public static void main(String[] arguments) throws Exception {
            Calls calls = new Calls(arguments[1]);
            for (String line : Fixtures.readAll(System.in).split("\n")) {
                String[] kind = line.split("\t");
                for (boolean cold : new boolean[] {true, false}) {
                    for (int free = 0; free < FREE; free++) {
                        try (URLClassLoader loader = application(arguments[0])) {
                            SecretStore store = (SecretStore) Class.forName("dev.vaultcipher.VaultSecretStore", true, loader)
                                    .getConstructor().newInstance();
                            if (!cold) {
                                load(store);
                            }
                            Deque<FileInputStream> held = fill();
                            for (int i = 0; i < free; i++) {
                                held.pop().close();
                            }
                            calls.make(store, kind[1], kind[0] + (cold ? ", cold, " : ", warm, ") + free);
                            for (FileInputStream file : held) {
                                file.close();
                            }
                            calls.mustSucceed(store, kind[1], kind[0]);
                        }
                    }
                }
            }
            calls.print();
        }

        private static Deque<FileInputStream> fill() {
            Deque<FileInputStream> held = new ArrayDeque<>();
            try {
                while (true) {
                    held.push(new FileInputStream("/dev/null"));
                }
            } catch (IOException full) {
                return held;
            }
        }
    }

    @Test
    public void withoutThreadsTheValueComesUnlessANameHasToBeLookedUp() throws Exception {
        assertTrue("to act as a user of its own the tests have to run as root", Surroundings.ROOT);
        Path open = Files.createDirectories(folder.resolve("open"));
        Files.createDirectories(open.resolve("java"));
        // Nobody may look into the home folder of root, where Java and this checkout may lie.
        Path java = Surroundings.javaHome(folder.resolve("threads"),
                "for path in $(echo \"" + String.join(" ", HostProcess.testClasses().toString(), HostProcess.apiStubs().toString(),
                        HostProcess.ourJar().toString(), HostProcess.codeSource(org.junit.Assert.class).toString(),
                        HostProcess.codeSource(org.hamcrest.Matcher.class).toString()) + "\"); do cp -r \"$path\" '" + open + "'; done",
                "chmod -R a+rX '" + folder + "'",
                "mount --bind '" + System.getProperty("java.home") + "' '" + open.resolve("java") + "'",
                "shift; set -- setpriv --reuid=" + SOMEBODY + " --regid=" + SOMEBODY + " --clear-groups prlimit --nproc=60 '"
                        + open.resolve("java/bin/java") + "' \"$@\"");
        String text = http.text("sample/secret", "password");
        HostProcess.Outcome outcome = program().javaHome(java)
                .classPath(open.resolve(HostProcess.testClasses().getFileName()), open.resolve(HostProcess.apiStubs().getFileName()),
                        open.resolve(HostProcess.codeSource(org.junit.Assert.class).getFileName()))
                .jvmFlags("-Ddev.vaultcipher.tmpdir=/tmp", "-Xlog:disable")
                .stdin("HTTP\t" + text).stdin("a name\t" + text.replace("127.0.0.1", "localhost"))
                .run(NoThreads.class.getName(), open.resolve(HostProcess.ourJar().getFileName()).toString(), Fixtures.sha256(value));
        assertFine(outcome);
        assertTrue(outcome.toString(), outcome.stdout.contains("HTTP\tvalue\t" + NoThreads.CALLS + "\n"));
        assertTrue(outcome.toString(), outcome.stdout.contains("a name\tVC2103\t" + NoThreads.CALLS + "\n"));
        Attacks.report("calls with no thread left", calls(outcome), tally(outcome));
    }

    static final class NoThreads {
        private static final int CALLS = 10;

        public static void main(String[] arguments) throws Exception {
            Calls calls = new Calls(arguments[1]);
            for (String line : Fixtures.readAll(System.in).split("\n")) {
                String[] kind = line.split("\t");
                for (int call = 0; call < CALLS; call++) {
                    try (URLClassLoader loader = application(arguments[0])) {
                        SecretStore store = (SecretStore) Class.forName("dev.vaultcipher.VaultSecretStore", true, loader)
                                .getConstructor().newInstance();
                        load(store);
                        CountDownLatch end = new CountDownLatch(1);
                        List<Thread> threads = fill(end);
                        calls.make(store, kind[1], kind[0]);
                        end.countDown();
                        for (Thread thread : threads) {
                            thread.join();
                        }
                        calls.mustSucceed(store, kind[1], kind[0]);
                    }
                }
            }
            calls.print();
        }

        private static List<Thread> fill(CountDownLatch end) {
            List<Thread> threads = new ArrayList<>();
            try {
                while (true) {
                    Thread thread = new Thread(() -> {
                        try {
                            end.await();
                        } catch (InterruptedException e) {
                            Thread.currentThread().interrupt();
                        }
                    });
                    thread.start();
                    threads.add(thread);
                }
            } catch (OutOfMemoryError full) {
                return threads;
            }
        }
    }

    @Test
    public void withoutMemoryTheMessageSaysSo() throws Exception {
        HostProcess.Outcome outcome = program().jvmFlags("-Xms64m", "-Xmx64m", "-XX:+UseSerialGC", "-Xint", "-Xlog:disable")
                .stdin("HTTP\t" + http.text("sample/secret", "password"))
                .stdin("HTTPS\t" + with(with(https.text("sample/secret", "password"), "tokenFile", tokenFile(https)), "caCert",
                        https.caFile()))
                .run(NoMemory.class.getName(), HostProcess.ourJar().toString(), Fixtures.sha256(value));
        assertFine(outcome);
        Attacks.report("calls with 64 to " + NoMemory.most() + " kB of memory left, the first one and later ones", calls(outcome), tally(outcome));
    }

    static final class NoMemory {
        private static final int[] KILOBYTES = {64, 256, 1024, 2048, 8192};
        /** Room for what may be held. */
        private static final long[] HELD = new long[1 << 20];
        private static final int PIECE = 1 << 16;
        private static final String CLOCK = "dev.vaultcipher.test.clock";
        private static long ahead;

        static int most() {
            return KILOBYTES[KILOBYTES.length - 1];
        }

        public static void main(String[] arguments) throws Exception {
            Calls calls = new Calls(arguments[1]);
            // The keepers look at the clock only where it was set when the library was first called.
            System.setProperty(CLOCK, "0");
            // It sets the limit from outside: nothing can be started from inside then.
            Process shell = new ProcessBuilder("sh").redirectError(ProcessBuilder.Redirect.INHERIT).start();
            for (String line : Fixtures.readAll(System.in).split("\n")) {
                String[] kind = line.split("\t");
                for (int kilobytes : KILOBYTES) {
                    for (boolean cold : new boolean[] {true, false}) {
                        try (URLClassLoader loader = application(arguments[0])) {
                            SecretStore store = (SecretStore) Class.forName("dev.vaultcipher.VaultSecretStore", true, loader)
                                    .getConstructor().newInstance();
                            load(store);
                            if (!cold) {
                                calls.mustSucceed(store, kind[1], kind[0]);
                            }
                            endKeepers();
                            limit(shell, Long.toString(size() + 32 * 1024 * 1024));
                            int held = fill(kilobytes * 1024 / PIECE);
                            calls.make(store, kind[1], kind[0] + (cold ? ", cold, " : ", warm, ") + kilobytes);
                            while (held > 0) {
                                memory("freeMemory", HELD[--held]);
                            }
                            limit(shell, "unlimited");
                            calls.mustSucceed(store, kind[1], kind[0]);
                        }
                    }
                }
            }
            shell.destroy();
            calls.print();
        }

        /** Their stacks come back at any moment. The clock of the tests lets them end at once. */
        private static void endKeepers() throws InterruptedException {
            System.setProperty(CLOCK, Long.toString(ahead += 60_000));
            while (Thread.getAllStackTraces().keySet().stream().anyMatch(thread -> thread.getName().equals("vault-cipher-keeper"))) {
                Thread.sleep(10); // nothing tells when a thread has ended that is not ours
            }
        }

        /** Takes all that is left, in ever smaller pieces, and gives some of them back. */
        private static int fill(int back) throws ReflectiveOperationException {
            int held = 0;
            for (int size = PIECE; size >= 64; size /= 4) {
                try {
                    while (true) {
                        HELD[held] = (Long) memory("allocateMemory", (long) size);
                        held++;
                    }
                } catch (InvocationTargetException full) {
                    // on with smaller ones
                }
            }
            // The first are the large ones.
            for (int i = 0; i < back; i++) {
                memory("freeMemory", HELD[i]);
                HELD[i] = HELD[--held];
            }
            return held;
        }

        /** A function of malloc's; the JDK has no other way to it. */
        private static Object memory(String method, long argument) throws ReflectiveOperationException {
            Class<?> unsafe = Class.forName("sun.misc.Unsafe");
            Field only = unsafe.getDeclaredField("theUnsafe");
            only.setAccessible(true);
            return unsafe.getMethod(method, long.class).invoke(only.get(null), argument);
        }

        private static long size() throws IOException {
            return Long.parseLong(Files.readString(Paths.get("/proc/self/statm")).split(" ")[0]) * 4096;
        }

        private static void limit(Process shell, String bytes) throws IOException {
            String command = "prlimit --pid " + ProcessHandle.current().pid() + " --as=" + bytes + ":; echo\n";
            shell.getOutputStream().write(command.getBytes(StandardCharsets.US_ASCII));
            shell.getOutputStream().flush();
            if (shell.getInputStream().read() != '\n') {
                throw new IOException("the limit is not set");
            }
        }
    }

    /** What became of the calls of a JVM. */
    private static final class Calls {
        private final String sha256;
        private final Map<String, Integer> outcomes = new TreeMap<>();

        private Calls(String sha256) {
            this.sha256 = sha256;
        }

        private void make(SecretStore store, String text, String what) {
            String outcome;
            try {
                outcome = Fixtures.sha256(store.get(text)).equals(sha256) ? "value" : "another value";
            } catch (SecretStoreException e) {
                outcome = e.getMessage().replaceAll("(?s)^.* \\((VC\\d+)\\)$", "$1");
                if (!outcome.matches("VC(916|2102|2103|2104)")) {
                    System.out.println(what + ": " + e.getMessage());
                }
            }
            outcomes.merge(what.replaceAll(", (cold|warm), \\d+", "") + '\t' + outcome, 1, Integer::sum);
        }

        private void mustSucceed(SecretStore store, String text, String what) {
            if (!Fixtures.sha256(store.get(text)).equals(sha256)) {
                System.out.println(what + ": another value");
            }
        }

        private void print() {
            outcomes.forEach((outcome, count) -> System.out.println(outcome + '\t' + count));
        }
    }

    private static URLClassLoader application(String jar) {
        return Installation.webApplication(SecretStore.class.getClassLoader(), Paths.get(jar));
    }

    private static void load(SecretStore store) {
        try {
            store.get(Installation.TEXT);
            throw new AssertionError("no message");
        } catch (SecretStoreException loaded) {
            assertTrue(loaded.getMessage(), loaded.getMessage().contains("\"endpoint\" is missing"));
        }
    }

    /** Not our jar on the class path: what is to be the first of something must not be loaded by the JVM's own class loader. */
    private static HostProcess program() {
        return Installation.program(HostProcess.apiStubs()).allowNativeAccess().environment("SECRET_STORE_VAULT_TOKEN", token);
    }

    private static void assertFine(HostProcess.Outcome outcome) {
        assertEquals(outcome.toString(), 0, outcome.exitCode);
        assertEquals(outcome.toString(), "", outcome.stderr);
        for (String line : outcome.stdout.split("\n")) {
            assertTrue(outcome.toString(), line.matches("[^\t]+\t(value|VC916|VC2102|VC2103|VC2104)\t\\d+"));
        }
    }

    private static int calls(HostProcess.Outcome outcome) {
        return outcome.stdout.lines().mapToInt(line -> Integer.parseInt(line.split("\t")[2])).sum();
    }

    private static String tally(HostProcess.Outcome outcome) {
        Map<String, Integer> counts = new TreeMap<>();
        outcome.stdout.lines().map(line -> line.split("\t"))
                .forEach(fields -> counts.merge(fields[1].equals("value") ? "values" : fields[1], Integer.parseInt(fields[2]), Integer::sum));
        StringBuilder tally = new StringBuilder();
        counts.forEach((what, count) -> tally.append(tally.length() == 0 ? "" : ", ").append(count).append(' ').append(what));
        return tally + "; the next call gives the value";
    }
}

package dev.vaultcipher.loading;

import static dev.vaultcipher.harness.Installation.assertSays;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.VaultCipher;
import dev.vaultcipher.VaultSecretStore;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.Installation;
import dev.vaultcipher.harness.Jdk;
import dev.vaultcipher.harness.VaultServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.ref.Cleaner;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.After;
import org.junit.Before;
import org.junit.Test;

/**
 * Log handlers that throw, and threads that calls usually do not come from. Each in a JVM of its own, which must come to its end in
 * time. A token file that everybody may read makes every call log a warning.
 */
public class HostThreadsTest {
    private static final int LIMIT_SECONDS = 20;

    private VaultServer vault;
    private Path folder;
    private String value;

    @Before
    public void startVault() throws IOException {
        folder = Fixtures.temporaryFolder("threads");
        value = Fixtures.randomText();
        vault = VaultServer.start();
        vault.putSecret("sample/secret", "password", value, "other", value);
    }

    @After
    public void stopVault() {
        vault.close();
        Fixtures.delete(folder);
    }

    @Test
    public void whateverAHandlerThrowsTheValueIsRead() throws IOException {
        // Each call logs; one that is served from the cache would not.
        assertReads(HandlerThrows.class, "0");
    }

    static final class HandlerThrows extends Program {
        @Override
        void run() {
            System.setErr(new PrintStream(OutputStream.nullOutputStream()) {
                @Override
                public void println(String line) {
                    throw new IllegalStateException("standard error is closed");
                }
            });
            AtomicReference<Throwable> next = new AtomicReference<>();
            AtomicInteger calls = new AtomicInteger();
            handler(record -> {
                calls.incrementAndGet();
                HandlerThrows.<RuntimeException>hurl(next.get());
            });
            for (Throwable thrown : new Throwable[] {new IllegalStateException("a"), new AssertionError("b"), new StackOverflowError(),
                new OutOfMemoryError(), new NoClassDefFoundError("c"), new IOException("d")}) {
                next.set(thrown);
                int before = calls.get();
                read(text);
                assertTrue("the handler was called", calls.get() > before);
            }
            // Thread.stop: the thread is to end, and not to go on.
            next.set(new ThreadDeath());
            try {
                read(text);
                throw new IllegalStateException("went on");
            } catch (ThreadDeath e) {
                next.set(new IllegalStateException("e"));
            }
            read(text);
        }

        @SuppressWarnings("unchecked")
        private static <T extends Throwable> void hurl(Throwable thrown) throws T {
            throw (T) thrown;
        }

        public static void main(String[] arguments) throws Exception {
            new HandlerThrows().inTime(arguments);
        }
    }

    /** The JDK's own threads do not let their context class loader be set. */
    @Test
    public void aThreadOfTheJdkReadsASecret() throws IOException {
        assertReads(OnACleaner.class);
    }

    static final class OnACleaner extends Program {
        @Override
        void run() throws Exception {
            AtomicReference<Throwable> thrown = new AtomicReference<>(new AssertionError("did not run"));
            CountDownLatch done = new CountDownLatch(1);
            Cleaner.create().register(new Object(), () -> {
                try {
                    read(text);
                    thrown.set(null);
                } catch (Throwable e) {
                    thrown.set(e);
                }
                done.countDown();
            });
            while (done.getCount() > 0) {
                System.gc();
                done.await(10, TimeUnit.MILLISECONDS);
            }
            if (thrown.get() != null) {
                throw new AssertionError(thrown.get());
            }
        }

        public static void main(String[] arguments) throws Exception {
            new OnACleaner().inTime(arguments);
        }
    }

    @Test
    public void aVirtualThreadReadsASecret() throws IOException {
        Jdk.hasFrom(21);
        assertReads(OnAVirtualThread.class);
    }

    static final class OnAVirtualThread extends Program {
        @Override
        void run() throws Exception {
            AtomicReference<Throwable> thrown = new AtomicReference<>(new AssertionError("did not run"));
            Runnable call = () -> {
                try {
                    read(text);
                    thrown.set(null);
                } catch (Throwable e) {
                    thrown.set(e);
                }
            };
            ((Thread) Thread.class.getMethod("startVirtualThread", Runnable.class).invoke(null, call)).join();
            if (thrown.get() != null) {
                throw new AssertionError(thrown.get());
            }
        }

        public static void main(String[] arguments) throws Exception {
            new OnAVirtualThread().inTime(arguments);
        }
    }

    private void assertReads(Class<? extends Program> program) throws IOException {
        assertReads(program, "0", "5s");
    }

    private void assertReads(Class<? extends Program> program, String... cacheTimes) throws IOException {
        Path token = Files.writeString(folder.resolve("token"), vault.createReader("sample/secret"));
        Files.setPosixFilePermissions(token, PosixFilePermissions.fromString("rw-r--r--"));
        String[] texts = new String[2];
        for (int i = 0; i < 2; i++) {
            String text = vault.text("sample/secret", i == 0 ? "password" : "other");
            texts[i] = text.substring(0, text.length() - 1) + ",\"tokenFile\":" + Fixtures.json(token.toString()) + '}';
        }
        for (String cacheTime : cacheTimes) {
            HostProcess.Outcome outcome = Installation.program(HostProcess.ourJar()).allowNativeAccess()
                    .environment("SECRET_STORE_VAULT_CACHE_TIME", cacheTime)
                    .run(program.getName(), texts[0], texts[1], Fixtures.sha256(value));
            assertSays("read in time", outcome);
        }
    }

    /** What one JVM does. */
    abstract static class Program {
        String text;
        String other;
        private String sha256;

        abstract void run() throws Exception;

        final void inTime(String[] arguments) throws InterruptedException {
            text = arguments[0];
            other = arguments[1];
            sha256 = arguments[2];
            Logger.getLogger("").getHandlers()[0].setLevel(java.util.logging.Level.OFF);
            AtomicReference<Throwable> thrown = new AtomicReference<>();
            Thread thread = new Thread(() -> {
                try {
                    run();
                } catch (Throwable e) {
                    thrown.set(e);
                }
            });
            thread.setDaemon(true);
            thread.start();
            thread.join(LIMIT_SECONDS * 1000L);
            System.out.println(thread.isAlive() ? "hangs" : thrown.get() == null ? "read in time" : thrown.get().toString());
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }

        final void read(String which) {
            assertEquals(sha256, Fixtures.sha256(new VaultSecretStore().get(which)));
            assertEquals(sha256, Fixtures.sha256(new VaultCipher().decrypt(which)));
        }

        static void handler(java.util.function.Consumer<LogRecord> publish) {
            Logger.getLogger("dev.vaultcipher").addHandler(new Handler() {
                @Override
                public void publish(LogRecord record) {
                    publish.accept(record);
                }

                @Override
                public void flush() {
                    // nothing is kept
                }

                @Override
                public void close() {
                    // nothing is open
                }
            });
        }
    }
}

package dev.vaultcipher.loading;

import static org.junit.Assert.assertEquals;

import dev.vaultcipher.VaultSecretStore;
import dev.vaultcipher.harness.Cleanup;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.VaultServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/**
 * The host's own code runs while a secret is read: a log handler, the values that a thread inherits. It may read a secret itself,
 * wait for another thread that reads, or take long. No thread waits without an end, and each gets the right value.
 */
public class ReentranceTest {
    private static final Cleanup CLEANUP = new Cleanup();
    private static VaultServer vault;
    private static String one;
    private static String other;
    private static String text;
    private static String otherText;

    @BeforeClass
    public static void startVault() throws IOException {
        vault = VaultServer.start();
        one = Fixtures.randomText();
        other = Fixtures.randomText();
        vault.putSecret("reentrance", "one", one);
        vault.putSecret("another", "other", other);
        // Everybody may read the file, which is a warning at each login.
        Path token = Files.writeString(CLEANUP.folder("token").resolve("token"), vault.rootToken());
        Files.setPosixFilePermissions(token, PosixFilePermissions.fromString("rw-r--r--"));
        String file = "{\"tokenFile\":\"" + token + "\",\"timeout\":10,";
        text = vault.text("reentrance", "one").replaceFirst("\\{", file);
        otherText = vault.text("another", "other").replaceFirst("\\{", file);
    }

    @AfterClass
    public static void stopVault() {
        vault.close();
        CLEANUP.close();
    }

    @Test
    public void aLogHandlerReadsTheSameText() {
        run("same");
    }

    @Test
    public void aLogHandlerReadsAnotherText() {
        run("another");
    }

    @Test
    public void aLogHandlerWaitsForAThreadThatReadsTheSameText() {
        run("lock");
    }

    @Test
    public void aLogHandlerThatTakesLongHoldsUpNoOtherText() {
        run("slow");
    }

    @Test
    public void aLogHandlerThatThrowsLosesItsLineOnly() {
        run("throws");
    }

    @Test
    public void whatTheKeepersThreadInheritsReadsASecret() {
        run("inherits");
    }

    @Test
    public void aThreadThatWaitsForAnotherOneIsInterrupted() {
        run("interrupt");
    }

    private static void run(String variant) {
        HostProcess.Outcome outcome = HostProcess.plain().allowNativeAccess().environment("SECRET_STORE_VAULT_CACHE_TIME", null)
                .environment("VAULT_CLIENT_TIMEOUT", null).run(Host.class.getName(), variant, text, otherText);
        String said = outcome.stdout.trim();
        assertEquals(outcome.toString(), Fixtures.sha256(one) + ' ' + Fixtures.sha256(other), said);
    }

    /** The host: prints the fingerprints of both values. */
    public static final class Host {
        private static final VaultSecretStore STORE = new VaultSecretStore();
        private static final AtomicInteger DEPTH = new AtomicInteger();
        private static final Object LOCK = new Object();
        private static final CountDownLatch IN_HANDLER = new CountDownLatch(1);
        private static String variant;
        private static String text;
        private static String otherText;

        private Host() {
        }

        public static void main(String[] arguments) throws Exception {
            variant = arguments[0];
            text = arguments[1];
            otherText = arguments[2];
            Logger logger = Logger.getLogger("dev.vaultcipher");
            logger.setUseParentHandlers(false);
            logger.addHandler(new Reading());
            InheritableThreadLocal<String> inherited = new InheritableThreadLocal<String>() {
                @Override
                protected String childValue(String parent) {
                    return variant.equals("inherits") ? STORE.get(otherText) : parent;
                }
            };
            inherited.set("parent");
            String[] values = new String[2];
            Thread first = new Thread(() -> values[0] = STORE.get(text));
            first.start();
            switch (variant) {
                case "lock":
                    // Holds the lock that the handler waits for, and waits for the text that the handler's thread reads.
                    synchronized (LOCK) {
                        IN_HANDLER.await();
                        check(STORE.get(text));
                    }
                    break;
                case "slow":
                    IN_HANDLER.await();
                    long start = System.nanoTime(); // by time: whether it waited is what is asked
                    STORE.get(otherText);
                    if (System.nanoTime() - start > TimeUnit.SECONDS.toNanos(4)) {
                        throw new AssertionError("another text waited for the handler");
                    }
                    break;
                case "interrupt":
                    IN_HANDLER.await();
                    Thread waits = new Thread(() -> {
                        try {
                            STORE.get(text);
                        } catch (RuntimeException e) {
                            // It is stopped, or has its value already.
                        }
                    });
                    waits.start();
                    waits.interrupt();
                    waits.join(5_000);
                    if (waits.isAlive()) {
                        throw new AssertionError("the thread waits on");
                    }
                    break;
                default:
                    break;
            }
            first.join();
            values[1] = STORE.get(otherText);
            System.out.println(Fixtures.sha256(values[0]) + ' ' + Fixtures.sha256(values[1]));
        }

        private static void check(String value) {
            if (value == null || value.isEmpty()) {
                throw new AssertionError("there is no value");
            }
        }

        private static final class Reading extends Handler {
            @Override
            public void publish(LogRecord record) {
                int depth = DEPTH.incrementAndGet();
                IN_HANDLER.countDown();
                if (depth > 3) {
                    return;
                }
                switch (variant) {
                    case "same":
                        check(STORE.get(text));
                        break;
                    case "another":
                        check(STORE.get(otherText));
                        break;
                    case "lock":
                        synchronized (LOCK) {
                            DEPTH.incrementAndGet();
                        }
                        break;
                    case "slow":
                    case "interrupt":
                        if (depth == 1) {
                            Fixtures.pause(6_000); // a slow log: longer than the others may wait for it
                        }
                        break;
                    case "throws":
                        throw new IllegalStateException("on purpose");
                    default:
                        break;
                }
            }

            @Override
            public void flush() {
            }

            @Override
            public void close() {
            }
        }
    }
}

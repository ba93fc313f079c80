package dev.vaultcipher.loading;

import static org.junit.Assert.assertEquals;

import dev.vaultcipher.VaultSecretStore;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.VaultServer;
import dev.vaultcipher.login.RevocationTest;
import java.util.concurrent.CountDownLatch;
import org.junit.Test;

/**
 * A call that fails leaves no thread running; one that gives a value leaves one, which ends when the start is over. More of
 * that one: {@link RevocationTest}.
 */
public class ThreadsLeftTest {
    /** Without compiler and collector threads, which come and go as the JVM likes. */
    private static final String[] QUIET_JVM = {"-Xint", "-XX:+UseSerialGC", "-Xcheck:jni"};

    /** A store as it must not be: so the search itself can fail. */
    public static final class Leaving implements com.atlassian.secrets.api.SecretStore {
        @Override
        public String get(String text) {
            Thread thread = new Thread(() -> {
                try {
                    new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }, "left-behind");
            thread.setDaemon(true);
            thread.start();
            return text;
        }

        @Override
        public String store(String text) {
            return text;
        }
    }

    @Test
    public void noThreadIsLeftHoweverTheCallEnds() {
        try (VaultServer vault = VaultServer.start()) {
            vault.putSecret("sample/secret", "password", Fixtures.randomText());
            String text = vault.text("sample/secret", "password");
            HostProcess.Outcome outcome = HostProcess.plain().jvmFlags(QUIET_JVM)
                    .environment("SECRET_STORE_VAULT_TOKEN", vault.rootToken())
                    .run(ThreadsLeft.class.getName(), VaultSecretStore.class.getName(), "7000",
                            text.replace("sample/secret", "no/secret"),
                            text.replace(vault.address(), "http://127.0.0.1:1"),
                            text.replace(vault.address(), "http://vault.invalid:8200"),
                            text.replace(vault.address(), "https://127.0.0.1:" + vault.port()),
                            text,
                            text.replace("127.0.0.1", "localhost"));
            assertEquals(outcome.stderr,
                    "a failure, threads left: []\n".repeat(4) + "a value, threads left: [KEEPER]\n".repeat(2)
                            // JDKs differ in which fifteen bytes of a name they tell Linux.
                            + "in the end: []\n", outcome.stdout.replaceAll("vault-c[a-z.-]{8}", "KEEPER"));
        }
    }

    @Test
    public void aThreadThatIsLeftIsFound() {
        HostProcess.Outcome outcome =
                HostProcess.plain().jvmFlags(QUIET_JVM).run(ThreadsLeft.class.getName(), Leaving.class.getName(), "100", "");
        assertEquals("a value, threads left: [left-behind]\nin the end: [left-behind]\n", outcome.stdout);
    }
}

package dev.vaultcipher.docs;

import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.Cleanup;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.VaultServer;
import java.io.IOException;

/** The administrator's shell, in which {@code vault} is the server's program, used by root. */
final class VaultShell {

    private VaultShell() {
    }

    /** Runs the commands; returns what they print. */
    static String run(VaultServer vault, String commands) throws IOException {
        ProcessBuilder builder = new ProcessBuilder("sh", "-euc", "umask 077\nvault() { \"$BAO_BIN\" \"$@\"; }\n" + commands)
                .redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> name.startsWith("VAULT_") || name.startsWith("BAO_")
                || name.startsWith("SECRET_STORE_"));
        builder.environment().put("BAO_BIN", Fixtures.fromEnvironment("VAULT_BIN").toString());
        builder.environment().put("VAULT_ADDR", vault.address());
        builder.environment().put("VAULT_TOKEN", vault.rootToken());
        builder.environment().put("VAULT_CACERT", vault.caFile().toString());
        try (Cleanup cleanup = new Cleanup()) {
            Process shell = cleanup.start(builder);
            shell.getOutputStream().close();
            String output = Fixtures.readAll(shell.getInputStream());
            assertTrue("this fails:\n" + commands + "\n" + output, shell.waitFor() == 0);
            return output;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}

package dev.vaultcipher.harness;

import static org.junit.Assert.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.Paths;

/** The administrator's shell, in which {@code vault} is the server's program, used by root. */
public final class VaultShell {

    private VaultShell() {
    }

    /** Runs the commands; returns what they print. */
    public static String run(VaultServer vault, String commands) throws IOException {
        return run(vault, Paths.get("").toAbsolutePath(), commands, "");
    }

    /** Runs the commands in this folder; somebody types this. */
    public static String run(VaultServer vault, Path folder, String commands, String typed) throws IOException {
        ProcessBuilder builder = new ProcessBuilder("bash", "-euc", "umask 077\nvault() { \"$BAO_BIN\" \"$@\"; }\n" + commands)
                .directory(folder.toFile()).redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> name.startsWith("VAULT_") || name.startsWith("BAO_")
                || name.startsWith("SECRET_STORE_"));
        builder.environment().put("BAO_BIN", Fixtures.fromEnvironment("VAULT_BIN").toString());
        builder.environment().put("VAULT_ADDR", vault.address());
        builder.environment().put("VAULT_TOKEN", vault.rootToken());
        if (vault.address().startsWith("https")) {
            builder.environment().put("VAULT_CACERT", vault.caFile().toString());
        }
        try (Cleanup cleanup = new Cleanup()) {
            Process shell = cleanup.start(builder);
            try (OutputStream keyboard = shell.getOutputStream()) {
                keyboard.write(typed.getBytes(StandardCharsets.UTF_8));
            }
            String output = Fixtures.readAll(shell.getInputStream());
            assertTrue("this fails:\n" + commands + "\n" + output, shell.waitFor() == 0);
            return output;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}

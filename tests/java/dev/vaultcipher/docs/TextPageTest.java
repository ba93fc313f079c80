package dev.vaultcipher.docs;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.Cleanup;
import dev.vaultcipher.harness.DocsFiles;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.PostgresServer;
import dev.vaultcipher.harness.StoreSession;
import dev.vaultcipher.harness.VaultServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.Test;

/** Each example in docs/text.md does what the page says of it. */
public class TextPageTest {
    private static final Path PAGE = Paths.get("docs", "text.md");

    /** A block marked "secret" is run, then each "text" of the same name gives what the "value" of that name says. */
    @Test
    public void everyExampleGivesWhatThePageSays() throws IOException {
        String administrator = Fixtures.randomText();
        try (VaultServer vault = VaultServer.start(); PostgresServer postgres = PostgresServer.start();
                Cleanup cleanup = new Cleanup(); StoreSession session = StoreSession.withToken(vault.rootToken())) {
            postgres.createAdministrator("vault", administrator);
            postgres.createUser("bitbucket", Fixtures.randomText());
            Path folder = cleanup.folder("commands");
            Files.createSymbolicLink(folder.resolve("vault"), Fixtures.fromEnvironment("VAULT_BIN"));
            List<DocsFiles.Block> blocks = DocsFiles.blocks(PAGE);
            Map<String, String> values = new TreeMap<>();
            for (DocsFiles.Block block : blocks) {
                String content = block.content.replaceAll("https://vault[-0-9]*\\.example\\.com:8200", vault.address())
                        .replace("db.example.com:5432/postgres", postgres.jdbcUrl().replace("jdbc:postgresql://", ""));
                if (block.language.equals("sh")) {
                    ProcessBuilder shell = new ProcessBuilder("sh", "-euc", content).directory(folder.toFile());
                    for (String prefix : List.of("VAULT_", "BAO_")) {
                        shell.environment().put(prefix + "ADDR", vault.address());
                        shell.environment().put(prefix + "TOKEN", vault.rootToken());
                    }
                    shell.environment().merge("PATH", folder.toString(), (path, first) -> first + ':' + path);
                    shell.environment().put("HOME", folder.toString());
                    shell.environment().put("VAULT_DATABASE_PASSWORD", administrator);
                    content = output(cleanup, shell, block);
                }
                if (block.kind.equals("value")) {
                    assertEquals(block.toString(), null, values.put(block.name, content.replaceFirst("\\n$", "")));
                }
            }
            int texts = 0;
            for (DocsFiles.Block block : blocks) {
                if (block.language.equals("json")) {
                    String value = values.get(block.name);
                    assertTrue(block + "has no value", block.kind.equals("text") && value != null);
                    StoreSession.Outcome outcome = session.get(
                            block.content.replaceAll("https://vault[-0-9]*\\.example\\.com:8200", vault.address()));
                    assertEquals(block.toString() + outcome, Fixtures.sha256(value), outcome.call.valueSha256);
                    assertEquals(block.toString() + outcome, List.of(), outcome.warnings);
                    texts++;
                }
            }
            assertTrue(texts + " texts", texts > 10);
        }
    }

    private static String output(Cleanup cleanup, ProcessBuilder shell, DocsFiles.Block block) throws IOException {
        Process process = cleanup.start(shell.redirectErrorStream(true));
        process.getOutputStream().close();
        String output = Fixtures.readAll(process.getInputStream());
        try {
            assertEquals(block.toString() + output, 0, process.waitFor());
            return output;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}

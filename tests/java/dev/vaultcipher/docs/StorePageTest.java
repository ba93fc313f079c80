package dev.vaultcipher.docs;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.Cleanup;
import dev.vaultcipher.harness.DocsFiles;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.VaultServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import org.junit.Test;

/** Every example in docs/store.md is run as it stands, in its order: Vault's commands, the environment, the vendor's tool. */
public class StorePageTest {
    private static final Path PAGE = Paths.get("docs", "store.md");

    @Test
    public void everyExampleDoesWhatThePageSays() throws IOException {
        try (VaultServer vault = VaultServer.start(); Cleanup cleanup = new Cleanup()) {
            Path folder = cleanup.folder("commands");
            Files.createSymbolicLink(folder.resolve("vault"), Fixtures.fromEnvironment("VAULT_BIN"));
            List<String> kinds = new ArrayList<>();
            String[] environment = {};
            String[] tool = {};
            String printed = "";
            for (DocsFiles.Block block : DocsFiles.blocks(PAGE)) {
                String content = block.content.replace(DocsServers.ENDPOINT, vault.address());
                switch (block.kind) {
                    case "setup":
                        shell(vault, folder, content);
                        break;
                    case "environment":
                        environment = shell(vault, folder, content
                                + "\nenv -0 | grep -zE '^(SECRET_STORE_VAULT|VAULT)_TOKEN='").split("\0");
                        break;
                    case "template":
                        environment = java.util.Arrays.copyOf(environment, environment.length + 1);
                        environment[environment.length - 1] =
                                shell(vault, folder, content + "\nenv -0 | grep -z '^SECRET_STORE_VAULT_STORE_TEXT='").split("\0")[0];
                        break;
                    case "command":
                        List<String> arguments = DocsFiles.arguments("java", content);
                        assertEquals(block.toString(), List.of("-cp", "./*", "com.atlassian.secrets.cli.db.DbCipherTool"),
                                arguments.subList(0, 3));
                        tool = arguments.subList(3, arguments.size()).toArray(new String[0]);
                        break;
                    case "order":
                        assertEquals(block.toString(), 1, content.split("\n").length);
                        printed = run(environment, tool, content.trim());
                        assertFalse(block + printed, printed.contains("example-"));
                        break;
                    case "stored":
                        assertTrue(block + printed,
                                printed.replaceAll("[0-9a-f]{32}", "0123456789abcdef0123456789abcdef")
                                        .endsWith("Success! Put this text into the configuration: " + content));
                        break;
                    case "check":
                        printed = shell(vault, folder, content);
                        break;
                    case "refused":
                        assertTrue(block + printed, printed.contains("Failed: ") && printed.contains(content.trim()));
                        break;
                    case "printed":
                        assertEquals(block.toString(), content.trim(), printed.trim());
                        break;
                    default:
                        throw new AssertionError("nothing is done with this block: " + block);
                }
                kinds.add(block.kind);
            }
            assertEquals(6, kinds.stream().filter("order"::equals).count());
            assertEquals(5, kinds.stream().filter("stored"::equals).count());
        }
    }

    /** Runs the vendor's tool, which asks for the text. */
    private static String run(String[] environment, String[] arguments, String text) {
        HostProcess jvm = HostProcess.plain().jvmFlags("-Xcheck:jni").stdin(text);
        for (String variable : environment) {
            String[] nameAndValue = variable.split("=", 2);
            jvm.environment(nameAndValue[0], nameAndValue[0].endsWith("TOKEN") ? Canaries.keep(nameAndValue[1]) : nameAndValue[1]);
        }
        return jvm.run("dev.vaultcipher.host.CipherTool", arguments).stdout;
    }

    /** Runs a shell in which {@code vault} is the server's program, used by root; returns what it prints. */
    private static String shell(VaultServer vault, Path folder, String commands) throws IOException {
        ProcessBuilder shell = new ProcessBuilder("sh", "-euc", commands).directory(folder.toFile()).redirectErrorStream(true);
        for (String prefix : List.of("VAULT_", "BAO_")) {
            shell.environment().put(prefix + "ADDR", vault.address());
            shell.environment().put(prefix + "TOKEN", vault.rootToken());
        }
        shell.environment().merge("PATH", folder.toString(), (path, first) -> first + ':' + path);
        shell.environment().put("HOME", folder.toString());
        try (Cleanup cleanup = new Cleanup()) {
            Process process = cleanup.start(shell);
            process.getOutputStream().close();
            String output = Fixtures.readAll(process.getInputStream());
            assertEquals(commands + output, 0, process.waitFor());
            return output;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}

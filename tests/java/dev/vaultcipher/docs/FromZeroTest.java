package dev.vaultcipher.docs;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.VaultSecretStore;
import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.Cleanup;
import dev.vaultcipher.harness.DocsFiles;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.VaultServer;
import dev.vaultcipher.harness.VaultShell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** The way of an administrator who has an empty Vault and a password: the commands of the README and of each product's page. */
public class FromZeroTest {
    private static VaultServer vault;

    @BeforeClass
    public static void startVault() {
        vault = VaultServer.start();
    }

    @AfterClass
    public static void stopVault() {
        vault.close();
    }

    @Test
    public void theReadmesCommandsLeadToTheSecret() throws IOException {
        assertLeadsToTheSecret(Paths.get("README.md"), "bitbucket");
    }

    @Test
    public void theCommandsOfEachProductsPageLeadToTheSecret() throws IOException {
        for (String product : DocsServers.PRODUCTS) {
            assertLeadsToTheSecret(Paths.get("docs", "products", product + ".md"), product);
        }
    }

    /** The token that the commands print reads the password that was typed, and nothing else. */
    private static void assertLeadsToTheSecret(Path page, String product) throws IOException {
        String password = Fixtures.randomText();
        StringBuilder commands = new StringBuilder();
        try (Cleanup cleanup = new Cleanup()) {
            Path folder = cleanup.folder("from-zero");
            for (DocsFiles.Block block : DocsFiles.blocks(page)) {
                if (block.language.equals("hcl")) {
                    Files.writeString(folder.resolve(product + "-database.hcl"), block.content);
                } else if (block.content.contains("vault kv put") || block.content.contains("vault token create")) {
                    commands.append(block.content);
                }
            }
            String[] printed = VaultShell.run(vault, folder, commands.toString(), password + '\n').split("\n");
            assertTrue(page + ": a token is made", commands.indexOf("vault token create") > 0);
            String token = Canaries.keep(printed[printed.length - 1].trim());
            HostProcess.Outcome outcome = HostProcess.loading(VaultSecretStore.class.getName())
                    .environment("SECRET_STORE_VAULT_TOKEN", token)
                    .call(vault.text(product + "/database", "password"), vault.text("other/database", "password"));
            assertEquals(page + ": " + outcome, Fixtures.sha256(password), outcome.calls.get(0).valueSha256);
            assertTrue(outcome.toString(), outcome.calls.get(1).message.contains("does not allow"));
        }
    }
}

package dev.vaultcipher.docs;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNotNull;

import dev.vaultcipher.VaultSecretStore;
import dev.vaultcipher.harness.DocsFiles;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.Logins;
import dev.vaultcipher.harness.PostgresServer;
import dev.vaultcipher.harness.VaultServer;
import dev.vaultcipher.harness.VaultShell;
import java.io.IOException;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.Test;

/** Every example in docs/start-up.md is run as it stands: Vault's commands, then the texts of each name in one JVM. */
public class StartUpPageTest {
    private static final Path PAGE = Paths.get("docs", "start-up.md");
    private static final String FOLDER = "/etc/vault-cipher";

    @Test
    public void everyExampleGivesItsSecret() throws IOException {
        String administrator = Fixtures.randomText();
        try (Logins logins = new Logins(VaultServer.startTls()); PostgresServer postgres = PostgresServer.start()) {
            logins.vault.putSecret("bitbucket/database", "password", logins.value);
            postgres.createAdministrator("vault", administrator);
            logins.vault.put("sys/mounts/database", "{\"type\":\"database\"}");
            logins.vault.put("database/config/bitbucket", "{\"plugin_name\":\"postgresql-database-plugin\",\"allowed_roles\":\"*\","
                    + "\"connection_url\":" + Fixtures.json("postgresql://{{username}}:{{password}}@"
                            + postgres.jdbcUrl().replace("jdbc:postgresql://", ""))
                    + ",\"username\":\"vault\",\"password\":" + Fixtures.json(administrator) + '}');
            Map<String, List<String>> texts = new TreeMap<>();
            for (DocsFiles.Block block : DocsFiles.blocks(PAGE)) {
                String content = block.content.replace(DocsServers.ENDPOINT, logins.vault.address())
                        .replace(FOLDER, Paths.get(logins.path("x")).getParent().toString());
                if (block.kind.equals("setup")) {
                    VaultShell.run(logins.vault, content);
                } else {
                    assertEquals(block.toString(), "text", block.kind);
                    texts.computeIfAbsent(block.name, name -> new ArrayList<>()).add(content);
                }
            }
            assertEquals("[cacheTime, inlineLogin, renew, revoke]", texts.keySet().toString());
            for (Map.Entry<String, List<String>> example : texts.entrySet()) {
                HostProcess.Outcome outcome = HostProcess.loading(VaultSecretStore.class.getName()).allowNativeAccess()
                        .environment("VAULT_CACERT", logins.vault.caFile().toString())
                        .environment("SECRET_STORE_VAULT_CACHE_TIME", "5")
                        .call(example.getValue().toArray(new String[0]));
                assertEquals(outcome.toString(), example.getValue().size(), outcome.calls.size());
                for (HostProcess.Call call : outcome.calls) {
                    assertNotNull(example.getKey() + outcome, call.valueSha256);
                    if (!example.getKey().equals("renew")) {
                        assertEquals(example.getKey() + outcome, Fixtures.sha256(logins.value), call.valueSha256);
                    }
                }
                assertEquals(example.getKey() + outcome, "", outcome.stderr);
            }
        }
    }
}

package dev.vaultcipher.harness;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Map;

/**
 * Runs a command while there is a Vault over HTTP and one over HTTPS with the same secret, and ends as the command does. The
 * first argument is an empty folder, which gets the HTTPS server's CA and another, as {@code vault-ca.pem} and {@code other-ca.pem}, and as trust stores with
 * the password {@code changeit}: {@code .JKS} and {@code .PKCS12}. The command has in its
 * environment: {@code TEST_HTTP} and {@code TEST_HTTPS}, each a text that points to the secret; {@code TEST_SHA256}, that of the
 * value; {@code SECRET_STORE_VAULT_TOKEN}, a token that both accept.
 */
final class WithVault {
    private WithVault() {
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        Path folder = Paths.get(arguments[0]);
        ProcessBuilder command = new ProcessBuilder(arguments).inheritIO();
        command.command().remove(0);
        int exitCode;
        try (VaultServer http = VaultServer.start(); VaultServer https = VaultServer.startTls()) {
            String value = Fixtures.randomText();
            String token = Canaries.keep(Fixtures.randomText());
            for (VaultServer vault : new VaultServer[] {http, https}) {
                vault.putSecret("platforms", "password", value);
                vault.put("sys/policies/acl/platforms",
                        "{\"policy\":\"path \\\"secret/data/platforms\\\" { capabilities = [\\\"read\\\"] }\"}");
                vault.put("auth/token/create", "{\"id\":\"" + token + "\",\"policies\":[\"platforms\"],\"ttl\":\"1h\"}");
            }
            Files.copy(https.caFile(), folder.resolve("vault-ca.pem"));
            Files.write(folder.resolve("other-ca.pem"), TestCertificate.ca("Another CA").pem().getBytes(StandardCharsets.US_ASCII));
            for (String ca : new String[] {"vault-ca", "other-ca"}) {
                for (String type : new String[] {"JKS", "PKCS12"}) {
                    TrustStores.withCertificate(folder.resolve(ca + ".pem"), folder.resolve(ca + '.' + type), type);
                }
            }
            Map<String, String> environment = command.environment();
            environment.put("TEST_HTTP", http.text("platforms", "password"));
            environment.put("TEST_HTTPS", https.text("platforms", "password"));
            environment.put("TEST_SHA256", Fixtures.sha256(value));
            environment.put("SECRET_STORE_VAULT_TOKEN", token);
            exitCode = command.start().waitFor();
        }
        System.exit(exitCode);
    }
}

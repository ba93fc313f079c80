package dev.vaultcipher.docs;

import static org.junit.Assert.assertEquals;

import dev.vaultcipher.VaultSecretStore;
import dev.vaultcipher.harness.AmazonAccount;
import dev.vaultcipher.harness.AzureCloud;
import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.DocsFiles;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.GitHubApi;
import dev.vaultcipher.harness.GoogleCloud;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.JwtIssuer;
import dev.vaultcipher.harness.LdapServer;
import dev.vaultcipher.harness.Logins;
import dev.vaultcipher.harness.RadiusServer;
import dev.vaultcipher.harness.TestCertificate;
import dev.vaultcipher.harness.VaultServer;
import dev.vaultcipher.harness.VaultShell;
import java.io.IOException;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.Test;

/** Every example in docs/authentication.md is run as it stands: Vault's commands, the environment, the text. */
public class AuthenticationPageTest {
    private static final Path PAGE = Paths.get("docs", "authentication.md");
    private static final String FOLDER = "/etc/vault-cipher";
    private static final String DIRECTORY = "ldaps://ldap.example.com";

    @Test
    public void everyExampleLeadsToTheSecret() throws IOException {
        try (Logins logins = new Logins(VaultServer.startTlsWithPlugins());
                LdapServer directory = LdapServer.start("bitbucket");
                RadiusServer radius = RadiusServer.start("bitbucket");
                GitHubApi github = new GitHubApi();
                AmazonAccount amazon = AmazonAccount.start();
                GoogleCloud google = new GoogleCloud();
                AzureCloud azure = new AzureCloud()) {
            logins.vault.putSecret("bitbucket/database", "password", logins.value);
            logins.vault.registerPlugin("github", "github");
            writeFiles(logins, directory);
            writeFilesOfClouds(logins, amazon, google, azure);
            logins.file("radius-secret", radius.secret);
            logins.file("radius-password", radius.password);
            logins.file("github-token", github.token + '\n');
            List<String> tried = new ArrayList<>();
            List<String> environment = List.of();
            for (DocsFiles.Block block : DocsFiles.blocks(PAGE)) {
                String content = block.content.replace(DocsServers.ENDPOINT, logins.vault.address())
                        .replace(FOLDER, Paths.get(logins.path("x")).getParent().toString())
                        .replace(DIRECTORY, directory.url())
                        .replace("host=radius.example.com port=1812", "host=127.0.0.1 port=" + radius.port)
                        .replace("https://github.example.com/api/v3/", github.address())
                        .replace("auth/aws/config/client ", "auth/aws/config/client " + amazon.arguments() + " ");
                if (block.kind.equals("login-setup")) {
                    VaultShell.run(logins.vault, content);
                    if (block.name.equals("gcp")) { // where Google is not the real one, Vault's method is told so
                        logins.vault.put("auth/gcp/config", google.configuration());
                    }
                    environment = List.of();
                } else if (block.kind.equals("login-environment")) {
                    environment = List.of(VaultShell.run(logins.vault, content + "\nunset VAULT_ADDR VAULT_TOKEN VAULT_CACERT BAO_BIN\n"
                            + "env -0 | grep -zE '^(SECRET_STORE|VAULT|AWS|GOOGLE|AZURE)_'").split("\0"));
                } else {
                    assertEquals(block.toString(), "login-text", block.kind);
                    assertReads(logins, block, content, environment, azure.proxy());
                    tried.add(block.name);
                }
            }
            assertEquals("each section of a method has an example", methodsWithSection(), methodsOf(tried));
            // The commands within sentences. OpenBao's interface to plugins lacks what writing Azure's configuration needs.
            int run = 0;
            Matcher command = Pattern.compile("`(vault [^`]*)`").matcher(DocsFiles.text(PAGE).replaceAll("(?s)```.*?```", ""));
            while (command.find()) {
                String words = command.group(1).replaceAll("\\s+", " ");
                if (!words.contains("auth/azure/config")) {
                    VaultShell.run(logins.vault, words);
                    run++;
                }
            }
            assertEquals("commands within sentences", 2, run);
        }
    }

    /** The methods of the page's table that have a section of this page. */
    private static Set<String> methodsWithSection() {
        Set<String> methods = new TreeSet<>();
        Matcher row = Pattern.compile("(?m)^\\| \\[`[A-Z]+`\\]\\(#([a-z]+)\\)").matcher(DocsFiles.text(PAGE));
        while (row.find()) {
            methods.add(row.group(1));
        }
        return methods;
    }

    /** Of approle, approle-wrapped and namespaces it is approle. */
    private static Set<String> methodsOf(List<String> examples) {
        return examples.stream().filter(name -> !name.equals("namespaces")).map(name -> name.split("-")[0])
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static void assertReads(Logins logins, DocsFiles.Block block, String text, List<String> environment,
            String proxy) {
        HostProcess jvm = HostProcess.loading(VaultSecretStore.class.getName())
                .environment("VAULT_CACERT", logins.path("authorities.pem"))
                .environment("HTTPS_PROXY", proxy);
        for (String variable : environment) {
            String[] nameAndValue = variable.split("=", 2);
            if (nameAndValue.length == 2) {
                jvm.environment(nameAndValue[0], nameAndValue[1]);
            }
        }
        // Twice: a server has several properties.
        HostProcess.Outcome outcome = jvm.call(text, text);
        for (HostProcess.Call call : outcome.calls) {
            assertEquals(block + outcome.toString(), Fixtures.sha256(logins.value), call.valueSha256);
        }
        assertEquals(outcome.toString(), 2, outcome.calls.size());
    }

    private static void writeFilesOfClouds(Logins logins, AmazonAccount amazon, GoogleCloud google, AzureCloud azure) {
        amazon.createRole("bitbucket");
        AmazonAccount.Keys keys = amazon.assumeRole("bitbucket", "i-0abc");
        amazon.checkSignatures();
        logins.file("aws-credentials", "[default]\naws_access_key_id = " + keys.id + "\naws_secret_access_key = " + keys.secret
                + "\naws_session_token = " + keys.sessionToken + '\n');
        logins.vault.registerPlugin("aws", "aws");
        logins.file("google-key.json", google.keyFile());
        logins.vault.registerPlugin("gcp", "gcp", google.environment());
        logins.file("authorities.pem", DocsFiles.text(logins.vault.caFile()) + azure.ca().pem());
        logins.file("azure-token", azure.federated);
        logins.vault.registerPlugin("azure", "vault-plugin-auth-azure", azure.environment());
    }

    /** What the administrator has already when the examples begin. */
    private static void writeFiles(Logins logins, LdapServer directory) {
        JwtIssuer issuer = new JwtIssuer();
        logins.file("issuer.pem", issuer.publicKeyPem());
        logins.file("jwt", issuer.jwt("vault", 600));
        TestCertificate ca = TestCertificate.ca("Client CA");
        TestCertificate client = TestCertificate.named("bitbucket").issuedBy(ca)
                .extendedKeyUsage(TestCertificate.CLIENT_AUTH).build();
        logins.file("client-ca.pem", ca.pem());
        logins.file("client.pem", client.pem());
        logins.file("client-key.pem", client.keyPem());
        logins.file("password", Canaries.keep(Fixtures.randomText()));
        logins.file("ldap-password", directory.password);
        logins.file("database-password", logins.value);
    }
}

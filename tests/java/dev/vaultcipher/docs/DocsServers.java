package dev.vaultcipher.docs;

import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.Cleanup;
import dev.vaultcipher.harness.DocsFiles;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostHome;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.KubernetesCluster;
import dev.vaultcipher.harness.PostgresServer;
import dev.vaultcipher.harness.VaultServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The servers that the documentation's examples speak of: a Vault with the database passwords of the five products, their
 * database, and a Kubernetes cluster with a service account for each, for which Vault has a role.
 */
final class DocsServers implements AutoCloseable {
    static final List<String> PRODUCTS = List.of("bitbucket", "jira", "confluence", "bamboo", "crowd");
    /** Where the examples say that Vault is. */
    static final String ENDPOINT = "https://vault.example.com:8200";
    private static final String NAMESPACE = "atlassian";
    /** A namespace without objects. */
    private static final String EMPTY_NAMESPACE = "empty";

    final VaultServer vault;
    private final PostgresServer postgres;
    private final KubernetesCluster cluster;
    private final Cleanup cleanup = new Cleanup();
    private final Path folder = cleanup.folder("docs");
    private final Map<String, String> passwords = new TreeMap<>();
    private final String token;

    private DocsServers() {
        vault = VaultServer.start();
        cleanup.add(vault::close);
        postgres = PostgresServer.start();
        cleanup.add(postgres::close);
        cluster = KubernetesCluster.start();
        cleanup.add(cluster::close);
        cluster.createNamespace("vault");
        cluster.createServiceAccount("vault", "reviewer");
        cluster.bindReviewer("vault", "reviewer");
        cluster.enableAuth(vault, "kubernetes", cluster.token("vault", "reviewer"));
        cluster.createNamespace(NAMESPACE);
        cluster.createNamespace(EMPTY_NAMESPACE);
        for (String product : PRODUCTS) {
            String password = Fixtures.randomText();
            passwords.put(product, password);
            postgres.createUser(product, password);
            vault.putSecret(product + "/database", "password", password);
            vault.put("sys/policies/acl/" + product + "-database", "{\"policy\":" + Fixtures.json(
                    "path \"secret/data/" + product + "/+\" { capabilities = [\"read\"] }") + '}');
            cluster.createServiceAccount(NAMESPACE, product);
            createRole(product);
        }
        vault.putSecret("bitbucket/search", "password", Fixtures.randomText());
        token = vault.createToken("path \"secret/data/*\" { capabilities = [\"read\"] }");
    }

    static DocsServers start() {
        return new DocsServers();
    }

    /** Runs the command that the documentation gives for Bitbucket's role, for this product. */
    private void createRole(String product) {
        String command = DocsFiles.marked("vault-role", "bitbucket-database").content.replace("bitbucket", product);
        List<String> arguments = DocsFiles.arguments("vault", command);
        StringBuilder role = new StringBuilder();
        for (String setting : arguments.subList(2, arguments.size())) {
            String[] parts = setting.split("=", 2);
            role.append(role.length() == 0 ? '{' : ',').append(Fixtures.json(parts[0])).append(':').append(Fixtures.json(parts[1]));
        }
        if (!arguments.get(0).equals("write")) {
            throw new AssertionError(arguments.toString());
        }
        vault.put(arguments.get(1), role.append('}').toString());
    }

    /** A token that may read all of this. */
    String token() {
        return token;
    }

    String password(String product) {
        return passwords.get(product);
    }

    /** A file as the kubelet puts it into a pod of this product: a token of its service account for this audience. */
    Path tokenFile(String product, String audience) {
        try {
            Path volume = Files.createTempDirectory(folder, "volume-");
            return Files.writeString(volume.resolve("token"), Canaries.keep(cluster.token(NAMESPACE, product, audience)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Why Kubernetes would not take a new object of this kind ({@code apps/v1} and {@code statefulsets}), or null. */
    String refusal(String group, String kinds, String yaml) {
        String api = group.contains("/") ? "/apis/" : "/api/";
        return cluster.refusal(api + group + "/namespaces/" + EMPTY_NAMESPACE + '/' + kinds, yaml);
    }

    /** The example with the addresses of these servers; nothing else is replaced. */
    String local(String example) {
        return example.replace(ENDPOINT, vault.address()).replaceAll("https://vault-\\d\\.example\\.com:8200", vault.address())
                .replaceAll("jdbc:postgresql://db\\.example\\.com:5432/\\w+", postgres.jdbcUrl());
    }

    /** Starts the product with this configuration and fails unless it connects to its database. */
    static void assertConnects(String product, HostProcess jvm, String fileName, String content) {
        Path driver = HostProcess.codeSource(org.postgresql.Driver.class);
        try (HostHome home = new HostHome().install(HostProcess.ourJar(), driver)) {
            HostProcess.Outcome outcome = home.start(jvm.classPath(HostProcess.testClasses(), HostProcess.apiStubs()),
                    home.configure(fileName, content));
            if (outcome.exitCode != 0 || !outcome.stdout.contains("select current_user gives " + product + '\n')) {
                throw new AssertionError(product + " did not connect with this file:\n" + content + '\n' + outcome);
            }
        }
    }

    @Override
    public void close() {
        cleanup.close();
    }
}

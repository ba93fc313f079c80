package dev.vaultcipher.harness;

import dev.vaultcipher.VaultSecretStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * A server in a pod: a Kubernetes cluster, a Vault that asks it about tokens, and a JVM that logs in with the token in a
 * file. Role {@link #ROLE} of the auth mount {@code kubernetes} is for service account {@link #ACCOUNT} of namespace
 * {@link #NAMESPACE} and may read one secret.
 */
public final class KubernetesHost implements AutoCloseable {
    public static final String ROLE = "bitbucket-database";
    public static final String NAMESPACE = "atlassian";
    public static final String ACCOUNT = "bitbucket";
    public static final String SECRET = "bitbucket/database";

    public final KubernetesCluster cluster;
    public final VaultServer vault;
    public final String value = Canaries.keep(Fixtures.randomText());
    private final Cleanup cleanup = new Cleanup();
    private final Path folder = cleanup.folder("pod");

    private KubernetesHost() {
        cluster = KubernetesCluster.start();
        cleanup.add(cluster::close);
        vault = VaultServer.start();
        cleanup.add(vault::close);
    }

    public static KubernetesHost start() {
        KubernetesHost host = new KubernetesHost();
        host.cluster.createNamespace(NAMESPACE);
        host.cluster.createServiceAccount(NAMESPACE, ACCOUNT);
        host.cluster.createNamespace("vault");
        host.vault.putSecret(SECRET, "password", host.value);
        host.vault.put("sys/policies/acl/bitbucket", "{\"policy\":"
                + Fixtures.json("path \"secret/data/" + SECRET + "\" { capabilities = [\"read\"] }") + '}');
        host.enableAuth("kubernetes", "reviewer");
        host.createRole("kubernetes", ROLE, "");
        return host;
    }

    /** Mounts the auth method; Vault asks the API server as this service account, which is made for it. */
    public void enableAuth(String mount, String reviewer) {
        cluster.createServiceAccount("vault", reviewer);
        cluster.bindReviewer("vault", reviewer);
        cluster.enableAuth(vault, mount, cluster.token("vault", reviewer));
    }

    /** A role for our service account; further members begin with a comma. */
    public void createRole(String mount, String role, String furtherMembers) {
        vault.put("auth/" + mount + "/role/" + role, "{\"bound_service_account_names\":[" + Fixtures.json(ACCOUNT)
                + "],\"bound_service_account_namespaces\":[" + Fixtures.json(NAMESPACE)
                + "],\"token_policies\":[\"bitbucket\"]" + furtherMembers + '}');
    }

    /** The text in the server's configuration. */
    public String text() {
        return text("password");
    }

    public String text(String key) {
        return "{\"mount\":\"secret\",\"path\":" + Fixtures.json(SECRET) + ",\"key\":" + Fixtures.json(key)
                + ",\"endpoint\":" + Fixtures.json(vault.address()) + ",\"authenticationType\":\"KUBERNETES\"}";
    }

    /** A JVM as the administrator set it up: role and token file in its environment. */
    public HostProcess process(Path tokenFile) {
        return HostProcess.loading(VaultSecretStore.class.getName())
                .environment("SECRET_STORE_VAULT_KUBE_AUTH_ROLE", ROLE)
                .environment("SECRET_STORE_VAULT_KUBE_AUTH_JWT_PATH", tokenFile.toString());
    }

    /** The same with this token in its file. */
    public HostProcess process(String token) {
        return process(file(token));
    }

    /** A new file with this content. */
    public Path file(String content) {
        try {
            return Files.writeString(Files.createTempDirectory(folder, "volume-").resolve("token"), content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A new empty folder. */
    public Path folder() {
        try {
            return Files.createTempDirectory(folder, "volume-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * A Java home whose JVM cannot read a file that nobody may read, no matter who runs the tests: the superuser, who may read
     * everything, loses that capability first.
     */
    public Path javaHomeWithoutPrivileges() {
        String java = Paths.get(System.getProperty("java.home"), "bin", "java").toString();
        try {
            Path bin = Files.createDirectories(folder().resolve("bin"));
            Path script = Files.writeString(bin.resolve("java"), "#!/bin/sh\n"
                    + "[ \"$(id -u)\" != 0 ] || set -- setpriv --bounding-set=-all --inh-caps=-all -- '" + java + "' \"$@\"\n"
                    + "[ \"$(id -u)\" = 0 ] || set -- '" + java + "' \"$@\"\n"
                    + "exec \"$@\"\n");
            Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
            return bin.getParent();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        cleanup.close();
    }
}

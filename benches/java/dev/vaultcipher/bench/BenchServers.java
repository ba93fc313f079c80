package dev.vaultcipher.bench;

import dev.vaultcipher.harness.Cleanup;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.Installation;
import dev.vaultcipher.harness.KubernetesHost;
import dev.vaultcipher.harness.VaultServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What the benchmark measures against, made of the tests' own fixtures: real Vaults, one that speaks HTTP, one that speaks
 * HTTPS, and one that asks a real Kubernetes API server about logins; and trust stores as a company has them. Not one for all:
 * the logins of hundreds of starts make a Vault in dev mode slower.
 */
public final class BenchServers implements AutoCloseable {
    private static final String SECRET = KubernetesHost.SECRET;
    private static final String VALUE = Fixtures.randomText();

    private final Cleanup cleanup = new Cleanup();
    private final Path folder = cleanup.folder("bench");
    private final KubernetesHost kubernetes = KubernetesHost.start();
    private final VaultServer plain;
    private final VaultServer tls;
    private final Path serviceAccountToken;
    private int trusted;

    /** Starts all. */
    public BenchServers() {
        cleanup.add(kubernetes::close);
        plain = VaultServer.start();
        cleanup.add(plain::close);
        plain.putSecret(SECRET, "password", VALUE);
        tls = VaultServer.startTls();
        cleanup.add(tls::close);
        tls.putSecret(SECRET, "password", VALUE);
        kubernetes.vault.putSecret(SECRET, "password", VALUE, "username", VALUE, "url", VALUE, "driver", VALUE);
        kubernetes.vault.putSecret("bitbucket/mail", "password", VALUE, "username", VALUE, "host", VALUE);
        kubernetes.vault.putSecret("bitbucket/license", "key", VALUE, "owner", VALUE, "number", VALUE);
        kubernetes.vault.put("sys/policies/acl/bitbucket",
                "{\"policy\":\"path \\\"secret/data/bitbucket/*\\\" { capabilities = [\\\"read\\\"] }\"}");
        serviceAccountToken = kubernetes.file(kubernetes.cluster.token(KubernetesHost.NAMESPACE, KubernetesHost.ACCOUNT));
    }

    /** A server with one secret, and who may read it. */
    public static final class Server {
        /** {@code http(s)://127.0.0.1:PORT}. */
        public final String address;
        /** What a host's configuration holds. */
        public final String text;
        /** The API path of the secret. */
        public final String path = "/v1/secret/data/" + SECRET;
        /** A token that may read that secret only. */
        public final String token;
        /** The CA that signed its certificate, or null without TLS. */
        public final Path ca;

        private Server(VaultServer vault, Path ca) {
            this.address = vault.address();
            this.text = vault.text(SECRET, "password");
            this.token = vault.createReader(SECRET);
            this.ca = ca;
        }
    }

    /** The one that speaks HTTP. */
    public Server http() {
        return new Server(plain, null);
    }

    /** The one that speaks HTTPS. */
    public Server https() {
        return new Server(tls, tls.caFile());
    }

    /** Texts of ten properties over three paths, read after a Kubernetes login. */
    public List<String> tenTexts() {
        List<String> texts = new ArrayList<>();
        for (String pathAndKey : Arrays.asList("database password", "database username", "database url", "database driver",
                "mail password", "mail username", "mail host", "license key", "license owner", "license number")) {
            String[] words = pathAndKey.split(" ");
            String text = kubernetes.vault.text("bitbucket/" + words[0], words[1]);
            texts.add(text.substring(0, text.length() - 1) + ",\"authenticationType\":\"KUBERNETES\"}");
        }
        return texts;
    }

    /** The role and the file with the service account's token: name, value, name, value. */
    public String[] kubernetesEnvironment() {
        return new String[] {"SECRET_STORE_VAULT_KUBE_AUTH_ROLE", KubernetesHost.ROLE,
            "SECRET_STORE_VAULT_KUBE_AUTH_JWT_PATH", serviceAccountToken.toString()};
    }

    /** Every value that is read, by its fingerprint. */
    public static String fingerprint() {
        return Fixtures.sha256(VALUE);
    }

    /** From now on the server of the ten properties counts requests, which costs it time. */
    public void countRequests() {
        kubernetes.vault.enableAudit();
    }

    /** How many there were since countRequests(). */
    public int requests() {
        return kubernetes.vault.auditedRequests("").size();
    }

    /** What this JVM trusts and the company's CA, in a new store of this type; JDKs encrypt those of PKCS12. */
    public Path trustStore(String type) {
        Path file = folder.resolve("trust." + type);
        Path home = Paths.get(System.getProperty("java.home"), "lib", "security", "cacerts");
        try (InputStream pem = Files.newInputStream(tls.caFile()); OutputStream out = Files.newOutputStream(file)) {
            KeyStore all = KeyStore.getInstance(type);
            all.load(null, null);
            KeyStore jvm = KeyStore.getInstance(home.toFile(), "changeit".toCharArray());
            for (String alias : java.util.Collections.list(jvm.aliases())) {
                all.setCertificateEntry(alias, jvm.getCertificate(alias));
            }
            all.setCertificateEntry("company-ca", CertificateFactory.getInstance("X.509").generateCertificate(pem));
            all.store(out, "changeit".toCharArray());
            trusted = all.size();
            return file;
        } catch (IOException | GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    /** How many certificates the last trust store holds. */
    public int trusted() {
        return trusted;
    }

    /** A new folder that goes with the servers. */
    public Path folder(String name) {
        return cleanup.folder("bench-" + name);
    }

    /** Starts a process that ends with the servers at the latest. */
    public Process start(ProcessBuilder process) throws IOException {
        return cleanup.start(process);
    }

    /** A copy of the packaged jar, and beside it its library if that is wanted. */
    public Path installed(boolean beside) {
        Path installed = folder("installed");
        if (beside) {
            Installation.library(installed);
        }
        return Installation.jar(installed);
    }

    /** The jar with the host's interfaces. */
    public static Path hostInterfaces() {
        return HostProcess.apiStubs();
    }

    /** Name and version of the server. */
    public static String version() throws IOException {
        Process version = new ProcessBuilder(Fixtures.fromEnvironment("VAULT_BIN").toString(), "version").start();
        version.getOutputStream().close();
        return Fixtures.readAll(version.getInputStream()).replaceFirst("(?s)^(\\S+ \\S+).*", "$1");
    }

    @Override
    public void close() {
        cleanup.close();
    }
}

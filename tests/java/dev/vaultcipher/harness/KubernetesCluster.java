package dev.vaultcipher.harness;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Proxy;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLSocketFactory;

/**
 * A real Kubernetes API server (the binaries that KUBE_APISERVER_BIN and ETCD_BIN name) on loopback, with keys and an
 * administrator's token of its own; stopped by close() and by a shutdown hook. It has no controllers and no nodes: what a
 * test does not create is not there, and a pod is an object that never runs. That is all that service account tokens need.
 */
public final class KubernetesCluster implements AutoCloseable {
    public static final String ISSUER = "https://kubernetes.default.svc.cluster.local";

    private static final String CLUSTER_ROLE_BINDINGS = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";
    private static final int START_ATTEMPTS = 3;
    private static final long START_MILLIS = 60_000;

    private final Cleanup cleanup = new Cleanup();
    private final Path folder = cleanup.folder("kubernetes");
    private final String administratorToken = Canaries.keep(Fixtures.randomText());
    private final KubernetesCertificate certificate;
    private final SSLSocketFactory sockets;
    private final KeyPair tokenKey;
    private Process etcd;
    private Process apiServer;
    private int etcdPort;
    private int apiServerPort;

    private KubernetesCluster() throws IOException, GeneralSecurityException {
        certificate = KubernetesCertificate.createIn(folder);
        sockets = certificate.clientSockets();
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        tokenKey = generator.generateKeyPair();
        Files.writeString(tokenKeyFile(), KubernetesCertificate.pem("PRIVATE KEY", tokenKey.getPrivate().getEncoded()));
        Files.writeString(administratorFile(), administratorToken + ",administrator,administrator,\"system:masters\"\n");
    }

    /** Starts etcd and the API server, and waits until its API is ready. */
    public static KubernetesCluster start() {
        try {
            KubernetesCluster cluster = new KubernetesCluster();
            try {
                for (int attempt = 1; !cluster.tryToStart(); attempt++) {
                    if (attempt == START_ATTEMPTS) {
                        throw new AssertionError("Kubernetes did not start\n--- etcd\n" + cluster.log("etcd")
                                + "--- kube-apiserver\n" + cluster.log("kube-apiserver"));
                    }
                    Fixtures.stop(cluster.apiServer);
                    Fixtures.stop(cluster.etcd);
                }
                return cluster;
            } catch (IOException | RuntimeException | Error e) {
                cluster.close();
                throw e;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    /** https://127.0.0.1:PORT, without a trailing slash. */
    String address() {
        return "https://127.0.0.1:" + apiServerPort;
    }

    /** The CA of the API server's certificate, as PEM text. */
    public String caPem() {
        return certificate.pem;
    }

    public void createNamespace(String name) {
        request("POST", "/api/v1/namespaces", "{\"metadata\":{\"name\":" + Fixtures.json(name) + "}}");
    }

    public void createServiceAccount(String namespace, String name) {
        request("POST", serviceAccounts(namespace), "{\"metadata\":{\"name\":" + Fixtures.json(name) + "}}");
    }

    public void deleteServiceAccount(String namespace, String name) {
        request("DELETE", serviceAccounts(namespace) + '/' + name, null);
    }

    /** Lets a service account review tokens: a ClusterRoleBinding of its own to {@code system:auth-delegator}. */
    public void bindReviewer(String namespace, String serviceAccount) {
        request("POST", CLUSTER_ROLE_BINDINGS, "{\"metadata\":{\"name\":" + Fixtures.json(binding(namespace, serviceAccount))
                + "},\"roleRef\":{\"apiGroup\":\"rbac.authorization.k8s.io\",\"kind\":\"ClusterRole\","
                + "\"name\":\"system:auth-delegator\"},\"subjects\":[{\"kind\":\"ServiceAccount\",\"namespace\":"
                + Fixtures.json(namespace) + ",\"name\":" + Fixtures.json(serviceAccount) + "}]}");
    }

    /** Undoes bindReviewer(). */
    public void unbindReviewer(String namespace, String serviceAccount) {
        request("DELETE", CLUSTER_ROLE_BINDINGS + '/' + binding(namespace, serviceAccount), null);
    }

    /** Stores a pod that runs as this service account. */
    public void createPod(String namespace, String name, String serviceAccount) {
        request("POST", pods(namespace), "{\"metadata\":{\"name\":" + Fixtures.json(name)
                + "},\"spec\":{\"serviceAccountName\":" + Fixtures.json(serviceAccount)
                + ",\"containers\":[{\"name\":\"main\",\"image\":\"example.invalid/none\"}]}}");
    }

    /** Deletes a pod at once. */
    public void deletePod(String namespace, String name) {
        request("DELETE", pods(namespace) + '/' + name + "?gracePeriodSeconds=0", null);
    }

    /**
     * Asks the API server whether it would take this object, given as YAML, and changes nothing.
     *
     * @param collection the path of its kind, such as {@code /apis/apps/v1/namespaces/default/statefulsets}
     * @return null, or why the object is refused
     */
    public String refusal(String collection, String yaml) {
        try {
            request("POST", collection + "?dryRun=All&fieldValidation=Strict", "application/yaml", yaml);
            return null;
        } catch (AssertionError e) {
            return e.getMessage();
        }
    }

    /** A token of the service account for an hour; for the API server itself when no audience is named. */
    public String token(String namespace, String serviceAccount, String... audiences) {
        return requestToken(namespace, serviceAccount, "\"audiences\":["
                + Arrays.stream(audiences).map(Fixtures::json).collect(Collectors.joining(",")) + "]");
    }

    /** The token that the kubelet puts into a pod: it is bound to the pod and dies with it. */
    public String podToken(String namespace, String serviceAccount, String pod) {
        String uid = Fixtures.jsonMember(request("GET", pods(namespace) + '/' + pod, null), "uid");
        return requestToken(namespace, serviceAccount, "\"boundObjectRef\":{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"name\":"
                + Fixtures.json(pod) + ",\"uid\":" + Fixtures.json(uid) + '}');
    }

    /**
     * A genuine token of the service account but for its times, signed with the cluster's own key: what a token of that
     * life would have been. TokenRequest itself grants ten minutes at least.
     */
    public String token(String namespace, String serviceAccount, Instant notBefore, Duration life) {
        String[] parts = token(namespace, serviceAccount).split("\\.");
        String payload = new String(Base64.getUrlDecoder().decode(parts[1]), StandardCharsets.UTF_8)
                .replaceFirst("\"exp\":\\d+", "\"exp\":" + notBefore.plus(life).getEpochSecond())
                .replaceFirst("\"iat\":\\d+", "\"iat\":" + notBefore.getEpochSecond())
                .replaceFirst("\"nbf\":\\d+", "\"nbf\":" + notBefore.getEpochSecond());
        Base64.Encoder encoder = Base64.getUrlEncoder().withoutPadding();
        String signed = parts[0] + '.' + encoder.encodeToString(payload.getBytes(StandardCharsets.UTF_8));
        try {
            Signature signature = Signature.getInstance("SHA256withRSA");
            signature.initSign(tokenKey.getPrivate());
            signature.update(signed.getBytes(StandardCharsets.US_ASCII));
            return keep(signed + '.' + encoder.encodeToString(signature.sign()));
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    /** Enables and configures Vault's Kubernetes auth method at a mount of that name, for this cluster. */
    public void enableAuth(VaultServer vault, String mount, String reviewerToken) {
        vault.put("sys/auth/" + mount, "{\"type\":\"kubernetes\"}");
        vault.put("auth/" + mount + "/config", "{\"kubernetes_host\":" + Fixtures.json(address())
                + ",\"kubernetes_ca_cert\":" + Fixtures.json(caPem())
                + ",\"token_reviewer_jwt\":" + Fixtures.json(reviewerToken) + '}');
    }

    /** Takes the API server away: nobody listens on its port any more. */
    public void stopApiServer() {
        Fixtures.stop(apiServer);
    }

    /** Undoes stopApiServer(): same port, same objects. */
    public void startApiServer() {
        try {
            apiServer = startApiServerProcess();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (!waitUntilReady()) {
            throw new AssertionError("the API server did not come back\n" + log("kube-apiserver"));
        }
    }

    /** Stops both servers and deletes all that they wrote. */
    @Override
    public void close() {
        cleanup.close();
    }

    private static String serviceAccounts(String namespace) {
        return "/api/v1/namespaces/" + namespace + "/serviceaccounts";
    }

    private static String pods(String namespace) {
        return "/api/v1/namespaces/" + namespace + "/pods";
    }

    private static String binding(String namespace, String serviceAccount) {
        return "reviewer-" + namespace + '-' + serviceAccount;
    }

    private String requestToken(String namespace, String serviceAccount, String specification) {
        return keep(Fixtures.jsonMember(request("POST", serviceAccounts(namespace) + '/' + serviceAccount + "/token",
                "{\"spec\":{\"expirationSeconds\":3600," + specification + "}}"), "token"));
    }

    /** Neither the token nor its payload or signature may appear anywhere. */
    private static String keep(String token) {
        for (String part : token.split("\\.")) {
            Canaries.keep(part);
        }
        return Canaries.keep(token);
    }

    /** As the administrator; fails unless the API server does what it is asked. Returns the body of the answer. */
    private String request(String method, String path, String jsonOrNull) {
        return request(method, path, "application/json", jsonOrNull);
    }

    private String request(String method, String path, String type, String bodyOrNull) {
        try {
            HttpsURLConnection connection = (HttpsURLConnection) new URL(address() + path).openConnection(Proxy.NO_PROXY);
            connection.setSSLSocketFactory(sockets);
            connection.setRequestMethod(method);
            connection.setConnectTimeout(5_000);
            connection.setReadTimeout(20_000);
            connection.setRequestProperty("Authorization", "Bearer " + administratorToken);
            if (bodyOrNull != null) {
                connection.setDoOutput(true);
                connection.setRequestProperty("Content-Type", type);
                connection.getOutputStream().write(bodyOrNull.getBytes(StandardCharsets.UTF_8));
            }
            int status = connection.getResponseCode();
            try (InputStream in = status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
                String body = in == null ? "" : Fixtures.readAll(in);
                if (status < 200 || status > 299) {
                    throw new AssertionError(method + ' ' + path + ": " + status + ' ' + body);
                }
                return body;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(method + ' ' + path + ": " + e.getMessage(), e);
        }
    }

    /** False when a server ended, most likely because somebody else took its port in the meantime. */
    private boolean tryToStart() throws IOException {
        etcdPort = Fixtures.freePorts(3);
        apiServerPort = etcdPort + 2;
        String etcdClients = "http://127.0.0.1:" + etcdPort;
        String etcdPeers = "http://127.0.0.1:" + (etcdPort + 1);
        Fixtures.delete(folder.resolve("etcd"));
        etcd = start("etcd", "ETCD_BIN", "--name=etcd", "--data-dir=" + folder.resolve("etcd"), "--unsafe-no-fsync",
                "--listen-client-urls=" + etcdClients, "--advertise-client-urls=" + etcdClients,
                "--listen-peer-urls=" + etcdPeers, "--initial-advertise-peer-urls=" + etcdPeers,
                "--initial-cluster=etcd=" + etcdPeers, "--log-level=warn");
        apiServer = startApiServerProcess();
        return waitUntilReady();
    }

    private Process startApiServerProcess() throws IOException {
        return start("kube-apiserver", "KUBE_APISERVER_BIN", "--etcd-servers=http://127.0.0.1:" + etcdPort,
                "--bind-address=127.0.0.1", "--secure-port=" + apiServerPort,
                "--advertise-address=192.0.2.1", "--endpoint-reconciler-type=none",
                "--tls-cert-file=" + certificate.pemFile, "--tls-private-key-file=" + certificate.keyFile,
                "--service-account-issuer=" + ISSUER, "--service-account-signing-key-file=" + tokenKeyFile(),
                "--service-account-key-file=" + tokenKeyFile(), "--service-cluster-ip-range=10.0.0.0/24",
                "--authorization-mode=RBAC", "--token-auth-file=" + administratorFile(),
                "--disable-admission-plugins=ServiceAccount");
    }

    private Process start(String name, String binaryVariable, String... arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Fixtures.fromEnvironment(binaryVariable).toString());
        command.addAll(Arrays.asList(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true)
                .redirectInput(Paths.get("/dev/null").toFile())
                .redirectOutput(ProcessBuilder.Redirect.appendTo(logFile(name).toFile()));
        builder.environment().keySet().removeIf(variable -> variable.startsWith("ETCD_") || variable.startsWith("KUBE"));
        builder.environment().put("HOME", folder.toString());
        return cleanup.process(builder.start());
    }

    private boolean waitUntilReady() {
        long deadline = System.nanoTime() + START_MILLIS * 1_000_000;
        while (etcd.isAlive() && apiServer.isAlive() && System.nanoTime() < deadline) {
            try {
                request("GET", "/readyz", null);
                return true;
            } catch (UncheckedIOException | AssertionError notYet) {
                try {
                    Thread.sleep(50);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return false;
                }
            }
        }
        return false;
    }

    private Path tokenKeyFile() {
        return folder.resolve("service-account-key.pem");
    }

    private Path administratorFile() {
        return folder.resolve("administrator.csv");
    }

    private Path logFile(String name) {
        return folder.resolve(name + ".log");
    }

    private String log(String name) {
        try {
            return Files.exists(logFile(name)) ? Files.readString(logFile(name)) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

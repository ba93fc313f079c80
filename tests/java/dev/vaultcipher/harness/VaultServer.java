package dev.vaultcipher.harness;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;

/**
 * A real Vault (the binary that VAULT_BIN names: OpenBao or HashiCorp Vault) in dev mode on loopback, with a random root
 * token and a KV v2 engine at {@code secret/}; stopped by close() and by a shutdown hook.
 */
public final class VaultServer implements AutoCloseable {
    private static final Pattern TOKEN = Pattern.compile("\"client_token\":\"((?!hmac)[^\"]+)\"");
    private static final int START_ATTEMPTS = 5;
    private static final long START_MILLIS = 30_000;

    private final Cleanup cleanup = new Cleanup();
    private final Path folder = cleanup.folder("vault");
    private final String rootToken = Canaries.keep("root-" + Fixtures.randomText());
    private final boolean tls;
    private final List<String> listeners;
    private final boolean plugins;
    private Process process;
    private int port;
    private SSLContext trust;

    private VaultServer(boolean tls, List<String> listeners, boolean plugins) {
        this.tls = tls;
        this.listeners = listeners;
        this.plugins = plugins;
    }

    /** Starts a server that speaks HTTP. */
    public static VaultServer start() {
        return start(false, List.of(), false);
    }

    /** Starts a server that speaks HTTP, and can run the auth methods in VAULT_PLUGINS; see {@link #enablePlugin}. */
    public static VaultServer startWithPlugins() {
        return start(false, List.of(), true);
    }

    /** Starts a server that speaks HTTPS with a certificate for 127.0.0.1 and localhost, signed by the CA in caFile(). */
    public static VaultServer startTls() {
        return start(true, List.of(), false);
    }

    /** The same with HTTPS, see startTls(). */
    public static VaultServer startTlsWithPlugins() {
        return start(true, List.of(), true);
    }

    /** Starts a server that speaks HTTP, and has more listeners: each is given by its settings (HCL), address excepted. */
    public static VaultServer startWithListeners(String... settings) {
        return start(false, List.of(settings), false);
    }

    private static VaultServer start(boolean tls, List<String> listeners, boolean plugins) {
        VaultServer server = new VaultServer(tls, listeners, plugins);
        try {
            for (int attempt = 1; !server.tryToStart(); attempt++) {
                if (attempt == START_ATTEMPTS) {
                    throw new AssertionError("Vault did not start; it said:\n" + server.log());
                }
            }
            return server;
        } catch (IOException e) {
            server.close();
            throw new UncheckedIOException(e);
        } catch (RuntimeException | Error e) {
            server.close();
            throw e;
        }
    }

    /** http(s)://127.0.0.1:PORT, without a trailing slash. */
    public String address() {
        return (tls ? "https" : "http") + "://127.0.0.1:" + port;
    }

    public int port() {
        return port;
    }

    /** The port of a further listener; they are counted from 0. */
    public int listenerPort(int number) {
        return port + 2 + 2 * number;
    }

    public String rootToken() {
        return rootToken;
    }

    /** The PEM file of the CA that signed the server's certificate; only for a server that speaks HTTPS. */
    public Path caFile() {
        return folder.resolve("tls").resolve("vault-ca.pem");
    }

    /** What Vault answered. */
    public static final class Answer {
        public final int status;
        public final String body;

        public Answer(int status, String body) {
            this.status = status;
            this.body = body;
        }
    }

    /**
     * Sends one request to Vault's API.
     *
     * @param apiPath path below /v1/
     * @param jsonBodyOrNull the body, or null for none
     * @param tokenOrNull the client token, or null for none
     * @param headers further headers: name, value, name, value …
     */
    public Answer request(String method, String apiPath, String jsonBodyOrNull, String tokenOrNull, String... headers) {
        try {
            HttpURLConnection connection = open(address(), apiPath);
            if (tls) {
                ((HttpsURLConnection) connection).setSSLSocketFactory(trust().getSocketFactory());
            }
            return exchange(connection, method, jsonBodyOrNull, tokenOrNull, headers);
        } catch (IOException e) {
            throw new UncheckedIOException(method + " " + apiPath + ": " + e.getMessage(), e);
        }
    }

    /** Opens nothing yet. */
    public static HttpURLConnection open(String address, String apiPath) throws IOException {
        return (HttpURLConnection) new URL(address + "/v1/" + apiPath).openConnection(Proxy.NO_PROXY);
    }

    /** Sends one request and reads the whole answer; redirects are not followed. */
    public static Answer exchange(HttpURLConnection connection, String method, String jsonBodyOrNull, String tokenOrNull,
            String... headers) throws IOException {
        connection.setRequestMethod(method);
        connection.setInstanceFollowRedirects(false);
        connection.setConnectTimeout(5_000);
        connection.setReadTimeout(20_000);
        if (tokenOrNull != null) {
            connection.setRequestProperty("X-Vault-Token", tokenOrNull);
        }
        for (int i = 0; i + 1 < headers.length; i += 2) {
            connection.setRequestProperty(headers[i], headers[i + 1]);
        }
        if (jsonBodyOrNull != null) {
            connection.setDoOutput(true);
            connection.setRequestProperty("Content-Type", "application/json");
            connection.getOutputStream().write(jsonBodyOrNull.getBytes(StandardCharsets.UTF_8));
        }
        int status = connection.getResponseCode();
        try (InputStream in = status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
            return new Answer(status, in == null ? "" : Fixtures.readAll(in));
        }
    }

    /** Writes as root; fails unless Vault accepts it. Returns the body of the answer. */
    public String put(String apiPath, String json) {
        return asRoot("PUT", apiPath, json);
    }

    /** Deletes as root; fails unless Vault accepts it. */
    public void delete(String apiPath) {
        asRoot("DELETE", apiPath, null);
    }

    /** Stores one version of a secret in the KV v2 engine at {@code secret/}: key, value, key, value … */
    public void putSecret(String path, String... keysAndValues) {
        StringBuilder data = new StringBuilder();
        for (int i = 0; i + 1 < keysAndValues.length; i += 2) {
            Canaries.keep(keysAndValues[i + 1]);
            data.append(i == 0 ? "" : ",")
                    .append(Fixtures.json(keysAndValues[i])).append(':').append(Fixtures.json(keysAndValues[i + 1]));
        }
        put("secret/data/" + path, "{\"data\":{" + data + "}}");
    }

    /** The text that a host's configuration holds for a key of a secret in the KV v2 engine at {@code secret/}. */
    public String text(String path, String key) {
        return "{\"mount\":\"secret\",\"path\":" + Fixtures.json(path) + ",\"key\":" + Fixtures.json(key)
                + ",\"endpoint\":" + Fixtures.json(address()) + "}";
    }

    /** A new client token. With a policy (HCL) it has that policy only, without one it may do all that root may. */
    public String createToken(String policyHclOrNull) {
        String policies = "[\"root\"]";
        if (policyHclOrNull != null) {
            String name = "test-" + Fixtures.randomText();
            put("sys/policies/acl/" + name, "{\"policy\":" + Fixtures.json(policyHclOrNull) + "}");
            policies = "[\"" + name + "\"]";
        }
        String answer = put("auth/token/create",
                "{\"policies\":" + policies + ",\"no_default_policy\":true,\"ttl\":\"1h\"}");
        return Canaries.keep(Fixtures.jsonMember(answer, "client_token"));
    }

    /** A token that may read this one secret of the KV v2 engine at {@code secret/} and nothing else. */
    public String createReader(String path) {
        return createToken("path \"secret/data/" + path + "\" { capabilities = [\"read\"] }");
    }

    /** Registers an auth method that is a plugin, and mounts it at its own name; see registerPlugin(). */
    public void enablePlugin(String name, String command, String... environment) {
        registerPlugin(name, command, environment);
        put("sys/auth/" + name, "{\"type\":" + Fixtures.json(name) + "}");
    }

    /**
     * Registers an auth method that is a plugin.
     *
     * @param command the plugin's file in VAULT_PLUGINS
     * @param environment the plugin's environment: name=value
     */
    public void registerPlugin(String name, String command, String... environment) {
        String variables = Arrays.stream(environment).map(Fixtures::json).collect(Collectors.joining(","));
        put("sys/plugins/catalog/auth/" + name, "{\"command\":" + Fixtures.json(command) + ",\"env\":[" + variables
                + "],\"sha256\":\"" + Fixtures.sha256(pluginFolder().resolve(command)) + "\"}");
    }

    private static Path pluginFolder() {
        return Fixtures.fromEnvironment("VAULT_PLUGINS");
    }

    /** Seals the server: from now on it answers 503. */
    public void seal() {
        asRoot("PUT", "sys/seal", null);
    }

    /** Undoes seal(). */
    public void unseal() {
        Matcher key = Pattern.compile("(?m)^Unseal Key: (\\S+)$").matcher(log());
        if (!key.find()) {
            throw new AssertionError("Vault printed no unseal key at its start");
        }
        Answer answer = request("PUT", "sys/unseal", "{\"key\":" + Fixtures.json(key.group(1)) + "}", null);
        if (answer.status != 200) {
            throw new AssertionError("sys/unseal: " + answer.status);
        }
        waitUntilReady();
    }

    /** From now on the server writes one line for each request and one for each answer into auditLog(). */
    public void enableAudit() {
        put("sys/audit/requests", "{\"type\":\"file\",\"options\":{\"file_path\":" + Fixtures.json(auditFile().toString())
                + ",\"log_raw\":\"false\"}}");
    }

    /** From now on the tokens that logins give are known. */
    public void rememberTokens() {
        put("sys/audit/tokens", "{\"type\":\"file\",\"options\":{\"file_path\":" + Fixtures.json(tokensFile().toString())
                + ",\"log_raw\":\"true\"}}");
    }

    /** The tokens that logins at this mount gave since rememberTokens(), in their order. */
    public List<String> tokensOf(String mount) {
        try {
            return Files.readAllLines(tokensFile(), StandardCharsets.UTF_8).stream()
                    .filter(line -> line.contains("\"type\":\"response\"") && line.contains("\"path\":\"auth/" + mount + "/login"))
                    .map(line -> TOKEN.matcher(line)).filter(Matcher::find).map(token -> Canaries.keep(token.group(1)))
                    .collect(Collectors.toList());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * The requests since enableAudit() that came in on this API path (below /v1/), one JSON text each; all requests when
     * the path is empty.
     */
    public List<String> auditedRequests(String apiPath) {
        try {
            List<String> requests = new ArrayList<>();
            for (String line : Files.readAllLines(auditFile(), StandardCharsets.UTF_8)) {
                if (line.contains("\"type\":\"request\"")
                        && (apiPath.isEmpty() || line.contains("\"path\":\"" + apiPath + '"'))) {
                    requests.add(line);
                }
            }
            return requests;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Stops the server and deletes all that it wrote. */
    @Override
    public void close() {
        cleanup.close();
    }

    private Path tokensFile() {
        return folder.resolve("tokens.log");
    }

    private Path auditFile() {
        return folder.resolve("audit.log");
    }

    /** False when the server ended, most likely because somebody else took its port in the meantime. */
    private boolean tryToStart() throws IOException {
        port = Fixtures.freePorts(2 + 2 * listeners.size()); // the second of each pair is for the cluster port
        List<String> command = new ArrayList<>(List.of(Fixtures.fromEnvironment("VAULT_BIN").toString(), "server", "-dev",
                "-dev-no-store-token", "-dev-listen-address=127.0.0.1:" + port));
        if (tls) {
            Path certificates = Files.createDirectories(folder.resolve("tls"));
            command.add("-dev-tls");
            command.add("-dev-tls-cert-dir=" + certificates);
        }
        if (isOpenBao()) {
            // OpenBao 2.4 wants to be told before somebody may name a log file through the API; Vault knows no such setting.
            Path configuration = folder.resolve("audit.hcl");
            Files.writeString(configuration, "unsafe_allow_api_audit_creation = true\n");
            command.add("-config=" + configuration);
        }
        if (!listeners.isEmpty()) {
            command.add("-config=" + Files.writeString(folder.resolve("listeners.hcl"), listenerConfiguration()));
        }
        if (plugins) {
            command.add("-config=" + Files.writeString(folder.resolve("plugins.hcl"),
                    "plugin_directory = " + Fixtures.json(pluginFolder().toString()) + '\n'));
        }
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true)
                .redirectInput(ProcessBuilder.Redirect.from(Paths.get("/dev/null").toFile()))
                .redirectOutput(logFile().toFile());
        environment(builder.environment());
        process = cleanup.start(builder);
        return waitUntilReady();
    }

    private String listenerConfiguration() {
        StringBuilder configuration = new StringBuilder();
        for (int i = 0; i < listeners.size(); i++) {
            configuration.append("listener \"tcp\" {\n  address = \"127.0.0.1:").append(listenerPort(i)).append("\"\n")
                    .append(listeners.get(i)).append("}\n");
        }
        return configuration.toString();
    }

    /** The root token reaches the server through its environment, where other users of the machine cannot see it. */
    private void environment(Map<String, String> environment) {
        environment.keySet().removeIf(name -> name.startsWith("VAULT_") || name.startsWith("BAO_"));
        environment.put("VAULT_DEV_ROOT_TOKEN_ID", rootToken);
        environment.put("BAO_DEV_ROOT_TOKEN_ID", rootToken);
        environment.put("HOME", folder.toString());
        if (plugins) {
            // The server's environment is the plugins', and comes before what they are given themselves.
            environment.keySet().removeIf(name -> name.matches("(?i)(SSL_CERT_|AWS_|AZURE_|GOOGLE_|GCE_|.*_proxy$).*"));
        }
    }

    private static boolean isOpenBao() throws IOException {
        Process version = new ProcessBuilder(Fixtures.fromEnvironment("VAULT_BIN").toString(), "version")
                .redirectErrorStream(true).start();
        version.getOutputStream().close();
        return Fixtures.readAll(version.getInputStream()).contains("OpenBao");
    }

    /** Ready is: takes our root token (so it is our server) and has brought up the KV engine. */
    private boolean waitUntilReady() {
        long deadline = System.nanoTime() + START_MILLIS * 1_000_000;
        while (process.isAlive() && System.nanoTime() < deadline && !Thread.currentThread().isInterrupted()) {
            try {
                if ((!tls || Files.exists(caFile())) && request("GET", "secret/config", null, rootToken).status == 200) {
                    return true;
                }
            } catch (UncheckedIOException notYet) {
                // it does not listen yet
            }
            Fixtures.pause(20);
        }
        Fixtures.stop(process);
        return false;
    }

    private String asRoot(String method, String apiPath, String jsonOrNull) {
        Answer answer = request(method, apiPath, jsonOrNull, rootToken);
        if (answer.status < 200 || answer.status > 299) {
            throw new AssertionError(method + " " + apiPath + ": " + answer.status + " " + answer.body);
        }
        return answer.body;
    }

    private Path logFile() {
        return folder.resolve("server.log");
    }

    private String log() {
        try {
            return Files.exists(logFile()) ? Files.readString(logFile()) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private SSLContext trust() throws IOException {
        if (trust == null) {
            trust = TrustStores.context(caFile());
        }
        return trust;
    }
}

package dev.vaultcipher.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Three real servers (the binary that VAULT_BIN names) that share their storage by raft, on loopback, over HTTP, with a
 * KV v2 engine at {@code secret/}. Nodes are numbered 0, 1, 2. Stopped by close() and by a shutdown hook.
 */
public final class RaftCluster implements AutoCloseable {
    public static final int NODES = 3;
    private static final long LIMIT_MILLIS = 40_000;

    private final Cleanup cleanup = new Cleanup();
    private final List<Node> nodes = new ArrayList<>();
    private String rootToken;
    private String unsealKey;

    private RaftCluster() {
        int port = Fixtures.freePorts(2 * NODES);
        for (int i = 0; i < NODES; i++) {
            nodes.add(new Node(i, port + 2 * i));
        }
    }

    /** Starts the three; all of them are voters in the end, so that any one may be lost. */
    public static RaftCluster start() {
        RaftCluster cluster = new RaftCluster();
        try {
            cluster.form();
            return cluster;
        } catch (RuntimeException | Error e) {
            cluster.close();
            throw e;
        }
    }

    /** http://127.0.0.1:PORT of each node. */
    public List<String> addresses() {
        return nodes.stream().map(node -> node.address).collect(Collectors.toList());
    }

    public String address(int node) {
        return nodes.get(node).address;
    }

    public int port(int node) {
        return nodes.get(node).port;
    }

    /** The node that serves requests, once there is one. */
    public int leader() {
        int[] found = {-1};
        await("a leader", () -> {
            for (Node node : nodes) {
                if (node.health() == 200) {
                    found[0] = node.number;
                }
            }
            return found[0] >= 0;
        });
        return found[0];
    }

    /** A node that is not the leader. */
    public int standby() {
        return (leader() + 1) % NODES;
    }

    /** Ends a node as a power failure does. */
    public void kill(int node) {
        nodes.get(node).process.destroyForcibly();
        await("the end of node " + node, () -> !nodes.get(node).process.isAlive());
    }

    /** Stops a node as an administrator does. */
    public void stop(int node) {
        Fixtures.stop(nodes.get(node).process);
    }

    /** Starts a node that was ended or stopped, and unseals it. */
    public void start(int node) {
        nodes.get(node).start();
        unseal(node);
    }

    /** From now on the node answers 503. */
    public void seal(int node) {
        if (node == leader()) {
            asRoot(nodes.get(node), "PUT", "sys/seal", "{}");
        } else {
            // A standby refuses that; it is sealed after a restart.
            kill(node);
            nodes.get(node).start();
        }
    }

    /** Undoes seal(). */
    public void unseal(int node) {
        nodes.get(node).mustRequest("PUT", "sys/unseal", "{\"key\":" + Fixtures.json(unsealKey) + "}", null);
    }

    /** The leader becomes a standby, which does not lead again for 10 s. */
    public void stepDown() {
        asRoot(nodes.get(leader()), "PUT", "sys/step-down", "{}");
    }

    /** Starts and unseals whatever an earlier test left ended or sealed, and waits until all is well. */
    public void heal() {
        for (Node node : nodes) {
            if (!node.process.isAlive()) {
                node.start();
            }
            if (node.health() == 503) {
                unseal(node.number);
            }
        }
        awaitHealthy();
    }

    /** Waits until every node answers a read, no matter which one leads. */
    public void awaitHealthy() {
        await("three healthy nodes", () -> nodes.stream().allMatch(
                node -> node.status("GET", "secret/config", rootToken) == 200 && voters(node) == NODES));
    }

    /** Writes as root; fails unless Vault accepts it. Returns the body of the answer. */
    public String put(String apiPath, String json) {
        return asRoot(nodes.get(leader()), "PUT", apiPath, json);
    }

    /** Reads as root. */
    public String get(String apiPath) {
        return asRoot(nodes.get(leader()), "GET", apiPath, null);
    }

    /** Stores one key of a secret in the KV v2 engine at {@code secret/}. */
    public void putSecret(String path, String key, String value) {
        Canaries.keep(value);
        put("secret/data/" + path, "{\"data\":{" + Fixtures.json(key) + ':' + Fixtures.json(value) + "}}");
    }

    /** How many tokens of logins at this mount are alive. */
    public int tokens(String mount) {
        Node leader = nodes.get(leader());
        String accessors = asRoot(leader, "GET", "auth/token/accessors?list=true", null);
        Matcher accessor = Pattern.compile("\"([\\w.-]+)\"").matcher(accessors.substring(accessors.indexOf("\"keys\"") + 6));
        int tokens = 0;
        while (accessor.find()) {
            VaultServer.Answer token = leader.request("POST", "auth/token/lookup-accessor",
                    "{\"accessor\":\"" + accessor.group(1) + "\"}", rootToken);
            tokens += token.body.contains("\"path\":\"auth/" + mount + "/login\"") ? 1 : 0;
        }
        return tokens;
    }

    /** A token that may read this one secret of the KV v2 engine at {@code secret/} and nothing else. */
    public String createReader(String path) {
        put("sys/policies/acl/reader", "{\"policy\":"
                + Fixtures.json("path \"secret/data/" + path + "\" { capabilities = [\"read\"] }") + "}");
        String answer = put("auth/token/create", "{\"policies\":[\"reader\"],\"no_default_policy\":true,\"ttl\":\"1h\"}");
        return Canaries.keep(Fixtures.jsonMember(answer, "client_token"));
    }

    /** Ends the servers and deletes all that they wrote. */
    @Override
    public void close() {
        cleanup.close();
    }

    private void form() {
        nodes.forEach(Node::start);
        Node first = nodes.get(0);
        String init = first.mustRequest("PUT", "sys/init", "{\"secret_shares\":1,\"secret_threshold\":1}", null);
        unsealKey = Canaries.keep(element(init, "keys_base64"));
        rootToken = Canaries.keep(Fixtures.jsonMember(init, "root_token"));
        unseal(0);
        leader();
        // A joined node becomes a voter once it was stable for so long; the default is 10 s.
        asRoot(first, "PUT", "sys/storage/raft/autopilot/configuration", "{\"server_stabilization_time\":\"1s\"}");
        asRoot(first, "PUT", "sys/mounts/secret", "{\"type\":\"kv\",\"options\":{\"version\":\"2\"}}");
        for (Node node : nodes.subList(1, NODES)) {
            node.mustRequest("PUT", "sys/storage/raft/join",
                    "{\"leader_api_addr\":" + Fixtures.json(first.address) + "}", null);
            unseal(node.number);
        }
        awaitHealthy();
    }

    /** How many voters the node's leader counts; 0 while there is none. */
    private int voters(Node node) {
        try {
            VaultServer.Answer answer = node.request("GET", "sys/storage/raft/configuration", null, rootToken);
            Matcher voter = Pattern.compile("\"voter\":true").matcher(answer.body);
            int count = 0;
            while (answer.status == 200 && voter.find()) {
                count++;
            }
            return count;
        } catch (UncheckedIOException away) {
            return 0;
        }
    }

    private String asRoot(Node node, String method, String apiPath, String json) {
        return node.mustRequest(method, apiPath, json, rootToken);
    }

    private static String element(String json, String array) {
        Matcher matcher = Pattern.compile('"' + Pattern.quote(array) + "\"\\s*:\\s*\\[\"([^\"]+)\"").matcher(json);
        if (!matcher.find()) {
            throw new AssertionError("the answer has no array " + array);
        }
        return matcher.group(1);
    }

    private void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + LIMIT_MILLIS * 1_000_000;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline || Thread.currentThread().isInterrupted()) {
                throw new AssertionError("waited too long for " + what + "; the nodes said:\n"
                        + nodes.stream().map(Node::endOfLog).collect(Collectors.joining("\n---\n")));
            }
            Fixtures.pause(50);
        }
    }

    /** One server. */
    private final class Node {
        final int number;
        final int port;
        final String address;
        private final Path folder;
        private Process process;

        Node(int number, int port) {
            this.number = number;
            this.port = port;
            address = "http://127.0.0.1:" + port;
            folder = cleanup.folder("raft");
            try {
                Files.createDirectory(folder.resolve("data"));
                Files.writeString(folder.resolve("server.hcl"), "storage \"raft\" {\n"
                        + "  path = " + Fixtures.json(folder.resolve("data").toString()) + "\n"
                        + "  node_id = \"node-" + number + "\"\n"
                        // As recommended for production; the default is five times slower to notice a dead leader.
                        + "  performance_multiplier = 1\n"
                        // How often the leader looks whether a new node may vote.
                        + "  autopilot_reconcile_interval = \"500ms\"\n"
                        + "  autopilot_update_interval = \"500ms\"\n"
                        + "}\n"
                        + "listener \"tcp\" {\n"
                        + "  address = \"127.0.0.1:" + port + "\"\n"
                        + "  cluster_address = \"127.0.0.1:" + (port + 1) + "\"\n"
                        + "  tls_disable = true\n"
                        + "}\n"
                        + "api_addr = \"" + address + "\"\n"
                        + "cluster_addr = \"https://127.0.0.1:" + (port + 1) + "\"\n"
                        + "disable_mlock = true\n");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        void start() {
            ProcessBuilder builder = new ProcessBuilder(Fixtures.fromEnvironment("VAULT_BIN").toString(), "server",
                    "-config=" + folder.resolve("server.hcl")).directory(folder.toFile()).redirectErrorStream(true)
                    .redirectInput(ProcessBuilder.Redirect.from(Paths.get("/dev/null").toFile()))
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()));
            builder.environment().keySet().removeIf(name -> name.startsWith("VAULT_") || name.startsWith("BAO_"));
            builder.environment().put("HOME", folder.toString());
            try {
                // Nobody needs its data any more when the test is over.
                process = cleanup.start(builder, Process::destroyForcibly);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            await("node " + number, () -> {
                if (!process.isAlive()) {
                    throw new AssertionError("node " + number + " ended; it said:\n" + endOfLog());
                }
                return health() > 0;
            });
        }

        /** 200 active, 429 standby, 503 sealed, 501 not initialised; 0 away. */
        int health() {
            return status("GET", "sys/health", null);
        }

        int status(String method, String apiPath, String token) {
            try {
                return request(method, apiPath, null, token).status;
            } catch (UncheckedIOException away) {
                return 0;
            }
        }

        VaultServer.Answer request(String method, String apiPath, String json, String token) {
            try {
                return VaultServer.exchange(VaultServer.open(address, apiPath), method, json, token);
            } catch (IOException e) {
                throw new UncheckedIOException(method + " " + apiPath + ": " + e.getMessage(), e);
            }
        }

        String mustRequest(String method, String apiPath, String json, String token) {
            VaultServer.Answer answer = request(method, apiPath, json, token);
            if (answer.status < 200 || answer.status > 299) {
                throw new AssertionError(
                        method + ' ' + apiPath + " at node " + number + ": " + answer.status + ' ' + answer.body);
            }
            return answer.body;
        }

        private Path log() {
            return folder.resolve("server.log");
        }

        private String endOfLog() {
            try {
                String log = Files.exists(log()) ? Files.readString(log()) : "";
                return log.substring(Math.max(0, log.length() - 2000));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}

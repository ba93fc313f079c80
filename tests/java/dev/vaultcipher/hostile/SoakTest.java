package dev.vaultcipher.hostile;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.Cleanup;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.RaftCluster;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import org.junit.Test;

/**
 * A hundred thousand calls, which succeed and fail in many ways, while the nodes of a real cluster are restarted one by one and
 * web applications come and go: each call ends as it must, and memory, descriptors, threads and tokens do not grow. A token whose revocation falls into a
 * restart may be left until its TTL ends: a warning says so.
 */
public class SoakTest {
    private static final long CALLS = Long.parseLong(System.getenv().getOrDefault("SOAK_CALLS", "100000"));
    private static final int APPLICATIONS = Integer.parseInt(System.getenv().getOrDefault("SOAK_APPLICATIONS", "20"));
    /** Over the whole run, so that each part of it has some. */
    private static final int RESTARTS = Math.max(2 * RaftCluster.NODES, APPLICATIONS * 3 / 10);
    /** What the allocators may keep back for later, in MiB: they fill up in the first quarter. */
    private static final long MORE_MEMORY = 24;
    private static final int MORE_DESCRIPTORS = 16;
    private static final int MORE_THREADS = 6;

    /** What the process was like at one moment. */
    static final class Sample {
        final long calls;
        final double seconds;
        final long memory;
        final int descriptors;
        final int threads;
        final int applications;
        final int libraries;

        private Sample(String[] fields) {
            calls = Math.min(CALLS, Long.parseLong(fields[1]));
            seconds = Double.parseDouble(fields[2]);
            memory = Long.parseLong(fields[3]);
            descriptors = Integer.parseInt(fields[4]);
            threads = Integer.parseInt(fields[5]);
            applications = Integer.parseInt(fields[6]);
            libraries = Integer.parseInt(fields[7]);
        }
    }

    private final List<Sample> samples = new CopyOnWriteArrayList<>();
    private final List<String> outcomes = new ArrayList<>();
    private final List<String> wrong = new ArrayList<>();
    private String end = "";
    /** How often a warning said that a token could not be revoked. */
    private int unrevoked;

    @Test
    public void nothingGrowsAndNoCallEndsOtherwiseThanItMust() throws Exception {
        int tokens;
        int restarts = 0;
        String errors;
        try (RaftCluster cluster = RaftCluster.start(); Cleanup cleanup = new Cleanup()) {
            Path folder = cleanup.folder("soak");
            Path stderr = folder.resolve("stderr");
            ProcessBuilder builder = HostProcess.plain().environment("VAULT_CLIENT_TIMEOUT", null).environment("SECRET_STORE_VAULT_CACHE_TIME", null)
                    .jvmFlags("-Xms96m", "-Xmx96m", "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC", "-Djava.io.tmpdir=" + folder)
                    .builder(Soak.class.getName(), kinds(cluster, folder).toString(), Long.toString(CALLS), Integer.toString(APPLICATIONS),
                            HostProcess.ourJar().toString(), HostProcess.apiStubs().toString());
            Process process = cleanup.start(builder.redirectError(stderr.toFile()));
            Thread reader = new Thread(() -> read(process), "soak-reader");
            reader.start();
            for (; restarts < RESTARTS && process.isAlive(); restarts++) {
                long due = CALLS * restarts / RESTARTS;
                while (callsMade() < due && process.isAlive()) {
                    Fixtures.pause(20); // the process makes its calls
                }
                int node = restarts % RaftCluster.NODES;
                cluster.stop(node);
                cluster.start(node);
                cluster.awaitHealthy();
            }
            assertEquals("exit code\n" + Files.readString(stderr), 0, process.waitFor());
            reader.join();
            tokens = cluster.tokens("approle");
            errors = Files.readString(stderr);
            Canaries.assertNoneIn("the output of the soak", outcomes + "\n" + wrong + errors);
        }
        report(tokens, restarts);
        assertEquals("calls that ended otherwise\n" + String.join("\n", wrong), "end\t0\t" + APPLICATIONS, end);
        assertFlat();
        assertTrue(tokens + " tokens are left in Vault, and " + unrevoked + " warnings say so", tokens <= unrevoked);
        assertTrue("on standard error: " + errors, errors.isEmpty());
    }

    private long callsMade() {
        return samples.isEmpty() ? 0 : samples.get(samples.size() - 1).calls;
    }

    private void read(Process process) {
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith("sample\t")) {
                    samples.add(new Sample(line.split("\t")));
                } else if (line.startsWith("outcome\t")) {
                    outcomes.add(line.substring("outcome\t".length()).replace("\t", ", "));
                } else if (line.startsWith("unrevoked\t")) {
                    unrevoked = Integer.parseInt(line.substring("unrevoked\t".length()));
                } else if (line.startsWith("end\t")) {
                    end = line;
                } else {
                    wrong.add(line);
                }
            }
        } catch (IOException e) {
            wrong.add(e.toString());
        }
    }

    private void assertFlat() {
        assertFlat("memory in MiB", sample -> sample.memory, MORE_MEMORY);
        assertFlat("descriptors", sample -> sample.descriptors, MORE_DESCRIPTORS);
        assertFlat("threads", sample -> sample.threads, MORE_THREADS);
        Sample last = samples.get(samples.size() - 1);
        assertEquals("web applications that are still there", 0, last.applications);
        assertEquals("copies of the library that are still mapped", 1, last.libraries);
    }

    private void assertFlat(String what, ToLongFunction<Sample> value, long more) {
        long early = most(samples, 2, value);
        long late = most(samples, 4, value);
        assertTrue(what + " grew from " + early + " to " + late, late <= early + more);
    }

    /** The most in the second quarter of the calls, or in the last one. One moment alone says little: a restart may fall into it. */
    static long most(List<Sample> samples, int quarter, ToLongFunction<Sample> value) {
        return samples.subList(samples.size() * (quarter - 1) / 4, samples.size() * quarter / 4).stream().mapToLong(value).max().orElse(0);
    }

    private void report(int tokens, int restarts) throws IOException {
        Sample last = samples.get(samples.size() - 1);
        Attacks.report("calls on 8 threads that succeed and fail in " + kindCount + " ways, with " + restarts + " restarts of nodes and "
                + APPLICATIONS + " web applications that come and go", CALLS,
                wrong.size() + " otherwise than they must; the most in the second quarter of the calls, in the last quarter, and at the end: memory "
                        + three(sample -> sample.memory) + " MiB, descriptors " + three(sample -> sample.descriptors) + ", threads "
                        + three(sample -> sample.threads) + "; web applications left " + last.applications + ", tokens left in Vault without a warning "
                        + Math.max(0, tokens - unrevoked) + ", with one " + Math.min(tokens, unrevoked));
        if (System.getenv("SOAK_PAGE") != null) {
            SoakPage.write(samples, outcomes, CALLS, APPLICATIONS, restarts, tokens, unrevoked);
        }
    }

    private String three(ToLongFunction<Sample> value) {
        return most(samples, 2, value) + ", " + most(samples, 4, value) + ", " + value.applyAsLong(samples.get(samples.size() - 1));
    }

    private int kindCount;

    /** The kinds of calls; the first three are what a web application does. */
    private Path kinds(RaftCluster cluster, Path folder) throws IOException {
        cluster.put("sys/auth/approle", "{\"type\":\"approle\"}");
        cluster.put("sys/policies/acl/soak", "{\"policy\":" + Fixtures.json("path \"secret/data/soak/*\" { capabilities = [\"read\"] }") + "}");
        cluster.put("auth/approle/role/app", "{\"token_policies\":[\"soak\"],\"token_ttl\":\"1h\"}");
        String roleId = Fixtures.jsonMember(cluster.get("auth/approle/role/app/role-id"), "role_id");
        Path secretId = secret(folder, "secret-id", Fixtures.jsonMember(cluster.put("auth/approle/role/app/secret-id", "{}"), "secret_id"));
        Path wrongSecretId = secret(folder, "wrong-secret-id", Fixtures.randomText());
        // Vault locks a role after a few wrong ones: another role than that of the other calls.
        cluster.put("auth/approle/role/locked", "{\"token_policies\":[\"soak\"]}");
        String lockedRoleId = Fixtures.jsonMember(cluster.get("auth/approle/role/locked/role-id"), "role_id");
        String one = Fixtures.randomText();
        String two = Fixtures.randomText();
        cluster.putSecret("soak/one", "password", one);
        cluster.putSecret("soak/two", "password", two);

        String endpoints = cluster.addresses().stream().map(Fixtures::json).collect(Collectors.joining(",", "[", "]"));
        String login = ",\"authenticationType\":\"APPROLE\",\"roleId\":" + Fixtures.json(roleId) + ",\"secretIdFile\":"
                + Fixtures.json(secretId.toString());
        String text = "{\"mount\":\"secret\",\"path\":\"soak/one\",\"key\":\"password\",\"endpoint\":" + endpoints + login;
        String refused = text.replace(endpoints, "\"http://127.0.0.1:1\"");
        List<String> kinds = new ArrayList<>(List.of(
                kind(800, "cached", text + "}", Fixtures.sha256(one)),
                kind(300, "another secret, cached", text.replace("soak/one", "soak/two") + "}", Fixtures.sha256(two)),
                kind(200, "read each time", text + ",\"cacheTime\":0}", Fixtures.sha256(one)),
                kind(100, "no such key", text.replace("password", "pasword") + "}", "\"pasword\""),
                kind(80, "no such secret", text.replace("soak/one", "soak/none") + ",\"cacheTime\":0}", "soak/none"),
                kind(80, "not allowed", text.replace("soak/one", "other/one") + ",\"cacheTime\":0}", "other/one"),
                kind(160, "no JSON", text, "JSON"),
                kind(160, "an unknown field", text + ",\"cachTime\":5}", "cachTime"),
                kind(80, "nothing listens", refused + ",\"timeout\":0}", "127.0.0.1:1"),
                // One after the other, and each takes a third of a second: it is sent once more.
                kind(1, "a wrong secret-id", text.replace(secretId.toString(), wrongSecretId.toString()).replace(roleId, lockedRoleId)
                        + ",\"cacheTime\":0}", "The APPROLE login was refused")));
        kindCount = kinds.size();
        // In the order in which a web application reads them: the first three lines of weight one.
        kinds.add(0, kind(1, "cached", text + "}", Fixtures.sha256(one)));
        kinds.add(1, kind(1, "read each time", text + ",\"cacheTime\":0}", Fixtures.sha256(one)));
        kinds.add(2, kind(1, "no such key", text.replace("password", "pasword") + "}", "\"pasword\""));
        return Files.write(folder.resolve("kinds"), kinds);
    }

    private static String kind(int weight, String name, String text, String expected) {
        return weight + "\t" + name + '\t' + text + '\t' + expected;
    }

    private static Path secret(Path folder, String name, String content) throws IOException {
        Path file = Files.writeString(folder.resolve(name), Canaries.keep(content));
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    }
}

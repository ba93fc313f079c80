package dev.vaultcipher.connection;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.VaultSecretStore;
import dev.vaultcipher.harness.Cleanup;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess.Outcome;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.Messages;
import dev.vaultcipher.harness.RaftCluster;
import dev.vaultcipher.harness.ScriptedPeer;
import dev.vaultcipher.harness.StoreSession;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.AfterClass;
import org.junit.Before;
import org.junit.BeforeClass;
import org.junit.FixMethodOrder;
import org.junit.Test;
import org.junit.runners.MethodSorters;

/**
 * Three real servers in a raft cluster, of which one after the other fails, while a server asks for its passwords.
 * In the order of the names: a node that stepped down does not lead again for 10 s, so that is one of the last.
 */
@FixMethodOrder(MethodSorters.NAME_ASCENDING)
public class HighAvailabilityTest {
    private static final String FAILURE = "com.atlassian.secrets.api.SecretStoreException";
    private static final String SECRET = "bitbucket/database";
    /** Longer than any election. */
    private static final int BUDGET = 30;

    private static RaftCluster cluster;
    private static String value;
    private static String token;

    @BeforeClass
    public static void start() {
        cluster = RaftCluster.start();
        value = Fixtures.randomText();
        cluster.putSecret(SECRET, "password", value);
        token = cluster.createReader(SECRET);
    }

    @AfterClass
    public static void stop() {
        cluster.close();
    }

    @Before
    public void everybodyIsWell() {
        cluster.heal();
    }

    @Test
    public void theLeadersDeathIsNotNoticed() {
        try (Readers readers = Readers.start(text(BUDGET, cluster.addresses()), null)) {
            int dead = cluster.leader();
            int standby = cluster.standby();
            cluster.kill(dead);
            // As behind a balancer: a standby that names the dead leader, at an address that is not ours, is asked again.
            assertValue(host().call(text(BUDGET, List.of(cluster.address(standby)))));
            cluster.leader();
            assertValue(host().call(text(BUDGET, cluster.addresses())));
            cluster.start(dead);
            cluster.awaitHealthy();
            readers.assertAllWell();
        }
    }

    @Test
    public void whenTheLeaderStepsDownNobodyNotices() {
        String addresses = String.join(",", cluster.addresses());
        try (Readers readers = Readers.start(text(BUDGET, List.of()), addresses)) {
            cluster.stepDown();
            cluster.awaitHealthy();
            readers.assertAllWell();
        }
    }

    @Test
    public void aSealedLeaderIsNotNoticed() {
        try (Readers readers = Readers.start(text(BUDGET, cluster.addresses()), null)) {
            int sealed = cluster.leader();
            cluster.seal(sealed);
            cluster.leader();
            assertValue(host().call(text(BUDGET, cluster.addresses())));
            cluster.unseal(sealed);
            cluster.awaitHealthy();
            readers.assertAllWell();
        }
    }

    @Test
    public void aRollingRestartIsNotNoticed() {
        try (Readers readers = Readers.start(text(BUDGET, cluster.addresses()), null)) {
            for (int node = 0; node < RaftCluster.NODES; node++) {
                cluster.stop(node);
                assertValue(host().call(text(BUDGET, cluster.addresses())));
                cluster.start(node);
                cluster.awaitHealthy();
            }
            readers.assertAllWell();
        }
    }

    @Test
    public void withoutAQuorumTheBudgetIsUsedAndTheMessageNamesEveryNode() {
        int survivor = cluster.standby();
        for (int node = 0; node < RaftCluster.NODES; node++) {
            if (node != survivor) {
                cluster.kill(node);
            }
        }
        try (Readers readers = Readers.start(text(2, cluster.addresses()), null)) {
            Outcome outcome = host().call(text(3, cluster.addresses()));
            Messages.assertSays(outcome.only(), FAILURE, "tries in ", cluster.address(0), cluster.address(1), cluster.address(2));
            assertTrue(outcome.toString(), warnings(outcome).size() >= 2);
            readers.stop();
            assertEquals(readers.toString(), 0, readers.right);
            assertEquals(readers.toString(), 0, readers.wrong);
            assertTrue(readers.toString(), readers.failed >= Readers.THREADS);
            assertTrue(readers.toString(), readers.slowest < 4_000);
        }
    }

    @Test
    public void aStandbyAloneAnswersForTheLeader() {
        assertValue(host().call(text(0, List.of(cluster.address(cluster.standby())))));
    }

    @Test
    public void aStandbyThatDoesNotForwardLeadsToTheLeader() {
        int leader = cluster.leader();
        try (ScriptedPeer standby =
                ScriptedPeer.relayWithHeader("X-Vault-No-Request-Forwarding: 1", cluster.port(cluster.standby()))) {
            assertValue(host().call(text(0, List.of(standby.address(), cluster.address(leader)))));
            Outcome refused = host().call(text(0, List.of(standby.address())));
            Messages.assertSays(refused.only(), FAILURE, "redirects to " + cluster.address(leader), standby.address(),
                    "redirectHosts");
            assertValue(host().environment("SECRET_STORE_VAULT_REDIRECT_HOSTS", "127.0.0.1:" + cluster.port(leader))
                    .call(text(0, List.of(standby.address()))));
            Outcome forbidden = host().environment("VAULT_DISABLE_REDIRECTS", "true")
                    .call(text(0, List.of(standby.address())));
            Messages.assertSays(forbidden.only(), FAILURE, "redirects to " + cluster.address(leader),
                    "VAULT_DISABLE_REDIRECTS is set");
        }
    }

    @Test
    public void aSealedNodeIsWaitedForAndTheLogSaysWhy() throws Exception {
        int sealed = cluster.standby();
        cluster.seal(sealed);
        StoreSession.Outcome outcome;
        try (StoreSession session = StoreSession.withToken(token)) {
            CompletableFuture<StoreSession.Outcome> waiting = session.begin(text(BUDGET, List.of(cluster.address(sealed))));
            Fixtures.until(BUDGET, () -> session.said().contains("; try 3 follows in "));
            cluster.unseal(sealed);
            outcome = StoreSession.await(waiting).assertValue(value);
        }
        List<String> warnings = outcome.warnings;
        assertTrue(outcome.toString(), warnings.size() >= 2);
        for (int i = 0; i < warnings.size(); i++) {
            Matcher line = Pattern.compile(".*; try (\\d+) follows in \\d+\\.\\d s, \\d+ of " + BUDGET + " s are left")
                    .matcher(warnings.get(i));
            assertTrue(warnings.get(i), line.matches());
            assertEquals(warnings.get(i), String.valueOf(i + 2), line.group(1));
        }
        assertTrue(warnings.get(0), warnings.get(0).contains("Vault is sealed (503 at " + cluster.address(sealed)));
    }

    private static HostProcess host() {
        return HostProcess.loading(VaultSecretStore.class.getName()).environment("SECRET_STORE_VAULT_TOKEN", token);
    }

    /** With these endpoints, or with those in VAULT_ADDR when there are none. */
    private static String text(int budget, List<String> endpoints) {
        String list = endpoints.stream().map(Fixtures::json).collect(Collectors.joining(","));
        return "{\"mount\":\"secret\",\"path\":\"" + SECRET + "\",\"key\":\"password\",\"timeout\":" + budget
                + (endpoints.isEmpty() ? "" : ",\"endpoint\":[" + list + "]") + "}";
    }

    private static void assertValue(Outcome outcome) {
        assertEquals(outcome.toString(), Fixtures.sha256(value), outcome.only().valueSha256);
    }

    /** The lines that the class logged between its tries; two handlers print each. */
    private static List<String> warnings(Outcome outcome) {
        return outcome.stderr.lines().filter(line -> line.startsWith("WARNING: ") && line.contains("; try "))
                .distinct().collect(Collectors.toList());
    }

    /** A JVM in which 50 threads read the secret without end. */
    private static final class Readers implements AutoCloseable {
        static final int THREADS = 50;

        private final Cleanup cleanup = new Cleanup();
        private final Path folder = cleanup.folder("readers");
        private final CompletableFuture<Outcome> outcome;
        private String printed;
        long right;
        long failed;
        long wrong;
        long slowest;

        private Readers(String text, String addressesOrNull) {
            HostProcess process = host().jvmFlags("-Xcheck:jni").environment("VAULT_ADDR", addressesOrNull);
            outcome = CompletableFuture.supplyAsync(() -> process.run(ReadingThreads.class.getName(), text,
                    Fixtures.sha256(value), String.valueOf(THREADS), "100", end().toString(), begun().toString()));
        }

        /** Returns once the first value was read or the first read failed. */
        static Readers start(String text, String addressesOrNull) {
            Readers readers = new Readers(text, addressesOrNull);
            Fixtures.until(BUDGET, () -> Files.exists(readers.begun()) || readers.outcome.isDone());
            return readers;
        }

        /** Lets them end, and counts. */
        void stop() {
            try {
                Files.createFile(end());
                Outcome ended = outcome.get(BUDGET + 30, TimeUnit.SECONDS);
                printed = ended.toString();
                Matcher counts = Pattern.compile("right (\\d+) failed (\\d+) wrong (\\d+) slowest (\\d+)").matcher(ended.stdout);
                assertTrue(printed, counts.find());
                right = Long.parseLong(counts.group(1));
                failed = Long.parseLong(counts.group(2));
                wrong = Long.parseLong(counts.group(3));
                slowest = Long.parseLong(counts.group(4));
            } catch (IOException | InterruptedException | ExecutionException | TimeoutException e) {
                throw new AssertionError(e);
            }
        }

        /** Ends them also when the test failed before. */
        @Override
        public void close() {
            try {
                if (!Files.exists(end())) {
                    Files.createFile(end());
                }
                outcome.handle((ended, failure) -> null).join();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } finally {
                cleanup.close();
            }
        }

        void assertAllWell() {
            // Takes a JVM's start: the readers find the cluster as it is now meanwhile.
            assertValue(host().call(text(BUDGET, cluster.addresses())));
            stop();
            assertEquals(printed, 0, failed);
            assertEquals(printed, 0, wrong);
            assertTrue(printed, right >= THREADS);
            assertTrue(printed, slowest < BUDGET * 1000);
        }

        private Path end() {
            return folder.resolve("end");
        }

        private Path begun() {
            return folder.resolve("begun");
        }

        @Override
        public String toString() {
            return printed;
        }
    }
}

package dev.vaultcipher.connection;

import static dev.vaultcipher.harness.FaultPeer.answering;
import static dev.vaultcipher.harness.FaultPeer.error;
import static dev.vaultcipher.harness.FaultPeer.head;
import static dev.vaultcipher.harness.FaultPeer.json;
import static dev.vaultcipher.harness.FaultPeer.stays;
import static dev.vaultcipher.harness.FaultPeer.value;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.FaultPeer;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.StoreSession;
import dev.vaultcipher.harness.VaultServer;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** What is tried again and what is not, how long, and what the log says meanwhile. */
public class PatienceTest {
    private static final String SECRET = Fixtures.randomText();
    private static final String TOKEN = Canaries.keep("s." + Fixtures.randomText());

    private static StoreSession session;

    @BeforeClass
    public static void startSession() {
        // Without VAULT_CLIENT_TIMEOUT the budget is the default: a minute.
        session = StoreSession.start(HostProcess.plain().environment("SECRET_STORE_VAULT_TOKEN", TOKEN)
                .environment("VAULT_CLIENT_TIMEOUT", null));
    }

    @AfterClass
    public static void endSession() {
        session.close();
    }

    @Test
    public void whatPassesIsTriedAgainAndTheLogSaysWhy() {
        String page = "<html><title>Bad Gateway</title></html>";
        String upgrade = "Upgrading from non-versioned to versioned data. This backend will be unavailable for a brief period and will "
                + "resume service shortly.";
        Map<String, FaultPeer.Answer[]> scripts = new LinkedHashMap<>();
        scripts.put("has not caught up with the cluster (412)", new FaultPeer.Answer[] {error(412, ""), error(412, "")});
        scripts.put("rate limit is reached (429", new FaultPeer.Answer[] {error(429, "rate limit quota exceeded")});
        scripts.put("Vault answered 500", new FaultPeer.Answer[] {error(500, "internal error"), error(500, "internal error")});
        scripts.put("502 from something in front of Vault",
                new FaultPeer.Answer[] {stays(head(502, "Content-Type: text/html", "Content-Length: " + page.length()) + page)});
        scripts.put("Vault is sealed (503", new FaultPeer.Answer[] {error(503, "Vault is sealed"), error(503, "Vault is sealed")});
        scripts.put("no active node", new FaultPeer.Answer[] {
            error(500, "local node not active but active cluster node not found"), error(503, "no active Vault instance found")});
        scripts.put("Vault answered 504", new FaultPeer.Answer[] {error(504, "late")});
        scripts.put("is a secondary (472)", new FaultPeer.Answer[] {error(472, "")});
        scripts.put("is a secondary (473)", new FaultPeer.Answer[] {error(473, "")});
        scripts.put("is being upgraded (400)", new FaultPeer.Answer[] {error(400, upgrade),
            error(400, "Waiting for the primary to upgrade from non-versioned to versioned data.")});
        scripts.put("closed before the answer was complete", new FaultPeer.Answer[] {FaultPeer.closes(""), FaultPeer.resets("HTTP/1.1 2")});
        List<FaultPeer> peers = scripts.values().stream().map(PatienceTest::thenTheValue).collect(Collectors.toList());
        List<StoreSession.Outcome> outcomes = session.getAll(peers.stream().map(FaultPeer::text).collect(Collectors.toList()));
        int i = 0;
        for (Map.Entry<String, FaultPeer.Answer[]> script : scripts.entrySet()) {
            StoreSession.Outcome outcome = outcomes.get(i).assertValue(SECRET);
            int failures = script.getValue().length;
            assertEquals(outcome.toString(), failures + 1, peers.get(i).reads().size());
            assertEquals(outcome.toString(), failures, outcome.warnings.size());
            for (int n = 0; n < failures; n++) {
                String line = outcome.warnings.get(n);
                assertTrue(line, line.contains(script.getKey()) && line.contains(peers.get(i).address()));
                assertTrue(line, line.matches(".*; try " + (n + 2) + " follows in [0-9.]+ s, (?:60|5[0-9]) of 60 s are left"));
            }
            i++;
        }
        peers.forEach(FaultPeer::close);
    }

    private static FaultPeer thenTheValue(FaultPeer.Answer... failures) {
        FaultPeer.Answer[] script = Arrays.copyOf(failures, failures.length + 1);
        script[failures.length] = value(SECRET);
        return answering(script);
    }

    @Test
    public void whatDoesNotPassIsAskedForOnce() {
        List<FaultPeer> peers = Arrays.asList(answering(error(400, "missing role")), answering(error(401, "no")),
                answering(error(403, "permission denied")), answering(error(403, "1 error occurred:\n\t* permission denied\n\n")),
                answering(error(404, "")), answering(error(404, "no handler for route \"secret/data/sample/secret\"")),
                answering(error(405, "unsupported operation")), answering(error(501, "not implemented")),
                answering(error(503, "server is not initialized")), answering(json(200, "{\"data\":{\"data\":{\"user\":\"a\"}}}")),
                answering(stays(head(501, "Content-Type: text/html", "Content-Length: 0"))));
        List<StoreSession.Outcome> outcomes = session.getAll(peers.stream().map(FaultPeer::text).collect(Collectors.toList()));
        for (int i = 0; i < peers.size(); i++) {
            outcomes.get(i).assertFails(peers.get(i).address()).assertTriedOnce();
            assertTrue(outcomes.get(i).toString(), outcomes.get(i).warnings.isEmpty());
            assertEquals(outcomes.get(i).toString(), 1, peers.get(i).reads().size());
        }
        peers.forEach(FaultPeer::close);
    }

    @Test
    public void retryAfterIsHonouredInBothForms() {
        FaultPeer.Answer date = (socket, request) -> error(429, "slow down",
                "Retry-After: " + DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC).plusSeconds(2)))
                .write(socket, request);
        List<FaultPeer> peers = Arrays.asList(
                answering(error(429, "slow down", "Retry-After: 1"), value(SECRET)),
                answering(error(503, "Vault is sealed", "retry-after:  1 "), value(SECRET)),
                answering(date, value(SECRET)),
                // What is no time, and what is past, is the same as none at all.
                answering(error(503, "soon", "Retry-After: soon"), value(SECRET)),
                answering(error(503, "past", "Retry-After: Mon, 23 Nov 2020 12:00:00 GMT"), value(SECRET)),
                answering(error(503, "now", "Retry-After: 0"), value(SECRET)),
                // It belongs to 429 and 503 only.
                answering(error(500, "internal", "Retry-After: 3600"), value(SECRET)));
        List<StoreSession.Outcome> outcomes = session.getAll(peers.stream().map(FaultPeer::text).collect(Collectors.toList()));
        for (int i = 0; i < peers.size(); i++) {
            outcomes.get(i).assertValue(SECRET);
            List<FaultPeer.Request> reads = peers.get(i).reads();
            assertEquals(outcomes.get(i).toString(), 2, reads.size());
            double pause = (reads.get(1).at - reads.get(0).at) / 1e9;
            // And a random time more, up to two seconds. A date has whole seconds: two ahead may be one and a bit.
            assertTrue(i + ": " + pause, i < 3 ? pause >= 0.95 && pause < 4.5 : pause < 1.5);
        }
        peers.forEach(FaultPeer::close);
    }

    @Test
    public void retryAfterIsCappedByTheBudget() {
        FaultPeer sealed = answering(error(503, "Vault is sealed", "Retry-After: 3600"));
        FaultPeer limited = answering(error(429, "slow down", "Retry-After: Mon, 23 Nov 2099 12:00:00 GMT"), value(SECRET));
        List<StoreSession.Outcome> outcomes = session.getAll(Arrays.asList(
                sealed.text("timeout", "\"2s\""), limited.text("timeout", "2")));
        outcomes.get(0).assertFails("Vault is sealed", "2 tries in");
        assertEquals(outcomes.get(0).warnings.toString(), 1, outcomes.get(0).warnings.size());
        // Not the same moment for all who started together.
        assertTrue(outcomes.toString(), outcomes.get(0).warnings.get(0)
                .matches(".* and asks to wait 3600 s; try 2 follows in 1\\.[2-5] s, 2 of 2 s.*"));
        outcomes.get(1).assertValue(SECRET);
        sealed.close();
        limited.close();
    }

    @Test
    public void aServerThatStartsLateIsWaitedFor() {
        int port = Fixtures.freePorts(1);
        CompletableFuture<StoreSession.Outcome> outcome = session.begin(FaultPeer.textFor("http://127.0.0.1:" + port));
        Fixtures.until(10, () -> session.said().contains("127.0.0.1:" + port));
        try (FaultPeer peer = FaultPeer.at("127.0.0.1", port, value(SECRET))) {
            List<String> warnings = StoreSession.await(outcome).assertValue(SECRET).warnings;
            assertFalse(warnings.isEmpty());
            warnings.forEach(line -> assertTrue(line, line.contains("the connection was refused") && line.contains("127.0.0.1:" + port)
                    && !line.contains("What to do")));
            assertEquals(1, peer.reads().size());
        }
    }

    @Test
    public void aSealedVaultIsWaitedForUntilItIsUnsealed() {
        try (VaultServer vault = VaultServer.start();
                StoreSession reader = StoreSession.start(HostProcess.plain().environment("VAULT_CLIENT_TIMEOUT", null)
                        .environment("SECRET_STORE_VAULT_TOKEN", vault.rootToken()))) {
            String value = Fixtures.randomText();
            vault.putSecret("sample/secret", "password", value);
            vault.seal();
            reader.get(vault.text("sample/secret", "password").replace("{", "{\"timeout\":\"1s\","))
                    .assertFails("Vault is sealed (503 at GET " + vault.address(), "unseal keys given", "tries in");
            CompletableFuture<StoreSession.Outcome> waiting = reader.begin(vault.text("sample/secret", "password"));
            Fixtures.until(10, () -> reader.said().contains(" of 60 s are left"));
            vault.unseal();
            List<String> warnings = StoreSession.await(waiting).assertValue(value).warnings;
            assertTrue(warnings.toString(), warnings.get(0).startsWith("Vault is sealed (503 at " + vault.address()));
        }
    }

    @Test
    public void theBudgetIsTheSettings() {
        FaultPeer sealed = answering(error(503, "Vault is sealed"));
        FaultPeer once = answering(error(503, "Vault is sealed"));
        FaultPeer never = answering(error(503, "Vault is sealed"));
        FaultPeer twice = answering(error(503, "Vault is sealed"));
        List<StoreSession.Outcome> outcomes = session.getAll(Arrays.asList(
                sealed.text("timeout", "\"1500ms\""), once.text("timeout", "0"), never.text("maxRetries", "0"),
                twice.text("maxRetries", "2")));
        outcomes.get(0).assertFails("tries in");
        assertTrue(outcomes.toString(), sealed.reads().size() > 1);
        assertEquals(1, once.reads().size());
        assertEquals(1, never.reads().size());
        assertEquals(3, twice.reads().size());
        outcomes.get(1).assertFails("Vault is sealed (503 at GET " + once.address() + "/v1/secret/data/sample/secret (namespace: none)");
        outcomes.get(3).assertFails("(namespace: none, 3 tries in");
        Arrays.asList(sealed, once, never, twice).forEach(FaultPeer::close);
    }

    @Test
    public void anInterruptEndsAWaitAtOnce() {
        try (FaultPeer sealed = answering(error(503, "Vault is sealed", "Retry-After: 30")); FaultPeer silent = answering(FaultPeer.silent())) {
            for (FaultPeer peer : Arrays.asList(sealed, silent)) {
                // By time: "at once" is the promise, and the budget is a minute.
                session.getInterrupted(peer.text(), 500).assertFails("Interrupted while waiting for GET " + peer.address())
                        .assertWithin(1.5); // by time: nothing else tells that the wait ended early
            }
            assertEquals(1, sealed.reads().size());
        }
    }

    @Test
    public void aHostWithoutAnAddressIsTriedAgainInItsOwnWords() {
        StoreSession.Outcome outcome = session.get(FaultPeer.textFor("http://vault.invalid:8200", "timeout", "\"1s\""));
        outcome.assertFails("\"vault.invalid\" cannot be resolved", "tries in");
        assertTrue(outcome.toString(), outcome.warnings.stream().anyMatch(line -> line.contains("cannot be resolved")));
    }
}

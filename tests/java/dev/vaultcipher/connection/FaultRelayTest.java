package dev.vaultcipher.connection;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.FaultRelay.Fault;
import dev.vaultcipher.harness.FaultRelay;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.StoreSession;
import dev.vaultcipher.harness.VaultServer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.IntFunction;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** A real Vault behind a bad network: the right value or a clear error, never another value and never beyond the budget. */
public class FaultRelayTest {
    private static VaultServer http;
    private static VaultServer https;
    private static StoreSession session;
    private static StoreSession tlsSession;
    private static String value;

    @BeforeClass
    public static void startServers() {
        http = VaultServer.start();
        https = VaultServer.startTls();
        value = Fixtures.randomText();
        http.putSecret("sample/secret", "password", value);
        https.putSecret("sample/secret", "password", value);
        session = StoreSession.withToken(http.rootToken());
        tlsSession = StoreSession.withToken(https.rootToken());
    }

    @AfterClass
    public static void stopServers() {
        session.close();
        tlsSession.close();
        http.close();
        https.close();
    }

    @Test
    public void latencyAndLittleBandwidthOnlyTakeTime() {
        for (Fault fault : new Fault[] {Fault.latency(150), Fault.bandwidth(2500)}) {
            try (FaultRelay relay = FaultRelay.to(http.port(), n -> fault); FaultRelay tls = FaultRelay.to(https.port(), n -> fault)) {
                session.get(text(http, relay, "20s")).assertValue(value);
                tlsSession.get(text(https, tls, "20s")).assertValue(value);
                assertEquals("without a second try", 1, relay.connections());
            }
        }
        try (FaultRelay relay = FaultRelay.to(http.port(), n -> Fault.bandwidth(100));
                FaultRelay tls = FaultRelay.to(https.port(), n -> Fault.latency(800))) {
            session.get(text(http, relay, "1s")).assertFails("no complete answer within", "127.0.0.1:" + relay.port());
            tlsSession.get(text(https, tls, "1s")).assertFails("no complete answer within", "127.0.0.1:" + tls.port());
        }
    }

    @Test
    public void aResetAtAnyByteIsAnError() {
        List<FaultRelay> relays = new ArrayList<>();
        List<String> texts = new ArrayList<>();
        for (int at = 0; at < 600; at += 25) {
            int bytes = at;
            for (IntFunction<Fault> fault : List.<IntFunction<Fault>>of(n -> Fault.resetAfter(bytes), n -> Fault.quietAfter(bytes),
                    n -> Fault.resetAfterRequestOf(bytes / 3))) {
                relays.add(FaultRelay.to(http.port(), fault));
                texts.add(text(http, relays.get(relays.size() - 1), "800ms"));
            }
        }
        int values = 0;
        for (StoreSession.Outcome outcome : session.getAll(texts)) {
            values += outcome.call.failureClass == null ? 1 : 0;
            assertRightOrClear(outcome);
        }
        assertTrue("only a few get through: " + values, values < texts.size() / 5);
        relays.forEach(FaultRelay::close);
    }

    @Test
    public void whatIsResetAtFirstIsTriedAgain() {
        List<FaultRelay> relays = new ArrayList<>();
        List<String> plain = new ArrayList<>();
        List<String> secure = new ArrayList<>();
        for (int at = 0; at < 450; at += 90) {
            int bytes = at;
            relays.add(FaultRelay.to(http.port(), n -> n < 2 ? Fault.resetAfter(bytes) : Fault.none()));
            plain.add(text(http, relays.get(relays.size() - 1), "20s"));
            // Within the TLS handshake and after it.
            relays.add(FaultRelay.to(https.port(), n -> n < 2 ? Fault.resetAfter(bytes * 4) : Fault.none()));
            secure.add(text(https, relays.get(relays.size() - 1), "20s"));
        }
        session.getAll(plain).forEach(outcome -> outcome.assertValue(value));
        tlsSession.getAll(secure).forEach(outcome -> outcome.assertValue(value));
        relays.forEach(relay -> assertEquals(3, relay.connections()));
        relays.forEach(FaultRelay::close);
    }

    @Test
    public void aByteThatChangesOnTheWayIsNoticedByTls() {
        List<FaultRelay> relays = new ArrayList<>();
        List<String> texts = new ArrayList<>();
        for (int at = 0; at < 2000; at += 100) {
            int position = at;
            relays.add(FaultRelay.to(https.port(), n -> Fault.flip(position)));
            texts.add(text(https, relays.get(relays.size() - 1), "1s"));
        }
        int failures = 0;
        for (StoreSession.Outcome outcome : tlsSession.getAll(texts)) {
            failures += outcome.call.failureClass == null ? 0 : 1;
            assertRightOrClear(outcome);
        }
        assertTrue("most are within the answer: " + failures, failures > texts.size() / 2);
        relays.forEach(FaultRelay::close);
    }

    @Test
    public void manyReadThroughANetworkThatFailsNowAndThen() {
        Random random = new Random(5);
        try (FaultRelay relay = FaultRelay.to(http.port(), n -> {
            synchronized (random) {
                switch (random.nextInt(4)) {
                    case 0: return Fault.resetAfter(random.nextInt(500));
                    case 1: return Fault.resetAfterRequestOf(random.nextInt(150));
                    case 2: return Fault.latency(random.nextInt(100));
                    default: return Fault.none();
                }
            }
        })) {
            List<String> texts = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                texts.add(text(http, relay, "30s"));
            }
            List<StoreSession.Outcome> outcomes = session.getAll(texts);
            outcomes.forEach(outcome -> outcome.assertValue(value));
            assertTrue("some had to be tried again", outcomes.stream().filter(outcome -> !outcome.warnings.isEmpty()).count() > 3);
        }
    }

    private static void assertRightOrClear(StoreSession.Outcome outcome) {
        outcome.assertWithin(2.5); // by time: the budget is a second, and a silent network ends nothing
        if (outcome.call.failureClass == null) {
            outcome.assertValue(value);
        } else {
            outcome.assertFails("Vault cannot be reached at GET http", "What to do: ");
        }
    }

    private static String text(VaultServer vault, FaultRelay relay, String timeout) {
        String text = vault.text("sample/secret", "password").replace(":" + vault.port(), ":" + relay.port());
        return text.replace("{", "{\"timeout\":\"" + timeout + "\",\"caCert\":" + Fixtures.json(https.caFile().toString()) + ',');
    }
}

package dev.vaultcipher.login;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.AuditLog;
import dev.vaultcipher.harness.AuditedVault.Application;
import dev.vaultcipher.harness.AuditedVault;
import dev.vaultcipher.harness.FaultRelay;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.ScriptedPeer;
import dev.vaultcipher.harness.StoreSession;
import dev.vaultcipher.harness.Stories;
import java.util.List;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** What is left in Vault and in the process when the start of a server is over: nothing, unless it was not ours. */
public class RevocationTest {
    private static final String KEEPER = "vault-cipher-keeper";
    /** A start is over when nothing was called for 5 s, by the library's clock. */
    private static final double OVER = 6;
    /** The keeper looks at the clock once a second, and then asks Vault. */
    private static final double SOON = 4;

    private static AuditedVault vault;
    private static Stories stories;

    @BeforeClass
    public static void start() {
        vault = new AuditedVault();
        stories = new Stories()
                .begin("burst", RevocationTest::tellOfABurst)
                .begin("unrevoked", RevocationTest::tellOfTokensThatAreNotRevoked)
                .begin("refused", RevocationTest::tellOfATokenThatMayNotRevokeItself)
                .begin("long", RevocationTest::tellOfALongStart)
                .begin("interrupt", RevocationTest::tellOfAnInterrupt)
                .begin("exit", RevocationTest::tellOfAnExit)
                .begin("meanwhile", RevocationTest::tellOfAnExitWhileTheTokenIsRevoked)
                .begin("late", RevocationTest::tellOfACallWhileTheKeeperEnds)
                .begin("silent", RevocationTest::tellOfAnExitWithoutVault)
                .begin("gone", RevocationTest::tellOfABurstThatEndsWithoutVault);
    }

    @AfterClass
    public static void stop() {
        stories.awaitAll();
        vault.close();
    }

    @Test
    public void afterTheStartNothingIsLeftInVaultNorInTheProcess() throws Exception {
        stories.assertTold("burst");
    }

    private static void tellOfABurst() {
        Application app = vault.application("burst");
        Application periodic = vault.application("burst-periodic", "\"token_period\":\"1h\"");
        Application few = vault.application("burst-few", "\"token_num_uses\":2");
        Application spent = vault.application("burst-spent", "\"token_num_uses\":1");
        Application brief = vault.application("burst-brief", "\"token_ttl\":1");
        try (StoreSession session = AuditedVault.session()) {
            assertEquals(List.of(), session.threads("vault-cipher"));
            int sockets = session.sockets();
            for (Application each : List.of(app, periodic, few, spent, brief)) {
                assertEquals(List.of(), each.read(session, "one").warnings);
            }
            app.read(session, "two");
            assertEquals(List.of(KEEPER), session.threads("vault-cipher"));
            session.clockAhead(4);
            assertEquals("for as long as the start may go on", 1, app.tokens());
            session.clockAhead(OVER);
            app.assertNoTokenAfter(SOON);
            periodic.assertNoTokenAfter(1);
            few.assertNoTokenAfter(1);
            session.awaitNoKeeper();
            assertEquals("open sockets", sockets, session.sockets());
            assertEquals(List.of("auth/burst/login", "secret/data/burst/one", "secret/data/burst/two", AuditLog.REVOKE),
                    app.requests());
            assertEquals("", session.said());

            // The next start is like the first.
            app.read(session, "one");
            assertEquals(2, app.logins());
            assertEquals(List.of(KEEPER), session.threads("vault-cipher"));
        }
        assertEquals("at the exit", 0, app.tokens());
        assertEquals(2, app.revocations());
    }

    @Test
    public void aTokenThatIsNotOursAndABatchTokenAndOneThatIsToStayAreNotRevoked() throws Exception {
        stories.assertTold("unrevoked");
    }

    private static void tellOfTokensThatAreNotRevoked() {
        Application kept = vault.application("kept");
        Application batch = vault.application("of-batch", "\"token_type\":\"batch\"", "\"token_ttl\":\"1h\"");
        String value = Fixtures.randomText();
        vault.server.putSecret("given", "password", value);
        String inFile = vault.server.createReader("given");
        String inEnvironment = vault.server.createReader("given");
        String ofAgent = vault.server.createReader("given");
        String text = vault.server.text("given", "password");
        HostProcess jvm = AuditedVault.jvm().environment("VAULT_TOKEN", inEnvironment);
        try (ScriptedPeer agent = ScriptedPeer.relayWithHeader("X-Vault-Token: " + ofAgent, vault.server.port());
                StoreSession session = StoreSession.start(jvm)) {
            kept.read(session, "one", "revoke", "false");
            batch.read(session, "one");
            session.get(text).assertValue(value);
            session.get(text.replace("\"endpoint\"", "\"tokenFile\":" + Fixtures.json(vault.file("token", inFile))
                    + ",\"endpoint\"")).assertValue(value);
            session.get(text.replace(vault.server.address(), agent.address())
                    .replace("\"endpoint\"", "\"authenticationType\":\"AGENT\",\"endpoint\"")).assertValue(value);
            session.clockAhead(OVER);
            session.awaitNoKeeper();
            assertEquals("", session.said());
        }
        for (String token : List.of(inFile, inEnvironment, ofAgent)) {
            assertEquals(200, vault.server.request("GET", "secret/data/given", null, token).status);
        }
        assertEquals(1, kept.tokens());
        assertEquals(List.of("auth/kept/login", "secret/data/kept/one"), kept.requests());
        assertEquals(0, batch.revocations());
    }

    @Test
    public void aTokenThatMayNotRevokeItselfIsWarnedOfOnce() throws Exception {
        stories.assertTold("refused");
    }

    private static void tellOfATokenThatMayNotRevokeItself() {
        Application app = vault.application("refused", "\"token_no_default_policy\":true");
        try (StoreSession session = AuditedVault.session()) {
            app.read(session, "one");
            app.read(session, "two");
            session.clockAhead(OVER);
            session.awaitNoKeeper();
            String said = session.said();
            assertEquals(said, 1, occurrences(said, "WARN"));
            for (String part : new String[] {"The token of the APPROLE login", "could not be revoked",
                "path \"auth/token/revoke-self\" { capabilities = [\"update\"] }", "\"revoke\":false"}) {
                assertTrue(said, said.contains(part));
            }
        }
        assertEquals(1, app.tokens());
    }

    @Test
    public void aStartThatTakesLongerThanThePauseAfterItIsOneStart() throws Exception {
        stories.assertTold("long");
    }

    private static void tellOfALongStart() {
        Application app = vault.application("long");
        try (StoreSession session = AuditedVault.session()) {
            for (int property = 0; property < 4; property++) {
                app.read(session, "one", "cacheTime", "\"100ms\"");
                session.clockAhead(3 * (property + 1));
            }
            assertEquals(app.requests().toString(), 1, app.logins());
            assertEquals(4, app.reads("one"));
            session.clockAhead(12 + OVER);
            app.assertNoTokenAfter(SOON);
        }
        assertEquals(1, app.revocations());
    }

    @Test
    public void whenItIsInterruptedTheKeeperEndsTheStart() throws Exception {
        stories.assertTold("interrupt");
    }

    private static void tellOfAnInterrupt() {
        Application app = vault.application("interrupt");
        try (StoreSession session = AuditedVault.session()) {
            app.read(session, "one");
            assertEquals(1, app.tokens());
            session.interruptThreads(KEEPER);
            app.assertNoTokenAfter(2);
            session.awaitNoKeeper();
            app.read(session, "one");
            assertEquals("a secret outlived its keeper", 2, app.reads("one"));
        }
        assertEquals(0, app.tokens());
    }

    @Test
    public void whenTheServerExitsBeforeTheTokenIsRevoked() throws Exception {
        stories.assertTold("exit");
    }

    private static void tellOfAnExit() {
        Application app = vault.application("exit");
        double seconds;
        try (StoreSession session = AuditedVault.session()) {
            app.read(session, "one");
            seconds = exit(session);
            assertEquals("", session.said());
        }
        assertEquals(0, app.tokens());
        assertTrue(seconds + " s", seconds < 2); // by time: the exit does not wait for the 5 s after a start
    }

    @Test
    public void aRevocationThatIsUnderWayComesToItsEndBeforeTheServerExits() throws Exception {
        stories.assertTold("meanwhile");
    }

    private static void tellOfAnExitWhileTheTokenIsRevoked() {
        Application app = vault.application("meanwhile");
        try (FaultRelay relay = FaultRelay.to(vault.server.port(), connection -> FaultRelay.Fault.latency(700));
                StoreSession session = AuditedVault.session()) {
            session.get(app.text("one", "password").replace(":" + vault.server.port(), ":" + relay.port()))
                    .assertValue(app.value("one", "password"));
            relay.awaitRequest(() -> session.interruptThreads(KEEPER));
            session.exit();
            assertEquals("", session.said());
        }
        assertEquals(0, app.tokens());
    }

    @Test
    public void aCallWhileTheKeeperEndsLeavesNothingEither() throws Exception {
        stories.assertTold("late");
    }

    private static void tellOfACallWhileTheKeeperEnds() {
        Application first = vault.application("late-first");
        Application second = vault.application("late-second");
        try (FaultRelay relay = FaultRelay.to(vault.server.port(), connection -> FaultRelay.Fault.latency(700));
                StoreSession session = AuditedVault.session()) {
            session.get(first.text("one", "password").replace(":" + vault.server.port(), ":" + relay.port()))
                    .assertValue(first.value("one", "password"));
            relay.awaitRequest(() -> session.interruptThreads(KEEPER));
            second.read(session, "one");
            session.awaitNoKeeper();
            first.assertNoTokenAfter(0.1);
            second.assertNoTokenAfter(0.1);
            second.read(session, "one");
            assertEquals("a secret outlived its keeper", 2, second.reads("one"));
            assertEquals("", session.said());
        }
        assertEquals(0, second.tokens());
    }

    @Test
    public void withoutVaultTheExitIsDelayedForAMomentOnly() throws Exception {
        stories.assertTold("silent");
    }

    private static void tellOfAnExitWithoutVault() {
        Application app = vault.application("silent");
        Application second = vault.application("silent-too");
        Application reachable = vault.application("not-silent");
        try (FaultRelay relay = FaultRelay.to(vault.server.port(), connection -> FaultRelay.Fault.none());
                StoreSession session = StoreSession.start(AuditedVault.jvm().environment("VAULT_CLIENT_TIMEOUT", "60"))) {
            for (Application each : List.of(app, second)) {
                session.get(each.text("one", "password").replace(":" + vault.server.port(), ":" + relay.port()))
                        .assertValue(each.value("one", "password"));
            }
            reachable.read(session, "one");
            relay.silence();
            double seconds = exit(session);
            assertTrue("the exit took " + seconds + " s", seconds < 4.5); // by time: Vault never answers
        }
        assertEquals(1, app.tokens());
        assertEquals("an endpoint that is away takes the time of another", 0, reachable.tokens());
    }

    @Test
    public void withoutVaultTheKeeperEndsAllTheSame() throws Exception {
        stories.assertTold("gone");
    }

    private static void tellOfABurstThatEndsWithoutVault() {
        Application app = vault.application("gone");
        FaultRelay relay = FaultRelay.to(vault.server.port(), connection -> FaultRelay.Fault.none());
        try (StoreSession session = StoreSession.start(AuditedVault.jvm().environment("VAULT_CLIENT_TIMEOUT", "60"))) {
            session.get(app.text("one", "password").replace(":" + vault.server.port(), ":" + relay.port()))
                    .assertValue(app.value("one", "password"));
            relay.close();
            session.clockAhead(OVER);
            session.awaitNoKeeper();
            String said = session.said();
            assertEquals(said, 1, occurrences(said, "could not be revoked"));
            assertTrue(said, said.contains("cannot be reached") && said.contains("lives until its TTL ends"));
        } finally {
            relay.close();
        }
    }

    private static double exit(StoreSession session) {
        long start = System.nanoTime();
        session.exit();
        return (System.nanoTime() - start) / 1e9;
    }

    private static int occurrences(String text, String part) {
        return text.split(part, -1).length - 1;
    }
}

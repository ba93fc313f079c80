package dev.vaultcipher.engine;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNotNull;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.AuditedVault.Application;
import dev.vaultcipher.harness.AuditedVault;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.PostgresServer;
import dev.vaultcipher.harness.StoreSession;
import dev.vaultcipher.harness.Stories;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** Users of a real PostgreSQL that Vault makes when they are asked for, and that end with their lease. */
public class LeaseTest {
    private static final String RENEW = "sys/leases/renew";

    private static AuditedVault vault;
    private static PostgresServer postgres;
    private static Stories stories;
    /** The process of the tests that need no renewal. */
    private static StoreSession shared;

    @BeforeClass
    public static void start() {
        vault = new AuditedVault();
        postgres = PostgresServer.start();
        String administrator = Fixtures.randomText();
        postgres.createAdministrator("vault", administrator);
        vault.server.put("sys/mounts/database", "{\"type\":\"database\"}");
        vault.server.put("database/config/app", "{\"plugin_name\":\"postgresql-database-plugin\",\"allowed_roles\":\"*\","
                + "\"username\":\"vault\",\"password\":\"" + administrator + "\",\"connection_url\":\""
                + postgres.jdbcUrl().replace("jdbc:postgresql://", "postgresql://{{username}}:{{password}}@")
                + "?sslmode=disable\"}");
        postgres.createUser("warm", warm());
        shared = session();
        stories = new Stories()
                .begin("renewed", LeaseTest::tellOfLeasesThatAreRenewed)
                .begin("one", LeaseTest::tellOfOneLease)
                .begin("not-renewed", LeaseTest::tellOfALeaseThatIsNotRenewed)
                .begin("token", LeaseTest::tellOfALeaseThatEndsWithItsToken)
                .begin("forbidden", LeaseTest::tellOfALeaseThatMayNotBeRenewed);
    }

    @AfterClass
    public static void stop() {
        stories.awaitAll();
        shared.close();
        postgres.close();
        vault.close();
    }

    @Test
    public void userNameAndPasswordAreOfOneLeaseWhichOutlivesTheStart() throws Exception {
        stories.assertTold("one");
    }

    private static void tellOfOneLease() {
        Application app = application("one", "1h", "2h");
        StoreSession.Outcome first = assertLogsIn(logIn(shared, app));
        assertEquals(first.toString(), 1, first.warnings.size());
        assertTrue(first.toString(), first.warnings.get(0).contains("leased for 3600 s")
                && first.warnings.get(0).contains("nothing renews it"));
        awaitNoKeeper(shared, 20);
        assertEquals(first.call.valueSha256, assertLogsIn(logIn(shared, app)).call.valueSha256);
        assertEquals(List.of("auth/one/login", "database/creds/one"), app.requests());
        assertEquals("its lease hangs on it", 1, app.tokens());
    }

    @Test
    public void leasesAndTheirTokensAreRenewedUntilTheLongestLifeThatVaultGrantsOrTheServerStops() throws Exception {
        stories.assertTold("renewed");
    }

    private static void tellOfLeasesThatAreRenewed() {
        Application ends = application("ends", "5s", "12s");
        Application lasts = application("lasts", "5s", "1h", "\"token_ttl\":6");
        try (StoreSession session = session()) {
            StoreSession.Outcome first = assertLogsIn(logIn(session, lasts, "renew", "true"));
            assertEquals(first.toString(), List.of(), first.warnings);
            assertLogsIn(logIn(session, ends, "renew", "true"));
            // By the clock of Vault and PostgreSQL, which nobody can set. Two renewals: the 5 s of the first lease are over.
            Fixtures.until(30, () -> Collections.frequency(lasts.requests(), RENEW) > 1
                    && Collections.frequency(ends.requests(), RENEW) > 1 && lasts.requests().contains("auth/token/renew-self"));
            assertEquals("one thread for all leases\n" + session.said() + lasts.requests() + ends.requests(), 1,
                    session.threads("vault-cipher").size());
            assertLogsIn(logIn(session, ends, "renew", "true"));
            assertEquals(first.call.valueSha256, assertLogsIn(logIn(session, lasts, "renew", "true")).call.valueSha256);
            assertTrue(lasts.requests().toString(), lasts.requests().contains(RENEW));
            assertTrue(lasts.requests().toString(), lasts.requests().contains("auth/token/renew-self"));
            assertEquals("", session.said());

            assertEndsAtTheDatabase(session, ends, "renew", "true");
            String said = session.said();
            assertTrue(said, said.contains("the lease of the secret at") && said.contains("creds/ends")
                    && (said.contains("reaches its max_ttl") || said.contains("past the max TTL")));
            assertTrue(said, !said.contains("creds/lasts"));

            assertLogsIn(logIn(session, lasts, "renew", "true"));
            session.interruptThreads("vault-cipher-keeper");
            awaitNoKeeper(session, 2);
            int renewals = Collections.frequency(lasts.requests(), RENEW);
            assertEndsAtTheDatabase(session, lasts, "renew", "true");
            assertEquals(renewals, Collections.frequency(lasts.requests(), RENEW));
            assertEquals("one login each", 2, ends.logins() + lasts.logins());
        }
    }

    @Test
    public void withoutRenewalTheUserEndsWithItsLease() throws Exception {
        stories.assertTold("not-renewed");
    }

    private static void tellOfALeaseThatIsNotRenewed() {
        Application app = application("not-renewed", "4s", "1h");
        assertLogsIn(logIn(shared, app));
        assertEndsAtTheDatabase(shared, app);
        assertEquals(List.of("auth/not-renewed/login", "database/creds/not-renewed"), app.requests());
    }

    @Test
    public void aLeaseThatEndsWithItsTokenIsWarnedOfWithThatTime() throws Exception {
        stories.assertTold("token");
    }

    private static void tellOfALeaseThatEndsWithItsToken() {
        Application app = application("brief-token", "1h", "2h", "\"token_ttl\":5");
        StoreSession.Outcome outcome = assertLogsIn(logIn(shared, app));
        assertEquals(outcome.toString(), 1, outcome.warnings.size());
        assertTrue(outcome.toString(), outcome.warnings.get(0).contains(
                "is leased for 3600 s but ends with the token that read it, after 5 s"));
        assertEndsAtTheDatabase(shared, app);
    }

    @Test
    public void aLeaseThatMayNotBeRenewedIsWarnedOf() throws Exception {
        stories.assertTold("forbidden");
    }

    private static void tellOfALeaseThatMayNotBeRenewed() {
        Application app = application("forbidden", "4s", "1h", "\"token_no_default_policy\":true");
        assertLogsIn(logIn(shared, app, "renew", "true"));
        awaitNoKeeper(shared, 20);
        String said = shared.said();
        assertTrue(said, said.contains("creds/forbidden") && said.contains("cannot be renewed")
                && said.contains("permission denied"));
    }

    /** An application that may have database users of its own role, which live that long. */
    private static Application application(String name, String ttl, String maxTtl, String... roleMembers) {
        vault.server.put("database/roles/" + name, "{\"db_name\":\"app\",\"default_ttl\":\"" + ttl + "\",\"max_ttl\":\"" + maxTtl
                + "\",\"creation_statements\":"
                + "\"create role \\\"{{name}}\\\" login password '{{password}}' valid until '{{expiration}}'\"}");
        return vault.application(name, roleMembers).policy("path \"database/creds/" + name + "\" { capabilities = [\"read\"] }");
    }

    /** A server with the database's driver, which has logged in already: the first time takes seconds on a busy machine. */
    private static StoreSession session() {
        Path driver = HostProcess.codeSource(org.postgresql.Driver.class);
        StoreSession session = StoreSession.start(AuditedVault.jvm()
                .classPath(HostProcess.testClasses(), HostProcess.apiStubs(), HostProcess.ourJar(), driver)
                .environment("SECRET_STORE_VAULT_TOKEN", vault.server.createReader("warm")));
        assertLogsIn(session.logIn(postgres.jdbcUrl(), vault.server.text("warm", "user"), vault.server.text("warm", "password")));
        return session;
    }

    private static String warm() {
        String password = Fixtures.randomText();
        vault.server.putSecret("warm", "user", "warm", "password", password);
        return password;
    }

    private static StoreSession.Outcome logIn(StoreSession session, Application app, String... fields) {
        return session.logIn(postgres.jdbcUrl(), text(app, "username", fields), text(app, "password", fields));
    }

    private static String text(Application app, String key, String... fields) {
        return app.text("x", key, fields).replace("\"mount\":\"secret\",\"path\":\"" + app.name + "/x\"",
                "\"mount\":\"database\",\"engine\":\"generic\",\"path\":\"creds/" + app.name + '"');
    }

    private static StoreSession.Outcome assertLogsIn(StoreSession.Outcome outcome) {
        assertNotNull(outcome.toString(), outcome.call.valueSha256);
        return outcome;
    }

    /** Logs in until the user's time is over, by the clock of PostgreSQL. */
    private static void assertEndsAtTheDatabase(StoreSession session, Application app, String... fields) {
        assertTrue(app.name + " can still log in", Fixtures.until(20, () -> {
            StoreSession.Outcome outcome = logIn(session, app, fields);
            assertTrue(outcome.toString(), outcome.call.message == null
                    || outcome.call.message.startsWith("the database refuses the login: 28"));
            return outcome.call.message != null;
        }));
    }

    private static void awaitNoKeeper(StoreSession session, double seconds) {
        Fixtures.until(seconds, () -> session.threads("vault-cipher").isEmpty());
        assertEquals(List.of(), session.threads("vault-cipher"));
    }
}

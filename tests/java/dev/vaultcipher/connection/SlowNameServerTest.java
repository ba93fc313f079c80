package dev.vaultcipher.connection;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.Cleanup;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.SlowNameServer;
import dev.vaultcipher.harness.Stories;
import dev.vaultcipher.harness.StoreSession;
import dev.vaultcipher.harness.VaultServer;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** A real resolver (glibc's) with a name server that answers half of what it is asked: a look-up takes a multiple of its timeout. */
public class SlowNameServerTest {
    /** Both kinds of address, then both again, then one after the other. */
    private static final long QUESTIONS_OF_A_LOOK_UP = 6;
    private static final String DEAD = "http://127.0.0.1:1";

    private static VaultServer vault;
    private static SlowNameServer names;
    private static String value;
    private static String token;
    private static Stories stories;

    @BeforeClass
    public static void start() {
        vault = VaultServer.start();
        names = new SlowNameServer();
        value = Fixtures.randomText();
        vault.putSecret("sample/secret", "password", value);
        token = vault.createReader("sample/secret");
        stories = new Stories()
                .begin("one", SlowNameServerTest::tellOfALookUpThatIsSlowerThanAConnection)
                .begin("several", SlowNameServerTest::tellOfALookUpOfOneOfSeveral)
                .begin("late", SlowNameServerTest::tellOfALookUpThatIsSlowerThanTheBudget);
    }

    @AfterClass
    public static void stop() {
        stories.awaitAll();
        names.close();
        vault.close();
    }

    @Test
    public void oneLookUpGoesOnUntilItsAnswerIsThere() throws Exception {
        stories.assertTold("one");
    }

    /** With the resolver's defaults (5 s, two attempts): 15 s. */
    private static void tellOfALookUpThatIsSlowerThanAConnection() {
        StoreSession.Outcome outcome = get("one.vault.test", "attempts:2", 60, "\"http://one.vault.test:" + vault.port() + "\"").assertValue(value);
        // By time: the system's resolver waits, whose clock no test can set.
        assertTrue(outcome.toString(), outcome.seconds > 10 && outcome.warnings.stream().noneMatch(line -> line.contains("; try ")));
        assertEquals(QUESTIONS_OF_A_LOOK_UP, names.questions("one.vault.test"));
    }

    @Test
    public void aLookUpOfOneOfSeveralEndpointsIsNotBegunAnew() throws Exception {
        stories.assertTold("several");
    }

    private static void tellOfALookUpOfOneOfSeveral() {
        StoreSession.Outcome outcome = get("two.vault.test", "timeout:3", 40,
                "[\"http://two.vault.test:" + vault.port() + "\",\"" + DEAD + "\"]").assertValue(value);
        assertTrue(outcome.toString(), outcome.warnings.stream().anyMatch(line -> line.contains("cannot be resolved (no answer within")
                && line.contains("; try 2 follows in ")));
        assertEquals(QUESTIONS_OF_A_LOOK_UP, names.questions("two.vault.test"));
    }

    @Test
    public void aLookUpThatOutlastsTheBudgetIsNamedAsTheCause() throws Exception {
        stories.assertTold("late");
    }

    private static void tellOfALookUpThatIsSlowerThanTheBudget() {
        StoreSession.Outcome outcome = get("late.vault.test", "attempts:2", 4, "\"http://late.vault.test:" + vault.port() + "\"");
        outcome.assertFails("the host name \"late.vault.test\" cannot be resolved (no answer within 4 s)", "getent hosts late.vault.test",
                "(VC1401)").assertWithin(8);
        assertTrue(outcome.toString(), outcome.seconds > 3); // by time, as above
    }

    private static StoreSession.Outcome get(String name, String options, int budget, String endpoint) {
        try (Cleanup cleanup = new Cleanup(); StoreSession session = StoreSession.start(HostProcess.plain()
                .javaHome(names.javaHome(cleanup.folder(name), options)).environment("SECRET_STORE_VAULT_TOKEN", token))) {
            String text = vault.text("sample/secret", "password").replace("\"" + vault.address() + "\"", endpoint);
            return session.get(text.substring(0, text.length() - 1) + ",\"timeout\":" + budget + "}");
        }
    }
}

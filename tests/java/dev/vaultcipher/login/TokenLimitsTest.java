package dev.vaultcipher.login;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.AuditedVault.Application;
import dev.vaultcipher.harness.AuditedVault;
import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.StoreSession;
import java.util.List;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** Tokens that end before the server has all of its secrets: by their uses, by their time, or because somebody revokes them. */
public class TokenLimitsTest {
    private static AuditedVault vault;
    private static StoreSession session;
    /** How far the library's clock is ahead of Vault's. */
    private static double ahead;

    @BeforeClass
    public static void start() {
        vault = new AuditedVault();
        session = AuditedVault.session();
    }

    @AfterClass
    public static void stop() {
        session.close();
        int left = vault.log.tokens();
        vault.close();
        assertEquals("tokens that are left after the exit", 0, left);
    }

    @Test
    public void aTokenForOneUseReadsOneSecret() {
        assertReadsThree("one-use", 1, 3);
    }

    @Test
    public void aTokenForTwoUsesIsNotUsedThrice() {
        assertReadsThree("two-uses", 2, 3);
    }

    @Test
    public void aTokenForThreeUsesIsNotUsedFourTimes() {
        assertReadsThree("three-uses", 3, 2);
    }

    /** Each secret comes, and no request is made with a token that has no use left. */
    private static void assertReadsThree(String name, int uses, int mostLogins) {
        Application app = vault.application(name, "\"token_num_uses\":" + uses);
        for (String path : List.of("one", "two", "three", "one")) {
            assertEquals(List.of(), app.read(session, path).warnings);
        }
        List<String> requests = app.requests();
        assertTrue(requests.toString(), app.logins() <= mostLogins);
        assertEquals(requests.toString(), 3, app.reads("one") + app.reads("two") + app.reads("three"));
    }

    @Test
    public void whenATokenHasEndedTheNextPropertyLogsInAgain() {
        Application app = vault.application("ends", "\"token_ttl\":1");
        app.read(session, "one");
        app.read(session, "two");
        later(2);
        assertEquals(List.of(), app.read(session, "three").warnings);
        assertEquals(app.requests().toString(), 2, app.logins());
    }

    @Test
    public void whenATokenHasReachedItsLongestLifeTheNextPropertyLogsInAgain() {
        Application app = vault.application("ends-for-good", "\"token_ttl\":3600", "\"token_explicit_max_ttl\":2");
        app.read(session, "one");
        later(3);
        assertEquals(List.of(), app.read(session, "two").warnings);
        assertEquals(app.requests().toString(), 2, app.logins());
    }

    @Test
    public void aBatchTokenIsSharedAndEndsByItself() {
        Application app = vault.application("of-batch", "\"token_type\":\"batch\"", "\"token_ttl\":\"1h\"");
        Application brief = vault.application("of-batch-brief", "\"token_type\":\"batch\"", "\"token_ttl\":1");
        for (String path : List.of("one", "two", "three")) {
            assertEquals(List.of(), app.read(session, path).warnings);
        }
        brief.read(session, "one");
        later(2);
        brief.read(session, "two");
        assertEquals(app.requests().toString(), 1, app.logins());
        assertEquals(brief.requests().toString(), 2, brief.logins());
    }

    @Test
    public void aPeriodicTokenIsShared() {
        Application app = vault.application("periodic", "\"token_period\":\"1h\"");
        Application brief = vault.application("periodic-brief", "\"token_period\":1");
        for (String path : List.of("one", "two", "three")) {
            assertEquals(List.of(), app.read(session, path).warnings);
        }
        brief.read(session, "one");
        later(2);
        brief.read(session, "two");
        assertEquals(app.requests().toString(), 1, app.logins());
        assertEquals(brief.requests().toString(), 2, brief.logins());
    }

    @Test
    public void aTokenThatSomebodyRevokedIsReplacedOnce() {
        Application app = vault.application("revoked");
        app.read(session, "one");
        app.revokeTokens();
        assertEquals(List.of(), app.read(session, "two").warnings);
        app.read(session, "three");
        assertEquals(app.requests().toString(), 2, app.logins());
    }

    /** What was read is reused although the token is gone. */
    @Test
    public void whatWasReadIsThereWhenTheTokenIsGone() {
        Application app = vault.application("remembered");
        app.read(session, "one");
        app.revokeTokens();
        app.read(session, "one");
        assertEquals(app.requests().toString(), 2, app.requests().size());
    }

    @Test
    public void whenAnotherLoginDoesNotHelpEitherTheReasonIsTold() {
        Application app = vault.application("denied");
        app.read(session, "one");
        app.policyOf("path \"secret/data/denied/one\" { capabilities = [\"read\"] }");
        session.get(app.text("two", "password")).assertFails("403 permission denied", "secret/data/denied/two",
                "\"denied\"", "What to do");
        assertTrue(app.requests().toString(), app.logins() <= 2 && app.reads("two") <= 2);
    }

    @Test
    public void whenAnotherLoginIsRefusedThatIsTold() {
        Application app = vault.application("no-more");
        app.read(session, "one");
        app.revokeTokens();
        vault.server.delete("auth/no-more/role/app");
        session.get(app.text("two", "password"))
                .assertFails("APPROLE login was refused", "400 invalid role or secret ID", "What to do");
        assertEquals(app.requests().toString(), 2, app.logins());
    }

    @Test
    public void threadsThatFindTheTokenRevokedLogInOnce() {
        Application app = vault.application("revoked-at-once");
        app.read(session, "one");
        app.revokeTokens();
        List<String> texts = List.of(app.text("two", "password"), app.text("three", "password"), app.text("two", "user"),
                app.text("three", "user"), app.text("two", "salt"), app.text("three", "salt"));
        session.getAll(texts).forEach(outcome -> assertTrue(outcome.toString(), outcome.call.valueSha256 != null));
        assertTrue(app.requests().toString(), app.logins() <= 3);
    }

    @Test
    public void aGivenTokenThatWasRevokedIsNamed() {
        String token = vault.server.createReader("given");
        vault.server.put("auth/token/revoke", "{\"token\":\"" + token + "\"}");
        String file = vault.file("revoked-token", token);
        vault.log.forget();
        session.get(given(file)).assertFails("does not accept the token from the file \"" + file + "\"", "403", "What to do");
        assertTrue(vault.log.paths("secret/data/given").toString(), vault.log.paths("secret/data/given").size() <= 1);
    }

    @Test
    public void aGivenTokenThatHasEndedIsNamed() {
        vault.server.putSecret("given", "password", Fixtures.randomText());
        String token = Canaries.keep(Fixtures.jsonMember(vault.server.put("auth/token/create",
                "{\"policies\":[\"root\"],\"explicit_max_ttl\":\"1s\",\"ttl\":\"1s\"}"), "client_token"));
        String file = vault.file("ended-token", token);
        Fixtures.until(10, () -> vault.server.request("GET", "auth/token/lookup-self", null, token).status == 403);
        session.get(given(file)).assertFails("does not accept the token from the file \"" + file + "\"", "403", "What to do");
    }

    @Test
    public void aGivenTokenWithFewUsesIsUsedOncePerSecret() {
        String value = Fixtures.randomText();
        vault.server.putSecret("given-few", "password", value, "user", value);
        vault.server.put("sys/policies/acl/given-few",
                "{\"policy\":\"path \\\"secret/data/given-few\\\" { capabilities = [\\\"read\\\"] }\"}");
        String file = vault.file("few-uses", Canaries.keep(Fixtures.jsonMember(vault.server.put("auth/token/create",
                "{\"policies\":[\"given-few\"],\"no_default_policy\":true,\"num_uses\":1}"), "client_token")));
        for (String key : List.of("password", "user", "password")) {
            session.get(given(file).replace("secret/given", "secret/given-few").replace("\"given\"", "\"given-few\"")
                    .replace("\"password\"", "\"" + key + "\"")).assertValue(value);
        }
    }

    /** To find out the engine takes three requests; each has a use of its own, whatever the role allows. */
    @Test
    public void aLoginWithFewUsesReadsFromKvVersion1() {
        String value = Fixtures.randomText();
        vault.server.put("sys/mounts/old", "{\"type\":\"kv\",\"options\":{\"version\":\"1\"}}");
        vault.server.put("old/app", "{\"password\":\"" + Canaries.keep(value) + "\"}");
        for (String policy : List.of("path \"old/app\" { capabilities = [\"read\"] }", "path \"old/*\" { capabilities = [\"read\"] }")) {
            for (int uses = 1; uses <= 3; uses++) {
                Application app = vault.application("old-" + uses + (policy.contains("*") ? "-all" : ""), "\"token_num_uses\":" + uses)
                        .policyOf(policy);
                String text = app.text("one", "password").replace("\"mount\":\"secret\"", "\"mount\":\"old\"")
                        .replace("\"path\":\"" + app.name + "/one\"", "\"path\":\"app\"");
                session.get(text).assertValue(value);
                assertTrue(app.requests().toString(), app.logins() <= (uses == 1 ? 3 : uses == 2 ? 2 : 1));
            }
            // A token that somebody gave us cannot be replaced.
            session.get(old(policy, 3)).assertValue(value);
            session.get(old(policy, 1)).assertFails("The token from the file", "has no use left (num_uses)",
                    "What to do: write \"engine\":\"kv1\"", "(VC1604)");
            session.get(old(policy, 1).replace("\"key\"", "\"engine\":\"kv1\",\"key\"")).assertValue(value);
        }
    }

    private static String old(String policy, int uses) {
        String name = "old-" + Fixtures.randomText();
        vault.server.put("sys/policies/acl/" + name, "{\"policy\":" + Fixtures.json(policy) + "}");
        String file = vault.file(name, Canaries.keep(Fixtures.jsonMember(vault.server.put("auth/token/create",
                "{\"policies\":[\"" + name + "\"],\"no_default_policy\":true,\"num_uses\":" + uses + "}"), "client_token")));
        return given(file).replace("\"mount\":\"secret\"", "\"mount\":\"old\"").replace("\"path\":\"given\"", "\"path\":\"app\"");
    }

    private static void later(double seconds) {
        ahead += seconds;
        session.clockAhead(ahead);
    }

    private static String given(String tokenFile) {
        return vault.server.text("given", "password").replace("\"endpoint\"",
                "\"tokenFile\":" + Fixtures.json(tokenFile) + ",\"endpoint\"");
    }
}

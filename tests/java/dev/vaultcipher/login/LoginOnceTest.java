package dev.vaultcipher.login;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.AuditedVault.Application;
import dev.vaultcipher.harness.AuditedVault;
import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.FaultRelay;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.StoreSession;
import dev.vaultcipher.harness.VaultServer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** One login and one read serve all properties and threads of a server that starts: Vault's audit log counts them. */
public class LoginOnceTest {
    private static AuditedVault vault;
    private static StoreSession session;
    /** A way to Vault on which an answer takes long enough for all threads to come. */
    private static FaultRelay slow;

    @BeforeClass
    public static void start() {
        vault = new AuditedVault();
        slow = FaultRelay.to(vault.server.port(), connection -> FaultRelay.Fault.latency(400));
        session = AuditedVault.session();
    }

    @AfterClass
    public static void stop() {
        slow.hurry();
        session.close();
        slow.close();
        int left = vault.log.tokens();
        vault.close();
        assertEquals("tokens that are left after the exit", 0, left);
    }

    @Test
    public void tenPropertiesOverThreePathsCostOneLoginAndThreeReads() {
        Application app = vault.application("ten-properties");
        for (int property = 0; property < 10; property++) {
            String path = List.of("one", "two", "three").get(property % 3);
            String key = AuditedVault.KEYS.get(property / 3);
            StoreSession.Outcome outcome = session.get(app.text(path, key)).assertValue(app.value(path, key));
            assertEquals(outcome.toString(), List.of(), outcome.warnings);
        }
        assertEquals(List.of("auth/ten-properties/login", "secret/data/ten-properties/one", "secret/data/ten-properties/two",
                "secret/data/ten-properties/three"), app.requests());
    }

    @Test
    public void sixtyFourThreadsAtOnceCostOneLoginAndOneRead() {
        Application app = vault.application("threads");
        getAll(64, slowly(app.text("one", "password")))
                .forEach(outcome -> outcome.assertValue(app.value("one", "password")));
        assertEquals(List.of("auth/threads/login", "secret/data/threads/one"), app.requests());
    }

    @Test
    public void threadsThatReadSeveralSecretsAtOnceShareTheLogin() {
        Application app = vault.application("several-paths");
        List<String> texts = new ArrayList<>();
        List<String> values = new ArrayList<>();
        for (String path : List.of("one", "two", "three")) {
            for (String key : AuditedVault.KEYS) {
                texts.add(slowly(app.text(path, key)));
                values.add(app.value(path, key));
            }
        }
        List<StoreSession.Outcome> outcomes = session.getAll(texts);
        for (int i = 0; i < values.size(); i++) {
            outcomes.get(i).assertValue(values.get(i));
        }
        assertEquals(app.requests().toString(), 4, app.requests().size());
        assertEquals(1, app.logins());
    }

    @Test
    public void aLoginThatIsRefusedIsRefusedToAllThreadsAtOnce() {
        Application app = vault.application("refused");
        String secretId = vault.file("wrong", Canaries.keep(Fixtures.randomText()));
        String text = slowly(app.text("one", "password"))
                .replaceFirst("\"secretIdFile\":\"[^\"]*\"", "\"secretIdFile\":" + Fixtures.json(secretId));
        List<StoreSession.Outcome> outcomes = getAll(64, text);
        outcomes.forEach(outcome -> outcome.assertFails("APPROLE login was refused", "invalid role or secret ID"));
        Set<String> messages = outcomes.stream().map(outcome -> outcome.call.message).collect(Collectors.toSet());
        assertEquals(messages.toString(), 1, messages.size());
        assertTrue(app.requests().toString(), app.requests().size() <= 3);
        // Who comes later asks again.
        int before = app.requests().size();
        session.get(text).assertFails("invalid role or secret ID");
        assertEquals(1, app.requests().size() - before);
    }

    @Test
    public void aReadThatIsRefusedIsRefusedToAllThreadsAtOnce() {
        Application app = vault.application("denied").mayNothing();
        List<StoreSession.Outcome> outcomes = getAll(64, slowly(app.text("one", "password")));
        outcomes.forEach(outcome -> outcome.assertFails("403 permission denied", "secret/data/denied/one"));
        Set<String> messages = outcomes.stream().map(outcome -> outcome.call.message).collect(Collectors.toSet());
        assertEquals(messages.toString(), 1, messages.size());
        assertTrue(app.requests().toString(), app.logins() <= 2 && app.reads("one") <= 3);
    }

    @Test
    public void aSecretThatIsDeniedCostsNoLoginEachTimeItIsAskedFor() {
        Application app = vault.application("denied-often").policyOf("path \"secret/data/denied-often/one\" { capabilities = [\"read\"] }");
        app.read(session, "one");
        for (int i = 0; i < 10; i++) {
            session.get(app.text("two", "password")).assertFails("403 permission denied");
        }
        // The second is made since the policies may have changed.
        assertEquals(app.requests().toString(), 2, app.logins());
    }

    @Test
    public void aThreadThatIsInterruptedWaitsNoLongerForTheOthers() {
        Application app = vault.application("interrupted");
        String text = slowly(app.text("one", "password"));
        CompletableFuture<StoreSession.Outcome> first = new CompletableFuture<>();
        slow.awaitRequest(() -> session.begin(text).whenComplete((outcome, failure) -> first.complete(outcome)));
        // The others take 400 ms for each piece of an answer, and then give a value: who fails has not waited for them.
        session.getInterrupted(text, 300).assertFails("Interrupted while waiting");
        StoreSession.await(first).assertValue(app.value("one", "password"));
    }

    @Test
    public void withoutReuseEachCallReadsAndTheLoginIsSharedAllTheSame() {
        Application app = vault.application("no-reuse");
        for (int property = 0; property < 3; property++) {
            app.read(session, "one", "cacheTime", "0");
        }
        assertEquals(List.of("auth/no-reuse/login", "secret/data/no-reuse/one", "secret/data/no-reuse/one",
                "secret/data/no-reuse/one"), app.requests());
    }

    @Test
    public void theTimeOfReuseCountsFromTheRead() {
        Application app = vault.application("changes");
        String old = app.value("one", "password");
        String text = app.text("one", "password", "cacheTime", "\"2s\"");
        session.get(text).assertValue(old);
        String changed = Fixtures.randomText();
        vault.server.putSecret("changes/one", "password", changed);
        session.get(text).assertValue(old);
        session.clockAhead(1.2);
        session.get(text).assertValue(old); // and does not count from the last use
        session.clockAhead(2.1);
        session.get(text).assertValue(changed);
        assertEquals(2, app.reads("one"));
        assertEquals(1, app.logins());
    }

    @Test
    public void aVersionOfASecretIsASecretOfItsOwn() {
        Application app = vault.application("versions");
        String changed = Fixtures.randomText();
        vault.server.putSecret("versions/one", "password", changed);
        session.get(app.text("one", "password")).assertValue(changed);
        session.get(app.text("one", "password", "version", "1")).assertValue(app.value("one", "password"));
        session.get(app.text("one", "password", "version", "2")).assertValue(changed);
        assertEquals(1, app.logins());
    }

    @Test
    public void whoLogsInOtherwiseGetsALoginOfHisOwn() {
        Application app = vault.application("settings");
        String text = app.text("one", "password");
        String secondSecretId = vault.file("second", app.newSecretId());
        vault.server.put("auth/settings/role/other", "{\"role_id\":\"other\",\"token_policies\":[\"settings\"]}");
        String ofOther = vault.file("other", Canaries.keep(Fixtures.jsonMember(
                vault.server.put("auth/settings/role/other/secret-id", "{}"), "secret_id")));
        Application elsewhere = vault.application("settings-elsewhere");
        elsewhere.policyOf("path \"secret/data/settings/*\" { capabilities = [\"read\"] }");
        List<String> others = List.of(
                text.replaceFirst("\"secretIdFile\":\"[^\"]*\"", "\"secretIdFile\":" + Fixtures.json(secondSecretId)),
                text.replaceFirst("\"roleId\":\"app\"", "\"roleId\":\"other\"")
                        .replaceFirst("\"secretIdFile\":\"[^\"]*\"", "\"secretIdFile\":" + Fixtures.json(ofOther)),
                elsewhere.text("x", "password").replace("settings-elsewhere/x", "settings/one"),
                text.replace("127.0.0.1", "localhost"));
        for (int round = 0; round < 2; round++) {
            session.get(text).assertValue(app.value("one", "password"));
            for (String other : others) {
                session.get(other).assertValue(app.value("one", "password"));
            }
        }
        assertEquals(app.requests().toString(), 4, app.logins());
        assertEquals(elsewhere.requests().toString(), 1, elsewhere.logins());
        assertEquals(app.requests().toString(), 5, app.reads("one"));
    }

    @Test
    public void eachNamespaceHasALoginOfItsOwn() {
        String value = Canaries.keep(Fixtures.randomText());
        for (String namespace : List.of("team-a", "team-b")) {
            vault.server.put("sys/namespaces/" + namespace, "{}");
            inNamespace(namespace, "sys/auth/approle", "{\"type\":\"approle\"}");
            inNamespace(namespace, "sys/mounts/kv", "{\"type\":\"kv\",\"options\":{\"version\":\"1\"}}");
            inNamespace(namespace, "sys/policies/acl/app", "{\"policy\":\"path \\\"kv/*\\\" { capabilities = [\\\"read\\\"] }\"}");
            inNamespace(namespace, "auth/approle/role/app", "{\"role_id\":\"app\",\"token_policies\":[\"app\"]}");
            inNamespace(namespace, "kv/one", "{\"password\":\"" + value + namespace + "\"}");
            vault.file(namespace, Canaries.keep(Fixtures.jsonMember(
                    inNamespace(namespace, "auth/approle/role/app/secret-id", "{}"), "secret_id")));
        }
        for (int round = 0; round < 2; round++) {
            for (String namespace : List.of("team-a", "team-b")) {
                session.get("{\"endpoint\":" + Fixtures.json(vault.server.address()) + ",\"namespace\":\"" + namespace
                        + "\",\"authenticationType\":\"APPROLE\",\"roleId\":\"app\",\"secretIdFile\":"
                        + Fixtures.json(vault.path(namespace)) + ",\"mount\":\"kv\",\"engine\":\"kv1\",\"path\":\"one\","
                        + "\"key\":\"password\"}").assertValue(value + namespace);
            }
        }
        for (String namespace : List.of("team-a", "team-b")) {
            assertEquals(List.of("auth/approle/login", "kv/one"), vault.log.paths("\"path\":\"" + namespace + "/\""));
        }
    }

    private static String inNamespace(String namespace, String apiPath, String json) {
        VaultServer.Answer answer =
                vault.server.request("PUT", apiPath, json, vault.server.rootToken(), "X-Vault-Namespace", namespace);
        assertTrue(answer.status + answer.body, answer.status < 300);
        return answer.body;
    }

    /** A caller that may not read a secret must not get it because somebody else in the process may. */
    @Test
    public void aSecretIsNotSharedWithALoginThatMayNotReadIt() {
        Application app = vault.application("may");
        Application other = vault.application("may-not").mayNothing();
        app.read(session, "one");
        session.get(other.text("x", "password").replace("may-not/x", "may/one")).assertFails("403 permission denied");
        assertEquals(other.requests().toString(), 1, other.logins());
        app.read(session, "one");
        assertEquals("of both", 2, app.reads("one"));
    }

    @Test
    public void aSecretOfOneGivenTokenIsNotGivenToAnother() {
        String value = Fixtures.randomText();
        vault.server.putSecret("given", "password", value);
        session.get(given(vault.server.createReader("given"))).assertValue(value);
        session.get(given(vault.server.createReader("other"))).assertFails("403 permission denied");
        session.get(given(Canaries.keep(Fixtures.randomText()))).assertFails("403 permission denied");
    }

    private static String given(String token) {
        return vault.server.text("given", "password").replace("\"endpoint\"",
                "\"tokenFile\":" + Fixtures.json(vault.file("token-" + Fixtures.randomText(), token)) + ",\"endpoint\"");
    }

    /** A connection that was made with other trust anchors must not serve a text that does not trust the server. */
    @Test
    public void whatIsTrustedByOneTextIsNotTrustedByAnother() {
        try (VaultServer tls = VaultServer.startTls()) {
            String value = Fixtures.randomText();
            tls.putSecret("sample/secret", "password", value);
            try (StoreSession own = StoreSession.start(AuditedVault.jvm().environment("SECRET_STORE_VAULT_TOKEN", tls.rootToken()))) {
                String text = tls.text("sample/secret", "password");
                String trusting = text.replace("\"endpoint\"", "\"caCert\":" + Fixtures.json(tls.caFile().toString()) + ",\"endpoint\"");
                own.get(trusting).assertValue(value);
                own.get(text).assertFails("certificate");
                own.get(trusting).assertValue(value);
            }
        }
    }

    private static List<StoreSession.Outcome> getAll(int threads, String text) {
        return session.getAll(Collections.nCopies(threads, text));
    }

    private static String slowly(String text) {
        return text.replace(":" + vault.server.port(), ":" + slow.port());
    }
}

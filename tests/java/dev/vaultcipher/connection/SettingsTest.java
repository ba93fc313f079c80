package dev.vaultcipher.connection;

import static dev.vaultcipher.harness.FaultPeer.answering;
import static dev.vaultcipher.harness.FaultPeer.error;
import static dev.vaultcipher.harness.FaultPeer.redirect;
import static dev.vaultcipher.harness.FaultPeer.textFor;
import static dev.vaultcipher.harness.FaultPeer.value;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.Cleanup;
import dev.vaultcipher.harness.FaultPeer;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.KubernetesCertificate;
import dev.vaultcipher.harness.SettingsTable;
import dev.vaultcipher.harness.StoreSession;
import dev.vaultcipher.harness.VaultServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** Every setting of the connection in the text, the environment and a system property, in this order, and what it does. */
public class SettingsTest {
    private static final String SECRET = Fixtures.randomText();
    private static final String TOKEN = Canaries.keep("s." + Fixtures.randomText());
    private static final String PATH = "/v1/secret/data/sample/secret";

    private static Cleanup cleanup;
    /** A value that each setting refuses, by the name of its last variable. Those of the logins are other tests'. */
    private static final Map<String, String> WRONG = new LinkedHashMap<>();
    /** A value that each of those settings takes that can stand in the text. */
    private static final Map<String, String> RIGHT = new LinkedHashMap<>();

    @BeforeClass
    public static void chooseValues() throws IOException, GeneralSecurityException {
        cleanup = new Cleanup();
        KubernetesCertificate certificate = KubernetesCertificate.createIn(cleanup.folder("certificate"));
        Path authorities = cleanup.folder("authorities");
        Files.writeString(authorities.resolve("ca.pem"), certificate.pem);
        setting("VAULT_NAMESPACE", "team a", "team-a");
        setting("VAULT_CACERT", "/nowhere/ca.pem", certificate.pemFile.toString());
        setting("VAULT_CACERT_BYTES", "no certificate", certificate.pem);
        setting("VAULT_CAPATH", "/nowhere/authorities", authorities.toString());
        setting("SECRET_STORE_VAULT_SYSTEM_TRUST", "perhaps", "false");
        setting("VAULT_CLIENT_CERT", "/nowhere/client.pem", certificate.pemFile.toString());
        setting("VAULT_CLIENT_KEY", "/nowhere/client-key.pem", certificate.keyFile.toString());
        setting("VAULT_TLS_SERVER_NAME", "no host name!", "localhost");
        setting("VAULT_SKIP_VERIFY", "ja", "False");
        setting("VAULT_CLIENT_TIMEOUT", "soon", "500ms");
        setting("VAULT_MAX_RETRIES", "-1", "0");
        setting("VAULT_HTTP_PROXY", "socks5://127.0.0.1:1", "http://127.0.0.1:1");
        setting("VAULT_DISABLE_REDIRECTS", "tRUE", "T");
        setting("VAULT_HEADERS", "X-Team: dba", "{\"X-Team\":\"dba\"}");
        WRONG.put("VAULT_ADDR", "vault.example.com");
        WRONG.put("VAULT_AGENT_ADDR", "unix://relative");
        WRONG.put("SECRET_STORE_VAULT_TOKEN", "s.a b");
        WRONG.put("VAULT_TOKEN", "s.\u00e4");
    }

    private static void setting(String name, String wrong, String right) {
        WRONG.put(name, wrong);
        RIGHT.put(name, right);
    }

    @AfterClass
    public static void cleanUp() {
        cleanup.close();
    }

    /**
     * Every place of every setting holds a value that cannot be used, from the property up to the variable that is read as
     * the n-th; the text has good values for all settings but one. So the error must name that one's n-th variable.
     */
    @Test
    public void theFirstPlaceThatHasAValueCountsAndIsNamedWhenItIsWrong() {
        SettingsTable settings = SettingsTable.read();
        for (int n = 0; n <= 4; n++) {
            HostProcess jvm = HostProcess.plain().environment("VAULT_CLIENT_TIMEOUT", null);
            Map<String, String> expected = new LinkedHashMap<>();
            for (String name : WRONG.keySet()) {
                List<String> variables = settings.setting(name).variables;
                // The agent's address hides the other address, one token the other: they take turns.
                int first = name.equals("VAULT_ADDR") || name.equals("VAULT_TOKEN") ? n - 2 : n;
                for (int i = Math.max(first, 0); first >= 0 && i < variables.size(); i++) {
                    expected.putIfAbsent(name, "environment variable " + variables.get(i));
                    jvm.environment(variables.get(i), WRONG.get(name));
                }
            }
            try (StoreSession session = StoreSession.start(jvm)) {
                WRONG.forEach((name, wrong) -> {
                    SettingsTable.Setting setting = settings.setting(name);
                    if (setting.property != null && setting.field != null) {
                        session.property(setting.property, wrong);
                        expected.putIfAbsent(name, "system property " + setting.property);
                    }
                });
                expected.forEach((name, origin) -> session.get(text(settings, name)).assertFails(origin).assertTriedOnce());
                // The text comes first: with good values for all there is nothing to refuse, and only then a connection.
                session.get(text(settings, "")).assertFails("https://127.0.0.1:1" + PATH);
            }
        }
    }

    /** A text with good values for all settings but this one. */
    private static String text(SettingsTable settings, String missing) {
        List<String> fields = new ArrayList<>();
        RIGHT.forEach((name, right) -> {
            if (!name.equals(missing)) {
                fields.add(settings.setting(name).field);
                fields.add(Fixtures.json(right));
            }
        });
        fields.add("authenticationType");
        fields.add(missing.endsWith("TOKEN") ? "\"TOKEN\"" : "\"AGENT\"");
        String text = textFor("https://127.0.0.1:1", fields.toArray(new String[0]));
        return missing.endsWith("_ADDR") ? text.replace("\"endpoint\":\"https://127.0.0.1:1\",", "") : text;
    }

    @Test
    public void aWrongValueInTheTextNamesItsField() {
        SettingsTable settings = SettingsTable.read();
        try (StoreSession session = StoreSession.withToken(TOKEN)) {
            RIGHT.keySet().forEach(name -> {
                String field = settings.setting(name).field;
                String text = text(settings, name);
                session.get(text.substring(0, text.length() - 1) + ",\"" + field + "\":" + Fixtures.json(WRONG.get(name)) + '}')
                        .assertFails("field \"" + field + "\" of the text").assertTriedOnce();
            });
            for (String number : Arrays.asList("-1", "1e9", "100000", "1.5.5")) {
                session.get(textFor("http://127.0.0.1:1", "timeout", Fixtures.json(number)))
                        .assertFails("field \"timeout\" of the text cannot be used: it is not a time of at most a day");
            }
        }
    }

    /** The same values in each of the three places do the same. */
    @Test
    public void whatTheyDoTheyDoFromEveryPlace() {
        SettingsTable settings = SettingsTable.read();
        Map<String, String> values = new LinkedHashMap<>();
        values.put("VAULT_NAMESPACE", "/team-a/app/");
        values.put("VAULT_HEADERS", "{\"X-Team\":\"dba\",\"x-gateway-key\":\"" + Canaries.keep("key-" + Fixtures.randomText()) + "\"}");
        values.put("VAULT_MAX_RETRIES", "1");
        values.put("VAULT_CLIENT_TIMEOUT", "20s");
        values.put("SECRET_STORE_VAULT_REDIRECT_HOSTS", "127.0.0.2, b.example");
        HostProcess jvm = HostProcess.plain().environment("SECRET_STORE_VAULT_TOKEN", TOKEN);
        values.forEach(jvm::environment);
        try (StoreSession session = StoreSession.start(jvm)) {
            assertWork(session, values);
        }
        try (StoreSession session = StoreSession.start(HostProcess.plain().environment("VAULT_CLIENT_TIMEOUT", null)
                .environment("SECRET_STORE_VAULT_TOKEN", TOKEN).environment("BAO_NAMESPACE", "").environment("VAULT_NAMESPACE", " \n"))) {
            values.forEach((name, value) -> session.property(settings.setting(name).property, value));
            assertWork(session, values);
        }
        List<String> fields = new ArrayList<>();
        values.forEach((name, value) -> fields.addAll(Arrays.asList(settings.setting(name).field,
                name.equals("VAULT_HEADERS") || name.equals("VAULT_MAX_RETRIES") ? value : Fixtures.json(value))));
        try (StoreSession session = StoreSession.withToken(TOKEN)) {
            assertWork(session, values, fields.toArray(new String[0]));
        }
    }

    private static void assertWork(StoreSession session, Map<String, String> values, String... fields) {
        try (FaultPeer other = FaultPeer.at("127.0.0.2", 0, value(SECRET));
                FaultPeer peer = answering(error(503, "Vault is sealed"), redirect(other.address() + PATH),
                        error(503, "Vault is sealed"), error(503, "Vault is sealed"))) {
            session.get(peer.text(fields)).assertValue(SECRET);
            FaultPeer.Request request = other.reads().get(0);
            assertEquals("team-a/app", request.header("X-Vault-Namespace"));
            assertEquals("dba", request.header("X-Team"));
            assertTrue(values.get("VAULT_HEADERS").contains(request.header("X-Gateway-Key")));
            session.get(peer.text(fields)).assertFails("Vault is sealed", "(namespace: team-a/app, 2 tries in");
            assertEquals(4, peer.reads().size());
        }
    }

    @Test
    public void theAddressMayStandInTheEnvironmentOrAProperty() {
        String text = textFor("").replace(",\"endpoint\":\"\"", "");
        try (FaultPeer peer = answering(value(SECRET));
                StoreSession session = StoreSession.start(HostProcess.plain().environment("SECRET_STORE_VAULT_TOKEN", TOKEN)
                        .environment("VAULT_ADDR", "http://127.0.0.1:1, " + peer.address() + "/"));
                StoreSession bare = StoreSession.withToken(TOKEN)) {
            session.get(text).assertValue(SECRET);
            session.get(peer.text()).assertValue(SECRET);
            bare.get(text).assertFails("\"endpoint\" is missing, and VAULT_ADDR is not set");
            bare.property("secret.store.vault.address", peer.address());
            bare.get(text).assertValue(SECRET);
            bare.property("secret.store.vault.address", "http://127.0.0.1:1");
            bare.get(text).assertFails("(namespace: none, address from system property secret.store.vault.address)", "connection was refused");
            bare.property("secret.store.vault.address", "ftp://vault");
            bare.get(text).assertFails("system property secret.store.vault.address cannot be used: it does not begin with http:// or https://");
        }
    }

    @Test
    public void timesMayBeWrittenAsTheOfficialClientsTakeThem() {
        try (StoreSession session = StoreSession.withToken(TOKEN); FaultPeer peer = answering(value(SECRET))) {
            for (String time : Arrays.asList("1m30s", "1h0m0s", "1.5m", "90", "0h0m30.5s", "1.5h", "1d", " 30s\n", "5", ".5m")) {
                session.get(peer.text("timeout", Fixtures.json(time))).assertValue(SECRET);
            }
            for (String time : Arrays.asList("1m30", "m30s", "1m -5s", "1M", "25h", "P1D", "-1s", "2d", "30 s", ".", "1e3", "30,5s", "\u0661s")) {
                session.get(peer.text("timeout", Fixtures.json(time))).assertFails("it is not a time of at most a day");
            }
            assertEquals(10, peer.reads().size());
        }
    }

    @Test
    public void vaultsOwnHeadersAreNotForTheAdministrator() {
        try (StoreSession session = StoreSession.withToken(TOKEN); FaultPeer peer = answering(value(SECRET))) {
            for (String name : Arrays.asList("X-Vault-Token", "x-vault-namespace", "X-VAULT-Request", "X-Vault-Anything")) {
                session.get(peer.text("headers", "{\"" + name + "\":\"a\"}"))
                        .assertFails("field \"headers\" of the text", "the header \"" + name + "\" is Vault's own");
            }
            String canary = Canaries.keep("value-" + Fixtures.randomText());
            for (String name : Arrays.asList("Content-Length", "transfer-encoding", "HOST", "Connection", "te", "Upgrade")) {
                session.get(peer.text("headers", "{\"" + name + "\":\"0\"}"))
                        .assertFails("field \"headers\" of the text", "the header \"" + name + "\"", "What to do: leave it out");
            }
            for (String headers : Arrays.asList("{\"X Team\":\"" + canary + "\"}", "{\"X-Team\":\"" + canary + "\\n\"}", "{\"X-Team\":[\""
                    + canary + "\"]}", "{\"X-Team\":null}")) {
                session.get(peer.text("headers", headers)).assertFails("field \"headers\" of the text cannot be used");
            }
            assertEquals(0, peer.requests().size());
            session.get(peer.text()).assertValue(SECRET);
            assertNull(peer.reads().get(0).header("X-Vault-Namespace"));
        }
    }

    @Test
    public void aSecretInARealNamespaceIsRead() {
        try (VaultServer vault = VaultServer.start()) {
            String[] inside = {"X-Vault-Namespace", "team-a"};
            VaultServer.Answer made = vault.request("PUT", "sys/namespaces/team-a", "{}", vault.rootToken());
            assertEquals("HashiCorp's open edition has no namespaces: this test wants OpenBao. " + made.body, 200, made.status);
            String value = Canaries.keep(Fixtures.randomText());
            vault.request("PUT", "sys/mounts/secret", "{\"type\":\"kv\",\"options\":{\"version\":\"2\"}}", vault.rootToken(), inside);
            // The engine comes up.
            Fixtures.until(5, () -> vault.request("PUT", "secret/data/sample/secret", "{\"data\":{\"password\":\"" + value + "\"}}",
                    vault.rootToken(), inside).status == 200);
            try (StoreSession session = StoreSession.start(HostProcess.plain()
                    .environment("SECRET_STORE_VAULT_TOKEN", vault.rootToken()).environment("VAULT_NAMESPACE", "team-a"))) {
                String text = vault.text("sample/secret", "password");
                session.get(text).assertValue(value);
                session.get(text.replace("sample/secret", "sample/none")).assertFails("There is no secret", "(namespace: team-a)");
                session.get(text.replace("{", "{\"namespace\":\"team-b\",")).assertFails("(namespace: team-b)");
            }
        }
    }
}

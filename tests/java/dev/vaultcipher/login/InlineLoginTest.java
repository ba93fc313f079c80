package dev.vaultcipher.login;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNotNull;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.AuditedVault.Application;
import dev.vaultcipher.harness.AuditedVault;
import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.FaultPeer;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.JwtIssuer;
import dev.vaultcipher.harness.StoreSession;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.List;
import java.util.Map;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;
import org.yaml.snakeyaml.Yaml;

/** Login and read by one request, as OpenBao offers it: what it leaves behind, and what happens where the server does not offer it. */
public class InlineLoginTest {
    private static AuditedVault vault;
    private static StoreSession session;

    @BeforeClass
    public static void start() {
        vault = new AuditedVault();
        session = AuditedVault.session();
    }

    @AfterClass
    public static void stop() {
        session.close();
        vault.close();
    }

    @Test
    public void eachPathCostsOneRequestAndNoTokenIsLeft() {
        Application app = vault.application("properties");
        for (int property = 0; property < 10; property++) {
            String path = List.of("one", "two", "three").get(property % 3);
            String key = AuditedVault.KEYS.get(property / 3);
            StoreSession.Outcome outcome =
                    session.get(app.text(path, key, "inlineLogin", "true")).assertValue(app.value(path, key));
            assertEquals(outcome.toString(), List.of(), outcome.warnings);
            assertEquals(0, app.tokens());
        }
        // Vault writes two lines for each of these requests.
        assertEquals(List.of("auth/properties/login", "secret/data/properties/one", "auth/properties/login",
                "secret/data/properties/two", "auth/properties/login", "secret/data/properties/three"), app.requests());
    }

    @Test
    public void aJwtAndAUserAndAnotherNamespaceLogInSo() {
        JwtIssuer issuer = new JwtIssuer();
        vault.server.put("sys/auth/of-jwt", "{\"type\":\"jwt\"}");
        vault.server.put("auth/of-jwt/config", "{\"bound_issuer\":" + Fixtures.json(JwtIssuer.NAME)
                + ",\"jwt_validation_pubkeys\":[" + Fixtures.json(issuer.publicKeyPem()) + "]}");
        vault.server.put("auth/of-jwt/role/app", "{\"role_type\":\"jwt\",\"user_claim\":\"sub\",\"bound_audiences\":[\"vault\"],"
                + "\"token_policies\":[\"methods\"]}");
        vault.server.put("sys/auth/of-user", "{\"type\":\"userpass\"}");
        String password = Canaries.keep("p\"wé " + Fixtures.randomText());
        vault.server.put("auth/of-user/users/ann",
                "{\"password\":" + Fixtures.json(password) + ",\"token_policies\":[\"methods\"]}");
        Application app = vault.application("methods");
        assertReadsInline(app, "of-jwt", "JWT", "jwtFile", vault.file("jwt", issuer.jwt("vault", 60)), "role", "app");
        assertReadsInline(app, "of-user", "USERPASS", "passwordFile", vault.file("password", password), "username", "ann");
    }

    /** Fields of the text are name, value, name, value … */
    private static void assertReadsInline(Application app, String mount, String method, String... fields) {
        StringBuilder text = new StringBuilder(vault.server.text(app.name + "/one", "password"));
        text.setLength(text.length() - 1);
        text.append(",\"inlineLogin\":true,\"authMount\":\"" + mount + "\",\"authenticationType\":\"" + method + '"');
        for (int i = 0; i < fields.length; i += 2) {
            text.append(',').append(Fixtures.json(fields[i])).append(':').append(Fixtures.json(fields[i + 1]));
        }
        int before = app.reads("one");
        assertEquals(List.of(), session.get(text.append('}').toString()).assertValue(app.value("one", "password")).warnings);
        assertEquals(method, 1, app.reads("one") - before);
        assertEquals(method, 0, vault.log.tokens(mount));
        assertTrue(vault.log.paths('/' + mount + '/').size() == 1);
    }

    /** All the same as without it: nobody needs to know that it was tried. */
    @Test
    public void aRefusalIsToldAsThatOfAnOrdinaryLogin() {
        Application app = vault.application("refused");
        String wrong = app.text("one", "password").replaceFirst("\"secretIdFile\":\"[^\"]*\"",
                "\"secretIdFile\":" + Fixtures.json(vault.file("wrong", Canaries.keep(Fixtures.randomText()))));
        assertSameRefusal(wrong, "APPROLE login was refused (400 invalid role or secret ID)", "/v1/auth/refused/login", "What to do");
        assertSameRefusal(app.text("one", "password", "authNamespace", "\"nowhere\""), "Vault has no such namespace");
        app.mayNothing();
        assertSameRefusal(app.text("one", "password"), "403 permission denied", "secret/data/refused/one", "\"refused\"");
    }

    @Test
    public void whatIsNotThereIsToldAsWithAnOrdinaryLogin() {
        Application app = vault.application("missing");
        assertSameRefusal(app.text("four", "password"), "There is no secret", "missing/four");
        assertSameRefusal(app.text("one", "passwort"), "\"password\"");
    }

    private static void assertSameRefusal(String text, String... parts) {
        StoreSession.Outcome ordinary = session.get(text).assertFails(parts);
        StoreSession.Outcome inline = session.get(text.replaceFirst("}$", ",\"inlineLogin\":true}"));
        inline.assertFails(parts);
        assertEquals(ordinary.call.message, inline.call.message);
        assertEquals(List.of(), inline.warnings);
    }

    @Test
    public void whereItIsNotOfferedTheOrdinaryLoginFollowsWithoutAWord() throws IOException {
        for (String server : List.of("vault-1.14.2", "openbao-2.4.0")) {
            try (FaultPeer peer = FaultPeer.answering(recorded(server, "no-token"), recorded(server, "approle-login"),
                    recorded(server, "kv2-read"))) {
                String text = peer.text("inlineLogin", "true", "authenticationType", "\"APPROLE\"", "roleId", "\"app\"",
                        "secretIdFile", Fixtures.json(vault.file("any", Canaries.keep(Fixtures.randomText()))));
                StoreSession.Outcome outcome = session.get(text);
                assertNotNull(outcome.toString(), outcome.call.valueSha256);
                assertEquals(outcome.toString(), List.of(), outcome.warnings);
                List<FaultPeer.Request> requests = peer.reads();
                assertEquals(3, requests.size());
                assertEquals("auth/approle/login", requests.get(0).header("X-Vault-Inline-Auth-Path"));
                assertNull(requests.get(0).header("X-Vault-Token"));
                assertEquals("/v1/auth/approle/login", requests.get(1).target());
                assertNotNull(requests.get(2).header("X-Vault-Token"));
                for (FaultPeer.Request later : requests.subList(1, 3)) {
                    assertTrue(later.head.toString(), later.head.stream().noneMatch(line -> line.toLowerCase().contains("inline")));
                }
                // Further secrets do not try again.
                session.get(text.replace("sample/secret", "sample/other"));
                assertEquals(4, peer.reads().size());
            }
        }
    }

    @Test
    public void aGivenTokenIsUsedAsItIs() {
        String value = Fixtures.randomText();
        vault.server.putSecret("given", "password", value);
        session.get(vault.server.text("given", "password").replace("\"endpoint\"", "\"inlineLogin\":true,\"tokenFile\":"
                + Fixtures.json(vault.file("token", vault.server.createReader("given"))) + ",\"endpoint\"")).assertValue(value);
    }

    /** An exchange that was recorded with this server. */
    private static FaultPeer.Answer recorded(String server, String name) throws IOException {
        Path file = Paths.get("tests", "transcripts", server, name + ".json");
        Map<String, Object> exchange = new Yaml().load(Files.readString(file));
        byte[] body = ((String) exchange.get("body_raw")).getBytes(StandardCharsets.UTF_8);
        return FaultPeer.json((Integer) exchange.get("status"), new String(body, StandardCharsets.ISO_8859_1));
    }
}

package dev.vaultcipher.engine;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNotNull;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.PostgresServer;
import dev.vaultcipher.harness.ScriptedPeer;
import dev.vaultcipher.harness.StoreSession;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** Secrets in every engine: both versions of KV, the cubbyhole, a database's static and dynamic credentials. */
public class EnginesTest {
    private static EngineReads reads;
    private static String value;

    @BeforeClass
    public static void startVault() {
        reads = new EngineReads();
        value = Canaries.keep(Fixtures.randomText());
        reads.mountKv("old", 1);
        reads.mountKv("team/app/kv", 2);
        reads.mountKv("team/app/old", 1);
        for (String apiPath : List.of("secret/data/a/b", "team/app/kv/data/a/b")) {
            reads.vault.put(apiPath, "{\"data\":{\"password\":\"" + value + "\"}}");
        }
        for (String apiPath : List.of("old/a/b", "team/app/old/a/b")) {
            reads.vault.put(apiPath, "{\"password\":\"" + value + "\"}");
        }
    }

    @AfterClass
    public static void stopVault() {
        reads.close();
    }

    @Test
    public void theVersionOfAKvEngineIsFoundOutWithATokenThatMayReadThisOnePathOnly() {
        for (String mount : List.of("secret", "team/app/kv")) {
            String token = reads.reader(mount + "/data/a/b");
            assertReads(token, "mount", mount);
            assertReads(token, "mount", mount, "engine", "kv2");
            assertReads(reads.vault.rootToken(), "mount", mount);
        }
        for (String mount : List.of("old", "team/app/old")) {
            String token = reads.reader(mount + "/a/b");
            assertReads(token, "mount", mount);
            assertReads(token, "mount", mount, "engine", "kv1");
            assertReads(token, "mount", mount, "engine", "generic");
            assertReads(reads.vault.rootToken(), "mount", mount);
        }
    }

    @Test
    public void aSecretOfVersion1ThatLooksLikeOneOfVersion2IsNotTakenForIt() {
        String wrong = "{\"data\":{\"password\":\"" + Fixtures.randomText() + "\"},\"metadata\":{\"version\":1,\"destroyed\":false,"
                + "\"created_time\":\"2026-01-01T00:00:00Z\",\"deletion_time\":\"\",\"custom_metadata\":null}}";
        reads.vault.put("old/data/looks-like", wrong);
        reads.vault.put("old/looks-like", "{\"password\":\"" + value + "\"}");
        reads.vault.put("old/data/only-looks-like", wrong);
        String token = reads.vault.createToken("path \"old/*\" { capabilities = [\"read\"] }");
        for (String reader : List.of(token, reads.vault.rootToken())) {
            reads.read(reader, reads.text("mount", "old", "path", "looks-like", "key", "password")).assertValue(value);
            reads.read(reader, reads.text("mount", "old", "path", "looks-like", "key", "password", "engine", "kv2"))
                    .assertFails("mount \"old\" does not answer as a KV version 2", "it is KV version 1");
            reads.read(reader, reads.text("mount", "old", "path", "only-looks-like", "key", "password")).assertFails("There is no secret at");
        }
    }

    @Test
    public void kvVersion2TakesOneRequestAndAPinnedVersion1AsWell() {
        reads.vault.enableAudit();
        for (String text : List.of(text("mount", "secret"), text("mount", "old", "engine", "kv1"))) {
            int before = reads.vault.auditedRequests("").size();
            reads.read(text).assertValue(value);
            assertEquals(text, 1, reads.vault.auditedRequests("").size() - before);
        }
    }

    @Test
    public void thePathOfTheApiIsRecognised() {
        for (String token : List.of(reads.vault.rootToken(), reads.reader("secret/data/a/b"))) {
            StoreSession.Outcome outcome = reads.read(token, text("mount", "secret", "path", "data/a/b")).assertValue(value);
            assertEquals(outcome.toString(), 1, outcome.warnings.size());
            assertTrue(outcome.toString(), outcome.warnings.get(0).contains("begins with \"data/\"")
                    && outcome.warnings.get(0).contains("write \"a/b\""));
        }
        reads.read(text("mount", "secret", "path", "data/a/c")).assertFails("no secret", "path \"data/a/c\"");
        // KV version 1 has no such part in its paths.
        reads.read(text("mount", "old", "path", "data/a/b")).assertFails("no secret", "path \"data/a/b\"");
    }

    @Test
    public void aSecretThatReallyLiesBelowDataComesFirst() {
        String below = Canaries.keep(Fixtures.randomText());
        reads.vault.put("secret/data/data/a/b", "{\"data\":{\"password\":\"" + below + "\"}}");
        reads.vault.put("old/data/deep", "{\"password\":\"" + below + "\"}");
        try {
            for (String mount : List.of("secret", "old")) {
                String path = mount.equals("old") ? "data/deep" : "data/a/b";
                StoreSession.Outcome outcome = reads.read(text("mount", mount, "path", path)).assertValue(below);
                assertEquals(outcome.toString(), List.of(), outcome.warnings);
            }
        } finally {
            reads.vault.delete("secret/metadata/data/a/b");
        }
    }

    @Test
    public void theTokensOwnCubbyhole() {
        reads.vault.put("cubbyhole/app", "{\"password\":\"" + value + "\"}");
        reads.read(text("mount", "cubbyhole", "path", "app", "engine", "generic")).assertValue(value);
        reads.read(text("mount", "cubbyhole", "path", "app")).assertFails("\"cubbyhole\"", "it is a \"cubbyhole\" engine",
                "\"engine\":\"generic\"");
    }

    @Test
    public void aDatabasesStaticAndDynamicCredentials() throws SQLException {
        try (PostgresServer postgres = PostgresServer.start()) {
            String administrator = Fixtures.randomText();
            postgres.createAdministrator("vault", administrator);
            postgres.createUser("app", Fixtures.randomText());
            reads.vault.put("sys/mounts/database", "{\"type\":\"database\"}");
            reads.vault.put("database/config/app", "{\"plugin_name\":\"postgresql-database-plugin\",\"allowed_roles\":\"*\","
                    + "\"username\":\"vault\",\"password\":\"" + administrator + "\",\"connection_url\":"
                    + "\"" + postgres.jdbcUrl().replace("jdbc:postgresql://", "postgresql://{{username}}:{{password}}@") + "?sslmode=disable\"}");
            reads.vault.put("database/static-roles/app",
                    "{\"db_name\":\"app\",\"username\":\"app\",\"rotation_period\":\"24h\"}");
            reads.vault.put("database/roles/leased", "{\"db_name\":\"app\",\"default_ttl\":\"1h\",\"creation_statements\":"
                    + "\"create role \\\"{{name}}\\\" login password '{{password}}' valid until '{{expiration}}'\"}");

            String password = Canaries.keep(Fixtures.jsonMember(
                    reads.vault.request("GET", "database/static-creds/app", null, reads.vault.rootToken()).body, "password"));
            DriverManager.getConnection(postgres.jdbcUrl(), "app", password).close();
            StoreSession.Outcome fixed = reads.read(reads.reader("database/static-creds/app"),
                    text("mount", "database", "path", "static-creds/app", "engine", "generic")).assertValue(password);
            assertEquals(fixed.toString(), List.of(), fixed.warnings);

            String token = reads.reader("database/creds/leased");
            StoreSession.Outcome leased = reads.read(token, text("mount", "database", "path", "creds/leased", "engine", "generic"));
            assertNotNull(leased.toString(), leased.call.valueSha256);
            assertTrue(leased.toString(), leased.warnings.size() == 1
                    && leased.warnings.get(0).contains("leased for 3600 s") && leased.warnings.get(0).contains("static-creds"));
            try (Connection root = DriverManager.getConnection(postgres.jdbcUrl(), "vault", administrator)) {
                assertTrue(root.createStatement().executeQuery(
                        "select 1 from pg_roles where rolname like 'v-%' and rolcanlogin").next());
            }
            // Nothing is read, and no lease made, until the text says that this is wanted.
            for (String with : List.of(token, reads.vault.rootToken())) {
                reads.read(with, text("mount", "database", "path", "creds/leased"))
                        .assertFails("it is a \"database\" engine", "\"engine\":\"generic\"");
            }
            reads.read(text("mount", "database", "path", "creds/other", "engine", "generic")).assertFails("other");
        }
    }

    @Test
    public void aWrongPinIsNamed() {
        for (String token : List.of(reads.vault.rootToken(), reads.reader("old/a/b"))) {
            reads.read(token, text("mount", "old", "engine", "kv2"))
                    .assertFails("mount \"old\" does not answer as a KV version 2", "it is KV version 1", "\"engine\":\"kv1\"");
        }
        for (String token : List.of(reads.vault.rootToken(), reads.reader("secret/data/a/b"))) {
            reads.read(token, text("mount", "secret", "engine", "kv1"))
                    .assertFails("mount \"secret\" does not answer as a KV version 1", "it is KV version 2", "\"engine\":\"kv2\"");
        }
        reads.read(text("mount", "old", "version", 2)).assertFails("it is KV version 1", "remove \"version\"");
        reads.read(text("mount", "old", "version", 2, "engine", "kv1")).assertFails("\"version\" is for KV version 2 only");
        reads.read(text("mount", "secret", "path", "a/b", "engine", "kv3")).assertFails("\"engine\" must be one of", "\"kv2\"");
    }

    @Test
    public void wrappedAnswersAreNamed() {
        String wrapped = reads.vault.createToken("path \"secret/data/a/b\" { capabilities = [\"read\"]\n"
                + "min_wrapping_ttl = \"10s\"\nmax_wrapping_ttl = \"60s\" }\n"
                + "path \"sys/capabilities-self\" { capabilities = [\"update\"] }");
        reads.read(wrapped, text("mount", "secret")).assertFails("only response-wrapped", "min_wrapping_ttl");
        String answer = "{\"request_id\":\"\",\"lease_id\":\"\",\"data\":null,\"wrap_info\":{\"token\":\""
                + Canaries.keep("s." + Fixtures.randomText()) + "\",\"ttl\":60},\"warnings\":null,\"auth\":null}";
        try (ScriptedPeer peer = ScriptedPeer.answering("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
                + answer.length() + "\r\nConnection: close\r\n\r\n" + answer)) {
            reads.read(text("mount", "secret").replace(reads.vault.address(), peer.address()))
                    .assertFails("response-wrapped or waits for a control group's approval");
        }
    }

    private static void assertReads(String token, Object... fields) {
        StoreSession.Outcome outcome = reads.read(token, text(fields)).assertValue(value);
        assertEquals(outcome.toString(), List.of(), outcome.warnings);
    }

    /** These fields, and path a/b unless they have one. */
    private static String text(Object... fields) {
        String text = reads.text(fields).replace("}", ",\"key\":\"password\"}");
        return List.of(fields).contains("path") ? text : text.replace("}", ",\"path\":\"a/b\"}");
    }
}

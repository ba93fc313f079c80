package dev.vaultcipher.engine;

import static dev.vaultcipher.harness.Storing.assertRefused;
import static dev.vaultcipher.harness.Storing.assertStored;
import static dev.vaultcipher.harness.Storing.newValue;
import static dev.vaultcipher.harness.Storing.order;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.Storing;
import java.util.List;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** What {@code store} refuses, and what it says when it fails half-way: never leaving open whether something was written. */
public class StoreRefusalTest {
    private static Storing storing;

    @BeforeClass
    public static void startVault() {
        storing = new Storing();
        storing.mountKv("old", 1);
    }

    @AfterClass
    public static void stopVault() {
        storing.close();
    }

    @Test
    public void aServerDoesNotReadATextWithAnOrder() {
        String value = newValue();
        storing.vault.putSecret("read", "password", value);
        String text = storing.text("secret", "read");
        for (String className : List.of(Storing.SECRET_STORE, Storing.CIPHER)) {
            HostProcess.Outcome outcome = storing.jvm(className, storing.vault.rootToken()).call(text, order(text, value),
                    text.replace("}", ",\"store\":true}"), text.replace("}", ",\"overwrite\":false}"),
                    "{ENC}" + text.replace("}", ",\"value\":" + Fixtures.json(value) + "}"), text.replace("}", ",\"value\":7}"));
            assertEquals(outcome.toString(), Fixtures.sha256(value), outcome.calls.get(0).valueSha256);
            for (int i : new int[] {1, 4, 5}) {
                assertTrue(outcome.calls.get(i).toString(), outcome.calls.get(i).message.contains(
                        "\"value\" is a secret in the clear, in a configuration that others may read: remove it"));
            }
            assertTrue(outcome.toString(), outcome.calls.get(2).message.contains("\"store\" is for the vendor's tool"));
            assertTrue(outcome.toString(), outcome.calls.get(3).message.contains("\"overwrite\" is for the vendor's tool"));
        }
    }

    @Test
    public void ordersThatCannotBeAreRefusedInWords() {
        String value = newValue();
        String text = storing.text("secret", "never");
        String quoted = Fixtures.json(value);
        refused(text.replace("}", ",\"value\":" + quoted + "}"), "\"value\" is there without \"store\":true");
        refused(text.replace("}", ",\"overwrite\":true}"), "\"overwrite\" is there without \"store\":true");
        refused(text.replace("}", ",\"store\":true}"), "\"value\" is missing");
        refused(text.replace("}", ",\"store\":false}"), "\"store\" must be true, or left out");
        refused(order(text, value).replace("\"store\":true", "\"store\":\"yes\""), "\"store\" must be true or false");
        refused(order(text, value, "overwrite", "1"), "\"overwrite\" must be true or false");
        refused(order(text, ""), "\"value\" is empty");
        refused(order(text, value).replace(quoted, "{\"a\":" + quoted + "}"), "\"value\" must be a JSON string");
        refused(order(text, value).replace(quoted, "7"), "\"value\" must be a JSON string");
        refused(order(text, value).replace(quoted, "\"\\ud800" + value + '"'), "\"value\" is no valid JSON string");
        refused(order(text, value).replace("\"store\"", "\"value\":" + quoted + ",\"store\""), "\"value\" is there more than once");
        refused(order(storing.text("secret", "never", "version", "1"), value), "\"version\" cannot be stored to");
        refused(order(storing.text("secret", "never", "engine", "\"generic\""), value), "\"engine\":\"generic\" cannot be stored to");
        refused(order(text, value).replace("\"key\":\"password\"", "\"pointer\":\"/password\""), "a pointer cannot be stored to");
        refused(order(text, value).replace("\"mount\"", "\"mont\""), "unknown field \"mont\"", "\"mount\" is missing");
        storing.assertNothing("secret/data/never");
    }

    private static void refused(String text, String... parts) {
        assertRefused(storing.store(text), parts);
    }

    @Test
    public void theWrongEnginePathOrMountIsNamedAndNothingWritten() {
        storing.mountKv("team/kv", 2);
        String value = newValue();
        refused(order(storing.text("secret", "a", "engine", "\"kv1\""), value), "it is KV version 2", "\"engine\":\"kv2\"");
        refused(order(storing.text("old", "a", "engine", "\"kv2\""), value), "it is KV version 1", "\"engine\":\"kv1\"");
        refused(order(storing.text("cubbyhole", "a"), value), "it is a \"cubbyhole\" engine", "use the mount of a KV engine");
        refused(order(storing.text("secret", "data/a"), value), "\"path\" begins with \"data/\"", "write \"a\"");
        refused(order(storing.text("team/kv/app", "a"), value), "the mount is \"team/kv\"");
        refused(order(storing.text("secrt", "a"), value), "no secrets engine at mount \"secrt\"", "did you mean \"secret\"?");
        for (String apiPath : List.of("secret/data/a", "secret/data/data/a", "old/a", "old/data/a", "team/kv/data/app/a", "cubbyhole/a")) {
            storing.assertNothing(apiPath);
        }
        // KV version 1 has no such part in its paths, and a secret that really lies below data/ comes first.
        assertStored(storing.store(order(storing.text("old", "data/b"), value)), storing.text("old", "data/b"));
        storing.assertHas("old/data/b", value);
        storing.vault.putSecret("data/b", "other", newValue());
        assertStored(storing.store(order(storing.text("secret", "data/b"), value)), storing.text("secret", "data/b"));
        storing.assertHas("secret/data/data/b", value);
    }

    @Test
    public void theAdministratorsTokenWritesAndTheServersTokenReads() {
        String value = newValue();
        String text = storing.text("secret", "two");
        String writer = storing.vault.createToken(
                "path \"secret/data/two\" { capabilities = [\"create\", \"update\", \"read\"] }");
        String reader = storing.vault.createReader("two");
        for (String name : List.of("VAULT_TOKEN", "BAO_TOKEN")) {
            assertStored(storing.jvm(Storing.CIPHER, reader).environment(name, writer).store(order(text, value)), text);
        }
        storing.assertHas("secret/data/two", value);
        assertEquals(1, storing.version("secret/data/two"));
        // Alone, it is the server's as well.
        assertStored(storing.jvm(Storing.CIPHER, null).environment("VAULT_TOKEN", writer).store(order(text, value)), text);
    }

    @Test
    public void aTokenThatMayNotWriteIsToldThePolicyLine() {
        String line = "path \"secret/data/denied\" { capabilities = [\"create\", \"update\", \"read\"] }";
        String order = order(storing.text("secret", "denied"), newValue());
        assertRefused(storing.jvm(Storing.SECRET_STORE, storing.vault.createReader("denied")).store(order),
                "does not allow the token from environment variable SECRET_STORE_VAULT_TOKEN to write the secret", "POST ",
                "nothing was written", line, "VAULT_TOKEN");
        String writeOnly = storing.vault.createToken("path \"secret/data/denied\" { capabilities = [\"create\", \"update\"] }");
        assertRefused(storing.jvm(Storing.SECRET_STORE, null).environment("VAULT_TOKEN", writeOnly).store(order),
                "does not allow the token from environment variable VAULT_TOKEN to read the secret", "nothing was written", line);
        assertRefused(storing.jvm(Storing.SECRET_STORE, null).environment("VAULT_TOKEN", "s.nonsense").store(order),
                "does not accept the token from environment variable VAULT_TOKEN");
        storing.assertNothing("secret/data/denied");
        storing.vault.putSecret("denied", "other", newValue());
        String creator = storing.vault.createToken("path \"secret/data/denied\" { capabilities = [\"create\", \"read\"] }");
        assertRefused(storing.jvm(Storing.SECRET_STORE, creator).store(order), "to write the secret", line);
        assertEquals(1, storing.version("secret/data/denied"));
        String reader = storing.vault.createToken("path \"old/denied\" { capabilities = [\"read\"] }");
        assertRefused(storing.jvm(Storing.SECRET_STORE, reader).store(order(storing.text("old", "denied"), newValue())), "path \"old/denied\" { capabilities =");
    }

    @Test
    public void aServerThatWillNotReadItIsToldButTheSecretIsThere() {
        String value = newValue();
        String text = "{ENC}" + storing.text("secret", "unreadable");
        String order = order(text, value);
        String root = storing.vault.rootToken();
        HostProcess stranger = storing.jvm(Storing.SECRET_STORE, storing.vault.createReader("elsewhere"));
        assertRefused(stranger.environment("VAULT_TOKEN", root).store(order), "The secret WAS WRITTEN (POST ",
                "but the server cannot read it: Vault does not allow the token from environment variable SECRET_STORE_VAULT_TOKEN to read",
                "path \"secret/data/unreadable\" { capabilities = [\"read\"] }", "THE SECRET IS IN VAULT",
                "the text for the configuration, once this is fixed, is " + text);
        storing.assertHas("secret/data/unreadable", value);
        // Outside of a pod the server cannot log in.
        HostProcess.Outcome outcome = storing.jvm(Storing.SECRET_STORE, null).environment("VAULT_TOKEN", root)
                .environment("SECRET_STORE_VAULT_KUBE_AUTH_ROLE", "app")
                .store(order(storing.text("secret", "unreadable", "authenticationType", "\"KUBERNETES\""), value));
        assertRefused(outcome, "The secret was there already (GET ", "service account token", "THE SECRET IS IN VAULT",
                "is " + storing.text("secret", "unreadable", "authenticationType", "\"KUBERNETES\""));
        assertEquals(1, storing.version("secret/data/unreadable"));
        // With the server's login only, nothing is written.
        assertRefused(storing.jvm(Storing.SECRET_STORE, null).store(order(storing.text("secret", "nobody"), value)),
                "authenticationType TOKEN needs a Vault token");
        storing.assertNothing("secret/data/nobody");
    }

    @Test
    public void somebodyElsesWriteAtTheSameMomentIsNotLost() {
        String theirs = newValue();
        try (WriteRelay relay = WriteRelay.to(storing.vault, () -> storing.vault.putSecret("meanwhile", "password", theirs), 0)) {
            assertRefused(storing.store(order(relay.through(storing.text("secret", "meanwhile")), newValue())),
                    "Another client wrote the secret at POST ", "nothing was written", "vault kv get -mount=secret meanwhile");
        }
        storing.assertHas("secret/data/meanwhile", theirs);
        assertEquals(1, storing.version("secret/data/meanwhile"));
    }

    @Test
    public void theSameValueBySomebodyElseAtTheSameMomentIsFine() {
        String value = newValue();
        try (WriteRelay relay = WriteRelay.to(storing.vault, () -> storing.vault.putSecret("agreed", "password", value), 0)) {
            String text = relay.through(storing.text("secret", "agreed"));
            assertStored(storing.store(order(text, value)), text);
        }
        assertEquals(1, storing.version("secret/data/agreed"));
    }

    @Test
    public void aLostAnswerIsAskedForAgainWithoutWritingTwice() {
        String value = newValue();
        for (String mount : List.of("secret", "old")) {
            try (WriteRelay relay = WriteRelay.to(storing.vault, () -> { }, 1)) {
                String text = relay.through(storing.text(mount, "lost"));
                HostProcess.Outcome outcome = storing.jvm(Storing.SECRET_STORE, storing.vault.rootToken())
                        .environment("VAULT_CLIENT_TIMEOUT", "20").store(order(text, value));
                assertStored(outcome, text);
            }
        }
        assertEquals(1, storing.version("secret/data/lost"));
        storing.assertHas("old/lost", value);
    }

    @Test
    public void withoutAnyAnswerItIsSaidThatItIsNotKnown() {
        String value = newValue();
        try (WriteRelay relay = WriteRelay.to(storing.vault, () -> { }, 99)) {
            assertRefused(storing.store(order(relay.through(storing.text("secret", "unsure")), value)),
                    "Vault cannot be reached at POST ", "It is NOT KNOWN whether the secret was written");
        }
        // As it says: once more tells.
        assertStored(storing.store(order(storing.text("secret", "unsure"), value)), storing.text("secret", "unsure"));
        assertEquals(1, storing.version("secret/data/unsure"));
    }

    @Test
    public void vaultsWarningsArePassedOnAndAWrappedAnswerIsNoSuccess() {
        String value = newValue();
        try (WriteRelay relay = WriteRelay.answering(storing.vault, true,
                "{\"data\":{\"version\":1},\"warnings\":[\"the canary\\nsings\"]}")) {
            String text = relay.through(storing.text("secret", "warned"));
            HostProcess.Outcome outcome = storing.store(order(text, value));
            assertStored(outcome, text);
            assertTrue(outcome.toString(), outcome.stderr.contains("Vault warns at POST ") && outcome.stderr.contains(": the canary sings"));
        }
        String wrapped = "{\"data\":null,\"wrap_info\":{\"token\":\"" + newValue() + "\",\"ttl\":60},\"warnings\":null}";
        try (WriteRelay relay = WriteRelay.answering(storing.vault, false, wrapped)) {
            assertRefused(storing.store(order(relay.through(storing.text("secret", "wrapped")), value)),
                    "waits for a control group's approval", "the secret is not there");
        }
        storing.assertNothing("secret/data/wrapped");
        try (WriteRelay relay = WriteRelay.answering(storing.vault, true, wrapped)) {
            String text = relay.through(storing.text("secret", "wrapped"));
            assertStored(storing.store(order(text, value)), text);
        }
    }

    @Test
    public void aPeerThatRepeatsTheValueDoesNotGetItIntoTheMessage() {
        String value = newValue();
        String page = "<html><head><title>blocked: " + value + "</title></head></html>";
        try (WriteRelay relay = WriteRelay.answering(storing.vault, false, page)) {
            HostProcess.Outcome outcome = storing.store(order(relay.through(storing.text("secret", "echo")), value));
            assertRefused(outcome, "is not from Vault", "blocked: [hidden]", "NOT KNOWN");
        }
    }
}

package dev.vaultcipher.engine;

import static dev.vaultcipher.harness.Storing.assertRefused;
import static dev.vaultcipher.harness.Storing.assertStored;
import static dev.vaultcipher.harness.Storing.newValue;
import static dev.vaultcipher.harness.Storing.order;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.Storing;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** {@code store} and {@code encrypt} write a secret into KV, read it back, and return the text for the configuration. */
public class StoreWriteTest {
    private static Storing storing;

    @BeforeClass
    public static void startVault() {
        storing = new Storing();
        storing.mountKv("old", 1);
        storing.mountKv("team/app/kv", 2);
    }

    @AfterClass
    public static void stopVault() {
        storing.close();
    }

    @Test
    public void aNewSecretThroughBothClassesInBothEnginesWithAndWithoutEnc() {
        for (String className : List.of(Storing.SECRET_STORE, Storing.CIPHER)) {
            String path = "new/" + className;
            List<String> orders = new ArrayList<>();
            List<String> texts = new ArrayList<>();
            for (String mount : List.of("secret", "team/app/kv", "old")) {
                String value = newValue();
                String text = storing.text(mount, path);
                orders.add(order(text, value));
                orders.add("{ENC}" + order(text.replace("\"password\"", "\"second\""), value));
                texts.add(text);
                texts.add("{ENC}" + text.replace("\"password\"", "\"second\""));
            }
            HostProcess.Outcome outcome =
                    storing.jvm(className, storing.vault.rootToken()).store(orders.toArray(new String[0]));
            assertStored(outcome, texts.toArray(new String[0]));
            HostProcess.Outcome read =
                    storing.jvm(className, storing.vault.rootToken()).call(texts.toArray(new String[0]));
            assertEquals(read.toString(), 6, read.calls.stream().filter(call -> call.valueSha256 != null).count());
            assertEquals(2, storing.version("secret/data/" + path));
        }
    }

    @Test
    public void theTextComesBackInItsOrderAndOnOneLine() {
        String rest = "\"engine\":\"kv2\",\"key\":\"password\",\"path\":\"in/order\",\"endpoint\":["
                + Fixtures.json(storing.vault.address()) + "],\"timeout\":30,\"mount\":\"secret\",\"authenticationType\":\"TOKEN\"";
        String order = " {ENC} {\n  \"value\" : " + Fixtures.json(newValue()) + ",\n  " + rest.replace(",", ",\n  ")
                + ", \"overwrite\": false, \"store\": true }\n";
        assertStored(storing.store(order), "{ENC}{" + rest + "}");
    }

    @Test
    public void otherKeysStayAsTheyAre() {
        String others = "\"big\":12345678901234567890,\"nested\":{\"a\":[1,null,true]},\"number\":1.5,\"text\":\"\\u00e9 \\\" \\\\ x\"";
        storing.vault.put("secret/data/others", "{\"data\":{" + others + "}}");
        storing.vault.put("old/others", "{" + others + "}");
        for (String apiPath : List.of("secret/data/others", "old/others")) {
            String mount = apiPath.substring(0, apiPath.indexOf('/'));
            String before = data(apiPath);
            String value = newValue();
            assertStored(storing.store(order(storing.text(mount, "others"), value)), storing.text(mount, "others"));
            storing.assertHas(apiPath, value);
            assertEquals(before, data(apiPath).replace(",\"password\":" + Fixtures.json(value), ""));
        }
        assertEquals(2, storing.version("secret/data/others"));
    }

    /** The innermost object that has the key "big". */
    private static String data(String apiPath) {
        String body = storing.answer(apiPath);
        int start = body.lastIndexOf('{', body.indexOf("\"big\""));
        return body.substring(start, body.indexOf("\"text\"")) + body.substring(body.indexOf("\"text\""), body.indexOf('}', body.indexOf("\"text\"")));
    }

    @Test
    public void theSameValueIsNotWrittenAgain() {
        String value = newValue();
        storing.vault.putSecret("same", "password", value);
        storing.vault.put("old/same", "{\"password\":5432}");
        assertStored(storing.store(order(storing.text("secret", "same"), value), order(storing.text("old", "same"), "5432")),
                storing.text("secret", "same"), storing.text("old", "same"));
        assertEquals(1, storing.version("secret/data/same"));
        assertTrue("rewritten", storing.answer("old/same").contains("\"password\":5432"));
    }

    @Test
    public void anotherValueIsOnlyReplacedWhenToldSo() {
        for (String mount : List.of("secret", "old")) {
            String apiPath = mount.equals("old") ? "old/taken" : "secret/data/taken";
            String before = newValue();
            String value = newValue();
            String data = "{\"password\":\"" + before + "\",\"other\":1}";
            storing.vault.put(apiPath, mount.equals("old") ? data : "{\"data\":" + data + "}");
            String text = storing.text(mount, "taken");
            assertRefused(storing.store(order(text, value)), "Key \"password\" of the secret at GET ", "path \"taken\"",
                    "already has another value, and nothing was written", "\"overwrite\":true",
                    mount.equals("old") ? "KV version 1 does not keep old values" : "stays readable as version 1");
            storing.assertHas(apiPath, before);
            assertRefused(storing.store(order(text, value, "overwrite", "false")), "\"overwrite\":true");
            assertStored(storing.store(order(text, value, "overwrite", "true")), text);
            storing.assertHas(apiPath, value);
            assertTrue(storing.answer(apiPath).contains("\"other\":1"));
        }
        assertEquals(2, storing.version("secret/data/taken"));
    }

    @Test
    public void nullEmptyAndNestedValuesAreOtherValues() {
        storing.vault.put("secret/data/odd", "{\"data\":{\"password\":null}}");
        assertRefused(storing.store(order(storing.text("secret", "odd"), newValue())), "already has another value");
        storing.vault.put("secret/data/odd", "{\"data\":{\"password\":{\"a\":\"b\"}}}");
        assertRefused(storing.store(order(storing.text("secret", "odd"), newValue())), "already has another value");
        assertEquals(2, storing.version("secret/data/odd"));
    }

    @Test
    public void aDeletedOrDestroyedVersionIsFollowedByOneWithoutItsKeysAndAWarningSaysSo() {
        for (String end : List.of("delete", "destroy")) {
            String path = "gone/" + end;
            storing.vault.putSecret(path, "password", newValue(), "other", newValue());
            storing.vault.putSecret(path, "password", newValue(), "other", newValue());
            storing.vault.put("secret/" + end + "/" + path, "{\"versions\":[2]}");
            String value = newValue();
            HostProcess.Outcome outcome = storing.store(order(storing.text("secret", path), value));
            assertStored(outcome, storing.text("secret", path));
            assertTrue(outcome.toString(), outcome.stderr.contains("Version 2 of the secret at GET ")
                    && outcome.stderr.contains("the new version has the key \"password\" only"));
            storing.assertHas("secret/data/" + path, value);
            assertFalse(storing.answer("secret/data/" + path).contains("\"other\""));
            assertEquals(3, storing.version("secret/data/" + path));
        }
    }

    @Test
    public void aMountThatRequiresCheckAndSet() {
        storing.mountKv("strict", 2);
        storing.vault.put("strict/config", "{\"cas_required\":true}");
        String text = storing.text("strict", "a");
        assertStored(storing.store(order(text, newValue()), order(text.replace("\"password\"", "\"other\""), newValue()),
                order(text, newValue(), "overwrite", "true")), text, text.replace("\"password\"", "\"other\""), text);
        assertEquals(3, storing.version("strict/data/a"));
    }

    @Test
    public void ofThirtyTwoWritersExactlyOneWinsAndEveryOtherKnows() {
        List<String> values = new ArrayList<>();
        List<String> orders = new ArrayList<>();
        for (int i = 0; i < 32; i++) {
            values.add(newValue());
            orders.add(order(storing.text("secret", "race"), values.get(i)));
        }
        HostProcess.Outcome outcome = storing.jvm(Storing.SECRET_STORE, storing.vault.rootToken()).storeAtOnce(orders);
        assertEquals(outcome.toString(), 32, outcome.calls.size());
        List<HostProcess.Call> lost =
                outcome.calls.stream().filter(call -> call.storedText == null).collect(Collectors.toList());
        assertEquals(outcome.toString(), 31, lost.size());
        for (HostProcess.Call call : lost) {
            assertTrue(call.message, call.message.contains("nothing was written")
                    && (call.message.contains("already has another value") || call.message.contains("at the same time")));
        }
        assertEquals(1, storing.version("secret/data/race"));
        String answer = storing.answer("secret/data/race");
        assertEquals(1, values.stream().filter(answer::contains).count());
    }

    @Test
    public void writersOfDifferentKeysLoseNothingSilently() {
        List<String> orders = new ArrayList<>();
        for (int i = 0; i < 32; i++) {
            orders.add(order(storing.text("secret", "keys").replace("\"password\"", "\"key-" + i + "\""), newValue()));
        }
        HostProcess.Outcome outcome = storing.jvm(Storing.CIPHER, storing.vault.rootToken()).storeAtOnce(orders);
        long stored = outcome.calls.stream().filter(call -> call.storedText != null).count();
        assertTrue(outcome.toString(), stored > 0);
        assertEquals(outcome.toString(), stored, storing.answer("secret/data/keys").split("\"key-", -1).length - 1);
        assertEquals(stored, storing.version("secret/data/keys"));
    }

    @Test
    public void inANamespace() {
        storing.vault.put("sys/namespaces/group", "{}");
        storing.mountKv("kv", 2, "X-Vault-Namespace", "group");
        String value = newValue();
        String text = storing.text("kv", "a", "namespace", "\"group\"");
        assertStored(storing.store(order(text, value)), text);
        storing.assertHas("group/kv/data/a", value);
        String prefixed = storing.text("group/kv", "b");
        assertStored(storing.store(order(prefixed, value)), prefixed);
        storing.assertHas("group/kv/data/b", value);
    }

    @Test
    public void everyValueThatCanBeRead() {
        List<String> values = List.of(newValue() + "\u0000\t\"\\/\u007f" + newValue(), newValue() + "\n",
                newValue() + "zażółć \ud83d\ude00 \u2028", "  " + newValue() + "  ", "   ", "5432", newValue().repeat(600));
        List<String> orders = new ArrayList<>();
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < values.size(); i++) {
            texts.add(storing.text("secret", "values/" + i));
            orders.add(order(texts.get(i), values.get(i)));
        }
        assertStored(storing.store(orders.toArray(new String[0])), texts.toArray(new String[0]));
        HostProcess.Outcome read = storing.jvm(Storing.CIPHER, storing.vault.rootToken()).call(texts.toArray(new String[0]));
        for (int i = 0; i < values.size(); i++) {
            assertEquals(texts.get(i), Fixtures.sha256(values.get(i)), read.calls.get(i).valueSha256);
        }
    }

    @Test
    public void base64IsStoredEncodedAndTrimIsMinded() {
        String value = newValue();
        String text = storing.text("secret", "encoded", "encoding", "\"base64\"", "trim", "true");
        assertStored(storing.store(order(text, value), order(text, value)), text, text);
        assertTrue(storing.answer("secret/data/encoded").contains('"' + java.util.Base64.getEncoder()
                .encodeToString(value.getBytes(java.nio.charset.StandardCharsets.UTF_8)) + '"'));
        assertEquals(1, storing.version("secret/data/encoded"));
        assertRefused(storing.store(order(text, newValue() + "\n", "overwrite", "true")), "\"value\" has white space around it", "\"trim\"");
        assertEquals(1, storing.version("secret/data/encoded"));
    }

    @Test
    public void whatIsStoredIsReadAtOnceAlsoWhereTheOldValueWasReadBefore() {
        String before = newValue();
        String value = newValue();
        storing.vault.putSecret("cached", "password", before);
        String text = storing.text("secret", "cached");
        HostProcess.Outcome outcome = storing.jvm(Storing.SECRET_STORE, storing.vault.rootToken())
                .environment("SECRET_STORE_VAULT_CACHE_TIME", "60").text(text).stored(order(text, value, "overwrite", "true")).call(text);
        assertEquals(outcome.toString(), Fixtures.sha256(before), outcome.calls.get(0).valueSha256);
        assertEquals(outcome.toString(), text, outcome.calls.get(1).storedText);
        assertEquals(outcome.toString(), Fixtures.sha256(value), outcome.calls.get(2).valueSha256);
    }

    @Test
    public void theServersOwnLoginWritesAndReadsAndIsRevoked() {
        String password = Canaries.keep(Fixtures.randomText());
        storing.vault.put("sys/auth/userpass", "{\"type\":\"userpass\"}");
        storing.vault.put("sys/policies/acl/own", "{\"policy\":" + Fixtures.json(
                "path \"secret/data/own\" { capabilities = [\"create\", \"update\", \"read\"] }") + "}");
        storing.vault.put("auth/userpass/users/app", "{\"password\":\"" + password + "\",\"token_policies\":\"own\"}");
        storing.vault.enableAudit();
        String value = newValue();
        String text = storing.text("secret", "own", "authenticationType", "\"USERPASS\"", "username", "\"app\"");
        assertStored(storing.jvm(Storing.SECRET_STORE, null).environment("SECRET_STORE_VAULT_PASSWORD", password)
                .store(order(text, value)), text);
        storing.assertHas("secret/data/own", value);
        assertEquals(1, storing.vault.auditedRequests("auth/userpass/login/app").size());
        assertEquals(1, storing.vault.auditedRequests("auth/token/revoke-self").size());
    }

    @Test
    public void aTextWithoutAnOrderIsCheckedAndComesBackAsItIs() {
        storing.vault.putSecret("checked", "password", newValue());
        String text = "  {ENC} " + storing.text("secret", "checked").replace(",", " , ");
        HostProcess.Outcome outcome = storing.store(text);
        assertStored(outcome, text);
        assertRefused(storing.store(storing.text("secret", "unchecked")), "There is no secret at");
        storing.assertNothing("secret/data/unchecked");
    }
}

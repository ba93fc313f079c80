package dev.vaultcipher.harness;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.VaultCipher;
import dev.vaultcipher.VaultSecretStore;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A Vault, and JVMs that store secrets into it. Every value is a canary: no JVM may print it. */
public final class Storing implements AutoCloseable {
    public static final String SECRET_STORE = VaultSecretStore.class.getName();
    public static final String CIPHER = VaultCipher.class.getName();

    public final VaultServer vault = VaultServer.start();

    /** A JVM whose server reads with this token, and no other is set. */
    public HostProcess jvm(String className, String tokenOrNull) {
        return HostProcess.loading(className).environment("SECRET_STORE_VAULT_TOKEN", tokenOrNull);
    }

    /** Stores with the root token, which the server has as well. */
    public HostProcess.Outcome store(String... texts) {
        return jvm(SECRET_STORE, vault.rootToken()).store(texts);
    }

    /** A value that nobody has seen. */
    public static String newValue() {
        return Canaries.keep(Fixtures.randomText());
    }

    /** The text for the configuration: these fields (name, JSON, name, JSON …), endpoint and key "password". */
    public String text(String mount, String path, String... more) {
        StringBuilder text = new StringBuilder("{\"mount\":" + Fixtures.json(mount) + ",\"path\":" + Fixtures.json(path)
                + ",\"key\":\"password\",\"endpoint\":" + Fixtures.json(vault.address()));
        for (int i = 0; i + 1 < more.length; i += 2) {
            text.append(",\"").append(more[i]).append("\":").append(more[i + 1]);
        }
        return text.append('}').toString();
    }

    /** The text with an order in its middle: the rest keeps its order. */
    public static String order(String text, String value, String... more) {
        StringBuilder order = new StringBuilder("\"store\":true,\"value\":" + Fixtures.json(value) + ',');
        for (int i = 0; i + 1 < more.length; i += 2) {
            order.append('"').append(more[i]).append("\":").append(more[i + 1]).append(',');
        }
        return text.replaceFirst("\"path\"", Matcher.quoteReplacement(order + "\"path\""));
    }

    /** Vault's own answer at this path of the API; fails unless it is 200. */
    public String answer(String apiPath) {
        VaultServer.Answer answer = vault.request("GET", apiPath, null, vault.rootToken());
        assertEquals(apiPath + ": " + answer.status, 200, answer.status);
        return answer.body;
    }

    /** The version of a KV version 2 secret. */
    public int version(String apiPath) {
        Matcher version = Pattern.compile("\"version\":(\\d+)").matcher(answer(apiPath));
        assertTrue(apiPath, version.find());
        return Integer.parseInt(version.group(1));
    }

    /** Fails unless key "password" has this value. */
    public void assertHas(String apiPath, String value) {
        assertTrue(apiPath + " has another value", answer(apiPath).contains("\"password\":" + Fixtures.json(value)));
    }

    /** Fails unless nothing was ever written there. */
    public void assertNothing(String apiPath) {
        assertEquals(apiPath, 404, vault.request("GET", apiPath, null, vault.rootToken()).status);
    }

    /** Fails unless each call stored its secret and returned this text. */
    public static HostProcess.Outcome assertStored(HostProcess.Outcome outcome, String... texts) {
        assertEquals(outcome.toString(), texts.length, outcome.calls.size());
        for (int i = 0; i < texts.length; i++) {
            assertEquals(outcome.toString(), texts[i], outcome.calls.get(i).storedText);
        }
        return outcome;
    }

    /** Fails unless the last call failed with one line that holds all these parts. */
    public static void assertRefused(HostProcess.Outcome outcome, String... parts) {
        assertTrue(outcome.toString(), !outcome.calls.isEmpty());
        Messages.assertSays(last(outcome.calls), "com.atlassian.secrets.api.SecretStoreException", parts);
    }

    private static HostProcess.Call last(List<HostProcess.Call> calls) {
        return calls.get(calls.size() - 1);
    }

    /** Mounts a KV engine of this version. */
    public void mountKv(String mount, int version, String... namespaceHeader) {
        VaultServer.Answer answer = vault.request("POST", "sys/mounts/" + mount,
                "{\"type\":\"kv\",\"options\":{\"version\":\"" + version + "\"}}", vault.rootToken(), namespaceHeader);
        assertTrue(mount + ": " + answer.status, answer.status < 300);
        // Vault upgrades a fresh KV version 2 engine for a moment.
        Fixtures.until(5, () -> version != 2
                || vault.request("GET", mount + "/config", null, vault.rootToken(), namespaceHeader).status == 200);
    }

    @Override
    public void close() {
        vault.close();
    }
}

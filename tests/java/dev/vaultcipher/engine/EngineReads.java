package dev.vaultcipher.engine;

import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.StoreSession;
import dev.vaultcipher.harness.VaultServer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A Vault, and one JVM that reads from it with one token after the other. */
final class EngineReads implements AutoCloseable {
    final VaultServer vault = VaultServer.start();
    private final StoreSession session = StoreSession.start(HostProcess.plain());

    /** Reads with the root token. */
    StoreSession.Outcome read(String text) {
        return read(vault.rootToken(), text);
    }

    StoreSession.Outcome read(String token, String text) {
        session.property("secret.store.vault.token", token);
        return session.get(text);
    }

    /** The text with these fields: name, value, name, value …; strings, numbers and truth values. */
    String text(Object... fields) {
        StringBuilder text = new StringBuilder("{\"endpoint\":").append(Fixtures.json(vault.address()));
        for (int i = 0; i + 1 < fields.length; i += 2) {
            text.append(",\"").append(fields[i]).append("\":")
                    .append(fields[i + 1] instanceof String ? Fixtures.json((String) fields[i + 1]) : fields[i + 1]);
        }
        return text.append('}').toString();
    }

    /** A token that may read this one path of the API and nothing else, not even itself. */
    String reader(String apiPath) {
        return vault.createToken("path \"" + apiPath + "\" { capabilities = [\"read\"] }");
    }

    /** Mounts a KV engine of this version. */
    void mountKv(String mount, int version) {
        vault.put("sys/mounts/" + mount, "{\"type\":\"kv\",\"options\":{\"version\":\"" + version + "\"}}");
        // Vault upgrades a fresh KV version 2 engine for a moment.
        Fixtures.until(5, () -> version != 2 || vault.request("GET", mount + "/config", null, vault.rootToken()).status == 200);
    }

    /** What stands after this name in Vault's own answer: a number, true or false. */
    String jsonText(String apiPath, String name) {
        Matcher found = Pattern.compile('"' + name + "\":([^,}]+)")
                .matcher(vault.request("GET", apiPath, null, vault.rootToken()).body);
        if (!found.find()) {
            throw new AssertionError(apiPath + " has no " + name);
        }
        return found.group(1);
    }

    @Override
    public void close() {
        try {
            session.close();
        } finally {
            vault.close();
        }
    }
}

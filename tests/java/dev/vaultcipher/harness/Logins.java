package dev.vaultcipher.harness;

import dev.vaultcipher.VaultSecretStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/**
 * What a test of logins needs: a Vault with one secret and a policy {@code sample} that lets read it, a folder for files
 * with credentials, and a JVM that reads the secret, time after time, with what it is given in system properties.
 */
public final class Logins implements AutoCloseable {
    /** As roles name it. */
    public static final String POLICIES = "\"token_policies\":[\"sample\"]";

    public final VaultServer vault;
    public final String value = Fixtures.randomText();
    private final Cleanup cleanup = new Cleanup();
    private final Path folder = cleanup.folder("logins");
    private StoreSession session;

    public Logins(VaultServer vault) {
        this.vault = vault;
        cleanup.add(vault::close);
        vault.putSecret("sample/secret", "password", value);
        vault.put("sys/policies/acl/sample",
                "{\"policy\":\"path \\\"secret/data/sample/*\\\" { capabilities = [\\\"read\\\"] }\"}");
    }

    /** The text for the secret; then further fields: name, value, name, value … */
    public String text(String authenticationType, String... fields) {
        StringBuilder text = new StringBuilder(vault.text("sample/secret", "password"));
        text.setLength(text.length() - 1);
        text.append(",\"authenticationType\":").append(Fixtures.json(authenticationType));
        for (int i = 0; i + 1 < fields.length; i += 2) {
            text.append(',').append(Fixtures.json(fields[i])).append(':').append(Fixtures.json(fields[i + 1]));
        }
        return text.append('}').toString();
    }

    /** Mounts an auth method. */
    public void enable(String mount, String type) {
        vault.put("sys/auth/" + mount, "{\"type\":\"" + type + "\"}");
    }

    /** A token with the policy, and nothing else. */
    public String token() {
        return Canaries.keep(Fixtures.jsonMember(
                vault.put("auth/token/create", "{\"policies\":[\"sample\"],\"no_default_policy\":true}"), "client_token"));
    }

    /** A path in the folder; nothing is there yet. */
    public String path(String name) {
        return folder.resolve(name).toString();
    }

    /** Writes a file that only the owner may read, and returns its path. */
    public String file(String name, String content) {
        return file(name, content, "rw-------");
    }

    public String file(String name, String content, String permissions) {
        try {
            Path file = Files.writeString(folder.resolve(name), content);
            return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions)).toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reads in the one JVM, with these system properties for this time: name, value, name, value … */
    public StoreSession.Outcome get(String text, String... properties) {
        StoreSession session = session();
        for (int i = 0; i + 1 < properties.length; i += 2) {
            session.property(properties[i], properties[i + 1]);
        }
        StoreSession.Outcome outcome = session.get(text);
        for (int i = 0; i + 1 < properties.length; i += 2) {
            session.property(properties[i], null);
        }
        return outcome;
    }

    /** Reads all of them at once in the one JVM. */
    public List<StoreSession.Outcome> getAll(List<String> texts) {
        return session().getAll(texts);
    }

    private StoreSession session() {
        if (session == null) {
            session = StoreSession.start(HostProcess.plain());
        }
        return session;
    }

    /** Reads in a JVM of its own with this environment: name, value, name, value … */
    public HostProcess.Call getIn(String text, String... environment) {
        HostProcess jvm = HostProcess.loading(VaultSecretStore.class.getName());
        for (int i = 0; i + 1 < environment.length; i += 2) {
            jvm.environment(environment[i], environment[i + 1]);
        }
        return jvm.call(text).only();
    }

    @Override
    public void close() {
        try {
            if (session != null) {
                session.close(); // it looks for secrets in all that was said
            }
        } finally {
            cleanup.close();
        }
    }
}

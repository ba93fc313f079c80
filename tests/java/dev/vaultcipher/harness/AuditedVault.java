package dev.vaultcipher.harness;

import static org.junit.Assert.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Collections;
import java.util.List;

/**
 * A Vault with an audit log, and applications that log in to it with an AppRole each: auth mount, policy and secrets of an
 * application bear its name, so that the log tells what it cost, whatever the others do meanwhile.
 */
public final class AuditedVault implements AutoCloseable {
    /** The keys of each secret. */
    public static final List<String> KEYS = List.of("user", "password", "salt", "note");

    public final VaultServer server = VaultServer.start();
    public final AuditLog log = new AuditLog(server);
    private final Cleanup cleanup = new Cleanup();
    private final Path folder = cleanup.folder("applications");

    public AuditedVault() {
        cleanup.add(server::close);
    }

    /** An application that may read its secrets; members of its role's JSON, such as {@code "token_ttl":2}, may follow. */
    public Application application(String name, String... roleMembers) {
        return new Application(name, roleMembers);
    }

    /** A JVM that reuses what it reads for as long as it does where nobody says otherwise. */
    public static StoreSession session() {
        return StoreSession.start(jvm());
    }

    /** That JVM, which says nothing by itself. */
    public static HostProcess jvm() {
        return HostProcess.plain().environment("SECRET_STORE_VAULT_CACHE_TIME", null).allowNativeAccess();
    }

    /** Where file() puts a file of this name. */
    public String path(String name) {
        return folder.resolve(name).toString();
    }

    /** Writes a file that only the owner may read. */
    public String file(String name, String content) {
        try {
            Path file = Files.writeString(Paths.get(path(name)), content);
            return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------")).toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        cleanup.close();
    }

    /** An application. Its secrets are {@code secret/NAME/PATH}, with a value of its own in each key. */
    public final class Application {
        public final String name;
        private final String secretIdFile;
        private final String random = Fixtures.randomText();

        private Application(String name, String... roleMembers) {
            this.name = name;
            server.put("sys/auth/" + name, "{\"type\":\"approle\"}");
            policy("");
            StringBuilder role = new StringBuilder("{\"role_id\":\"app\",\"token_policies\":[" + Fixtures.json(name) + "]");
            for (String member : roleMembers) {
                role.append(',').append(member);
            }
            server.put("auth/" + name + "/role/app", role.append('}').toString());
            secretIdFile = file(name, newSecretId());
            for (String path : new String[] {"one", "two", "three"}) {
                store(path);
            }
        }

        public String newSecretId() {
            return Canaries.keep(Fixtures.jsonMember(server.put("auth/" + name + "/role/app/secret-id", "{}"), "secret_id"));
        }

        /** What it may do besides reading its secrets (HCL), from now on. */
        public Application policy(String further) {
            return policyOf("path \"secret/data/" + name + "/*\" { capabilities = [\"read\"] }\n" + further);
        }

        /** All that it may do (HCL), from now on. */
        public Application policyOf(String hcl) {
            server.put("sys/policies/acl/" + name, "{\"policy\":" + Fixtures.json(hcl) + "}");
            return this;
        }

        public Application mayNothing() {
            return policyOf("path \"sys/nothing\" { capabilities = [\"read\"] }");
        }

        /** The text for a key of a secret; further fields follow: name, JSON value, name, JSON value … */
        public String text(String path, String key, String... fields) {
            StringBuilder text = new StringBuilder(server.text(name + '/' + path, key));
            text.setLength(text.length() - 1);
            text.append(",\"authenticationType\":\"APPROLE\",\"roleId\":\"app\",\"authMount\":").append(Fixtures.json(name))
                    .append(",\"secretIdFile\":").append(Fixtures.json(secretIdFile));
            for (int i = 0; i + 1 < fields.length; i += 2) {
                text.append(',').append(Fixtures.json(fields[i])).append(':').append(fields[i + 1]);
            }
            return text.append('}').toString();
        }

        public String value(String path, String key) {
            return random + '-' + name + '-' + path + '-' + key;
        }

        /** Reads the password of a secret, which must come; further fields of the text may follow. */
        public StoreSession.Outcome read(StoreSession session, String path, String... fields) {
            return session.get(text(path, "password", fields)).assertValue(value(path, "password"));
        }

        public int logins() {
            return Collections.frequency(requests(), "auth/" + name + "/login");
        }

        public int reads(String path) {
            return Collections.frequency(requests(), "secret/data/" + name + '/' + path);
        }

        public int revocations() {
            return Collections.frequency(requests(), AuditLog.REVOKE);
        }

        /** The API paths of all its requests. */
        public List<String> requests() {
            return log.paths('/' + name + '/', '"' + name + '"');
        }

        /** How many tokens of its logins are alive. */
        public int tokens() {
            return log.tokens(name);
        }

        /** Fails unless its tokens are gone within so many seconds. */
        public void assertNoTokenAfter(double seconds) {
            Fixtures.until(seconds, () -> tokens() == 0);
            assertEquals("tokens of " + name + " that are alive after " + seconds + " s; requests: " + requests(), 0, tokens());
        }

        /** Revokes, as an administrator may, all tokens of its logins. */
        public void revokeTokens() {
            server.put("sys/leases/revoke-prefix/auth/" + name + "/login", "{}");
        }

        private void store(String path) {
            String[] content = new String[2 * KEYS.size()];
            for (int i = 0; i < KEYS.size(); i++) {
                content[2 * i] = KEYS.get(i);
                content[2 * i + 1] = value(path, KEYS.get(i));
            }
            server.putSecret(name + '/' + path, content);
        }
    }
}

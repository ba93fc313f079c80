package dev.vaultcipher.tls;

import dev.vaultcipher.VaultSecretStore;
import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.Cleanup;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.TestCertificate;
import dev.vaultcipher.harness.VaultServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A real Vault that holds one secret, with HTTPS listeners that have certificates of the test's own. */
final class TlsVault implements AutoCloseable {
    final String value = Canaries.keep(Fixtures.randomText());
    private final Cleanup cleanup = new Cleanup();
    private final Path folder = cleanup.folder("tls");
    private final List<String> names = new ArrayList<>();
    private final List<String> listeners = new ArrayList<>();
    private VaultServer vault;
    private String token;

    /** A listener with this certificate, on 127.0.0.1; further settings are lines of HCL. To be called before start(). */
    TlsVault listener(String name, TestCertificate certificate, String... settings) {
        names.add(name);
        listeners.add("  tls_cert_file = \"" + file(name + ".pem", certificate.pem()) + "\"\n  tls_key_file = \""
                + file(name + ".key", certificate.keyPem()) + "\"\n  " + String.join("\n  ", settings) + '\n');
        return this;
    }

    TlsVault start() {
        vault = VaultServer.startWithListeners(listeners.toArray(new String[0]));
        cleanup.add(vault::close);
        vault.putSecret("sample/secret", "password", value);
        token = vault.createReader("sample/secret");
        return this;
    }

    int port(String listener) {
        return vault.listenerPort(names.indexOf(listener));
    }

    /** A listener without TLS. */
    int plainPort() {
        return vault.port();
    }

    /** A text for the secret through this listener, with further fields: name, value, name, value … */
    String text(String listener, String... fields) {
        return textFor("https://127.0.0.1:" + port(listener), fields);
    }

    String textFor(String endpoint, String... fields) {
        StringBuilder text = new StringBuilder(
                "{\"mount\":\"secret\",\"path\":\"sample/secret\",\"key\":\"password\",\"endpoint\":" + Fixtures.json(endpoint));
        for (int i = 0; i + 1 < fields.length; i += 2) {
            text.append(',').append(Fixtures.json(fields[i])).append(':').append(Fixtures.json(fields[i + 1]));
        }
        return text.append('}').toString();
    }

    /** A JVM that may read the secret. */
    HostProcess jvm() {
        return HostProcess.loading(VaultSecretStore.class.getName()).environment("SECRET_STORE_VAULT_TOKEN", token);
    }

    /** A JVM for the command-line tool, with the same token. */
    HostProcess tool() {
        return HostProcess.plain().environment("SECRET_STORE_VAULT_TOKEN", token);
    }

    /** The calls came to this end, in their order: "" for the value, or a part of the message. Returns the outcome. */
    HostProcess.Outcome check(HostProcess.Outcome outcome, String... ends) {
        if (outcome.exitCode != 0 || outcome.calls.size() != ends.length) {
            throw new AssertionError("expected " + ends.length + " calls and exit code 0\n" + outcome);
        }
        for (int i = 0; i < ends.length; i++) {
            HostProcess.Call call = outcome.calls.get(i);
            boolean asExpected = ends[i].isEmpty()
                    ? Fixtures.sha256(value).equals(call.valueSha256)
                    : call.message != null && call.message.contains(ends[i]) && call.message.contains("What to do: ");
            if (!asExpected) {
                throw new AssertionError("call " + i + ": expected " + (ends[i].isEmpty() ? "the value" : ends[i]) + "\nbut got " + call
                        + "\n" + outcome);
            }
        }
        return outcome;
    }

    /** A file in the folder of this server. */
    Path file(String name, String content) {
        try {
            return Files.writeString(folder.resolve(name), content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Path folder() {
        return folder;
    }

    @Override
    public void close() {
        cleanup.close();
    }
}

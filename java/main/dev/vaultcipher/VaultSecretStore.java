package dev.vaultcipher;

import com.atlassian.secrets.api.SecretStore;
import com.atlassian.secrets.api.SecretStoreException;

/**
 * Reads secrets from HashiCorp Vault or OpenBao for host servers that know the {@code SecretStore} contract (Bitbucket
 * since 8.13, Jira since 9.12, and their contemporaries). Older hosts take {@link VaultCipher}.
 *
 * <p>The text is one JSON object that says where the secret lies, never the secret itself:
 * <pre>{"mount": "secret", "path": "sample/secret", "key": "password", "endpoint": "https://vault.example.com:8200"}</pre>
 * {@code authenticationType} is optional: {@code TOKEN} (the default; the token is taken from the environment variable
 * {@code SECRET_STORE_VAULT_TOKEN} or the system property {@code secret.store.vault.token}), {@code KUBERNETES} or
 * another one of docs/authentication.md. The README has all fields, and docs/settings.md all settings.
 *
 * <p>Instances hold no state; they may be shared between threads, and constructing one does nothing at all. The native
 * library is loaded by the first call.
 */
public final class VaultSecretStore implements SecretStore {

    /** Does no I/O, as the host constructs the class before it knows whether it needs it. */
    public VaultSecretStore() {
    }

    /**
     * Reads the secret that the text points to.
     *
     * @param encryptedData the JSON text, with or without {@code {ENC}} in front
     * @return the secret's value, never null
     * @throws SecretStoreException if it cannot be had; the message says what failed, where, why, and what to do
     */
    @Override
    public String get(String encryptedData) {
        try {
            return Secrets.read(encryptedData);
        } catch (RuntimeException e) {
            throw failed(e);
        }
    }

    /**
     * Stores a secret, or checks a text. A text with {@code "store": true} and a {@code "value"} writes that value into
     * Vault, never over another one unless it has {@code "overwrite": true} as well; any other text is checked by reading
     * its secret, and nothing is written. See docs/store.md.
     *
     * @param plainTextData the JSON text
     * @return the text for the host's configuration: the same without these three fields
     * @throws SecretStoreException if it fails; the message says why, and whether anything was written
     */
    @Override
    public String store(String plainTextData) {
        try {
            return Secrets.store(plainTextData);
        } catch (RuntimeException e) {
            throw failed(e);
        }
    }

    private static RuntimeException failed(RuntimeException e) {
        try {
            return Failed.because(e);
        } catch (LinkageError stopped) {
            // A stopped web application can load no further class: what went wrong matters more than how it is called.
            return e;
        }
    }

    /** A class of its own, which only a failure loads: the JVM loads the exceptions that a class throws together with it. */
    private static final class Failed {

        static RuntimeException because(RuntimeException e) {
            return new SecretStoreException(e.getMessage(), e);
        }
    }
}

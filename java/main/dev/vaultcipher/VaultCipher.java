package dev.vaultcipher;

import com.atlassian.db.config.password.Cipher;

/**
 * Reads secrets from HashiCorp Vault or OpenBao for host servers that know only the older {@code Cipher} contract. The
 * text is the same as for {@link VaultSecretStore}, which is the class for newer hosts.
 *
 * <p>Nothing is enciphered: the text is one JSON object that says where in Vault the secret lies. Instances hold no
 * state; they may be shared between threads, and constructing one does nothing at all.
 */
public final class VaultCipher implements Cipher {

    /** Does no I/O, as the host constructs the class before it knows whether it needs it. */
    public VaultCipher() {
    }

    /**
     * Reads the secret that the text points to.
     *
     * @param encryptedData the JSON text, with or without {@code {ENC}} in front
     * @return the secret's value, never null
     * @throws IllegalStateException if it cannot be had; the message says what failed, where, why, and what to do. (The
     *         newer contract's own exception does not exist on these hosts.)
     */
    @Override
    public String decrypt(String encryptedData) {
        return Secrets.read(encryptedData);
    }

    /**
     * Stores a secret, or checks a text. A text with {@code "store": true} and a {@code "value"} writes that value into
     * Vault, never over another one unless it has {@code "overwrite": true} as well; any other text is checked by reading
     * its secret, and nothing is written. See docs/store.md.
     *
     * @param plainTextData the JSON text
     * @return the text for the host's configuration: the same without these three fields
     * @throws IllegalStateException if it fails; the message says why, and whether anything was written
     */
    @Override
    public String encrypt(String plainTextData) {
        return Secrets.store(plainTextData);
    }
}

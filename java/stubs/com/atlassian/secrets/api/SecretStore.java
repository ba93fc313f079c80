package com.atlassian.secrets.api;

/**
 * Compile-only stand-in for the host server's interface of the same name: our own signatures, no vendor code. It exists
 * because the vendor's jar is on no public registry; the host brings the real one, so this is never packaged.
 */
public interface SecretStore {
    String store(String plainTextData);

    String get(String encryptedData);
}

package com.atlassian.secrets.api;

/**
 * Compile-only stand-in for the host server's exception of the same name: our own signatures, no vendor code. It exists
 * because the vendor's jar is on no public registry; the host brings the real one, so this is never packaged.
 */
public class SecretStoreException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public SecretStoreException(String message) {
        super(message);
    }

    public SecretStoreException(String message, Throwable cause) {
        super(message, cause);
    }

    public SecretStoreException(Throwable cause) {
        super(cause);
    }
}

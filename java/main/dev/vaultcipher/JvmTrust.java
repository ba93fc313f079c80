package dev.vaultcipher;

import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/**
 * What the JVM trusts, asked of Java. A class of its own: the JVM loads the exceptions that a {@code catch} names with the class
 * around it, and hardly anybody has a store that only Java can read.
 */
final class JvmTrust {

    private JvmTrust() {
    }

    /** The certificates (DER) that the JVM's default trust manager accepts as issuers. */
    static byte[][] certificates() throws GeneralSecurityException {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        try {
            factory.init((KeyStore) null);
        } catch (KeyStoreException e) {
            // Its own words are only that there is a problem.
            throw e.getCause() == null ? e : new KeyStoreException(e.getMessage() + ": " + e.getCause(), e);
        }
        List<byte[]> certificates = new ArrayList<>();
        for (TrustManager manager : factory.getTrustManagers()) {
            if (manager instanceof X509TrustManager) {
                for (X509Certificate certificate : ((X509TrustManager) manager).getAcceptedIssuers()) {
                    certificates.add(certificate.getEncoded());
                }
            }
        }
        return certificates.toArray(new byte[0][]);
    }
}

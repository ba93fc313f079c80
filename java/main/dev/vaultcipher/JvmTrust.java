package dev.vaultcipher;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
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

    /** {@link Native#trustedCertificates}. */
    static boolean certificates(byte[][] slot) {
        try {
            ByteArrayOutputStream certificates = new ByteArrayOutputStream();
            for (X509TrustManager manager : managers(null)) {
                for (X509Certificate certificate : manager.getAcceptedIssuers()) {
                    Native.append(certificates, certificate.getEncoded());
                }
            }
            slot[0] = certificates.toByteArray();
            return true;
        } catch (GeneralSecurityException | RuntimeException e) {
            return Native.refused(slot, e);
        }
    }

    /** {@link Native#trustsChain}. */
    static boolean trusts(byte[][] slot) {
        try {
            check(slot[0]);
            return true;
        } catch (GeneralSecurityException | RuntimeException e) {
            return Native.refused(slot, e);
        }
    }

    /**
     * Does nothing if the JVM's default trust managers, or such ones over the named certificates, trust a server with this chain. Its
     * name is not checked.
     *
     * @param question the certificates of the chain (DER), the server's own first; an empty one; the named certificates: each with its
     *     length in four bytes before it
     */
    private static void check(byte[] question) throws GeneralSecurityException {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        List<X509Certificate> chain = new ArrayList<>();
        List<X509Certificate> named = new ArrayList<>();
        List<X509Certificate> certificates = chain;
        ByteBuffer parts = ByteBuffer.wrap(question);
        while (parts.hasRemaining()) {
            byte[] certificate = new byte[parts.getInt()];
            parts.get(certificate);
            if (certificate.length == 0) {
                certificates = named;
            } else {
                certificates.add((X509Certificate) factory.generateCertificate(new ByteArrayInputStream(certificate)));
            }
        }
        X509Certificate[] sent = chain.toArray(new X509Certificate[0]);
        try {
            check(sent, null);
        } catch (GeneralSecurityException e) {
            if (named.isEmpty()) {
                throw e;
            }
            check(sent, store(named));
        }
    }

    /** With the store of the JVM where it is null. */
    private static void check(X509Certificate[] chain, KeyStore store) throws GeneralSecurityException {
        CertificateException refused = new CertificateException("the JVM has no trust manager");
        for (X509TrustManager manager : managers(store)) {
            try {
                // What JSSE itself says in TLS 1.3, where the key exchange says nothing of the certificate.
                manager.checkServerTrusted(chain, "UNKNOWN");
                return;
            } catch (CertificateException e) {
                refused = e;
            }
        }
        throw refused;
    }

    private static KeyStore store(List<X509Certificate> certificates) throws GeneralSecurityException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        try {
            store.load(null, null);
        } catch (IOException e) {
            throw new KeyStoreException(e);
        }
        for (X509Certificate certificate : certificates) {
            store.setCertificateEntry(Integer.toString(store.size()), certificate);
        }
        return store;
    }

    private static List<X509TrustManager> managers(KeyStore store) throws GeneralSecurityException {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        try {
            factory.init(store);
        } catch (KeyStoreException e) {
            // Its own words are only that there is a problem.
            throw e.getCause() == null ? e : new KeyStoreException(e.getMessage() + ": " + e.getCause(), e);
        }
        List<X509TrustManager> managers = new ArrayList<>();
        for (TrustManager manager : factory.getTrustManagers()) {
            if (manager instanceof X509TrustManager) {
                managers.add((X509TrustManager) manager);
            }
        }
        return managers;
    }
}

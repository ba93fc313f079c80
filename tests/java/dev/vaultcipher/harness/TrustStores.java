package dev.vaultcipher.harness;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Trust stores as keytool writes them. */
public final class TrustStores {
    private TrustStores() {
    }

    /** A new trust store of this type (JKS, PKCS12) with the password "changeit" and one certificate. */
    public static Path withCertificate(Path pem, Path store, String type) {
        try (OutputStream out = Files.newOutputStream(store)) {
            keyStore(pem, type).store(out, "changeit".toCharArray());
            return store;
        } catch (IOException | GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    /** What a Java client needs to trust this one certificate. */
    static SSLContext context(Path pem) throws IOException {
        try {
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(keyStore(pem, "PKCS12"));
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, factory.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IOException(e);
        }
    }

    private static KeyStore keyStore(Path pem, String type) throws IOException, GeneralSecurityException {
        try (InputStream in = Files.newInputStream(pem)) {
            KeyStore certificates = KeyStore.getInstance(type);
            certificates.load(null, null);
            certificates.setCertificateEntry("company-ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
            return certificates;
        }
    }
}

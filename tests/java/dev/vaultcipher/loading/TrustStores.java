package dev.vaultcipher.loading;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;

/** Trust stores as keytool writes them. */
final class TrustStores {
    private TrustStores() {
    }

    /** A new trust store of this type (JKS, PKCS12) with the password "changeit" and one certificate. */
    static Path withCertificate(Path pem, Path store, String type) {
        try (InputStream in = Files.newInputStream(pem); OutputStream out = Files.newOutputStream(store)) {
            KeyStore certificates = KeyStore.getInstance(type);
            certificates.load(null, null);
            certificates.setCertificateEntry("company-ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
            certificates.store(out, "changeit".toCharArray());
            return store;
        } catch (IOException | GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }
}

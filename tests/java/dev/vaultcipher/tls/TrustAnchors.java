package dev.vaultcipher.tls;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.Set;
import java.util.TreeSet;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/**
 * A main class that prints a line for each trust store among its arguments: {@code refused}, or the common names of the certificates
 * that the JVM trusts, as it reads the file that {@code javax.net.ssl.trustStore} names without a password. The Rust test
 * {@code tls::tests::archives} runs it.
 */
final class TrustAnchors {
    private TrustAnchors() {
    }

    public static void main(String[] files) {
        for (String file : files) {
            System.out.println(trusted(file));
        }
    }

    private static String trusted(String file) {
        try (InputStream in = Files.newInputStream(Paths.get(file))) {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(in, null);
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(store);
            Set<String> names = new TreeSet<>();
            for (X509Certificate certificate : ((X509TrustManager) factory.getTrustManagers()[0]).getAcceptedIssuers()) {
                names.add(certificate.getSubjectX500Principal().getName());
            }
            return String.join(" ", names);
        } catch (IOException | GeneralSecurityException | RuntimeException e) {
            return "refused";
        }
    }
}

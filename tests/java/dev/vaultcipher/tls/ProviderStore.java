package dev.vaultcipher.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.security.Key;
import java.security.KeyStoreSpi;
import java.security.Provider;
import java.security.Security;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.Collections;
import java.util.Date;
import java.util.Enumeration;

/**
 * A provider with a key store of a type that only Java can read, as PKCS11 tokens and Windows' store are: it has no file,
 * and one certificate, that of the PEM file that the system property test.certificate names.
 */
public final class ProviderStore extends Provider {
    /** The type of the key store. */
    static final String TYPE = "ProviderStore";
    static final String CERTIFICATE = "test.certificate";
    private static final long serialVersionUID = 1;

    public ProviderStore() {
        super("TestProvider", "1", "a key store for tests");
        put("KeyStore." + TYPE, Store.class.getName());
    }

    /** The line of java.security that brings it into a JVM of this version. */
    static String registration() {
        int number = 1;
        while (Security.getProperty("security.provider." + number) != null) {
            number++;
        }
        return "security.provider." + number + '=' + ProviderStore.class.getName() + '\n';
    }

    /** The store. */
    public static final class Store extends KeyStoreSpi {
        private Certificate certificate;

        @Override
        public void engineLoad(InputStream none, char[] password) throws IOException, CertificateException {
            String file = System.getProperty(CERTIFICATE, "");
            if (file.equals("broken")) {
                throw new IOException("the token\nwas pulled out");
            }
            if (file.equals("careless")) {
                throw new IllegalArgumentException("no token in slot 3");
            }
            if (!file.isEmpty()) {
                String pem = new String(Files.readAllBytes(Paths.get(file)), StandardCharsets.US_ASCII);
                certificate = CertificateFactory.getInstance("X.509")
                        .generateCertificate(new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII)));
            }
        }

        @Override
        public Enumeration<String> engineAliases() {
            return Collections.enumeration(certificate == null ? Collections.<String>emptyList() : Collections.singletonList("ca"));
        }

        @Override
        public Certificate engineGetCertificate(String alias) {
            return certificate;
        }

        @Override
        public boolean engineIsCertificateEntry(String alias) {
            return true;
        }

        @Override
        public boolean engineContainsAlias(String alias) {
            return engineSize() == 1 && alias.equals("ca");
        }

        @Override
        public int engineSize() {
            return certificate == null ? 0 : 1;
        }

        @Override
        public Date engineGetCreationDate(String alias) {
            return new Date(0);
        }

        @Override
        public Key engineGetKey(String alias, char[] password) {
            return null;
        }

        @Override
        public Certificate[] engineGetCertificateChain(String alias) {
            return null;
        }

        @Override
        public boolean engineIsKeyEntry(String alias) {
            return false;
        }

        @Override
        public String engineGetCertificateAlias(Certificate wanted) {
            return null;
        }

        @Override
        public void engineSetKeyEntry(String alias, Key key, char[] password, Certificate[] chain) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void engineSetKeyEntry(String alias, byte[] key, Certificate[] chain) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void engineSetCertificateEntry(String alias, Certificate entry) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void engineDeleteEntry(String alias) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void engineStore(OutputStream out, char[] password) {
            throw new UnsupportedOperationException();
        }
    }
}

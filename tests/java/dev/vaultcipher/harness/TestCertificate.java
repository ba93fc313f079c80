package dev.vaultcipher.harness;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/**
 * A certificate and its private key, made in milliseconds and as wrong as a test wants it: keytool takes half a second for
 * each and refuses what should not exist.
 */
public final class TestCertificate {
    private static final Map<String, String> SIGNATURES = Map.of(
            "SHA256withECDSA", "1.2.840.10045.4.3.2",
            "SHA1withECDSA", "1.2.840.10045.4.1",
            "SHA256withRSA", "1.2.840.113549.1.1.11",
            "SHA1withRSA", "1.2.840.113549.1.1.5",
            "MD5withRSA", "1.2.840.113549.1.1.4",
            "Ed25519", "1.3.101.112");
    public static final String SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
    public static final String CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
    public static final String ANY_USAGE = "2.5.29.37.0";
    public static final int DIGITAL_SIGNATURE = 0x80;
    public static final String NETSCAPE_SGC = "2.16.840.1.113730.4.1";
    public static final String MICROSOFT_SGC = "1.3.6.1.4.1.311.10.3.3";
    public static final int CRL_SIGN = 0x02;
    public static final int CERT_SIGN = 0x04;

    public final X509Certificate certificate;
    private final KeyPair key;
    private final String name;

    private TestCertificate(X509Certificate certificate, KeyPair key, String name) {
        this.certificate = certificate;
        this.key = key;
        this.name = name;
    }

    /** A certificate with this common name; unless told otherwise self-signed, with a new P-256 key, valid today. */
    public static Builder named(String commonName) {
        return new Builder(commonName);
    }

    /** A CA with this common name. */
    public static TestCertificate ca(String commonName) {
        return named(commonName).ca().build();
    }

    /** A certificate of this CA for these names (DNS:… or IP:…). */
    public TestCertificate issue(String... names) {
        return named("server").issuedBy(this).names(names).build();
    }

    /** A new key: EC with the name of its curve, RSA with its length, Ed25519 or RSASSA-PSS. */
    public static KeyPair key(String kind) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance(
                    kind.startsWith("sec") ? "EC" : kind.matches("RSA\\d+") ? "RSA" : kind);
            if (kind.startsWith("sec")) {
                generator.initialize(new ECGenParameterSpec(kind));
            } else if (kind.matches("RSA\\d+")) {
                generator.initialize(Integer.parseInt(kind.substring(3)));
            }
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    public KeyPair key() {
        return key;
    }

    /** The certificate as PEM text. */
    public String pem() {
        try {
            return pem("CERTIFICATE", certificate.getEncoded());
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    /** The private key as PEM text, in PKCS #8. */
    public String keyPem() {
        return pem("PRIVATE KEY", key.getPrivate().getEncoded());
    }

    /** Writes a key store of this type (JKS, PKCS12, …) that holds key and certificate, and returns its path. */
    public Path keyStore(Path file, String type, String password, TestCertificate... issuers) {
        Certificate[] chain = new Certificate[issuers.length + 1];
        chain[0] = certificate;
        for (int i = 0; i < issuers.length; i++) {
            chain[i + 1] = issuers[i].certificate;
        }
        return store(file, type, password,
                store -> store.setKeyEntry("key", key.getPrivate(), password.toCharArray(), chain));
    }

    /** Writes a trust store of this type that holds these certificates, and returns its path. */
    public static Path trustStore(Path file, String type, String password, TestCertificate... trusted) {
        return store(file, type, password, store -> {
            for (int i = 0; i < trusted.length; i++) {
                store.setCertificateEntry("trusted-" + i, trusted[i].certificate);
            }
        });
    }

    private interface Filling {
        void fill(KeyStore store) throws GeneralSecurityException;
    }

    private static Path store(Path file, String type, String password, Filling filling) {
        try (OutputStream out = Files.newOutputStream(file)) {
            KeyStore store = KeyStore.getInstance(type);
            store.load(null, null);
            filling.fill(store);
            store.store(out, password.toCharArray());
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    private static String pem(String type, byte[] der) {
        return "-----BEGIN " + type + "-----\n" + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der)
                + "\n-----END " + type + "-----\n";
    }

    /** What is to be in a certificate. */
    public static final class Builder {
        private final String commonName;
        private final List<byte[]> extensions = new ArrayList<>();
        private KeyPair key;
        private TestCertificate issuer;
        private Instant from = Instant.now().minus(2, ChronoUnit.DAYS);
        private Instant until = Instant.now().plus(30, ChronoUnit.DAYS);
        private String signature;
        private boolean version1;
        private boolean printableIssuer;

        private Builder(String commonName) {
            this.commonName = commonName;
        }

        public Builder key(KeyPair newKey) {
            key = newKey;
            return this;
        }

        public Builder issuedBy(TestCertificate ca) {
            issuer = ca;
            return this;
        }

        public Builder valid(String firstDay, String lastDay) {
            from = Instant.parse(firstDay + "T00:00:00Z");
            until = Instant.parse(lastDay + "T00:00:00Z");
            return this;
        }

        public Builder signedWith(String algorithm) {
            signature = algorithm;
            return this;
        }

        /** Without extensions, as certificates were until 1996. */
        public Builder version1() {
            version1 = true;
            return this;
        }

        /** The issuer's name in another string type than that of its own certificate. */
        public Builder printableIssuer() {
            printableIssuer = true;
            return this;
        }

        public Builder ca() {
            return extension("2.5.29.19", true, Der.sequence(Der.isTrue()));
        }

        public Builder ca(int pathLength) {
            return extension("2.5.29.19", true, Der.sequence(Der.isTrue(), Der.integer(BigInteger.valueOf(pathLength))));
        }

        /** Subject alternative names: DNS:…, IP:…, EMAIL:… */
        public Builder names(String... names) {
            byte[][] encoded = new byte[names.length][];
            for (int i = 0; i < names.length; i++) {
                String[] kindAndName = names[i].split(":", 2);
                encoded[i] = generalName(kindAndName[0], kindAndName[1]);
            }
            return extension("2.5.29.17", false, Der.sequence(encoded));
        }

        /** Only names below this domain may be issued. */
        public Builder permitted(String domain) {
            return extension("2.5.29.30", true, Der.sequence(Der.tagged(0xa0, Der.sequence(generalName("DNS", domain)))));
        }

        public Builder extendedKeyUsage(String... oids) {
            byte[][] encoded = new byte[oids.length][];
            for (int i = 0; i < oids.length; i++) {
                encoded[i] = Der.oid(oids[i]);
            }
            return extension("2.5.29.37", false, Der.sequence(encoded));
        }

        public Builder keyUsage(int bits) {
            return extension("2.5.29.15", true,
                    Der.tagged(0x03, new byte[] {(byte) Integer.numberOfTrailingZeros(bits), (byte) bits}));
        }

        /** Only subjects with this common name may be issued. */
        public Builder permittedDirectory(String commonName) {
            return extension("2.5.29.30", true, Der.sequence(Der.tagged(0xa0, Der.sequence(Der.tagged(0xa4, name(Der.utf8(commonName)))))));
        }

        public Builder policies(boolean critical, String... oids) {
            byte[][] encoded = new byte[oids.length][];
            for (int i = 0; i < oids.length; i++) {
                encoded[i] = Der.sequence(Der.oid(oids[i]));
            }
            return extension("2.5.29.32", critical, Der.sequence(encoded));
        }

        /** From so many certificates on, each has to have an acceptable policy. */
        public Builder requireExplicitPolicy(boolean critical, int after) {
            return extension("2.5.29.36", critical, Der.sequence(Der.tagged(0x80, new byte[] {(byte) after})));
        }

        public Builder inhibitAnyPolicy(boolean critical, int after) {
            return extension("2.5.29.54", critical, Der.integer(BigInteger.valueOf(after)));
        }

        public Builder subjectKeyId(String id) {
            return extension("2.5.29.14", false, Der.octets(id.getBytes(StandardCharsets.US_ASCII)));
        }

        public Builder authorityKeyId(String id) {
            return extension("2.5.29.35", false, Der.sequence(Der.tagged(0x80, id.getBytes(StandardCharsets.US_ASCII))));
        }

        /** The serial number of the issuer's certificate, as the authority key identifier has it. */
        public Builder authoritySerial(String issuer, BigInteger serial) {
            return extension("2.5.29.35", false, Der.sequence(
                    Der.tagged(0xa1, Der.tagged(0xa4, name(Der.utf8(issuer)))), Der.tagged(0x82, serial.toByteArray())));
        }

        public Builder crlDistributionPoint(boolean critical) {
            byte[] url = Der.tagged(0x86, "http://crl.example.com/ca.crl".getBytes(StandardCharsets.US_ASCII));
            return extension("2.5.29.31", critical, Der.sequence(Der.sequence(Der.tagged(0xa0, Der.tagged(0xa0, url)))));
        }

        /** The certificate type of old; 0x40 is a server's, 0x80 a client's. */
        public Builder netscapeType(int bits) {
            return extension("2.16.840.1.113730.1.1", false, Der.tagged(0x03, new byte[] {(byte) Integer.numberOfTrailingZeros(bits), (byte) bits}));
        }

        public Builder extension(String oid, boolean critical, byte[] value) {
            extensions.add(critical
                    ? Der.sequence(Der.oid(oid), Der.isTrue(), Der.octets(value))
                    : Der.sequence(Der.oid(oid), Der.octets(value)));
            return this;
        }

        public TestCertificate build() {
            KeyPair own = key == null ? TestCertificate.key("secp256r1") : key;
            KeyPair signer = issuer == null ? own : issuer.key;
            String issuerName = issuer == null ? commonName : issuer.name;
            String signing = signature == null ? usualSignature(signer) : signature;
            try {
                byte[] algorithm = signing.startsWith("PSS") ? pss(signing)
                        : signing.endsWith("withRSA") ? Der.sequence(Der.oid(SIGNATURES.get(signing)), Der.nothing())
                        : Der.sequence(Der.oid(SIGNATURES.get(signing)));
                byte[] content = Der.sequence(
                        version1 ? new byte[0] : Der.tagged(0xa0, Der.integer(BigInteger.TWO)),
                        Der.integer(new BigInteger(120, new SecureRandom()).setBit(120)),
                        algorithm,
                        name(printableIssuer ? Der.printable(issuerName) : Der.utf8(issuerName)),
                        Der.sequence(Der.time(from), Der.time(until)),
                        name(Der.utf8(commonName)),
                        own.getPublic().getEncoded(),
                        version1 || extensions.isEmpty() ? new byte[0]
                                : Der.tagged(0xa3, Der.sequence(extensions.toArray(new byte[0][]))));
                Signature signed = Signature.getInstance(signing.startsWith("PSS") ? "RSASSA-PSS" : signing);
                if (signing.startsWith("PSS")) {
                    signed.setParameter(new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, saltLength(signing), 1));
                }
                signed.initSign(signer.getPrivate());
                signed.update(content);
                byte[] der = Der.sequence(content, algorithm, Der.bits(signed.sign()));
                return new TestCertificate((X509Certificate) CertificateFactory.getInstance("X.509")
                        .generateCertificate(new ByteArrayInputStream(der)), own, commonName);
            } catch (GeneralSecurityException e) {
                throw new AssertionError(e);
            }
        }

        /** PSS with SHA-256 and a salt of so many bytes is written as PSS32. */
        private static int saltLength(String algorithm) {
            return Integer.parseInt(algorithm.substring(3));
        }

        private static byte[] pss(String algorithm) {
            byte[] sha256 = Der.sequence(Der.oid("2.16.840.1.101.3.4.2.1"), Der.nothing());
            return Der.sequence(Der.oid("1.2.840.113549.1.1.10"), Der.sequence(Der.tagged(0xa0, sha256),
                    Der.tagged(0xa1, Der.sequence(Der.oid("1.2.840.113549.1.1.8"), sha256)),
                    Der.tagged(0xa2, Der.integer(BigInteger.valueOf(saltLength(algorithm))))));
        }

        private static String usualSignature(KeyPair signer) {
            switch (signer.getPrivate().getAlgorithm()) {
                case "EC": return "SHA256withECDSA";
                case "RSA": return "SHA256withRSA";
                case "RSASSA-PSS": return "PSS32";
                default: return "Ed25519";
            }
        }

        private static byte[] name(byte[] commonName) {
            return Der.sequence(Der.set(Der.sequence(Der.oid("2.5.4.3"), commonName)));
        }

        private static byte[] generalName(String kind, String name) {
            try {
                switch (kind) {
                    case "DNS": return Der.tagged(0x82, name.getBytes(StandardCharsets.US_ASCII));
                    case "EMAIL": return Der.tagged(0x81, name.getBytes(StandardCharsets.US_ASCII));
                    case "IP": return Der.tagged(0x87, InetAddress.getByName(name).getAddress());
                    default: throw new AssertionError(kind);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}

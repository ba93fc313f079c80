package dev.vaultcipher.tls;

import static dev.vaultcipher.harness.TestCertificate.ca;
import static dev.vaultcipher.harness.TestCertificate.named;

import dev.vaultcipher.harness.Der;
import dev.vaultcipher.harness.Jdk;
import dev.vaultcipher.harness.TestCertificate;
import java.security.KeyPair;
import java.util.ArrayList;
import java.util.List;

/** Servers with every kind of certificate that an administrator may meet, right and wrong ones. */
final class CertificateZoo {
    static final String HOST = "vault.example.com";
    private static final String DNS = "DNS:" + HOST;

    /** One server, and who asks it. */
    static final class Case {
        /** What stands in the documentation's table. */
        final String name;
        /** The host of the URL. */
        String host = HOST;
        /** What the server sends, its own certificate first. */
        final List<TestCertificate> chain = new ArrayList<>();
        /** The server's key, where it is not that of its certificate. */
        KeyPair key;
        /** What is in the client's trust store. */
        final List<TestCertificate> trusted = new ArrayList<>();

        private Case(String name) {
            this.name = name;
        }

        private Case host(String other) {
            host = other;
            return this;
        }

        private Case sends(TestCertificate... certificates) {
            chain.addAll(List.of(certificates));
            return this;
        }

        private Case trusts(TestCertificate... certificates) {
            trusted.clear();
            trusted.addAll(List.of(certificates));
            return this;
        }
    }

    final TestCertificate ca = ca("Zoo CA");
    final List<Case> cases = new ArrayList<>();
    private final TestCertificate other = ca("Other CA");

    CertificateZoo() {
        keys();
        dates();
        names();
        chains();
        selfSigned();
        usages();
        signatures();
        constraints();
        oldFormats();
    }

    Case find(String name) {
        return cases.stream().filter(one -> one.name.equals(name)).findFirst().orElseThrow(() -> new AssertionError(name));
    }

    /** A server that is trusted because of the CA, unless told otherwise. */
    private Case add(String name, TestCertificate.Builder server) {
        return add(name, server.issuedBy(ca).build());
    }

    private Case add(String name, TestCertificate server) {
        Case added = new Case(name).sends(server).trusts(ca);
        cases.add(added);
        return added;
    }

    private static TestCertificate.Builder server() {
        return named("server").names(DNS);
    }

    private void keys() {
        add("issued by a trusted CA (P-256)", server());
        KeyPair rsa = TestCertificate.key("RSA2048");
        add("RSA key of 2048 bits", server().key(rsa));
        add("P-384 key", server().key(TestCertificate.key("secp384r1")));
        add("P-521 key", server().key(TestCertificate.key("secp521r1")));
        TestCertificate p521 = named("P-521 CA").ca().key(TestCertificate.key("secp521r1")).build();
        add("CA with a P-521 key", p521.issue(DNS)).trusts(p521);
        if (Jdk.version() >= ED25519) {
            add("Ed25519 key", server().key(TestCertificate.key("Ed25519")));
            TestCertificate ed25519 = named("Ed25519 CA").ca().key(TestCertificate.key("Ed25519")).build();
            add("CA with an Ed25519 key", ed25519.issue(DNS)).trusts(ed25519);
        }
        KeyPair weak = TestCertificate.key("RSA1024");
        add("RSA key of 1024 bits", server().key(weak));
        TestCertificate weakCa = named("Weak CA").ca().key(weak).build();
        add("CA with an RSA key of 1024 bits", weakCa.issue(DNS)).trusts(weakCa);
        add("the server has another key than its certificate", server()).key = TestCertificate.key("secp256r1");
    }

    /** The first JDK that knows this kind of key. */
    static final int ED25519 = 15;

    private void dates() {
        add("expired", server().valid("2020-01-01", "2021-01-01"));
        add("not yet valid", server().valid("2090-01-01", "2091-01-01"));
        TestCertificate old = named("Old CA").ca().valid("2020-01-01", "2021-01-01").build();
        add("trusted root expired", old.issue(DNS)).trusts(old);
        TestCertificate intermediate = named("Old Intermediate CA").ca().issuedBy(ca).valid("2020-01-01", "2021-01-01").build();
        add("intermediate CA expired", intermediate.issue(DNS)).sends(intermediate);
    }

    private void names() {
        add("wrong host", ca.issue("DNS:other.example.com")).host("localhost");
        add("common name only", named(HOST));
        add("common name fits, subject alternative name does not", named(HOST).names("DNS:other.example.com"));
        add("common name fits, e-mail address as only subject alternative name", named(HOST).names("EMAIL:dba@example.com"));
        add("IP address", ca.issue("IP:127.0.0.1")).host("127.0.0.1");
        add("IP address as DNS name", ca.issue("DNS:127.0.0.1")).host("127.0.0.1");
        add("IP address as common name only", named("127.0.0.1")).host("127.0.0.1");
        add("wildcard", ca.issue("DNS:*.example.com"));
        add("wildcard for two labels", ca.issue("DNS:*.example.com")).host("a.vault.example.com");
        add("wildcard for part of a label", ca.issue("DNS:v*.example.com"));
        add("wildcard below a top-level domain", ca.issue("DNS:*.test")).host("vault.test");
        add("host name in capitals", ca.issue("DNS:VAULT.Example.COM"));
    }

    private void chains() {
        add("unknown CA", server()).trusts(other);
        add("CA of the same name with another key", server()).trusts(ca("Zoo CA"));
        TestCertificate intermediate = named("Intermediate CA").ca().issuedBy(ca).build();
        TestCertificate leaf = intermediate.issue(DNS);
        add("intermediate CA", leaf).sends(intermediate);
        add("intermediate CA not sent", leaf);
        add("intermediate CA trusted instead of its root", leaf).trusts(intermediate);
        add("chain in the wrong order, root included", leaf).sends(ca, intermediate);
        add("root sent, but not trusted", leaf).sends(intermediate, ca).trusts(other);
        TestCertificate noCa = named("No CA").issuedBy(ca).names("DNS:other.example.com").build();
        add("issued by a certificate that is no CA", noCa.issue(DNS)).sends(noCa);
        TestCertificate server = ca.issue(DNS);
        add("server certificate trusted instead of its CA", server).trusts(server);
    }

    private void selfSigned() {
        add("self-signed, not trusted", server().build());
        addTrusted("self-signed, itself trusted", server());
        add("self-signed CA, not trusted", server().ca().build());
        addTrusted("self-signed CA, itself trusted", server().ca());
        addTrusted("self-signed, itself trusted, wrong host", server()).host("localhost");
        addTrusted("self-signed, itself trusted, expired", server().valid("2020-01-01", "2021-01-01"));
        addTrusted("self-signed, itself trusted, not yet valid", server().valid("2090-01-01", "2091-01-01"));
        addTrusted("self-signed, itself trusted, for clients only", server().extendedKeyUsage(TestCertificate.CLIENT_AUTH));
        addTrusted("self-signed, itself trusted, SHA-1", server().signedWith("SHA1withECDSA"));
        addTrusted("self-signed, itself trusted, X.509 version 1, common name only", named(HOST).version1());
    }

    private Case addTrusted(String name, TestCertificate.Builder selfSigned) {
        TestCertificate server = selfSigned.build();
        return add(name, server).trusts(server);
    }

    private void usages() {
        add("CA certificate (CA:TRUE) of a trusted CA as server certificate", server().ca());
        add("extended key usage for clients and servers",
                server().extendedKeyUsage(TestCertificate.CLIENT_AUTH, TestCertificate.SERVER_AUTH));
        add("extended key usage for clients only", server().extendedKeyUsage(TestCertificate.CLIENT_AUTH));
        add("extended key usage for anything (anyExtendedKeyUsage)", server().extendedKeyUsage(TestCertificate.ANY_USAGE));
        add("key usage for signatures", server().keyUsage(TestCertificate.DIGITAL_SIGNATURE));
        add("key usage without signatures", server().keyUsage(TestCertificate.CRL_SIGN));
        TestCertificate crlSigner = named("CRL CA").ca().keyUsage(TestCertificate.CRL_SIGN).build();
        add("trusted root may not sign certificates (key usage)", crlSigner.issue(DNS)).trusts(crlSigner);
        TestCertificate plain = named("Plain CA").names("DNS:ca.example.com").build();
        add("trusted root without CA:TRUE", plain.issue(DNS)).trusts(plain);
    }

    private void signatures() {
        add("SHA-1 signature", server().signedWith("SHA1withECDSA"));
        TestCertificate rsa = named("RSA CA").ca().key(TestCertificate.key("RSA2048")).signedWith("SHA1withRSA").build();
        add("SHA-1 signature of the trusted root only", rsa.issue(DNS)).trusts(rsa);
        add("MD5 signature", server().issuedBy(rsa).signedWith("MD5withRSA").build()).trusts(rsa);
    }

    private void constraints() {
        TestCertificate within = named("Example CA").ca().permitted("example.com").build();
        add("name constraints of the trusted root, kept", within.issue(DNS)).trusts(within);
        TestCertificate elsewhere = named("Elsewhere CA").ca().permitted("example.org").build();
        add("name constraints of the trusted root, broken", elsewhere.issue(DNS)).trusts(elsewhere);
        TestCertificate limited = named("Limited CA").ca().permitted("example.org").issuedBy(ca).build();
        add("name constraints of an intermediate CA, broken", limited.issue(DNS)).sends(limited);
        TestCertificate last = named("Last CA").ca(0).issuedBy(ca).build();
        TestCertificate tooLong = named("One Too Many").ca().issuedBy(last).build();
        add("path length of an intermediate CA exceeded", tooLong.issue(DNS)).sends(tooLong, last);
        TestCertificate lastRoot = named("Last Root").ca(0).build();
        TestCertificate below = named("Below Last Root").ca().issuedBy(lastRoot).build();
        add("path length of the trusted root exceeded", below.issue(DNS)).sends(below).trusts(lastRoot);
        add("unknown critical extension", server().extension("1.2.3.4.5", true, Der.nothing()));
    }

    private void oldFormats() {
        add("issuer's name in another string type than in the CA's certificate", server().printableIssuer());
        add("X.509 version 1, common name only", named(HOST).version1());
        TestCertificate root = TestCertificate.named("Version 1 Root").version1().build();
        add("trusted root of X.509 version 1", root.issue(DNS)).trusts(root);
    }
}

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
        /** The only cipher of the server, in TLS 1.2; null for what it likes. */
        String cipher;
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
        strangers();
        longChains();
        policies();
        handshakes();
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
        TestCertificate signer = named("Signing CA").ca().keyUsage(TestCertificate.CERT_SIGN).issuedBy(ca).build();
        add("intermediate CA may sign certificates (key usage)", signer.issue(DNS)).sends(signer);
        TestCertificate noSigner = named("No Signing CA").ca().keyUsage(TestCertificate.CRL_SIGN).issuedBy(ca).build();
        add("intermediate CA may not sign certificates (key usage)", noSigner.issue(DNS)).sends(noSigner);
        for (String[] usage : new String[][] {{"for servers", TestCertificate.SERVER_AUTH}, {"for clients only", TestCertificate.CLIENT_AUTH},
            {"for anything", TestCertificate.ANY_USAGE}, {"of old (Netscape SGC)", TestCertificate.NETSCAPE_SGC}}) {
            TestCertificate intermediate = named("Usage CA").ca().extendedKeyUsage(usage[1]).issuedBy(ca).build();
            add("extended key usage of the intermediate CA " + usage[0], intermediate.issue(DNS)).sends(intermediate);
        }
        add("extended key usage of old (Netscape SGC)", server().extendedKeyUsage(TestCertificate.NETSCAPE_SGC));
        add("extended key usage of old (Microsoft SGC)", server().extendedKeyUsage(TestCertificate.MICROSOFT_SGC));
        add("Netscape certificate type of a server", server().netscapeType(0x40));
        add("Netscape certificate type of a client", server().netscapeType(0x80));
        TestCertificate plain = named("Plain CA").names("DNS:ca.example.com").build();
        add("trusted root without CA:TRUE", plain.issue(DNS)).trusts(plain);
    }

    private void signatures() {
        add("SHA-1 signature", server().signedWith("SHA1withECDSA"));
        TestCertificate rsa = named("RSA CA").ca().key(TestCertificate.key("RSA2048")).signedWith("SHA1withRSA").build();
        add("SHA-1 signature of the trusted root only", rsa.issue(DNS)).trusts(rsa);
        TestCertificate rsaCa = named("PSS CA").ca().key(TestCertificate.key("RSA2048")).build();
        add("RSA-PSS signature with a salt of 32 bytes", server().issuedBy(rsaCa).signedWith("PSS32").build()).trusts(rsaCa);
        add("RSA-PSS signature with a salt of 20 bytes", server().issuedBy(rsaCa).signedWith("PSS20").build()).trusts(rsaCa);
        add("RSA-PSS signature with a salt of 64 bytes", server().issuedBy(rsaCa).signedWith("PSS64").build()).trusts(rsaCa);
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
        TestCertificate rolled = named("Last CA").ca().issuedBy(last).build();
        add("path length of an intermediate CA, kept because the next one is self-issued", rolled.issue(DNS)).sends(rolled, last);
        TestCertificate people = named("Directory CA").ca().permittedDirectory("server").issuedBy(ca).build();
        add("directory name constraint of an intermediate CA, kept", people.issue(DNS)).sends(people);
        TestCertificate others = named("Other Directory CA").ca().permittedDirectory("somebody").issuedBy(ca).build();
        add("directory name constraint of an intermediate CA, broken", others.issue(DNS)).sends(others);
        TestCertificate odd = named("Odd CA").ca().extension("1.2.3.4.5", true, Der.nothing()).issuedBy(ca).build();
        add("unknown critical extension of the intermediate CA", odd.issue(DNS)).sends(odd);
        add("critical CRL distribution points", server().crlDistributionPoint(true));
        add("CRL distribution points, not critical", server().crlDistributionPoint(false));
        add("unknown critical extension", server().extension("1.2.3.4.5", true, Der.nothing()));
    }

    private void strangers() {
        TestCertificate app = named("app1").issuedBy(ca).names("DNS:app1.example.com").build();
        TestCertificate forger = ca("Forger's CA");
        add("subject and key of a trusted certificate, signed by a stranger", named("app1").key(app.key()).issuedBy(forger).names(DNS).build())
                .trusts(app);
        add("subject and key of a trusted certificate, signed by itself", named("app1").key(app.key()).names(DNS).build()).trusts(app);
        add("signed with the key of a trusted certificate that is no CA's", app.issue(DNS)).trusts(app);
        TestCertificate constrained = named("Constrained CA").ca().permitted("example.org").issuedBy(ca).build();
        TestCertificate around = named("Constrained CA").ca().key(constrained.key()).names(DNS).build();
        add("subject and key of a trusted CA without its constraints", around).trusts(constrained);
        TestCertificate real = named("Key CA").ca().subjectKeyId("one").build();
        add("authority key identifier of the CA", named("server").names(DNS).issuedBy(real).authorityKeyId("one").build()).trusts(real);
        add("authority key identifier of another key", named("server").names(DNS).issuedBy(real).authorityKeyId("two").build()).trusts(real);
        add("authority key identifier with the CA's serial number", named("server").names(DNS).issuedBy(real)
                .authoritySerial("Key CA", real.certificate.getSerialNumber()).build()).trusts(real);
        add("authority key identifier with another serial number", named("server").names(DNS).issuedBy(real)
                .authoritySerial("Key CA", real.certificate.getSerialNumber().add(java.math.BigInteger.ONE)).build()).trusts(real);
        TestCertificate below = named("Key CA below").ca().subjectKeyId("three").issuedBy(real).authorityKeyId("one").build();
        add("authority key identifier of another key than the intermediate CA's",
                named("server").names(DNS).issuedBy(below).authorityKeyId("four").build()).sends(below).trusts(real);
    }

    private void longChains() {
        for (int length : new int[] {6, 7, 9, 10}) {
            List<TestCertificate> intermediates = new ArrayList<>();
            TestCertificate issuer = ca;
            for (int i = 1; i <= length; i++) {
                issuer = named("CA " + i).ca().issuedBy(issuer).build();
                intermediates.add(0, issuer);
            }
            add(length + " intermediate CAs", issuer.issue(DNS)).sends(intermediates.toArray(new TestCertificate[0]));
        }
        TestCertificate[] namesakes = new TestCertificate[121];
        for (int i = 0; i < namesakes.length; i++) {
            namesakes[i] = ca("Namesake CA");
        }
        add("the last of 121 trusted CAs of one name", namesakes[namesakes.length - 1].issue(DNS)).trusts(namesakes);
    }

    private void policies() {
        String policy = "1.3.6.1.4.1.55555.1";
        TestCertificate critical = named("Policy CA").ca().policies(true, policy).issuedBy(ca).build();
        add("critical certificate policies of the intermediate CA", critical.issue(DNS)).sends(critical);
        add("critical certificate policies", server().policies(true, policy));
        addTrusted("self-signed, itself trusted, critical certificate policies", server().policies(true, policy));
        add("critical certificate policies, wrong host", server().policies(true, policy)).host("localhost");
        add("critical certificate policies, the server has another key", server().policies(true, policy)).key =
                TestCertificate.key("secp256r1");
        add("certificate policies, not critical", server().policies(false, policy));
        for (boolean isCritical : new boolean[] {true, false}) {
            String how = isCritical ? "critical" : "not critical";
            TestCertificate explicit = named("Explicit CA").ca().policies(false, policy).requireExplicitPolicy(isCritical, 0).issuedBy(ca).build();
            add("policy constraints (" + how + ") of the intermediate CA, kept",
                    named("server").names(DNS).policies(false, policy).issuedBy(explicit).build()).sends(explicit);
            add("policy constraints (" + how + ") of the intermediate CA, broken", explicit.issue(DNS)).sends(explicit);
            TestCertificate inhibiting = named("Inhibiting CA").ca().inhibitAnyPolicy(isCritical, 0).issuedBy(ca).build();
            add("inhibitAnyPolicy (" + how + ") of the intermediate CA", inhibiting.issue(DNS)).sends(inhibiting);
        }
    }

    private void handshakes() {
        TestCertificate.Builder rsa = server().key(TestCertificate.key("RSA2048"));
        add("only ciphers with CBC", server()).cipher = "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256";
        add("only ciphers of DHE", rsa).cipher = "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256";
        KeyPair pss = TestCertificate.key("RSASSA-PSS");
        add("RSA-PSS key", server().key(pss));
        TestCertificate pssCa = named("PSS Key CA").ca().key(pss).build();
        add("CA with an RSA-PSS key", pssCa.issue(DNS)).trusts(pssCa);
    }

    private void oldFormats() {
        add("issuer's name in another string type than in the CA's certificate", server().printableIssuer());
        add("X.509 version 1, common name only", named(HOST).version1());
        TestCertificate root = TestCertificate.named("Version 1 Root").version1().build();
        add("trusted root of X.509 version 1", root.issue(DNS)).trusts(root);
    }
}

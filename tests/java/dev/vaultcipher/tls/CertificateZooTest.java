package dev.vaultcipher.tls;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.Cleanup;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.Jdk;
import dev.vaultcipher.harness.ScriptedPeer;
import dev.vaultcipher.harness.TestCertificate;
import dev.vaultcipher.harness.VaultServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/**
 * Every kind of certificate is shown to vault-cipher and to the JVM itself, with the same trust store. What both make of it
 * is the table in docs/tls.md; a difference between the two that is not there is a failure, as is a row that is wrong.
 */
public class CertificateZooTest {
    private static final Path PAGE = Paths.get("docs", "tls.md");
    private static final String HEADER = "| certificate | Java | vault-cipher | its words |";
    private static final String ACCEPTED = "accepted";
    private static final String REFUSED = "refused";

    private static final Cleanup CLEANUP = new Cleanup();
    private static final Path FOLDER = CLEANUP.folder("zoo");
    private static final CertificateZoo ZOO = new CertificateZoo();
    private static final String VALUE = Canaries.keep(Fixtures.randomText());
    private static final String KEY_STORE_PASSWORD = Canaries.keep(Fixtures.randomText());

    /** What came of the cases with a server of our own, by name. */
    private static final Map<String, Verdicts> VERDICTS = new LinkedHashMap<>();
    /** What came of those that the real Vault can be made to show. */
    private static final Map<String, Verdicts> AT_VAULT = new LinkedHashMap<>();

    /** What both said. */
    private static final class Verdicts {
        String ours;
        String java;

        @Override
        public String toString() {
            return "vault-cipher " + ours + "\nJava         " + java;
        }
    }

    @BeforeClass
    public static void visitAll() throws IOException {
        CertificateZooServer servers = new CertificateZooServer(ZOO.cases, VALUE);
        CLEANUP.add(servers::close);
        List<CertificateZooVisitor.Visit> visits = new ArrayList<>();
        List<Verdicts> verdicts = new ArrayList<>();
        for (CertificateZoo.Case one : ZOO.cases) {
            visits.add(new CertificateZooVisitor.Visit(servers.address(one), trustStore(one.trusted.toArray(new TestCertificate[0])),
                    null, "", Integer.toString(servers.port())));
            verdicts.add(VERDICTS.computeIfAbsent(one.name, name -> new Verdicts()));
        }
        VaultServer vault = visitsAtVault(visits, verdicts, Integer.toString(servers.port()));

        HostProcess.Outcome outcome = HostProcess.plain().jvmFlags("-Xcheck:jni", "-XX:TieredStopAtLevel=1")
                .environment("SECRET_STORE_VAULT_TOKEN", vault.createReader("sample/secret"))
                // As a server has it: what is read is shared among the calls.
                .environment("SECRET_STORE_VAULT_CACHE_TIME", null)
                .run(CertificateZooVisitor.class.getName(), CertificateZooVisitor.write(FOLDER.resolve("visits"), visits).toString());
        String[] lines = outcome.stdout.split("\n");
        assertEquals(outcome.toString(), 2 * visits.size(), lines.length);
        for (int i = 0; i < verdicts.size(); i++) {
            verdicts.get(i).ours = lines[2 * i].substring("ours ".length());
            verdicts.get(i).java = lines[2 * i + 1].substring("java ".length());
        }
    }

    @AfterClass
    public static void cleanUp() {
        CLEANUP.close();
    }

    /** Listeners of a real Vault with certificates of the zoo. */
    private static VaultServer visitsAtVault(List<CertificateZooVisitor.Visit> visits, List<Verdicts> verdicts, String proxyPort)
            throws IOException {
        TestCertificate valid = ZOO.ca.issue("DNS:localhost", "IP:127.0.0.1", "IP:::1");
        TestCertificate clients = TestCertificate.ca("Client CA");
        String wantsClient = listener("client", valid) + "  tls_require_and_verify_client_cert = true\n  tls_client_ca_file = \""
                + Files.writeString(FOLDER.resolve("clients.pem"), clients.pem()) + "\"\n";
        String[] names = {"issued by a trusted CA (P-256)", "expired", "not yet valid", "wrong host", "unknown CA",
            "self-signed, not trusted"};
        String underscore = listener("underscore", ZOO.ca.issue("DNS:my_vault.example.com"));
        List<String> listeners = new ArrayList<>(List.of(wantsClient, underscore, listener(names[0], valid)));
        for (int i = 1; i < names.length; i++) {
            listeners.add(listener(names[i], ZOO.find(names[i]).chain.get(0)));
        }
        VaultServer vault = VaultServer.startWithListeners(listeners.toArray(new String[0]));
        CLEANUP.add(vault::close);
        vault.putSecret("sample/secret", "password", VALUE);

        for (int i = 0; i < names.length; i++) {
            visits.add(new CertificateZooVisitor.Visit("https://localhost:" + vault.listenerPort(i + 2),
                    trustStore(ZOO.find(names[i]).trusted.toArray(new TestCertificate[0])), null, "", ""));
            verdicts.add(AT_VAULT.computeIfAbsent(names[i], name -> new Verdicts()));
        }
        Map<String, TestCertificate> identities = new LinkedHashMap<>();
        identities.put("client certificate required, none there", null);
        identities.put("client certificate required, that of another CA there", ZOO.ca.issue("DNS:client"));
        identities.put("client certificate required and there",
                TestCertificate.named("client").issuedBy(clients).extendedKeyUsage(TestCertificate.CLIENT_AUTH).build());
        identities.forEach((name, identity) -> {
            Path keyStore = identity == null ? null
                    : identity.keyStore(FOLDER.resolve("client-" + visits.size() + ".p12"), "PKCS12", KEY_STORE_PASSWORD);
            visits.add(new CertificateZooVisitor.Visit("https://localhost:" + vault.listenerPort(0), trustStore(ZOO.ca), keyStore,
                    KEY_STORE_PASSWORD, ""));
            verdicts.add(VERDICTS.computeIfAbsent(name, ignored -> new Verdicts()));
        });
        visits.add(new CertificateZooVisitor.Visit("https://localhost:" + vault.port(), trustStore(ZOO.ca), null, "", ""));
        verdicts.add(VERDICTS.computeIfAbsent("no TLS at all: plain HTTP on the port", name -> new Verdicts()));
        // Java's own TLS server knows no such name.
        visits.add(new CertificateZooVisitor.Visit("https://my_vault.example.com:" + vault.listenerPort(1), trustStore(ZOO.ca), null,
                "", proxyPort));
        verdicts.add(VERDICTS.computeIfAbsent("host name with an underscore", name -> new Verdicts()));
        ScriptedPeer ipv6 = ScriptedPeer.relay("::1", vault.listenerPort(2));
        CLEANUP.add(ipv6::close);
        visits.add(new CertificateZooVisitor.Visit("https://[::1]:" + ipv6.port(), trustStore(ZOO.ca), null, "", ""));
        verdicts.add(VERDICTS.computeIfAbsent("IPv6 address", name -> new Verdicts()));
        return vault;
    }

    private static String listener(String name, TestCertificate certificate) throws IOException {
        Path file = FOLDER.resolve(name.replaceAll("\\W", "-") + ".pem");
        Path key = FOLDER.resolve(name.replaceAll("\\W", "-") + ".key");
        Files.writeString(file, certificate.pem());
        Files.writeString(key, certificate.keyPem());
        return "  tls_cert_file = \"" + file + "\"\n  tls_key_file = \"" + key + "\"\n";
    }

    private static int trustStores;

    private static Path trustStore(TestCertificate... trusted) {
        trustStores++;
        return TestCertificate.trustStore(FOLDER.resolve("trust-" + trustStores + ".jks"), "JKS", "changeit", trusted);
    }

    /** With the environment variable UPDATE the table is written again: what differs comes first. */
    private static void update() throws IOException {
        List<String> lines = new ArrayList<>(Files.readAllLines(PAGE));
        int first = lines.indexOf(HEADER) + 2;
        while (first < lines.size() && lines.get(first).startsWith("| ")) {
            lines.remove(first);
        }
        List<String> rows = new ArrayList<>();
        for (int kind = 0; kind <= SAME; kind++) {
            for (Map.Entry<String, Verdicts> one : VERDICTS.entrySet()) {
                if (kind(one.getValue()) == kind) {
                    rows.add(row(one.getKey(), one.getValue()));
                }
            }
        }
        lines.addAll(first, rows);
        Files.write(PAGE, lines);
    }

    private static final int SAME = 3;

    /** 0: accepted, and refused by Java; 1: refused, and accepted by Java; 2: accepted because Java was asked; 3: the same. */
    private static int kind(Verdicts verdicts) {
        boolean ours = verdicts.ours.startsWith(ACCEPTED);
        boolean java = verdicts.java.startsWith(ACCEPTED);
        return ours && !java ? 0 : !ours && java ? 1 : verdicts.ours.endsWith(CertificateZooVisitor.ASKED) ? 2 : SAME;
    }

    @Test
    public void theDocumentationsTableIsTrue() throws IOException {
        if (System.getenv("UPDATE") != null) {
            update();
        }
        int[] counts = new int[SAME + 1];
        VERDICTS.values().forEach(verdicts -> counts[kind(verdicts)]++);
        System.out.println("certificate zoo: " + VERDICTS.size() + " servers; " + counts[0] + " accepted that Java refuses, " + counts[1]
                + " refused that Java accepts, " + counts[2] + " accepted because Java was asked, " + counts[SAME] + " judged alike");
        Map<String, String> documented = documented();
        List<String> wrong = new ArrayList<>();
        VERDICTS.forEach((name, verdicts) -> {
            String row = row(name, verdicts);
            if (!row.equals(documented.remove(name))) {
                wrong.add(row);
            }
        });
        if (Jdk.version() < CertificateZoo.ED25519) {
            documented.keySet().removeIf(name -> name.contains("Ed25519"));
        }
        assertTrue("rows that " + PAGE + " lacks or has otherwise:\n" + String.join("\n", wrong), wrong.isEmpty());
        assertTrue("rows without a test: " + documented.keySet(), documented.isEmpty());
    }

    /** Neither gets anything but the one value, and a refused client learns it from a whole message. */
    @Test
    public void acceptedMeansTheValueAndRefusedIsExplained() {
        Map<String, Verdicts> all = new TreeMap<>(VERDICTS);
        AT_VAULT.forEach((name, verdicts) -> all.put(name + " at Vault", verdicts));
        all.forEach((name, verdicts) -> {
            for (String verdict : List.of(verdicts.ours, verdicts.java)) {
                assertTrue(name + "\n" + verdicts,
                        verdict.startsWith(ACCEPTED + ' ' + Fixtures.sha256(VALUE)) || verdict.startsWith(REFUSED + ' '));
            }
            if (verdicts.ours.startsWith(REFUSED)) {
                for (String part : List.of("vault-cipher: Vault cannot be reached at GET https://", "TLS failed: ", "What to do: ")) {
                    assertTrue(name + " lacks " + part + "\n" + verdicts, verdicts.ours.contains(part));
                }
            }
        });
    }

    @Test
    public void aRefusedCertificateIsDescribedWithItsDatesAndTheTrustStore() {
        String expired = VERDICTS.get("expired").ours;
        for (String part : List.of("The server's certificate: subject \"CN=server\", issuer \"CN=Zoo CA\", names \"" + CertificateZoo.HOST
                + "\", valid from 2020-01-01 00:00:00 UTC to 2021-01-01 00:00:00 UTC; checked against trust store " + FOLDER,
                " (JKS, 1 certificate, from system property javax.net.ssl.trustStore)")) {
            assertTrue("missing: " + part + "\nin: " + expired, expired.contains(part));
        }
    }

    @Test
    public void aRealVaultsCertificatesAreJudgedInTheSameWay() {
        AT_VAULT.forEach((name, verdicts) -> assertEquals(row(name, VERDICTS.get(name)), row(name, verdicts)));
    }

    private static Map<String, String> documented() throws IOException {
        Map<String, String> rows = new LinkedHashMap<>();
        List<String> lines = Files.readAllLines(PAGE);
        int header = lines.indexOf(HEADER);
        assertTrue("no table in " + PAGE, header >= 0);
        for (String line : lines.subList(header + 2, lines.size())) {
            if (!line.startsWith("| ")) {
                break;
            }
            rows.put(line.substring(2, line.indexOf(" |", 2)), line);
        }
        return rows;
    }

    private static String row(String name, Verdicts verdicts) {
        String java = word(verdicts.java);
        String ours = word(verdicts.ours);
        // What surprises a reader who knows Java comes first.
        String mark = java.equals(ours) ? "" : "**";
        return String.join(" | ", "| " + name, java, mark + ours + mark, words(verdicts.ours)) + " |";
    }

    private static String word(String verdict) {
        return verdict.split(" ", 2)[0];
    }

    /** The reason alone, without what differs from run to run. */
    private static String words(String verdict) {
        if (verdict.startsWith(ACCEPTED)) {
            return verdict.endsWith(CertificateZooVisitor.ASKED) ? "the JVM was asked" : "";
        }
        int begin = verdict.indexOf("TLS failed: ") + "TLS failed: ".length();
        return verdict.substring(begin).split("\\. (The server's certificate|What to do): |; offered are ", 2)[0]
                .replaceFirst("clock says [-0-9: ]+ UTC", "clock says …").replace("00:00:00 UTC", "…");
    }
}

package dev.vaultcipher.connection;

import static dev.vaultcipher.harness.FaultPeer.answering;
import static dev.vaultcipher.harness.FaultPeer.closes;
import static dev.vaultcipher.harness.FaultPeer.head;
import static dev.vaultcipher.harness.FaultPeer.resets;
import static dev.vaultcipher.harness.FaultPeer.secret;
import static dev.vaultcipher.harness.FaultPeer.stays;
import static dev.vaultcipher.harness.FaultPeer.value;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.Cleanup;
import dev.vaultcipher.harness.FaultPeer;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.KubernetesCertificate;
import dev.vaultcipher.harness.StoreSession;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/**
 * What a peer sends on a connection that nobody uses at the moment is not the answer to the next request, and a connection
 * that it closed in the meantime costs no try.
 */
public class KeptConnectionTest {
    private static final String JSON = "Content-Type: application/json";
    /** Each way there is gets this many reads. */
    private static final int READS = 24;
    /** A connection that was quiet for so long is used again, also that of a server that is not known yet. */
    private static final long QUIET_MILLIS = 350;
    private static final String NO_RETRY = "\"0\"";

    private static Cleanup cleanup;
    private static KubernetesCertificate certificate;
    private static TinyProxy proxy;
    private static StoreSession session;

    @BeforeClass
    public static void startServers() throws Exception {
        cleanup = new Cleanup();
        certificate = KubernetesCertificate.createIn(cleanup.folder("peer"));
        proxy = TinyProxy.start();
        cleanup.add(proxy::close);
        session = StoreSession.start(HostProcess.plain().environment("SECRET_STORE_VAULT_TOKEN", Canaries.keep("s." + Fixtures.randomText())));
        cleanup.add(session::close);
    }

    @AfterClass
    public static void stopServers() {
        cleanup.close();
    }

    /** A second answer, the beginning of one, a late 408, the end of the connection: over each way to Vault. */
    @Test
    public void whatComesOnAnIdleConnectionIsNoAnswer() throws Exception {
        String wrong = secret(Fixtures.randomText());
        Map<String, FaultPeer.Answer> surplus = new LinkedHashMap<>();
        surplus.put("a second answer", stays(head(200, JSON, "Content-Length: " + wrong.length()) + wrong));
        surplus.put("a second answer and the end", closes(head(200, JSON, "Content-Length: " + wrong.length()) + wrong));
        surplus.put("the beginning of an answer", stays("HTTP/1.1 200 OK\r\nX-Rest: "));
        surplus.put("a late 408", closes(head(408, "Connection: close", "Content-Length: 0")));
        surplus.put("an interim answer", stays("HTTP/1.1 100 Continue\r\n\r\n"));
        surplus.put("the end", closes(""));
        surplus.put("a reset", resets(""));
        int reads = 0;
        for (Map.Entry<String, FaultPeer.Answer> more : surplus.entrySet()) {
            Semaphore sent = new Semaphore(0);
            FaultPeer.Answer answer = (socket, request) -> {
                // Without it what follows the answer is held back until that is acknowledged, which may be with the next request.
                socket.setTcpNoDelay(request.target().hashCode() % 2 == 0);
                String body = secret(valueOf(request));
                stays(head(200, JSON, "Content-Length: " + body.length()) + body).write(socket, request);
                Thread.sleep(1); // a client that is not careful has its answer by now, and sees the rest apart
                try {
                    boolean stays = more.getValue().write(socket, request);
                    if (!stays) {
                        socket.close();
                    }
                    return stays;
                } finally {
                    sent.release();
                }
            };
            try (FaultPeer http = answering(answer); FaultPeer https = FaultPeer.withTls(certificate.serverContext(), answer)) {
                String ca = Fixtures.json(certificate.pemFile.toString());
                String tunnel = https.address().replace("127.0.0.1", TinyProxy.HOST);
                String tunnelled = FaultPeer.textFor(tunnel, "caCert", ca, "tlsServerName", "\"127.0.0.1\"", "proxy", Fixtures.json(proxy.address()));
                for (String way : Arrays.asList(http.text(), https.text("caCert", ca),
                        FaultPeer.textFor("http://vault.test:1", "proxy", Fixtures.json(http.address())), tunnelled)) {
                    for (int i = 0; i < (way.equals(tunnelled) ? READS / 3 : READS); i++) {
                        StoreSession.Outcome outcome = session.get(way.replace("sample/secret", "sample/" + i));
                        assertEquals(more.getKey() + ", " + way + ": " + outcome, Fixtures.sha256("value of sample/" + i), outcome.call.valueSha256);
                        assertTrue(more.getKey() + outcome, outcome.warnings.stream().noneMatch(line -> line.contains("try 2")));
                        sent.acquire();
                        Fixtures.pause(i % 12 == 5 ? QUIET_MILLIS : 1); // what was sent is on its way; nothing tells when it has come
                        reads++;
                    }
                }
            }
        }
        assertTrue(reads + " reads", reads > 500);
    }

    /** A balancer that is an answer late: the first one that is in flight cannot be told, but there is no second. */
    @Test
    public void aPeerThatMixesUpAnswersGetsAConnectionForEachRequest() {
        String late = secret(Fixtures.randomText());
        Map<Object, Integer> requests = new ConcurrentHashMap<>();
        FaultPeer.Answer answer = (socket, request) -> {
            socket.setTcpNoDelay(true);
            String body = secret(valueOf(request));
            String right = head(200, JSON, "Content-Length: " + body.length()) + body;
            boolean first = requests.merge(socket, 1, Integer::sum) == 1;
            return stays(first ? right : head(200, JSON, "Content-Length: " + late.length()) + late + right).write(socket, request);
        };
        try (FaultPeer peer = answering(answer)) {
            int wrong = 0;
            int warnings = 0;
            for (int i = 0; i < 200; i++) {
                StoreSession.Outcome outcome = session.get(peer.text().replace("sample/secret", "sample/" + i));
                if (i % 20 == 19) {
                    Fixtures.pause(QUIET_MILLIS);
                }
                wrong += Fixtures.sha256("value of sample/" + i).equals(outcome.call.valueSha256) ? 0 : 1;
                warnings += outcome.warnings.stream().filter(line -> line.contains("sent more than the answer to a request")).count();
            }
            assertTrue(wrong + " wrong", wrong <= 1);
            assertEquals(1, warnings);
            assertTrue(requests.size() + " connections", requests.size() > 190);
        }
    }

    /** The server closes a kept connection when the next request is on its way: once more, at once, without a word. */
    @Test
    public void aRequestThatMeetsTheEndOfAKeptConnectionIsSentOnceMore() throws Exception {
        String secret = Fixtures.randomText();
        for (FaultPeer.Answer end : Arrays.asList(closes(""), resets(""),
                closes(head(408, "Connection: close", "Content-Length: 0")))) {
            try (FaultPeer http = answering(value(secret), end, value(secret));
                    FaultPeer https = FaultPeer.withTls(certificate.serverContext(), value(secret), end, value(secret))) {
                for (FaultPeer peer : Arrays.asList(http, https)) {
                    for (int i = 0; i < 2; i++) {
                        Fixtures.pause(QUIET_MILLIS);
                        StoreSession.Outcome outcome = session.get(peer.text("timeout", NO_RETRY, "maxRetries", "0", "caCert",
                                Fixtures.json(certificate.pemFile.toString()))).assertValue(secret);
                        assertTrue(outcome.toString(), outcome.warnings.stream().noneMatch(line -> line.contains("try")));
                    }
                    assertEquals(3, peer.reads().size());
                }
            }
        }
    }

    @Test
    public void itIsNotSentAThirdTimeAlsoWhenAnAnswerHadBegun() {
        String secret = Fixtures.randomText();
        try (FaultPeer peer = answering(value(secret), closes(""), closes(""), value(secret))) {
            session.get(peer.text("timeout", NO_RETRY)).assertValue(secret);
            Fixtures.pause(QUIET_MILLIS);
            session.get(peer.text("timeout", NO_RETRY)).assertFails("closed before the answer was complete");
            assertEquals(3, peer.reads().size());
        }
        try (FaultPeer peer = answering(value(secret), closes("HTTP/1.1 2"), value(secret))) {
            session.get(peer.text("timeout", NO_RETRY)).assertValue(secret);
            Fixtures.pause(QUIET_MILLIS);
            session.get(peer.text("timeout", NO_RETRY)).assertValue(secret);
            assertEquals(3, peer.reads().size());
        }
        // A new connection that is closed is a failed try.
        try (FaultPeer peer = answering(closes(""), value(secret))) {
            session.get(peer.text("timeout", NO_RETRY)).assertFails("closed before the answer was complete");
            assertEquals(1, peer.reads().size());
        }
    }

    /** A server that was seen to be quiet after its answers is asked again and again on one connection. */
    @Test
    public void theConnectionOfAQuietServerIsKept() {
        String secret = Fixtures.randomText();
        Map<Object, Integer> requests = new ConcurrentHashMap<>();
        FaultPeer.Answer answer = (socket, request) -> {
            requests.merge(socket, 1, Integer::sum);
            return value(secret).write(socket, request);
        };
        try (FaultPeer peer = answering(answer)) {
            for (int i = 0; i < 50; i++) {
                session.get(peer.text()).assertValue(secret);
                Fixtures.pause(i < 4 ? QUIET_MILLIS : 0);
            }
            assertTrue(requests.size() + " connections", requests.size() < 5);
        }
    }

    private static String valueOf(FaultPeer.Request request) {
        return "value of " + request.target().replaceFirst(".*/v1/secret/data/", "");
    }
}

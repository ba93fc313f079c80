package dev.vaultcipher.connection;

import static dev.vaultcipher.harness.FaultPeer.answering;
import static dev.vaultcipher.harness.FaultPeer.head;
import static dev.vaultcipher.harness.FaultPeer.json;
import static dev.vaultcipher.harness.FaultPeer.redirect;
import static dev.vaultcipher.harness.FaultPeer.stays;
import static dev.vaultcipher.harness.FaultPeer.textFor;
import static dev.vaultcipher.harness.FaultPeer.value;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.Cleanup;
import dev.vaultcipher.harness.FaultPeer;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.KubernetesCertificate;
import dev.vaultcipher.harness.StoreSession;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** Where a redirect may lead, and that no other host ever sees a token or a JWT. */
public class RedirectTest {
    private static final String SECRET = Fixtures.randomText();
    private static final String TOKEN = Canaries.keep("s." + Fixtures.randomText());
    private static final String PATH = "/v1/secret/data/sample/secret";

    private static StoreSession session;

    @BeforeClass
    public static void startSession() {
        session = StoreSession.withToken(TOKEN);
    }

    @AfterClass
    public static void endSession() {
        session.close();
    }

    @Test
    public void anotherHostIsRefusedUnasked() {
        try (FaultPeer other = FaultPeer.at("127.0.0.2", 0, value(SECRET));
                FaultPeer vault = answering(redirect(other.address() + PATH))) {
            session.get(vault.text()).assertFails(vault.address() + PATH, "redirects to " + other.address(), "and this redirect is not followed",
                    "\"redirectHosts\" (SECRET_STORE_VAULT_REDIRECT_HOSTS)", "\"endpoint\" (an array)");
            // Neither another port of the same host, nor a name that only looks alike.
            for (String hosts : Arrays.asList("127.0.0.2:1", "127.0.0", "7.0.0.2", "127.0.0.22", "*", "localhost")) {
                session.get(vault.text("redirectHosts", Fixtures.json(hosts))).assertFails("and this redirect is not followed");
            }
            assertEquals("the other host saw a request", 0, other.requests().size());
        }
    }

    @Test
    public void noWayOfWritingTheAddressLeadsToAnotherHost() {
        try (FaultPeer other = FaultPeer.at("127.0.0.2", 0, value(SECRET))) {
            for (String location : Arrays.asList("//" + other.hostAndPort() + PATH, "http:\\\\" + other.hostAndPort() + PATH,
                    "http://127.0.0.1@" + other.hostAndPort() + PATH, "/\\" + other.hostAndPort() + PATH,
                    "HTTP://" + other.hostAndPort() + PATH, "http://127.2:" + other.port() + PATH)) {
                try (FaultPeer vault = answering(redirect(location))) {
                    session.get(vault.text()).assertFails("and this redirect is not followed", other.address());
                }
            }
            for (String location : Arrays.asList("http://", "unix:///run/x.sock", "file:///etc/passwd", "/ui/login",
                    "http://[::1", "http://" + other.hostAndPort() + "/login?next=" + PATH)) {
                try (FaultPeer vault = answering(redirect(location))) {
                    session.get(vault.text("redirectHosts", "\"127.0.0.2\"")).assertFails("and this redirect is not followed");
                    assertEquals(location, 1, vault.reads().size());
                }
            }
            assertEquals("the other host saw a request", 0, other.requests().size());
        }
    }

    @Test
    public void aConfiguredEndpointAndAnAllowedHostAreFollowed() {
        try (FaultPeer active = FaultPeer.at("127.0.0.2", 0, value(SECRET));
                FaultPeer standby = answering(redirect(active.address() + PATH))) {
            List<String> texts = Arrays.asList(
                    standby.text("redirectHosts", "\"127.0.0.2\""),
                    standby.text("redirectHosts", "\"vault.example.com, 127.0.0.2:" + active.port() + "\""),
                    standby.text().replace("\"" + standby.address() + "\"",
                            "[\"" + standby.address() + "\",\"" + active.address() + "\"]"));
            for (String text : texts) {
                session.get(text).assertValue(SECRET);
            }
            assertEquals(texts.size(), standby.reads().size());
            assertEquals(texts.size(), active.reads().size());
            for (FaultPeer.Request request : active.reads()) {
                assertEquals("GET " + PATH + " HTTP/1.1", request.head.get(0));
                assertEquals(TOKEN, request.header("X-Vault-Token"));
                assertEquals("true", request.header("X-Vault-Request"));
                assertEquals(active.hostAndPort(), request.header("Host"));
            }
        }
    }

    @Test
    public void oneIsFollowedAndNotTwo() {
        try (FaultPeer loop = answering(redirect(PATH))) {
            session.get(loop.text()).assertFails("redirects to " + loop.address(), "this is the second", "api_addr");
            assertEquals(2, loop.reads().size());
        }
        try (FaultPeer other = FaultPeer.at("127.0.0.2", 0, value(SECRET));
                FaultPeer vault = answering(redirect(PATH), redirect(other.address() + PATH))) {
            session.get(vault.text("redirectHosts", "\"127.0.0.2\"")).assertFails("this is the second");
            assertEquals(0, other.requests().size());
        }
    }

    @Test
    public void eachStatusIsJudged() {
        for (int status : new int[] {301, 302, 307, 308}) {
            try (FaultPeer vault = answering(stays(head(status, "Location: " + PATH, "Content-Length: 0")), value(SECRET))) {
                session.get(vault.text()).assertValue(SECRET);
            }
        }
        for (int status : new int[] {300, 303, 304, 305, 399}) {
            try (FaultPeer vault = answering(stays(head(status, "Location: " + PATH, "Content-Length: 0")), value(SECRET))) {
                session.get(vault.text()).assertFails("and this redirect is not followed");
                assertEquals(1, vault.reads().size());
            }
        }
        try (FaultPeer vault = answering(stays(head(307, "X: y", "Content-Length: 0")))) {
            session.get(vault.text()).assertFails("redirects to an address that is not valid", "it names no valid address");
        }
    }

    @Test
    public void theyCanBeTurnedOff() {
        try (FaultPeer vault = answering(redirect(PATH))) {
            session.get(vault.text("disableRedirects", "true")).assertFails("VAULT_DISABLE_REDIRECTS is set", vault.address());
            assertEquals(1, vault.reads().size());
        }
    }

    @Test
    public void aTargetThatIsAwayNamesBothHosts() {
        int port = Fixtures.freePorts(1);
        try (FaultPeer vault = answering(redirect("http://127.0.0.2:" + port + PATH))) {
            session.get(vault.text("redirectHosts", "\"127.0.0.2\"")).assertFails("cannot be reached at GET http://127.0.0.2:" + port,
                    "via a redirect by " + vault.address(), "the connection was refused");
        }
    }

    @Test
    public void aRedirectThatTakesTooLongEndsWithTheBudget() {
        try (FaultPeer slow = FaultPeer.at("127.0.0.2", 0, FaultPeer.silent());
                FaultPeer vault = answering((socket, request) -> {
                    Thread.sleep(900); // the peer is slow: most of the budget is gone when it redirects
                    return redirect(slow.address() + PATH).write(socket, request);
                })) {
            session.get(vault.text("redirectHosts", "\"127.0.0.2\"", "timeout", "\"1500ms\"")).assertFails("no complete answer within")
                    .assertWithin(2); // by time: the redirect's target gets what is left of the budget, not a budget more
        }
    }

    @Test
    public void neverFromHttpsToHttp() throws IOException, GeneralSecurityException {
        try (Cleanup cleanup = new Cleanup()) {
            KubernetesCertificate certificate = KubernetesCertificate.createIn(cleanup.folder("tls"));
            String[] trusting = {"caCert", Fixtures.json(certificate.pemFile.toString()), "redirectHosts", "\"127.0.0.1, 127.0.0.2\""};
            try (FaultPeer plain = FaultPeer.at("127.0.0.2", 0, value(SECRET));
                    FaultPeer secure = FaultPeer.withTls(certificate.serverContext(), value(SECRET));
                    FaultPeer vault = FaultPeer.withTls(certificate.serverContext(), redirect(plain.address() + PATH),
                            redirect(secure.address() + PATH))) {
                // Not even to a host that is allowed or an endpoint.
                session.get(vault.text(trusting)).assertFails("it leads from https to http", plain.address(), vault.address());
                session.get(vault.text(trusting)).assertValue(SECRET);
                assertEquals(0, plain.requests().size());
                assertEquals(TOKEN, secure.reads().get(0).header("X-Vault-Token"));
            }
            // The certificate of the target is checked as well.
            try (FaultPeer secure = FaultPeer.withTls(KubernetesCertificate.createIn(cleanup.folder("tls")).serverContext(), value(SECRET));
                    FaultPeer vault = FaultPeer.withTls(certificate.serverContext(), redirect(secure.address() + PATH))) {
                session.get(vault.text(trusting)).assertFails("TLS failed", secure.address(), "via a redirect by " + vault.address());
                assertEquals(0, secure.requests().size());
            }
        }
    }

    @Test
    public void aLoginKeepsItsMethodAndBodyAndTheJwtGoesNowhereElse() throws IOException {
        String header = base64("{\"alg\":\"RS256\"}");
        String claims = base64("{\"iss\":\"a\",\"sub\":\"system:serviceaccount:shop:app\",\"exp\":4102444800}");
        String jwt = Canaries.keep(header + '.' + claims + '.' + base64(Fixtures.randomText()));
        String clientToken = Canaries.keep("s." + Fixtures.randomText());
        try (Cleanup cleanup = new Cleanup()) {
            Path file = Files.writeString(cleanup.folder("jwt").resolve("token"), jwt);
            String login = "/v1/auth/kubernetes/login";
            String[] kubernetes = {"authenticationType", "\"KUBERNETES\"", "role", "\"shop\"", "jwtFile", Fixtures.json(file.toString())};
            try (FaultPeer active = FaultPeer.at("127.0.0.2", 0, json(200, "{\"auth\":{\"client_token\":\"" + clientToken + "\"}}"));
                    FaultPeer standby = answering(redirect(active.address() + login), redirect(active.address() + login), value(SECRET))) {
                session.get(standby.text(kubernetes)).assertFails("and this redirect is not followed", active.address(), "redirectHosts");
                assertEquals("the other host saw a request", 0, active.requests().size());
                String text = standby.text(kubernetes);
                session.get(text.substring(0, text.length() - 1) + ",\"redirectHosts\":\"127.0.0.2\"}").assertValue(SECRET);
                FaultPeer.Request posted = active.reads().get(0);
                assertEquals("POST " + login + " HTTP/1.1", posted.head.get(0));
                assertTrue(posted.body.contains("\"" + jwt + "\"") && posted.body.equals(standby.reads().get(0).body));
                assertEquals(clientToken, standby.reads().get(2).header("X-Vault-Token"));
            }
        }
    }

    @Test
    public void aRealStandbysAddressIsItsPathBelowARoot() {
        // A node behind a reverse proxy names itself without the proxy's prefix.
        try (FaultPeer vault = answering(redirect(PATH), value(SECRET))) {
            session.get(textFor(vault.address() + "/prefix")).assertValue(SECRET);
            assertEquals("/prefix" + PATH, vault.reads().get(0).target());
            assertEquals(PATH, vault.reads().get(1).target());
        }
    }

    private static String base64(String text) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}

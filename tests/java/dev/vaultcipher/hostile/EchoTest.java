package dev.vaultcipher.hostile;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.VaultSecretStore;
import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.Cleanup;
import dev.vaultcipher.harness.FaultPeer;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.After;
import org.junit.Before;
import org.junit.Test;

/**
 * A peer that sends back what it got in secret, wherever a message may quote it and in each form: none of it is in a message or a
 * line of the log. All logging is turned on.
 */
public class EchoTest {
    private static final Map<String, UnaryOperator<String>> FORMS = new LinkedHashMap<>();

    static {
        FORMS.put("plain", secret -> secret);
        FORMS.put("base64", secret -> Base64.getEncoder().encodeToString(secret.getBytes(StandardCharsets.UTF_8)));
        FORMS.put("base64 for URLs", secret -> Base64.getUrlEncoder().withoutPadding().encodeToString(secret.getBytes(StandardCharsets.UTF_8)));
        FORMS.put("for a URL", secret -> URLEncoder.encode(secret, StandardCharsets.UTF_8).replace("+", "%20"));
        FORMS.put("JSON", secret -> Fixtures.json(secret).replaceAll("^\"|\"$", ""));
        FORMS.put("JSON in JSON", secret -> Fixtures.json(Fixtures.json(secret)).replaceAll("^\"|\"$", ""));
    }

    private interface Place {
        FaultPeer.Answer answer(String secret);
    }

    private static final Map<String, Place> PLACES = new LinkedHashMap<>();

    static {
        PLACES.put("an error of Vault's", secret -> FaultPeer.error(403, "not with " + secret));
        PLACES.put("an error 500", secret -> FaultPeer.error(500, "cannot handle " + secret));
        PLACES.put("an error 400", secret -> FaultPeer.error(400, secret));
        PLACES.put("the title of a page", secret -> page("text/html", "<html><title>" + secret + "</title></html>"));
        PLACES.put("a content type", secret -> page("text/plain; note=" + secret, "no"));
        PLACES.put("a redirect", secret -> FaultPeer.redirect("http://127.0.0.2:1/" + secret + "?" + secret));
        PLACES.put("an answer that is no JSON", secret -> page("application/json", secret));
    }

    private static FaultPeer.Answer page(String contentType, String body) {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        return (socket, request) -> {
            socket.getOutputStream().write(FaultPeer.head(502, "Content-Type: " + contentType, "Content-Length: " + bytes.length)
                    .getBytes(StandardCharsets.UTF_8));
            socket.getOutputStream().write(bytes);
            return true;
        };
    }

    private Cleanup cleanup;

    @Before
    public void begin() {
        cleanup = new Cleanup();
    }

    @After
    public void tidyUp() {
        cleanup.close();
    }

    /** With what makes the forms differ, and what a header may hold. */
    private static String secret() {
        return Canaries.keep(Fixtures.randomText().substring(0, 20) + "\"\\/+%&<~" + Fixtures.randomText().substring(0, 20));
    }

    @Test
    public void aTokenAndFurtherHeaders() {
        String token = secret();
        String header = secret();
        List<String> texts = new ArrayList<>();
        for (FaultPeer peer : peers(token, header)) {
            texts.add(peer.text("headers", "{\"X-Api-Key\":" + Fixtures.json(header) + "}"));
        }
        assertHidden(jvm().environment("SECRET_STORE_VAULT_TOKEN", token).call(texts.toArray(new String[0])), texts.size(), "a token and a header",
                token, header);
    }

    @Test
    public void aSecretId() throws IOException {
        String secretId = secret();
        Path file = Files.writeString(cleanup.folder("echo").resolve("secret-id"), secretId);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        List<String> texts = new ArrayList<>();
        for (FaultPeer peer : peers(secretId)) {
            texts.add(peer.text("authenticationType", "\"APPROLE\"", "roleId", "\"app\"", "secretIdFile", Fixtures.json(file.toString())));
        }
        assertHidden(jvm().call(texts.toArray(new String[0])), texts.size(), "a secret-id", secretId);
    }

    @Test
    public void aValueThatIsStored() {
        String token = secret();
        String value = secret();
        HostProcess jvm = jvm().environment("SECRET_STORE_VAULT_TOKEN", token);
        List<FaultPeer> peers = peers(true, token, value);
        for (FaultPeer peer : peers) {
            jvm.stored(peer.text("engine", "\"kv2\"", "store", "true", "value", Fixtures.json(value)));
        }
        assertHidden(jvm.store(), peers.size(), "a token and a value to store", token, value);
    }

    @Test
    public void theUserAndThePasswordOfAProxy() {
        String user = secret();
        String password = secret();
        int calls = 0;
        for (FaultPeer peer : peers(user, password, user + ':' + password)) {
            String proxy = "http://" + FORMS.get("for a URL").apply(user) + ':' + FORMS.get("for a URL").apply(password) + '@' + peer.hostAndPort();
            assertHidden(jvm().environment("SECRET_STORE_VAULT_TOKEN", secret()).environment("VAULT_PROXY_ADDR", proxy)
                    .call(FaultPeer.textFor("http://vault.test:8200")), 1, null, user, password, user + ':' + password);
            calls++;
        }
        report("user and password of a proxy", calls);
    }

    private List<FaultPeer> peers(String... secrets) {
        return peers(false, secrets);
    }

    /** A peer for each place and form; where something is stored, the read before the write finds nothing. */
    private List<FaultPeer> peers(boolean storing, String... secrets) {
        List<FaultPeer> peers = new ArrayList<>();
        for (Place place : PLACES.values()) {
            for (UnaryOperator<String> form : FORMS.values()) {
                StringBuilder all = new StringBuilder();
                for (String secret : secrets) {
                    all.append(form.apply(secret)).append(" ; ");
                }
                FaultPeer.Answer echo = place.answer(all.toString());
                FaultPeer peer = FaultPeer.answering((socket, request) -> storing && request.body.isEmpty()
                        ? FaultPeer.error(404, "").write(socket, request) : echo.write(socket, request));
                cleanup.add(peer::close);
                peers.add(peer);
            }
        }
        return peers;
    }

    private static HostProcess jvm() {
        return HostProcess.loading(VaultSecretStore.class.getName());
    }

    private static void assertHidden(HostProcess.Outcome outcome, int calls, String what, String... secrets) {
        assertEquals(outcome.toString(), calls, outcome.calls.size());
        for (HostProcess.Call call : outcome.calls) {
            assertTrue(call.toString(), call.failureClass != null);
        }
        for (String secret : secrets) {
            FORMS.forEach((form, encoded) -> {
                String text = encoded.apply(secret);
                // The pieces, without the characters that an encoding joins with their neighbours.
                for (String piece : new String[] {text.substring(0, 16), text.substring(text.length() - 16, text.length() - 4)}) {
                    int at = outcome.toString().indexOf(piece);
                    assertFalse(form + " is shown after: …" + (at < 0 ? "" : outcome.toString().substring(Math.max(0, at - 200), at)), at >= 0);
                }
            });
        }
        if (what != null) {
            assertTrue("nothing was to be hidden", outcome.toString().contains("[hidden]"));
            report(what, calls);
        }
    }

    private static void report(String what, int calls) {
        Attacks.report("answers with " + what + " of the request in them, in " + PLACES.size() + " places and " + FORMS.size() + " forms", calls,
                "none of it in a message or in the log");
    }
}

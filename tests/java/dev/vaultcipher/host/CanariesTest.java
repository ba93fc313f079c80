package dev.vaultcipher.host;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNotNull;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.VaultSecretStore;
import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.Messages;
import dev.vaultcipher.harness.ScriptedPeer;
import dev.vaultcipher.harness.VaultServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.junit.Test;

/**
 * No output ever holds a token, a JWT or a value. {@link HostProcess} looks for them in every test of this suite, with all
 * logging turned on; here are the cases in which a secret comes back from where nobody expects it.
 */
public class CanariesTest {
    private static final String STORE = VaultSecretStore.class.getName();

    /** A store as it must not be: so the search itself can fail. */
    public static final class Leaking implements com.atlassian.secrets.api.SecretStore {
        @Override
        public String get(String text) {
            throw new IllegalStateException("wrong token: " + System.getenv("SECRET_STORE_VAULT_TOKEN").substring(0, 20));
        }

        @Override
        public String store(String text) {
            return text;
        }
    }

    @Test
    public void aLeakIsFoundAndNotRepeated() {
        String token = secret();
        AssertionError found = null;
        try {
            HostProcess.loading(Leaking.class.getName()).environment("SECRET_STORE_VAULT_TOKEN", token).call("{}");
        } catch (AssertionError e) {
            found = e;
        }
        assertNotNull("the leak was not found", found);
        assertTrue(found.getMessage(), found.getMessage().contains("shows a secret"));
        assertFalse("the report repeats it", found.getMessage().contains(token.substring(0, 16)));
    }

    @Test
    public void aPeerThatRepeatsTheTokenIsNotQuoted() {
        String token = secret();
        List<String> answers = Arrays.asList(
                json("403 Forbidden", "{\"errors\":[\"invalid token " + token + "\"]}"),
                json("400 Bad Request", "{\"errors\":[\"X-Vault-Token: " + token + "\",\"permission denied\"]}"),
                json("500 Internal Server Error", "{\"errors\":[\"" + token + "\"]}"),
                json("404 Not Found", "{\"errors\":[\"no handler for route, token " + token + "\"]}"),
                json("503 Service Unavailable", "{\"errors\":[\"Vault is sealed " + token + "\"]}"),
                json("200 OK", "{\"errors\":[],\"warnings\":[\"" + token + "\"],\"data\":null}"),
                json("200 OK", token),
                answer("403 Forbidden", "text/html", "", "<html><head><title>" + token + "</title></head></html>"),
                answer("502 Bad Gateway", "text/plain; note=" + token, "", "request had X-Vault-Token: " + token),
                answer("307 Temporary Redirect", "text/plain", "Location: http://127.0.0.2:1/" + token + "?t=" + token + "\r\n", ""),
                answer("307 Temporary Redirect", "text/plain", "Location: " + token + "\r\n", ""),
                "HTTP/1.1 200 " + token + "\r\n" + token + "\r\n\r\n",
                token + "\r\n\r\n");
        assertAllFail(token, answers);
    }

    @Test
    public void aValueInAnAnswerThatCannotBeUsedIsNotQuoted() {
        String value = secret();
        String head = "{\"data\":{\"metadata\":{\"version\":1},\"data\":";
        List<String> answers = Arrays.asList(
                json("200 OK", head + "{\"password\":\"" + value),
                json("200 OK", head + "{\"password\":\"" + value + "\"}}"),
                json("200 OK", head + "{\"password\":\"" + value + "\\q\"}}}"),
                json("200 OK", head + "{\"password\":{\"deep\":\"" + value + "\"}}}}"),
                json("200 OK", head + "{\"password\":[\"" + value + "\"]}}}"),
                json("200 OK", head + "\"" + value + "\"}}"),
                json("200 OK", head + "[\"" + value + "\"]}}"),
                json("200 OK", "{\"data\":\"" + value + "\"}"),
                json("200 OK", "{\"data\":{\"metadata\":{\"version\":\"" + value + "\"},\"data\":{\"user\":\"" + value + "\"}}}"),
                json("200 OK", head + "{\"user\":\"" + value + "\",\"pass\":\"" + value + "\"}}}"),
                json("404 Not Found", "{\"data\":{\"data\":null,\"metadata\":{\"deletion_time\":\"" + value
                        + "\",\"destroyed\":false,\"version\":1}}}"),
                answer("200 OK", "application/json", "", head + "{\"password\":\"" + value + "\u0001\"}}}"));
        assertAllFail(secret(), answers);
    }

    @Test
    public void aSecretInTheTextItselfIsNotQuoted() {
        String secret = secret();
        String endpoint = "\"endpoint\":\"http://127.0.0.1:1\"";
        assertAllFailFor(secret(), Arrays.asList(
                secret,
                "{" + secret + "}",
                "{\"mount\":\"m\",\"path\":\"p\",\"key\":\"k\"," + endpoint + ",\"token\":\"" + secret + "\"}",
                "{\"mount\":\"m\",\"path\":\"p\",\"key\":\"k\",\"endpoint\":\"http://user:" + secret + "@127.0.0.1:1\"}",
                "{\"mount\":\"m\",\"path\":\"p\",\"key\":\"k\",\"endpoint\":\"http://127.0.0.1:1/?token=" + secret + "\"}",
                "{\"mount\":\"m\",\"path\":\"p\",\"key\":\"k\",\"endpoint\":\"http://127.0.0.1:1/#" + secret + "\"}",
                "{\"mount\":\"m\",\"path\":\"p\",\"key\":\"k\"," + endpoint + "} " + secret,
                "\"" + secret + "\"",
                "[\"" + secret + "\"]"));
    }

    @Test
    public void aTokenThatCannotBeSentIsNotQuoted() {
        for (String token : Arrays.asList(secret() + "\n" + secret(), secret() + " " + secret(), secret() + "\u00e4")) {
            assertAllFailFor(token, Arrays.asList(
                    "{\"mount\":\"m\",\"path\":\"p\",\"key\":\"k\",\"endpoint\":\"http://127.0.0.1:1\"}"));
        }
    }

    @Test
    public void aJwtIsNotQuotedWhateverTheLoginSays() throws IOException {
        String claims = "{\"iss\":\"https://kubernetes.default.svc\",\"sub\":\"system:serviceaccount:shop:app\",\"exp\":1}";
        String encoded = Base64.getUrlEncoder().withoutPadding().encodeToString(claims.getBytes("UTF-8"));
        String jwt = Canaries.keep("eyJhbGciOiJSUzI1NiJ9." + encoded + "." + Fixtures.randomText());
        String token = secret();
        Path folder = Fixtures.temporaryFolder("jwt");
        try (VaultServer vault = VaultServer.start()) {
            Path file = Files.writeString(folder.resolve("token"), jwt + "\n");
            List<String> answers = Arrays.asList(
                    json("403 Forbidden", "{\"errors\":[\"cannot verify " + jwt + "\"]}"),
                    json("500 Internal Server Error", "{\"errors\":[\"claim in " + jwt + "\"]}"),
                    json("200 OK", "{\"auth\":{\"client_token\":\"" + token + "\""),
                    json("200 OK", "{\"auth\":{\"client_token\":[\"" + token + "\"]}}"),
                    json("200 OK", "{\"auth\":{\"client_token\":\"" + token + "\\n" + token + "\"}}"),
                    json("200 OK", "{\"auth\":null,\"warnings\":[\"" + jwt + "\"]}"),
                    answer("413 Payload Too Large", "text/html", "", "<title>" + jwt + "</title>"));
            List<String> texts = new ArrayList<>();
            texts.add(kubernetes(vault.address()));
            List<ScriptedPeer> peers = new ArrayList<>();
            for (String answer : answers) {
                peers.add(ScriptedPeer.answering(answer));
                texts.add(kubernetes(peers.get(peers.size() - 1).address()));
            }
            HostProcess.Outcome outcome = HostProcess.loading(STORE).environment("SECRET_STORE_VAULT_KUBE_AUTH_ROLE", "shop")
                    .environment("SECRET_STORE_VAULT_KUBE_AUTH_JWT_PATH", file.toString())
                    .call(texts.toArray(new String[0]));
            assertAllFailed(texts.size(), outcome);
            peers.forEach(ScriptedPeer::close);
        } finally {
            Fixtures.delete(folder);
        }
    }

    private static String kubernetes(String address) {
        return "{\"mount\":\"secret\",\"path\":\"p\",\"key\":\"k\",\"endpoint\":\"" + address
                + "\",\"authenticationType\":\"KUBERNETES\"}";
    }

    /** One peer for each answer; all are asked in one JVM, whose output is then searched. */
    private static void assertAllFail(String token, List<String> answers) {
        List<ScriptedPeer> peers = new ArrayList<>();
        List<String> texts = new ArrayList<>();
        for (String answer : answers) {
            ScriptedPeer peer = ScriptedPeer.answering(answer);
            peers.add(peer);
            texts.add("{\"mount\":\"secret\",\"path\":\"p\",\"key\":\"password\",\"endpoint\":\"" + peer.address() + "\"}");
        }
        assertAllFailFor(token, texts);
        peers.forEach(ScriptedPeer::close);
    }

    private static void assertAllFailFor(String token, List<String> texts) {
        HostProcess.Outcome outcome = HostProcess.loading(STORE).environment("SECRET_STORE_VAULT_TOKEN", token)
                .call(texts.toArray(new String[0]));
        assertAllFailed(texts.size(), outcome);
    }

    private static void assertAllFailed(int calls, HostProcess.Outcome outcome) {
        assertEquals(outcome.toString(), calls, outcome.calls.size());
        for (HostProcess.Call call : outcome.calls) {
            Messages.assertSays(call, "com.atlassian.secrets.api.SecretStoreException");
        }
    }

    private static String secret() {
        return Canaries.keep("s." + Fixtures.randomText());
    }

    private static String json(String status, String body) {
        return answer(status, "application/json", "", body);
    }

    private static String answer(String status, String contentType, String headers, String body) {
        return "HTTP/1.1 " + status + "\r\nContent-Type: " + contentType + "\r\n" + headers + "Content-Length: "
                + body.length() + "\r\nConnection: close\r\n\r\n" + body;
    }
}

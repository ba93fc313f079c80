package dev.vaultcipher.bench;

import com.atlassian.secrets.api.SecretStore;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Map;

/** The JDK's own client by hand, with {@link Json}; with {@code -Dbench.keep=true} one client is kept. */
public final class HttpClientStore implements SecretStore {
    private static volatile HttpClient kept;

    /** Does nothing. */
    public HttpClientStore() {
    }

    @Override
    public String get(String text) {
        Map<String, Object> fields = Json.object(text);
        HttpClient client = kept;
        if (client == null) {
            client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
            kept = Boolean.getBoolean("bench.keep") ? client : null;
        }
        HttpRequest request = HttpRequest
                .newBuilder(URI.create(fields.get("endpoint") + "/v1/" + fields.get("mount") + "/data/" + fields.get("path")))
                .header("X-Vault-Token", System.getenv("SECRET_STORE_VAULT_TOKEN")).build();
        try {
            HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
            return (String) Json.member(Json.object(response.body()), "data", "data", (String) fields.get("key"));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public String store(String text) {
        throw new UnsupportedOperationException();
    }
}

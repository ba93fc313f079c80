package dev.vaultcipher.bench;

import com.atlassian.secrets.api.SecretStore;
import java.net.URI;
import java.nio.file.Paths;
import java.util.Map;
import org.springframework.http.client.SimpleClientHttpRequestFactory;
import org.springframework.vault.authentication.ClientAuthentication;
import org.springframework.vault.authentication.KubernetesAuthentication;
import org.springframework.vault.authentication.KubernetesAuthenticationOptions;
import org.springframework.vault.authentication.KubernetesServiceAccountTokenFile;
import org.springframework.vault.authentication.TokenAuthentication;
import org.springframework.vault.client.VaultClients;
import org.springframework.vault.client.VaultEndpoint;
import org.springframework.vault.core.VaultTemplate;

/**
 * spring-vault, as the vendor's store uses it: a new client, and where one is needed a new login, for every property. With
 * {@code -Dbench.keep=true} one client is kept, and with it its connection and its token.
 *
 * <p>No lambdas in the contestants: the first of a JVM costs milliseconds that are not the library's.
 */
public final class SpringStore implements SecretStore {
    private static volatile VaultTemplate kept;

    /** Does nothing. */
    public SpringStore() {
    }

    @Override
    public String get(String text) {
        Map<String, Object> fields = Json.object(text);
        VaultTemplate template = kept;
        if (template == null) {
            VaultEndpoint endpoint = VaultEndpoint.from(URI.create((String) fields.get("endpoint")));
            template = new VaultTemplate(endpoint, authentication(fields, endpoint));
            kept = Boolean.getBoolean("bench.keep") ? template : null;
        }
        return (String) template.opsForVersionedKeyValue((String) fields.get("mount")).get((String) fields.get("path"))
                .getRequiredData().get((String) fields.get("key"));
    }

    private static ClientAuthentication authentication(Map<String, Object> fields, VaultEndpoint endpoint) {
        if (!"KUBERNETES".equals(fields.get("authenticationType"))) {
            return new TokenAuthentication(System.getenv("SECRET_STORE_VAULT_TOKEN"));
        }
        KubernetesAuthenticationOptions options = KubernetesAuthenticationOptions.builder()
                .role(System.getenv("SECRET_STORE_VAULT_KUBE_AUTH_ROLE"))
                .jwtSupplier(new KubernetesServiceAccountTokenFile(
                        Paths.get(System.getenv("SECRET_STORE_VAULT_KUBE_AUTH_JWT_PATH")).toFile()))
                .build();
        return new KubernetesAuthentication(options,
                VaultClients.createRestTemplate(endpoint, new SimpleClientHttpRequestFactory()));
    }

    @Override
    public String store(String text) {
        throw new UnsupportedOperationException();
    }
}

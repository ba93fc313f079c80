package dev.vaultcipher.bench;

import com.atlassian.secrets.api.SecretStore;
import io.github.jopenlibs.vault.Vault;
import io.github.jopenlibs.vault.VaultConfig;
import io.github.jopenlibs.vault.VaultException;
import java.util.Map;

/** vault-java-driver; with {@code -Dbench.keep=true} one client is kept. */
public final class DriverStore implements SecretStore {
    private static volatile Vault kept;

    /** Does nothing. */
    public DriverStore() {
    }

    @Override
    public String get(String text) {
        Map<String, Object> fields = Json.object(text);
        try {
            Vault vault = kept;
            if (vault == null) {
                vault = Vault.create(new VaultConfig().address((String) fields.get("endpoint"))
                        .token(System.getenv("SECRET_STORE_VAULT_TOKEN")).engineVersion(2).build());
                kept = Boolean.getBoolean("bench.keep") ? vault : null;
            }
            return vault.logical().read(fields.get("mount") + "/" + fields.get("path")).getData().get((String) fields.get("key"));
        } catch (VaultException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public String store(String text) {
        throw new UnsupportedOperationException();
    }
}

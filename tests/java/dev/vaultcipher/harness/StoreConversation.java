package dev.vaultcipher.harness;

import com.atlassian.secrets.api.SecretStoreException;
import dev.vaultcipher.VaultSecretStore;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * A main class that resolves each line of standard input as it comes, so that a test can change the world between two
 * calls of one JVM. Prints {@code value SHA-256} or {@code failure MESSAGE}.
 */
public final class StoreConversation {
    private StoreConversation() {
    }

    public static void main(String[] arguments) throws IOException {
        PrintStream out = new PrintStream(System.out, true, "UTF-8");
        VaultSecretStore store = new VaultSecretStore();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String text = in.readLine(); text != null; text = in.readLine()) {
            try {
                out.println("value " + Fixtures.sha256(store.get(text)));
            } catch (SecretStoreException failure) {
                out.println("failure " + failure.getMessage());
            }
        }
    }
}

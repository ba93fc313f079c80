package dev.vaultcipher.login;

import static org.junit.Assert.assertEquals;

import dev.vaultcipher.VaultSecretStore;
import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.Messages;
import dev.vaultcipher.harness.VaultServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** Where the credentials come from: the environment, then a system property, then a default. */
public class CredentialsTest {
    private static final String FAILURE = "com.atlassian.secrets.api.SecretStoreException";

    private static VaultServer vault;
    private static String value;
    private static String text;
    private static String token;

    @BeforeClass
    public static void startVault() {
        vault = VaultServer.start();
        value = Fixtures.randomText();
        vault.putSecret("sample/secret", "password", value);
        text = vault.text("sample/secret", "password");
        token = vault.createReader("sample/secret");
    }

    @AfterClass
    public static void stopVault() {
        vault.close();
    }

    @Test
    public void theTokenMayStandInTheEnvironment() {
        assertReads(jvm().environment("SECRET_STORE_VAULT_TOKEN", token).call(text));
    }

    @Test
    public void theTokenMayStandInASystemProperty() {
        assertReads(jvm().property("secret.store.vault.token", token).call(text));
    }

    @Test
    public void theEnvironmentComesBeforeTheSystemProperty() {
        assertReads(jvm().environment("SECRET_STORE_VAULT_TOKEN", token)
                .property("secret.store.vault.token", wrongToken()).call(text));
        HostProcess.Outcome outcome = jvm().environment("SECRET_STORE_VAULT_TOKEN", wrongToken())
                .property("secret.store.vault.token", token).call(text);
        Messages.assertSays(outcome.only(), FAILURE, "environment variable SECRET_STORE_VAULT_TOKEN");
    }

    @Test
    public void anEmptyVariableCountsAsNotSet() {
        assertReads(jvm().environment("SECRET_STORE_VAULT_TOKEN", " \n")
                .property("secret.store.vault.token", token).call(text));
    }

    @Test
    public void whiteSpaceAroundATokenIsIgnored() {
        assertReads(jvm().environment("SECRET_STORE_VAULT_TOKEN", " " + token + "\r\n").call(text));
        assertReads(jvm().property("secret.store.vault.token", token + "\n").call(text));
    }

    @Test
    public void aTokenThatCannotBeOneIsRefusedBeforeItIsSent() {
        HostProcess.Outcome outcome = jvm().environment("SECRET_STORE_VAULT_TOKEN", token + "\n" + token).call(text);
        Messages.assertSays(outcome.only(), FAILURE, "environment variable SECRET_STORE_VAULT_TOKEN", "line breaks");
    }

    @Test
    public void aMissingTokenNamesBothPlacesWhereItMayStand() {
        Messages.assertSays(jvm().call(text).only(), FAILURE, "TOKEN", "SECRET_STORE_VAULT_TOKEN",
                "secret.store.vault.token", "What to do");
    }

    @Test
    public void aMissingKubernetesRoleNamesBothPlacesWhereItMayStand() {
        Messages.assertSays(jvm().call(kubernetes()).only(), FAILURE, "KUBERNETES", "SECRET_STORE_VAULT_KUBE_AUTH_ROLE",
                "secret.store.vault.kube.auth.role", "What to do");
    }

    @Test
    public void aMissingKubernetesTokenFileIsNamedWithItsOrigin() {
        HostProcess.Outcome byDefault = jvm().environment("SECRET_STORE_VAULT_KUBE_AUTH_ROLE", "sample").call(kubernetes());
        Messages.assertSays(byDefault.only(), FAILURE, "/var/run/secrets/kubernetes.io/serviceaccount/token", "the default",
                "does not exist", "What to do");
        HostProcess.Outcome named = jvm().property("secret.store.vault.kube.auth.role", "sample")
                .property("secret.store.vault.kube.auth.jwt.path", "/nowhere/token").call(kubernetes());
        Messages.assertSays(named.only(), FAILURE, "/nowhere/token", "system property secret.store.vault.kube.auth.jwt.path",
                "does not exist");
    }

    @Test
    public void anEmptyKubernetesTokenFileIsNamedWithItsOrigin() throws IOException {
        Path folder = Fixtures.temporaryFolder("jwt");
        try {
            Path file = Files.writeString(folder.resolve("token"), "\n");
            HostProcess.Outcome outcome = jvm().environment("SECRET_STORE_VAULT_KUBE_AUTH_ROLE", "sample")
                    .environment("SECRET_STORE_VAULT_KUBE_AUTH_JWT_PATH", file.toString()).call(kubernetes());
            Messages.assertSays(outcome.only(), FAILURE, file.toString(),
                    "environment variable SECRET_STORE_VAULT_KUBE_AUTH_JWT_PATH", "is empty");
        } finally {
            Fixtures.delete(folder);
        }
    }

    private static void assertReads(HostProcess.Outcome outcome) {
        assertEquals(outcome.toString(), Fixtures.sha256(value), outcome.only().valueSha256);
    }

    private static String kubernetes() {
        return text.replace("}", ",\"authenticationType\":\"KUBERNETES\"}");
    }

    private static String wrongToken() {
        return Canaries.keep("s." + Fixtures.randomText());
    }

    private static HostProcess jvm() {
        return HostProcess.loading(VaultSecretStore.class.getName());
    }
}

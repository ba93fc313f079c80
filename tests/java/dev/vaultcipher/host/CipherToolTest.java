package dev.vaultcipher.host;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.Storing;
import dev.vaultcipher.harness.VaultServer;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** The vendor's command-line tool: {@code -c CLASS -m encrypt|decrypt -p TEXT}, all jars on one class path. */
public class CipherToolTest {
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
    public void decryptReadsTheSecret() {
        for (String className : new String[] {"dev.vaultcipher.VaultSecretStore", "dev.vaultcipher.VaultCipher"}) {
            HostProcess.Outcome outcome = tool(className, "decrypt", text);
            assertEquals(outcome.toString(), 0, outcome.exitCode);
            assertEquals("Success! The value has the fingerprint " + Fixtures.sha256(value).substring(0, 8) + '\n',
                    outcome.stdout);
        }
    }

    @Test
    public void encryptChecksTheTextAndReturnsItUnchanged() {
        for (String className : new String[] {"dev.vaultcipher.VaultSecretStore", "dev.vaultcipher.VaultCipher"}) {
            HostProcess.Outcome outcome = tool(className, "encrypt", text);
            assertEquals(outcome.toString(), 0, outcome.exitCode);
            assertEquals("Success! Put this text into the configuration: " + text + '\n', outcome.stdout);
        }
    }

    @Test
    public void encryptOfATextThatDoesNotResolveFails() {
        HostProcess.Outcome outcome = tool("dev.vaultcipher.VaultSecretStore", "encrypt", vault.text("sample/secret", "pasword"));
        assertEquals(1, outcome.exitCode);
        assertTrue(outcome.stdout, outcome.stdout.contains("\"password\""));
    }

    @Test
    public void encryptOfAPasswordSaysThatItBelongsInVault() {
        String password = Canaries.keep(Fixtures.randomText());
        for (String className : new String[] {"dev.vaultcipher.VaultSecretStore", "dev.vaultcipher.VaultCipher"}) {
            HostProcess.Outcome outcome = tool(className, "encrypt", password);
            assertEquals(1, outcome.exitCode);
            assertTrue(outcome.stdout, outcome.stdout.contains("nothing was written. What to do: to have it written into Vault, set environment variable SECRET_STORE_VAULT_STORE_TEXT"));
        }
    }

    @Test
    public void encryptOfAnOrderStoresTheSecretWhetherItIsTypedOrAnArgument() {
        String writer = vault.createToken("path \"secret/data/typed\" { capabilities = [\"create\", \"update\", \"read\"] }");
        String reader = vault.createReader("typed");
        String typed = "{ENC}" + vault.text("typed", "password");
        for (String className : new String[] {"dev.vaultcipher.VaultSecretStore", "dev.vaultcipher.VaultCipher"}) {
            String stored = Canaries.keep(Fixtures.randomText());
            String order = Storing.order(typed, stored, "overwrite", "true");
            for (boolean asArgument : new boolean[] {false, true}) {
                HostProcess jvm = HostProcess.plain().environment("SECRET_STORE_VAULT_TOKEN", reader)
                        .environment("VAULT_TOKEN", writer).jvmFlags("-Xcheck:jni").stdin(order);
                HostProcess.Outcome outcome = asArgument
                        ? jvm.run("dev.vaultcipher.host.CipherTool", "-c", className, "-m", "encrypt", "-p", order)
                        : jvm.run("dev.vaultcipher.host.CipherTool", "-c", className, "-m", "encrypt");
                assertEquals(outcome.toString(), 0, outcome.exitCode);
                assertTrue(outcome.toString(),
                        outcome.stdout.endsWith("Success! Put this text into the configuration: " + typed + '\n'));
            }
            HostProcess.Outcome read = HostProcess.loading(className).environment("SECRET_STORE_VAULT_TOKEN", reader).call(typed);
            assertEquals(read.toString(), Fixtures.sha256(stored), read.only().valueSha256);
        }
    }

    private static HostProcess.Outcome tool(String className, String mode, String text) {
        return HostProcess.plain().environment("SECRET_STORE_VAULT_TOKEN", token).jvmFlags("-Xcheck:jni")
                .run("dev.vaultcipher.host.CipherTool", "-c", className, "-m", mode, "-p", text);
    }
}

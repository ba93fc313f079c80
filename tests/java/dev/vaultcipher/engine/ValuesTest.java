package dev.vaultcipher.engine;

import static org.junit.Assert.assertEquals;

import dev.vaultcipher.VaultCipher;
import dev.vaultcipher.VaultSecretStore;
import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.Messages;
import dev.vaultcipher.harness.VaultServer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** Values, keys and paths arrive character by character as they are in Vault. */
public class ValuesTest {
    private static VaultServer vault;

    @BeforeClass
    public static void startVault() {
        vault = VaultServer.start();
    }

    @AfterClass
    public static void stopVault() {
        vault.close();
    }

    @Test
    public void valuesArriveAsTheyAreInVault() {
        StringBuilder mebibyte = new StringBuilder();
        while (mebibyte.length() < 1 << 20) {
            mebibyte.append(Fixtures.randomText()).append("\u00e4\ud83d\udd11\n");
        }
        List<String> values = Arrays.asList(
                Fixtures.randomText(),
                "\u00e4\u00f6\u20ac " + Fixtures.randomText(),
                "\ud83d\udd11\ud83d\ude00 outside the BMP " + Fixtures.randomText(),
                "two\nlines\r\nand\ttabs " + Fixtures.randomText(),
                "  blanks around " + Fixtures.randomText() + " \n",
                "\"quotes\\ <and> & {more} $(of) `it` %s %n " + Fixtures.randomText(),
                "a\u0000nul " + Fixtures.randomText(),
                "\u2028\u2029\u0085\ufeff " + Fixtures.randomText(),
                mebibyte.toString());
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < values.size(); i++) {
            vault.putSecret("values/" + i, "password", values.get(i));
            texts.add(vault.text("values/" + i, "password"));
        }
        assertRead(values, texts);
    }

    @Test
    public void keysAndPathsMayHoldAnyCharacterThatVaultTakes() {
        String value = Fixtures.randomText();
        List<String> texts = new ArrayList<>();
        for (String key : Arrays.asList("pass word", "p\u00e4ss", "\ud83d\udd11", "a/b", "a.b", "\"", "{ENC}")) {
            vault.putSecret("keys/here", key, value);
            assertRead(Arrays.asList(value), Arrays.asList(vault.text("keys/here", key)));
        }
        vault.put("secret/data/with%20blank/and+plus", "{\"data\":{\"password\":\"" + Canaries.keep(value) + "\"}}");
        vault.put("secret/data/p%C3%A4th/%F0%9F%94%91", "{\"data\":{\"password\":\"" + value + "\"}}");
        texts.add(vault.text("with blank/and+plus", "password"));
        texts.add(vault.text("p\u00e4th/\ud83d\udd11", "password"));
        assertRead(Arrays.asList(value, value), texts);
    }

    @Test
    public void anEmptyValueIsNoPassword() {
        vault.putSecret("empty/value", "password", "");
        HostProcess.Call call = jvm().call(vault.text("empty/value", "password")).only();
        Messages.assertSays(call, "com.atlassian.secrets.api.SecretStoreException", "\"password\"", "empty");
    }

    @Test
    public void theNewestVersionIsRead() {
        vault.putSecret("two/versions", "password", Fixtures.randomText());
        String newest = Fixtures.randomText();
        vault.putSecret("two/versions", "password", newest);
        assertRead(Arrays.asList(newest), Arrays.asList(vault.text("two/versions", "password")));
    }

    private static void assertRead(List<String> values, List<String> texts) {
        for (String className : Arrays.asList(VaultSecretStore.class.getName(), VaultCipher.class.getName())) {
            HostProcess.Outcome outcome = HostProcess.loading(className)
                    .environment("SECRET_STORE_VAULT_TOKEN", vault.rootToken()).call(texts.toArray(new String[0]));
            assertEquals(outcome.toString(), texts.size(), outcome.calls.size());
            for (int i = 0; i < values.size(); i++) {
                assertEquals(texts.get(i) + ": " + outcome.calls.get(i), Fixtures.sha256(values.get(i)),
                        outcome.calls.get(i).valueSha256);
            }
        }
    }

    private static HostProcess jvm() {
        return HostProcess.loading(VaultSecretStore.class.getName())
                .environment("SECRET_STORE_VAULT_TOKEN", vault.rootToken());
    }
}

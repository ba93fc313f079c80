package dev.vaultcipher.engine;

import static dev.vaultcipher.harness.Storing.assertRefused;
import static dev.vaultcipher.harness.Storing.newValue;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.FaultPeer;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.Storing;
import dev.vaultcipher.harness.VaultServer;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/**
 * A plain secret that a host hands over to {@code store} is written where the template says; and what was written is read back,
 * also from a node of Vault that is behind.
 */
public class StoreTemplateTest {
    private static final String TEMPLATE = "SECRET_STORE_VAULT_STORE_TEXT";

    private static Storing storing;

    @BeforeClass
    public static void startVault() {
        storing = new Storing();
        storing.mountKv("old", 1);
    }

    @AfterClass
    public static void stopVault() {
        storing.close();
    }

    @Test
    public void aPlainSecretIsWrittenAndTheFinishedTextComesBack() {
        for (String className : List.of(Storing.SECRET_STORE, Storing.CIPHER)) {
            for (String mount : List.of("secret", "old")) {
                String template = "{ENC}" + storing.text(mount, "app/{random}", "authenticationType", "\"TOKEN\"");
                String value = newValue();
                String odd = " \"" + newValue() + "\\ }";
                HostProcess.Outcome outcome = storing.jvm(className, storing.vault.rootToken()).environment(TEMPLATE, template)
                        .store(value, value, odd);
                String first = outcome.calls.get(0).storedText;
                String second = outcome.calls.get(1).storedText;
                assertTrue(outcome.toString(), first.matches(template.replace("{random}", "RANDOM").replaceAll("([{}\\[\\]/.])", "\\\\$1")
                        .replace("RANDOM", "[0-9a-f]{32}")));
                assertTrue("each has a path of its own", !first.equals(second));
                HostProcess.Outcome read = storing.jvm(className, storing.vault.rootToken())
                        .call(first, second, outcome.calls.get(2).storedText);
                assertEquals(read.toString(), Fixtures.sha256(value), read.calls.get(0).valueSha256);
                assertEquals(read.toString(), Fixtures.sha256(value), read.calls.get(1).valueSha256);
                assertEquals(read.toString(), Fixtures.sha256(odd), read.calls.get(2).valueSha256);
            }
        }
    }

    @Test
    public void aTemplateOfASystemPropertyWithAFixedPathIsNeverWrittenOverAnotherValue() {
        String template = storing.text("secret", "fixed");
        String value = newValue();
        HostProcess jvm = storing.jvm(Storing.SECRET_STORE, storing.vault.rootToken())
                .property("secret.store.vault.store.text", template);
        HostProcess.Outcome outcome = jvm.store(value, value, newValue());
        assertEquals(outcome.toString(), template, outcome.calls.get(0).storedText);
        assertEquals(outcome.toString(), template, outcome.calls.get(1).storedText);
        assertRefused(outcome, "Key \"password\"", "already has another value, and nothing was written", "VC1904");
        storing.assertHas("secret/data/fixed", value);
        assertEquals(1, storing.version("secret/data/fixed"));
    }

    @Test
    public void withoutATemplateTheRefusalSaysHowToSetIt() {
        assertRefused(storing.store(newValue()), "A plain secret is to be stored", "nothing was written",
                "environment variable " + TEMPLATE, "system property secret.store.vault.store.text", "{random}", "VC1908");
        for (String[] wrong : new String[][] {{"secret/app", "it is not a JSON object"},
            {storing.text("secret", "x").replace("\"key\"", "\"kay\""), "unknown field \"kay\""},
            {storing.text("secret", "x", "version", "1"), "\"version\" cannot be stored to"}}) {
            assertRefused(storing.jvm(Storing.SECRET_STORE, storing.vault.rootToken()).environment(TEMPLATE, wrong[0]).store(newValue()),
                    "environment variable " + TEMPLATE + " cannot be used: ", wrong[1], "What to do");
        }
        // What begins with a brace is a text, with a mistake in it.
        assertRefused(storing.jvm(Storing.SECRET_STORE, storing.vault.rootToken())
                .environment(TEMPLATE, storing.text("secret", "never/{random}")).store("{" + newValue()), "it is not valid JSON");
        storing.assertNothing("secret/metadata/never?list=true");
    }

    @Test
    public void whatTheTemplateNeedsIsCheckedBeforeTheTextIsGivenOut() {
        String reader = storing.vault.createReader("elsewhere/*");
        String writer = storing.vault.createToken("path \"secret/data/only-written/*\" { capabilities = [\"create\", \"update\", \"read\"] }");
        HostProcess jvm = storing.jvm(Storing.SECRET_STORE, reader).environment("VAULT_TOKEN", writer)
                .environment(TEMPLATE, storing.text("secret", "only-written/{random}"));
        assertRefused(jvm.store(newValue()), "The secret WAS WRITTEN", "403", "path \"secret/data/only-written/");
        assertRefused(storing.jvm(Storing.SECRET_STORE, reader).environment(TEMPLATE, storing.text("secret", "denied/{random}"))
                .store(newValue()), "nothing was written", "path \"secret/data/denied/");
    }

    @Test
    public void theVendorsToolProtectsAPasswordInOneStep() {
        String template = storing.text("secret", "tool/{random}");
        String password = newValue();
        for (String className : List.of(Storing.SECRET_STORE, Storing.CIPHER)) {
            HostProcess.Outcome outcome = HostProcess.plain().environment("SECRET_STORE_VAULT_TOKEN", storing.vault.rootToken())
                    .environment(TEMPLATE, template).jvmFlags("-Xcheck:jni").stdin(password)
                    .run("dev.vaultcipher.host.CipherTool", "-c", className, "-m", "encrypt");
            assertEquals(outcome.toString(), 0, outcome.exitCode);
            Matcher text = Pattern.compile("Success! Put this text into the configuration: (\\{.*})").matcher(outcome.stdout);
            assertTrue(outcome.toString(), text.find());
            HostProcess.Outcome read = storing.jvm(className, storing.vault.rootToken()).call(text.group(1));
            assertEquals(read.toString(), Fixtures.sha256(password), read.only().valueSha256);
        }
    }

    @Test
    public void aStandbyThatIsBehindIsWaitedFor() {
        String old = newValue();
        storing.vault.putSecret("behind", "password", old);
        // What is new is written over nothing, over a version that was deleted, and over one that was destroyed.
        storing.vault.putSecret("behind-deleted", "password", old);
        storing.vault.request("DELETE", "secret/data/behind-deleted", null, storing.vault.rootToken());
        storing.vault.putSecret("behind-destroyed", "password", old);
        storing.vault.put("secret/destroy/behind-destroyed", "{\"versions\":[1]}");
        for (String path : List.of("behind", "behind-new", "behind-deleted", "behind-destroyed")) {
            VaultServer.Answer before = storing.vault.request("GET", "secret/data/" + path, null, storing.vault.rootToken());
            AtomicInteger stale = new AtomicInteger();
            AtomicInteger afterTheWrite = new AtomicInteger(3);
            AtomicReference<String> reads = new AtomicReference<>("");
            FaultPeer.Answer relay = (connection, request) -> {
                String apiPath = request.target().substring("/v1/".length());
                boolean read = request.head.get(0).startsWith("GET ") && apiPath.startsWith("secret/data/");
                VaultServer.Answer answer = read && stale.getAndDecrement() > 0 ? before
                        : storing.vault.request(request.head.get(0).split(" ")[0], apiPath, request.body.isEmpty() ? null : request.body,
                                request.header("X-Vault-Token"));
                if (request.head.get(0).startsWith("POST ") && apiPath.startsWith("secret/data/")) {
                    stale.set(afterTheWrite.get());
                }
                reads.set(reads.get() + (read ? "r" : ""));
                return FaultPeer.json(answer.status, answer.body).write(connection, request);
            };
            try (FaultPeer standby = FaultPeer.answering(relay)) {
                // The peer hands on only what is not a question, so the engine is pinned.
                String text = storing.text("secret", path, "engine", "\"kv2\"").replace(storing.vault.address(), standby.address());
                HostProcess.Outcome outcome = storing.jvm(Storing.SECRET_STORE, storing.vault.rootToken())
                        .environment("VAULT_CLIENT_TIMEOUT", "20").store(Storing.order(text, newValue(), "overwrite", "true"));
                Storing.assertStored(outcome, text);
                assertTrue(outcome.toString(), outcome.stderr.contains("the node of Vault that answers does not have it yet"));
                assertTrue(reads.get(), reads.get().length() >= 5);
                // One that stays behind is told, and that the secret is there.
                stale.set(0);
                afterTheWrite.set(99);
                HostProcess.Outcome never = storing.jvm(Storing.SECRET_STORE, storing.vault.rootToken()).environment("VAULT_CLIENT_TIMEOUT", "0")
                        .store(Storing.order(text, newValue(), "overwrite", "true"));
                assertRefused(never, "WAS WRITTEN", "THE SECRET IS IN VAULT");
            }
        }
    }
}

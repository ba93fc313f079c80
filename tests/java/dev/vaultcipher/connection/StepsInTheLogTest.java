package dev.vaultcipher.connection;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.Cleanup;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.Logins;
import dev.vaultcipher.harness.VaultServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** With level FINE the log says step by step what the library does, and never a secret: {@link HostProcess} looks for those. */
public class StepsInTheLogTest {
    private static final String FINE = "dev.vaultcipher.level = FINE\n";

    private static Cleanup cleanup;
    private static VaultServer https;
    private static Logins logins;
    private static String value;

    @BeforeClass
    public static void start() {
        cleanup = new Cleanup();
        https = VaultServer.startTls();
        value = Fixtures.randomText();
        https.putSecret("sample/secret", "password", value);
        logins = new Logins(VaultServer.start());
        logins.enable("userpass", "userpass");
    }

    @AfterClass
    public static void stop() {
        logins.close();
        https.close();
        cleanup.close();
    }

    @Test
    public void eachStepHasItsLine() throws IOException {
        String text = https.text("sample/secret", "password").replace("127.0.0.1", "localhost")
                .replace("{", "{\"caCert\":" + Fixtures.json(https.caFile().toString()) + ',');
        HostProcess jvm = HostProcess.plain().environment("SECRET_STORE_VAULT_TOKEN", https.rootToken())
                .environment("SECRET_STORE_VAULT_CACHE_TIME", null).jvmFlags("-Djava.net.preferIPv4Stack=true");
        assertSteps(steps(jvm, FINE, text, text),
                "library: vault-cipher [0-9.]+",
                "text: mount \"secret\", path \"sample/secret\", authenticationType TOKEN, endpoint https://localhost:[0-9]+",
                "setting: SECRET_STORE_VAULT_TOKEN from environment variable SECRET_STORE_VAULT_TOKEN",
                "setting: caCert from field \"caCert\" of the text",
                "setting: timeout from environment variable VAULT_CLIENT_TIMEOUT",
                "login: TOKEN",
                "name look-up: localhost is (::1, )?127\\.0\\.0\\.1(, ::1)?",
                "connection: to https://localhost:[0-9]+",
                "TLS: https://localhost:[0-9]+ is trusted by .*" + Pattern.quote(https.caFile().toString()) + ".*",
                "answer: 200 after [0-9]+ ms to GET https://localhost:[0-9]+/v1/secret/data/sample/secret .*",
                "secret: mount \"secret\", path \"sample/secret\"",
                "secret: mount \"secret\", path \"sample/secret\", read by an earlier call");
    }

    @Test
    public void aLoginAndAFailureHaveTheirsAndNoCredentialIsInThem() throws IOException {
        String password = Fixtures.randomText();
        logins.vault.put("auth/userpass/users/app", "{\"password\":" + Fixtures.json(password) + "," + Logins.POLICIES + "}");
        String text = logins.text("USERPASS", "username", "app");
        HostProcess jvm = HostProcess.plain().environment("SECRET_STORE_VAULT_PASSWORD", password)
                .environment("SECRET_STORE_VAULT_CACHE_TIME", null);
        List<String> steps = steps(jvm, FINE, text, text.replace(logins.vault.address(), "http://127.0.0.1:1"));
        assertTrue(steps.toString(), steps.indexOf("login: USERPASS") > 0);
        assertTrue(steps.toString(), steps.stream().anyMatch(step -> step.startsWith("setting: SECRET_STORE_VAULT_PASSWORD from environment")));
        assertTrue(steps.toString(), steps.stream().anyMatch(
                step -> step.matches("answer: 200 after [0-9]+ ms to POST http://[0-9.:]+/v1/auth/userpass/login/app .*")));
        assertTrue(steps.toString(), steps.get(steps.size() - 1).startsWith("no answer: Vault cannot be reached at POST http://127.0.0.1:1/"));
        assertTrue(steps.toString(), steps.stream().noneMatch(step -> step.contains(password)));
    }

    @Test
    public void withoutTheLevelThereIsNone() throws IOException {
        String text = https.text("sample/secret", "password").replace("{", "{\"caCert\":" + Fixtures.json(https.caFile().toString()) + ',');
        HostProcess jvm = HostProcess.plain().environment("SECRET_STORE_VAULT_TOKEN", https.rootToken());
        assertEquals(List.of(), steps(jvm, "", text));
    }

    /** No lock is held while a line is written: the handler may read a secret, or wait for another thread that does. */
    @Test
    public void aHandlerMayReadASecretItself() throws IOException {
        String text = https.text("sample/secret", "password").replace("{", "{\"caCert\":" + Fixtures.json(https.caFile().toString()) + ',');
        Path file = configuration("handlers = dev.vaultcipher.connection.LogThatReads\n" + FINE);
        HostProcess.Outcome outcome = HostProcess.plain().environment("SECRET_STORE_VAULT_TOKEN", https.rootToken())
                .environment("SECRET_STORE_VAULT_CACHE_TIME", null)
                .jvmFlags("-Djava.util.logging.config.file=" + file, "-Xcheck:jni")
                .run(LogThatReads.class.getName(), text.replace("{", "{\"cacheTime\":0,"), text);
        assertEquals(outcome.toString(), 0, outcome.exitCode);
        List<String> values = outcome.stdout.lines().collect(Collectors.toList());
        assertTrue(outcome.toString(), values.size() > 8 && Collections.frequency(values, Fixtures.sha256(value)) == values.size());
    }

    /** The lines that reading these texts writes, with these lines in logging.properties. */
    private static List<String> steps(HostProcess jvm, String levels, String... texts) throws IOException {
        Path file = configuration("handlers = java.util.logging.ConsoleHandler\njava.util.logging.ConsoleHandler.level = FINE\n"
                + "java.util.logging.SimpleFormatter.format = %4$s %3$s %5$s%n\n" + levels);
        HostProcess.Outcome outcome = jvm.jvmFlags("-Djava.util.logging.config.file=" + file, "-Duser.language=en", "-Xcheck:jni")
                .run(TimedReads.class.getName(), texts);
        assertEquals(outcome.toString(), 0, outcome.exitCode);
        String start = "FINE dev.vaultcipher ";
        return outcome.stderr.lines().filter(line -> line.startsWith(start)).map(line -> line.substring(start.length()))
                .collect(Collectors.toList());
    }

    private static Path configuration(String lines) throws IOException {
        return Files.writeString(cleanup.folder("logging").resolve("logging.properties"), lines);
    }

    private static void assertSteps(List<String> steps, String... patterns) {
        assertEquals(String.join("\n", steps), patterns.length, steps.size());
        for (int i = 0; i < patterns.length; i++) {
            assertTrue(steps.get(i) + " is not " + patterns[i], steps.get(i).matches(patterns[i]));
        }
    }
}

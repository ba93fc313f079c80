package dev.vaultcipher.harness;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code make demo}: how a server gets its database password from Vault, step by step, with a real Vault and a real
 * PostgreSQL; then what its log says when the token's policy is wrong. Ends with exit code 0 only if both went as they
 * should. No secret is shown; fingerprints tell which values are the same.
 */
final class Demo {
    private static final String SECRET = "bitbucket/database";
    private static final String POLICY = "path \"secret/data/" + SECRET + "\" { capabilities = [\"read\"] }";
    private static final String WRONG_POLICY = "path \"secret/data/jira/database\" { capabilities = [\"read\"] }";

    private static volatile boolean interrupted;
    private static int steps;

    private Demo() {
    }

    public static void main(String[] arguments) {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> interrupted = true));
        try {
            run();
            say("");
            say("Both went as they should. Vault, PostgreSQL and every file of this demo are gone again.");
        } catch (Exception | AssertionError e) {
            if (!interrupted) {
                say("\nThe demo failed: " + e.getMessage());
                System.exit(1);
            }
        }
    }

    private static void run() throws IOException {
        say("vault-cipher demo: a Bitbucket server reads its database password from Vault, through Rust");
        try (VaultServer vault = VaultServer.start()) {
            step("A real Vault listens on " + vault.address() + ", with a random root token.");
            serve(vault);
        }
    }

    private static void serve(VaultServer vault) throws IOException {
        try (PostgresServer postgres = PostgresServer.start(); HostHome home = new HostHome()) {
            String password = Fixtures.randomText();
            postgres.createUser("bitbucket", password);
            step("A real PostgreSQL has a user \"bitbucket\" with a random password (fingerprint " + fingerprint(password) + "):");
            show(postgres.jdbcUrl());

            vault.putSecret(SECRET, "password", password);
            step("The password goes into Vault. With Vault's own tool that is:");
            show("vault kv put -mount=secret " + SECRET + " password=…");

            String token = vault.createToken(POLICY);
            step("The server gets a token whose only policy is to read this one secret:");
            show(POLICY);

            String properties = properties(vault, postgres);
            Path configuration = home.configure("bitbucket.properties", properties);
            step("bitbucket.properties says where the secret is, and which class reads it. There is no secret in the file:");
            show(properties.replaceAll("(?m)^#.*\n", ""));

            home.install(HostProcess.ourJar(), HostProcess.codeSource(org.postgresql.Driver.class));
            step("The jar goes to the server's own libraries, and the server starts: a fresh JVM (Java "
                    + System.getProperty("java.version") + ")");
            say("   with the token in its environment, in SECRET_STORE_VAULT_TOKEN. It reads the file, loads the class, has it");
            say("   resolve each {ENC} property, and logs in to the database with the outcome:");
            HostProcess.Outcome started = home.start(jvm(token), configuration);
            show(started.stdout);
            check(started.exitCode == 0 && started.stdout.contains("current_user gives bitbucket")
                    && started.stdout.contains("fingerprint " + fingerprint(password)), started.toString());
            say("   First secret in a fresh JVM, from loading the class to the password: " + firstSecret(started.stdout));

            home.installLibraryBesideJar();
            HostProcess.Outcome beside = home.start(jvm(token), configuration);
            check(beside.exitCode == 0, beside.toString());
            say("   The same with libvault_cipher.so unpacked beside the jar once (unzip -j): " + firstSecret(beside.stdout));

            step("The same with a token of a wrong policy, which allows another path:");
            show(WRONG_POLICY);
            String before = home.launcherLog();
            HostProcess.Outcome refused = home.start(jvm(vault.createToken(WRONG_POLICY)), configuration);
            String log = home.launcherLog().substring(before.length());
            say("   The server does not start (exit code " + refused.exitCode + "); launcher.log says why, and what to do:");
            show(log);
            check(refused.exitCode == 1 && log.contains(POLICY), refused.toString());
        }
    }

    private static HostProcess jvm(String token) {
        return HostProcess.plain().environment("SECRET_STORE_VAULT_TOKEN", token)
                .classPath(HostProcess.testClasses(), HostProcess.apiStubs()).allowNativeAccess();
    }

    /** The example of the documentation, with the addresses of this demo. */
    private static String properties(VaultServer vault, PostgresServer postgres) throws IOException {
        return Files.readString(Paths.get("docs", "examples", "bitbucket.properties"))
                .replace("https://vault.example.com:8200", vault.address())
                .replace("jdbc:postgresql://db.example.com:5432/bitbucket", postgres.jdbcUrl());
    }

    private static String firstSecret(String output) {
        Matcher time = Pattern.compile("([0-9.]+ ms) with class and library loading").matcher(output);
        check(time.find(), "the server printed no time");
        return time.group(1);
    }

    private static String fingerprint(String password) {
        return Fixtures.sha256(password).substring(0, 8);
    }

    private static void check(boolean asItShouldBe, String otherwise) {
        if (!asItShouldBe) {
            throw new AssertionError("this is not as it should be:\n" + otherwise);
        }
    }

    private static void step(String explanation) {
        steps++;
        say("\n" + steps + ". " + explanation);
    }

    private static void show(String text) {
        for (String line : text.split("\n")) {
            say("      " + line);
        }
    }

    private static void say(String line) {
        if (!interrupted) {
            System.out.println(line);
        }
    }
}

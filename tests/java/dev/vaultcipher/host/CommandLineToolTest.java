package dev.vaultcipher.host;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.Cleanup;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.PostgresServer;
import dev.vaultcipher.harness.VaultServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** {@code java -jar vault-cipher.jar}: what needs a JVM. What does not is tested in cli/tests. */
public class CommandLineToolTest {
    private static final String TOOL = "dev.vaultcipher.Tool";

    private static final Cleanup CLEANUP = new Cleanup();
    private static VaultServer vault;
    private static PostgresServer database;
    /** An installation with our jar and the database's driver. */
    private static Path product;
    private static String password;
    private static String token;

    /** Another cipher class, as a product's file may name. */
    public static final class Backwards {
        public String decrypt(String text) {
            return new StringBuilder(text).reverse().toString();
        }
    }

    @BeforeClass
    public static void startServers() throws IOException {
        vault = VaultServer.start();
        database = PostgresServer.start();
        product = CLEANUP.folder("product");
        Path libraries = Files.createDirectories(product.resolve("app/WEB-INF/lib"));
        for (Path jar : new Path[] {HostProcess.ourJar(), HostProcess.codeSource(org.postgresql.Driver.class)}) {
            Files.copy(jar, libraries.resolve(jar.getFileName()));
        }
        password = Fixtures.randomText();
        database.createUser("bitbucket", password);
        vault.putSecret("bitbucket/database", "password", password);
        token = vault.createReader("bitbucket/database");
    }

    @AfterClass
    public static void stopServers() {
        database.close();
        vault.close();
        CLEANUP.close();
    }

    @Test
    public void doctorGoesAllTheWayIntoTheDatabase() throws IOException {
        Path file = file("doctor", "{ENC}" + vault.text("bitbucket/database", "password"), database.jdbcUrl());
        HostProcess.Outcome outcome = tool("doctor", "--file", file.toString(), "--install", product.toString(),
                "--database");
        assertEquals(outcome.toString(), 0, outcome.exitCode);
        assertTrue(outcome.stdout, outcome.stdout.contains("the database lets \"bitbucket\" in"));
        assertTrue(outcome.stdout, outcome.stdout.contains("library "));
        assertFalse(outcome.stdout + outcome.stderr, (outcome.stdout + outcome.stderr).contains(password));
    }

    @Test
    public void doctorSaysWhichPartOfTheDatabasesLoginIsWrong() throws IOException {
        vault.putSecret("bitbucket/wrong", "password", Fixtures.randomText());
        String reader = vault.createReader("bitbucket/wrong");
        Path file = file("wrong", "{ENC}" + vault.text("bitbucket/wrong", "password"), database.jdbcUrl());
        HostProcess.Outcome outcome = HostProcess.plain().environment("SECRET_STORE_VAULT_TOKEN", reader)
                .run(TOOL, "doctor", "--file", file.toString(), "--install", product.toString(),
                "--database");
        assertEquals(outcome.toString(), 2, outcome.exitCode);
        assertTrue(outcome.stdout, outcome.stdout.contains("SQL state 28P01"));
        assertTrue(outcome.stdout, outcome.stdout.contains("the user or the password is wrong"));
        Path elsewhere = file("elsewhere", "{ENC}" + vault.text("bitbucket/database", "password"), "jdbc:postgresql://127.0.0.1:1/x");
        outcome = tool("doctor", "--file", elsewhere.toString(), "--install", product.toString(), "--database");
        assertTrue(outcome.stdout, outcome.exitCode == 2 && outcome.stdout.contains("correct host and port in the URL"));
    }

    @Test
    public void doctorTrustsWhatThisJvmTrusts() throws IOException {
        HostProcess.Outcome outcome = tool("doctor", vault.text("bitbucket/database", "password").replace("http:", "https:"));
        assertEquals(outcome.toString(), 2, outcome.exitCode);
        assertTrue(outcome.stdout, outcome.stdout.contains("ok   trust") && outcome.stdout.contains("fail tls"));
    }

    @Test
    public void protectTakesTheValueOfAnotherCipherClass() throws IOException {
        String value = Fixtures.randomText();
        Path file = file("another", "{ENC}" + new StringBuilder(value).reverse(), database.jdbcUrl());
        Files.writeString(file, Files.readString(file).replace("dev.vaultcipher.VaultSecretStore", Backwards.class.getName()));
        String text = vault.text("bitbucket/another", "password");
        HostProcess.Outcome outcome = HostProcess.plain().environment("VAULT_TOKEN", vault.rootToken())
                .environment("SECRET_STORE_VAULT_TOKEN", vault.rootToken())
                .run(TOOL, "protect", "--file", file.toString(), "--text", text);
        assertEquals(outcome.toString(), 0, outcome.exitCode);
        assertTrue(Files.readString(file), Files.readString(file).contains("classname=dev.vaultcipher.VaultSecretStore"));
        assertFalse(outcome.stdout, outcome.stdout.contains(value));
        HostProcess.Outcome read = HostProcess.loading("dev.vaultcipher.VaultSecretStore")
                .environment("SECRET_STORE_VAULT_TOKEN", vault.rootToken()).call(text);
        assertEquals(read.toString(), Fixtures.sha256(value), read.only().valueSha256);
    }

    @Test
    public void installPutsTheJarWhereTheProductLoadsIt() throws IOException {
        Path install = CLEANUP.folder("install");
        Path libraries = Files.createDirectories(install.resolve("app/WEB-INF/lib"));
        HostProcess.Outcome outcome = tool("install", "--product", "bitbucket", "--install", install.toString());
        assertEquals(outcome.toString(), 0, outcome.exitCode);
        Path installed = libraries.resolve(HostProcess.ourJar().getFileName());
        assertArrayEquals(Files.readAllBytes(HostProcess.ourJar()), Files.readAllBytes(installed));
    }

    @Test
    public void aCommandLineThatCannotBeUsedHasItsOwnExitStatus() {
        assertEquals(64, tool("doctr").exitCode);
        assertEquals(0, tool("--help").exitCode);
    }

    private static HostProcess.Outcome tool(String... arguments) {
        return HostProcess.plain().environment("SECRET_STORE_VAULT_TOKEN", token).run(TOOL, arguments);
    }

    private static Path file(String name, String value, String url) throws IOException {
        Path file = CLEANUP.folder(name).resolve("bitbucket.properties");
        Files.writeString(file, "encrypted-property.cipher.classname=dev.vaultcipher.VaultSecretStore\njdbc.driver=org.postgresql.Driver\n"
                + "jdbc.url=" + url.replace(":", "\\:") + "\njdbc.user=bitbucket\njdbc.password=" + value.replace(":", "\\:") + '\n');
        return file;
    }
}

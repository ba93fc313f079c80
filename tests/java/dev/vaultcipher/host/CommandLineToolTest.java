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
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
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
    public void aTerminalGetsColoursAndAPipeNone() throws IOException {
        Path terminal = javaHome("exec python3 -c 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))' ");
        HostProcess.Outcome colours = HostProcess.plain().javaHome(terminal).run(TOOL, "doctor", "no text");
        assertEquals(colours.toString(), 2, colours.exitCode);
        assertTrue(colours.stdout, colours.stdout.contains("\u001b[31mfail\u001b[0m text"));
        HostProcess.Outcome none = HostProcess.plain().javaHome(terminal).environment("NO_COLOR", "1").run(TOOL, "doctor", "no text");
        assertTrue(none.stdout, none.stdout.contains("fail text") && !none.stdout.contains("\u001b"));
        HostProcess.Outcome pipe = tool("doctor", "no text");
        assertTrue(pipe.stdout, pipe.stdout.contains("fail text") && !pipe.stdout.contains("\u001b"));
    }

    /** A server that waits until it is ended. */
    public static final class Waiting {
        private Waiting() {
        }

        public static void main(String[] arguments) throws IOException {
            System.out.println("waiting");
            System.in.read();
        }
    }

    /** The server of another user where the tests may start one (as root), else of the same one. */
    @Test
    public void doctorSeesWithTheEyesOfAServerOfAnotherUser() throws IOException {
        Path home = CLEANUP.folder("server");
        Path file = Files.createDirectories(home.resolve("shared")).resolve("bitbucket.properties");
        Files.copy(file("original", "{ENC}" + vault.text("bitbucket/database", "password"), database.jdbcUrl()), file);
        Process server = server(home);
        try {
            String pid = String.valueOf(server.pid());
            String user = isRoot() ? "nobody" : System.getProperty("user.name");
            for (String[] which : new String[][] {{"--file", file.toString(), "--pid", pid}, {"--home", home.toString()}}) {
                HostProcess.Outcome outcome = HostProcess.plain().run(TOOL, concat("doctor", which));
                assertEquals(outcome.toString(), 0, outcome.exitCode);
                String environ = line(outcome, " environ ");
                assertTrue(environ, environ.contains("that of process " + pid + ", user " + user)
                        && environ.matches(".*; this shell lacks [^;]*SECRET_STORE_VAULT_TOKEN.*"));
                // A system property of the server.
                assertTrue(outcome.stdout, line(outcome, " settings ").contains("cacheTime = 7 (system property"));
                assertFalse(outcome.stdout, outcome.stdout.contains(token) || outcome.stdout.contains(password));
            }
            if (isRoot()) {
                // Without its privileges, root may not look.
                Path bare = javaHome("exec setpriv --bounding-set=-all --inh-caps=-all -- ");
                assertMayNotLook(HostProcess.plain().javaHome(bare).run(TOOL, "doctor", "--file", file.toString(), "--pid", pid), pid);
                assertMayNotLook(HostProcess.plain().javaHome(bare).run(TOOL, "doctor", "--home", home.toString()), pid);
            } else {
                assertMayNotLook(HostProcess.plain().run(TOOL, "doctor", "--file", file.toString(), "--pid", "1"), "1");
            }
        } finally {
            Fixtures.stop(server);
        }
    }

    private static void assertMayNotLook(HostProcess.Outcome outcome, String pid) {
        assertEquals(outcome.toString(), 2, outcome.exitCode);
        String environ = line(outcome, "warn environ ");
        assertTrue(environ, environ.contains("the environment of process " + pid + " may be read by its user and by root only")
                && environ.contains("that of this process is used"));
        // Which has no token.
        assertTrue(outcome.stdout, line(outcome, "fail login ").contains("VC1102"));
    }

    /** A JVM with the token and the home directory in its environment and a setting in its arguments. */
    private static Process server(Path home) throws IOException {
        Path classes = CLEANUP.folder("classes");
        String name = Waiting.class.getName();
        Path copy = classes.resolve(name.replace('.', '/') + ".class");
        Files.createDirectories(copy.getParent());
        Files.copy(HostProcess.testClasses().resolve(classes.relativize(copy)), copy);
        makeReadable(classes);
        List<String> command = new ArrayList<>();
        if (isRoot()) {
            command.addAll(List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"));
        }
        command.addAll(List.of(System.getProperty("java.home") + "/bin/java", "-Dsecret.store.vault.cache.time=7", "-Dbitbucket.home=" + home,
                "-cp", classes.toString(), name));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("SECRET_STORE_VAULT_TOKEN", token);
        builder.environment().put("BITBUCKET_HOME", home.toString());
        Process server = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
        // The JVM is there, with the arguments and the user that it keeps.
        assertEquals("waiting", new BufferedReader(new InputStreamReader(server.getInputStream(), StandardCharsets.UTF_8)).readLine());
        return server;
    }

    private static void makeReadable(Path folder) throws IOException {
        try (Stream<Path> paths = Files.walk(folder)) {
            for (Path path : (Iterable<Path>) paths::iterator) {
                Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
            }
        }
    }

    private static boolean isRoot() {
        return "root".equals(System.getProperty("user.name"));
    }

    /** A Java home whose java begins with these words of a shell. */
    private static Path javaHome(String words) throws IOException {
        Path bin = Files.createDirectories(CLEANUP.folder("java").resolve("bin"));
        Path script = Files.writeString(bin.resolve("java"), "#!/bin/sh\n" + words + "'" + System.getProperty("java.home") + "/bin/java' \"$@\"\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
        return bin.getParent();
    }

    private static String line(HostProcess.Outcome outcome, String part) {
        return outcome.stdout.lines().filter(line -> line.contains(part)).findFirst()
                .orElseThrow(() -> new AssertionError("no line" + part + "\n" + outcome));
    }

    private static String[] concat(String first, String... rest) {
        return Stream.concat(Stream.of(first), Stream.of(rest)).toArray(String[]::new);
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

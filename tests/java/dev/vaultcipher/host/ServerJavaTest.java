package dev.vaultcipher.host;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.Cleanup;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.Installation;
import dev.vaultcipher.harness.Jdk;
import dev.vaultcipher.harness.Surroundings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.After;
import org.junit.Before;
import org.junit.Test;

/** The check {@code java} of doctor: the server's own Java loads the product's jar, or it is said why not. */
public class ServerJavaTest {
    private static final String TOOL = "dev.vaultcipher.Tool";
    private static final Path JAVA = Paths.get(System.getProperty("java.home"));
    private static final String ALLOW = "--enable-native-access=ALL-UNNAMED";

    private final Cleanup cleanup = new Cleanup();
    private Path install;
    private Path libraries;
    private Path file;

    @Before
    public void makeProduct() throws IOException {
        install = cleanup.folder("product");
        libraries = Files.createDirectories(install.resolve("app/WEB-INF/lib"));
        file = Files.writeString(cleanup.folder("home").resolve("bitbucket.properties"),
                "encrypted-property.cipher.classname=dev.vaultcipher.VaultSecretStore\njdbc.password={ENC}{}\n");
    }

    @After
    public void deleteProduct() {
        cleanup.close();
    }

    @Test
    public void theServersJavaIsNamedAndLoadsTheProductsJar() {
        Path jar = Installation.jar(libraries);
        String line = check(0, JAVA, null);
        assertTrue(line, line.startsWith("ok   java ") && line.contains("Java " + System.getProperty("java.version") + " ("
                + System.getProperty("os.arch") + ") of " + JAVA + " loads the library of " + jar));
        // The program does as well as the home directory.
        assertEquals(withoutTime(line), withoutTime(check(0, JAVA.resolve("bin/java"), null)));
    }

    @Test
    public void nativeAccessCountsAsTheServersArgumentsSay() throws IOException {
        Installation.jar(libraries);
        boolean warns = Jdk.version() >= 24;
        assertTrue(check(0, JAVA, "-Xmx1g").startsWith(warns ? "warn java " : "ok   java "));
        String allowed = check(0, JAVA, ALLOW);
        if (Jdk.version() < 16) {
            assertTrue(allowed, allowed.startsWith("fail java ") && allowed.contains("Unrecognized option: " + ALLOW));
        } else {
            assertTrue(allowed, allowed.startsWith("ok   java ") && !allowed.contains("warns"));
        }
        if (warns) {
            String denied = check(910, JAVA, "--illegal-native-access=deny");
            assertTrue(denied, denied.contains("Add " + ALLOW));
        }
    }

    @Test
    public void whatKeepsTheLibraryFromBeingLoadedIsSaidAsTheServerWould() throws IOException {
        Installation.jarWithoutLibrary(libraries);
        assertTrue(check(906, JAVA, null).contains("There is no native library for this platform"));
        Installation.jarWithGarbage(libraries);
        check(909, JAVA, null);
        Files.delete(libraries.resolve("vault-cipher.jar"));
        Installation.jar(libraries);
        check(908, JAVA, "-Ddev.vaultcipher.tmpdir=/nowhere");
        check(905, JAVA, "-Ddev.vaultcipher.library=/nowhere/x.so");
        Path tmp = cleanup.folder("noexec");
        Path java = Surroundings.javaHome(cleanup.folder("jdk"), "mount -t tmpfs -o noexec tmpfs " + tmp);
        check(911, java, "-Djava.io.tmpdir=" + tmp);
        Files.writeString(libraries.resolve("vault-cipher.jar"), "no jar");
        assertTrue(check(0, JAVA, null).contains("does not run: "));
    }

    /** Found as the products' scripts find it, and as the installers lay it out. */
    @Test
    public void theJavaOfTheStartScriptAndTheBundledOneAreFound() throws IOException {
        Installation.jar(libraries);
        Path setenv = Files.createDirectories(install.resolve("bin")).resolve("setenv.sh");
        Files.writeString(setenv, "JRE_HOME=\"" + JAVA + "\"\nJAVA_OPTS=\"" + (Jdk.version() < 24 ? "" : ALLOW) + "\"\n");
        assertTrue(check(0, null, null).startsWith("ok   java "));
        Files.delete(setenv);
        assertTrue(check(0, null, null).startsWith("skip java "));
        Files.createSymbolicLink(install.resolve("jre"), JAVA);
        assertTrue(check(0, null, null).startsWith("ok   java "));
    }

    /** Root becomes the server's user, whose rights count. */
    @Test
    public void theRightsOfTheServersUserCount() throws IOException {
        Path jar = Installation.jar(libraries);
        Path unit = Files.writeString(cleanup.folder("unit").resolve("bitbucket.service"), "[Service]\nUser=nobody\n");
        for (Path folder = libraries; folder.startsWith(install); folder = folder.getParent()) {
            Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        Files.setPosixFilePermissions(jar, PosixFilePermissions.fromString("rw-------"));
        List<String> options = List.of("--java", JAVA.toString(), "--unit", unit.toString());
        String line = doctor(options);
        if (Surroundings.ROOT && JAVA.startsWith("/root")) {
            // A JDK that only root can reach.
            assertTrue(line, line.endsWith(JAVA.resolve("bin/java") + " may not be started as user nobody"));
        } else if (Surroundings.ROOT) {
            assertTrue(line, line.startsWith("fail java ") && line.endsWith(" as user nobody"));
            Files.setPosixFilePermissions(jar, PosixFilePermissions.fromString("rw-r--r--"));
            line = doctor(options);
            assertTrue(line, line.contains(" loads the library of " + jar + " as user nobody"));
        } else {
            assertTrue(line, line.contains(" loads the library of ") && line.contains("the server's is nobody: run this as root"));
        }
    }

    /** The line of the check; its code, if it is not 0. */
    private String check(int code, Path java, String arguments) {
        List<String> options = new ArrayList<>();
        if (java != null) {
            options.addAll(List.of("--java", java.toString()));
        }
        if (arguments != null) {
            options.addAll(List.of("--setenv", script("JAVA_OPTS='" + arguments + "'\n").toString()));
        }
        String line = doctor(options);
        assertTrue(line, code == 0 || line.startsWith("fail java ") && line.endsWith(" (VC" + code + ')'));
        return line;
    }

    private Path script(String content) {
        try {
            return Files.writeString(cleanup.folder("script").resolve("setenv.sh"), content);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** The line of the check. */
    private String doctor(List<String> options) {
        List<String> arguments = new ArrayList<>(List.of("doctor", "--only", "java", "--file", file.toString(), "--install",
                install.toString()));
        arguments.addAll(options);
        HostProcess.Outcome outcome = HostProcess.plain().allowNativeAccess().run(TOOL, arguments.toArray(new String[0]));
        return outcome.stdout.lines().filter(line -> line.contains(" java ")).findFirst()
                .orElseThrow(() -> new AssertionError("no check of Java\n" + outcome));
    }

    private static String withoutTime(String line) {
        return line.replaceFirst(" +\\d+ ms", "");
    }
}

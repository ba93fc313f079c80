package dev.vaultcipher.harness;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.VaultSecretStore;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Our jar and its native library, laid out as an administrator may have done, and a call that shows that it works. */
public final class Installation {
    /** A text that Rust refuses without asking anybody; nothing in Java says what Rust says then. */
    public static final String TEXT = "{}";
    public static final String LIBRARY = System.mapLibraryName("vault_cipher");

    private Installation() {
    }

    /** A copy of the packaged jar. */
    public static Path jar(Path folder) {
        try {
            return Files.copy(HostProcess.ourJar(), Files.createDirectories(folder).resolve("vault-cipher.jar"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A copy of the packaged jar that holds no native library. */
    public static Path jarWithoutLibrary(Path folder) {
        return jar(folder, null);
    }

    /** A copy of the packaged jar whose native libraries are no libraries at all. */
    public static Path jarWithGarbage(Path folder) {
        return jar(folder, new byte[10_000]);
    }

    private static Path jar(Path folder, byte[] library) {
        try (JarFile packaged = new JarFile(HostProcess.ourJar().toFile())) {
            Path jar = Files.createDirectories(folder).resolve("vault-cipher.jar");
            try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
                for (JarEntry entry : Collections.list(packaged.entries())) {
                    boolean isLibrary = entry.getName().startsWith("META-INF/native/") && !entry.isDirectory();
                    if (!isLibrary || library != null) {
                        out.putNextEntry(new JarEntry(entry.getName()));
                        out.write(isLibrary ? library : packaged.getInputStream(entry).readAllBytes());
                    }
                }
            }
            return jar;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The native library from the packaged jar, as a file of its own. */
    public static Path library(Path folder) {
        try (JarFile packaged = new JarFile(HostProcess.ourJar().toFile());
                InputStream in = packaged.getInputStream(packaged.getEntry(libraryEntry()))) {
            Path library = Files.createDirectories(folder).resolve(LIBRARY);
            Files.copy(in, library);
            return library;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The name that the library for this machine has in the jar. */
    public static String libraryEntry() {
        return "META-INF/native/" + platform() + '/' + LIBRARY;
    }

    /** A file with the library's name that is no library. */
    public static Path garbage(Path folder) {
        try {
            return Files.write(Files.createDirectories(folder).resolve(LIBRARY), new byte[10_000]);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The name that the jar has for this machine. */
    public static String platform() {
        return "linux-" + (System.getProperty("os.arch").equals("amd64") ? "x86_64" : System.getProperty("os.arch"));
    }

    /** A JVM that has this jar instead of the packaged one. */
    public static HostProcess host(Path jar) {
        return HostProcess.loading(VaultSecretStore.class.getName())
                .classPath(HostProcess.testClasses(), HostProcess.apiStubs(), jar);
    }

    /** Runs a main class of a test, which may use JUnit's assertions, in a JVM that has this jar. */
    public static HostProcess.Outcome run(Path jar, Class<?> main, String... arguments) {
        return program(jar).run(main.getName(), arguments);
    }

    /** A JVM that has this jar, for a main class of a test. */
    public static HostProcess program(Path jar) {
        return HostProcess.plain().classPath(HostProcess.testClasses(), HostProcess.apiStubs(), jar,
                HostProcess.codeSource(org.junit.Assert.class));
    }

    /** Fails unless the main class got to its end and said only this. */
    public static void assertSays(String line, HostProcess.Outcome outcome) {
        assertEquals(outcome.toString(), line + "\n", outcome.stdout);
        assertEquals(outcome.toString(), 0, outcome.exitCode);
    }

    /** Fails unless the library was loaded and answered. */
    public static void assertAnswers(HostProcess.Outcome outcome) {
        assertAnswer(outcome.only().failureClass, outcome.only().message);
    }

    static void assertAnswer(String failureClass, String message) {
        assertEquals(message, "com.atlassian.secrets.api.SecretStoreException", failureClass);
        assertTrue(message, message.contains("\"endpoint\" is missing"));
    }

    /** Fails unless the library could not be loaded, for this reason. */
    public static void assertRefused(HostProcess.Outcome outcome, String... parts) {
        String message = outcome.only().message;
        assertEquals(message, "com.atlassian.secrets.api.SecretStoreException", outcome.only().failureClass);
        for (String part : parts) {
            assertTrue("expected \"" + part + "\" in: " + message, message.contains(part));
        }
    }

    /** A class loader as a web application has it: none of our classes are in a parent. */
    public static URLClassLoader webApplication(Path... jars) {
        return webApplication(ClassLoader.getPlatformClassLoader(), jars);
    }

    public static URLClassLoader webApplication(ClassLoader parent, Path... jars) {
        URL[] urls = new URL[jars.length];
        for (int i = 0; i < jars.length; i++) {
            try {
                urls[i] = jars[i].toUri().toURL();
            } catch (MalformedURLException e) {
                throw new AssertionError(e);
            }
        }
        return new URLClassLoader(urls, parent);
    }

    /** Fails unless the library was loaded by the classes of this class loader and answered. */
    public static void assertAnswers(ClassLoader loader) {
        Throwable failure = failure(loader, VaultSecretStore.class.getName(), "get", TEXT);
        assertAnswer(failure.getClass().getName(), failure.getMessage());
    }

    /** What a method throws for this text, called as a host calls it. */
    public static Throwable failure(ClassLoader loader, String className, String method, String text) {
        try {
            Class<?> type = Class.forName(className, true, loader);
            Object value = type.getMethod(method, String.class).invoke(type.getConstructor().newInstance(), text);
            throw new AssertionError("expected a failure, not " + (value == null ? "null" : "a value"));
        } catch (java.lang.reflect.InvocationTargetException e) {
            return e.getCause();
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    /** Everything in a folder, by name. */
    public static List<String> content(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().collect(Collectors.toList());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

package dev.vaultcipher.harness;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;

/** The folders of a product that the host harness ({@link dev.vaultcipher.host}) runs as: its libraries and its home. */
public final class HostHome implements AutoCloseable {
    private final Cleanup cleanup = new Cleanup();
    private final Path folder = cleanup.folder("home");
    private final Path lib = folder.resolve("app").resolve("WEB-INF").resolve("lib");
    private final Path log = folder.resolve("home").resolve("log").resolve("launcher.log");

    public HostHome() {
        try {
            Files.createDirectories(lib);
            Files.createDirectories(log.getParent());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Puts jars beside the product's own, as an administrator does. */
    public HostHome install(Path... jars) {
        try {
            for (Path jar : jars) {
                Files.copy(jar, lib.resolve(jar.getFileName()));
            }
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Unpacks our library beside our jar, as an administrator may. */
    void installLibraryBesideJar() {
        Installation.library(lib);
    }

    /** The API of a host of the Cipher generation, in a jar of its own: there is no SecretStore in it. */
    public Path cipherOnlyApi() {
        Path old = folder.resolve("old-api.jar");
        try (JarFile stubs = new JarFile(HostProcess.apiStubs().toFile());
                OutputStream file = Files.newOutputStream(old);
                JarOutputStream out = new JarOutputStream(file)) {
            for (JarEntry entry : Collections.list(stubs.entries())) {
                if (entry.getName().startsWith("com/atlassian/db/") && !entry.isDirectory()) {
                    out.putNextEntry(new JarEntry(entry.getName()));
                    try (InputStream in = stubs.getInputStream(entry)) {
                        in.transferTo(out);
                    }
                }
            }
            return old;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Writes the product's configuration file. */
    public Path configure(String fileName, String content) {
        try {
            // Java reads .properties as ISO 8859-1; the XML files say that they are UTF-8.
            Charset charset = fileName.endsWith(".properties") ? StandardCharsets.ISO_8859_1 : StandardCharsets.UTF_8;
            return Files.write(folder.resolve("home").resolve(fileName), content.getBytes(charset));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts the product: a JVM whose own class path has no library of the product, which WEB-INF/lib must bring. */
    public HostProcess.Outcome start(HostProcess jvm, Path configuration) {
        HostProcess.Outcome outcome =
                jvm.run("dev.vaultcipher.host.Host", configuration.toString(), lib.toString(), log.toString());
        Canaries.assertNoneIn("launcher.log", launcherLog());
        return outcome;
    }

    /** What an administrator finds in launcher.log. */
    public String launcherLog() {
        try {
            return Files.exists(log) ? Files.readString(log) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        cleanup.close();
    }
}

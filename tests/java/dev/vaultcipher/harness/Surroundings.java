package dev.vaultcipher.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * A Java that finds the machine changed: mounts that no other process sees, another user, other arguments. Needs to be
 * root, or a kernel that lets users have namespaces of their own; where neither is so, the test fails.
 */
public final class Surroundings {
    /** Whether the tests run as root. */
    public static final boolean ROOT = "root".equals(System.getProperty("user.name"));

    private Surroundings() {
    }

    /**
     * A Java home whose {@code java} runs these lines of shell, in a mount namespace of its own, and then the real one. The
     * lines stop at the first that fails; they may change {@code "$@"}, which is the command with its arguments.
     */
    public static Path javaHome(Path folder, String... shell) {
        return javaHome(folder, "-m", shell);
    }

    /** The same in a network of its own as well, which has nothing but a loopback device that is down. */
    public static Path javaHomeWithoutNetwork(Path folder, String... shell) {
        return javaHome(folder, "-m -n", shell);
    }

    private static Path javaHome(Path folder, String namespaces, String... shell) {
        try {
            Path bin = Files.createDirectories(folder.resolve("jdk").resolve("bin"));
            Path inside = script(bin.resolve("inside"), String.join("\n", shell) + "\nexec \"$@\"\n");
            Path real = Paths.get(System.getProperty("java.home"), "bin", "java");
            script(bin.resolve("java"), "exec unshare " + (ROOT ? "" : "-r ") + namespaces + ' ' + inside + ' ' + real + " \"$@\"\n");
            return folder.resolve("jdk");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path script(Path file, String lines) throws IOException {
        Files.writeString(file, "#!/bin/sh -e\n" + lines);
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
}

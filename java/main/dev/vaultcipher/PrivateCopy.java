package dev.vaultcipher;

import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.Set;

/**
 * A copy of the native library that only one class loader uses, in a fresh directory that only this user can enter. Closed
 * right after loading, which removes it: the JVM keeps it mapped.
 */
final class PrivateCopy implements AutoCloseable {

    private static final String TMPDIR = "dev.vaultcipher.tmpdir";
    private static final boolean POSIX = File.separatorChar == '/';

    private final File directory;
    private final File file;

    private PrivateCopy(File directory, String fileName) {
        this.directory = directory;
        this.file = new File(directory, fileName);
    }

    /**
     * @throws IllegalStateException if there is no place for it
     * @throws IOException if the library cannot be read
     */
    static PrivateCopy of(InputStream library, String fileName) throws IOException {
        String parent = Native.property(TMPDIR);
        if (parent == null) {
            parent = Native.property("java.io.tmpdir");
        }
        File directory = createDirectory(new File(parent == null ? "" : parent).getAbsoluteFile());
        PrivateCopy copy = new PrivateCopy(directory, fileName);
        boolean complete = false;
        try {
            copy.fill(library);
            complete = true;
            return copy;
        } finally {
            if (!complete) {
                copy.close();
            }
        }
    }

    String path() {
        return file.getPath();
    }

    /**
     * Makes the directory exclusively and with its final permissions. Nobody can prepare it or get in, so the name needs
     * to be unique only: the random one of createTempDirectory costs 20 to 40 ms in a fresh JVM, for SecureRandom.
     */
    private static File createDirectory(File parent) {
        for (int attempt = 1;; attempt++) {
            try {
                Path path = new File(parent, "vault-cipher-" + Long.toHexString(System.nanoTime())).toPath();
                if (POSIX) {
                    Files.createDirectory(path, PosixFilePermissions.asFileAttribute(ownerOnly()));
                } else {
                    Files.createDirectory(path);
                }
                return path.toFile();
            } catch (IOException | IllegalArgumentException e) {
                // Not named in a catch: that would load its class in every JVM.
                if (!(e instanceof FileAlreadyExistsException) || attempt == 100) {
                    throw noPlace(parent, e);
                }
            }
        }
    }

    /** Not an EnumSet: the first in a JVM costs 4 ms on JDK 25, for reflection. */
    private static Set<PosixFilePermission> ownerOnly() {
        Set<PosixFilePermission> permissions = new HashSet<>();
        permissions.add(PosixFilePermission.OWNER_READ);
        permissions.add(PosixFilePermission.OWNER_WRITE);
        permissions.add(PosixFilePermission.OWNER_EXECUTE);
        return permissions;
    }

    private void fill(InputStream library) throws IOException {
        // Not with java.nio: on Java 8 an interrupted thread cannot write with that.
        try (OutputStream out = open()) {
            byte[] chunk = new byte[1 << 16];
            for (int n = library.read(chunk); n > 0; n = library.read(chunk)) {
                write(out, chunk, n);
            }
        }
    }

    private OutputStream open() {
        try {
            if (!file.createNewFile()) {
                throw new FileAlreadyExistsException(file.getPath());
            }
            return new FileOutputStream(file);
        } catch (IOException e) {
            throw noPlace(directory.getParentFile(), e);
        }
    }

    private void write(OutputStream out, byte[] chunk, int length) {
        try {
            out.write(chunk, 0, length);
        } catch (IOException e) {
            throw noPlace(directory.getParentFile(), e);
        }
    }

    private static IllegalStateException noPlace(File parent, Exception e) {
        return Native.failure("The native library has to be unpacked, but we cannot write to the temporary directory "
                + parent + ": " + e + ". Make room there, or name another directory with -D"
                + TMPDIR + "=/absolute/path, or put the library beside the jar.", e);
    }

    /** Whether it is the place rather than the library that is wrong: the texts of glibc and of musl. */
    boolean mayNotBeExecuted(UnsatisfiedLinkError e) {
        String reason = e.getMessage();
        return reason != null && (reason.contains("failed to map segment from shared object")
                || reason.contains("Operation not permitted")
                || reason.contains("Permission denied"));
    }

    IllegalStateException noExecute(UnsatisfiedLinkError e) {
        return Native.failure("The native library was unpacked into the temporary directory "
                + directory.getParent() + ", but programs may not be run from there (mounted noexec, or forbidden by a "
                + "security policy): " + e.getMessage() + ". Name another directory with -D" + TMPDIR
                + "=/absolute/path, or put the library beside the jar.", e);
    }

    @Override
    public void close() {
        if (POSIX) {
            file.delete();
            directory.delete();
        } else {
            // A loaded library cannot be deleted here. The last registered goes first.
            directory.deleteOnExit();
            file.deleteOnExit();
        }
    }
}

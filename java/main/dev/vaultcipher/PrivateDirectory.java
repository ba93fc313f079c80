package dev.vaultcipher;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * A directory that only this user can enter, in a place where nobody else can put another one in its stead. It is removed with
 * what was made in it when it is closed; nothing else is ever removed.
 *
 * <p>The place is safe if every directory on the way to it belongs to root or to this user, and if others may write to it
 * only where it has the sticky bit, as /tmp has. Symbolic links are resolved first. On Windows the temporary directory is the
 * user's own, and the place is not examined.
 *
 * <p>It is made while a server starts: exceptions are not caught by their names, and readers not used, since a fresh JVM loads their
 * classes for that (0.1 ms each).
 */
final class PrivateDirectory implements AutoCloseable {

    private static final boolean POSIX = File.separatorChar == '/';
    private static final String PREFIX = "vault-cipher-";
    private static final int ATTEMPTS = 100;
    /** The user's ids are in the first 300. */
    private static final int STATUS_BYTES = 1024;

    private static final int WRITABLE_BY_GROUP = 0020;
    private static final int WRITABLE_BY_OTHERS = 0002;
    private static final int STICKY = 01000;

    private final File directory;
    private File file;

    private PrivateDirectory(File directory) {
        this.directory = directory;
    }

    /**
     * Makes one.
     *
     * @param parent where
     * @param property the system property that names another place, for the message
     * @throws IllegalStateException if it cannot be made, or not safely
     */
    static PrivateDirectory in(File parent, String property) {
        try {
            Path place = pathOf(parent, property).toRealPath();
            if (POSIX) {
                refuseUnsafe(place, parent, property);
            } else {
                removeWhatEarlierStartsLeft(place.toFile());
            }
            return new PrivateDirectory(create(place).toFile());
        } catch (IOException e) {
            throw Failure.noPlace(parent, e, property);
        }
    }

    private static Path pathOf(File parent, String property) {
        try {
            return parent.toPath();
        } catch (RuntimeException e) {
            // InvalidPathException, in a locale that cannot encode the name.
            throw Failure.noPlace(parent, e, property);
        }
    }

    /** The name needs to be unique only: a random one costs a fresh JVM 20 to 40 ms, for SecureRandom. */
    private static Path create(Path place) throws IOException {
        // An EnumSet would be made by reflection.
        Set<PosixFilePermission> ours = new HashSet<>(Arrays.asList(
                PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE, PosixFilePermission.OWNER_EXECUTE));
        for (int attempt = 1;; attempt++) {
            Path directory = place.resolve(PREFIX + Long.toHexString(System.nanoTime()));
            try {
                return POSIX
                        ? Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(ours))
                        : Files.createDirectory(directory);
            } catch (IOException e) {
                if (attempt == ATTEMPTS || !Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
                    throw e;
                }
            }
        }
    }

    private static void refuseUnsafe(Path place, File parent, String property) throws IOException {
        int self = userId();
        for (Path directory = place; directory != null; directory = directory.getParent()) {
            Map<String, Object> attributes = Files.readAttributes(directory, "unix:mode,uid", LinkOption.NOFOLLOW_LINKS);
            String why = whyUnsafe((Integer) attributes.get("mode"), (Integer) attributes.get("uid"), self);
            if (why != null) {
                throw Failure.unsafePlace(parent, directory.toString(), why, property);
            }
        }
    }

    /** Null if the directory is safe. */
    private static String whyUnsafe(int mode, int owner, int self) {
        boolean shared = (mode & (WRITABLE_BY_GROUP | WRITABLE_BY_OTHERS)) != 0;
        if (shared && (mode & STICKY) == 0) {
            return "can be written by " + ((mode & WRITABLE_BY_OTHERS) == 0 ? "its group" : "everybody") + " and has no sticky bit";
        }
        // A user id of -1 is unknown. That we can write where only the owner can says the same.
        boolean ours = owner == 0 || owner == self || self == -1 && !shared;
        return ours ? null : "belongs to the user with the id " + owner;
    }

    /** The effective user id of this process, or -1 where there is no /proc. The directory /proc/self may belong to root. */
    private static int userId() {
        try (InputStream status = new FileInputStream("/proc/self/status")) {
            byte[] bytes = new byte[STATUS_BYTES];
            String[] lines = new String(bytes, 0, Math.max(status.read(bytes), 0), StandardCharsets.ISO_8859_1).split("\n");
            for (String line : lines) {
                if (line.startsWith("Uid:")) {
                    return Integer.parseUnsignedInt(line.split("\t")[2]);
                }
            }
        } catch (IOException e) {
            // Not Linux.
        }
        return -1;
    }

    /** A loaded library cannot be deleted on Windows: what is not in use any more is. */
    private static void removeWhatEarlierStartsLeft(File place) {
        File[] left = place.listFiles((in, name) -> name.startsWith(PREFIX));
        if (left != null) {
            for (File directory : left) {
                File[] files = directory.listFiles();
                if (files != null && files.length == 1 && files[0].delete()) {
                    directory.delete();
                }
            }
        }
    }

    /** A file in it that does not exist yet. There is only one. */
    File file(String name) throws IOException {
        File made = new File(directory, name);
        if (!made.createNewFile()) {
            throw new IOException(made + " exists already");
        }
        file = made;
        return made;
    }

    @Override
    public void close() {
        if (POSIX) {
            if (file != null) {
                file.delete();
            }
            directory.delete();
        } else {
            // The last registered goes first.
            directory.deleteOnExit();
            if (file != null) {
                file.deleteOnExit();
            }
        }
    }
}

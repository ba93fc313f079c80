package dev.vaultcipher;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Loads the library that lies inside the jar, and others that this class loader cannot have as they are: from a copy in a fresh
 * directory that only this user can enter. The copy is removed right after loading; the JVM keeps it mapped.
 *
 * <p>That directory lies in another one. java.io can make a directory only with the permissions that the process gives
 * everything, so the outer one is closed to others right after, before there is anything in it; the inner one is made then,
 * exclusively, and nobody else could ever enter it. java.nio.file makes a private directory at once, but takes ten classes
 * that hardly any JVM has ready, half a millisecond of each start.
 */
final class PrivateCopy implements AutoCloseable {

    static final String RESOURCES = "/META-INF/native/";

    private static final String TMPDIR = "dev.vaultcipher.tmpdir";
    private static final boolean POSIX = File.separatorChar == '/';

    private final File outer;
    private final File inner;
    private final File file;

    private PrivateCopy(File parent, String fileName) {
        // Nobody can prepare it or get in, so the name needs to be unique only: the random one of createTempDirectory costs
        // 20 to 40 ms in a fresh JVM, for SecureRandom.
        outer = new File(parent, "vault-cipher-" + Long.toHexString(System.nanoTime()));
        inner = new File(outer, "private");
        file = new File(inner, fileName);
    }

    /** Loads the library inside the jar; returns it in words, or null if there is none for this platform. */
    static String loadPackaged(File jar, String fileName) {
        String resource = RESOURCES + platform() + '/' + fileName;
        String words = resource + ", which lies inside the jar";
        try {
            // The JVM has the jar open, so this costs nothing; the class loader would search everything before it, and
            // read through a URL connection (3 ms). It is asked as well because not every jar is a file.
            if (jar != null && jar.isFile()) {
                try (ZipFile zip = new ZipFile(jar)) {
                    ZipEntry entry = zip.getEntry(resource.substring(1));
                    if (entry != null) {
                        load(zip.getInputStream(entry), fileName, words);
                        return words;
                    }
                }
            }
            try (InputStream library = PrivateCopy.class.getResourceAsStream(resource)) {
                if (library == null) {
                    return null;
                }
                load(library, fileName, words);
                return words;
            }
        } catch (IOException e) {
            throw Failure.unreadable(words, e, ". Is the jar damaged, or was it replaced under the running server?");
        }
    }

    /** Loads the library that another class loader has. */
    static void loadTaken(File file, String words) {
        try (InputStream library = new FileInputStream(file)) {
            load(library, file.getName(), words);
        } catch (IOException e) {
            throw Failure.unreadable(words, e, "");
        }
    }

    private static void load(InputStream library, String fileName, String words) throws IOException {
        try (PrivateCopy copy = inNewDirectory(parent(), fileName)) {
            copy.fill(library);
            try {
                System.load(copy.file.getPath());
            } catch (LinkageError | RuntimeException e) {
                throw Failure.ofLoadingCopy(words, copy.outer.getParentFile(), TMPDIR, e);
            }
        }
    }

    /**
     * The platform, without {@link Platform}, which lists what is mapped (half a millisecond), on machines with Linux and without
     * a musl at the place of its loader.
     */
    private static String platform() {
        String arch = "amd64".equals(Native.property("os.arch")) ? "x86_64" : Native.property("os.arch");
        boolean plain = "Linux".equals(Native.property("os.name")) && !new File("/lib/ld-musl-" + arch + ".so.1").exists();
        return plain ? "linux-" + arch : Platform.name();
    }

    private static File parent() {
        String parent = Native.property(TMPDIR);
        if (parent == null) {
            parent = Native.property("java.io.tmpdir");
        }
        return new File(parent == null ? "" : parent).getAbsoluteFile();
    }

    private static PrivateCopy inNewDirectory(File parent, String fileName) {
        for (int attempt = 1;; attempt++) {
            PrivateCopy copy = new PrivateCopy(parent, fileName);
            if (copy.outer.mkdir()) {
                if ((!POSIX || closeToOthers(copy.outer)) && copy.inner.mkdir()) {
                    return copy;
                }
                copy.close();
            }
            if (attempt == 100 || !copy.outer.exists()) {
                throw Failure.noPlace(parent, Failure.whyNoDirectory(copy.outer), TMPDIR);
            }
        }
    }

    /** To everybody first, beginning with the right to enter it. */
    private static boolean closeToOthers(File directory) {
        return directory.setExecutable(false, false) && directory.setWritable(false, false) && directory.setReadable(false, false)
                && directory.setReadable(true, true) && directory.setWritable(true, true) && directory.setExecutable(true, true);
    }

    private void fill(InputStream library) throws IOException {
        // Not with java.nio: on Java 8 an interrupted thread cannot write with that. Nor with a FileOutputStream: to close the
        // first one takes a JVM 0.3 ms, while this one it has used for the jar.
        try (RandomAccessFile out = open()) {
            byte[] chunk = new byte[1 << 16];
            for (int n = library.read(chunk); n > 0; n = library.read(chunk)) {
                write(out, chunk, n);
            }
        }
    }

    private RandomAccessFile open() {
        try {
            if (!file.createNewFile()) {
                throw new IOException(file + " is there already");
            }
            return new RandomAccessFile(file, "rw");
        } catch (IOException e) {
            throw Failure.noPlace(outer.getParentFile(), e, TMPDIR);
        }
    }

    private void write(RandomAccessFile out, byte[] chunk, int length) {
        try {
            out.write(chunk, 0, length);
        } catch (IOException e) {
            throw Failure.noPlace(outer.getParentFile(), e, TMPDIR);
        }
    }

    @Override
    public void close() {
        if (POSIX) {
            file.delete();
            inner.delete();
            outer.delete();
        } else {
            // A loaded library cannot be deleted here. The last registered goes first.
            outer.deleteOnExit();
            inner.deleteOnExit();
            file.deleteOnExit();
        }
    }
}

package dev.vaultcipher;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Loads the library that lies inside the jar, and others that this class loader cannot have as they are: from a copy in a
 * {@link PrivateDirectory}. What was written is read again and compared by its checksum before it is loaded: with the one that
 * the jar has of it, where the jar is a file. The copy is removed right after loading; the JVM keeps it mapped.
 *
 * <p>The checksum is CRC-32, which finds damage. That nobody replaces the file is the directory's part. A SHA-256 of 4 MB takes a
 * fresh JVM, which interprets it, 130 to 290 ms; a CRC-32 takes 1 ms.
 */
final class LibraryCopy {

    static final String RESOURCES = "/META-INF/native/";

    private static final String TMPDIR = "dev.vaultcipher.tmpdir";

    /** In bytes. */
    private static final int CHUNK = 1 << 16;

    private LibraryCopy() {
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
                        load(zip.getInputStream(entry), entry.getCrc(), fileName, words);
                        return words;
                    }
                }
            }
            try (InputStream library = LibraryCopy.class.getResourceAsStream(resource)) {
                if (library == null) {
                    return null;
                }
                load(library, -1, fileName, words);
                return words;
            }
        } catch (IOException e) {
            throw Failure.unreadable(words, e, ". Is the jar damaged, or was it replaced under the running server?");
        }
    }

    /** Loads the library that another class loader has. */
    static void loadTaken(File file, String words) {
        try (InputStream library = new FileInputStream(file)) {
            load(library, -1, file.getName(), words);
        } catch (IOException e) {
            throw Failure.unreadable(words, e, "");
        }
    }

    /** Of what lies in a jar that is a file the checksum is known; -1: it is not. */
    private static void load(InputStream library, long checksum, String fileName, String words) throws IOException {
        File parent = parent();
        try (PrivateDirectory directory = PrivateDirectory.in(parent, TMPDIR)) {
            File copy = directory.file(fileName);
            if (!fill(copy, library, checksum, parent)) {
                throw Failure.damaged(words);
            }
            try {
                System.load(copy.getPath());
            } catch (LinkageError | RuntimeException e) {
                throw Failure.ofLoadingCopy(words, parent, TMPDIR, e);
            }
        }
    }

    /**
     * The platform, without {@link Platform}, which lists what is mapped (half a millisecond), on machines with Linux and without
     * a musl at the place of its loader.
     */
    private static String platform() {
        String arch = "amd64".equals(NativeLibrary.property("os.arch")) ? "x86_64" : NativeLibrary.property("os.arch");
        boolean plain = "Linux".equals(NativeLibrary.property("os.name")) && !new File("/lib/ld-musl-" + arch + ".so.1").exists();
        return plain ? "linux-" + arch : Platform.name();
    }

    private static File parent() {
        String parent = NativeLibrary.property(TMPDIR);
        if (parent == null) {
            parent = NativeLibrary.property("java.io.tmpdir");
        }
        return new File(parent == null ? "" : parent).getAbsoluteFile();
    }

    /**
     * Writes the copy and reads it again; false if it then has another checksum. Not with java.nio: on Java 8 an interrupted
     * thread cannot write with that. Nor with a FileOutputStream: to close the first one takes a JVM 0.3 ms, while a
     * RandomAccessFile it has used for the jar.
     */
    private static boolean fill(File copy, InputStream library, long checksum, File parent) throws IOException {
        byte[] chunk = new byte[CHUNK];
        CRC32 source = new CRC32();
        try (RandomAccessFile file = open(copy, parent)) {
            for (int n = library.read(chunk); n > 0; n = library.read(chunk)) {
                if (checksum < 0) {
                    source.update(chunk, 0, n);
                }
                write(file, chunk, n, parent);
            }
            file.seek(0);
            CRC32 written = new CRC32();
            for (int n = file.read(chunk); n > 0; n = file.read(chunk)) {
                written.update(chunk, 0, n);
            }
            return written.getValue() == (checksum < 0 ? source.getValue() : checksum);
        }
    }

    private static RandomAccessFile open(File copy, File parent) {
        try {
            return new RandomAccessFile(copy, "rw");
        } catch (IOException e) {
            throw Failure.noPlace(parent, e, TMPDIR);
        }
    }

    private static void write(RandomAccessFile file, byte[] chunk, int length, File parent) {
        try {
            file.write(chunk, 0, length);
        } catch (IOException e) {
            throw Failure.noPlace(parent, e, TMPDIR);
        }
    }
}

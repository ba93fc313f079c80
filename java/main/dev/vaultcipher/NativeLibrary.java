package dev.vaultcipher;

import java.io.File;
import java.net.URI;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.security.CodeSource;

/**
 * Where the native library is found, and loading it, once per class loader. The first of these that exists is taken, and what is
 * wrong with it is an error: falling through to the next would leave an administrator's mistake, or half an upgrade, unnoticed
 * until it matters.
 * <ol>
 * <li>the file that the system property {@value #LIBRARY} names
 * <li>the file beside the jar
 * <li>the one inside the jar: {@link LibraryCopy}
 * <li>the file in a directory of {@code java.library.path}
 * </ol>
 *
 * <p>This runs while a server starts, in a fresh JVM: each class of ours and of the JDK's that it uses first costs 0.1 to 0.3 ms,
 * so it uses few.
 */
final class NativeLibrary {

    static final String LIBRARY = "dev.vaultcipher.library";

    /** The loaded library, in words; null until one is loaded. */
    private static volatile String loaded;

    /** The names of the system properties that count, as Rust lists them; set before {@link #loaded}. */
    private static String[] properties;

    private NativeLibrary() {
    }

    /**
     * Loads the library unless this class has it already. Not a static initialiser: the JVM would report a failure there
     * once, and then only as NoClassDefFoundError, whereas this may be tried again.
     *
     * @throws IllegalStateException if there is none or it cannot be loaded
     */
    static void load() {
        if (loaded == null) {
            loadOnce();
        }
    }

    private static synchronized void loadOnce() {
        if (loaded == null) {
            String found = findAndLoad();
            try {
                byte[][] slot = new byte[1][];
                if (!Native.propertyNames(slot)) {
                    throw Failure.notPrepared(found, slot[0]);
                }
                properties = new String(slot[0], StandardCharsets.UTF_8).split("\n");
            } catch (UnsatisfiedLinkError e) {
                throw Failure.notOurs(found, e);
            }
            loaded = found;
        }
    }

    /** The names of the system properties that count. */
    static String[] properties() {
        return properties;
    }

    /** The loaded library, in words. */
    static String inWords() {
        return loaded;
    }

    /** The system property, or null if it is absent or a security manager keeps it from us. */
    static String property(String name) {
        try {
            return System.getProperty(name);
        } catch (RuntimeException e) {
            // A security manager's, whose class would be loaded with this one if it stood here.
            return null;
        }
    }

    /** Returns the library in words. */
    private static String findAndLoad() {
        String named = property(LIBRARY);
        if (named != null) {
            return loadFile(namedFile(named), "which the system property " + LIBRARY + " names");
        }
        String fileName = System.mapLibraryName("vault_cipher");
        File jar = jar();
        File beside = jar == null ? null : new File(jar.getParentFile(), fileName);
        if (beside != null && beside.exists()) {
            return loadFile(beside, "which lies beside the jar");
        }
        String packaged = LibraryCopy.loadPackaged(jar, fileName);
        if (packaged != null) {
            return packaged;
        }
        File onPath = onLibraryPath(fileName);
        if (onPath != null) {
            return loadFile(onPath, "which lies in a directory of java.library.path");
        }
        throw Failure.noLibrary(LIBRARY, beside == null ? fileName : beside);
    }

    private static File namedFile(String path) {
        File file = new File(path);
        if (!file.isAbsolute()) {
            throw Failure.notAbsolute(LIBRARY, path);
        }
        if (!file.isFile()) {
            throw Failure.noFile(LIBRARY, path);
        }
        return file;
    }

    /** Returns the library in words. */
    private static String loadFile(File file, String origin) {
        String words = file + ", " + origin;
        try {
            System.load(file.getPath());
        } catch (LinkageError | RuntimeException e) {
            if (!isTaken(e)) {
                throw Failure.ofLoading(words, e);
            }
            // The JVM gives one file to one class loader. Another web application has it, or this one before it was
            // redeployed.
            LibraryCopy.loadTaken(file, words);
        }
        return words;
    }

    /** Whether the file is fine but belongs to another class loader (HotSpot's and OpenJ9's texts differ after this). */
    private static boolean isTaken(Throwable e) {
        return e instanceof UnsatisfiedLinkError && e.getMessage() != null && e.getMessage().contains("already loaded");
    }

    /** The jar that this class came from; null if it did not come from a jar in the file system. */
    static File jar() {
        URL location = null;
        try {
            CodeSource source = NativeLibrary.class.getProtectionDomain().getCodeSource();
            location = source == null ? null : source.getLocation();
        } catch (RuntimeException e) {
            // A security manager's: the class's own address will do.
        }
        if (location == null) {
            location = NativeLibrary.class.getResource("NativeLibrary.class");
        }
        return location == null ? null : jar(location.toString());
    }

    /** From {@code file:/x.jar} or {@code jar:file:/x.jar!/…}, which some class loaders give. */
    static File jar(String location) {
        String address = location.startsWith("jar:") ? location.substring(4) : location;
        int inside = address.indexOf("!/");
        if (inside >= 0) {
            address = address.substring(0, inside);
        }
        if (!address.startsWith("file:") || !address.endsWith(".jar")) {
            return null;
        }
        String path = address.substring("file:".length());
        // Without an escape there is nothing to decode, which would take longer than to load the library.
        return (path.indexOf('%') < 0 ? new File(path) : decoded(address, path)).getAbsoluteFile();
    }

    private static File decoded(String address, String path) {
        try {
            return new File(URI.create(address));
        } catch (RuntimeException e) {
            // Not encoded as it should be (spaces, percent signs): then it is not encoded at all.
            return new File(path);
        }
    }

    private static File onLibraryPath(String fileName) {
        String path = property("java.library.path");
        if (path != null) {
            for (String directory : path.split(File.pathSeparator)) {
                File file = new File(directory.isEmpty() ? "." : directory, fileName).getAbsoluteFile();
                if (file.isFile()) {
                    return file;
                }
            }
        }
        return null;
    }
}

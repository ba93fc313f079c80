package dev.vaultcipher;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URL;
import java.security.CodeSource;
import java.util.Locale;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Finds the native library and loads it, once per class loader. The first of these that exists is taken, and what is
 * wrong with it is an error: falling through to the next would leave an administrator's mistake, or half an upgrade,
 * unnoticed until it matters.
 * <ol>
 * <li>the file that the system property {@value #LIBRARY} names
 * <li>the file beside the jar
 * <li>the one inside the jar, through a {@link PrivateCopy}
 * <li>the file in a directory of {@code java.library.path}
 * </ol>
 * This runs while a server starts: it keeps to classes that a JVM has loaded by then anyway.
 */
final class NativeLibrary {

    private static final String LIBRARY = "dev.vaultcipher.library";
    private static final String RESOURCES = "/META-INF/native/";
    /** Every platform that a jar of ours may hold a library for, for the message that lists them. */
    private static final String[] PLATFORMS = {
        "linux-x86_64", "linux-aarch64", "linux-x86_64-musl", "linux-aarch64-musl",
        "macos-x86_64", "macos-aarch64", "windows-x86_64", "windows-aarch64",
    };

    /** The loaded library, in words; null until one is loaded. */
    private static volatile String loaded;

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
            refuseAsRustCannot();
            loaded = found;
        }
    }

    /** Does what Rust is going to do: a security manager's refusal is an exception here, but there it kills the JVM. */
    private static void refuseAsRustCannot() {
        try {
            Class.forName("java.lang.String", false, null);
        } catch (ClassNotFoundException e) {
            throw new NoClassDefFoundError("java.lang.String");
        }
    }

    /** Returns the library in words. */
    private static String findAndLoad() {
        String fileName = System.mapLibraryName("vault_cipher");
        String named = Native.property(LIBRARY);
        if (named != null) {
            return loadFile(namedFile(named), "which the system property " + LIBRARY + " names");
        }
        File jar = jar();
        File beside = jar == null ? null : new File(jar.getParentFile(), fileName);
        if (beside != null && beside.exists()) {
            return loadFile(beside, "which lies beside the jar");
        }
        String resource = RESOURCES + platformInJar() + '/' + fileName;
        String packaged = loadPackaged(jar, resource, fileName);
        if (packaged != null) {
            return packaged;
        }
        File onPath = onLibraryPath(fileName);
        if (onPath != null) {
            return loadFile(onPath, "which lies in a directory of java.library.path");
        }
        throw Native.failure("There is no native library for this platform, " + platform()
                + ". The jar holds: " + packaged() + ". Also looked for " + (beside == null ? fileName : beside)
                + " and in java.library.path (" + Native.property("java.library.path")
                + "). Install the jar for this platform, or name the library with -D" + LIBRARY + "=/absolute/path.",
                null);
    }

    private static File namedFile(String path) {
        File file = new File(path);
        if (!file.isAbsolute()) {
            throw Native.failure("The system property " + LIBRARY + " must name the native library by its "
                    + "absolute path, but is '" + path + "'.", null);
        }
        if (!file.isFile()) {
            throw Native.failure("The system property " + LIBRARY + " names " + path
                    + ", which is no file that this process can see. Mend the path, or remove the property to use the "
                    + "library inside the jar.", null);
        }
        return file;
    }

    /** Returns the library in words. */
    private static String loadFile(File file, String origin) {
        String words = file + ", " + origin;
        try {
            System.load(file.getPath());
        } catch (UnsatisfiedLinkError e) {
            if (!isTaken(e)) {
                throw unusable(words, e);
            }
            // The JVM gives one file to one class loader. Another web application has it, or this one before it was
            // redeployed.
            try (InputStream library = new FileInputStream(file)) {
                loadCopy(library, file.getName(), words);
            } catch (IOException again) {
                throw Native.failure("The native library " + words + ", cannot be read: " + again, again);
            }
        } catch (RuntimeException e) {
            throw refused(e);
        }
        return words;
    }

    /** Returns the library in words, or null if there is no such resource. */
    private static String loadPackaged(File jar, String resource, String fileName) {
        String words = resource + ", which lies inside the jar";
        try {
            // The JVM has the jar open, so this costs nothing; the class loader would search everything before it, and
            // read through a URL connection (3 ms). It is asked as well because not every jar is a file.
            if (jar != null && jar.isFile()) {
                try (ZipFile zip = new ZipFile(jar)) {
                    ZipEntry entry = zip.getEntry(resource.substring(1));
                    if (entry != null) {
                        loadCopy(zip.getInputStream(entry), fileName, words);
                        return words;
                    }
                }
            }
            try (InputStream library = NativeLibrary.class.getResourceAsStream(resource)) {
                if (library == null) {
                    return null;
                }
                loadCopy(library, fileName, words);
                return words;
            }
        } catch (IOException e) {
            throw Native.failure("The native library " + words + ", cannot be read: " + e
                    + ". Is the jar damaged, or was it replaced under the running server?", e);
        }
    }

    private static void loadCopy(InputStream library, String fileName, String words) throws IOException {
        try (PrivateCopy copy = PrivateCopy.of(library, fileName)) {
            try {
                System.load(copy.path());
            } catch (UnsatisfiedLinkError e) {
                throw copy.mayNotBeExecuted(e) ? copy.noExecute(e) : unusable(words, e);
            } catch (RuntimeException e) {
                throw refused(e);
            }
        }
    }

    /** Whether the file is fine but belongs to another class loader (HotSpot's and OpenJ9's texts differ after this). */
    private static boolean isTaken(UnsatisfiedLinkError e) {
        return e.getMessage() != null && e.getMessage().contains("already loaded");
    }

    private static IllegalStateException unusable(String words, UnsatisfiedLinkError e) {
        return Native.failure("The native library " + words + ", cannot be loaded on this platform, "
                + platform() + ": " + e.getMessage(), e);
    }

    /** What JDK 24+ throws when native access is denied. Its class is not there on older ones: known by its name. */
    private static RuntimeException refused(RuntimeException e) {
        if (!"java.lang.IllegalCallerException".equals(e.getClass().getName())) {
            return e;
        }
        return Native.failure("The JVM does not let us load our native library ("
                + e.getMessage() + "). Add --enable-native-access=ALL-UNNAMED to the server's JVM arguments, where "
                + "--illegal-native-access=deny stands, or to the environment variable JDK_JAVA_OPTIONS.", e);
    }

    /** The answer to a loaded library that does not have our function. */
    static IllegalStateException isForeign(UnsatisfiedLinkError e) {
        return Native.failure("The native library " + loaded + ", is not the one that belongs to this jar: "
                + e.getMessage() + ". Take both from the same release.", e);
    }

    /** The jar that this class came from; null if it did not come from a jar in the file system. */
    private static File jar() {
        URL location = null;
        try {
            CodeSource source = NativeLibrary.class.getProtectionDomain().getCodeSource();
            location = source == null ? null : source.getLocation();
        } catch (SecurityException e) {
            // The class's own address will do.
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
        File file;
        try {
            file = new File(URI.create(address));
        } catch (IllegalArgumentException e) {
            // Not encoded as it should be (spaces, percent signs): then it is not encoded at all.
            file = new File(address.substring("file:".length()));
        }
        return file.getAbsoluteFile();
    }

    /** {@code <os>-<arch>[-musl]}, as the directories inside the jar are named. */
    private static String platform() {
        String machine = machine();
        return machine.startsWith("linux-") && isMusl() ? machine + "-musl" : machine;
    }

    /** The same without a list of what is mapped (half a millisecond) on machines without a musl at the place of its loader. */
    private static String platformInJar() {
        String machine = machine();
        boolean hasMusl = new File("/lib/ld-musl-" + machine.substring(machine.indexOf('-') + 1) + ".so.1").exists();
        return hasMusl ? platform() : machine;
    }

    private static String machine() {
        String name = lowerCase("os.name");
        String os = name.startsWith("mac") ? "macos" : name.startsWith("windows") ? "windows" : name;
        String arch = lowerCase("os.arch");
        if (arch.equals("amd64") || arch.equals("x64")) {
            arch = "x86_64";
        } else if (arch.equals("arm64")) {
            arch = "aarch64";
        }
        return os + '-' + arch;
    }

    private static String lowerCase(String property) {
        String value = Native.property(property);
        return value == null ? "unknown" : value.toLowerCase(Locale.ROOT);
    }

    /** Whether the C library of this process is musl: its loader is then among the mapped files. */
    private static boolean isMusl() {
        ByteArrayOutputStream maps = new ByteArrayOutputStream(1 << 16);
        try (InputStream in = new FileInputStream("/proc/self/maps")) {
            byte[] chunk = new byte[8192];
            for (int n = in.read(chunk); n > 0; n = in.read(chunk)) {
                maps.write(chunk, 0, n);
            }
            return maps.toString("ISO-8859-1").contains("/ld-musl-");
        } catch (IOException | SecurityException e) {
            return false;
        }
    }

    private static File onLibraryPath(String fileName) {
        String path = Native.property("java.library.path");
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

    private static String packaged() {
        StringBuilder found = new StringBuilder();
        for (String platform : PLATFORMS) {
            String fileName = platform.startsWith("windows") ? "vault_cipher.dll"
                    : platform.startsWith("macos") ? "libvault_cipher.dylib" : "libvault_cipher.so";
            if (NativeLibrary.class.getResource(RESOURCES + platform + '/' + fileName) != null) {
                found.append(found.length() == 0 ? "" : ", ").append(platform);
            }
        }
        return found.length() == 0 ? "none" : found.toString();
    }
}

package dev.vaultcipher;

import java.io.File;
import java.net.URI;
import java.net.URL;
import java.security.CodeSource;
import java.security.GeneralSecurityException;

/**
 * The one door between Java and Rust: {@link #secret}, {@link #store} and {@link #keep} go in; {@link #property},
 * {@link #warn} and the other static methods are what Rust asks of the host on the way, on the thread that called.
 *
 * <p>It finds the native library and loads it as well, once per class loader. The first of these that exists is taken, and what
 * is wrong with it is an error: falling through to the next would leave an administrator's mistake, or half an upgrade,
 * unnoticed until it matters.
 * <ol>
 * <li>the file that the system property {@value #LIBRARY} names
 * <li>the file beside the jar
 * <li>the one inside the jar: {@link PrivateCopy}
 * <li>the file in a directory of {@code java.library.path}
 * </ol>
 *
 * <p>This runs while a server starts. Each class of ours takes a fresh JVM 0.3 ms, so what every start needs is in this one, and
 * what few need is in others: words in {@link Failure}, for example. What it uses and what it catches is what a JVM has loaded
 * by then anyway.
 */
final class Native implements Runnable {

    static final String LIBRARY = "dev.vaultcipher.library";

    /** The loaded library, in words; null until one is loaded. */
    private static volatile String loaded;

    /** The system properties that count, once Rust has named them. */
    private static volatile String[] counted;

    /** What the {@link Keeper}'s thread takes back when it ends; null in that itself. */
    private final Thread atExit;

    private Native(Thread atExit) {
        this.atExit = atExit;
    }

    /**
     * Reads the secret that the text points to.
     *
     * @throws IllegalStateException with a message for the host's administrator
     */
    static String secret(String text) {
        return call(text, false);
    }

    /**
     * Stores the secret that the text holds, if it says so, and else reads the one that it points to.
     *
     * @return the text for the host's configuration
     * @throws IllegalStateException with a message for the host's administrator
     */
    static String store(String text) {
        return call(text, true);
    }

    private static String call(String text, boolean storing) {
        if (text == null) {
            throw Failure.noText();
        }
        Thread thread = Thread.currentThread();
        ClassLoader context;
        try {
            load();
            context = thread.getContextClassLoader();
            thread.setContextClassLoader(null);
        } catch (LinkageError | RuntimeException e) {
            throw Failure.ofCall(e);
        }
        return callWithoutContextLoader(text, storing, thread, context);
    }

    /**
     * Rust looks classes up through the context class loader first. One that refuses even java.lang.* (a stopped web
     * application's) sends that look-up into endless recursion, which kills the JVM. What Rust throws needs no other class on
     * its way out: such a loader could not load it.
     */
    private static String callWithoutContextLoader(String text, boolean storing, Thread thread, ClassLoader context) {
        try {
            return storing ? write(text) : resolve(text);
        } catch (LinkageError e) {
            throw Failure.ofCall(e);
        } finally {
            thread.setContextClassLoader(context);
        }
    }

    /** Implemented in Rust. Throws IllegalStateException with the whole message, never returns null. */
    private static native String resolve(String text);

    /** Implemented in Rust, as {@link #resolve}. */
    private static native String write(String text);

    /**
     * Implemented in Rust: one turn of the {@link Keeper}. Returns how many milliseconds to wait until the next, and 0 when
     * nothing is left to keep. Does not throw; with {@code stopping} everything is ended at once.
     */
    static native long keep(boolean stopping);

    /**
     * Called by Rust: whether there is a thread now that calls {@link #keep} until that returns 0. There can be none where the
     * JVM exits, has no memory for it, or a policy forbids it.
     *
     * <p>Neither thread has a context class loader: they do not hold on to a web application longer than this class does anyway.
     */
    static boolean startKeeper() {
        try {
            Thread atExit = new Thread(new Native(null), "vault-cipher-keeper-exit");
            atExit.setContextClassLoader(null);
            Native keeper = new Native(atExit);
            Thread thread = new Thread(keeper, "vault-cipher-keeper");
            thread.setContextClassLoader(null);
            thread.setDaemon(true);
            Runtime.getRuntime().addShutdownHook(atExit);
            try {
                thread.start();
            } catch (OutOfMemoryError e) {
                keeper.forgetExit();
                return false;
            }
            return true;
        } catch (RuntimeException e) {
            return false;
        }
    }

    /** The keeper's thread, or what ends everything when the JVM exits before that has. */
    @Override
    public void run() {
        if (atExit == null) {
            keep(true);
            return;
        }
        try {
            Keeper.run();
        } catch (LinkageError | RuntimeException e) {
            // A web application that was stopped this soon can load no further class, not even the keeper.
            keep(true);
        } finally {
            forgetExit();
        }
    }

    private void forgetExit() {
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (RuntimeException e) {
            // The JVM exits: the hook runs already.
        }
    }

    /**
     * Called by Rust: those of the system properties that count which are set.
     *
     * @param names which count, with line breaks between; null for those of the last time
     * @return name, value, name, value, …, null; null for none at all
     */
    static String[] properties(String names) {
        if (names != null) {
            counted = names.split("\n");
        }
        String[] asked = counted;
        String[] set = null;
        int n = 0;
        for (String name : asked) {
            String value = property(name);
            if (value != null) {
                set = set == null ? new String[2 * asked.length + 1] : set;
                set[n++] = name;
                set[n++] = value;
            }
        }
        return set;
    }

    /** Called by Rust: the system property, or null if it is absent or a security manager keeps it from us. */
    static String property(String name) {
        try {
            return System.getProperty(name);
        } catch (RuntimeException e) {
            // A security manager's, whose class would be loaded with this one if it stood here.
            return null;
        }
    }

    /** Called by Rust: one line for the host's log. It never fails, since a lost warning must not stop a server. */
    static void warn(String message) {
        try {
            // Not a constant: most hosts never get a warning, and logging costs more class loading than all the rest.
            java.util.logging.Logger.getLogger("dev.vaultcipher").log(java.util.logging.Level.WARNING, message);
        } catch (RuntimeException | LinkageError e) {
            System.err.println("WARNING dev.vaultcipher: " + message);
        }
    }

    /**
     * Called by Rust for a trust store that only Java can read: the certificates (DER) that the JVM's default trust manager
     * accepts as issuers.
     */
    static byte[][] trustedCertificates() throws GeneralSecurityException {
        return JvmTrust.certificates();
    }

    /** Called by Rust between attempts: whether the calling thread is asked to stop. The flag stays as it is. */
    static boolean interrupted() {
        return Thread.currentThread().isInterrupted();
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

    /** The loaded library, in words. */
    static String library() {
        return loaded;
    }

    /** Returns the library in words. */
    private static String findAndLoad() {
        String named = Native.property(LIBRARY);
        if (named != null) {
            return loadFile(namedFile(named), "which the system property " + LIBRARY + " names");
        }
        String fileName = System.mapLibraryName("vault_cipher");
        File jar = jar();
        File beside = jar == null ? null : new File(jar.getParentFile(), fileName);
        if (beside != null && beside.exists()) {
            return loadFile(beside, "which lies beside the jar");
        }
        String packaged = PrivateCopy.loadPackaged(jar, fileName);
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
            PrivateCopy.loadTaken(file, words);
        }
        return words;
    }

    /** Whether the file is fine but belongs to another class loader (HotSpot's and OpenJ9's texts differ after this). */
    private static boolean isTaken(Throwable e) {
        return e instanceof UnsatisfiedLinkError && e.getMessage() != null && e.getMessage().contains("already loaded");
    }

    /** The jar that this class came from; null if it did not come from a jar in the file system. */
    private static File jar() {
        URL location = null;
        try {
            CodeSource source = Native.class.getProtectionDomain().getCodeSource();
            location = source == null ? null : source.getLocation();
        } catch (RuntimeException e) {
            // A security manager's: the class's own address will do.
        }
        if (location == null) {
            location = Native.class.getResource("Native.class");
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
}

package dev.vaultcipher;

import java.security.GeneralSecurityException;

/**
 * The one door between Java and Rust: {@link #secret}, {@link #store} and {@link #keep} go in; {@link #property},
 * {@link #warn} and the other static methods are what Rust asks of the host on the way, on the thread that called.
 */
final class Native {

    /** The system properties that count, once Rust has named them. */
    private static volatile String[] counted;

    private Native() {
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
            throw failure("There is no text to resolve: the property holds nothing (null). It must hold the JSON object "
                    + "that says where in Vault the secret lies.", null);
        }
        try {
            NativeLibrary.load();
            return callWithoutContextLoader(text, storing);
        } catch (UnsatisfiedLinkError e) {
            throw NativeLibrary.isForeign(e);
        } catch (SecurityException e) {
            throw failure("The JVM's security manager stands in the way: " + e.getMessage()
                    + ". Grant our jar this permission in the policy file.", e);
        }
    }

    /** What every failure looks like, those that Rust throws as well. */
    static IllegalStateException failure(String message, Throwable cause) {
        return new IllegalStateException("vault-cipher: " + message, cause);
    }

    /**
     * Rust looks classes up through the context class loader first. One that refuses even java.lang.* (a stopped web
     * application's) sends that look-up into endless recursion, which kills the JVM.
     */
    private static String callWithoutContextLoader(String text, boolean storing) {
        Thread thread = Thread.currentThread();
        ClassLoader context = thread.getContextClassLoader();
        thread.setContextClassLoader(null);
        try {
            return storing ? write(text) : resolve(text);
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

    /** Called by Rust: whether there is a thread now that calls {@link #keep} until that returns 0. */
    static boolean startKeeper() {
        return Keeper.startOne();
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
        } catch (SecurityException e) {
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
}

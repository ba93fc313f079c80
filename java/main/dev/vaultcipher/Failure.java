package dev.vaultcipher;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * What can go wrong before Rust is asked, in words for the administrator. A class of its own, which only a failure loads: to
 * read and verify these words would take the first secret as long as to find the library, and the JVM loads the exceptions
 * that a class throws or catches together with it.
 */
final class Failure {

    /** The jar, the copy, and what the system's loader opens. */
    private static final int DESCRIPTORS = 3;

    private Failure() {
    }

    /** What every failure looks like, those that Rust throws as well. The codes are rows of Rust's table (src/error/codes.rs). */
    static IllegalStateException of(int code, String message, Throwable cause) {
        return new IllegalStateException("vault-cipher: " + message + " (VC" + code + ')', cause);
    }

    static RuntimeException noText() {
        return of(901, "There is no text to resolve: the property holds nothing (null). It must hold the JSON object "
                + "that says where in Vault the secret lies.", null);
    }

    static RuntimeException longText(int length, int most) {
        return of(1001, "The text in the server's configuration is not usable: it has " + length + " characters, and at most " + most
                + " bytes are read. What to do: correct it there; it must be the JSON object that says where in Vault the secret "
                + "lies.", null);
    }

    static RuntimeException ofSecurity(SecurityException e) {
        return of(903, "The JVM's security manager does not allow it: " + e.getMessage()
                + ". Grant the jar this permission in the policy file.", e);
    }

    /** The library has not the methods that this jar asks for. */
    static RuntimeException notOurs(String words, Throwable e) {
        return of(902, "The native library " + words + ", is not the one that belongs to this jar: " + e.getMessage()
                + ". Take both from the same release.", e);
    }

    /** The library is loaded, but refuses to work. Its message is in the slot, if there was memory for one. */
    static RuntimeException notPrepared(String words, byte[] message) {
        return of(914, "The native library " + words + ", does not start: "
                + (message == null ? "there is no memory" : new String(message, StandardCharsets.UTF_8)), null);
    }

    static RuntimeException notAbsolute(String property, String path) {
        return of(904, "The system property " + property + " must name the native library by its absolute path, but is '" + path
                + "'.", null);
    }

    static RuntimeException noFile(String property, String path) {
        return of(905, "The system property " + property + " names " + path
                + ", which is not a file that this process can see. Correct the path, or remove the property to use the "
                + "library inside the jar.", null);
    }

    static RuntimeException noLibrary(String property, Object lookedFor) {
        return of(906, "There is no native library for this platform, " + Platform.name()
                + ". The jar holds: " + Platform.packaged() + ". Also looked for " + lookedFor
                + " and in java.library.path (" + NativeLibrary.property("java.library.path")
                + "). Install the jar for this platform, or name the library with -D" + property + "=/absolute/path.",
                null);
    }

    static RuntimeException unreadable(String words, Exception e, String advice) {
        if (hasNoDescriptors()) {
            return noDescriptors(e);
        }
        return of(907, "The native library " + words + ", cannot be read: " + e + advice, e);
    }

    /** Somebody else could put another file in the place of the copy before it is loaded. */
    static RuntimeException unsafePlace(File parent, String directory, String why, String property) {
        return of(912, "The native library has to be unpacked, but not into the temporary directory " + parent + ": " + directory + " "
                + why + ", so that another user of this machine could replace the library before it is loaded. Remove that right "
                + "away (chmod go-w, or chmod +t where all may write), or name another directory with -D" + property
                + "=/absolute/path, or put the library beside the jar.", null);
    }

    static RuntimeException damaged(String words) {
        return of(913, "The native library " + words + ", is damaged: what was written is not what the jar holds. Install the jar again, "
                + "and check the disk.", null);
    }

    static RuntimeException noPlace(File parent, Exception e, String property) {
        if (hasNoDescriptors()) {
            return noDescriptors(e);
        }
        return of(908, "The native library has to be unpacked, but this process cannot write to the temporary directory "
                + parent + ": " + e + ". Make room there, or name another directory with -D" + property
                + "=/absolute/path, or put the library beside the jar.", e);
    }

    /** What became of an attempt to load a file, if that is not the place's fault. */
    static RuntimeException ofLoading(String words, Throwable e) {
        if (e instanceof UnsatisfiedLinkError && hasNoDescriptors()) {
            return noDescriptors(e);
        }
        if (e instanceof UnsatisfiedLinkError) {
            return of(909, "The native library " + words + ", cannot be loaded on this platform, "
                    + Platform.name() + ": " + e.getMessage(), e);
        }
        // What JDK 24+ throws when native access is denied. Its class is not there on older ones: known by its name.
        if ("java.lang.IllegalCallerException".equals(e.getClass().getName())) {
            return of(910, "The JVM does not allow this jar to load its native library ("
                    + e.getMessage() + "). Add --enable-native-access=ALL-UNNAMED to the server's JVM arguments, where "
                    + "--illegal-native-access=deny stands, or to the environment variable JDK_JAVA_OPTIONS.", e);
        }
        if (e instanceof Error) {
            throw (Error) e;
        }
        return (RuntimeException) e;
    }

    /** The same for a copy of the library: it may be the place of the copy that is wrong. */
    static RuntimeException ofLoadingCopy(String words, File parent, String property, Throwable e) {
        if (!(e instanceof UnsatisfiedLinkError) || !mayNotBeExecuted(e.getMessage())) {
            return ofLoading(words, e);
        }
        return of(911, "The native library was unpacked into the temporary directory "
                + parent + ", but programs may not be run from there (mounted noexec, or forbidden by a "
                + "security policy): " + e.getMessage() + ". Name another directory with -D" + property
                + "=/absolute/path, or put the library beside the jar.", e);
    }

    private static RuntimeException noDescriptors(Throwable e) {
        return of(916, "The native library cannot be loaded: this process has no file descriptors left (" + e.getMessage()
                + "). See what it keeps open (ls -l /proc/PID/fd), or raise its limit (LimitNOFILE in the systemd unit, ulimit -n).", e);
    }

    /** Whether fewer files can be opened than it takes to load the library: the system's own words depend on the language. */
    private static boolean hasNoDescriptors() {
        File known = NativeLibrary.jar();
        if (known == null || !known.canRead()) {
            return false;
        }
        FileInputStream[] opened = new FileInputStream[DESCRIPTORS];
        try {
            for (int i = 0; i < opened.length; i++) {
                opened[i] = new FileInputStream(known);
            }
            return false;
        } catch (IOException e) {
            return true;
        } finally {
            for (FileInputStream file : opened) {
                close(file);
            }
        }
    }

    private static void close(FileInputStream file) {
        try {
            if (file != null) {
                file.close();
            }
        } catch (IOException e) {
            // It was only read.
        }
    }

    /** The texts of glibc and of musl. */
    private static boolean mayNotBeExecuted(String reason) {
        return reason != null && (reason.contains("failed to map segment from shared object")
                || reason.contains("Operation not permitted")
                || reason.contains("Permission denied"));
    }
}

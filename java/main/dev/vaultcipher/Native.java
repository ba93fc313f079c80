package dev.vaultcipher;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The only door between Java and Rust: the native methods, and the static methods that Rust calls on the way, on the thread that
 * called.
 *
 * <p>Texts cross as UTF-8 bytes. What Rust gives is in the slot, an array of one element: Rust calls {@link #room} and fills the
 * array that Java has allocated. Rust throws nothing itself. What one of the methods that it calls throws ends the call, and the
 * native method throws it.
 */
final class Native {

    private Native() {
    }

    /**
     * Prepares the library that was just loaded. The slot then has the names of the system properties that count, with line
     * breaks between, or a message.
     *
     * @return whether it succeeded
     */
    static native boolean propertyNames(byte[][] slot);

    /**
     * Reads the secret that the text points to. The slot then has its value, or the message of the exception to throw. An empty
     * slot means that there was no memory.
     *
     * @return whether it succeeded
     */
    static native boolean read(byte[] text, byte[][] slot);

    /** Stores the secret that the text holds, or reads the one that it points to; as {@link #read}, with a text as its result. */
    static native boolean store(byte[] text, byte[][] slot);

    /**
     * One turn of the {@link Keeper}. Does not throw; with {@code stopping} everything is ended at once.
     *
     * @return how many milliseconds to wait until the next turn, and 0 when nothing is left to keep
     */
    static native long keep(boolean stopping, byte[][] slot);

    /**
     * Runs a command of the tool. The arguments are in one array, each with its length before it: our jar's path, "1" for
     * colours, and those of the command line.
     *
     * @return the exit status
     */
    static native int command(byte[] arguments, byte[][] slot);

    /** Called by Rust before it gives bytes. */
    static void room(byte[][] slot, int length) {
        slot[0] = new byte[length];
    }

    /** Called by Rust: whether the calling thread is asked to stop. The flag stays as it is. */
    static boolean interrupted(byte[][] slot) {
        return Thread.currentThread().isInterrupted();
    }

    /** Called by Rust: whether there is a thread now that calls {@link #keep} until that returns 0. */
    static boolean startKeeper(byte[][] slot) {
        try {
            return Keeper.start();
        } catch (LinkageError e) {
            // A stopped web application can load no further class.
            return false;
        }
    }

    /**
     * Called by Rust: the system properties that count and are set: name, value, name, value, ….
     *
     * @return whether {@link #step} is to be called
     */
    static boolean properties(byte[][] slot) {
        ByteArrayOutputStream set = new ByteArrayOutputStream();
        for (String name : NativeLibrary.properties()) {
            String value = NativeLibrary.property(name);
            if (value != null) {
                append(set, name.getBytes(StandardCharsets.UTF_8));
                append(set, value.getBytes(StandardCharsets.UTF_8));
            }
        }
        slot[0] = set.toByteArray();
        return logsSteps();
    }

    /**
     * Whether the log takes lines of level FINE. Where nothing configures java.util.logging it takes none, and is not asked: to load
     * it takes a fresh JVM longer than to read a secret.
     */
    private static boolean logsSteps() {
        if (NativeLibrary.property("java.util.logging.config.file") == null
                && NativeLibrary.property("java.util.logging.config.class") == null
                && NativeLibrary.property("java.util.logging.manager") == null) {
            return false;
        }
        try {
            return Logger.getLogger("dev.vaultcipher").isLoggable(Level.FINE);
        } catch (ThreadDeath e) {
            throw e;
        } catch (Throwable e) {
            return false;
        }
    }

    /**
     * Called by Rust for a trust store that only Java can read: the certificates (DER) that the JVM's default trust manager
     * accepts as issuers.
     *
     * @return false if the slot has the reason why there are none
     */
    static boolean trustedCertificates(byte[][] slot) {
        try {
            return JvmTrust.certificates(slot);
        } catch (LinkageError e) {
            return refused(slot, e);
        }
    }

    /**
     * Called by Rust: whether the JVM trusts a chain of certificates that Rust does not. The slot has the certificates of the chain
     * (DER), an empty one, and the certificates that are to be trusted besides the JVM's own.
     *
     * @return false if the slot has the reason why it does not
     */
    static boolean trustsChain(byte[][] slot) {
        try {
            return JvmTrust.trusts(slot);
        } catch (LinkageError e) {
            return refused(slot, e);
        }
    }

    /** The slot gets the reason; returns false. */
    static boolean refused(byte[][] slot, Throwable e) {
        slot[0] = (e.getClass().getName() + ": " + e.getMessage()).getBytes(StandardCharsets.UTF_8);
        return false;
    }

    /** The length in four bytes, and the bytes. */
    static void append(ByteArrayOutputStream out, byte[] bytes) {
        for (int shift = 24; shift >= 0; shift -= 8) {
            out.write(bytes.length >>> shift);
        }
        out.write(bytes, 0, bytes.length);
    }

    /**
     * Called by Rust: one line for the host's log, {@code java.util.logging}, which every server directs where it wants. Whatever
     * a handler throws, the work goes on, unless the thread is to be stopped: a lost warning must not stop a server.
     */
    static boolean warn(byte[][] slot) {
        String message = new String(slot[0], StandardCharsets.UTF_8);
        try {
            // Not a constant: most hosts never get a warning, and logging costs more class loading than all the rest.
            Logger.getLogger("dev.vaultcipher").log(Level.WARNING, message);
        } catch (ThreadDeath e) {
            throw e;
        } catch (Throwable e) {
            print("WARNING dev.vaultcipher: " + message);
        }
        return true;
    }

    /** Called by Rust where {@link #properties} asked for it: a step that was taken, one line for the log, of level FINE. */
    static boolean step(byte[][] slot) {
        String message = new String(slot[0], StandardCharsets.UTF_8);
        try {
            Logger.getLogger("dev.vaultcipher").log(Level.FINE, message);
        } catch (ThreadDeath e) {
            throw e;
        } catch (Throwable e) {
            // Whatever a handler throws: the value counts, not its log.
        }
        return true;
    }

    /** Called by Rust: {@link Tool#print}. */
    static boolean print(byte[][] slot) {
        return Tool.print(slot);
    }

    /** Called by Rust: {@link Tool#facts}. */
    static boolean facts(byte[][] slot) {
        return Tool.facts(slot);
    }

    /** Called by Rust: {@link Tool#decrypt}. */
    static boolean decrypt(byte[][] slot) {
        return Tool.decrypt(slot);
    }

    /** Called by Rust: {@link Tool#logIn}. */
    static boolean logIn(byte[][] slot) {
        return Tool.logIn(slot);
    }

    private static void print(String line) {
        try {
            System.err.println(line);
        } catch (ThreadDeath e) {
            throw e;
        } catch (Throwable e) {
            // Nobody is left to tell.
        }
    }
}

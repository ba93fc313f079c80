package dev.vaultcipher;

import java.lang.reflect.Method;

/**
 * The daemon thread that ends what the calls of a start-up share: it wipes secrets that were read, revokes tokens that were
 * obtained, closes connections, and renews leases where that is wanted. Rust says what is due; this class brings the time, and
 * notices that the web application stops or that the JVM exits. It is there for a few seconds, unless leases are renewed.
 */
final class Keeper implements Runnable {

    private static final String NAME = "vault-cipher-keeper";
    /** How soon the end of the web application is noticed. */
    private static final long TICK_MILLIS = 200;

    /** Ends everything when the JVM exits before the thread has. */
    private final Thread atExit = new Thread(NAME + "-exit") {
        @Override
        public void run() {
            Native.keep(true);
        }
    };
    private final Method state = stateOfTheApplication();

    private Keeper() {
        // A stopped web application can load no further class, not even the JDK's: all that the thread needs is loaded now.
        isStopped(0);
        applicationStops();
    }

    /** Returns false where there can be no such thread: the JVM exits, has no memory for it, or a policy forbids it. */
    static boolean start() {
        try {
            Keeper keeper = new Keeper();
            Thread thread = new Thread(keeper, NAME);
            thread.setDaemon(true);
            // Neither holds on to the web application longer than its class does anyway.
            thread.setContextClassLoader(null);
            keeper.atExit.setContextClassLoader(null);
            Runtime.getRuntime().addShutdownHook(keeper.atExit);
            try {
                thread.start();
            } catch (OutOfMemoryError e) {
                keeper.forgetExit();
                return false;
            }
            return true;
        } catch (IllegalStateException | SecurityException e) {
            return false;
        }
    }

    @Override
    public void run() {
        try {
            boolean stopping = false;
            for (long wait = Native.keep(false); wait > 0; wait = Native.keep(stopping)) {
                stopping = isStopped(wait);
            }
        } finally {
            forgetExit();
        }
    }

    private void forgetExit() {
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException e) {
            // The JVM exits: the hook runs already.
        }
    }

    /** Waits; returns true at once when the web application stops or this thread is interrupted. */
    private boolean isStopped(long millis) {
        long end = System.nanoTime() + millis * 1_000_000;
        try {
            for (long left = millis; left > 0; left = (end - System.nanoTime() + 999_999) / 1_000_000) {
                Thread.sleep(left < TICK_MILLIS ? left : TICK_MILLIS);
                if (applicationStops()) {
                    return true;
                }
            }
            return false;
        } catch (InterruptedException e) {
            return true;
        }
    }

    /** Tomcat's class loader of a web application knows whether that still runs; null elsewhere. */
    private static Method stateOfTheApplication() {
        try {
            return Keeper.class.getClassLoader().getClass().getMethod("getStateName");
        } catch (NoSuchMethodException | RuntimeException | LinkageError e) {
            return null;
        }
    }

    private boolean applicationStops() {
        try {
            String name = state == null ? "" : String.valueOf(state.invoke(Keeper.class.getClassLoader()));
            return name.startsWith("STOP") || name.startsWith("DESTROY") || name.equals("FAILED");
        } catch (ReflectiveOperationException | RuntimeException e) {
            return false;
        }
    }
}

package dev.vaultcipher;

import java.lang.reflect.Method;

/**
 * The daemon thread that ends what the calls of a start-up share: it wipes secrets that were read, revokes tokens that were
 * obtained, closes connections, and renews leases where that is wanted. Rust says what is due; this class brings the time, and
 * notices that the web application stops or that the JVM exits. It is there for a few seconds, unless leases are renewed.
 */
final class Keeper extends Thread {

    private static final String NAME = "vault-cipher-keeper";
    /** How soon the end of the web application is noticed. */
    private static final long TICK_MILLIS = 200;

    /** Ends everything when the JVM exits before this thread has; null in that thread itself. */
    private final Keeper atExit;
    private final Method state;

    private Keeper(String name, Keeper atExit) {
        super(name);
        this.atExit = atExit;
        this.state = atExit == null ? null : stateOfTheApplication();
        // Does not hold on to the web application longer than its class does anyway.
        setContextClassLoader(null);
        // A stopped web application can load no further class, not even the JDK's: all that the thread needs is loaded now.
        isStopped(0);
        applicationStops();
    }

    /** Returns false where there can be no such thread: the JVM exits, has no memory for it, or a policy forbids it. */
    static boolean startOne() {
        try {
            Keeper keeper = new Keeper(NAME, new Keeper(NAME + "-exit", null));
            keeper.setDaemon(true);
            Runtime.getRuntime().addShutdownHook(keeper.atExit);
            try {
                keeper.start();
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
        if (atExit == null) {
            Native.keep(true);
            return;
        }
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

    /**
     * Tomcat's class loader of a web application knows whether that still runs; null elsewhere. Its class is looked for by name
     * first: to look for a method in a fresh JVM takes longer than everything else here.
     */
    private static Method stateOfTheApplication() {
        ClassLoader loader = Keeper.class.getClassLoader();
        Class<?> type = loader == null ? null : loader.getClass();
        while (type != null && !"org.apache.catalina.loader.WebappClassLoaderBase".equals(type.getName())) {
            type = type.getSuperclass();
        }
        try {
            return type == null ? null : type.getMethod("getStateName");
        } catch (NoSuchMethodException | SecurityException e) {
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

package dev.vaultcipher;

import java.lang.reflect.Method;

/**
 * What the daemon thread does that ends what the calls of a start-up share: it wipes secrets that were read, revokes tokens that
 * were obtained, closes connections, and renews leases where that is wanted. Rust says what is due; this class brings the time,
 * and notices that the web application stops. It is there for a few seconds, unless leases are renewed.
 *
 * <p>Only that thread loads this class: the first secret does not wait for it.
 */
final class Keeper {

    /** How soon the end of the web application is noticed. */
    private static final long TICK_MILLIS = 200;

    private final Method state = stateOfTheApplication();

    private Keeper() {
        // A stopped web application can load no further class, not even the JDK's: all that is needed is loaded now.
        isStopped(0);
        applicationStops();
    }

    /** Returns when nothing is left to keep. */
    static void run() {
        Keeper keeper = new Keeper();
        boolean stopping = false;
        for (long wait = Native.keep(false); wait > 0; wait = Native.keep(stopping)) {
            stopping = keeper.isStopped(wait);
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

package dev.vaultcipher;

import java.lang.reflect.Method;

/**
 * The daemon thread that ends what the calls of a start-up share: it wipes secrets that were read, revokes tokens that were
 * obtained, closes connections, and renews leases where that is wanted. Rust says what is due; this class brings the time, and
 * notices that the web application stops or the JVM exits. The thread is there for a few seconds, unless leases are renewed.
 */
final class Keeper implements Runnable {

    /** How soon the end of the web application is noticed. */
    private static final long TICK_MILLIS = 200;

    /** In bytes. The thread may revoke tokens over TLS, and a server may have chosen small stacks. */
    private static final long STACK_SIZE = 1 << 20;

    /** Ends everything when the JVM exits before the keeper has; null in the object that does that. */
    private final Thread atExit;

    private Keeper(Thread atExit) {
        this.atExit = atExit;
    }

    /**
     * Starts the thread; false where there can be none: the JVM exits, has no memory for it, or a policy forbids it.
     *
     * <p>Neither thread has a context class loader: they do not hold on to a web application longer than this class does anyway.
     */
    static boolean start() {
        try {
            Thread atExit = new Thread(null, new Keeper(null), "vault-cipher-keeper-exit", STACK_SIZE);
            atExit.setContextClassLoader(null);
            Keeper keeper = new Keeper(atExit);
            Thread thread = new Thread(null, keeper, "vault-cipher-keeper", STACK_SIZE);
            thread.setContextClassLoader(null);
            thread.setDaemon(true);
            Runtime.getRuntime().addShutdownHook(atExit);
            try {
                thread.start();
            } catch (OutOfMemoryError e) {
                // No memory, or the process may have no more threads.
                keeper.forgetExit();
                return false;
            }
            return true;
        } catch (RuntimeException e) {
            return false;
        }
    }

    /** One turn; the milliseconds until the next, 0 for none. */
    static long turn(boolean stopping) {
        return Native.keep(stopping, new byte[1][]);
    }

    @Override
    public void run() {
        if (atExit == null) {
            turn(true);
            return;
        }
        try {
            keep();
        } catch (LinkageError | RuntimeException e) {
            // A web application that was stopped this soon can load no further class.
            turn(true);
        } finally {
            forgetExit();
        }
    }

    /** Returns when nothing is left to keep. */
    private void keep() {
        Method state = stateOfTheApplication();
        // A stopped web application can load no further class, not even the JDK's: all that is needed is loaded now.
        isStopped(state, 0);
        applicationStops(state);
        boolean stopping = false;
        for (long wait = turn(false); wait > 0; wait = turn(stopping)) {
            stopping = isStopped(state, wait);
        }
    }

    private void forgetExit() {
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (RuntimeException e) {
            // The JVM exits: the hook runs already.
        }
    }

    /** Waits; returns true at once when the web application stops or this thread is interrupted. */
    private static boolean isStopped(Method state, long millis) {
        long end = System.nanoTime() + millis * 1_000_000;
        try {
            for (long left = millis; left > 0; left = (end - System.nanoTime() + 999_999) / 1_000_000) {
                Thread.sleep(left < TICK_MILLIS ? left : TICK_MILLIS);
                if (applicationStops(state)) {
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

    private static boolean applicationStops(Method state) {
        try {
            String name = state == null ? "" : String.valueOf(state.invoke(Keeper.class.getClassLoader()));
            return name.startsWith("STOP") || name.startsWith("DESTROY") || name.equals("FAILED");
        } catch (ReflectiveOperationException | RuntimeException e) {
            return false;
        }
    }
}

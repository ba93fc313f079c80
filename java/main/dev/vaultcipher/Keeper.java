package dev.vaultcipher;

/**
 * The daemon thread that ends what the calls of a start-up share: it wipes secrets that were read, revokes tokens that were
 * obtained, closes connections, and renews leases where that is wanted. Rust says what is due; this class brings the time, and
 * notices that the web application stops or the JVM exits. The thread is there for a few seconds, unless leases are renewed.
 */
final class Keeper implements Runnable {

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
        WebApplication application = WebApplication.ours();
        boolean stopping = false;
        for (long wait = turn(false); wait > 0; wait = turn(stopping)) {
            stopping = application.stopsWithin(wait);
        }
    }

    private void forgetExit() {
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (RuntimeException e) {
            // The JVM exits: the hook runs already.
        }
    }
}

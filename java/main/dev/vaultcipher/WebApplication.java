package dev.vaultcipher;

import java.lang.reflect.Method;

/**
 * The web application that this class belongs to, and whether it stops. Only the {@link Keeper}'s thread uses it: a class apart from
 * that, so that the host's thread does not wait while it is loaded.
 */
final class WebApplication {

    /** How soon its end is noticed. */
    private static final long TICK_MILLIS = 200;

    /** Null where the class loader does not know the application's state: everywhere but in Tomcat. */
    private final Method state;

    private WebApplication(Method state) {
        this.state = state;
    }

    /** A stopped web application can load no further class, not even the JDK's: all that is needed later is loaded now. */
    static WebApplication ours() {
        WebApplication application = new WebApplication(stateOfTheLoader());
        application.stopsWithin(0);
        application.stops();
        return application;
    }

    /** Waits; returns true at once when the web application stops or this thread is interrupted. */
    boolean stopsWithin(long millis) {
        long end = System.nanoTime() + millis * 1_000_000;
        try {
            for (long left = millis; left > 0; left = (end - System.nanoTime() + 999_999) / 1_000_000) {
                Thread.sleep(left < TICK_MILLIS ? left : TICK_MILLIS);
                if (stops()) {
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
    private static Method stateOfTheLoader() {
        ClassLoader loader = WebApplication.class.getClassLoader();
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

    private boolean stops() {
        try {
            String name = state == null ? "" : String.valueOf(state.invoke(WebApplication.class.getClassLoader()));
            return name.startsWith("STOP") || name.startsWith("DESTROY") || name.equals("FAILED");
        } catch (ReflectiveOperationException | RuntimeException e) {
            return false;
        }
    }
}

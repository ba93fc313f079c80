package dev.vaultcipher.host;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

import org.apache.catalina.Context;
import org.apache.catalina.Lifecycle;
import org.apache.catalina.LifecycleException;
import org.apache.catalina.core.JreMemoryLeakPreventionListener;
import org.apache.catalina.core.StandardContext;
import org.apache.catalina.core.StandardHost;
import org.apache.catalina.core.ThreadLocalLeakPreventionListener;
import org.apache.catalina.startup.ContextConfig;
import org.apache.catalina.startup.Tomcat;
import org.apache.tomcat.util.scan.StandardJarScanner;

/**
 * An embedded Tomcat on loopback, of whichever version is on the class path, with the leak detection that a Tomcat
 * installation has. It keeps what Tomcat complains about.
 */
final class ServletContainer implements AutoCloseable {
    private final Tomcat tomcat = new Tomcat();
    private final Complaints complaints = new Complaints();

    ServletContainer(Path folder) throws LifecycleException {
        Logger.getLogger("org.apache").addHandler(complaints);
        tomcat.setBaseDir(folder.toString());
        tomcat.setPort(0);
        tomcat.getConnector().setProperty("address", "127.0.0.1");
        tomcat.getHost(); // makes the default host, which start() would miss
        tomcat.getServer().addLifecycleListener(new JreMemoryLeakPreventionListener());
        tomcat.getServer().addLifecycleListener(new ThreadLocalLeakPreventionListener());
        tomcat.start();
    }

    /**
     * Starts a web application.
     *
     * @param name its context path, without the slash
     * @param folder its document base, which holds WEB-INF
     * @param onStart called with its class loader on the thread that starts it, when it is that thread's context loader
     * @param onStop likewise when it stops, before its class loader does
     * @throws IllegalStateException if onStart fails
     */
    WebApplication deploy(String name, Path folder, Consumer<ClassLoader> onStart, Runnable onStop) {
        Context context = new StandardContext();
        context.setName('/' + name);
        context.setPath('/' + name);
        context.setDocBase(folder.toString());
        ContextConfig config = new ContextConfig();
        config.setDefaultWebXml(tomcat.noDefaultWebXmlPath());
        context.addLifecycleListener(config);
        ((StandardJarScanner) context.getJarScanner()).setScanClassPath(false);
        context.addLifecycleListener(event -> {
            if (event.getType().equals(Lifecycle.CONFIGURE_START_EVENT)) {
                onStart.accept(Thread.currentThread().getContextClassLoader());
            } else if (event.getType().equals(Lifecycle.STOP_EVENT)) {
                onStop.run();
            }
        });
        try {
            tomcat.getHost().addChild(context);
        } catch (IllegalStateException e) {
            tomcat.getHost().removeChild(context);
            throw e;
        }
        return new WebApplication(context);
    }

    /** A web application that runs until close(). */
    final class WebApplication implements AutoCloseable {
        private final Context context;

        private WebApplication(Context context) {
            this.context = context;
        }

        ClassLoader loader() {
            return context.getLoader().getClassLoader();
        }

        /** Stops and removes it. */
        @Override
        public void close() {
            tomcat.getHost().removeChild(context);
        }
    }

    /** What Tomcat has complained about so far: log lines of level WARNING and above. */
    List<String> complaints() {
        return new ArrayList<>(complaints.lines);
    }

    /** The stopped applications whose class loaders Tomcat still finds in memory after a garbage collection. */
    List<String> leaks() {
        return Arrays.asList(((StandardHost) tomcat.getHost()).findReloadedContextMemoryLeaks());
    }

    @Override
    public void close() throws LifecycleException {
        tomcat.stop();
        tomcat.destroy();
        Logger.getLogger("org.apache").removeHandler(complaints);
    }

    private static final class Complaints extends Handler {
        private final List<String> lines = Collections.synchronizedList(new ArrayList<>());

        @Override
        public void publish(LogRecord record) {
            String line = new SimpleFormatter().formatMessage(record);
            // A slow machine's randomness is nothing of ours, nor is Tomcat's own thread that looks after its applications just then.
            if (record.getLevel().intValue() >= Level.WARNING.intValue()
                    && !record.getLoggerName().contains("SessionIdGenerator") && !line.contains("thread named [Catalina-utility-")) {
                lines.add(line);
            }
        }

        @Override
        public void flush() {
        }

        @Override
        public void close() {
        }
    }
}

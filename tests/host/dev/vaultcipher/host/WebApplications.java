package dev.vaultcipher.host;

import dev.vaultcipher.host.ServletContainer.WebApplication;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;

/**
 * What happens to web applications in a servlet container: {@code WebApplications FOLDER TOMCAT_FOLDER TEXT FINGERPRINT}
 * with the document base of an application that has our jar in its WEB-INF/lib, a folder for Tomcat's own files, a text
 * and the fingerprint of the secret that it leads to. Prints a line for each story: {@code NAME ok: what was measured} or
 * {@code NAME failed: why}.
 */
final class WebApplications {
    private static final String[] CLASSES = {"dev.vaultcipher.VaultSecretStore", "dev.vaultcipher.VaultCipher"};
    private static final String LIBRARY = System.mapLibraryName("vault_cipher");
    private static final int REDEPLOYMENTS = 20;

    private final ServletContainer container;
    private final Path folder;
    private final String text;
    private final String fingerprint;

    private WebApplications(ServletContainer container, Path folder, String text, String fingerprint) {
        this.container = container;
        this.folder = folder;
        this.text = text;
        this.fingerprint = fingerprint;
    }

    public static void main(String[] arguments) throws Exception {
        try (ServletContainer container = new ServletContainer(Paths.get(arguments[1]))) {
            WebApplications stories = new WebApplications(container, Paths.get(arguments[0]), arguments[2], arguments[3]);
            stories.tell("readsAtStartUp", stories::readsAtStartUp);
            stories.tell("redeployedManyTimes", stories::redeployedManyTimes);
            stories.tell("twoSideBySide", stories::twoSideBySide);
            stories.tell("calledAfterItWasStopped", stories::calledAfterItWasStopped);
            stories.tell("stoppedBeforeItsStartIsOver", stories::stoppedBeforeItsStartIsOver);
            stories.tell("stoppedWhileACallWaits", stories::stoppedWhileACallWaits);
            stories.tell("stoppedWhileItStarts", stories::stoppedWhileItStarts);
        }
        System.out.println("container stopped");
    }

    /** Each on a thread of its own, which takes what belongs to it with it. */
    private void tell(String name, Callable<String> story) {
        int before = container.complaints().size();
        Thread thread = new Thread(() -> {
            try {
                String measured = story.call();
                List<String> complaints = container.complaints();
                check(complaints.size() == before, "Tomcat complains: " + complaints.subList(before, complaints.size()));
                System.out.println(name + " ok: " + measured);
            } catch (Throwable failure) { // an Error is a failure of this story too, and the others go on
                System.out.println(name + " failed: " + failure);
                failure.printStackTrace();
            }
        }, name);
        thread.start();
        join(thread);
    }

    private String readsAtStartUp() {
        for (String name : CLASSES) {
            WebApplication application = container.deploy("app", folder, loader -> {
                read(store(name, loader));
                check(Thread.currentThread().getContextClassLoader() == loader, "the context class loader was changed");
            }, () -> { });
            read(store(name, application.loader()));
            application.close();
        }
        return String.join(" and ", CLASSES);
    }

    /** On one thread, as Tomcat does it, which the library's copies stay with: each is gone only after that thread. */
    private String redeployedManyTimes() throws Exception {
        List<WeakReference<ClassLoader>> loaders = new ArrayList<>();
        int whileItLives;
        ExecutorService deployer = Executors.newSingleThreadExecutor();
        try {
            loaders.add(deployer.submit(this::deployAndRemove).get());
            awaitCollected(loaders);
            ProcessState afterTheFirst = ProcessState.now();
            for (int i = 0; i < REDEPLOYMENTS; i++) {
                loaders.add(deployer.submit(this::deployAndRemove).get());
            }
            awaitCollected(loaders);
            check(container.leaks().isEmpty(), "Tomcat finds in memory: " + container.leaks());
            await("more than after the first deployment", () -> ProcessState.now().moreThan(afterTheFirst));
            whileItLives = ProcessState.mapped(LIBRARY);
        } finally {
            deployer.shutdownNow();
            deployer.awaitTermination(10, TimeUnit.SECONDS);
        }
        check(whileItLives <= REDEPLOYMENTS + 1, whileItLives + " copies of the library are mapped");
        // glibc unmaps what a thread kept when it next unloads anything.
        await("copies of the library are mapped", () -> {
            Thread last = new Thread(() -> loaders.add(deployAndRemove()));
            last.start();
            last.join();
            awaitCollected(loaders);
            Thread.sleep(200); // the JVM unloads a little later
            int left = ProcessState.mapped(LIBRARY);
            return left == 0 ? List.of() : List.of(left);
        });
        return loaders.size() + " deployments, all class loaders collected, no thread and no open file more than after the "
                + "first, " + whileItLives + " copies of the library mapped while the deploying thread lives, none afterwards";
    }

    private WeakReference<ClassLoader> deployAndRemove() {
        WebApplication application = container.deploy("app", folder, loader -> read(store(CLASSES[0], loader)), () -> { });
        WeakReference<ClassLoader> loader = new WeakReference<>(application.loader());
        application.close();
        return loader;
    }

    private String twoSideBySide() {
        WebApplication one = container.deploy("one", folder, loader -> read(store(CLASSES[0], loader)), () -> { });
        WebApplication two = container.deploy("two", folder, loader -> read(store(CLASSES[1], loader)), () -> { });
        check(one.loader() != two.loader(), "one class loader for both");
        StoreClass ofTwo = store(CLASSES[0], two.loader());
        read(store(CLASSES[1], one.loader()));
        read(ofTwo);
        one.close();
        read(ofTwo);
        two.close();
        return "both read, and the second when the first was stopped";
    }

    /** The thread has the class loader of a stopped application as context class loader, which refuses java.lang.* even. */
    private String calledAfterItWasStopped() throws Exception {
        WebApplication live = container.deploy("live", folder, loader -> { }, () -> { });
        StoreClass ofLive = store(CLASSES[0], live.loader());
        AtomicReference<StoreClass> used = new AtomicReference<>();
        AtomicReference<StoreClass> unused = new AtomicReference<>();
        WebApplication stopped = container.deploy("stopped", folder, loader -> {
            used.set(store(CLASSES[0], loader));
            read(used.get());
        }, () -> { });
        WebApplication neverCalled = container.deploy("never-called", folder,
                loader -> unused.set(store(CLASSES[0], loader)), () -> { });
        ClassLoader refusing = neverCalled.loader();
        stopped.close();
        neverCalled.close();
        ExecutorService own = Executors.newSingleThreadExecutor();
        try {
            // Earlier, Tomcat would rightly complain of a thread that the application has left behind.
            own.submit(() -> Thread.currentThread().setContextClassLoader(refusing)).get();
            String ofStopped = own.submit(() -> outcome(used.get(), text)).get();
            check(ofStopped.equals("the value"), "the class of the stopped application: " + ofStopped);
            String refusal = own.submit(() -> outcome(used.get(), "{}")).get();
            check(refusal.contains("\"mount\" is missing"), refusal);
            String neverUsed = own.submit(() -> outcome(unused.get(), text)).get();
            check(neverUsed.contains("stopped already"), neverUsed);
            String ofAnother = own.submit(() -> outcome(ofLive, text)).get();
            check(ofAnother.equals("the value"), "the class of a live application: " + ofAnother);
            check(own.submit(() -> Thread.currentThread().getContextClassLoader()).get() == refusing,
                    "the context class loader was changed");
            return "the class of a stopped application gives the value, one that it had not used yet " + neverUsed;
        } finally {
            own.shutdownNow();
            live.close();
        }
    }

    /** What its calls share ends with it, and does not wait until the start would be over: thread, connection, token. */
    private String stoppedBeforeItsStartIsOver() throws Exception {
        await("keepers of other applications", WebApplications::keepers);
        ProcessState before = ProcessState.now();
        WebApplication application = container.deploy("brief", folder, loader -> read(store(CLASSES[0], loader)), () -> { });
        List<String> held = ProcessState.now().moreThan(before);
        check(keepers().size() == 1 && held.contains("open file socket"), "nothing was kept: " + held);
        long start = System.nanoTime();
        application.close();
        await("more than before", () -> ProcessState.now().moreThan(before));
        long millis = (System.nanoTime() - start) / 1_000_000;
        check(millis < 3_000, "it took " + millis + " ms");
        return "nothing left after " + millis + " ms, instead of " + held;
    }

    /** The application has a thread of its own that waits for Vault, and ends it when it is stopped. */
    private String stoppedWhileACallWaits() throws Exception {
        ProcessState before = ProcessState.now();
        AtomicReference<String> outcome = new AtomicReference<>();
        AtomicReference<Thread> own = new AtomicReference<>();
        long millis;
        try (SilentPeer peer = new SilentPeer()) {
            WebApplication application = container.deploy("waits", folder, loader -> {
                StoreClass store = store(CLASSES[0], loader);
                own.set(new Thread(() -> outcome.set(outcome(store, peer.text())), "waits-for-vault"));
                own.get().start();
            }, () -> {
                own.get().interrupt();
                join(own.get());
            });
            peer.awaitRequest();
            long start = System.nanoTime();
            application.close();
            millis = (System.nanoTime() - start) / 1_000_000;
        }
        checkInterrupted(outcome.get(), millis);
        await("more than before", () -> ProcessState.now().moreThan(before));
        return "stopped after " + millis + " ms";
    }

    /** The container's thread that starts the application waits for Vault when it is interrupted. */
    private String stoppedWhileItStarts() throws Exception {
        ProcessState before = ProcessState.now();
        AtomicReference<String> outcome = new AtomicReference<>();
        AtomicBoolean flagKept = new AtomicBoolean();
        long millis;
        try (SilentPeer peer = new SilentPeer()) {
            Thread starting = new Thread(() -> {
                WebApplication application = container.deploy("starts", folder, loader -> {
                    outcome.set(outcome(store(CLASSES[0], loader), peer.text()));
                    flagKept.set(Thread.interrupted());
                }, () -> { });
                application.close();
            }, "starts-application");
            starting.start();
            peer.awaitRequest();
            long start = System.nanoTime();
            starting.interrupt();
            join(starting);
            millis = (System.nanoTime() - start) / 1_000_000;
        }
        checkInterrupted(outcome.get(), millis);
        check(flagKept.get(), "the interrupt was swallowed");
        await("more than before", () -> ProcessState.now().moreThan(before));
        return "ended after " + millis + " ms";
    }

    private static List<String> keepers() {
        return Thread.getAllStackTraces().keySet().stream().map(Thread::getName)
                .filter(name -> name.startsWith("vault-cipher")).collect(Collectors.toList());
    }

    private static StoreClass store(String className, ClassLoader loader) {
        try {
            return StoreClass.load(className, loader);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private void read(StoreClass store) {
        String outcome = outcome(store, text);
        check(outcome.equals("the value"), outcome);
    }

    /** {@code the value}, or the exception. */
    private String outcome(StoreClass store, String text) {
        try {
            String value = store.read(text);
            return Fingerprint.of(value).equals(fingerprint) ? "the value" : "another value";
        } catch (ReflectiveOperationException | RuntimeException | LinkageError e) {
            StringBuilder causes = new StringBuilder(e.toString());
            for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
                causes.append("; caused by ").append(cause);
            }
            return causes.toString();
        }
    }

    private static void checkInterrupted(String outcome, long millis) {
        check(outcome != null && outcome.contains("Interrupted while waiting")
                && outcome.contains("the server is stopping"), outcome);
        check(millis < 1000, "it took " + millis + " ms");
    }

    private static void awaitCollected(List<WeakReference<ClassLoader>> loaders) throws Exception {
        await("class loaders are still in memory", () -> {
            System.gc();
            long held = loaders.stream().filter(loader -> loader.get() != null).count();
            return held == 0 ? List.of() : List.of(held);
        });
    }

    /** Waits until there is nothing of it any more. */
    private static void await(String what, Callable<List<?>> rest) throws Exception {
        long deadline = System.nanoTime() + 10_000_000_000L;
        List<?> last = rest.call();
        while (!last.isEmpty()) {
            check(System.nanoTime() < deadline, what + ": " + last);
            Thread.sleep(20);
            last = rest.call();
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join(60_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        check(!thread.isAlive(), thread + " does not end: " + Arrays.toString(thread.getStackTrace()));
    }

    private static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }

    /** Accepts connections and never answers. */
    private static final class SilentPeer implements AutoCloseable {
        private final ServerSocket listener;
        private final List<Socket> connections = Collections.synchronizedList(new ArrayList<>());
        private final CountDownLatch requested = new CountDownLatch(1);
        private final Thread thread;

        SilentPeer() throws IOException {
            listener = new ServerSocket(0, 10, InetAddress.getByName("127.0.0.1"));
            thread = new Thread(this::accept, "silent-peer");
            thread.start();
        }

        private void accept() {
            try {
                while (true) {
                    Socket connection = listener.accept();
                    connections.add(connection);
                    connection.getInputStream().read();
                    requested.countDown();
                }
            } catch (IOException closed) {
                // the story is over
            }
        }

        String text() {
            return "{\"mount\": \"secret\", \"path\": \"sample/secret\", \"key\": \"password\", \"endpoint\": \"http://127.0.0.1:"
                    + listener.getLocalPort() + "\"}";
        }

        void awaitRequest() throws InterruptedException {
            check(requested.await(30, TimeUnit.SECONDS), "no request has come");
        }

        @Override
        public void close() throws IOException {
            listener.close();
            for (Socket connection : connections) {
                connection.close();
            }
            join(thread);
        }
    }
}

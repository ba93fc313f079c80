package dev.vaultcipher.harness;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;

/** Stops processes and deletes folders at close() or, when the JVM is interrupted before, at its end; last in, first out. */
public final class Cleanup implements AutoCloseable {
    private final Deque<Runnable> steps = new ArrayDeque<>();
    private final Thread hook = new Thread(this::run, "cleanup");
    private boolean closed;

    public Cleanup() {
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** A new folder that only the owner can enter, deleted with all that it holds. */
    public synchronized Path folder(String name) {
        checkOpen();
        Path folder = Fixtures.temporaryFolder(name);
        steps.push(() -> Fixtures.delete(folder));
        return folder;
    }

    /** Starts a process that is ended. */
    public Process start(ProcessBuilder builder) throws IOException {
        return start(builder, Fixtures::stop);
    }

    /** Starts a process that is ended in this way. */
    public synchronized Process start(ProcessBuilder builder, Consumer<Process> stop) throws IOException {
        checkOpen();
        Process process = builder.start();
        steps.push(() -> stop.accept(process));
        return process;
    }

    /** A process that is ended. Prefer start(), which leaves no gap between the start and the registration. */
    public Process process(Process process) {
        add(() -> Fixtures.stop(process));
        return process;
    }

    /** Anything else that must be undone. */
    public synchronized void add(Runnable step) {
        steps.push(step);
    }

    @Override
    public void close() {
        run(); // before the hook goes: when the JVM is interrupted meanwhile, the hook makes it wait
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException shuttingDown) {
            // it finds nothing to do
        }
    }

    /** Nothing may come into being after the end of the clean-up, nor between its creation and its registration. */
    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("cleaned up already");
        }
    }

    private synchronized void run() {
        closed = true;
        while (!steps.isEmpty()) {
            steps.pop().run();
        }
    }
}

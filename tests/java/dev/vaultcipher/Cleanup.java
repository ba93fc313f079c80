package dev.vaultcipher;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;

/** Stops processes and deletes folders at close() or, when the JVM is interrupted before, at its end; last in, first out. */
final class Cleanup implements AutoCloseable {
    private final Deque<Runnable> steps = new ArrayDeque<>();
    private final Thread hook = new Thread(this::run, "cleanup");

    Cleanup() {
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** A new folder that only the owner can enter, deleted with all that it holds. */
    Path folder(String name) {
        Path folder = Fixtures.temporaryFolder(name);
        add(() -> Fixtures.delete(folder));
        return folder;
    }

    /** A process that is ended. */
    Process process(Process process) {
        add(() -> Fixtures.stop(process));
        return process;
    }

    synchronized void add(Runnable step) {
        steps.push(step);
    }

    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException shuttingDown) {
            return; // the hook does it
        }
        run();
    }

    private synchronized void run() {
        while (!steps.isEmpty()) {
            steps.pop().run();
        }
    }
}

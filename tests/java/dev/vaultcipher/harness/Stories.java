package dev.vaultcipher.harness;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** What waits for seconds waits at once: each story runs on a thread of its own from the start, and its test looks at it. */
public final class Stories {
    private static final long LIMIT_SECONDS = 60;

    /** May fail in any way. */
    @FunctionalInterface
    public interface Story {
        void tell() throws Exception;
    }

    private final Map<String, FutureTask<Void>> begun = new TreeMap<>();

    /** Begins a story. */
    public Stories begin(String name, Story story) {
        FutureTask<Void> task = new FutureTask<>(() -> {
            story.tell();
            return null;
        });
        begun.put(name, task);
        Thread thread = new Thread(task, "story-" + name);
        thread.setDaemon(true);
        thread.start();
        return this;
    }

    /** Waits for the story, and fails as it failed. */
    public void assertTold(String name) throws Exception {
        try {
            begun.get(name).get(LIMIT_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof Error) {
                throw (Error) failed.getCause();
            }
            throw (Exception) failed.getCause();
        } catch (TimeoutException e) {
            throw new AssertionError("the story " + name + " has no end", e);
        }
    }

    /** Waits until all have ended, however they did: before what they use is taken away. */
    public void awaitAll() {
        for (FutureTask<Void> story : begun.values()) {
            try {
                story.get(LIMIT_SECONDS, TimeUnit.SECONDS);
            } catch (ExecutionException | TimeoutException e) {
                // its own test tells
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}

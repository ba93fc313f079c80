package dev.vaultcipher.bench;

import com.atlassian.secrets.api.SecretStore;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.LongAdder;

/**
 * A main class that stays: it resolves one text as often as it is told. Arguments: the class, the text. Orders come on
 * standard input, one a line, and each is answered with a line:
 * <ul>
 * <li>{@code reads N}: N calls one after the other; the median of their nanoseconds
 * <li>{@code calls N}: N calls, timed as a whole; the nanoseconds of one
 * <li>{@code load THREADS MILLIS}: as many calls as get done; calls a second
 * <li>{@code state}: resident KiB, heap KiB, open descriptors, threads
 * </ul>
 */
final class Worker {
    private final SecretStore store;
    private final String text;

    private Worker(SecretStore store, String text) {
        this.store = store;
        this.text = text;
    }

    public static void main(String[] arguments) throws ReflectiveOperationException, IOException {
        SecretStore store = (SecretStore) Class.forName(arguments[0]).getConstructor().newInstance();
        Worker worker = new Worker(store, arguments[1]);
        BufferedReader orders = new BufferedReader(new InputStreamReader(System.in));
        for (String order = orders.readLine(); order != null; order = orders.readLine()) {
            System.out.println(worker.answer(order.split(" ")));
        }
        System.exit(0);
    }

    private String answer(String[] order) {
        switch (order[0]) {
            case "reads":
                return Long.toString(reads(Integer.parseInt(order[1])));
            case "calls":
                return Double.toString(calls(Integer.parseInt(order[1])));
            case "load":
                return Double.toString(load(Integer.parseInt(order[1]), Long.parseLong(order[2])));
            case "state":
                return Self.residentKib() + " " + Self.heapKib() + ' ' + Self.descriptors() + ' '
                        + String.join(" ", Self.threads());
            default:
                throw new IllegalArgumentException(order[0]);
        }
    }

    private long reads(int count) {
        long[] nanos = new long[count];
        for (int i = 0; i < count; i++) {
            long start = System.nanoTime();
            store.get(text);
            nanos[i] = System.nanoTime() - start;
        }
        Arrays.sort(nanos);
        return nanos[count / 2];
    }

    private double calls(int count) {
        long start = System.nanoTime();
        for (int i = 0; i < count; i++) {
            store.get(text);
        }
        return (System.nanoTime() - start) / (double) count;
    }

    private double load(int threads, long millis) {
        LongAdder done = new LongAdder();
        CountDownLatch ended = new CountDownLatch(threads);
        long start = System.nanoTime();
        long end = start + millis * 1_000_000;
        for (int i = 0; i < threads; i++) {
            new Thread(() -> {
                long own = 0;
                while (System.nanoTime() < end) {
                    store.get(text);
                    own++;
                }
                done.add(own);
                ended.countDown();
            }).start();
        }
        try {
            ended.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return done.sum() * 1e9 / (System.nanoTime() - start);
    }
}

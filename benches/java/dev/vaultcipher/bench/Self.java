package dev.vaultcipher.bench;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Set;
import java.util.TreeSet;

/** What this process is made of, with classes that each JVM has loaded before its main class runs. */
final class Self {
    private Self() {
    }

    /** Memory that is resident, in KiB, counted page by page ({@code status} has estimates). */
    static long residentKib() {
        String rollup = read("/proc/self/smaps_rollup");
        int start = rollup.indexOf("Rss:") + 4;
        return Long.parseLong(rollup.substring(start, rollup.indexOf("kB", start)).trim());
    }

    /** Heap in use after a full collection, in KiB. */
    static long heapKib() {
        for (int i = 0; i < 4; i++) {
            System.gc();
        }
        return (Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory()) / 1024;
    }

    /** Every thread of the process, those that Java does not know included: number, name. */
    static Set<String> threads() {
        Set<String> threads = new TreeSet<>();
        for (String id : new File("/proc/self/task").list()) {
            try {
                threads.add(id + '=' + read("/proc/self/task/" + id + "/comm").trim().replace(' ', '_'));
            } catch (UncheckedIOException ended) {
                // between the two looks
            }
        }
        return threads;
    }

    /** Open files and sockets, but for the one that this look needs. */
    static int descriptors() {
        return new File("/proc/self/fd").list().length - 1;
    }

    /** By this a value is compared without being printed. */
    static String sha256(String value) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(value.getBytes(StandardCharsets.UTF_8));
            StringBuilder hex = new StringBuilder();
            for (byte b : digest) {
                hex.append(Character.forDigit(b >> 4 & 15, 16)).append(Character.forDigit(b & 15, 16));
            }
            return hex.toString();
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    private static String read(String file) {
        byte[] content = new byte[8192];
        int length = 0;
        try (InputStream in = new FileInputStream(file)) {
            for (int n = in.read(content); n > 0; n = in.read(content, length, content.length - length)) {
                length += n;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new String(content, 0, length, StandardCharsets.ISO_8859_1);
    }
}

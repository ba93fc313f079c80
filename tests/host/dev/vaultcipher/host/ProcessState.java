package dev.vaultcipher.host;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What this process holds, as Linux sees it: threads, open files, mapped libraries. */
final class ProcessState {
    private final List<String> threads;
    private final List<String> files;

    private ProcessState(List<String> threads, List<String> files) {
        this.threads = threads;
        this.files = files;
    }

    static ProcessState now() {
        return new ProcessState(threads(), openFiles());
    }

    /** What there is more than there was, in words; empty when there is nothing. */
    List<String> moreThan(ProcessState before) {
        List<String> more = new ArrayList<>();
        minus(threads, before.threads).forEach(name -> more.add("thread " + name));
        minus(files, before.files).forEach(name -> more.add("open file " + name));
        return more;
    }

    /** How many files of this name are mapped into memory, deleted ones included. */
    static int mapped(String fileName) {
        try (Stream<String> lines = Files.lines(Paths.get("/proc/self/maps"), StandardCharsets.ISO_8859_1)) {
            // address perms offset device inode path
            return (int) lines.filter(line -> line.contains('/' + fileName)).map(line -> line.split(" +", 6)[4]).distinct()
                    .count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<String> threads() {
        return entries("/proc/self/task").map(task -> {
            try {
                return Files.readString(task.resolve("comm"), StandardCharsets.ISO_8859_1).trim();
            } catch (IOException ended) {
                return "";
            }
        }).filter(name -> !name.isEmpty()).collect(Collectors.toList());
    }

    private static List<String> openFiles() {
        return entries("/proc/self/fd").map(descriptor -> {
            try {
                return Files.readSymbolicLink(descriptor).toString().replaceAll("^(socket|pipe):.*", "$1");
            } catch (IOException closed) {
                return "";
            }
        }).filter(name -> !name.isEmpty() && !name.startsWith("/proc/")).collect(Collectors.toList());
    }

    private static Stream<Path> entries(String folder) {
        try (Stream<Path> entries = Files.list(Paths.get(folder))) {
            return entries.collect(Collectors.toList()).stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<String> minus(List<String> all, List<String> without) {
        List<String> rest = new ArrayList<>(all);
        without.forEach(rest::remove);
        return rest;
    }
}

package dev.vaultcipher.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The pages of the documentation and the fenced blocks in them, some of which a comment before them marks. */
public final class DocsFiles {
    private static final Pattern BLOCK =
            Pattern.compile("(?m)(?:^<!-- ([a-z-]+): (\\S+) -->\\n)?^```(\\w*)\\n((?:(?!```).*\\n)*)^```$");

    private DocsFiles() {
    }

    /** A fenced block. */
    public static final class Block {
        public final Path page;
        /** What the comment {@code <!-- kind: name -->} before it says; empty without one. */
        public final String kind;
        public final String name;
        /** The word after the backquotes. */
        public final String language;
        public final String content;

        private Block(Path page, Matcher match) {
            this.page = page;
            this.kind = match.group(1) == null ? "" : match.group(1);
            this.name = match.group(2) == null ? "" : match.group(2);
            this.language = match.group(3);
            this.content = match.group(4);
        }

        /** For the message of a failed test. */
        @Override
        public String toString() {
            return page + ", block " + kind + ' ' + name + ":\n" + content;
        }
    }

    /** The pages in the root, and those in docs/. */
    public static List<Path> pages() {
        try (Stream<Path> files = Stream.concat(Files.list(Paths.get("")), Files.walk(Paths.get("docs")))) {
            return files.filter(file -> file.toString().endsWith(".md")).sorted().collect(Collectors.toList());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static List<Block> blocks(Path page) {
        List<Block> blocks = new ArrayList<>();
        String text = text(page);
        Matcher match = BLOCK.matcher(text);
        int end = 0;
        while (match.find()) {
            if (text.substring(end, match.start()).contains("\n```")) {
                throw new AssertionError(page + " has a fenced block that is not read, before: " + match.group());
            }
            end = match.end();
            blocks.add(new Block(page, match));
        }
        return blocks;
    }

    /** Every block that is marked so, on any page; there must be one. */
    public static List<Block> marked(String kind) {
        List<Block> blocks = pages().stream().flatMap(page -> blocks(page).stream())
                .filter(block -> block.kind.equals(kind)).collect(Collectors.toList());
        if (blocks.isEmpty()) {
            throw new AssertionError("no page has a block marked " + kind);
        }
        return blocks;
    }

    /** The only block that is marked so. */
    public static Block marked(String kind, String name) {
        List<Block> blocks = marked(kind).stream().filter(block -> block.name.equals(name)).collect(Collectors.toList());
        if (blocks.size() != 1) {
            throw new AssertionError(blocks.size() + " blocks are marked " + kind + ": " + name);
        }
        return blocks.get(0);
    }

    public static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What a POSIX shell hands to the program when it runs this command, which begins with the program's name. */
    public static List<String> arguments(String program, String command) {
        try (Cleanup cleanup = new Cleanup()) {
            Path folder = cleanup.folder("shell");
            Path echo = Files.writeString(folder.resolve(program),
                    "#!/bin/sh\nfor argument; do printf '%s\\0' \"$argument\"; done\n");
            if (!echo.toFile().setExecutable(true)) {
                throw new IOException("cannot make " + echo + " executable");
            }
            ProcessBuilder shell = new ProcessBuilder("sh", "-euc", command).directory(folder.toFile())
                    .redirectError(ProcessBuilder.Redirect.INHERIT);
            shell.environment().merge("PATH", folder.toString(), (path, first) -> first + ':' + path);
            Process process = cleanup.process(shell.start());
            process.getOutputStream().close();
            String output = Fixtures.readAll(process.getInputStream());
            if (process.waitFor() != 0 || output.isEmpty()) {
                throw new AssertionError("the shell does not run this:\n" + command);
            }
            return List.of(output.substring(0, output.length() - 1).split("\0", -1));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}

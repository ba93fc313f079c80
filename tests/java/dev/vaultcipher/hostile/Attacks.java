package dev.vaultcipher.hostile;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.StandardOpenOption;

/** What the attacks of this run came to: docs/hostile.md is made of it. */
final class Attacks {
    private static final Path FILE = Paths.get("build", "hostile.tsv");

    private Attacks() {
    }

    /** Notes and prints an attack, how often it was made, and what happened. */
    static synchronized void report(String attack, long times, String outcome) {
        try {
            Files.createDirectories(FILE.getParent());
            Files.writeString(FILE, attack + '\t' + times + '\t' + outcome + '\n', StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        System.out.println("\n" + attack + ", " + times + " times: " + outcome);
    }
}

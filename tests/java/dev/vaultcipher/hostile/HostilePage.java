package dev.vaultcipher.hostile;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;

/** Prints docs/hostile.md, made of what the attacks of the last run came to (build/hostile.tsv). */
final class HostilePage {
    private HostilePage() {
    }

    public static void main(String[] arguments) throws IOException {
        Path outcomes = Paths.get(arguments[0]);
        StringBuilder page = new StringBuilder("# Attacks, and what happened\n\nWritten by `UPDATE=1 tests/run.sh hostile` from the outcome of its tests (`tests/java/"
                + "dev/vaultcipher/hostile`);\nnot to be edited. Each attack of the threat model in\n[SECURITY.md](../SECURITY.md#threat-model) "
                + "has tests of its own besides, which are named there.\n\n| attack | times | what happened |\n|---|---|---|\n");
        for (String line : Files.readAllLines(outcomes)) {
            page.append("| ").append(line.replace("\t", " | ")).append(" |\n");
        }
        System.out.print(page);
    }
}

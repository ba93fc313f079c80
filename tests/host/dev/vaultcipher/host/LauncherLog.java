package dev.vaultcipher.host;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;

/** The file in which an administrator finds why the server did not start; one line for each event. */
final class LauncherLog {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss,SSS");

    private final Path file;

    LauncherLog(Path file) {
        this.file = file;
    }

    void info(String event) throws IOException {
        append("INFO ", event);
    }

    void error(String event, Throwable cause) throws IOException {
        append("ERROR", event + ": " + cause);
    }

    private void append(String level, String event) throws IOException {
        String line = TIME.format(LocalDateTime.now()) + ' ' + level + " [" + Thread.currentThread().getName() + "]  "
                + Host.class.getName() + ' ' + event + '\n';
        Files.writeString(file, line, StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
}

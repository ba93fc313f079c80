package dev.vaultcipher.harness;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;

/** A server written in Python, with the packages in TEST_PYTHONPATH. */
final class PythonServer implements AutoCloseable {
    private static final long START_MILLIS = 60_000;

    private final Cleanup cleanup = new Cleanup();
    private final Path log = cleanup.folder("python").resolve("log");
    private final Process process;

    private PythonServer(String input, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("python3", "-u"));
        command.addAll(Arrays.asList(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().put("PYTHONPATH", Fixtures.fromEnvironment("TEST_PYTHONPATH").toString());
        process = cleanup.start(builder);
        try (OutputStream stdin = process.getOutputStream()) {
            stdin.write(input.getBytes(StandardCharsets.UTF_8));
        }
    }

    /** Starts python3 with these arguments, gives it this input, and waits until it is ready. */
    static PythonServer start(BooleanSupplier ready, String input, String... arguments) {
        try {
            PythonServer server = new PythonServer(input, arguments);
            long deadline = System.nanoTime() + START_MILLIS * 1_000_000;
            while (server.process.isAlive() && System.nanoTime() < deadline) {
                if (ready.getAsBoolean()) {
                    return server;
                }
                Fixtures.pause(50);
            }
            String said = server.log();
            server.close();
            throw new AssertionError(Arrays.toString(arguments) + " did not start:\n" + said);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A file of tests/servers/cloud. */
    static String file(String name) {
        return Paths.get("tests", "servers", "cloud", name).toString();
    }

    String log() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        cleanup.close();
    }
}

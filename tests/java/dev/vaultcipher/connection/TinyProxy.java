package dev.vaultcipher.connection;

import dev.vaultcipher.harness.Cleanup;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.Surroundings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A real proxy, tinyproxy, on loopback. It alone knows the host {@code vault.test}, which is this machine: what reaches
 * Vault by that name went through it.
 */
final class TinyProxy implements AutoCloseable {
    /** Only the proxy can resolve it. */
    static final String HOST = "vault.test";

    private final Cleanup cleanup = new Cleanup();
    private final Path folder = cleanup.folder("proxy");
    private int port;

    private TinyProxy() {
    }

    /** Starts a proxy with further lines of configuration. */
    static TinyProxy start(String... lines) {
        TinyProxy proxy = new TinyProxy();
        try {
            for (int attempt = 1; !proxy.tryToStart(lines); attempt++) {
                if (attempt == 5) {
                    throw new AssertionError("tinyproxy did not start (tests/tools/install.sh test installs it):\n" + proxy.log());
                }
            }
            return proxy;
        } catch (IOException e) {
            proxy.close();
            throw new UncheckedIOException(e);
        } catch (RuntimeException | Error e) {
            proxy.close();
            throw e;
        }
    }

    /** A file of its own with these lines, for a line of the configuration to name. */
    static Path file(Cleanup cleanup, String... lines) {
        try {
            return Files.write(cleanup.folder("proxy-file").resolve("file"), Arrays.asList(lines));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    int port() {
        return port;
    }

    /** http://127.0.0.1:PORT. */
    String address() {
        return "http://127.0.0.1:" + port;
    }

    /** The requests so far: {@code CONNECT vault.test:8200 HTTP/1.1}. */
    List<String> requests() {
        return Arrays.stream(log().split("\n")).filter(line -> line.contains("Request (file descriptor"))
                .map(line -> line.replaceFirst(".*Request \\(file descriptor \\d+\\): ", "")).collect(Collectors.toList());
    }

    @Override
    public void close() {
        cleanup.close();
    }

    private boolean tryToStart(String... lines) throws IOException {
        port = Fixtures.freePorts(1);
        List<String> configuration = new ArrayList<>(List.of("Port " + port, "Listen 127.0.0.1", "Allow 127.0.0.1", "Timeout 60",
                "MaxClients 50", "LogLevel Connect", "LogFile \"" + logFile() + "\""));
        configuration.addAll(Arrays.asList(lines));
        Path file = Files.write(folder.resolve("tinyproxy.conf"), configuration);
        Path hosts = Files.writeString(folder.resolve("hosts"), "127.0.0.1 localhost " + HOST + "\n");
        // A mount that no other process sees; who is not root needs a namespace of its own for that.
        List<String> command = new ArrayList<>(List.of("unshare"));
        if (!Surroundings.ROOT) {
            command.add("-r");
        }
        command.addAll(List.of("-m", "sh", "-ec", "mount --bind \"$1\" /etc/hosts; exec tinyproxy -d -c \"$2\"", "sh",
                hosts.toString(), file.toString()));
        Process process = cleanup.start(new ProcessBuilder(command).redirectErrorStream(true)
                .redirectOutput(folder.resolve("output").toFile()));
        if (Fixtures.until(10, () -> !process.isAlive() || listens(port)) && process.isAlive()) {
            return true;
        }
        Fixtures.stop(process);
        return false;
    }

    private static boolean listens(int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress("127.0.0.1", port), 1000);
            return true;
        } catch (IOException notYet) {
            return false;
        }
    }

    private Path logFile() {
        return folder.resolve("tinyproxy.log");
    }

    private String log() {
        try {
            StringBuilder log = new StringBuilder();
            for (Path file : List.of(folder.resolve("output"), logFile())) {
                log.append(Files.exists(file) ? new String(Files.readAllBytes(file), StandardCharsets.UTF_8) : "");
            }
            return log.toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

package dev.vaultcipher.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A network of its own for a JVM, with no way out, where the metadata services of the clouds have their real addresses: each leads to a
 * server of the test.
 */
public final class CloudNetwork implements AutoCloseable {
    private final Cleanup cleanup = new Cleanup();
    private final Path folder = cleanup.folder("cloud");
    private final Path relay = Path.of(PythonServer.file("relay.py")).toAbsolutePath();
    private final Path javaHome;

    /** Each is {@code HOST:PORT=PORT}: an address in the network, and the port of the test's server on loopback. */
    public CloudNetwork(String... servers) {
        List<String> outside = new ArrayList<>();
        List<String> inside = new ArrayList<>();
        for (String server : servers) {
            String[] addressAndPort = server.split("=");
            // A unix socket is reached from every network.
            Path socket = folder.resolve(outside.size() + ".sock");
            outside.add(socket + "=127.0.0.1:" + addressAndPort[1]);
            inside.add("'" + addressAndPort[0] + '=' + socket + "'");
        }
        try {
            start(outside);
            Path hosts = Files.writeString(folder.resolve("hosts"), "127.0.0.1 localhost\n169.254.169.254 metadata.google.internal\n");
            javaHome = Surroundings.javaHomeWithoutNetwork(folder,
                    "mount --bind " + hosts + " /etc/hosts",
                    "ip link set lo up",
                    "ip address add 169.254.0.1/16 dev lo", // all addresses of that network are this machine then
                    "ip address add fd00:ec2::254/128 dev lo nodad",
                    "ready=$(mktemp -u -p " + folder + ")",
                    "python3 " + relay + " $ready " + String.join(" ", inside) + " >" + folder.resolve("log") + " 2>&1 &",
                    "while ! [ -e $ready ]; do kill -0 $!; sleep 0.02; done");
        } catch (IOException e) {
            cleanup.close();
            throw new UncheckedIOException(e);
        }
    }

    private void start(List<String> pairs) throws IOException {
        Path ready = folder.resolve("ready");
        List<String> command = new ArrayList<>(List.of("python3", relay.toString(), ready.toString()));
        command.addAll(pairs);
        Path log = folder.resolve("outside.log");
        Process process = cleanup.start(new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()));
        for (int i = 0; i < 1500; i++) {
            if (Files.exists(ready)) {
                return;
            }
            if (!process.isAlive()) {
                break;
            }
            Fixtures.pause(20);
        }
        throw new AssertionError("the relay did not start:\n" + Files.readString(log));
    }

    /** A Java home whose JVM is in the network. */
    public Path javaHome() {
        return javaHome;
    }

    @Override
    public void close() {
        cleanup.close();
    }
}

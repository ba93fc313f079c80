package dev.vaultcipher.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;

/** A RADIUS server (pyrad) on loopback that knows one user. */
public final class RadiusServer implements AutoCloseable {
    public final String user;
    public final String password = Canaries.keep("pw " + Fixtures.randomText());
    /** What the server and Vault share. */
    public final String secret = Canaries.keep(Fixtures.randomText());
    public final int port = freeUdpPort();
    private final PythonServer server;

    private RadiusServer(String user) {
        this.user = user;
        server = PythonServer.start(this::takesItsPort, secret + '\n' + password + '\n', PythonServer.file("radius.py"),
                Integer.toString(port), PythonServer.file("radius.dictionary"), user);
    }

    public static RadiusServer start(String user) {
        return new RadiusServer(user);
    }

    /** The settings of Vault's method: JSON. */
    public String configuration() {
        return "{\"host\":\"127.0.0.1\",\"port\":" + port + ",\"secret\":" + Fixtures.json(secret) + ",\"dial_timeout\":3,"
                + "\"read_timeout\":3}";
    }

    private boolean takesItsPort() {
        try (DatagramSocket socket = new DatagramSocket(new InetSocketAddress("127.0.0.1", port))) {
            return socket.isClosed();
        } catch (IOException taken) {
            return true;
        }
    }

    private static int freeUdpPort() {
        try (DatagramSocket socket = new DatagramSocket(new InetSocketAddress("127.0.0.1", 0))) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        server.close();
    }
}

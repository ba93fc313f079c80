package dev.vaultcipher.harness;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * A peer on loopback for what a real Vault cannot be made to do: it answers every request with the same bytes, or hands
 * the connection on to another port.
 */
public final class ScriptedPeer implements AutoCloseable {
    private final ServerSocket listener;
    private final List<Socket> held = new ArrayList<>();

    /** Without a behaviour no connection is taken. */
    private ScriptedPeer(String host, Consumer<Socket> behaviour) {
        try {
            listener = new ServerSocket(0, behaviour == null ? 1 : 50, InetAddress.getByName(host));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (behaviour == null) {
            return;
        }
        daemon(() -> {
            while (!listener.isClosed()) {
                try {
                    Socket socket = listener.accept();
                    daemon(() -> behaviour.accept(socket));
                } catch (IOException closed) {
                    return;
                }
            }
        });
    }

    /** Reads the head of a request, writes these bytes (characters up to U+00FF) and closes the connection. */
    public static ScriptedPeer answering(String bytes) {
        return new ScriptedPeer("127.0.0.1", socket -> {
            try (Socket connection = socket;
                    BufferedReader in = new BufferedReader(
                            new InputStreamReader(connection.getInputStream(), StandardCharsets.ISO_8859_1))) {
                String line = in.readLine();
                while (line != null && !line.isEmpty()) {
                    line = in.readLine();
                }
                connection.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
            } catch (IOException gone) {
                // the client has what it wanted
            }
        });
    }

    /** Listens on this loopback address and passes all bytes on to a port of 127.0.0.1 and back. */
    public static ScriptedPeer relay(String host, int port) {
        return new ScriptedPeer(host, socket -> pass(socket, port));
    }

    /** Passes all bytes of a connection on to a port of 127.0.0.1 and back, until it ends. */
    public static void pass(Socket socket, int port) {
        try (Socket near = socket; Socket far = new Socket("127.0.0.1", port)) {
            Thread back = daemon(() -> copy(far, near));
            copy(near, far);
            back.join();
        } catch (IOException gone) {
            // the other side sees its connection closed
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The same, with this line added to the head of the request; there is one request per connection. */
    public static ScriptedPeer relayWithHeader(String header, int port) {
        return new ScriptedPeer("127.0.0.1", socket -> {
            try (Socket near = socket; Socket far = new Socket("127.0.0.1", port)) {
                Thread back = daemon(() -> copy(far, near));
                InputStream in = near.getInputStream();
                OutputStream out = far.getOutputStream();
                for (int b = in.read(); b >= 0; b = in.read()) {
                    out.write(b);
                    if (b == '\n') { // the request line
                        out.write((header + "\r\nConnection: close\r\n").getBytes(StandardCharsets.ISO_8859_1));
                        break;
                    }
                }
                copy(near, far);
                back.join();
            } catch (IOException gone) {
                // the other side sees its connection closed
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    /** Takes every connection and never says a word. */
    public static ScriptedPeer silent() {
        return new ScriptedPeer("127.0.0.1", socket -> Fixtures.pause(600_000));
    }

    /** A port whose connections are never made, as if a firewall dropped the packets. */
    public static ScriptedPeer blackHole() {
        ScriptedPeer peer = new ScriptedPeer("127.0.0.1", null);
        // A full queue of connections that nobody takes: further ones get no answer.
        for (int i = 0; i < 3; i++) {
            try {
                peer.held.add(new Socket());
                peer.held.get(i).connect(peer.listener.getLocalSocketAddress(), 200);
            } catch (IOException full) {
                // as wanted
            }
        }
        return peer;
    }

    /** http://HOST:PORT. */
    public String address() {
        String host = listener.getInetAddress().getHostAddress();
        return "http://" + (host.contains(":") ? '[' + host + ']' : host) + ':' + listener.getLocalPort();
    }

    public int port() {
        return listener.getLocalPort();
    }

    @Override
    public void close() {
        try {
            listener.close();
            for (Socket socket : held) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void copy(Socket from, Socket to) {
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            in.transferTo(out);
            to.shutdownOutput();
        } catch (IOException gone) {
            // nothing more to copy
        }
    }

    private static Thread daemon(Runnable work) {
        Thread thread = new Thread(work, "scripted-peer");
        thread.setDaemon(true);
        thread.start();
        return thread;
    }
}

package dev.vaultcipher;

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
import java.util.function.Consumer;

/**
 * A peer on loopback for what a real Vault cannot be made to do: it answers every request with the same bytes, or hands
 * the connection on to another port.
 */
final class ScriptedPeer implements AutoCloseable {
    private final ServerSocket listener;

    private ScriptedPeer(String host, Consumer<Socket> behaviour) {
        try {
            listener = new ServerSocket(0, 50, InetAddress.getByName(host));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
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
    static ScriptedPeer answering(String bytes) {
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
    static ScriptedPeer relay(String host, int port) {
        return new ScriptedPeer(host, socket -> {
            try (Socket near = socket; Socket far = new Socket("127.0.0.1", port)) {
                Thread back = daemon(() -> copy(far, near));
                copy(near, far);
                back.join();
            } catch (IOException gone) {
                // the other side sees its connection closed
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    /** http://HOST:PORT. */
    String address() {
        return "http://" + listener.getInetAddress().getHostAddress() + ':' + listener.getLocalPort();
    }

    @Override
    public void close() {
        try {
            listener.close();
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

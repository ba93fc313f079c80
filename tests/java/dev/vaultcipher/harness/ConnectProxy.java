package dev.vaultcipher.harness;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** A proxy on loopback whose every tunnel leads to one port of this machine, whatever the host: it stands for the net. */
public final class ConnectProxy implements AutoCloseable {
    private final int target;
    private final ServerSocket proxy;

    public ConnectProxy(int target) {
        this.target = target;
        try {
            proxy = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        daemon(this::tunnels);
    }

    public String address() {
        return "http://127.0.0.1:" + proxy.getLocalPort();
    }

    private void tunnels() {
        while (!proxy.isClosed()) {
            try {
                Socket socket = proxy.accept();
                daemon(() -> tunnel(socket));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void tunnel(Socket socket) {
        try {
            InputStream in = socket.getInputStream();
            StringBuilder head = new StringBuilder();
            while (head.indexOf("\r\n\r\n") < 0) {
                int b = in.read();
                if (b < 0) {
                    socket.close();
                    return;
                }
                head.append((char) b);
            }
            boolean tunnel = head.toString().startsWith("CONNECT ");
            socket.getOutputStream().write((tunnel ? "HTTP/1.1 200 Connected\r\n\r\n"
                    : "HTTP/1.1 403 Only CONNECT\r\nContent-Length: 0\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
            if (tunnel) {
                ScriptedPeer.pass(socket, target);
            } else {
                socket.close();
            }
        } catch (IOException gone) {
            // the client has what it wanted
        }
    }

    private static void daemon(Runnable work) {
        Thread thread = new Thread(work, "connect-proxy");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() {
        try {
            proxy.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

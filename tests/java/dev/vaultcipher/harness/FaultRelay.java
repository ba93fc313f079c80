package dev.vaultcipher.harness;

import static org.junit.Assert.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import javax.net.ServerSocketFactory;
import javax.net.ssl.SSLContext;

/** Passes the bytes of each connection on to a port of this machine and back, with the faults that a network has. */
public final class FaultRelay implements AutoCloseable {
    /** What a connection suffers. */
    public static final class Fault {
        private long latencyMillis;
        private int bytesPerSecond = Integer.MAX_VALUE;
        private int upLimit = Integer.MAX_VALUE;
        private int downLimit = Integer.MAX_VALUE;
        private int flippedByte = -1;
        private boolean quiet;

        /** Every piece comes so much later. */
        public static Fault latency(long millis) {
            Fault fault = new Fault();
            fault.latencyMillis = millis;
            return fault;
        }

        /** No more than that comes back in a second. */
        public static Fault bandwidth(int bytesPerSecond) {
            Fault fault = new Fault();
            fault.bytesPerSecond = bytesPerSecond;
            return fault;
        }

        /** The connection is reset after so many bytes from the server. */
        public static Fault resetAfter(int bytes) {
            Fault fault = new Fault();
            fault.downLimit = bytes;
            return fault;
        }

        /** The connection is reset after so many bytes from the client. */
        public static Fault resetAfterRequestOf(int bytes) {
            Fault fault = new Fault();
            fault.upLimit = bytes;
            return fault;
        }

        /** After so many bytes from the server nothing comes any more. */
        public static Fault quietAfter(int bytes) {
            Fault fault = resetAfter(bytes);
            fault.quiet = true;
            return fault;
        }

        /** The so-manieth byte from the server is another one. */
        public static Fault flip(int at) {
            Fault fault = new Fault();
            fault.flippedByte = at;
            return fault;
        }

        public static Fault none() {
            return new Fault();
        }
    }

    private final ServerSocket listener;
    private final int target;
    private final IntFunction<Fault> faults;
    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicInteger pieces = new AtomicInteger();
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private volatile boolean silent;
    private volatile boolean prompt;

    private FaultRelay(ServerSocketFactory sockets, int target, IntFunction<Fault> faults) {
        this.target = target;
        this.faults = faults;
        try {
            listener = sockets.createServerSocket(0, 200, InetAddress.getByName("127.0.0.1"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        daemon(this::accept);
    }

    /** To this port of 127.0.0.1; the n-th connection, counted from 0, gets the fault that the function makes of n. */
    public static FaultRelay to(int port, IntFunction<Fault> faults) {
        return new FaultRelay(ServerSocketFactory.getDefault(), port, faults);
    }

    /** The same without faults; it ends TLS, as the server that this context is for. */
    public static FaultRelay withTls(SSLContext identity, int port) {
        return new FaultRelay(identity.getServerSocketFactory(), port, n -> Fault.none());
    }

    public int port() {
        return listener.getLocalPort();
    }

    /** How many connections there were. */
    public int connections() {
        return connections.get();
    }

    /** Runs this, and waits until the client has sent something because of it. What it sent is on its way: see the latency. */
    public void awaitRequest(Runnable cause) {
        int before = pieces.get();
        cause.run();
        assertTrue("nothing was sent", Fixtures.until(10, () -> pieces.get() > before));
    }

    /** From now on everything comes at once. */
    public void hurry() {
        prompt = true;
    }

    /** From now on connections are made, and stay, but not a byte passes. */
    public void silence() {
        silent = true;
    }

    @Override
    public void close() {
        try {
            listener.close();
            for (Socket socket : sockets) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket near = listener.accept();
                sockets.add(near);
                Fault fault = faults.apply(connections.getAndIncrement());
                daemon(() -> relay(near, fault));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void relay(Socket near, Fault fault) {
        try (Socket client = near; Socket server = new Socket("127.0.0.1", target)) {
            client.setTcpNoDelay(true);
            Thread back = daemon(() -> copy(server, client, client, fault, fault.downLimit, fault.bytesPerSecond, fault.flippedByte));
            copy(client, server, client, fault, fault.upLimit, Integer.MAX_VALUE, -1);
            back.join();
        } catch (IOException gone) {
            // the other side sees its connection closed
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void copy(Socket from, Socket to, Socket client, Fault fault, int limit, int bytesPerSecond, int flipped) {
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            byte[] piece = new byte[Math.max(1, Math.min(8192, bytesPerSecond / 20))];
            int passed = 0;
            for (int length = limit == 0 ? 0 : in.read(piece); length >= 0 && passed < limit; length = in.read(piece)) {
                if (flipped >= passed && flipped < passed + length) {
                    piece[flipped - passed] ^= 1;
                }
                if (from == client) {
                    pieces.incrementAndGet();
                }
                if (!prompt) {
                    Fixtures.pause(fault.latencyMillis + length * 1000L / bytesPerSecond);
                }
                if (silent) {
                    in.transferTo(OutputStream.nullOutputStream());
                    return;
                }
                int last = Math.min(length, limit - passed);
                out.write(piece, 0, last);
                out.flush();
                passed += last;
                if (passed == limit) {
                    break;
                }
            }
            if (passed >= limit) {
                if (fault.quiet) {
                    client.getInputStream().transferTo(OutputStream.nullOutputStream());
                    return;
                }
                Fixtures.pause(20); // what was passed on gets a chance to arrive
                client.setSoLinger(true, 0);
                client.close();
            } else {
                to.shutdownOutput();
            }
        } catch (IOException gone) {
            // nothing more to copy
        }
    }

    private static Thread daemon(Runnable work) {
        Thread thread = new Thread(work, "fault-relay");
        thread.setDaemon(true);
        thread.start();
        return thread;
    }
}

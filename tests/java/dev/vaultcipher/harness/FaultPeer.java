package dev.vaultcipher.harness;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;

/**
 * A peer on loopback that answers as no Vault does: the first read of a secret (or login) gets the first answer of its
 * script, the second the second; the last one is for all that follow. It keeps every request. Other questions of the
 * client's get a 404.
 */
public final class FaultPeer implements AutoCloseable {
    /** An answer; false when the connection is to be closed after it. */
    @FunctionalInterface
    public interface Answer {
        boolean write(Socket socket, Request request) throws IOException, InterruptedException;
    }

    /** A request as it came. */
    public static final class Request {
        /** The request line and the headers, each a line. */
        public final List<String> head;
        public final String body;
        /** When, by System.nanoTime(). */
        public final long at = System.nanoTime();

        private Request(List<String> head, String body) {
            this.head = head;
            this.body = body;
        }

        /** What stands between the method and the version. */
        public String target() {
            return head.get(0).split(" ")[1];
        }

        /** The value of a header, or null. */
        public String header(String name) {
            String start = name.toLowerCase(Locale.ROOT) + ':';
            return head.stream().skip(1).filter(line -> line.toLowerCase(Locale.ROOT).startsWith(start))
                    .map(line -> line.substring(start.length()).trim()).findFirst().orElse(null);
        }
    }

    private final ServerSocket listener;
    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final Answer[] script;
    private int reads;

    private FaultPeer(ServerSocket listener, String host, int port, Answer... script) throws IOException {
        this.listener = listener;
        this.script = script;
        listener.setReuseAddress(true);
        listener.bind(new InetSocketAddress(InetAddress.getByName(host), port));
        daemon(this::accept);
    }

    /** On 127.0.0.1, at any free port. */
    public static FaultPeer answering(Answer... script) {
        return at("127.0.0.1", 0, script);
    }

    /** On another loopback address, or at a port that was chosen before. */
    public static FaultPeer at(String host, int port, Answer... script) {
        try {
            return new FaultPeer(new ServerSocket(), host, port, script);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The same with TLS. */
    public static FaultPeer withTls(SSLContext identity, Answer... script) {
        try {
            return new FaultPeer(identity.getServerSocketFactory().createServerSocket(), "127.0.0.1", 0, script);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** http(s)://HOST:PORT. */
    public String address() {
        return (listener instanceof SSLServerSocket ? "https://" : "http://") + hostAndPort();
    }

    public String hostAndPort() {
        return listener.getInetAddress().getHostAddress() + ':' + port();
    }

    public int port() {
        return listener.getLocalPort();
    }

    /** A text for this peer, with further fields: name, JSON value, name, JSON value … */
    public String text(String... fields) {
        return textFor(address(), fields);
    }

    /** A text for an endpoint, with further fields. */
    public static String textFor(String endpoint, String... fields) {
        StringBuilder text = new StringBuilder("{\"mount\":\"secret\",\"path\":\"sample/secret\",\"key\":\"password\",\"endpoint\":"
                + Fixtures.json(endpoint));
        for (int i = 0; i < fields.length; i += 2) {
            text.append(",\"").append(fields[i]).append("\":").append(fields[i + 1]);
        }
        return text.append('}').toString();
    }

    /** Every request so far. */
    public List<Request> requests() {
        return new ArrayList<>(requests);
    }

    /** Those that read a secret or log in. */
    public List<Request> reads() {
        return requests.stream().filter(FaultPeer::isRead).collect(Collectors.toList());
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

    /** 200 with a secret whose key "password" has this value. */
    public static Answer value(String value) {
        return json(200, secret(value));
    }

    /** The body of Vault's answer with a secret. */
    public static String secret(String value) {
        return "{\"request_id\":\"1\",\"lease_id\":\"\",\"renewable\":false,\"lease_duration\":0,\"data\":{\"data\":{\"password\":"
                + Fixtures.json(Canaries.keep(value)) + "},\"metadata\":{\"created_time\":\"2026-01-01T00:00:00Z\","
                + "\"custom_metadata\":null,\"deletion_time\":\"\",\"destroyed\":false,\"version\":1}},\"wrap_info\":null,"
                + "\"warnings\":null,\"auth\":null}";
    }

    /** An error as Vault writes it, with further header lines. */
    public static Answer error(int status, String words, String... headers) {
        return json(status, words.isEmpty() ? "{\"errors\":[]}" : "{\"errors\":[" + Fixtures.json(words) + "]}", headers);
    }

    /** A JSON body, with further header lines; the connection stays. */
    public static Answer json(int status, String body, String... headers) {
        return stays(head(status, "Content-Type: application/json", "Content-Length: " + body.length(), headers) + body);
    }

    /** 307 to this address. */
    public static Answer redirect(String location) {
        return stays(head(307, "Location: " + location, "Content-Length: 0"));
    }

    /** The status line and the header lines, with the empty line after them. */
    public static String head(int status, String first, String second, String... more) {
        StringBuilder head = new StringBuilder("HTTP/1.1 " + status + " Words\r\n" + first + "\r\n" + second + "\r\n");
        for (String line : more) {
            head.append(line).append("\r\n");
        }
        return head.append("\r\n").toString();
    }

    /** These bytes (characters up to U+00FF); the connection stays. */
    public static Answer stays(String bytes) {
        return (socket, request) -> {
            write(socket, bytes);
            return true;
        };
    }

    /** These bytes, and the connection is closed. */
    public static Answer closes(String bytes) {
        return (socket, request) -> {
            write(socket, bytes);
            return false;
        };
    }

    /** These bytes, and the connection is reset. */
    public static Answer resets(String bytes) {
        return (socket, request) -> {
            write(socket, bytes);
            Thread.sleep(50); // what was written before gets a chance to arrive
            socket.setSoLinger(true, 0);
            return false;
        };
    }

    /** These bytes, and this side says that no more will come, but goes on listening. */
    public static Answer halfCloses(String bytes) {
        return (socket, request) -> {
            write(socket, bytes);
            socket.shutdownOutput();
            return waitsForTheEnd(socket);
        };
    }

    /** The head at once, then so many bytes at a time with a pause after them; the connection stays. */
    public static Answer drips(String bytes, int atATime, long pauseMillis) {
        return (socket, request) -> {
            socket.setTcpNoDelay(true);
            for (int i = 0; i < bytes.length(); i += atATime) {
                write(socket, bytes.substring(i, Math.min(bytes.length(), i + atATime)));
                Thread.sleep(pauseMillis);
            }
            return true;
        };
    }

    /** These bytes, and then these over and over again until the client goes away. */
    public static Answer endless(String bytes, String again) {
        return (socket, request) -> {
            write(socket, bytes);
            while (true) {
                write(socket, again);
            }
        };
    }

    /** No answer at all. */
    public static Answer silent() {
        return (socket, request) -> waitsForTheEnd(socket);
    }

    private static boolean waitsForTheEnd(Socket socket) throws IOException {
        return socket.getInputStream().read() == Integer.MIN_VALUE; // blocks until the client closes; false
    }

    private static void write(Socket socket, String bytes) throws IOException {
        socket.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket socket = listener.accept();
                sockets.add(socket);
                daemon(() -> converse(socket));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void converse(Socket socket) {
        try (Socket open = socket) {
            InputStream in = new BufferedInputStream(open.getInputStream());
            for (Request request = read(in); request != null; request = read(in)) {
                requests.add(request);
                if (!answer(request).write(open, request)) {
                    return;
                }
            }
        } catch (IOException gone) {
            // the client has what it wanted
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized Answer answer(Request request) {
        return isRead(request) ? script[Math.min(reads++, script.length - 1)] : error(404, "");
    }

    private static boolean isRead(Request request) {
        return request.target().contains("/v1/secret/data/") || request.target().endsWith("/login");
    }

    /** One request with its body, or null at the end. */
    private static Request read(InputStream in) throws IOException {
        List<String> head = new ArrayList<>();
        int length = 0;
        for (String line = line(in); line != null; line = line(in)) {
            if (line.isEmpty()) {
                return new Request(head, new String(in.readNBytes(length), StandardCharsets.UTF_8));
            }
            if (line.toLowerCase(Locale.ROOT).startsWith("content-length:")) {
                length = Integer.parseInt(line.substring("content-length:".length()).trim());
            }
            head.add(line);
        }
        return null;
    }

    private static String line(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                return null;
            }
            line.write(b);
        }
        return line.toString(StandardCharsets.ISO_8859_1).trim();
    }

    private static void daemon(Runnable work) {
        Thread thread = new Thread(work, "fault-peer");
        thread.setDaemon(true);
        thread.start();
    }
}

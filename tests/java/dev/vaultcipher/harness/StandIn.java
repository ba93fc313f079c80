package dev.vaultcipher.harness;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** A small HTTP server on loopback that stands for one of a cloud: a handler answers, and every request is kept. */
public final class StandIn implements AutoCloseable {
    /** One request. */
    public static final class Request {
        public final String method;
        /** Without the query. */
        public final String path;
        public final Map<String, String> query;
        public final String body;
        private final HttpExchange exchange;

        private Request(HttpExchange exchange, String body) {
            this.exchange = exchange;
            this.body = body;
            method = exchange.getRequestMethod();
            path = exchange.getRequestURI().getPath();
            query = form(exchange.getRequestURI().getRawQuery());
        }

        /** The first header of this name, or an empty text. */
        public String header(String name) {
            String value = exchange.getRequestHeaders().getFirst(name);
            return value == null ? "" : value;
        }

        /** The body as a form. */
        public Map<String, String> form() {
            return form(body);
        }

        /** All headers as text. */
        public String headers() {
            return new TreeMap<>(exchange.getRequestHeaders()).toString();
        }

        private static Map<String, String> form(String text) {
            Map<String, String> fields = new TreeMap<>();
            for (String field : text == null || text.isEmpty() ? new String[0] : text.split("&")) {
                String[] parts = field.split("=", 2);
                fields.put(decoded(parts[0]), parts.length == 2 ? decoded(parts[1]) : "");
            }
            return fields;
        }

        private static String decoded(String text) {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        }
    }

    /** What a request is answered. */
    public static final class Answer {
        private final int status;
        private final String type;
        private final String body;
        private final String[] headers;

        private Answer(int status, String type, String body, String... headers) {
            this.status = status;
            this.type = type;
            this.body = body;
            this.headers = headers;
        }

        public static Answer json(int status, String body) {
            return new Answer(status, "application/json", body);
        }

        public static Answer xml(int status, String body) {
            return new Answer(status, "text/xml", body);
        }

        /** Headers are name, value, name, value … */
        public static Answer text(int status, String body, String... headers) {
            return new Answer(status, "text/plain", body, headers);
        }
    }

    /** Answers requests. */
    public interface Handler {
        Answer answer(Request request);
    }

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final List<Request> requests = Collections.synchronizedList(new ArrayList<>());
    private volatile Handler handler;

    private StandIn(HttpServer server, Handler handler) {
        this.server = server;
        this.handler = handler;
        server.createContext("/", this::handle);
        server.setExecutor(threads);
        server.start();
    }

    public static StandIn start(Handler handler) {
        try {
            return new StandIn(HttpServer.create(loopback(), 50), handler);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A server that speaks HTTPS. */
    public static StandIn startTls(TestCertificate certificate, Path folder, Handler handler) {
        try {
            Path store = certificate.keyStore(folder.resolve("stand-in.p12"), "PKCS12", "changeit");
            KeyStore keys = KeyStore.getInstance(store.toFile(), "changeit".toCharArray());
            KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            managers.init(keys, "changeit".toCharArray());
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(managers.getKeyManagers(), null, null);
            HttpsServer server = HttpsServer.create(loopback(), 50);
            server.setHttpsConfigurator(new HttpsConfigurator(context));
            return new StandIn(server, handler);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    private static InetSocketAddress loopback() throws IOException {
        return new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0);
    }

    /** 127.0.0.1:PORT. */
    public String hostAndPort() {
        return "127.0.0.1:" + port();
    }

    public String address() {
        return (server instanceof HttpsServer ? "https://" : "http://") + hostAndPort();
    }

    public int port() {
        return server.getAddress().getPort();
    }

    /** From now on this answers. */
    public void answer(Handler newHandler) {
        handler = newHandler;
    }

    /** The requests so far, in their order. */
    public List<Request> requests() {
        synchronized (requests) {
            return new ArrayList<>(requests);
        }
    }

    /** Forgets the requests so far. */
    public void forget() {
        requests.clear();
    }

    private void handle(HttpExchange exchange) throws IOException {
        String body;
        try (InputStream in = exchange.getRequestBody()) {
            body = Fixtures.readAll(in);
        }
        Request request = new Request(exchange, body);
        requests.add(request);
        Answer answer;
        try {
            answer = handler.answer(request);
        } catch (RuntimeException | Error e) {
            answer = Answer.text(599, "the stand-in failed: " + e);
        }
        byte[] bytes = answer.body.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", answer.type);
        for (int i = 0; i + 1 < answer.headers.length; i += 2) {
            exchange.getResponseHeaders().set(answer.headers[i], answer.headers[i + 1]);
        }
        exchange.sendResponseHeaders(answer.status, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}

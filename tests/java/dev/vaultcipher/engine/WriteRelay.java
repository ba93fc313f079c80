package dev.vaultcipher.engine;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.VaultServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;

/** Stands between a client and Vault, and hands everything on; what it does to a write (POST to a KV path) is a test's. */
final class WriteRelay implements AutoCloseable {
    private final HttpServer server;
    private final VaultServer vault;
    private final Runnable before;
    private final AtomicInteger answersToLose;
    private final boolean handOn;
    private final String ownAnswer;

    private WriteRelay(VaultServer vault, Runnable before, int answersToLose, boolean handOn, String ownAnswer) {
        this.vault = vault;
        this.before = before;
        this.answersToLose = new AtomicInteger(answersToLose);
        this.handOn = handOn;
        this.ownAnswer = ownAnswer;
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0), 50);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.createContext("/", this::handle);
        server.start();
    }

    /** Does something before each write, and loses the answers to the first writes: those connections just end. */
    static WriteRelay to(VaultServer vault, Runnable beforeWrite, int answersToLose) {
        return new WriteRelay(vault, beforeWrite, answersToLose, true, null);
    }

    /** Answers each write itself with 200 and this, whether or not it is handed on to Vault. */
    static WriteRelay answering(VaultServer vault, boolean handOn, String answer) {
        return new WriteRelay(vault, () -> { }, 0, handOn, answer);
    }

    /** The text with this address in the place of Vault's. */
    String through(String text) {
        return text.replace(vault.address(), "http://127.0.0.1:" + server.getAddress().getPort());
    }

    private void handle(HttpExchange exchange) throws IOException {
        String apiPath = exchange.getRequestURI().getRawPath().substring("/v1/".length());
        boolean isWrite = exchange.getRequestMethod().equals("POST") && !apiPath.startsWith("sys/") && !apiPath.startsWith("auth/");
        String body;
        try (InputStream in = exchange.getRequestBody()) {
            body = Fixtures.readAll(in);
        }
        if (isWrite) {
            before.run();
        }
        VaultServer.Answer answer = isWrite && !handOn ? null : vault.request(exchange.getRequestMethod(), apiPath,
                body.isEmpty() ? null : body, exchange.getRequestHeaders().getFirst("X-Vault-Token"));
        if (isWrite && answersToLose.getAndDecrement() > 0) {
            exchange.close();
            return;
        }
        boolean own = isWrite && ownAnswer != null;
        byte[] bytes = (own ? ownAnswer : answer.body).getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", own && ownAnswer.startsWith("<") ? "text/html" : "application/json");
        exchange.sendResponseHeaders(own ? 200 : answer.status, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}

package dev.vaultcipher.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;

/** A process that stays and takes orders, one line each; see {@link Worker}. */
final class Crew implements AutoCloseable {
    private final Process process;
    private final PrintStream orders;
    private final BufferedReader answers;

    Crew(BenchServers servers, ProcessBuilder builder) throws IOException {
        process = servers.start(builder.redirectError(Redirect.INHERIT));
        orders = new PrintStream(process.getOutputStream(), true, "US-ASCII");
        answers = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII));
    }

    String order(String order) throws IOException {
        orders.println(order);
        String answer = answers.readLine();
        if (answer == null) {
            throw new IOException("a contestant ended at the order: " + order);
        }
        return answer;
    }

    double number(String order) throws IOException {
        return Double.parseDouble(order(order));
    }

    @Override
    public void close() {
        orders.close();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            process.destroy();
            Thread.currentThread().interrupt();
        }
    }
}

package dev.vaultcipher.harness;

import dev.vaultcipher.VaultCipher;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * One server of the fleet (`make fleet`): it is told on standard input which one it is and when to start, reads its secret
 * once, and prints a line for each answer of Vault: node, milliseconds since the start, answer.
 */
final class FleetNode {
    private FleetNode() {
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        String[] told = in.readLine().split(" ");
        String node = told[2];
        String text = "{\"mount\":\"secret\",\"path\":\"fleet/node-" + node + "\",\"key\":\"password\",\"endpoint\":\"" + told[0] + "\"}";
        StringBuilder lines = new StringBuilder();
        System.out.println("ready");
        long start = Long.parseLong(in.readLine());

        Logger logger = Logger.getLogger("dev.vaultcipher");
        logger.setUseParentHandlers(false);
        logger.addHandler(new Handler() {
            @Override
            public void publish(LogRecord record) {
                note(lines, node, start, record.getMessage().contains("(429") ? "Refused" : "Other");
            }

            @Override
            public void flush() {
            }

            @Override
            public void close() {
            }
        });
        Thread.sleep(Math.max(0, start - System.currentTimeMillis()));
        String answer = "Failure";
        try {
            answer = new VaultCipher().decrypt(text).equals(told[1] + '-' + node) ? "Secret" : "Failure";
        } catch (IllegalStateException failure) {
            System.err.println("node " + node + ": " + failure.getMessage());
        }
        note(lines, node, start, answer);
        System.out.print(lines);
        System.out.flush();
    }

    private static void note(StringBuilder lines, String node, long start, String answer) {
        lines.append(node).append(' ').append(Math.max(0, System.currentTimeMillis() - start)).append(' ').append(answer).append('\n');
    }
}

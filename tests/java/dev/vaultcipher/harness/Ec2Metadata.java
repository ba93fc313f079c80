package dev.vaultcipher.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;

/** EC2's instance metadata service (amazon-ec2-metadata-mock), version 2: without a session token it answers 401. */
public final class Ec2Metadata implements AutoCloseable {
    private final Cleanup cleanup = new Cleanup();
    private final int port = Fixtures.freePorts(1);

    private Ec2Metadata() {
    }

    /** An instance in this region whose role has these keys. */
    public static Ec2Metadata start(String role, String region, AmazonAccount.Keys keys) {
        Ec2Metadata metadata = new Ec2Metadata();
        try {
            metadata.begin("{\"metadata\":{\"paths\":{\"iam-security-credentials\":\"/latest/meta-data/iam/security-credentials/"
                    + role + "\"},\"values\":{\"iam-security-credentials-role\":\"" + role + "\",\"placement-region\":\"" + region
                    + "\",\"iam-security-credentials\":{\"Code\":\"Success\",\"LastUpdated\":\"2026-01-01T00:00:00Z\","
                    + "\"Type\":\"AWS-HMAC\",\"AccessKeyId\":\"" + keys.id + "\",\"SecretAccessKey\":"
                    + Fixtures.json(keys.secret) + ",\"Token\":" + Fixtures.json(keys.sessionToken)
                    + ",\"Expiration\":\"2099-01-01T00:00:00Z\"}}}}");
            return metadata;
        } catch (IOException e) {
            metadata.close();
            throw new UncheckedIOException(e);
        }
    }

    public int port() {
        return port;
    }

    public String address() {
        return "http://127.0.0.1:" + port;
    }

    private void begin(String configuration) throws IOException {
        Path folder = cleanup.folder("ec2");
        Path file = Files.writeString(folder.resolve("configuration.json"), configuration);
        Path program = Fixtures.fromEnvironment("VAULT_PLUGINS").resolve("ec2-metadata-mock");
        Path log = folder.resolve("log");
        ProcessBuilder builder = new ProcessBuilder(program.toString(), "--imdsv2", "--hostname", "127.0.0.1", "--port",
                Integer.toString(port), "--config-file", file.toString());
        builder.environment().put("HOME", folder.toString());
        Process process = cleanup.start(builder.redirectErrorStream(true).redirectOutput(log.toFile()));
        for (int i = 0; i < 1000 && process.isAlive(); i++) {
            try {
                new Socket(InetAddress.getByName("127.0.0.1"), port).close();
                return;
            } catch (IOException notYet) {
                Fixtures.pause(20);
            }
        }
        throw new AssertionError("the metadata service did not start:\n" + Files.readString(log));
    }

    @Override
    public void close() {
        cleanup.close();
    }
}

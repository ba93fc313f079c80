package dev.vaultcipher.tls;

import static org.junit.Assert.assertFalse;

import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.Cleanup;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.StoreConversation;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** One JVM that is asked for one secret after the other, so that a test can change the world in between. */
final class Conversation implements AutoCloseable {
    private final Cleanup cleanup = new Cleanup();
    private final Path errors = cleanup.folder("conversation").resolve("stderr");
    private final OutputStream in;
    private final BufferedReader out;

    /** Starts the JVM. */
    Conversation(HostProcess jvm) throws IOException {
        ProcessBuilder builder = jvm.jvmFlags("-Xcheck:jni").builder(StoreConversation.class.getName());
        Process process = cleanup.start(builder.redirectError(errors.toFile()));
        in = process.getOutputStream();
        out = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    /** {@code value SHA-256} or {@code failure MESSAGE}. */
    String ask(String text) throws IOException {
        in.write((text + '\n').getBytes(StandardCharsets.UTF_8));
        in.flush();
        return out.readLine();
    }

    @Override
    public void close() throws IOException {
        try {
            in.close();
            String said = Files.readString(errors);
            Canaries.assertNoneIn("standard error", said);
            assertFalse(said, said.contains("in native method"));
        } finally {
            cleanup.close();
        }
    }
}

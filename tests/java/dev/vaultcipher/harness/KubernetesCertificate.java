package dev.vaultcipher.harness;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;

/** A fresh key with a self-signed certificate for 127.0.0.1, made by the JDK's keytool: the API server's identity. */
public final class KubernetesCertificate {
    /** The certificate, which is its own CA. */
    public final String pem;
    public final Path pemFile;
    public final Path keyFile;
    private final KeyStore trust;
    private final KeyManager[] keys;

    private KubernetesCertificate(String pem, Path pemFile, Path keyFile, KeyStore trust, KeyManager[] keys) {
        this.pem = pem;
        this.pemFile = pemFile;
        this.keyFile = keyFile;
        this.trust = trust;
        this.keys = keys;
    }

    /** Makes both, and leaves them as PEM files in the folder. */
    public static KubernetesCertificate createIn(Path folder) throws IOException, GeneralSecurityException {
        char[] password = Fixtures.randomText().toCharArray();
        Path storeFile = folder.resolve("api-server.p12");
        keytool(folder, password, "-genkeypair", "-alias", "server", "-keyalg", "EC", "-keysize", "256",
                "-dname", "CN=kube-apiserver", "-ext", "san=ip:127.0.0.1", "-validity", "2",
                "-storetype", "PKCS12", "-keystore", storeFile.toString());
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(storeFile)) {
            store.load(in, password);
        }
        KeyStore trust = KeyStore.getInstance("PKCS12");
        trust.load(null, null);
        trust.setCertificateEntry("server", store.getCertificate("server"));
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, password);
        String pem = pem("CERTIFICATE", store.getCertificate("server").getEncoded());
        return new KubernetesCertificate(pem,
                Files.writeString(folder.resolve("api-server.pem"), pem),
                Files.writeString(folder.resolve("api-server-key.pem"),
                        pem("PRIVATE KEY", store.getKey("server", password).getEncoded())),
                trust, keys.getKeyManagers());
    }

    /** Accepts this certificate and no other. */
    SSLSocketFactory clientSockets() throws GeneralSecurityException {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(trust);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, factory.getTrustManagers(), null);
        return context.getSocketFactory();
    }

    /** The server's side of TLS with this certificate. */
    public SSLContext serverContext() throws GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys, null, null);
        return context;
    }

    public static String pem(String label, byte[] der) {
        return "-----BEGIN " + label + "-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der)
                + "\n-----END " + label + "-----\n";
    }

    /** The password reaches keytool through its environment, where other users of the machine cannot see it. */
    private static void keytool(Path folder, char[] password, String... arguments) throws IOException {
        String[] command = new String[arguments.length + 3];
        command[0] = Paths.get(System.getProperty("java.home"), "bin", "keytool").toString();
        System.arraycopy(arguments, 0, command, 1, arguments.length);
        command[command.length - 2] = "-storepass:env";
        command[command.length - 1] = "STORE_PASSWORD";
        Path log = folder.resolve("keytool.log");
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().put("STORE_PASSWORD", new String(password));
        Process process = builder.start();
        try {
            process.getOutputStream().close();
            if (!process.waitFor(30, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new AssertionError("keytool made no certificate:\n"
                        + new String(Files.readAllBytes(log), StandardCharsets.UTF_8));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        } finally {
            process.destroyForcibly();
        }
    }
}

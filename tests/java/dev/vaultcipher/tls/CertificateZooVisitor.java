package dev.vaultcipher.tls;

import com.atlassian.secrets.api.SecretStoreException;
import dev.vaultcipher.VaultSecretStore;
import dev.vaultcipher.harness.Fixtures;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * A main class that reads one secret from many servers, from each twice: through vault-cipher, and through the JVM's own
 * HttpsURLConnection with the same trust store and key store. Its argument is a file of visits, a line each.
 */
final class CertificateZooVisitor {
    private static final char[] TRUST_STORE_PASSWORD = "changeit".toCharArray();

    /** What follows a verdict for which vault-cipher asked the JVM's trust manager. */
    static final String ASKED = " asked";

    private static volatile boolean javaWasAsked;

    private CertificateZooVisitor() {
    }

    /** Notices the warning that the JVM's trust manager decided. */
    private static final class Warnings extends Handler {
        @Override
        public void publish(LogRecord warning) {
            javaWasAsked |= warning.getMessage().contains("because the JVM's own trust manager accepts it");
        }

        @Override
        public void flush() {
            // Nothing is kept.
        }

        @Override
        public void close() {
            // Nothing is open.
        }
    }

    /** One visit. */
    static final class Visit {
        final String address;
        final String trustStore;
        /** Empty for none. */
        final String keyStore;
        final String keyStorePassword;
        /** The port of a proxy on loopback; empty for none. */
        final String proxyPort;

        Visit(String address, Path trustStore, Path keyStoreOrNull, String keyStorePassword, String proxyPort) {
            this.address = address;
            this.trustStore = trustStore.toString();
            this.keyStore = keyStoreOrNull == null ? "" : keyStoreOrNull.toString();
            this.keyStorePassword = keyStorePassword;
            this.proxyPort = proxyPort;
        }

        private Visit(String[] fields) {
            this(fields[0], Paths.get(fields[1]), fields[2].isEmpty() ? null : Paths.get(fields[2]), fields[3], fields[4]);
        }

        private String line() {
            return String.join("\t", address, trustStore, keyStore, keyStorePassword, proxyPort);
        }

        private String text() {
            return "{\"mount\":\"secret\",\"path\":\"sample/secret\",\"key\":\"password\",\"endpoint\":" + Fixtures.json(address)
                    + (proxyPort.isEmpty() ? "" : ",\"proxy\":\"http://127.0.0.1:" + proxyPort + '"') + '}';
        }
    }

    /** Writes the file of visits. */
    static Path write(Path file, List<Visit> visits) throws IOException {
        StringBuilder lines = new StringBuilder();
        visits.forEach(visit -> lines.append(visit.line()).append('\n'));
        return Files.writeString(file, lines);
    }

    public static void main(String[] arguments) throws IOException {
        PrintStream out = new PrintStream(System.out, true, "UTF-8");
        VaultSecretStore store = new VaultSecretStore();
        Logger logger = Logger.getLogger("dev.vaultcipher");
        logger.addHandler(new Warnings());
        for (String line : Files.readAllLines(Paths.get(arguments[0]))) {
            Visit visit = new Visit(line.split("\t", -1));
            out.println("ours " + ours(store, visit));
            out.println("java " + java(visit));
        }
    }

    private static String ours(VaultSecretStore store, Visit visit) {
        System.setProperty("javax.net.ssl.trustStore", visit.trustStore);
        if (visit.keyStore.isEmpty()) {
            System.clearProperty("javax.net.ssl.keyStore");
        } else {
            System.setProperty("javax.net.ssl.keyStore", visit.keyStore);
            System.setProperty("javax.net.ssl.keyStorePassword", visit.keyStorePassword);
        }
        javaWasAsked = false;
        try {
            String value = Fixtures.sha256(store.get(visit.text()));
            return "accepted " + value + (javaWasAsked ? ASKED : "");
        } catch (SecretStoreException refused) {
            return "refused " + oneLine(refused.getMessage());
        }
    }

    private static String java(Visit visit) {
        try {
            Proxy proxy = visit.proxyPort.isEmpty() ? Proxy.NO_PROXY
                    : new Proxy(Proxy.Type.HTTP, new InetSocketAddress("127.0.0.1", Integer.parseInt(visit.proxyPort)));
            URL url = new URL(visit.address + "/v1/secret/data/sample/secret");
            HttpsURLConnection connection = (HttpsURLConnection) url.openConnection(proxy);
            connection.setSSLSocketFactory(context(visit).getSocketFactory());
            connection.setRequestProperty("X-Vault-Token", System.getenv("SECRET_STORE_VAULT_TOKEN"));
            connection.setConnectTimeout(10_000);
            connection.setReadTimeout(10_000);
            try (InputStream in = connection.getInputStream()) {
                String body = new String(in.readAllBytes(), StandardCharsets.UTF_8);
                return "accepted " + Fixtures.sha256(Fixtures.jsonMember(body, "password"));
            }
        } catch (IOException | GeneralSecurityException refused) {
            return "refused " + oneLine(refused.toString());
        }
    }

    /** What the JVM makes of its system properties, which it reads only once itself. */
    private static SSLContext context(Visit visit) throws IOException, GeneralSecurityException {
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(load(visit.trustStore, TRUST_STORE_PASSWORD));
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        char[] password = visit.keyStorePassword.toCharArray();
        keys.init(visit.keyStore.isEmpty() ? null : load(visit.keyStore, password), password);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }

    private static KeyStore load(String file, char[] password) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        try (InputStream in = Files.newInputStream(Paths.get(file))) {
            store.load(in, password);
            return store;
        }
    }

    private static String oneLine(String message) {
        return message.replaceAll("\\s*[\\r\\n]+\\s*", " ");
    }
}

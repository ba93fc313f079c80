package dev.vaultcipher.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.Security;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.TreeSet;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/**
 * Makes key stores of every kind, and says of each whom the JVM would trust if it were its trust store.
 *
 * <p>{@code java … KeyStoreVerdicts FOLDER}: what the folder holds is said in {@link KeyStoreMaker}. The verdicts go to its file
 * {@code verdicts.tsv}, a line for each way to read a store: number of the store, its description, type, password (UTF-8 as hexadecimal
 * digits, {@code -} for none) and {@code refused} or the SHA-256 sums of the trusted certificates. The Rust test
 * {@code tls::tests::differential} runs it and compares.
 */
public final class KeyStoreVerdicts {
    /** Changed stores of each store. */
    private static final int CHANGED = 3;

    private KeyStoreVerdicts() {
    }

    public static void main(String... arguments) throws Exception {
        Path folder = Paths.get(arguments[0]);
        Security.insertProviderAt(new FixedNumbers(), 1);
        KeyStoreMaker maker = new KeyStoreMaker(folder);
        maker.all();
        try (PrintWriter out = new PrintWriter(Files.newBufferedWriter(folder.resolve("verdicts.tsv")))) {
            int number = 0;
            for (KeyStoreMaker.Store store : maker.made()) {
                String name = "store-" + number++;
                Files.write(folder.resolve(name), store.content);
                for (String password : store.passwords()) {
                    judge(out, name, store.description, "", password, store.content);
                }
                judge(out, name, store.description, "JKS", store.password, store.content);
                judge(out, name, store.description, "JCEKS", store.password, store.content);
                judge(out, name, store.description, "PKCS12", store.password, store.content);
                KeyStoreChanges changes = new KeyStoreChanges(store.description.hashCode());
                for (int i = 0; i < CHANGED; i++) {
                    KeyStoreChanges.Changed changed = changes.of(store.content);
                    String changedName = "store-" + number++;
                    String description = "changed (" + changed.how + "): " + store.description;
                    Files.write(folder.resolve(changedName), changed.content);
                    String type = store.description.startsWith("JCEKS") ? "JCEKS" : "";
                    judge(out, changedName, description, type, null, changed.content);
                    judge(out, changedName, description, type, store.password, changed.content);
                }
            }
        }
    }

    private static void judge(PrintWriter out, String name, String description, String type, String password, byte[] content) {
        String hex = password == null ? "-" : hex(password.getBytes(StandardCharsets.UTF_8));
        out.println(String.join("\t", name, description, type, hex, verdict(type, password, content)));
    }

    /** As the JVM reads the file that {@code javax.net.ssl.trustStore} names, where an empty password is none. */
    private static String verdict(String type, String password, byte[] content) {
        try (InputStream in = new ByteArrayInputStream(content)) {
            KeyStore store = KeyStore.getInstance(type.isEmpty() ? KeyStore.getDefaultType() : type);
            store.load(in, password == null || password.isEmpty() ? null : password.toCharArray());
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(store);
            TreeSet<String> trusted = new TreeSet<>();
            for (TrustManager manager : factory.getTrustManagers()) {
                for (X509Certificate certificate : ((X509TrustManager) manager).getAcceptedIssuers()) {
                    trusted.add(hex(MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded())));
                }
            }
            return String.join(",", trusted);
        } catch (IOException | GeneralSecurityException | RuntimeException e) {
            return "refused";
        }
    }

    static String hex(byte[] bytes) {
        return bytes.length == 0 ? "" : String.format("%0" + 2 * bytes.length + "x", new BigInteger(1, bytes));
    }

    static String text(String hex) {
        byte[] bytes = new byte[hex.length() / 2];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) Integer.parseInt(hex.substring(2 * i, 2 * i + 2), 16);
        }
        return new String(bytes, StandardCharsets.UTF_8);
    }

    static List<String> lines(Path file) throws IOException {
        return Files.exists(file) ? Files.readAllLines(file) : java.util.Collections.emptyList();
    }
}

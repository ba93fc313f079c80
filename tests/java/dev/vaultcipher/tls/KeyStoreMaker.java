package dev.vaultcipher.tls;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.crypto.spec.SecretKeySpec;

/**
 * Makes key stores through the JDK's own API: types, encryptions, entries and passwords, each with each.
 *
 * <p>Its folder holds {@code ca.crt}, {@code other.crt} and {@code leaf.crt} (of {@code ca}), each as DER with its key as PKCS #8 beside it
 * ({@code ca.key}), and the stores that other tools made: {@code made.tsv} has a line for each, its file, its description and its password in
 * hexadecimal digits.
 */
final class KeyStoreMaker {
    private static final String RIGHT = "right-one";
    private static final String WRONG = "wrong-one";
    private static final String NOT_ASCII = "p\u00e4ssw\u00f6rd \u03a9 \ud83d\ude00";

    /** {@code keystore.pkcs12.…}: certProtectionAlgorithm, keyProtectionAlgorithm, macAlgorithm, and iterations. */
    private static final String[][] ENCRYPTIONS = {
        {"NONE", "PBEWithHmacSHA256AndAES_256", "NONE", "100"},
        {"NONE", "PBEWithSHA1AndDESede", "HmacPBESHA256", "100"},
        {"PBEWithSHA1AndRC2_40", "PBEWithSHA1AndDESede", "HmacPBESHA1", "100"},
        {"PBEWithSHA1AndRC2_128", "PBEWithSHA1AndRC2_128", "HmacPBESHA1", "100"},
        {"PBEWithSHA1AndRC4_128", "PBEWithSHA1AndRC4_40", "HmacPBESHA1", "100"},
        {"PBEWithSHA1AndDESede", "PBEWithSHA1AndDESede", "HmacPBESHA224", "1"},
        {"PBEWithHmacSHA1AndAES_128", "PBEWithHmacSHA1AndAES_128", "HmacPBESHA256", "100"},
        {"PBEWithHmacSHA224AndAES_256", "PBEWithHmacSHA224AndAES_128", "HmacPBESHA384", "100"},
        {"PBEWithHmacSHA256AndAES_256", "PBEWithHmacSHA256AndAES_256", "HmacPBESHA256", "100"},
        {"PBEWithHmacSHA384AndAES_128", "PBEWithHmacSHA384AndAES_256", "HmacPBESHA512", "100"},
        {"PBEWithHmacSHA512AndAES_256", "PBEWithHmacSHA512AndAES_256", "HmacPBESHA512/256", "100"},
        {"PBEWithHmacSHA256AndAES_256", "PBEWithHmacSHA256AndAES_256", "NONE", "100"},
        {"PBEWithHmacSHA512/256AndAES_256", "PBEWithHmacSHA512/224AndAES_128", "PBEWithHmacSHA256", "100"},
        {"", "", "", ""}, // the JDK's defaults
    };

    /** A store. */
    static final class Store {
        final String description;
        /** The password that it was made with; null for none. */
        final String password;
        final byte[] content;

        Store(String description, String password, byte[] content) {
            this.description = description;
            this.password = password;
            this.content = content;
        }

        /** The passwords to try; null is none. */
        List<String> passwords() {
            List<String> passwords = new ArrayList<>(Arrays.asList(null, "", RIGHT, WRONG, NOT_ASCII));
            if (!passwords.contains(password)) {
                passwords.add(password);
            }
            return passwords;
        }
    }

    /** What goes into a store. */
    private interface Entries {
        void put(KeyStore store, char[] password) throws GeneralSecurityException;
    }

    private final Path folder;
    private final Map<String, Entries> contents = new LinkedHashMap<>();
    private final List<Store> made = new ArrayList<>();

    KeyStoreMaker(Path folder) throws IOException, GeneralSecurityException {
        this.folder = folder;
        Certificate ca = certificate("ca");
        Certificate other = certificate("other");
        Certificate leaf = certificate("leaf");
        PrivateKey caKey = key("ca");
        PrivateKey leafKey = key("leaf");
        contents.put("nothing", (store, password) -> { });
        contents.put("a certificate", (store, password) -> store.setCertificateEntry("ca", ca));
        contents.put("two certificates", (store, password) -> {
            store.setCertificateEntry("ca", ca);
            store.setCertificateEntry("\u00fcber \u03a9", other);
        });
        contents.put("a certificate twice", (store, password) -> {
            store.setCertificateEntry("one", ca);
            store.setCertificateEntry("two", ca);
        });
        contents.put("aliases that differ in case", (store, password) -> {
            store.setCertificateEntry("Alias", ca);
            store.setCertificateEntry("aLIAS", other);
        });
        contents.put("aliases that are empty or long", (store, password) -> {
            store.setCertificateEntry("", ca);
            store.setCertificateEntry(String.join("", java.util.Collections.nCopies(300, "long")), other);
        });
        contents.put("a key", (store, password) -> store.setKeyEntry("own", caKey, password, new Certificate[] {ca}));
        contents.put("a key with its chain", (store, password) -> store.setKeyEntry("own", leafKey, password, new Certificate[] {leaf, ca}));
        contents.put("a key and its CA", (store, password) -> {
            store.setKeyEntry("own", leafKey, password, new Certificate[] {leaf, ca});
            store.setCertificateEntry("ca", ca);
        });
        contents.put("a key's own certificate as entry, too", (store, password) -> {
            store.setKeyEntry("own", leafKey, password, new Certificate[] {leaf, ca});
            store.setCertificateEntry("again", leaf);
        });
        contents.put("two keys of one certificate", (store, password) -> {
            store.setKeyEntry("one", leafKey, password, new Certificate[] {leaf, ca});
            store.setKeyEntry("two", leafKey, password, new Certificate[] {leaf});
        });
        contents.put("a certificate, a key, a certificate", (store, password) -> {
            store.setCertificateEntry("first", other);
            store.setKeyEntry("second", leafKey, password, new Certificate[] {leaf, ca});
            store.setCertificateEntry("third", ca);
        });
        contents.put("a key under another password", (store, password) -> {
            store.setKeyEntry("own", leafKey, "another-one".toCharArray(), new Certificate[] {leaf, ca});
            store.setCertificateEntry("other", other);
        });
        contents.put("a secret key and a certificate", (store, password) -> {
            store.setEntry("secret", new KeyStore.SecretKeyEntry(new SecretKeySpec(new byte[16], "AES")),
                    new KeyStore.PasswordProtection(password));
            store.setCertificateEntry("ca", ca);
        });
    }

    List<Store> made() {
        return made;
    }

    /** All of them. */
    void all() throws IOException {
        for (String line : KeyStoreVerdicts.lines(folder.resolve("made.tsv"))) {
            String[] parts = line.split("\t", -1);
            made.add(new Store(parts[1], KeyStoreVerdicts.text(parts[2]), Files.readAllBytes(folder.resolve(parts[0]))));
        }
        for (String password : new String[] {RIGHT, NOT_ASCII, "", null}) {
            for (Map.Entry<String, Entries> content : contents.entrySet()) {
                for (String type : new String[] {"JKS", "JCEKS", "CaseExactJKS"}) {
                    make(type, type, content.getKey(), content.getValue(), password);
                }
                for (String[] encryption : ENCRYPTIONS) {
                    set("certProtectionAlgorithm", encryption[0]);
                    set("keyProtectionAlgorithm", encryption[1]);
                    set("macAlgorithm", encryption[2]);
                    for (String count : new String[] {"certPbeIterationCount", "keyPbeIterationCount", "macIterationCount"}) {
                        set(count, encryption[3]);
                    }
                    String words = encryption[0].isEmpty() ? "as by default" : String.join(" ", encryption);
                    make("PKCS12", "PKCS12 " + words, content.getKey(), content.getValue(), password);
                }
            }
        }
    }

    private static void set(String name, String value) {
        if (value.isEmpty()) {
            System.clearProperty("keystore.pkcs12." + name);
        } else {
            System.setProperty("keystore.pkcs12." + name, value);
        }
    }

    /** Not every type takes every entry, every encryption and every password; what cannot be made is left out. */
    private void make(String type, String description, String content, Entries entries, String password) {
        char[] characters = password == null ? null : password.toCharArray();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            KeyStore store = KeyStore.getInstance(type);
            store.load(null, null);
            entries.put(store, characters);
            store.store(out, characters);
        } catch (IOException | GeneralSecurityException | RuntimeException e) {
            return;
        }
        String how = password == null ? "no password" : password.isEmpty() ? "empty password" : password.equals(RIGHT) ? "ASCII password"
                : "password that is not ASCII";
        made.add(new Store(description + ", " + content + ", " + how, password, out.toByteArray()));
    }

    private Certificate certificate(String name) throws IOException, GeneralSecurityException {
        return CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(Files.readAllBytes(folder.resolve(name + ".crt"))));
    }

    private PrivateKey key(String name) throws IOException, GeneralSecurityException {
        return KeyFactory.getInstance("Ed25519").generatePrivate(new PKCS8EncodedKeySpec(Files.readAllBytes(folder.resolve(name + ".key"))));
    }
}

package dev.vaultcipher.platforms;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNotNull;
import static org.junit.Assert.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.InvocationTargetException;
import java.math.BigInteger;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Collections;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import org.junit.After;
import org.junit.Before;
import org.junit.Test;

/**
 * What is tried on each platform, inside one JVM there: every test has a class loader of its own, which loads the library again.
 * In Java 8. The environment names the jar (TEST_JAR), the platform (TEST_PLATFORM), a folder with the HTTPS server's CA and another
 * (TEST_FOLDER), and the two Vaults: see {@code WithVault}.
 */
public abstract class PlatformTest {
    private static final String TEST_FOLDER = System.getenv("TEST_FOLDER");
    static final String PLATFORM = System.getenv("TEST_PLATFORM");
    private static final String[] PROPERTIES = {
        "dev.vaultcipher.library", "dev.vaultcipher.tmpdir", "javax.net.ssl.trustStore", "javax.net.ssl.trustStorePassword",
        "javax.net.ssl.trustStoreType", "secret.store.vault.ca.cert",
    };

    final File jar = new File(System.getenv("TEST_JAR"));
    Path folder;

    @Before
    public void makeFolder() throws IOException {
        // Not createTempDirectory: it wants random numbers, for which Java on Windows asks what wine does not know.
        folder = Files.createDirectory(Paths.get(TEST_FOLDER, "test-" + System.nanoTime()));
        System.setProperty("dev.vaultcipher.tmpdir", Files.createDirectory(folder.resolve("tmp")).toString());
    }

    @After
    public void clearProperties() {
        for (String property : PROPERTIES) {
            System.clearProperty(property);
        }
    }

    @Test
    public void readsASecretOverHttp() throws Exception {
        assertReads(loader(jar), System.getenv("TEST_HTTP"));
    }

    @Test
    public void readsASecretOverHttpsWithACaFile() throws Exception {
        System.setProperty("secret.store.vault.ca.cert", new File(TEST_FOLDER, "vault-ca.pem").getPath());
        assertReads(loader(jar), System.getenv("TEST_HTTPS"));
    }

    @Test
    public void readsASecretOverHttpsWithTheJvmsTrustStoreOfEachKind() throws Exception {
        for (String type : new String[] {"JKS", "PKCS12"}) {
            System.setProperty("javax.net.ssl.trustStore", TEST_FOLDER + "/vault-ca." + type);
            System.setProperty("javax.net.ssl.trustStorePassword", "changeit");
            assertReads(loader(jar), System.getenv("TEST_HTTPS"));
        }
    }

    @Test
    public void anUnknownCaIsRefusedWithAMessage() throws Exception {
        System.setProperty("javax.net.ssl.trustStore", TEST_FOLDER + "/other-ca.JKS");
        System.setProperty("javax.net.ssl.trustStorePassword", "changeit");
        assertRefuses(loader(jar), System.getenv("TEST_HTTPS").replace("}", ",\"timeout\":\"0\"}"), "127.0.0.1", "certificate");
    }

    @Test
    public void twoWebApplicationsHaveTheLibraryEach() throws Exception {
        assertReads(loader(jar), System.getenv("TEST_HTTP"));
        assertReads(loader(jar), System.getenv("TEST_HTTP"));
    }

    @Test
    public void anInterruptedThreadLoadsTheLibrary() throws Exception {
        Thread.currentThread().interrupt();
        try {
            assertRefuses(loader(jar), "{}", "\"endpoint\" is missing");
        } finally {
            assertTrue(Thread.interrupted());
        }
    }

    @Test
    public void aNamedLibraryIsLoaded() throws Exception {
        System.setProperty("dev.vaultcipher.library", extract(PLATFORM).getPath());
        assertReads(loader(jar), System.getenv("TEST_HTTP"));
    }

    @Test
    public void aLibraryForAnotherPlatformIsRefusedWithAMessage() throws Exception {
        String other = PLATFORM.equals("linux-x86_64") ? "linux-aarch64" : "linux-x86_64";
        System.setProperty("dev.vaultcipher.library", extract(other).getPath());
        assertRefuses(loader(jar), "{}", "cannot be loaded on this platform, " + PLATFORM);
    }

    @Test
    public void aJarWithoutThisPlatformsLibrarySaysWhichItHas() throws Exception {
        File without = jarWithoutTheLibrary();
        assertRefuses(loader(without), "{}", "There is no native library for this platform, " + PLATFORM);
    }

    /** One bit of it is another, on the disk that the jar lies on. */
    @Test
    public void aDamagedLibraryIsNotLoaded() throws Exception {
        byte[] bytes = Files.readAllBytes(jar.toPath());
        byte[] library = Files.readAllBytes(extract(PLATFORM).toPath());
        int at = indexOf(bytes, Arrays.copyOf(library, 4096));
        assertTrue("the library is stored in the jar as it is", at > 0);
        bytes[at + library.length / 2] ^= 1;
        // Not beside the extracted library, which would be taken instead.
        File damaged = Files.write(Files.createDirectory(folder.resolve("lib")).resolve("damaged.jar"), bytes).toFile();
        assertRefuses(loader(damaged), "{}", PLATFORM + '/' + libraryName(PLATFORM), "damaged");
    }

    private static int indexOf(byte[] bytes, byte[] wanted) {
        for (int at = 0; at + wanted.length <= bytes.length; at++) {
            int n = 0;
            while (n < wanted.length && bytes[at + n] == wanted[n]) {
                n++;
            }
            if (n == wanted.length) {
                return at;
            }
        }
        return -1;
    }

    static void assertReads(ClassLoader loader, String text) throws Exception {
        assertEquals(System.getenv("TEST_SHA256"), sha256(get(loader, text).getBytes(StandardCharsets.UTF_8)));
    }

    static void assertRefuses(ClassLoader loader, String text, String... parts) throws Exception {
        String message = null;
        try {
            get(loader, text);
        } catch (InvocationTargetException e) {
            assertEquals("com.atlassian.secrets.api.SecretStoreException", e.getCause().getClass().getName());
            message = e.getCause().getMessage();
        }
        assertNotNull("not refused", message);
        for (String part : parts) {
            assertTrue("expected \"" + part + "\" in: " + message, message.contains(part));
        }
    }

    private static String get(ClassLoader loader, String text) throws ReflectiveOperationException {
        Object store = Class.forName("dev.vaultcipher.VaultSecretStore", true, loader).getConstructor().newInstance();
        return (String) store.getClass().getMethod("get", String.class).invoke(store, text);
    }

    static ClassLoader loader(File jar) throws IOException {
        return new URLClassLoader(new URL[] {jar.toURI().toURL()}, PlatformTest.class.getClassLoader());
    }

    private File extract(String platform) throws IOException {
        File file = folder.resolve(libraryName(platform)).toFile();
        try (JarFile from = new JarFile(jar); OutputStream out = new FileOutputStream(file)) {
            out.write(bytes(from, from.getJarEntry("META-INF/native/" + platform + '/' + libraryName(platform))));
        }
        return file;
    }

    private File jarWithoutTheLibrary() throws IOException {
        File copy = folder.resolve("copy.jar").toFile();
        try (JarFile from = new JarFile(jar); JarOutputStream to = new JarOutputStream(new FileOutputStream(copy))) {
            for (JarEntry entry : Collections.list(from.entries())) {
                if (!entry.getName().startsWith("META-INF/native/" + PLATFORM + '/')) {
                    to.putNextEntry(new JarEntry(entry.getName()));
                    to.write(bytes(from, entry));
                }
            }
        }
        return copy;
    }

    private static byte[] bytes(JarFile jar, JarEntry entry) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (InputStream in = jar.getInputStream(entry)) {
            byte[] chunk = new byte[1 << 16];
            for (int n = in.read(chunk); n > 0; n = in.read(chunk)) {
                bytes.write(chunk, 0, n);
            }
        }
        return bytes.toByteArray();
    }

    private static String libraryName(String platform) {
        return platform.startsWith("windows") ? "vault_cipher.dll"
                : platform.startsWith("macos") ? "libvault_cipher.dylib" : "libvault_cipher.so";
    }

    private static String sha256(byte[] bytes) throws GeneralSecurityException {
        return String.format("%064x", new BigInteger(1, MessageDigest.getInstance("SHA-256").digest(bytes)));
    }
}

package dev.vaultcipher.loading;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.VaultCipher;
import dev.vaultcipher.VaultSecretStore;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.Installation;
import java.io.DataInputStream;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Collections;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.junit.After;
import org.junit.Before;
import org.junit.Test;


/** What the packaged jar holds, and what it must not hold. */
public class JarContentTest {
    private static final int JAVA_8 = 52;
    private static final Set<String> CLASSES = new TreeSet<>(Arrays.asList(
            "dev/vaultcipher/VaultSecretStore.class",
            "dev/vaultcipher/VaultSecretStore$Failed.class",
            "dev/vaultcipher/VaultCipher.class",
            "dev/vaultcipher/Native.class",
            "dev/vaultcipher/Failure.class",
            "dev/vaultcipher/LibraryCopy.class",
            "dev/vaultcipher/NativeLibrary.class",
            "dev/vaultcipher/PrivateDirectory.class",
            "dev/vaultcipher/Secrets.class",
            "dev/vaultcipher/Platform.class",
            "dev/vaultcipher/Keeper.class",
            "dev/vaultcipher/WebApplication.class",
            "dev/vaultcipher/JvmTrust.class",
            "dev/vaultcipher/Tool.class"));
    private static final int MIB = 1024 * 1024;

    private JarFile jar;

    @Before
    public void open() throws IOException {
        jar = new JarFile(HostProcess.ourJar().toFile());
    }

    @After
    public void close() throws IOException {
        jar.close();
    }

    @Test
    public void holdsOurClassesAndTheLibraryAndNothingOfTheVendorsOrTheTests() {
        Set<String> classes = new TreeSet<>();
        for (JarEntry entry : Collections.list(jar.entries())) {
            String name = entry.getName();
            if (name.endsWith(".class")) {
                classes.add(name);
            } else {
                assertTrue(name, name.startsWith("META-INF/") || name.equals("dev/") || name.equals("dev/vaultcipher/"));
            }
        }
        assertEquals(CLASSES, classes);
    }

    @Test
    public void isJava8Bytecode() throws IOException {
        for (String name : CLASSES) {
            try (DataInputStream in = new DataInputStream(jar.getInputStream(jar.getEntry(name)))) {
                assertEquals(name, 0xCAFEBABE, in.readInt());
                assertEquals(name + " minor version", 0, in.readUnsignedShort());
                assertEquals(name + " major version", JAVA_8, in.readUnsignedShort());
            }
        }
    }

    @Test
    public void holdsTheLibraryForThisPlatform() throws IOException {
        JarEntry entry = jar.getJarEntry(Installation.libraryEntry());
        try (DataInputStream in = new DataInputStream(jar.getInputStream(entry))) {
            byte[] magic = new byte[4];
            in.readFully(magic);
            assertArrayEquals(new byte[] {0x7f, 'E', 'L', 'F'}, magic);
        }
    }

    /** It is copied at each start of a server: docs/size.md says where the bytes go. */
    @Test
    public void theLibraryIsSmall() {
        long size = jar.getEntry(Installation.libraryEntry()).getSize();
        assertTrue(size + " bytes", size <= 9 * MIB / 2);
        long jarSize = HostProcess.ourJar().toFile().length();
        assertTrue(jarSize + " bytes", jarSize <= 5 * MIB);
    }

    @Test
    public void theLibraryNamesNoPathOfTheMachineThatBuiltIt() throws IOException {
        JarEntry entry = jar.getJarEntry(Installation.libraryEntry());
        byte[] library = new byte[(int) entry.getSize()];
        try (DataInputStream in = new DataInputStream(jar.getInputStream(entry))) {
            in.readFully(library);
        }
        String text = new String(library, StandardCharsets.ISO_8859_1);
        for (String path : Arrays.asList("registry/src", System.getProperty("user.home") + "/", System.getProperty("user.dir") + "/")) {
            int at = text.indexOf(path);
            assertEquals(at < 0 ? "" : text.substring(Math.max(0, at - 40), at + 80), -1, at);
        }
    }

    @Test
    public void everyLibraryLiesWhereTheLoaderLooks() {
        for (JarEntry entry : Collections.list(jar.entries())) {
            if (entry.getName().startsWith("META-INF/native/") && !entry.isDirectory()) {
                assertTrue(entry.getName(), entry.getName().matches(
                        "META-INF/native/(linux-(x86_64|aarch64)(-musl)?/libvault_cipher\\.so"
                                + "|macos-(x86_64|aarch64)/libvault_cipher\\.dylib"
                                + "|windows-(x86_64|aarch64)/vault_cipher\\.dll)(\\.sha256)?"));
            }
        }
    }

    /** For administrators who unpack the library: sha256sum. */
    @Test
    public void everyLibraryHasItsDigest() throws IOException, GeneralSecurityException {
        int libraries = 0;
        for (JarEntry entry : Collections.list(jar.entries())) {
            String name = entry.getName();
            if (name.startsWith("META-INF/native/") && !entry.isDirectory() && !name.endsWith(".sha256")) {
                byte[] digest = MessageDigest.getInstance("SHA-256").digest(jar.getInputStream(entry).readAllBytes());
                String stored = new String(jar.getInputStream(jar.getEntry(name + ".sha256")).readAllBytes(), StandardCharsets.US_ASCII);
                assertEquals(name, String.format("%064x%n", new BigInteger(1, digest)), stored);
                libraries++;
            }
        }
        assertTrue(libraries > 0);
    }

    @Test
    public void onlyTheTwoContractsArePublic() throws ReflectiveOperationException {
        for (String name : CLASSES) {
            Class<?> type = Class.forName(name.replace(".class", "").replace('/', '.'));
            assertEquals("the class comes from the jar", HostProcess.ourJar(), HostProcess.codeSource(type));
            assertEquals(name, type == VaultSecretStore.class || type == VaultCipher.class,
                    Modifier.isPublic(type.getModifiers()));
        }
        assertEquals(new TreeSet<>(Arrays.asList("get", "store")), publicMembers(VaultSecretStore.class));
        assertEquals(new TreeSet<>(Arrays.asList("decrypt", "encrypt")), publicMembers(VaultCipher.class));
    }

    private static Set<String> publicMembers(Class<?> type) {
        Constructor<?>[] constructors = type.getConstructors();
        assertEquals(1, constructors.length);
        assertEquals(0, constructors[0].getParameterCount());
        Set<String> names = new TreeSet<>();
        for (Method method : type.getDeclaredMethods()) {
            if (Modifier.isPublic(method.getModifiers())) {
                names.add(method.getName());
            }
        }
        return names;
    }
}

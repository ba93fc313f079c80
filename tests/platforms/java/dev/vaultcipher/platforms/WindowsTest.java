package dev.vaultcipher.platforms;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.Test;

/** What is particular to Windows: a loaded DLL cannot be deleted, so that each start removes what earlier ones left. */
public final class WindowsTest extends PlatformTest {

    @Test
    public void whatAnEarlierStartLeftIsRemoved() throws Exception {
        Path left = Files.createDirectory(folder.resolve("tmp").resolve("vault-cipher-5a4"));
        Files.write(left.resolve("vault_cipher.dll"), new byte[100]);
        assertRefuses(loader(jar), "{}", "\"endpoint\" is missing");
        assertFalse(Files.exists(left));
        assertEquals(1, folder.resolve("tmp").toFile().list().length);
    }

    @Test
    public void whatIsInUseStays() throws Exception {
        ClassLoader first = loader(jar);
        assertReads(first, System.getenv("TEST_HTTP"));
        assertReads(loader(jar), System.getenv("TEST_HTTP"));
        assertReads(first, System.getenv("TEST_HTTP"));
        assertEquals(2, folder.resolve("tmp").toFile().list().length);
    }

    /** Of a store that only Java can read, Java is asked: here it has no such store, and the message names the type. */
    @Test
    public void aTrustStoreOfWindowsIsAskedOfJava() throws Exception {
        System.setProperty("javax.net.ssl.trustStoreType", "Windows-ROOT");
        System.setProperty("javax.net.ssl.trustStore", "NONE");
        String text = System.getenv("TEST_HTTPS").replace("}", ",\"timeout\":\"0\"}");
        assertRefuses(loader(jar), text, "Windows-ROOT");
    }
}

package dev.vaultcipher.platforms;

import static org.junit.Assert.assertTrue;

import org.junit.Test;

/** What is particular to Windows. */
public final class WindowsTest extends PlatformTest {

    /** A loaded DLL cannot be deleted: what an earlier start left is used again or removed. */
    @Test
    public void theTemporaryFolderHoldsOneLibraryHoweverOftenItIsLoaded() throws Exception {
        for (int i = 0; i < 3; i++) {
            assertRefuses(loader(jar), "{}", "\"endpoint\" is missing");
        }
        String[] left = folder.resolve("tmp").toFile().list();
        assertTrue(String.join(", ", left), left.length <= 3);
    }
}

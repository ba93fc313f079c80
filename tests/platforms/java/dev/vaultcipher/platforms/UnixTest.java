package dev.vaultcipher.platforms;

import static org.junit.Assert.assertEquals;

import org.junit.Test;

/** What is particular to macOS and Linux. */
public class UnixTest extends PlatformTest {

    @Test
    public void theTemporaryFolderIsLeftEmpty() throws Exception {
        assertRefuses(loader(jar), "{}", "\"endpoint\" is missing");
        assertEquals(0, folder.resolve("tmp").toFile().list().length);
    }
}

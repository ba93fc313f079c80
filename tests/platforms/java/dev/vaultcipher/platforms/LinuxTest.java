package dev.vaultcipher.platforms;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import java.io.File;
import org.junit.Test;

/** What is particular to Linux. */
public final class LinuxTest extends UnixTest {

    /** enter.sh mounts this folder with noexec. */
    @Test
    public void aTemporaryFolderWithoutExecutionIsNamed() throws Exception {
        File noexec = new File("/noexec");
        assertTrue(noexec.isDirectory());
        System.setProperty("dev.vaultcipher.tmpdir", "/noexec");
        assertRefuses(loader(jar), "{}", "/noexec", "noexec");
        assertEquals(0, noexec.list().length);
    }
}

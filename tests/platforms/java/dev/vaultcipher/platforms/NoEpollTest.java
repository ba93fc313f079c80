package dev.vaultcipher.platforms;

import static dev.vaultcipher.platforms.PlatformTest.assertRefuses;
import static dev.vaultcipher.platforms.PlatformTest.loader;

import java.io.File;
import org.junit.Test;

/** A kernel or a sandbox that has no epoll or no eventfd: the call fails with a message, and the JVM goes on. */
public final class NoEpollTest {

    @Test
    public void aMessageSaysWhatTheSystemRefused() throws Exception {
        assertRefuses(loader(new File(System.getenv("TEST_JAR"))), System.getenv("TEST_HTTP"),
                "The connection to Vault cannot be prepared: the system refuses this process a system call that it needs to wait "
                        + "for connections (Function not implemented (os error 38)). What to do: ");
    }
}

package dev.vaultcipher.harness;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import java.nio.charset.StandardCharsets;

/** What every message to an administrator must be: one line of 8 kB at most that holds certain facts and ends with its code. */
public final class Messages {
    private Messages() {
    }

    /** Fails unless the call failed with this class of exception and one line that holds all these parts. */
    public static void assertSays(HostProcess.Call call, String exceptionClass, String... parts) {
        assertEquals(call.toString(), exceptionClass, call.failureClass);
        assertFalse("more than one line: " + call, call.message.contains("\\n") || call.message.contains("\\r"));
        assertTrue("longer than 8 kB: " + call, call.message.getBytes(StandardCharsets.UTF_8).length <= 8 * 1024);
        assertTrue("no code at the end: " + call, call.message.matches("vault-cipher: .* \\(VC\\d{3,4}\\)"));
        for (String part : parts) {
            assertTrue("missing: " + part + "\nin: " + call.message, call.message.contains(part));
        }
    }
}

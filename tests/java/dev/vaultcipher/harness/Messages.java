package dev.vaultcipher.harness;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

/** What every message to an administrator must be: one line that holds certain facts. */
public final class Messages {
    private Messages() {
    }

    /** Fails unless the call failed with this class of exception and one line that holds all these parts. */
    public static void assertSays(HostProcess.Call call, String exceptionClass, String... parts) {
        assertEquals(call.toString(), exceptionClass, call.failureClass);
        assertFalse("more than one line: " + call, call.message.contains("\\n") || call.message.contains("\\r"));
        for (String part : parts) {
            assertTrue("missing: " + part + "\nin: " + call.message, call.message.contains(part));
        }
    }
}

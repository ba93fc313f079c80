package dev.vaultcipher.harness;

import org.junit.AssumptionViolatedException;

/** The JDK that runs the tests. */
public final class Jdk {
    private Jdk() {
    }

    public static int version() {
        return Runtime.version().feature();
    }

    /** The test is about something that JDKs have from this version on; {@link Outcomes} says so of an older one. */
    public static void hasFrom(int first) {
        if (version() < first) {
            throw new HasNoSuchThing("a JDK has it from " + first + " on");
        }
    }

    /** The test is about something that JDKs had up to this version; {@link Outcomes} says so of a newer one. */
    public static void hasUntil(int last) {
        if (version() > last) {
            throw new HasNoSuchThing("a JDK had it until " + last);
        }
    }

    /** Ends a test that means nothing on this JDK. No other reason is good enough not to test: it counts as a failure. */
    static final class HasNoSuchThing extends AssumptionViolatedException {
        private static final long serialVersionUID = 1;

        HasNoSuchThing(String why) {
            super(why);
        }
    }
}

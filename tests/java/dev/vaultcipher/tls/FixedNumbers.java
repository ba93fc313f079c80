package dev.vaultcipher.tls;

import java.security.Provider;
import java.security.SecureRandomSpi;
import java.util.Random;

/** Random numbers that are the same in each run: the JDK then writes key stores with the same salts. */
public final class FixedNumbers extends Provider {
    private static final long serialVersionUID = 1L;

    @SuppressWarnings("deprecation") // the constructor with a text as version came with Java 9
    FixedNumbers() {
        super("FixedNumbers", 1.0, "random numbers that are the same in each run");
        put("SecureRandom.FixedNumbers", Numbers.class.getName());
    }

    /** The numbers. */
    public static final class Numbers extends SecureRandomSpi {
        private static final long serialVersionUID = 1L;
        private static final Random RANDOM = new Random(0x5eed);

        @Override
        protected void engineSetSeed(byte[] seed) {
            // They are to be the same.
        }

        @Override
        protected void engineNextBytes(byte[] bytes) {
            RANDOM.nextBytes(bytes);
        }

        @Override
        protected byte[] engineGenerateSeed(int count) {
            byte[] bytes = new byte[count];
            RANDOM.nextBytes(bytes);
            return bytes;
        }
    }
}

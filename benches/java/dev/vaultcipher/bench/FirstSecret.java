package dev.vaultcipher.bench;

import com.atlassian.secrets.api.SecretStore;

/**
 * A main class, in a JVM of its own: loads a store by its name as a host does, and resolves texts. Prints the nanoseconds
 * from loading the class to the last value, the KiB that became resident meanwhile, and the last value's SHA-256.
 *
 * <p>Arguments: the class, the texts. With {@code -Xlog:class+load} the classes between {@link Begin} and {@link End} are
 * those that this took.
 */
final class FirstSecret {
    private FirstSecret() {
    }

    public static void main(String[] arguments) throws ReflectiveOperationException {
        // What a host has done long before: used reflection, and looked at the clock.
        resolve(NoStore.class.getName(), arguments);
        System.nanoTime();
        Self.residentKib();
        Class.forName(Begin.class.getName());

        long resident = Self.residentKib();
        long start = System.nanoTime();
        String value = resolve(arguments[0], arguments);
        long nanos = System.nanoTime() - start;
        resident = Self.residentKib() - resident;

        Class.forName(End.class.getName());
        System.out.println(nanos + " " + resident + " " + Self.sha256(value));
        // A client library's threads must not keep this process alive.
        System.exit(0);
    }

    private static String resolve(String store, String[] arguments) throws ReflectiveOperationException {
        SecretStore loaded = (SecretStore) Class.forName(store).getConstructor().newInstance();
        String value = "";
        for (int i = 1; i < arguments.length; i++) {
            value = loaded.get(arguments[i]);
        }
        return value;
    }

    /** Costs nothing. */
    public static final class NoStore implements SecretStore {
        /** Does nothing. */
        public NoStore() {
        }

        @Override
        public String get(String text) {
            return text;
        }

        @Override
        public String store(String text) {
            return text;
        }
    }

    /** Loaded right before. */
    static final class Begin {
        private Begin() {
        }
    }

    /** Loaded right after. */
    static final class End {
        private End() {
        }
    }
}

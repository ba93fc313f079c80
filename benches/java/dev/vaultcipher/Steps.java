package dev.vaultcipher;

/**
 * A main class, in a JVM of its own: what the parts of a first secret cost. Prints the nanoseconds of four steps: loading the
 * class, loading the library, the first read, and a second read, for which everything is warm. Argument: the text.
 */
final class Steps {
    private Steps() {
    }

    public static void main(String[] arguments) throws ReflectiveOperationException {
        // What a host has done long before: used reflection, and loaded its own interface.
        Class.forName("com.atlassian.secrets.api.SecretStore");
        Class.forName(Object.class.getName()).getConstructor().newInstance();
        long start = System.nanoTime();
        VaultSecretStore store = (VaultSecretStore) Class.forName("dev.vaultcipher.VaultSecretStore").getConstructor().newInstance();
        long loaded = System.nanoTime();
        NativeLibrary.load();
        long linked = System.nanoTime();
        store.get(arguments[0]);
        long read = System.nanoTime();
        store.get(arguments[0]);
        long again = System.nanoTime();
        System.out.println((loaded - start) + " " + (linked - loaded) + " " + (read - linked) + " " + (again - read));
    }
}

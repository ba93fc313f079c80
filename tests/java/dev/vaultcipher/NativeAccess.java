package dev.vaultcipher;

import java.io.File;

/**
 * What tests need of the main classes that is package-private there, and nothing else: the only test class in their package.
 * A method here only forwards.
 */
public final class NativeAccess {
    private NativeAccess() {
    }

    /** The file of the jar that a code source names, or null where there is none. */
    public static File jar(String location) {
        return NativeLibrary.jar(location);
    }
}

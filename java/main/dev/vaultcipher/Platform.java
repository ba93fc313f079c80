package dev.vaultcipher;

import java.io.ByteArrayOutputStream;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;

/** The platforms that there are libraries for. */
final class Platform {

    /** Every platform that a jar of ours may hold a library for, for the message that lists them. */
    private static final String[] ALL = {
        "linux-x86_64", "linux-aarch64", "linux-x86_64-musl", "linux-aarch64-musl",
        "macos-x86_64", "macos-aarch64", "windows-x86_64", "windows-aarch64",
    };

    private Platform() {
    }

    /** This one, {@code <os>-<arch>[-musl]}, as the directories inside the jar are named. */
    static String name() {
        String machine = machine();
        return machine.startsWith("linux-") && isMusl() ? machine + "-musl" : machine;
    }

    private static String machine() {
        String name = lowerCase("os.name");
        String os = name.startsWith("mac") ? "macos" : name.startsWith("windows") ? "windows" : name;
        String arch = lowerCase("os.arch");
        if (arch.equals("amd64") || arch.equals("x64")) {
            arch = "x86_64";
        } else if (arch.equals("arm64")) {
            arch = "aarch64";
        }
        return os + '-' + arch;
    }

    private static String lowerCase(String property) {
        String value = NativeLibrary.property(property);
        return value == null ? "unknown" : value.toLowerCase(Locale.ROOT);
    }

    /** Whether the C library of this process is musl: its loader is then among the mapped files. */
    private static boolean isMusl() {
        ByteArrayOutputStream maps = new ByteArrayOutputStream(1 << 16);
        try (InputStream in = new FileInputStream("/proc/self/maps")) {
            byte[] chunk = new byte[8192];
            for (int n = in.read(chunk); n > 0; n = in.read(chunk)) {
                maps.write(chunk, 0, n);
            }
            return maps.toString("ISO-8859-1").contains("/ld-musl-");
        } catch (IOException | SecurityException e) {
            return false;
        }
    }

    /** Those that the jar holds a library for, in words. */
    static String packaged() {
        StringBuilder found = new StringBuilder();
        for (String platform : ALL) {
            String fileName = platform.startsWith("windows") ? "vault_cipher.dll"
                    : platform.startsWith("macos") ? "libvault_cipher.dylib" : "libvault_cipher.so";
            if (Platform.class.getResource(LibraryCopy.RESOURCES + platform + '/' + fileName) != null) {
                found.append(found.length() == 0 ? "" : ", ").append(platform);
            }
        }
        return found.length() == 0 ? "none" : found.toString();
    }
}

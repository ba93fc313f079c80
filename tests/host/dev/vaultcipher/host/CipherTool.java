package dev.vaultcipher.host;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * Calls a class the way the vendor's command-line tool does: {@code -c CLASS -m encrypt|decrypt -p TEXT}, with all jars
 * on one class path; without {@code -p} it asks for the text. Unlike the vendor's it shows a value's fingerprint in place of the value.
 */
final class CipherTool {
    private CipherTool() {
    }

    public static void main(String[] arguments) throws Exception {
        String className = null;
        String mode = null;
        String text = null;
        for (int i = 0; i + 1 < arguments.length; i += 2) {
            switch (arguments[i]) {
                case "-c":
                    className = arguments[i + 1];
                    break;
                case "-m":
                    mode = arguments[i + 1];
                    break;
                case "-p":
                    text = arguments[i + 1];
                    break;
                default:
                    throw new IllegalArgumentException("unknown argument " + arguments[i]);
            }
        }
        if (text == null) {
            System.out.println("Enter the text:");
            text = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
        }
        if (className == null || text == null || !"encrypt".equals(mode) && !"decrypt".equals(mode)) {
            throw new IllegalArgumentException("usage: CipherTool -c CLASS -m encrypt|decrypt [-p TEXT]");
        }
        PrintStream out = new PrintStream(System.out, true, "UTF-8");
        try {
            StoreClass store = StoreClass.load(className, CipherTool.class.getClassLoader());
            if (mode.equals("decrypt")) {
                out.println("Success! The value has the fingerprint " + Fingerprint.of(store.read(text)));
            } else {
                out.println("Success! Put this text into the configuration: " + store.write(text));
            }
        } catch (RuntimeException | LinkageError e) {
            out.println("Failed: " + e);
            System.exit(1);
        }
    }
}

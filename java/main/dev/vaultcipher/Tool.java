package dev.vaultcipher;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

/**
 * The command-line tool, {@code java -jar vault-cipher.jar COMMAND}. Rust does the work; this class hands over the arguments,
 * prints, and answers what only a JVM knows: what another cipher class makes of its text, and whether a database lets a user in.
 *
 * <p>No server loads this class.
 */
final class Tool {

    /** The exit status of a tool that cannot even start, as {@code EX_UNAVAILABLE} of sysexits.h. */
    private static final int UNAVAILABLE = 69;

    private static final int DATABASE_TIMEOUT_SECONDS = 10;

    private Tool() {
    }

    /**
     * Runs a command and exits with its status.
     *
     * @param arguments the command and its options; {@code --help} lists them
     */
    public static void main(String[] arguments) {
        int exit;
        try {
            NativeLibrary.load();
            ByteArrayOutputStream framed = new ByteArrayOutputStream();
            File jar = NativeLibrary.jar();
            append(framed, jar == null ? "" : jar.getPath());
            for (String argument : arguments) {
                append(framed, argument);
            }
            exit = Native.command(framed.toByteArray(), new byte[1][]);
        } catch (IllegalStateException e) {
            System.err.println(e.getMessage());
            exit = UNAVAILABLE;
        }
        System.out.flush();
        System.exit(exit);
    }

    private static void append(ByteArrayOutputStream out, String text) {
        Native.append(out, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Prints what is in the slot. */
    static boolean print(byte[][] slot) {
        PrintStream out = System.out;
        out.write(slot[0], 0, slot[0].length);
        out.flush();
        return !out.checkError();
    }

    /** Facts about this JVM, a line each. */
    static boolean facts(byte[][] slot) {
        String facts = "Java " + System.getProperty("java.version") + " of " + System.getProperty("java.home") + '\n'
                + "library " + NativeLibrary.inWords();
        slot[0] = facts.getBytes(StandardCharsets.UTF_8);
        return true;
    }

    /**
     * What another cipher class makes of its text: the class's name, a line break and the text are in the slot. The slot then has
     * the value, or why there is none.
     */
    static boolean decrypt(byte[][] slot) {
        String[] asked = new String(slot[0], StandardCharsets.UTF_8).split("\n", 2);
        try {
            Object cipher = Class.forName(asked[0]).getDeclaredConstructor().newInstance();
            Method method;
            try {
                method = cipher.getClass().getMethod("decrypt", String.class);
            } catch (NoSuchMethodException e) {
                method = cipher.getClass().getMethod("get", String.class);
            }
            Object value = method.invoke(cipher, asked[1]);
            if (value instanceof String) {
                slot[0] = ((String) value).getBytes(StandardCharsets.UTF_8);
                return true;
            }
            return refuse(slot, "the class " + asked[0] + " gives no text");
        } catch (InvocationTargetException e) {
            // Its own words may hold the text or the value.
            return refuse(slot, "the class " + asked[0] + " failed (" + e.getCause().getClass().getName() + ')');
        } catch (ReflectiveOperationException | LinkageError e) {
            return refuse(slot, "the class " + asked[0] + " cannot be loaded here: run java -cp 'vault-cipher.jar:ITS.jar:…' "
                    + Tool.class.getName() + " with the jars of the product's password tool");
        }
    }

    /**
     * Logs in to a database. URL, user, password, driver class and the directory of the driver's jar, which may be empty, are in
     * the slot with line breaks between. The slot then has what became of it: "ok", "refused STATE WORDS" or "unknown WORDS".
     */
    static boolean logIn(byte[][] slot) {
        String[] asked = new String(slot[0], StandardCharsets.UTF_8).split("\n", 5);
        String outcome;
        try {
            Driver driver = (Driver) Class.forName(asked[3], true, drivers(asked[4])).getDeclaredConstructor().newInstance();
            Properties properties = new Properties();
            properties.setProperty("user", asked[1]);
            properties.setProperty("password", asked[2]);
            properties.setProperty("loginTimeout", String.valueOf(DATABASE_TIMEOUT_SECONDS));
            try (Connection connection = driver.connect(asked[0], properties)) {
                outcome = connection == null ? "unknown the driver does not know this URL" : "ok";
            }
        } catch (SQLException e) {
            String words = String.valueOf(e.getMessage()).replace(asked[2], "[hidden]").replace('\n', ' ');
            outcome = "refused " + (e.getSQLState() == null ? "none" : e.getSQLState()) + ' ' + words;
        } catch (ReflectiveOperationException | MalformedURLException | LinkageError e) {
            outcome = "unknown the driver " + asked[3] + " is not among the product's libraries (--install DIR names the product)";
        }
        slot[0] = outcome.getBytes(StandardCharsets.UTF_8);
        return true;
    }

    private static ClassLoader drivers(String directory) throws MalformedURLException {
        List<URL> jars = new ArrayList<>();
        File[] files = directory.isEmpty() ? null : new File(directory).listFiles();
        if (files != null) {
            for (File file : files) {
                if (file.getName().endsWith(".jar")) {
                    jars.add(file.toURI().toURL());
                }
            }
        }
        return new URLClassLoader(jars.toArray(new URL[0]), Tool.class.getClassLoader());
    }

    private static boolean refuse(byte[][] slot, String why) {
        slot[0] = why.getBytes(StandardCharsets.UTF_8);
        return false;
    }
}

package dev.vaultcipher.host;

import java.io.IOException;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

/**
 * A host server as far as secrets go: {@code Host CONFIG_FILE LIB_FOLDER LAUNCHER_LOG}. Reads the product's configuration
 * file, loads the class that it names through a class loader of its own that holds the jars in LIB_FOLDER (as a servlet
 * container does with WEB-INF/lib), has it resolve every encrypted property, and connects to the database with the
 * outcome. When something fails it writes one line to LAUNCHER_LOG and ends with exit code 1.
 */
final class Host {
    private final PrintStream out;
    private final LauncherLog log;
    private final ClassLoader loader;
    private StoreClass store;

    private Host(PrintStream out, LauncherLog log, ClassLoader loader) {
        this.out = out;
        this.log = log;
        this.loader = loader;
    }

    public static void main(String[] arguments) throws IOException {
        HostConfig config = HostConfig.read(Paths.get(arguments[0]));
        PrintStream out = new PrintStream(System.out, true, "UTF-8");
        try (URLClassLoader loader = new URLClassLoader(jars(Paths.get(arguments[1])), Host.class.getClassLoader())) {
            Host host = new Host(out, new LauncherLog(Paths.get(arguments[2])), loader);
            if (!host.start(config)) {
                System.exit(1);
            }
        }
    }

    private boolean start(HostConfig config) throws IOException {
        out.println("class: " + config.storeClass);
        out.println("encrypted properties: " + String.join(", ", config.encrypted.keySet()));
        Map<String, String> values = new TreeMap<>();
        warmUp();
        for (Map.Entry<String, String> property : config.encrypted.entrySet()) {
            try {
                values.put(property.getKey(), resolve(config.storeClass, property.getKey(), property.getValue()));
            } catch (ReflectiveOperationException | RuntimeException | LinkageError e) {
                return failed("The property '" + property.getKey() + "' could not be decrypted", e);
            }
        }
        if (config.jdbcUrl == null) {
            return true;
        }
        try {
            String user = currentUser(config.jdbcUrl, config.jdbcUser, values.get(config.passwordName));
            out.println("database: select current_user gives " + user);
            log.info("Connected to the database as " + user);
            return true;
        } catch (ReflectiveOperationException | SQLException e) {
            return failed("The database could not be reached", e);
        }
    }

    /**
     * A server has used reflection and opened every jar of its folder long before, in search of other classes; the JVM's cost
     * of the first time is not the class's.
     */
    private void warmUp() {
        try {
            String.class.getMethod("concat", String.class).invoke("", "");
            Class.forName("com.example.NotInAnyJar", false, loader);
        } catch (ClassNotFoundException expected) {
            return;
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The first call loads the class, as the product's own first call does; the time it prints includes that. */
    private String resolve(String className, String name, String text) throws ReflectiveOperationException {
        long start = System.nanoTime();
        boolean first = store == null;
        if (first) {
            store = StoreClass.load(className, loader);
        }
        String value = store.read(text);
        double millis = (System.nanoTime() - start) / 1e6;
        out.printf(Locale.ROOT, "%s: through %s, fingerprint %s, %.1f ms%s%n", name, store.contract(), Fingerprint.of(value), millis,
                first ? " with class and library loading" : "");
        return value;
    }

    private boolean failed(String event, Throwable cause) throws IOException {
        log.error(event, cause);
        out.println("The server did not start: " + cause);
        return false;
    }

    private String currentUser(String url, String user, String password) throws ReflectiveOperationException, SQLException {
        Driver driver = (Driver) Class.forName("org.postgresql.Driver", true, loader).getConstructor().newInstance();
        Properties login = new Properties();
        login.setProperty("user", user);
        login.setProperty("password", password);
        try (Connection connection = driver.connect(url, login);
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery("select current_user")) {
            result.next();
            return result.getString(1);
        }
    }

    private static URL[] jars(Path folder) throws IOException {
        List<URL> urls = new ArrayList<>();
        try (DirectoryStream<Path> jars = Files.newDirectoryStream(folder, "*.jar")) {
            for (Path jar : jars) {
                urls.add(jar.toUri().toURL());
            }
        }
        return urls.toArray(new URL[0]);
    }
}

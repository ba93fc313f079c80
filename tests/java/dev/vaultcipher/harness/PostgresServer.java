package dev.vaultcipher.harness;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A real PostgreSQL (its programs lie in the folder that PG_BIN names) on loopback with passwords only; stopped by
 * close() and by a shutdown hook. When the tests run as root it runs as an unprivileged user, because it insists.
 */
public final class PostgresServer implements AutoCloseable {
    private static final int START_ATTEMPTS = 5;
    private static final long START_MILLIS = 30_000;
    private static final String ADMINISTRATOR = "postgres";

    private final Cleanup cleanup = new Cleanup();
    private final Path folder = cleanup.folder("postgres");
    private final Path data = folder.resolve("data");
    private final String administratorPassword = Fixtures.randomText();
    private final List<String> asUser = new ArrayList<>();
    private int port;

    private PostgresServer() {
    }

    /** Starts a server with a fresh, empty cluster. */
    public static PostgresServer start() {
        PostgresServer server = new PostgresServer();
        try {
            server.leaveRoot();
            server.createCluster();
            for (int attempt = 1; !server.tryToStart(); attempt++) {
                if (attempt == START_ATTEMPTS) {
                    throw new AssertionError("PostgreSQL did not start; it said:\n" + Files.readString(server.logFile()));
                }
            }
            return server;
        } catch (IOException e) {
            server.close();
            throw new UncheckedIOException(e);
        } catch (RuntimeException | Error e) {
            server.close();
            throw e;
        }
    }

    /** What a host's configuration names as the database. */
    public String jdbcUrl() {
        return "jdbc:postgresql://127.0.0.1:" + port + "/postgres";
    }

    /** Creates a database user that may log in with this password. */
    public void createUser(String name, String password) {
        createUser(name, password, "");
    }

    /** Creates a database user that may do everything, as Vault's database engine needs one. */
    public void createAdministrator(String name, String password) {
        createUser(name, password, " superuser");
    }

    private void createUser(String name, String password, String rights) {
        Canaries.keep(password);
        try (Connection connection = connect(); Statement statement = connection.createStatement()) {
            statement.execute("create role \"" + name + "\" login password '" + password.replace("'", "''") + "'" + rights);
        } catch (SQLException e) {
            throw new AssertionError("cannot create the database user " + name + ": " + e.getSQLState());
        }
    }

    @Override
    public void close() {
        cleanup.close();
    }

    private Connection connect() throws SQLException {
        return DriverManager.getConnection(jdbcUrl(), ADMINISTRATOR, administratorPassword);
    }

    private void leaveRoot() throws IOException {
        if (!Files.getAttribute(folder, "unix:uid").equals(0)) {
            return;
        }
        String user = run("id", "-u", "postgres").exitCode == 0 ? "postgres" : "nobody";
        Files.setOwner(folder, folder.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName(user));
        asUser.addAll(List.of("setpriv", "--reuid=" + user, "--regid=" + run("id", "-g", user).output.trim(), "--clear-groups"));
    }

    private void createCluster() throws IOException {
        Path password = folder.resolve("password");
        Files.writeString(password, administratorPassword);
        Files.setOwner(password, Files.getOwner(folder));
        Ended initdb = run(command("initdb", "--pgdata=" + data, "--username=" + ADMINISTRATOR, "--auth=scram-sha-256",
                "--pwfile=" + password, "--encoding=UTF8", "--locale=C", "--no-sync"));
        Files.delete(password);
        if (initdb.exitCode != 0) {
            throw new AssertionError("initdb failed:\n" + initdb.output);
        }
    }

    /** False when the server ended, most likely because somebody else took its port in the meantime. */
    private boolean tryToStart() throws IOException {
        port = Fixtures.freePorts(1);
        Process process = cleanup.start(builder(command("postgres", "-D", data.toString(), "-c", "listen_addresses=127.0.0.1",
                "-c", "port=" + port, "-c", "unix_socket_directories=", "-c", "fsync=off"))
                .redirectOutput(logFile().toFile()), PostgresServer::shutDown);
        long deadline = System.nanoTime() + START_MILLIS * 1_000_000;
        while (process.isAlive() && System.nanoTime() < deadline) {
            try (Connection ready = connect()) {
                return ready.isValid(5);
            } catch (SQLException notYet) {
                Fixtures.pause(50);
            }
        }
        return false;
    }

    /** SIGINT tells it to end its connections and stop; SIGTERM would wait for clients, SIGKILL leave shared memory. */
    private static void shutDown(Process process) {
        try {
            if (process.isAlive()) {
                builder("kill", "-INT", Long.toString(process.pid())).start();
                process.waitFor(10, TimeUnit.SECONDS);
            }
        } catch (IOException e) {
            // stopped below
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Fixtures.stop(process);
    }

    private String[] command(String program, String... arguments) {
        List<String> command = new ArrayList<>(asUser);
        command.add(Fixtures.fromEnvironment("PG_BIN").resolve(program).toString());
        command.addAll(Arrays.asList(arguments));
        return command.toArray(new String[0]);
    }

    private static ProcessBuilder builder(String... command) {
        ProcessBuilder builder = new ProcessBuilder(command).directory(new File("/")).redirectErrorStream(true)
                .redirectInput(new File("/dev/null"));
        builder.environment().keySet().removeIf(name -> name.startsWith("PG"));
        builder.environment().put("LC_ALL", "C");
        return builder;
    }

    private static final class Ended {
        final int exitCode;
        final String output;

        Ended(int exitCode, String output) {
            this.exitCode = exitCode;
            this.output = output;
        }
    }

    private Ended run(String... command) throws IOException {
        Process process = cleanup.start(builder(command));
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            return new Ended(process.waitFor(), output);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    private Path logFile() {
        return folder.resolve("server.log");
    }
}

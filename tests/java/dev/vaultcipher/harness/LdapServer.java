package dev.vaultcipher.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A real OpenLDAP server (Debian's package slapd) on loopback, with a directory of its own in a temporary folder and one
 * user with a random password; stopped by close() and by a shutdown hook.
 */
public final class LdapServer implements AutoCloseable {
    public static final String USERS = "ou=people,dc=example,dc=com";
    private static final String SLAPD = "/usr/sbin/slapd";

    public final String password = Canaries.keep(Fixtures.randomText());
    private final Cleanup cleanup = new Cleanup();
    private final Path folder = cleanup.folder("ldap");
    private final int port = Fixtures.freePorts(1);

    private LdapServer() {
    }

    /** Starts a server that knows the user uid=NAME,ou=people,dc=example,dc=com. */
    public static LdapServer start(String user) {
        LdapServer server = new LdapServer();
        try {
            server.run(user);
            return server;
        } catch (IOException e) {
            server.close();
            throw new UncheckedIOException(e);
        } catch (RuntimeException | Error e) {
            server.close();
            throw e;
        }
    }

    public String url() {
        return "ldap://127.0.0.1:" + port;
    }

    private void run(String user) throws IOException {
        if (!Files.exists(Paths.get(SLAPD))) {
            throw new AssertionError(SLAPD + " is missing (Debian package slapd); run the tests with: make test");
        }
        Path configuration = Files.writeString(folder.resolve("slapd.conf"), String.join("\n",
                "include /etc/ldap/schema/core.schema",
                "include /etc/ldap/schema/cosine.schema",
                "include /etc/ldap/schema/inetorgperson.schema",
                "pidfile " + folder.resolve("slapd.pid"),
                "modulepath /usr/lib/ldap",
                "moduleload back_mdb",
                "database mdb",
                "suffix dc=example,dc=com",
                "directory " + Files.createDirectory(folder.resolve("database")),
                "access to attrs=userPassword by anonymous auth by * none",
                "access to * by users read by * none",
                ""));
        Path entries = Files.writeString(folder.resolve("entries.ldif"), String.join("\n",
                "dn: dc=example,dc=com", "objectClass: dcObject", "objectClass: organization", "o: Example", "dc: example", "",
                "dn: " + USERS, "objectClass: organizationalUnit", "ou: people", "",
                "dn: uid=" + user + "," + USERS, "objectClass: inetOrgPerson", "cn: " + user, "sn: " + user,
                "userPassword: " + password, ""));
        Process fill = start(List.of(SLAPD, "-T", "add", "-f", configuration.toString(), "-l", entries.toString()));
        waitForEnd(fill);
        Process server = start(List.of(SLAPD, "-d", "0", "-f", configuration.toString(), "-h", url()));
        for (int i = 0; i < 500 && server.isAlive(); i++) {
            try {
                new Socket(InetAddress.getByName("127.0.0.1"), port).close();
                return;
            } catch (IOException notYet) {
                Fixtures.pause(20);
            }
        }
        throw new AssertionError("slapd did not start:\n" + Files.readString(log()));
    }

    private Process start(List<String> command) throws IOException {
        return cleanup.start(new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile())));
    }

    private void waitForEnd(Process fill) throws IOException {
        try {
            if (!fill.waitFor(20, TimeUnit.SECONDS) || fill.exitValue() != 0) {
                throw new AssertionError("slapadd failed:\n" + Files.readString(log()));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    private Path log() {
        return folder.resolve("slapd.log");
    }

    @Override
    public void close() {
        cleanup.close();
    }
}

package dev.vaultcipher.harness;

import com.atlassian.secrets.api.SecretStore;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What a server does with user name and password: it reads them once, and logs in to its database time after time. */
final class DatabaseLogins {
    private final Map<String, String> values = new ConcurrentHashMap<>();

    /** Logs in with what the texts for user name and password lead to. Returns the user name. */
    String login(SecretStore store, String jdbcUrl, String... texts) {
        String user = values.computeIfAbsent(texts[0], store::get);
        String password = values.computeIfAbsent(texts[1], store::get);
        try {
            DriverManager.getConnection(jdbcUrl, user, password).close();
            return user;
        } catch (SQLException e) {
            throw new IllegalStateException("the database refuses the login: " + e.getSQLState());
        }
    }
}

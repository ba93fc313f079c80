package dev.vaultcipher.login;

import static org.junit.Assert.assertEquals;

import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.LdapServer;
import dev.vaultcipher.harness.Logins;
import dev.vaultcipher.harness.VaultServer;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** USERPASS against Vault itself, LDAP against a real directory server. */
public class PasswordLoginsTest {
    private static final String PASSWORD = "secret.store.vault.password";

    private static Logins logins;
    private static LdapServer directory;
    private static String password;

    @BeforeClass
    public static void startServers() {
        logins = new Logins(VaultServer.start());
        password = Canaries.keep("p\"w " + Fixtures.randomText());
        logins.enable("userpass", "userpass");
        logins.vault.put("auth/userpass/users/ann.b",
                "{\"password\":" + Fixtures.json(password) + "," + Logins.POLICIES + "}");
        directory = LdapServer.start("ann b");
        for (String mount : new String[] {"ldap", "corp/directory"}) {
            logins.enable(mount, "ldap");
            logins.vault.put("auth/" + mount + "/config", "{\"url\":" + Fixtures.json(directory.url())
                    + ",\"userattr\":\"uid\",\"userdn\":" + Fixtures.json(LdapServer.USERS) + "," + Logins.POLICIES + "}");
        }
    }

    @AfterClass
    public static void stopServers() {
        directory.close();
        logins.close();
    }

    @Test
    public void aUserOfVaultLogsInWithThePasswordOfAPropertyTheEnvironmentOrAFile() {
        String text = logins.text("USERPASS", "username", "ann.b");
        logins.get(text, PASSWORD, password).assertValue(logins.value);
        logins.get(text, "secret.store.vault.password.file", logins.file("password", password + "\n")).assertValue(logins.value);
        HostProcess.Call call = logins.getIn(logins.text("USERPASS"), "SECRET_STORE_VAULT_USERNAME", "ann.b",
                "SECRET_STORE_VAULT_PASSWORD", password);
        assertEquals(call.toString(), Fixtures.sha256(logins.value), call.valueSha256);
    }

    @Test
    public void aUserOfTheDirectoryLogsIn() {
        logins.get(logins.text("LDAP", "username", "ann b"), PASSWORD, directory.password).assertValue(logins.value);
        logins.get(logins.text("LDAP", "username", "ann b", "authMount", "auth/corp/directory/"), PASSWORD, directory.password)
                .assertValue(logins.value);
    }

    @Test
    public void aWrongPasswordAndAnUnknownUserAreToldWithTheLikeliestCauseFirst() {
        for (String user : new String[] {"ann.b", "nobody"}) {
            logins.get(logins.text("USERPASS", "username", user), PASSWORD, wrong()).assertFails(
                    "POST " + logins.vault.address() + "/v1/auth/userpass/login/" + user, "USERPASS",
                    "with user \"" + user + "\" at auth mount \"userpass\"", "400 invalid username or password",
                    "What to do: most likely cause first: (1) the user name or the password is wrong");
        }
        for (String user : new String[] {"ann b", "nobody"}) {
            logins.get(logins.text("LDAP", "username", user), PASSWORD, wrong()).assertFails(
                    "/v1/auth/ldap/login/" + user.replace(" ", "%20"), "LDAP", "with user \"" + user + "\" at auth mount \"ldap\"",
                    "400 ldap operation failed",
                    "What to do: most likely cause first: (1) the user name or the password is wrong");
        }
    }

    @Test
    public void aMethodThatIsNotMountedIsTheOnlyCause() {
        for (String method : new String[] {"USERPASS", "LDAP"}) {
            logins.get(logins.text(method, "username", "ann", "authMount", "elsewhere"), PASSWORD, password).assertFails(
                    "403 permission denied", "with user \"ann\" at auth mount \"elsewhere\"",
                    "What to do: there is no " + method + " auth method at \"elsewhere\" (try: vault auth list)",
                    "field \"authMount\" of the text");
        }
    }

    @Test
    public void aDirectoryThatIsAwayIsNotTakenForAWrongPassword() {
        logins.enable("away", "ldap");
        logins.vault.put("auth/away/config", "{\"url\":\"ldap://127.0.0.1:" + Fixtures.freePorts(1)
                + "\",\"userattr\":\"uid\",\"userdn\":" + Fixtures.json(LdapServer.USERS) + "}");
        logins.get(logins.text("LDAP", "username", "ann b", "authMount", "away"), PASSWORD, directory.password)
                .assertFails("LDAP", "with user \"ann b\" at auth mount \"away\"", "Network Error",
                        "(1) Vault does not reach the directory server", "vault read auth/MOUNT/config");
    }

    @Test
    public void whatIsMissingIsNamedWithAllItsPlaces() {
        logins.get(logins.text("USERPASS"), PASSWORD, password).assertFails("authenticationType USERPASS needs the user name",
                "field \"username\" of the text", "environment variable SECRET_STORE_VAULT_USERNAME",
                "system property secret.store.vault.username");
        logins.get(logins.text("LDAP", "username", "ann b")).assertFails("authenticationType LDAP needs the password",
                "environment variable SECRET_STORE_VAULT_PASSWORD", "system property secret.store.vault.password",
                "field \"passwordFile\" of the text");
        logins.get(logins.text("LDAP", "username", "a/b"), PASSWORD, password)
                .assertFails("field \"username\" of the text", "a slash");
        logins.get(logins.text("LDAP", "username", "ann b", "passwordFile", "/nowhere/password"))
                .assertFails("The password file \"/nowhere/password\"", "does not exist", "What to do");
    }

    private static String wrong() {
        return Canaries.keep(Fixtures.randomText());
    }
}

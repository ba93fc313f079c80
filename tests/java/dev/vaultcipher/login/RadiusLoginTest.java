package dev.vaultcipher.login;

import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.Logins;
import dev.vaultcipher.harness.RadiusServer;
import dev.vaultcipher.harness.VaultServer;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** RADIUS against a real RADIUS server. */
public class RadiusLoginTest {
    private static final String PASSWORD = "secret.store.vault.password";

    private static Logins logins;
    private static RadiusServer radius;

    @BeforeClass
    public static void startServers() {
        logins = new Logins(VaultServer.start());
        radius = RadiusServer.start("ann");
        logins.enable("radius", "radius");
        logins.vault.put("auth/radius/config", radius.configuration());
        logins.vault.put("auth/radius/users/ann", "{\"policies\":[\"sample\"]}");
    }

    @AfterClass
    public static void stopServers() {
        radius.close();
        logins.close();
    }

    @Test
    public void aUserLogsInWithThePasswordOfAPropertyOrAFile() {
        String text = logins.text("RADIUS", "username", "ann");
        logins.get(text, PASSWORD, radius.password).assertValue(logins.value);
        logins.get(text, "secret.store.vault.password.file", logins.file("password", radius.password + "\n"))
                .assertValue(logins.value);
        logins.get(logins.text("RADIUS", "username", "ann", "inlineLogin", "true"), PASSWORD, radius.password)
                .assertValue(logins.value);
    }

    @Test
    public void aWrongPasswordAndAnUnknownUserAreToldWithTheLikeliestCauseFirst() {
        for (String user : new String[] {"ann", "nobody"}) {
            logins.get(logins.text("RADIUS", "username", user), PASSWORD, Canaries.keep(Fixtures.randomText())).assertFails(
                    "The RADIUS login was refused (400 access denied by the authentication server)",
                    "/v1/auth/radius/login/" + user, "with user \"" + user + "\" at auth mount \"radius\"",
                    "most likely cause first: (1) the user name or the password is wrong");
        }
    }

    @Test
    public void aServerThatIsAwayAndAnotherMountAreNotTakenForAWrongPassword() {
        logins.enable("away", "radius");
        logins.vault.put("auth/away/config", "{\"host\":\"127.0.0.1\",\"port\":" + Fixtures.freePorts(1)
                + ",\"secret\":\"none\",\"dial_timeout\":1,\"read_timeout\":1}");
        logins.vault.put("auth/away/users/ann", "{\"policies\":[\"sample\"]}");
        logins.get(logins.text("RADIUS", "username", "ann", "authMount", "away"), PASSWORD, radius.password)
                .assertFails("with user \"ann\" at auth mount \"away\"", "(1) Vault gets no answer from the RADIUS server",
                        "vault read auth/MOUNT/config");
        logins.get(logins.text("RADIUS", "username", "ann", "authMount", "elsewhere"), PASSWORD, radius.password)
                .assertFails("403 permission denied", "(1) there is no RADIUS auth method at \"elsewhere\"");
    }
}

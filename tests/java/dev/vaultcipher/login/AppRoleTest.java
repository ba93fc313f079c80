package dev.vaultcipher.login;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.FaultRelay;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.Logins;
import dev.vaultcipher.harness.StoreSession;
import dev.vaultcipher.harness.VaultServer;
import java.util.Collections;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** APPROLE on a real Vault: where role-id and secret-id come from, wrapped secret-ids, and every way to be refused. */
public class AppRoleTest {
    private static final String ROLE_ID = "secret.store.vault.role.id";
    private static final String SECRET_ID = "secret.store.vault.secret.id";
    private static final String WRAPPED = "secret.store.vault.secret.id.wrapped";
    private static final String WRONG_ID = "(1) the role-id or the secret-id is wrong, has expired, was used up";

    private static Logins logins;

    @BeforeClass
    public static void startVault() {
        logins = new Logins(VaultServer.start());
        for (String mount : new String[] {"approle", "team-a/approle"}) {
            logins.enable(mount, "approle");
            logins.vault.put("auth/" + mount + "/role/app", "{\"role_id\":\"app\"," + Logins.POLICIES + "}");
        }
        logins.vault.put("auth/approle/role/once", "{\"role_id\":\"once\",\"secret_id_num_uses\":1," + Logins.POLICIES + "}");
    }

    @AfterClass
    public static void stopVault() {
        logins.close();
    }

    @Test
    public void bothIdsMayStandInPropertiesInTheEnvironmentOrInFiles() {
        String secretId = secretId("approle/role/app");
        logins.get(logins.text("APPROLE"), ROLE_ID, "app", SECRET_ID, secretId).assertValue(logins.value);
        logins.get(logins.text("APPROLE", "roleId", "app"), SECRET_ID, " " + secretId + "\n").assertValue(logins.value);
        String files = logins.text("APPROLE", "roleIdFile", logins.file("role-id", "app\n"),
                "secretIdFile", logins.file("secret-id", secretId + "\n"));
        assertEquals("[]", logins.get(files).assertValue(logins.value).warnings.toString());
        HostProcess.Call call = logins.getIn(logins.text("APPROLE"), "SECRET_STORE_VAULT_ROLE_ID", "app",
                "SECRET_STORE_VAULT_SECRET_ID_FILE", logins.file("secret-id-2", secretId));
        assertEquals(call.toString(), Fixtures.sha256(logins.value), call.valueSha256);
    }

    @Test
    public void aRoleThatBindsNoSecretIdTakesTheRoleIdAlone() {
        logins.vault.put("auth/approle/role/by-address",
                "{\"role_id\":\"by-address\",\"bind_secret_id\":false,\"token_bound_cidrs\":[\"127.0.0.0/8\"]," + Logins.POLICIES + "}");
        logins.get(logins.text("APPROLE", "roleId", "by-address")).assertValue(logins.value);
        logins.get(logins.text("APPROLE"), ROLE_ID, "by-address").assertValue(logins.value);
        // One that wants a secret-id says so, and where it can be set.
        logins.get(logins.text("APPROLE", "roleId", "app")).assertFails("The APPROLE login was refused (400 missing secret_id)",
                "with its role-id alone at auth mount \"approle\"", "(1) no secret-id is set, and the role wants one",
                "environment variable SECRET_STORE_VAULT_SECRET_ID", "field \"secretIdFile\" of the text",
                "ATL_ALLOWLIST_SENSITIVE_ENV_VARS");
    }

    @Test
    public void anIdThatWasQuotedOrPastedIsRefusedByNameBeforeItIsSent() {
        String secretId = secretId("approle/role/app");
        logins.get(logins.text("APPROLE"), ROLE_ID, "\"app\"", SECRET_ID, secretId)
                .assertFails("system property " + ROLE_ID, "it is in quotes", "remove the quotes");
        logins.get(logins.text("APPROLE", "roleId", "app"), SECRET_ID, "'" + secretId + "'")
                .assertFails("system property " + SECRET_ID, "it is in quotes");
        logins.get(logins.text("APPROLE", "roleId", "app", "secretIdFile", logins.file("quoted", "\"" + secretId + "\"\n")))
                .assertFails("field \"secretIdFile\" of the text", "it is in quotes");
        logins.get(logins.text("APPROLE", "roleId", "app", "secretIdFile", logins.file("pasted", secretId + "\u200b")))
                .assertFails("field \"secretIdFile\" of the text", "it holds a zero-width space (U+200B)");
        logins.get(logins.text("APPROLE", "roleIdFile", logins.file("bom-role", "\ufeffapp\r\n"),
                "secretIdFile", logins.file("bom", "\ufeff" + secretId))).assertValue(logins.value);
    }

    @Test
    public void anotherMountMayBeNamedAsVaultsCommandsNameIt() {
        String secretId = secretId("team-a/approle/role/app");
        for (String mount : new String[] {"team-a/approle", "auth/team-a/approle/"}) {
            logins.get(logins.text("APPROLE", "roleId", "app", "authMount", mount), SECRET_ID, secretId)
                    .assertValue(logins.value);
        }
    }

    @Test
    public void aFileWithASecretIdThatEverybodyMayReadIsWarnedOf() {
        String file = logins.file("open", secretId("approle/role/app"), "rw-r--r--");
        StoreSession.Outcome outcome =
                logins.get(logins.text("APPROLE", "roleId", "app", "secretIdFile", file)).assertValue(logins.value);
        assertTrue(outcome.toString(), outcome.warnings.toString().contains(
                "Every user of this machine may read the secret-id file \"" + file + "\"; chmod o-r fixes it"));
    }

    @Test
    public void aWrappedSecretIdIsUnwrappedOnceForAllPropertiesAndRolesOfAServer() {
        String first = logins.file("wrapped-1", wrappedSecretId("approle/role/app") + "\n");
        String second = logins.file("wrapped-2", wrappedSecretId("team-a/approle/role/app"));
        for (int property = 0; property < 3; property++) {
            logins.get(logins.text("APPROLE", "roleId", "app", "secretIdFile", first, "secretIdWrapped", "true"))
                    .assertValue(logins.value);
            logins.get(logins.text("APPROLE", "roleId", "app", "secretIdFile", second, "authMount", "team-a/approle"),
                    WRAPPED, "true").assertValue(logins.value);
        }
    }

    @Test
    public void threadsThatNeedAWrappedSecretIdAtOnceUnwrapItOnce() {
        String file = logins.file("wrapped-for-all", wrappedSecretId("approle/role/app"));
        String text = logins.text("APPROLE", "roleId", "app", "secretIdFile", file, "secretIdWrapped", "true");
        logins.getAll(Collections.nCopies(16, text)).forEach(outcome -> outcome.assertValue(logins.value));
    }

    /** Vault unwraps, and the connection ends before it says what. */
    @Test
    public void aWrappingTokenWhoseAnswerWasLostIsToldWithThatCause() {
        try (FaultRelay relay = FaultRelay.to(logins.vault.port(),
                connection -> connection == 0 ? FaultRelay.Fault.resetAfter(1) : FaultRelay.Fault.none())) {
            String text = logins.text("APPROLE", "roleId", "app", "timeout", "20").replace(logins.vault.address(),
                    "http://127.0.0.1:" + relay.port());
            logins.get(text, SECRET_ID, wrappedSecretId("approle/role/app"), WRAPPED, "true").assertFails("the wrapping token is not valid "
                    + "any more: the answer to an earlier try was lost, and this server may have used it itself with that try",
                    "IT WAS USED BEFORE", "issue a new one", "(VC1101)");
            assertEquals(2, relay.connections());
        }
    }

    @Test
    public void aWrappingTokenThatSomebodyElseUsedIsToldLoudly() {
        String token = wrappedSecretId("approle/role/app");
        assertEquals(200, logins.vault.request("POST", "sys/wrapping/unwrap", "{}", token).status);
        logins.get(logins.text("APPROLE", "roleId", "app"), SECRET_ID, token, WRAPPED, "true").assertFails(
                "system property " + SECRET_ID, "the wrapping token is not valid", "IT WAS USED BEFORE",
                "What to do: find out who unwrapped it", "sys/wrapping/unwrap", "revoke");
        logins.get(logins.text("APPROLE", "roleId", "app"), SECRET_ID, token + "\n" + token, WRAPPED, "true")
                .assertFails("system property " + SECRET_ID, "it holds a line break (U+000A)");
    }

    @Test
    public void aWrappingTokenOfSomethingElseIsToldWithoutShowingIt() {
        String token = Canaries.keep(Fixtures.jsonMember(wrapped("secret/data/sample/secret", "GET"), "token"));
        logins.get(logins.text("APPROLE", "roleId", "app"), SECRET_ID, token, WRAPPED, "true")
                .assertFails("what was unwrapped is no secret-id");
    }

    @Test
    public void anIdThatIsWrongOrUsedUpIsTold() {
        String text = logins.text("APPROLE", "roleId", "app");
        logins.get(text, SECRET_ID, Canaries.keep(Fixtures.randomText())).assertFails("APPROLE login was refused",
                "400 invalid role or secret ID", "POST " + logins.vault.address() + "/v1/auth/approle/login",
                "at auth mount \"approle\"", WRONG_ID, "vault write -f auth/MOUNT/role/ROLE/secret-id");
        logins.get(logins.text("APPROLE", "roleId", "nobody"), SECRET_ID, secretId("approle/role/app"))
                .assertFails("400 invalid role or secret ID", WRONG_ID);
        String once = secretId("approle/role/once");
        String ofOnce = logins.text("APPROLE", "roleId", "once");
        logins.get(ofOnce, SECRET_ID, once).assertValue(logins.value);
        logins.vault.put("sys/leases/revoke-prefix/auth/approle/login", "{}"); // or that login would serve
        logins.get(ofOnce, SECRET_ID, once).assertFails("400 invalid role or secret ID", WRONG_ID);
        // A wrapped secret-id whose setting was forgotten is a wrong secret-id.
        logins.get(text, SECRET_ID, wrappedSecretId("approle/role/app"))
                .assertFails("400 invalid role or secret ID", "secretIdWrapped");
    }

    @Test
    public void aMethodThatIsNotMountedIsTheOnlyCause() {
        logins.get(logins.text("APPROLE", "roleId", "app", "authMount", "elsewhere"), SECRET_ID, secretId("approle/role/app"))
                .assertFails("403 permission denied", "What to do: there is no APPROLE auth method at \"elsewhere\"",
                        "(try: vault auth list)", "field \"authMount\" of the text");
    }

    @Test
    public void anIdThatIsMissingIsNamedWithAllItsPlaces() {
        logins.get(logins.text("APPROLE")).assertFails("authenticationType APPROLE needs the role-id",
                "field \"roleId\" of the text", "environment variable SECRET_STORE_VAULT_ROLE_ID", "system property " + ROLE_ID,
                "field \"roleIdFile\" of the text", "What to do");
        logins.get(logins.text("APPROLE", "roleId", "app", "secretIdWrapped", "true")).assertFails(
                "authenticationType APPROLE needs the secret-id", "environment variable SECRET_STORE_VAULT_SECRET_ID",
                "system property " + SECRET_ID, "field \"secretIdFile\" of the text", "ATL_ALLOWLIST_SENSITIVE_ENV_VARS");
        logins.get(logins.text("APPROLE", "roleId", "app", "secretIdFile", "/nowhere/secret-id")).assertFails(
                "The secret-id file \"/nowhere/secret-id\" (from field \"secretIdFile\" of the text) does not exist",
                "What to do");
        logins.get(logins.text("APPROLE", "roleId", "app", "secretIdWrapped", "yes"), SECRET_ID, secretId("approle/role/app"))
                .assertFails("field \"secretIdWrapped\" of the text", "neither true nor false");
    }

    private static String secretId(String role) {
        return Canaries.keep(Fixtures.jsonMember(logins.vault.put("auth/" + role + "/secret-id", "{}"), "secret_id"));
    }

    private static String wrappedSecretId(String role) {
        return Canaries.keep(Fixtures.jsonMember(wrapped("auth/" + role + "/secret-id", "POST"), "token"));
    }

    private static String wrapped(String apiPath, String method) {
        return logins.vault.request(method, apiPath, method.equals("GET") ? null : "{}", logins.vault.rootToken(),
                "X-Vault-Wrap-TTL", "60").body;
    }
}

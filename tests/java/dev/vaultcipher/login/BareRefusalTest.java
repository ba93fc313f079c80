package dev.vaultcipher.login;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;

import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.JwtIssuer;
import dev.vaultcipher.harness.Logins;
import dev.vaultcipher.harness.StandIn;
import dev.vaultcipher.harness.StoreSession;
import dev.vaultcipher.harness.VaultServer;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** Answers of Vault that have several causes, of which the message names those that are possible. */
public class BareRefusalTest {
    private static final String PASSWORD = "secret.store.vault.password";
    private static final String SECRET_ID = "secret.store.vault.secret.id";
    private static final String ELSEWHERE = "there is no";
    private static final String LOCKED = "is locked out after five logins with a wrong credential";
    private static final String BOUND = "is bound to other addresses (token_bound_cidrs, secret_id_bound_cidrs)";

    private static Logins logins;

    @BeforeClass
    public static void startVault() {
        logins = new Logins(VaultServer.start());
        logins.enable("approle", "approle");
        logins.enable("userpass", "userpass");
    }

    @AfterClass
    public static void stopVault() {
        logins.close();
    }

    @Test
    public void aLockedUserIsToldAndHowToUnlockThem() {
        String password = Canaries.keep(Fixtures.randomText());
        logins.vault.put("auth/userpass/users/ann", "{\"password\":" + Fixtures.json(password) + "," + Logins.POLICIES + "}");
        String text = logins.text("USERPASS", "username", "ann");
        for (int i = 0; i < 5; i++) {
            logins.get(text, PASSWORD, Canaries.keep(Fixtures.randomText())).assertFails("400 invalid username or password");
        }
        StoreSession.Outcome locked = logins.get(text, PASSWORD, password).assertFails("The USERPASS login was refused (403 permission denied)",
                "(1) the user " + LOCKED, "vault read sys/locked-users", "(2) the role, the user or the credential " + BOUND);
        assertFalse(locked.toString(), locked.call.message.contains(ELSEWHERE));
        unlock("ann");
        logins.get(text, PASSWORD, password).assertValue(logins.value);
    }

    @Test
    public void aLockedRoleIsToldAndHowToUnlockIt() {
        logins.vault.put("auth/approle/role/locked", "{\"role_id\":\"locked\"," + Logins.POLICIES + "}");
        String secretId = secretId("locked");
        String text = logins.text("APPROLE", "roleId", "locked");
        for (int i = 0; i < 5; i++) {
            logins.get(text, SECRET_ID, Canaries.keep(Fixtures.randomText())).assertFails("400 invalid role or secret ID");
        }
        StoreSession.Outcome locked = logins.get(text, SECRET_ID, secretId).assertFails("The APPROLE login was refused (403 permission denied)",
                "(1) the role " + LOCKED, "(2) the role, the user or the credential " + BOUND);
        assertFalse(locked.toString(), locked.call.message.contains(ELSEWHERE));
        unlock("locked");
        logins.get(text, SECRET_ID, secretId).assertValue(logins.value);
    }

    @Test
    public void aLoginThatIsBoundToOtherAddressesIsTold() {
        String password = Canaries.keep(Fixtures.randomText());
        logins.vault.put("auth/userpass/users/far", "{\"password\":" + Fixtures.json(password)
                + ",\"token_bound_cidrs\":[\"192.0.2.0/24\"]," + Logins.POLICIES + "}");
        logins.get(logins.text("USERPASS", "username", "far"), PASSWORD, password)
                .assertFails("403 permission denied", "(1) the user " + LOCKED, "(2) the role, the user or the credential " + BOUND);
        logins.vault.put("auth/approle/role/bound", "{\"role_id\":\"bound\",\"secret_id_bound_cidrs\":[\"192.0.2.0/24\"]," + Logins.POLICIES + "}");
        StoreSession.Outcome bound = logins.get(logins.text("APPROLE", "roleId", "bound"), SECRET_ID, secretId("bound"))
                .assertFails("The APPROLE login was refused (400 source address", "What to do: the role, the user or the credential " + BOUND);
        assertFalse(bound.toString(), bound.call.message.contains("(2)"));
        // This one logs in, and its token is bound.
        logins.vault.put("auth/approle/role/token-bound",
                "{\"role_id\":\"token-bound\",\"token_bound_cidrs\":[\"192.0.2.0/24\"]," + Logins.POLICIES + "}");
        logins.get(logins.text("APPROLE", "roleId", "token-bound"), SECRET_ID, secretId("token-bound"))
                .assertFails("Vault does not accept the token that it gave for the APPROLE login", "most likely the role binds it to other "
                        + "addresses (token_bound_cidrs)", "vault read auth/MOUNT/role/ROLE", "remote_address", "(VC1602)");
    }

    @Test
    public void aMethodThatIsNotThereIsTheOnlyCause() {
        for (String method : new String[] {"USERPASS", "LDAP", "RADIUS"}) {
            logins.get(logins.text(method, "username", "ann", "authMount", "nowhere"), PASSWORD, Canaries.keep(Fixtures.randomText()))
                    .assertFails("403 permission denied", ELSEWHERE + " " + method + " auth method at \"nowhere\" (try: vault auth list)"
                            + (method.equals("USERPASS") ? ":" : " (OpenBao has this method from 2.7 on as a plugin only: vault plugin list auth)"));
        }
    }

    @Test
    public void aLoginValueThatNoPolicyTemplateTakesIsNamed() {
        JwtIssuer issuer = new JwtIssuer();
        logins.enable("jwt", "jwt");
        logins.vault.put("auth/jwt/config", "{\"bound_issuer\":" + Fixtures.json(JwtIssuer.NAME)
                + ",\"jwt_validation_pubkeys\":[" + Fixtures.json(issuer.publicKeyPem()) + "]}");
        logins.vault.put("auth/jwt/role/app", "{\"role_type\":\"jwt\",\"user_claim\":\"sub\",\"bound_audiences\":[\"vault\"],"
                + "\"claim_mappings\":{\"team\":\"team\"}}");
        String text = logins.text("JWT", "role", "app", "jwtFile", logins.file("slash", issuer.jwt("vault", 60, "team", "ops/db")));
        logins.get(text).assertFails("its login has the value \"ops/db\", and OpenBao 2.6 and later put no value with", "(VC1701)");
        StoreSession.Outcome plain = logins.get(
                logins.text("JWT", "role", "app", "jwtFile", logins.file("plain", issuer.jwt("vault", 60, "team", "ops"))));
        assertFalse(plain.toString(), plain.assertFails("(VC1701)").call.message.contains("its login has"));
    }

    @Test
    public void aNodeThatHasJustBecomeActiveAndDeniesALoginIsAskedOnceMore() {
        AtomicInteger denials = new AtomicInteger(1);
        try (StandIn vault = StandIn.start(request -> {
            if (!request.path.contains("/login")) {
                return StandIn.Answer.json(200, "{\"data\":{\"data\":{\"password\":" + Fixtures.json(logins.value)
                        + "},\"metadata\":{\"version\":1}}}");
            }
            return denials.getAndDecrement() > 0
                    ? StandIn.Answer.json(403, "{\"errors\":[\"permission denied\"]}")
                    : StandIn.Answer.json(200, "{\"auth\":{\"client_token\":\"s.x\",\"lease_duration\":60}}");
        }); StoreSession session = StoreSession.start(HostProcess.plain())) {
            String text = logins.text("USERPASS", "username", "ann", "timeout", "10").replace(logins.vault.address(), vault.address());
            session.property(PASSWORD, Canaries.keep(Fixtures.randomText()));
            session.get(text).assertValue(logins.value);
            assertEquals(2, logins(vault));
            // Once: a second denial is meant.
            vault.forget();
            denials.set(100);
            session.get(text.replace("ann", "bob")).assertFails("403 permission denied", "there is no USERPASS auth method");
            assertEquals(2, logins(vault));
        }
    }

    @Test
    public void aStandbyThatCannotWriteIsTriedAgainAndThenNamed() {
        String words = "{\"errors\":[\"cannot write to readonly storage\"]}";
        try (StandIn standby = StandIn.start(request -> StandIn.Answer.json(500, words))) {
            String password = Canaries.keep(Fixtures.randomText());
            logins.vault.put("auth/userpass/users/carl", "{\"password\":" + Fixtures.json(password) + "," + Logins.POLICIES + "}");
            // The login as well as the read: another node is asked.
            String several = logins.text("USERPASS", "username", "carl").replace("\"" + logins.vault.address() + "\"",
                    "[\"" + standby.address() + "\",\"" + logins.vault.address() + "\"]");
            logins.get(several, PASSWORD, password).assertValue(logins.value);
            String[] expected = {"This Vault node is a standby node, which cannot write", "500 at", standby.address(),
                "write the addresses of all nodes into \"endpoint\"", "(VC2006)"};
            logins.get(logins.text("USERPASS", "username", "carl").replace(logins.vault.address(), standby.address()), PASSWORD, password)
                    .assertFails(expected);
            logins.get(logins.text("TOKEN").replace(logins.vault.address(), standby.address()), "secret.store.vault.token",
                    Canaries.keep("s." + Fixtures.randomText())).assertFails(expected);
        }
    }

    private static long logins(StandIn vault) {
        return vault.requests().stream().filter(request -> request.path.endsWith("/login/ann") || request.path.endsWith("/login/bob")).count();
    }

    private static String secretId(String role) {
        return Canaries.keep(Fixtures.jsonMember(logins.vault.put("auth/approle/role/" + role + "/secret-id", "{}"), "secret_id"));
    }

    /** With the command of the message, as Vault's API has it. */
    private static void unlock(String name) {
        String body = logins.vault.request("GET", "sys/locked-users", null, logins.vault.rootToken()).body;
        String before = body.substring(0, body.indexOf("\"" + name + "\""));
        String accessor = before.substring(before.lastIndexOf("\"mount_accessor\":\"") + "\"mount_accessor\":\"".length());
        logins.vault.put("sys/locked-users/" + accessor.substring(0, accessor.indexOf('"')) + "/unlock/" + name, "{}");
    }
}

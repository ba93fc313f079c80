package dev.vaultcipher.login;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;

import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.FaultPeer;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.Logins;
import dev.vaultcipher.harness.StoreSession;
import dev.vaultcipher.harness.VaultServer;
import java.util.List;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** What a server that starts cannot give: a second factor, a colleague's approval, the unwrapping of an answer. */
public class LoginDemandsTest {
    private static final String PASSWORD = "secret.store.vault.password";

    private static Logins logins;
    private static String password;

    @BeforeClass
    public static void startVault() {
        logins = new Logins(VaultServer.start());
        password = Canaries.keep(Fixtures.randomText());
        logins.enable("userpass", "userpass");
        logins.vault.put("auth/userpass/users/ann", "{\"password\":\"" + password + "\"," + Logins.POLICIES + "}");
        logins.enable("guarded", "userpass");
        logins.vault.put("auth/guarded/users/ann", "{\"password\":\"" + password + "\"," + Logins.POLICIES + "}");
        String method = Fixtures.jsonMember(
                logins.vault.put("identity/mfa/method/totp", "{\"issuer\":\"test\"}"), "method_id");
        String mounts = logins.vault.request("GET", "sys/auth/guarded", null, logins.vault.rootToken()).body;
        logins.vault.put("identity/mfa/login-enforcement/guarded", "{\"mfa_method_ids\":[\"" + method
                + "\"],\"auth_method_accessors\":[\"" + Fixtures.jsonMember(mounts, "accessor") + "\"]}");
    }

    @AfterClass
    public static void stopVault() {
        logins.close();
    }

    @Test
    public void aSecondFactorIsNamedAsTheReason() {
        logins.get(logins.text("USERPASS", "username", "ann"), PASSWORD, password).assertValue(logins.value);
        for (String inline : new String[] {"false", "true"}) {
            StoreSession.Outcome outcome = logins.get(logins.text("USERPASS", "username", "ann", "authMount", "guarded",
                    "inlineLogin", inline), PASSWORD, password);
            outcome.assertFails("The USERPASS login was refused", "/v1/auth/guarded/login/ann", "multi-factor authentication",
                    "which a server cannot give", "with user \"ann\" at auth mount \"guarded\"",
                    "What to do: leave this login out", "vault list identity/mfa/login-enforcement");
            assertFalse(outcome.toString(), outcome.call.message.contains("wrong"));
            assertEquals(List.of(), outcome.warnings);
        }
    }

    /** As Vault Enterprise answers where a control group guards a path: with the accessor of a request that waits. */
    @Test
    public void aControlGroupIsNamedWhoeverLogsIn() {
        String answer = wrapped("secret/data/sample/secret");
        try (FaultPeer peer = FaultPeer.answering(FaultPeer.json(200, answer))) {
            logins.get(peer.text(), "secret.store.vault.token", logins.token())
                    .assertFails("waits for a control group's approval", "which a server that starts cannot give");
        }
        String token = Canaries.keep(Fixtures.randomText());
        try (FaultPeer peer = FaultPeer.answering(FaultPeer.json(200, login(token)), FaultPeer.json(200, answer))) {
            logins.get(appRole(peer))
                    .assertFails("waits for a control group's approval", "which a server that starts cannot give");
        }
    }

    @Test
    public void aLoginWhoseAnswerIsWrappedIsNamed() {
        try (FaultPeer peer = FaultPeer.answering(FaultPeer.json(200, wrapped("auth/approle/login")))) {
            logins.get(appRole(peer))
                    .assertFails("it is response-wrapped", "X-Vault-Wrap-TTL", "What to do");
        }
    }

    /** A policy that gives answers wrapped only, on the real server. */
    @Test
    public void aPolicyThatWantsItsAnswersWrappedIsNamed() {
        logins.vault.put("sys/policies/acl/wrapping", "{\"policy\":" + Fixtures.json("path \"secret/data/sample/secret\" { "
                + "capabilities = [\"read\"]\nmin_wrapping_ttl = \"10s\"\nmax_wrapping_ttl = \"60s\" }") + "}");
        logins.vault.put("auth/userpass/users/wrapping", "{\"password\":\"" + password + "\",\"token_policies\":[\"wrapping\"]}");
        logins.get(logins.text("USERPASS", "username", "wrapping"), PASSWORD, password)
                .assertFails("only response-wrapped", "min_wrapping_ttl");
    }

    private static String appRole(FaultPeer peer) {
        return peer.text("authenticationType", "\"APPROLE\"", "roleId", "\"app\"",
                "secretIdFile", Fixtures.json(logins.file("secret-id", Canaries.keep(Fixtures.randomText()))));
    }

    private static String wrapped(String creationPath) {
        return "{\"request_id\":\"\",\"lease_id\":\"\",\"renewable\":false,\"lease_duration\":0,\"data\":null,\"wrap_info\":"
                + "{\"token\":\"" + Canaries.keep("hvs." + Fixtures.randomText()) + "\",\"accessor\":\""
                + Fixtures.randomText() + "\",\"ttl\":86400,\"creation_time\":\"2026-01-01T00:00:00Z\",\"creation_path\":\""
                + creationPath + "\",\"wrapped_accessor\":\"\"},\"warnings\":null,\"auth\":null}";
    }

    private static String login(String token) {
        return "{\"request_id\":\"1\",\"lease_id\":\"\",\"renewable\":false,\"lease_duration\":0,\"data\":null,\"wrap_info\":null,"
                + "\"warnings\":null,\"auth\":{\"client_token\":\"" + token + "\",\"accessor\":\"a\",\"policies\":[\"default\"],"
                + "\"token_policies\":[\"default\"],\"metadata\":null,\"lease_duration\":3600,\"renewable\":true,"
                + "\"entity_id\":\"\",\"token_type\":\"service\",\"orphan\":true,\"mfa_requirement\":null,\"num_uses\":0}}";
    }
}

package dev.vaultcipher.login;

import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.Logins;
import dev.vaultcipher.harness.StoreSession;
import dev.vaultcipher.harness.VaultServer;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** Secrets and auth methods in the same and in different namespaces of a real OpenBao. */
public class NamespaceLoginsTest {
    private static final String IN_TEAM = "team";
    private static final String IN_APP = "team/app";
    private static final String ROLE_ID = "secret.store.vault.role.id";
    private static final String SECRET_ID = "secret.store.vault.secret.id";

    private static Logins logins;
    private static String value;
    private static String secretId;
    private static String rootSecretId;

    @BeforeClass
    public static void startVault() {
        logins = new Logins(VaultServer.start());
        value = Canaries.keep(Fixtures.randomText());
        put("", "sys/namespaces/team", "{}");
        put(IN_TEAM, "sys/namespaces/app", "{}");
        put(IN_APP, "sys/mounts/kv", "{\"type\":\"kv\",\"options\":{\"version\":\"2\"}}");
        secretId = approle(IN_TEAM, "app/");
        rootSecretId = approle("", "team/app/");
        // The engine of a new mount is upgraded for a moment.
        String secret = "{\"data\":{\"password\":" + Fixtures.json(value) + "}}";
        Fixtures.until(5, () -> request(IN_APP, "kv/data/sample", secret) == 200);
    }

    @AfterClass
    public static void stopVault() {
        logins.close();
    }

    @Test
    public void theLoginMayBeInAnotherNamespaceThanTheSecret() {
        get(text("kv", "namespace", IN_APP, "authNamespace", IN_TEAM), secretId).assertValue(value);
        get(text("kv", "namespace", "/team/app/", "authNamespace", "team/"), secretId).assertValue(value);
        logins.get(text("kv", "namespace", IN_APP), ROLE_ID, "app", SECRET_ID, secretId,
                "secret.store.vault.auth.namespace", IN_TEAM).assertValue(value);
    }

    @Test
    public void theLoginMayBeInTheRootNamespace() {
        for (String root : new String[] {"root", "/"}) {
            get(text("kv", "namespace", IN_APP, "authNamespace", root), rootSecretId).assertValue(value);
        }
    }

    @Test
    public void aNamespaceMayBeAPathPrefixOfTheMounts() {
        get(text("app/kv", "namespace", IN_TEAM), secretId).assertValue(value);
        get(text("team/app/kv"), rootSecretId).assertValue(value);
    }

    @Test
    public void theEnvironmentsNamespaceCountsForBoth() {
        HostProcess jvm = HostProcess.plain().environment("VAULT_NAMESPACE", IN_TEAM)
                .environment("SECRET_STORE_VAULT_ROLE_ID", "app").environment("SECRET_STORE_VAULT_SECRET_ID", secretId);
        try (StoreSession session = StoreSession.start(jvm)) {
            session.get(text("app/kv")).assertValue(value);
            session.get(text("kv", "namespace", IN_APP, "authNamespace", IN_TEAM)).assertValue(value);
            session.get(text("kv")).assertFails("(namespace: team)");
        }
    }

    @Test
    public void aLoginInTheWrongNamespaceNamesItAndWhereToSetIt() {
        get(text("kv", "namespace", IN_APP), secretId).assertFails("The APPROLE login was refused (403 permission denied)",
                "/v1/auth/approle/login (namespace: team/app)", "there is no APPROLE auth method at \"approle\"",
                "or it is in another namespace", "authNamespace");
    }

    @Test
    public void aNamespaceThatDoesNotExistIsTold() {
        get(text("kv", "namespace", "nope", "authNamespace", IN_TEAM), secretId)
                .assertFails("Vault has no such namespace", "(namespace: nope)", "vault namespace list");
        get(text("kv", "namespace", IN_APP, "authNamespace", "nope"), secretId)
                .assertFails("Vault has no such namespace", "/v1/auth/approle/login (namespace: nope)", "authNamespace");
        get(text("kv", "namespace", "team app"), secretId)
                .assertFails("field \"namespace\" of the text", "it is not a namespace path");
    }

    @Test
    public void aSecretInAnotherNamespaceThanTheTokensIsDeniedThere() {
        get(text("kv", "namespace", IN_TEAM), secretId).assertFails("403 permission denied", "(namespace: team)", "namespace");
    }

    /** An AppRole in this namespace for the secret, which from there is below this prefix. Returns a secret-id. */
    private static String approle(String namespace, String prefix) {
        put(namespace, "sys/policies/acl/app", "{\"policy\":" + Fixtures.json(
                "path \"" + prefix + "kv/data/*\" { capabilities = [\"read\"] }") + "}");
        put(namespace, "sys/auth/approle", "{\"type\":\"approle\"}");
        put(namespace, "auth/approle/role/app", "{\"role_id\":\"app\",\"token_policies\":[\"app\"]}");
        return Canaries.keep(Fixtures.jsonMember(put(namespace, "auth/approle/role/app/secret-id", "{}"), "secret_id"));
    }

    private static String put(String namespace, String apiPath, String json) {
        VaultServer.Answer answer =
                logins.vault.request("PUT", apiPath, json, logins.vault.rootToken(), "X-Vault-Namespace", namespace);
        if (answer.status > 299) {
            throw new AssertionError(apiPath + " in \"" + namespace + "\": " + answer.status + ' ' + answer.body);
        }
        return answer.body;
    }

    private static int request(String namespace, String apiPath, String json) {
        return logins.vault.request("PUT", apiPath, json, logins.vault.rootToken(), "X-Vault-Namespace", namespace).status;
    }

    private static String text(String mount, String... fields) {
        return logins.text("APPROLE", fields).replace("\"mount\":\"secret\",\"path\":\"sample/secret\"",
                "\"mount\":\"" + mount + "\",\"path\":\"sample\"");
    }

    private static StoreSession.Outcome get(String text, String secretId) {
        return logins.get(text, ROLE_ID, "app", SECRET_ID, secretId);
    }
}

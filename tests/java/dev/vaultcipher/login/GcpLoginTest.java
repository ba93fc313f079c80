package dev.vaultcipher.login;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;

import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.GoogleCloud;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.Logins;
import dev.vaultcipher.harness.Messages;
import dev.vaultcipher.harness.ScriptedPeer;
import dev.vaultcipher.harness.StandIn;
import dev.vaultcipher.harness.VaultServer;
import java.util.List;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** GCP: Vault's own method as a plugin, and a stand-in for Google's metadata server, certificates, IAM and Compute. */
public class GcpLoginTest {
    private static final String IAM = "CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS";

    private static Logins logins;
    private static GoogleCloud google;

    @BeforeClass
    public static void startServers() {
        logins = new Logins(VaultServer.startWithPlugins());
        google = new GoogleCloud();
        logins.vault.enablePlugin("gcp", "gcp", google.environment());
        logins.vault.put("auth/gcp/config", google.configuration());
        createRole("machine", "gce", "\"bound_projects\":[\"sample\"]");
        createRole("account", "iam", "\"bound_service_accounts\":[\"" + GoogleCloud.ACCOUNT + "\"]");
        createRole("long", "iam", "\"bound_service_accounts\":[\"" + GoogleCloud.ACCOUNT + "\"],\"max_jwt_exp\":3600");
        createRole("others", "iam", "\"bound_service_accounts\":[\"other@sample.iam.gserviceaccount.com\"]");
    }

    private static void createRole(String name, String type, String bound) {
        logins.vault.put("auth/gcp/role/" + name, "{\"type\":\"" + type + "\"," + bound + "," + Logins.POLICIES + "}");
    }

    @AfterClass
    public static void stopServers() {
        google.close();
        logins.close();
    }

    @Test
    public void aMachineLogsInWithItsIdentityToken() {
        assertReads(read("machine", "GCE_METADATA_HOST", google.host()));
        // A role for the account takes the same token.
        assertReads(read("long", "GCE_METADATA_HOST", google.host()));
        HostProcess.Call inline = logins.getIn(logins.text("GCP", "role", "machine", "inlineLogin", "true"),
                "GCE_METADATA_HOST", google.host());
        assertReads(inline);
    }

    @Test
    public void aPodLogsInWithItsServiceAccountsIdentityToken() {
        google.machine = false;
        try {
            assertReads(read("long", "GCE_METADATA_HOST", google.host()));
            assertFails(read("account", "GCE_METADATA_HOST", google.host()),
                    "role requires that service account JWTs expire within 900 seconds",
                    "vault write auth/gcp/role/account max_jwt_exp=60m");
            assertFails(read("machine", "GCE_METADATA_HOST", google.host()), "expected JWT to have claims with GCE metadata",
                    "the role is of the type gce", GoogleCloud.ACCOUNT);
        } finally {
            google.machine = true;
        }
    }

    @Test
    public void iamSignsForAnAccountThatHasNoKey() {
        assertReads(logins.getIn(logins.text("GCP", "role", "account", "gcpType", "iam"), "GCE_METADATA_HOST", google.host(),
                IAM, google.address() + '/'));
        try (StandIn refusing = StandIn.start(request -> StandIn.Answer.json(403,
                "{\"error\":{\"code\":403,\"message\":\"Permission 'iam.serviceAccounts.signJwt' denied\"}}"))) {
            assertFails(logins.getIn(logins.text("GCP", "role", "account", "gcpType", "iam"), "GCE_METADATA_HOST", google.host(),
                    IAM, refusing.address()), "from IAM's signJwt for " + GoogleCloud.ACCOUNT + ": it answered 403",
                    "roles/iam.serviceAccountTokenCreator", "VC1605");
        }
        assertFails(logins.getIn(logins.text("GCP", "role", "account", "gcpType", "iam"), "GCE_METADATA_HOST", google.host(),
                IAM, "http://iam.example.com"), IAM, "without encryption");
    }

    @Test
    public void aKeyFileComesFirst() {
        String file = logins.file("key.json", google.keyFile());
        assertReads(read("account", "GOOGLE_APPLICATION_CREDENTIALS", file, "GCE_METADATA_HOST", "127.0.0.1:1"));
        assertFails(read("others", "GOOGLE_APPLICATION_CREDENTIALS", file), "as " + GoogleCloud.ACCOUNT + ", with role \"others\"",
                " from now, is from the key file \"" + file + "\" (environment variable GOOGLE_APPLICATION_CREDENTIALS), which comes first",
                "audience \"http://vault/others\"", "is not authorized for role",
                "vault write auth/gcp/role/others/service-accounts add=" + GoogleCloud.ACCOUNT);
        for (String[] wrong : new String[][] {
            {"{\"type\":\"authorized_user\",\"refresh_token\":\"x\"}", "it is the log-in of a person (authorized_user)"},
            {"{\"type\":\"external_account\",\"audience\":\"x\"}", "it is of workload identity federation (external_account) and has no "
                + "key. What to do: give Vault the token itself, with authenticationType JWT"},
            {"{\"type\":\"impersonated_service_account\"}", "it is of the type \"impersonated_service_account\", which has no key"},
            {"{\"type\":\"service_account\",\"client_email\":\"a\"}", "it lacks client_email or private_key"},
            {"{\"type\":\"service_account\",\"client_email\":\"a\",\"private_key\":\"x\"}", "no RSA key"}, {"[]", "no JSON object"}}) {
            assertFails(read("account", "GOOGLE_APPLICATION_CREDENTIALS", logins.file("wrong.json", wrong[0])), wrong[1], "VC1605");
        }
        assertFails(logins.getIn(logins.text("GCP", "role", "account", "timeout", "0"), "GOOGLE_APPLICATION_CREDENTIALS",
                logins.file("empty.json", "")), "The Google Cloud key file", "is empty");
        assertFails(read("account", "GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/key.json"),
                "The Google Cloud key file \"/nowhere/key.json\"", "does not exist");
    }

    @Test
    public void whyALoginIsRefusedIsTold() {
        google.audience = "http://vault/another";
        try {
            assertFails(read("machine", "GCE_METADATA_HOST", google.host()),
                    "at least one of the JWT claim 'aud' must end in \"vault/machine\"", "the token is for another role",
                    "audience \"http://vault/another\"");
        } finally {
            google.audience = null;
        }
        assertFails(read("nope", "GCE_METADATA_HOST", google.host()), "The GCP login was refused (400 role \"nope\" not found)",
                "vault list auth/gcp/roles", "as " + GoogleCloud.ACCOUNT,
                " from now, is from the metadata server http://" + google.host() + ", which comes first");
        assertFails(logins.getIn(logins.text("GCP", "role", "machine", "authMount", "elsewhere"), "GCE_METADATA_HOST",
                google.host()), "403 permission denied", "(1) there is no GCP auth method at \"elsewhere\"");
        assertFails(logins.getIn(logins.text("GCP")), "authenticationType GCP needs the role to log in with");
        assertFails(logins.getIn(logins.text("GCP", "role", "x", "gcpType", "gke")), "field \"gcpType\" of the text",
                "it is neither gce nor iam");
    }

    @Test
    public void theMetadataServerIsAskedForASecondWithNothingOfVaultsAndNotThroughAProxy() {
        google.server().forget();
        try (StandIn proxy = StandIn.start(request -> StandIn.Answer.text(200, "a proxy")); ScriptedPeer silent = ScriptedPeer.silent()) {
            assertReads(read("machine", "GCE_METADATA_HOST", google.host().replace("127.0.0.1", "localhost"), "http_proxy",
                    proxy.address(), "NO_PROXY", "127.0.0.1", "VAULT_HEADERS", "{\"X-Gateway\":\"secret\"}"));
            assertEquals(0, proxy.requests().size());
            List<StandIn.Request> requests = google.server().requests();
            assertFalse(requests.isEmpty());
            assertFalse(requests.get(0).headers().toLowerCase().contains("x-gateway"));
            try (StandIn redirecting = StandIn.start(request -> StandIn.Answer.text(302, "", "Location", google.address() + request.path))) {
                google.server().forget();
                assertFails(read("machine", "GCE_METADATA_HOST", redirecting.hostAndPort()), "it answered 302, a redirect, which is not followed");
                assertEquals(0, google.server().requests().size());
            }
            long start = System.nanoTime(); // by time: a silent address must not take the whole budget
            assertFails(read("machine", "VAULT_CLIENT_TIMEOUT", "60", "GCE_METADATA_HOST", silent.address().replace("http://", "")),
                    "authenticationType GCP gets no identity of this machine from the metadata server", "no complete answer within 1 s",
                    "set GOOGLE_APPLICATION_CREDENTIALS");
            assertEquals(4.5, (System.nanoTime() - start) / 1e9, 2.5);
        }
    }

    private static HostProcess.Call read(String role, String... environment) {
        return logins.getIn(logins.text("GCP", "role", role), environment);
    }

    private static void assertReads(HostProcess.Call call) {
        assertEquals(call.toString(), Fixtures.sha256(logins.value), call.valueSha256);
    }

    private static void assertFails(HostProcess.Call call, String... parts) {
        Messages.assertSays(call, "com.atlassian.secrets.api.SecretStoreException", parts);
    }
}

package dev.vaultcipher.login;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.VaultSecretStore;
import dev.vaultcipher.harness.AzureCloud;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.JwtIssuer;
import dev.vaultcipher.harness.Logins;
import dev.vaultcipher.harness.Messages;
import dev.vaultcipher.harness.ScriptedPeer;
import dev.vaultcipher.harness.StandIn;
import dev.vaultcipher.harness.VaultServer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** AZURE: Vault's own method as a plugin, and a stand-in for Azure's metadata services, authority and resource manager. */
public class AzureLoginTest {
    private static final String HOST = "AZURE_POD_IDENTITY_AUTHORITY_HOST";

    private static Logins logins;
    private static AzureCloud azure;

    @BeforeClass
    public static void startServers() {
        logins = new Logins(VaultServer.startWithPlugins());
        azure = new AzureCloud();
        logins.vault.enablePlugin("azure", "vault-plugin-auth-azure", azure.environment());
        createRole("identity", "\"bound_service_principal_ids\":[\"" + AzureCloud.OBJECT + "\"]");
        createRole("machine", "\"bound_service_principal_ids\":[\"" + AzureCloud.OBJECT + "\"],\"bound_resource_groups\":[\"servers\"]");
        createRole("set", "\"bound_service_principal_ids\":[\"" + AzureCloud.OBJECT + "\"],\"bound_scale_sets\":[\"set-1\"]");
        createRole("nobodys", "\"bound_scale_sets\":[\"set-1\"]");
        createRole("others", "\"bound_service_principal_ids\":[\"00000000-0000-0000-0000-000000000000\"]");
    }

    private static void createRole(String name, String bound) {
        logins.vault.put("auth/azure/role/" + name, "{" + bound + "," + Logins.POLICIES + "}");
    }

    @AfterClass
    public static void stopServers() {
        azure.close();
        logins.close();
    }

    @Test
    public void aVirtualMachineLogsInAndSaysWhichOneItIs() {
        assertReads(read("identity", HOST, azure.address()));
        assertReads(read("identity", HOST, azure.address(), "AZURE_CLIENT_ID", AzureCloud.CLIENT));
        assertReads(logins.getIn(text("identity", "inlineLogin", "true"), HOST, azure.address()));
        assertFails(read("identity", HOST, azure.address(), "AZURE_CLIENT_ID", AzureCloud.TENANT),
                "authenticationType AZURE gets no identity of this machine from the instance's metadata service " + azure.address(),
                "it answered 400", "Identity not found", "az vm identity assign", "VC1605");
    }

    @Test
    public void aRoleMayBeBoundToMachines() {
        assertReads(read("machine", HOST, azure.address()));
        azure.inScaleSet = true;
        try {
            assertReads(read("set", HOST, azure.address()));
        } finally {
            azure.inScaleSet = false;
        }
        assertFails(read("set", HOST, azure.address()), "vm_name \"vm-1\"", "(1) the role is for other subscriptions, resource groups, "
                + "locations or scale sets: vault read auth/azure/role/set");
        assertFails(read("nobodys", HOST, azure.address()), "500 expected specific bound_group_ids", "(1) the role names no identity",
                "vault write auth/azure/role/nobodys bound_service_principal_ids=" + AzureCloud.OBJECT);
    }

    @Test
    public void anAppOfAppServiceLogsIn() {
        assertReads(read("identity", "IDENTITY_ENDPOINT", azure.address() + "/msi/token", "IDENTITY_HEADER", azure.header,
                HOST, "http://127.0.0.1:1"));
        assertFails(read("identity", "IDENTITY_ENDPOINT", azure.address() + "/msi/token", "IDENTITY_HEADER", "wrong-header"),
                "from App Service at " + azure.address() + "/msi/token: it answered 400",
                "before it were looked at: the workload identity (AZURE_FEDERATED_TOKEN_FILE): not set");
        // A user-assigned identity.
        azure.metadata().forget();
        assertReads(read("identity", "IDENTITY_ENDPOINT", azure.address() + "/msi/token", "IDENTITY_HEADER", azure.header,
                "AZURE_CLIENT_ID", AzureCloud.CLIENT));
        assertEquals(AzureCloud.CLIENT, azure.metadata().requests().get(0).query.get("client_id"));
        assertFails(read("identity", "IDENTITY_ENDPOINT", "not an address", "IDENTITY_HEADER", azure.header),
                "environment variable IDENTITY_ENDPOINT cannot be used: it is not a URL");
    }

    /** As Azure's own libraries do, the metadata service is asked then. */
    @Test
    public void oneOfTheTwoVariablesOfAppServiceIsNotEnough() {
        assertReads(read("identity", "IDENTITY_ENDPOINT", azure.address() + "/msi/token", HOST, azure.address()));
        assertFails(read("identity", "IDENTITY_ENDPOINT", azure.address() + "/msi/token", HOST, "http://127.0.0.1:1"),
                "App Service (IDENTITY_ENDPOINT and IDENTITY_HEADER): IDENTITY_HEADER is not set");
        assertFails(read("identity", "IDENTITY_HEADER", azure.header, HOST, "http://127.0.0.1:1"),
                "App Service (IDENTITY_ENDPOINT and IDENTITY_HEADER): IDENTITY_ENDPOINT is not set");
        // A server outside of Azure that Azure Arc manages.
        assertFails(read("identity", "IDENTITY_ENDPOINT", "http://localhost:40342/metadata/identity/oauth2/token", "IMDS_ENDPOINT",
                "http://localhost:40342", HOST, "http://127.0.0.1:1"), "IDENTITY_HEADER is not set, as on a server of Azure Arc");
    }

    @Test
    public void anAuthorityThatIsNoAddressIsRefused() {
        String token = logins.file("authority-token", azure.federated);
        for (String[] odd : new String[][] {{"login.microsoftonline.us", "it is not a URL"}, {"http://login.example.com", "without encryption"},
            {"https://", "it is not a URL"}}) {
            assertFails(read("identity", "AZURE_FEDERATED_TOKEN_FILE", token, "AZURE_CLIENT_ID", "c", "AZURE_TENANT_ID", "t",
                    "AZURE_AUTHORITY_HOST", odd[0]), "environment variable AZURE_AUTHORITY_HOST cannot be used", odd[1]);
        }
        assertFails(read("identity", HOST, "169.254.169.254"), "environment variable " + HOST + " cannot be used: it is not a URL");
    }

    /** The authority is a service on the net: through the proxy, with the certificates that Java trusts. */
    @Test
    public void aPodsTokenIsExchangedThroughTheProxyAtTheAuthority() {
        azure.authority().forget();
        String token = logins.file("federated", azure.federated + "\n");
        String[] environment = {"AZURE_FEDERATED_TOKEN_FILE", token, "AZURE_CLIENT_ID", AzureCloud.CLIENT, "AZURE_TENANT_ID",
            AzureCloud.TENANT, "HTTPS_PROXY", azure.proxy(), "VAULT_CACERT", azure.caFile(), "VAULT_TLS_SERVER_NAME", "vault.example.com"};
        assertReads(read("identity", environment));
        List<String> asked = new ArrayList<>();
        azure.authority().requests().forEach(request -> asked.add(request.path));
        assertTrue(asked.toString(), asked.contains("/" + AzureCloud.TENANT + "/oauth2/v2.0/token"));
        environment[1] = logins.file("untrusted", new JwtIssuer().jwt("x", 600));
        assertFails(read("identity", environment), "from the workload identity", "it answered 401", "AADSTS70021", "[hidden]",
                "az identity federated-credential create");
        environment[9] = "";
        environment[8] = "VAULT_CACERT_NONE";
        assertFails(read("identity", environment), "https://login.microsoftonline.com gave no answer: TLS failed");
        assertFails(read("identity", "AZURE_FEDERATED_TOKEN_FILE", token), "AZURE_CLIENT_ID or AZURE_TENANT_ID is not set");
        String pasted = "eyJ" + Fixtures.randomText();
        HostProcess.Call notQuoted = read("identity", "AZURE_FEDERATED_TOKEN_FILE", pasted);
        assertFails(notQuoted, "AZURE_CLIENT_ID or AZURE_TENANT_ID is not set", "(its content, where a path belongs)");
        assertFalse(notQuoted.toString().contains(pasted));
        assertFails(read("identity", "AZURE_FEDERATED_TOKEN_FILE", "/nowhere/token", "AZURE_CLIENT_ID", "c", "AZURE_TENANT_ID", "t"),
                "The federated token file \"/nowhere/token\"", "does not exist");
    }

    @Test
    public void aPodsTokenThatIsWrittenLateIsWaitedFor() {
        CompletableFuture<String> late = CompletableFuture.supplyAsync(() -> logins.file("late", azure.federated),
                CompletableFuture.delayedExecutor(2, TimeUnit.SECONDS));
        HostProcess.Call call = read("identity", "VAULT_CLIENT_TIMEOUT", "60", "AZURE_FEDERATED_TOKEN_FILE", logins.path("late"),
                "AZURE_CLIENT_ID", AzureCloud.CLIENT, "AZURE_TENANT_ID", AzureCloud.TENANT, "HTTPS_PROXY", azure.proxy(), "VAULT_CACERT",
                azure.caFile());
        late.join();
        assertReads(call);
    }

    @Test
    public void aRefusalWith500IsFinalAndSaysWhy() {
        long start = System.nanoTime(); // by time: this refusal, a 500, is final and not tried again for 60 s
        assertFails(logins.getIn(logins.text("AZURE", "role", "identity"), HOST, azure.address(), "VAULT_CLIENT_TIMEOUT", "60"),
                "The AZURE login was refused (500 ", "expected audience \"" + AzureCloud.RESOURCE + "\" got [\"https://management.azure.com/\"]",
                "the token is for \"https://management.azure.com/\" (from the default)", "(1) the mount wants a token for another resource",
                "vault write auth/azure/config resource=https://management.azure.com/");
        assertTrue((System.nanoTime() - start) / 1e9 < 15);
        assertFails(read("machine", "VAULT_CLIENT_TIMEOUT", "60", "IDENTITY_ENDPOINT", azure.address() + "/msi/token",
                "IDENTITY_HEADER", azure.header), "500 ", "subscription_id and resource_group_name are required",
                "as the object id " + AzureCloud.OBJECT + ", of no virtual machine, with role \"machine\" at auth mount \"azure\"",
                "vault write auth/azure/role/machine bound_service_principal_ids=" + AzureCloud.OBJECT);
        assertFails(read("others", HOST, azure.address()), "service principal not authorized",
                "of subscription_id \"" + AzureCloud.SUBSCRIPTION + "\", resource_group_name \"servers\", vm_name \"vm-1\"",
                "vault write auth/azure/role/others bound_service_principal_ids=" + AzureCloud.OBJECT);
        assertFails(read("nope", HOST, azure.address()), "400 invalid role name \"nope\"", "vault list auth/azure/role");
        assertFails(logins.getIn(text("identity", "authMount", "elsewhere"), HOST, azure.address()), "403 permission denied",
                "(1) there is no AZURE auth method at \"elsewhere\"");
        assertFails(logins.getIn(logins.text("AZURE")), "authenticationType AZURE needs the role to log in with");
    }

    @Test
    public void theMetadataServiceIsAskedWithNothingOfVaultsAndNotThroughAProxy() {
        azure.metadata().forget();
        try (StandIn proxy = StandIn.start(request -> StandIn.Answer.text(200, "a proxy")); ScriptedPeer silent = ScriptedPeer.silent()) {
            assertReads(read("identity", HOST, azure.address().replace("127.0.0.1", "localhost"), "http_proxy", proxy.address(),
                    "NO_PROXY", "127.0.0.1", "VAULT_HEADERS", "{\"X-Gateway\":\"secret\"}"));
            assertEquals(0, proxy.requests().size());
            for (StandIn.Request request : azure.metadata().requests()) {
                assertTrue(request.headers(), !request.headers().toLowerCase().contains("x-gateway"));
            }
            try (StandIn redirecting = StandIn.start(request -> StandIn.Answer.text(307, "", "Location", azure.address() + request.path))) {
                azure.metadata().forget();
                assertFails(read("identity", HOST, redirecting.address()), "it answered 307, a redirect, which is not followed");
                assertEquals(0, azure.metadata().requests().size());
            }
            assertFails(read("identity", HOST, silent.address()), "authenticationType AZURE finds no identity of this machine",
                    "the instance's metadata service " + silent.address() + ": no complete answer within 1 s", "az webapp identity assign");
        }
    }

    private static String text(String role, String... fields) {
        List<String> all = new ArrayList<>(List.of(fields));
        all.addAll(List.of("role", role, "azureResource", AzureCloud.RESOURCE));
        return logins.text("AZURE", all.toArray(new String[0]));
    }

    private static HostProcess.Call read(String role, String... environment) {
        HostProcess jvm = HostProcess.loading(VaultSecretStore.class.getName());
        for (int i = 0; i + 1 < environment.length; i += 2) {
            jvm.environment(environment[i], environment[i + 1]);
        }
        return jvm.call(text(role)).only();
    }

    private static void assertReads(HostProcess.Call call) {
        assertEquals(call.toString(), Fixtures.sha256(logins.value), call.valueSha256);
    }

    private static void assertFails(HostProcess.Call call, String... parts) {
        Messages.assertSays(call, "com.atlassian.secrets.api.SecretStoreException", parts);
    }
}

package dev.vaultcipher.login;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;

import dev.vaultcipher.VaultSecretStore;
import dev.vaultcipher.harness.AmazonAccount;
import dev.vaultcipher.harness.AzureCloud;
import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.CloudNetwork;
import dev.vaultcipher.harness.Ec2Metadata;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.GoogleCloud;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.Logins;
import dev.vaultcipher.harness.Messages;
import dev.vaultcipher.harness.StandIn;
import dev.vaultcipher.harness.VaultServer;
import java.net.URI;
import java.util.UUID;
import org.junit.After;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/**
 * The metadata services at their real addresses, in a network of the JVM's own: nothing has to be set where a cloud sets nothing, and
 * the proxy that is set is not asked.
 */
public class MetadataAddressTest {
    private static Logins logins;
    private static AmazonAccount account;
    private static AmazonAccount.Keys node;
    private static GoogleCloud google;
    private static AzureCloud azure;
    private static StandIn proxy;

    @BeforeClass
    public static void startServers() {
        logins = new Logins(VaultServer.startWithPlugins());
        proxy = StandIn.start(request -> StandIn.Answer.text(200, "a proxy"));
        account = AmazonAccount.start();
        account.createRole("node");
        node = account.assumeRole("node", "i-0abc");
        account.checkSignatures();
        logins.vault.enablePlugin("aws", "aws");
        logins.vault.put("auth/aws/config/client", "{" + account.configuration() + "}");
        logins.vault.put("auth/aws/role/node", "{\"auth_type\":\"iam\",\"bound_iam_principal_arn\":\"arn:aws:iam::"
                + AmazonAccount.ID + ":role/node\"," + Logins.POLICIES + "}");
        google = new GoogleCloud();
        logins.vault.enablePlugin("gcp", "gcp", google.environment());
        logins.vault.put("auth/gcp/config", google.configuration());
        logins.vault.put("auth/gcp/role/node", "{\"type\":\"gce\",\"bound_projects\":[\"sample\"]," + Logins.POLICIES + "}");
        azure = new AzureCloud();
        logins.vault.enablePlugin("azure", "vault-plugin-auth-azure", azure.environment());
        logins.vault.put("auth/azure/role/node", "{\"bound_service_principal_ids\":[\"" + AzureCloud.OBJECT + "\"]," + Logins.POLICIES + "}");
    }

    @AfterClass
    public static void stopServers() {
        azure.close();
        google.close();
        account.close();
        proxy.close();
        logins.close();
    }

    @After
    public void noProxyWasAsked() {
        assertEquals(0, proxy.requests().size());
    }

    /** ECS names only a path. */
    @Test
    public void theServiceOfAnEcsTask() {
        String id = Canaries.keep(UUID.randomUUID().toString());
        String path = "/v2/credentials/" + id;
        try (StandIn service = StandIn.start(request -> request.path.equals(path) ? keys() : StandIn.Answer.text(404, ""))) {
            assertReads("AWS", "169.254.170.2:80=" + service.port(), "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", path,
                    "AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/"); // the path comes first
            assertNothingOfVaults(service);
            // The path is for this container only, so that no message may show it: the JVM's output is searched for it.
            service.answer(request -> StandIn.Answer.text(403, path));
            HostProcess.Call refused = read("AWS", "169.254.170.2:80=" + service.port(), "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", path);
            Messages.assertSays(refused, "com.atlassian.secrets.api.SecretStoreException",
                    "from the container's service http://169.254.170.2: it answered 403");
        }
    }

    /** EKS names its own address, which is allowed to be plain HTTP. */
    @Test
    public void theAgentOfEksPodIdentity() {
        String token = Canaries.keep(Fixtures.randomText());
        try (StandIn service = StandIn.start(request -> request.path.equals("/v1/credentials")
                && request.header("Authorization").equals(token) ? keys() : StandIn.Answer.text(401, ""))) {
            assertReads("AWS", "169.254.170.23:80=" + service.port(),
                    "AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials",
                    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", logins.file("eks-pod-identity-token", token));
        }
    }

    @Test
    public void theMetadataServiceOfAnEc2Instance() {
        try (Ec2Metadata metadata = Ec2Metadata.start("node", "eu-central-1", node)) {
            assertReads("AWS", "169.254.169.254:80=" + metadata.port());
            assertReads("AWS", "[fd00:ec2::254]:80=" + metadata.port(), "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6");
        }
    }

    @Test
    public void theMetadataServerOfGoogleCloud() {
        google.server().forget();
        assertReads("GCP", "169.254.169.254:80=" + google.server().port());
        assertNothingOfVaults(google.server());
    }

    @Test
    public void theMetadataServiceOfAnAzureMachine() {
        azure.metadata().forget();
        assertReads("AZURE", "169.254.169.254:80=" + azure.metadata().port());
        assertNothingOfVaults(azure.metadata());
    }

    private static StandIn.Answer keys() {
        return StandIn.Answer.json(200, "{\"AccessKeyId\":" + Fixtures.json(node.id) + ",\"SecretAccessKey\":" + Fixtures.json(node.secret)
                + ",\"Token\":" + Fixtures.json(node.sessionToken) + ",\"Expiration\":\"2099-01-01T00:00:00Z\"}");
    }

    private static void assertReads(String method, String metadata, String... environment) {
        HostProcess.Call call = read(method, metadata, environment);
        assertEquals(call.toString(), Fixtures.sha256(logins.value), call.valueSha256);
    }

    private static HostProcess.Call read(String method, String metadata, String... environment) {
        int vault = URI.create(logins.vault.address()).getPort();
        String viaProxy = "http://127.0.0.1:" + proxy.port();
        try (CloudNetwork network = new CloudNetwork(metadata, "127.0.0.1:" + vault + '=' + vault,
                "127.0.0.1:" + proxy.port() + '=' + proxy.port())) {
            HostProcess jvm = HostProcess.loading(VaultSecretStore.class.getName()).javaHome(network.javaHome())
                    .environment("http_proxy", viaProxy).environment("HTTP_PROXY", viaProxy).environment("NO_PROXY", "127.0.0.1")
                    .environment("VAULT_HEADERS", "{\"X-Gateway\":\"" + Canaries.keep(Fixtures.randomText()) + "\"}");
            for (int i = 0; i + 1 < environment.length; i += 2) {
                jvm.environment(environment[i], environment[i + 1]);
            }
            return jvm.call(logins.text(method, "role", "node", "azureResource", AzureCloud.RESOURCE)).only();
        }
    }

    private static void assertNothingOfVaults(StandIn service) {
        assertFalse(service.requests().isEmpty());
        for (StandIn.Request request : service.requests()) {
            String headers = request.headers().toLowerCase();
            assertFalse(headers, headers.contains("x-vault") || headers.contains("x-gateway") || headers.contains("proxy"));
        }
    }
}

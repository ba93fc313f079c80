package dev.vaultcipher.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.interfaces.RSAPublicKey;
import java.util.Base64;

/**
 * What stands for Azure: the metadata service of a virtual machine and of App Service, in plain HTTP, and the tenant's authority and
 * the resource manager, in HTTPS with a CA of their own, which Vault's method reaches through a proxy.
 */
public final class AzureCloud implements AutoCloseable {
    public static final String TENANT = "11111111-2222-3333-4444-555555555555";
    public static final String SUBSCRIPTION = "66666666-7777-8888-9999-000000000000";
    public static final String OBJECT = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";
    public static final String CLIENT = "99999999-8888-7777-6666-555555555555";
    public static final String RESOURCE = "https://vault.example.com";
    private static final String MACHINE = "/subscriptions/" + SUBSCRIPTION
            + "/resourceGroups/servers/providers/Microsoft.Compute/virtualMachines/vm-1";

    private static final String SCALE_SET = MACHINE.replace("virtualMachines/vm-1", "virtualMachineScaleSets/set-1");

    /** What App Service wants to be asked with. */
    public final String header = Canaries.keep(Fixtures.randomText());
    /** The token that a pod has. */
    public final String federated = new JwtIssuer().jwt("api://AzureADTokenExchange", 600);

    /** Whether the machine is one of the scale set {@code set-1}. */
    public volatile boolean inScaleSet;

    private final Cleanup cleanup = new Cleanup();
    private final Path folder = cleanup.folder("azure");
    private final TestCertificate ca = TestCertificate.ca("Azure CA");
    private final KeyPair key = TestCertificate.key("RSA2048");
    private final StandIn metadata = StandIn.start(this::metadata);
    private final StandIn services;
    private final ConnectProxy proxy;

    public AzureCloud() {
        services = StandIn.startTls(ca.issue("DNS:login.microsoftonline.com", "DNS:login.microsoft.com", "DNS:management.azure.com"),
                folder, this::services);
        try {
            Files.writeString(folder.resolve("ca.pem"), ca.pem());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        proxy = new ConnectProxy(services.port());
    }

    /** http://HOST:PORT of the metadata service. */
    public String address() {
        return metadata.address();
    }

    public StandIn metadata() {
        return metadata;
    }

    /** The requests to the authority and the resource manager. */
    public StandIn authority() {
        return services;
    }

    /** The proxy through which the authority is reached. */
    public String proxy() {
        return proxy.address();
    }

    /** The CA of the authority: PEM. */
    public String caFile() {
        return folder.resolve("ca.pem").toString();
    }

    public TestCertificate ca() {
        return ca;
    }

    /** The environment of Vault's method, which OpenBao cannot configure otherwise. The metadata service is reached as its proxy. */
    public String[] environment() {
        return new String[] {"AZURE_TENANT_ID=" + TENANT, "AZURE_AD_RESOURCE=" + RESOURCE, "HTTPS_PROXY=" + proxy(),
            "HTTP_PROXY=" + address(), "SSL_CERT_FILE=" + caFile()};
    }

    private StandIn.Answer metadata(StandIn.Request request) {
        boolean appService = request.header("X-IDENTITY-HEADER").equals(header);
        if (!appService && !request.header("Metadata").equals("true")) {
            return StandIn.Answer.json(400, "{\"error\":\"Bad request. Required metadata header not specified\"}");
        }
        switch (request.path) {
            case "/metadata/identity/oauth2/token":
            case "/msi/token":
                String client = request.query.getOrDefault("client_id", CLIENT);
                if (!client.equals(CLIENT)) {
                    return StandIn.Answer.json(400, "{\"error\":\"invalid_request\",\"error_description\":\"Identity not found\"}");
                }
                return StandIn.Answer.json(200, token(request.query.get("resource"), request.path.startsWith("/metadata")));
            case "/metadata/instance":
                return StandIn.Answer.json(200, "{\"compute\":{\"name\":\"vm-1\",\"resourceGroupName\":\"servers\","
                        + "\"subscriptionId\":\"" + SUBSCRIPTION + "\",\"vmScaleSetName\":\"" + (inScaleSet ? "set-1" : "") + "\"}}");
            default: return StandIn.Answer.json(404, "{}");
        }
    }

    private StandIn.Answer services(StandIn.Request request) {
        String authority = "https://login.microsoftonline.com/" + TENANT;
        if (request.path.endsWith("/.well-known/openid-configuration")) {
            return StandIn.Answer.json(200, "{\"issuer\":\"https://sts.windows.net/" + TENANT + "/\",\"jwks_uri\":\"" + authority
                    + "/keys\",\"token_endpoint\":\"" + authority + "/oauth2/v2.0/token\",\"authorization_endpoint\":\"" + authority
                    + "/authorize\"}");
        }
        if (request.path.endsWith("/keys")) {
            RSAPublicKey publicKey = (RSAPublicKey) key.getPublic();
            return StandIn.Answer.json(200, "{\"keys\":[{\"kty\":\"RSA\",\"use\":\"sig\",\"alg\":\"RS256\",\"kid\":\"azure-1\",\"n\":\""
                    + base64(publicKey.getModulus()) + "\",\"e\":\"" + base64(publicKey.getPublicExponent()) + "\"}]}");
        }
        if (request.path.equals('/' + TENANT + "/oauth2/v2.0/token")) {
            boolean right = federated.equals(request.form().get("client_assertion")) && CLIENT.equals(request.form().get("client_id"));
            return right ? StandIn.Answer.json(200, token(request.form().get("scope").replace("/.default", ""), false))
                    : StandIn.Answer.json(401, "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS70021: No matching federated "
                            + "identity record found for presented assertion " + request.form().get("client_assertion") + "\"}");
        }
        if (request.path.equalsIgnoreCase(MACHINE) || request.path.equalsIgnoreCase(SCALE_SET)) {
            return StandIn.Answer.json(200, "{\"location\":\"westeurope\",\"identity\":{\"type\":\"SystemAssigned\","
                    + "\"principalId\":\"" + OBJECT + "\",\"tenantId\":\"" + TENANT + "\"}}");
        }
        return StandIn.Answer.json(404, "{\"error\":{\"code\":\"NotFound\",\"message\":\"" + request.path + "\"}}");
    }

    private String token(String resource, boolean ofMachine) {
        long now = SignedToken.now();
        String jwt = SignedToken.of("{\"iss\":\"https://sts.windows.net/" + TENANT + "/\",\"aud\":" + Fixtures.json(resource)
                + ",\"oid\":\"" + OBJECT + "\",\"sub\":\"" + OBJECT + "\",\"tid\":\"" + TENANT + "\",\"appid\":\"" + CLIENT
                + "\",\"iat\":" + now + ",\"nbf\":" + now + ",\"exp\":" + (now + 3600)
                + (ofMachine ? ",\"xms_mirid\":\"" + (inScaleSet ? SCALE_SET : MACHINE) + '"' : "") + "}", key, "azure-1");
        return "{\"access_token\":\"" + jwt + "\",\"expires_in\":\"3600\",\"expires_on\":\"" + (now + 3600) + "\",\"resource\":"
                + Fixtures.json(resource) + ",\"token_type\":\"Bearer\"}";
    }

    private static String base64(BigInteger number) {
        byte[] bytes = number.toByteArray();
        int sign = bytes[0] == 0 ? 1 : 0;
        return Base64.getUrlEncoder().withoutPadding().encodeToString(java.util.Arrays.copyOfRange(bytes, sign, bytes.length));
    }

    @Override
    public void close() {
        proxy.close();
        metadata.close();
        services.close();
        cleanup.close();
    }
}

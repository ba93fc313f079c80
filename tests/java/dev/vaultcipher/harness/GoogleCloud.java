package dev.vaultcipher.harness;

/**
 * What stands for Google Cloud: the metadata server of a virtual machine or pod, the certificates that Vault checks tokens with,
 * and IAM and Compute, at one address.
 */
public final class GoogleCloud implements AutoCloseable {
    public static final String ACCOUNT = "server@sample.iam.gserviceaccount.com";
    private static final String ACCOUNT_ID = "112233445566";
    private static final String INSTANCE = "/projects/sample/zones/europe-west3-a/instances/vm-1";

    private final TestCertificate google = TestCertificate.named("google").key(TestCertificate.key("RSA2048")).build();
    private final TestCertificate account = TestCertificate.named("account").key(TestCertificate.key("RSA2048")).build();
    private final String accessToken = Canaries.keep("ya29." + Fixtures.randomText());
    private final StandIn server = StandIn.start(this::answer);
    /** Whether the identity token names a virtual machine, as on GCE and not on GKE. */
    public volatile boolean machine = true;
    /** The audience of identity tokens instead of the one that is asked for, or null. */
    public volatile String audience;

    /** host:port, for GCE_METADATA_HOST. */
    public String host() {
        return server.hostAndPort();
    }

    public String address() {
        return server.address();
    }

    public StandIn server() {
        return server;
    }

    /** The settings of Vault's method: JSON. */
    public String configuration() {
        String address = Fixtures.json(address());
        return "{\"custom_endpoint\":{\"api\":" + address + ",\"iam\":" + address + ",\"crm\":" + address + ",\"compute\":"
                + address + "}}";
    }

    /** The environment of Vault's method. */
    public String environment() {
        return "GCE_METADATA_HOST=" + host();
    }

    /** The key file of the service account. */
    public String keyFile() {
        return "{\"type\":\"service_account\",\"project_id\":\"sample\",\"private_key_id\":\"account-1\",\"private_key\":"
                + Fixtures.json(account.keyPem()) + ",\"client_email\":\"" + ACCOUNT + "\",\"client_id\":\"" + ACCOUNT_ID + "\"}";
    }

    private StandIn.Answer answer(StandIn.Request request) {
        String path = request.path.replaceAll("^/+", "/");
        if (path.startsWith("/computeMetadata/")) {
            return request.header("Metadata-Flavor").equals("Google") ? metadata(path, request)
                    : StandIn.Answer.text(403, "Missing required header Metadata-Flavor");
        }
        if (path.equals("/oauth2/v1/certs")) {
            return StandIn.Answer.json(200, "{\"google-1\":" + Fixtures.json(google.pem()) + "}");
        }
        if (path.equals("/service_accounts/v1/metadata/x509/" + ACCOUNT)) {
            return StandIn.Answer.json(200, "{\"account-1\":" + Fixtures.json(account.pem()) + "}");
        }
        if (!request.header("Authorization").equals("Bearer " + accessToken)) {
            return StandIn.Answer.json(401, "{\"error\":{\"code\":401,\"message\":\"no access token\"}}");
        }
        if (path.endsWith(":signJwt")) {
            String payload = Fixtures.jsonText(request.body, "payload");
            return StandIn.Answer.json(200, "{\"keyId\":\"account-1\",\"signedJwt\":\""
                    + SignedToken.of(payload, account.key(), "account-1") + "\"}");
        }
        if (path.equals("/v1/projects/-/serviceAccounts/" + ACCOUNT) || path.equals("/v1/projects/-/serviceAccounts/" + ACCOUNT_ID)) {
            return StandIn.Answer.json(200, "{\"name\":\"projects/sample/serviceAccounts/" + ACCOUNT + "\",\"projectId\":\"sample\","
                    + "\"uniqueId\":\"" + ACCOUNT_ID + "\",\"email\":\"" + ACCOUNT + "\"}");
        }
        if (path.endsWith(INSTANCE)) {
            return StandIn.Answer.json(200, "{\"id\":\"99\",\"name\":\"vm-1\",\"status\":\"RUNNING\",\"zone\":\"" + address()
                    + "/projects/sample/zones/europe-west3-a\",\"selfLink\":\"" + address() + INSTANCE
                    + "\",\"creationTimestamp\":\"2026-01-01T00:00:00.000Z\"}");
        }
        return StandIn.Answer.json(404, "{\"error\":{\"code\":404,\"message\":\"not found\"}}");
    }

    private StandIn.Answer metadata(String path, StandIn.Request request) {
        switch (path.substring("/computeMetadata/v1/".length())) {
            case "instance/service-accounts/default/identity":
                return StandIn.Answer.text(200, identityToken(audience == null ? request.query.get("audience") : audience));
            case "instance/service-accounts/default/email": return StandIn.Answer.text(200, ACCOUNT);
            case "instance/service-accounts/default/token":
                return StandIn.Answer.json(200, "{\"access_token\":\"" + accessToken + "\",\"expires_in\":3599,\"token_type\":\"Bearer\"}");
            case "project/project-id": return StandIn.Answer.text(200, "sample", "Metadata-Flavor", "Google");
            default: return StandIn.Answer.text(404, "");
        }
    }

    private String identityToken(String forAudience) {
        long now = SignedToken.now();
        String compute = ",\"google\":{\"compute_engine\":{\"project_id\":\"sample\",\"project_number\":1,"
                + "\"zone\":\"europe-west3-a\",\"instance_id\":\"99\",\"instance_name\":\"vm-1\",\"instance_creation_timestamp\":"
                + now + "}}";
        return SignedToken.of("{\"iss\":\"https://accounts.google.com\",\"aud\":" + Fixtures.json(forAudience) + ",\"sub\":\""
                + ACCOUNT_ID + "\",\"email\":\"" + ACCOUNT + "\",\"iat\":" + now + ",\"exp\":" + (now + 3600)
                + (machine ? compute : "") + "}", google.key(), "google-1");
    }

    @Override
    public void close() {
        server.close();
    }
}

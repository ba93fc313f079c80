package dev.vaultcipher.login;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.AmazonAccount;
import dev.vaultcipher.harness.AmazonAccount.Keys;
import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.ConnectProxy;
import dev.vaultcipher.harness.Ec2Metadata;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.JwtIssuer;
import dev.vaultcipher.harness.Logins;
import dev.vaultcipher.harness.Messages;
import dev.vaultcipher.harness.ScriptedPeer;
import dev.vaultcipher.harness.StandIn;
import dev.vaultcipher.harness.TestCertificate;
import dev.vaultcipher.harness.VaultServer;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** AWS: Vault's own method as a plugin, moto as STS and IAM, which checks the signatures. */
public class AwsLoginTest {
    private static final String FAILURE = "com.atlassian.secrets.api.SecretStoreException";
    private static final String POD = "arn:aws:iam::" + AmazonAccount.ID + ":role/pod";

    private static Logins logins;
    private static AmazonAccount account;
    private static Keys user;
    private static Keys session;
    private static Keys pod;

    @BeforeClass
    public static void startServers() {
        logins = new Logins(VaultServer.startWithPlugins());
        account = AmazonAccount.start();
        user = account.createUser("app");
        account.createUser("other");
        for (String role : new String[] {"node", "pod"}) {
            account.createRole(role);
        }
        session = account.assumeRole("node", "i-0abc");
        pod = account.assumeRole("pod", "vault-cipher");
        account.checkSignatures();
        logins.vault.enablePlugin("aws", "aws");
        logins.vault.put("auth/aws/config/client", "{" + account.configuration() + "}");
        createRole("aws", "app", "user/app");
        createRole("aws", "node", "role/node");
        createRole("aws", "pod", "role/pod");
        createRole("aws", "others", "user/other");
        logins.vault.put("sys/auth/aws-bound", "{\"type\":\"aws\"}");
        logins.vault.put("auth/aws-bound/config/client",
                "{" + account.configuration() + ",\"iam_server_id_header_value\":\"vault.example.com\"}");
        createRole("aws-bound", "app", "user/app");
    }

    private static void createRole(String mount, String name, String principal) {
        logins.vault.put("auth/" + mount + "/role/" + name, "{\"auth_type\":\"iam\",\"bound_iam_principal_arn\":\"arn:aws:iam::"
                + AmazonAccount.ID + ":" + principal + "\"," + Logins.POLICIES + "}");
    }

    @AfterClass
    public static void stopServers() {
        account.close();
        logins.close();
    }

    // The sources.

    @Test
    public void theKeysOfTheEnvironmentComeFirst() {
        assertReads(read(text("app"), keys(user)));
        // A role's keys have a session token; the region's STS is one of its own.
        assertReads(read(text("node", "awsRegion", "eu-central-1"), keys(session, "AWS_SESSION_TOKEN", session.sessionToken)));
        // Whatever else is set.
        assertReads(read(text("app"), keys(user, "AWS_PROFILE", "none", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/")));
    }

    @Test
    public void theSharedCredentialsFileHasProfiles() {
        String file = logins.file("credentials", "[default]\naws_access_key_id = " + user.id + "\naws_secret_access_key = "
                + user.secret + "\n\n[node]\naws_access_key_id=" + session.id + "\naws_secret_access_key=" + session.secret
                + "\naws_session_token=" + session.sessionToken + "\nregion=eu-west-1\n");
        assertReads(read(text("app"), "AWS_SHARED_CREDENTIALS_FILE", file));
        assertReads(read(text("node"), "AWS_SHARED_CREDENTIALS_FILE", file, "AWS_PROFILE", "node"));
        assertFails(read(text("app"), "AWS_SHARED_CREDENTIALS_FILE", file, "AWS_PROFILE", "nobody"),
                "from the profile \"nobody\" of \"" + file + "\": it has no keys, and environment variable AWS_PROFILE names it");
    }

    /** What AWS's own tools would do here we do not: the next source, or the keys beside it, would be somebody else. */
    @Test
    public void aProfileThatLeadsElsewhereIsRefusedWithWords() {
        String keys = "aws_access_key_id = " + session.id + "\naws_secret_access_key = " + session.secret + "\naws_session_token = "
                + session.sessionToken + '\n';
        String role = "role_arn = " + POD + '\n';
        String[][] profiles = {{"credential_process = /bin/true\n", "they come from a program, and vault-cipher starts none"},
            {"sso_session = company\nsso_account_id = 1\n", "they come from a log-in of a person (SSO)"},
            {"sso_start_url = https://company.example.com/start\n", "they come from a log-in of a person (SSO)"},
            {role + "source_profile = base\n[base]\n" + keys, "the role " + POD + " is assumed by the profile \"base\""},
            {role + "source_profile = default\n" + keys, "the role " + POD + " is assumed by the profile \"default\""},
            {role + "credential_source = Ec2InstanceMetadata\n", "the role " + POD + " is assumed by the credentials of Ec2InstanceMetadata"},
            {role, "it names a role (role_arn) and nothing that may assume it"},
            {"aws_access_key_id = \"AKIA and more\"\naws_secret_access_key = x\n", "they are no keys: they hold other than visible ASCII"},
            {"aws_access_key_id = " + session.id + '\n', "it has only one of aws_access_key_id and aws_secret_access_key"}};
        try (Ec2Metadata metadata = Ec2Metadata.start("node", "eu-central-1", session)) {
            for (int i = 0; i < profiles.length; i++) {
                String file = logins.file("elsewhere-" + i, "[default]\n" + profiles[i][0]);
                assertFails(read(text("node"), "AWS_SHARED_CREDENTIALS_FILE", file, "AWS_EC2_METADATA_SERVICE_ENDPOINT",
                        metadata.address()), "from the profile \"default\" of \"" + file + "\"", profiles[i][1], "VC1605");
            }
        }
        // Keys before a program's: as AWS's own tools take them.
        assertReads(read(text("node"), "AWS_SHARED_CREDENTIALS_FILE",
                logins.file("both", "[default]\n" + keys + "credential_process = /bin/true\n")));
    }

    @Test
    public void aProfilesTokenFileThatIsNotThereIsNamedWithItsProfile() {
        String config = logins.file("config", "[default]\nrole_arn = " + POD + "\nweb_identity_token_file = /nowhere/token\n");
        assertFails(read(text("pod", "timeout", "0"), "AWS_CONFIG_FILE", config), "The web identity token file \"/nowhere/token\" (from "
                + "web_identity_token_file of the AWS profile) does not exist");
    }

    @Test
    public void aPodsTokenIsExchangedForTheKeysOfItsRole() {
        String token = new JwtIssuer().jwt("sts.amazonaws.com", 600);
        String[] environment = {"AWS_WEB_IDENTITY_TOKEN_FILE", logins.file("irsa", token + "\n"), "AWS_ROLE_ARN", POD, "AWS_REGION",
            "eu-central-1", "AWS_ENDPOINT_URL_STS", account.address()};
        // The request for the keys is not signed, what is done with them is.
        account.allowOneUnsignedRequest();
        assertReads(read(text("pod"), environment));
        // What moto does not look at.
        try (StandIn sts = StandIn.start(request -> request.form().get("Action").equals("AssumeRoleWithWebIdentity")
                && request.form().get("RoleArn").equals(POD) && request.form().get("WebIdentityToken").equals(token)
                ? StandIn.Answer.xml(200, "<AssumeRoleWithWebIdentityResponse><Credentials><AccessKeyId>" + pod.id
                        + "</AccessKeyId><SecretAccessKey>" + pod.secret + "</SecretAccessKey><SessionToken>" + pod.sessionToken
                        + "</SessionToken></Credentials></AssumeRoleWithWebIdentityResponse>")
                : StandIn.Answer.xml(400, "<Error><Code>InvalidIdentityToken</Code><Message>no</Message></Error>"))) {
            environment[7] = sts.address();
            assertReads(read(text("pod"), environment));
            assertEquals("", sts.requests().get(0).header("Authorization"));
        }
    }

    /** Without an address of its own STS is that of the region: it is reached through the proxy, with what Java trusts. */
    @Test
    public void aPodsTokenIsExchangedAtTheRegionsOwnSts() {
        TestCertificate ca = TestCertificate.ca("Amazon CA");
        Path folder = Paths.get(logins.path("sts")).getParent();
        String token = logins.file("irsa-regional", new JwtIssuer().jwt("sts.amazonaws.com", 600));
        try (StandIn sts = StandIn.startTls(ca.issue("DNS:sts.eu-central-1.amazonaws.com"), folder,
                request -> StandIn.Answer.xml(200, "<Credentials><AccessKeyId>" + pod.id + "</AccessKeyId><SecretAccessKey>" + pod.secret
                        + "</SecretAccessKey><SessionToken>" + pod.sessionToken + "</SessionToken></Credentials>"));
                ConnectProxy proxy = new ConnectProxy(sts.port())) {
            String[] environment = {"AWS_WEB_IDENTITY_TOKEN_FILE", token, "AWS_ROLE_ARN", POD, "HTTPS_PROXY", proxy.address(),
                "VAULT_CACERT", logins.file("amazon-ca", ca.pem()), "AWS_REGION", "eu-central-1"};
            assertReads(read(text("pod"), environment));
            assertEquals("sts.eu-central-1.amazonaws.com", sts.requests().get(0).header("Host"));
            // The certificate is that of the one region only.
            environment[9] = "eu-west-1";
            assertFails(read(text("pod"), environment), "https://sts.eu-west-1.amazonaws.com gave no answer: TLS failed");
        }
    }

    /** Each source has the keys of the role pod, and the one that comes next those of the role node, which Vault refuses. */
    @Test
    public void eachSourceComesBeforeTheNext() {
        String token = logins.file("order-jwt", new JwtIssuer().jwt("sts.amazonaws.com", 600));
        try (StandIn sts = StandIn.start(request -> StandIn.Answer.xml(200, "<AccessKeyId>" + pod.id + "</AccessKeyId><SecretAccessKey>"
                + pod.secret + "</SecretAccessKey><SessionToken>" + pod.sessionToken + "</SessionToken>"));
                StandIn podsService = StandIn.start(request -> StandIn.Answer.json(200, keysAsJson(pod)));
                StandIn nodesService = StandIn.start(request -> StandIn.Answer.json(200, keysAsJson(session)));
                StandIn metadata = StandIn.start(AwsLoginTest::instance)) {
            String[] nodesProfile = {"AWS_SHARED_CREDENTIALS_FILE", profile("order-node", session)};
            String[] podsProfile = {"AWS_SHARED_CREDENTIALS_FILE", profile("order-pod", pod)};
            String[] podsToken = {"AWS_WEB_IDENTITY_TOKEN_FILE", token, "AWS_ROLE_ARN", POD, "AWS_ENDPOINT_URL_STS", sts.address()};
            String[] nodesContainer = {"AWS_CONTAINER_CREDENTIALS_FULL_URI", nodesService.address()};
            String[] podsContainer = {"AWS_CONTAINER_CREDENTIALS_FULL_URI", podsService.address()};
            String[] instance = {"AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.address()};
            assertReads(read(text("pod"), join(keys(pod, "AWS_SESSION_TOKEN", pod.sessionToken), nodesProfile)));
            assertReads(read(text("pod"), join(podsProfile, "AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere", "AWS_ROLE_ARN", POD)));
            assertReads(read(text("pod"), join(podsToken, nodesContainer)));
            assertReads(read(text("pod"), join(podsContainer, instance)));
            assertEquals(0, nodesService.requests().size() + metadata.requests().size());
            assertReads(read(text("node"), instance));
        }
    }

    @Test
    public void aPodsTokenThatIsWrittenLateIsWaitedFor() throws Exception {
        String token = new JwtIssuer().jwt("sts.amazonaws.com", 600);
        try (StandIn service = StandIn.start(request -> request.header("Authorization").equals(token)
                ? StandIn.Answer.json(200, keysAsJson(session)) : StandIn.Answer.text(401, "no"))) {
            CompletableFuture<String> late = CompletableFuture.supplyAsync(() -> logins.file("late", token),
                    CompletableFuture.delayedExecutor(2, TimeUnit.SECONDS));
            HostProcess.Call call = read(text("node"), "VAULT_CLIENT_TIMEOUT", "60", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
                    logins.path("late"), "AWS_CONTAINER_CREDENTIALS_FULL_URI", service.address() + "/v1/credentials");
            late.get();
            assertReads(call);
        }
    }

    @Test
    public void aContainersServiceIsAskedWithItsToken() {
        String token = Canaries.keep(Fixtures.randomText());
        try (StandIn service = StandIn.start(request -> request.header("Authorization").equals(token) && request.path.equals("/v1/keys")
                ? StandIn.Answer.json(200, keysAsJson(session)) : StandIn.Answer.text(401, "no"))) {
            String[] environment = {"AWS_CONTAINER_CREDENTIALS_FULL_URI", service.address() + "/v1/keys",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", logins.file("pod-identity", token + "\n")};
            assertReads(read(text("node"), environment));
            assertReads(read(text("node"), "AWS_CONTAINER_CREDENTIALS_FULL_URI", service.address() + "/v1/keys",
                    "AWS_CONTAINER_AUTHORIZATION_TOKEN", token));
            // The file is the newer of the two.
            assertReads(read(text("node"), join(environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN", "an-old-token")));
            assertFails(read(text("node"), "AWS_CONTAINER_CREDENTIALS_FULL_URI", service.address() + "/v1/keys",
                    "AWS_CONTAINER_AUTHORIZATION_TOKEN", "two words"), "its authorization token of 9 bytes is none");
            assertFails(read(text("node"), "AWS_CONTAINER_CREDENTIALS_FULL_URI", service.address() + "/v1/keys"),
                    "from the container's service " + service.address() + ": it answered 401", "list-pod-identity-associations");
            // The next source would be the node's role, which is somebody else.
        }
    }

    @Test
    public void anInstancesMetadataServiceIsAskedLastAndInItsSecondVersion() {
        try (Ec2Metadata metadata = Ec2Metadata.start("node", "eu-central-1", session)) {
            assertReads(read(text("node"), "AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.address()));
            // Whom the mount does not know: the message says what was looked at before.
            assertFails(read(text("app"), "AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.address(),
                    "AWS_ENDPOINT_URL_STS", account.address()),
                    "as arn:aws:sts::" + AmazonAccount.ID + ":assumed-role/node/i-0abc, with role \"app\"",
                    "the region eu-central-1 (from where the credentials are)",
                    "of the instance's metadata service " + metadata.address() + ", role node; before it were looked at: "
                            + "the environment variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: not set; "
                            + "the shared credentials file: there is none; the web identity token",
                    "vault write auth/aws/role/app bound_iam_principal_arn=arn:aws:iam::" + AmazonAccount.ID + ":role/node");
        }
    }

    // What keeps the metadata addresses and the credentials safe.

    @Test
    public void aMetadataAddressGetsNothingOfVaultsAndIsNeverAskedThroughAProxy() {
        String header = Canaries.keep(Fixtures.randomText());
        try (StandIn proxy = StandIn.start(request -> StandIn.Answer.text(200, "a proxy"));
                StandIn metadata = StandIn.start(AwsLoginTest::instance)) {
            HostProcess jvm = jvm("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.address().replace("127.0.0.1", "localhost"),
                    "http_proxy", proxy.address(), "HTTP_PROXY", proxy.address(), "NO_PROXY", "127.0.0.1",
                    "VAULT_HEADERS", "{\"X-Gateway\":\"" + header + "\"}", "VAULT_NAMESPACE", "root", "VAULT_TOKEN", header);
            assertReads(jvm.call(text("node")).only());
            assertEquals(0, proxy.requests().size());
            List<String> asked = new ArrayList<>();
            for (StandIn.Request request : metadata.requests()) {
                asked.add(request.method + " " + request.path);
                String headers = request.headers().toLowerCase();
                assertFalse(headers, headers.contains("vault-") && !headers.contains("vault-cipher/") || headers.contains("x-gateway"));
            }
            assertEquals("[PUT /latest/api/token, GET /latest/meta-data/iam/security-credentials/, "
                    + "GET /latest/meta-data/iam/security-credentials/node, GET /latest/meta-data/placement/region]", asked.toString());
        }
    }

    private static StandIn.Answer instance(StandIn.Request request) {
        switch (request.path) {
            case "/latest/api/token": return StandIn.Answer.text(200, "session-token");
            case "/latest/meta-data/iam/security-credentials/": return StandIn.Answer.text(200, "node");
            case "/latest/meta-data/iam/security-credentials/node": return StandIn.Answer.json(200, keysAsJson(session));
            default: return StandIn.Answer.text(404, "");
        }
    }

    @Test
    public void aSilentMetadataAddressCostsTwoSecondsAndARedirectIsNotFollowed() {
        try (ScriptedPeer silent = ScriptedPeer.silent(); StandIn target = StandIn.start(AwsLoginTest::instance);
                StandIn redirecting = StandIn.start(request -> StandIn.Answer.text(302, "", "Location",
                        target.address() + request.path))) {
            long start = System.nanoTime(); // by time: a silent address must not take the whole budget
            assertFails(read(text("node", "timeout", "60"), "AWS_EC2_METADATA_SERVICE_ENDPOINT", silent.address()),
                    "authenticationType AWS finds no identity of this machine; looked at: the environment variables",
                    "the instance's metadata service " + silent.address() + ": no complete answer within 1 s",
                    "--http-put-response-hop-limit 2", "What to do: give this machine a role", "VC1605");
            double seconds = (System.nanoTime() - start) / 1e9;
            assertTrue(seconds + " s", seconds > 2 && seconds < 8);
            assertFails(read(text("node"), "AWS_EC2_METADATA_SERVICE_ENDPOINT", redirecting.address()),
                    "it answered 302, a redirect, which is not followed");
            assertEquals(0, target.requests().size());
        }
    }

    @Test
    public void credentialsAreNotFetchedOverTheNetInPlainText() {
        assertFails(read(text("app"), "AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://keys.example.com/"),
                "environment variable AWS_CONTAINER_CREDENTIALS_FULL_URI cannot be used", "without encryption");
        assertFails(read(text("pod"), "AWS_WEB_IDENTITY_TOKEN_FILE", logins.file("plain", new JwtIssuer().jwt("a", 60)),
                "AWS_ROLE_ARN", POD, "AWS_ENDPOINT_URL_STS", "http://sts.example.com"), "without encryption");
        for (String elsewhere : new String[] {"http://127.example.com/", "http://10.0.0.1/", "http://169.254.170.2.example.com/",
            "http://169.254.170.2@keys.example.com/", "http://169.254.169.254/", "http://[fd00:ec2::254]/"}) {
            assertFails(read(text("app"), "AWS_CONTAINER_CREDENTIALS_FULL_URI", elsewhere), "without encryption");
        }
        for (String odd : new String[] {"169.254.170.23/v1", "localhost:80/v1", "ftp://127.0.0.1/"}) {
            assertFails(read(text("app"), "AWS_CONTAINER_CREDENTIALS_FULL_URI", odd), "it is not a URL that begins with http:// or https://");
        }
        assertFails(read(text("app"), "AWS_EC2_METADATA_SERVICE_ENDPOINT", "169.254.169.254"), "it is not a URL");
        // What is allowed is asked.
        for (String allowed : new String[] {"https://localhost:1", "http://127.1.2.3:1", "http://[::1]:1", "http://[fd00:ec2::23]"}) {
            assertFails(read(text("app"), "AWS_CONTAINER_CREDENTIALS_FULL_URI", allowed + "/keys"),
                    "from the container's service " + allowed + ": gave no answer");
        }
    }

    // What is missing or wrong on this machine.

    @Test
    public void aSourceThatIsSetAndFailsIsTheEndOfTheSearch() {
        assertFails(read(text("app"), "AWS_ACCESS_KEY_ID", user.id), "only one of the two is set");
        assertFails(read(text("pod"), "AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere/token", "AWS_ROLE_ARN", POD),
                "The web identity token file \"/nowhere/token\" (from environment variable AWS_WEB_IDENTITY_TOKEN_FILE) does not exist");
        assertFails(read(text("pod"), "AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere/token"), "AWS_ROLE_ARN is not set");
        String pasted = "eyJ" + Fixtures.randomText();
        HostProcess.Call notQuoted = read(text("pod"), "AWS_WEB_IDENTITY_TOKEN_FILE", pasted);
        assertFails(notQuoted, "AWS_ROLE_ARN is not set", "(its content, where a path belongs)");
        assertFalse(notQuoted.toString().contains(pasted));
        try (StandIn sts = StandIn.start(request -> StandIn.Answer.xml(403, "<ErrorResponse><Error><Code>AccessDenied</Code>"
                + "<Message>Not authorized to perform sts:AssumeRoleWithWebIdentity " + request.form().get("WebIdentityToken")
                + "</Message></Error></ErrorResponse>"))) {
            String token = logins.file("untrusted", new JwtIssuer().jwt("sts.amazonaws.com", 600));
            assertFails(read(text("pod"), "AWS_WEB_IDENTITY_TOKEN_FILE", token, "AWS_ROLE_ARN", POD, "AWS_ENDPOINT_URL_STS",
                    sts.address()), "did not take the token: 403 AccessDenied: Not authorized", "sts:AssumeRoleWithWebIdentity",
                    "before it were looked at: the environment variables AWS_ACCESS_KEY_ID");
        }
        assertFails(read(text("app"), "AWS_EC2_METADATA_DISABLED", "true"), "finds no identity of this machine",
                "AWS_EC2_METADATA_DISABLED is true");
    }

    @Test
    public void anInstanceWithoutARoleIsTold() {
        try (StandIn metadata = StandIn.start(request -> request.path.equals("/latest/api/token")
                ? StandIn.Answer.text(200, "token") : StandIn.Answer.text(404, ""))) {
            assertFails(read(text("node"), "AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.address()),
                    "the instance has no role", "associate-iam-instance-profile");
        }
    }

    // Vault's refusals.

    @Test
    public void aWrongKeyIsRefusedWithWhatAwsItselfSays() {
        String[] wrong = {"AWS_ACCESS_KEY_ID", user.id, "AWS_SECRET_ACCESS_KEY", Canaries.keep(Fixtures.randomText()),
            "AWS_ENDPOINT_URL_STS", account.address()};
        assertFails(read(text("app"), wrong), "The AWS login was refused (400 error making upstream request",
                "AWS does not accept the keys (403 ", "the keys \"" + user.id + "\" of the environment variables", "which comes first");
        assertFails(read(text("app"), "AWS_ACCESS_KEY_ID", "AKIANOBODY", "AWS_SECRET_ACCESS_KEY", "none-at-all",
                "AWS_ENDPOINT_URL_STS", account.address()), "AWS does not accept the keys (403 ");
    }

    @Test
    public void theServerIdOfTheMountIsNeeded() {
        assertReads(read(text("app", "authMount", "aws-bound", "awsServerId", "vault.example.com"), keys(user)));
        assertFails(read(text("app", "authMount", "aws-bound"), keys(user)), "400 error validating X-Vault-AWS-IAM-Server-ID header",
                "no server id", "the mount wants a server id: set \"awsServerId\"", "vault read auth/aws-bound/config/client");
        assertFails(read(text("app", "authMount", "aws-bound", "awsServerId", "other"), keys(user)),
                "the server id \"other\"", "the mount wants another server id");
    }

    @Test
    public void anotherPrincipalAndAnUnknownRoleAreTold() {
        assertFails(read(text("others"), keys(user, "AWS_ENDPOINT_URL_STS", account.address())),
                "400 IAM Principal \"arn:aws:iam::" + AmazonAccount.ID + ":user/app\" does not belong to the role \"others\"",
                "as arn:aws:iam::" + AmazonAccount.ID + ":user/app, with role \"others\" at auth mount \"aws\", no server id",
                "(1) the role is bound to other principals: vault write auth/aws/role/others bound_iam_principal_arn=arn:aws:iam::"
                        + AmazonAccount.ID + ":user/app");
        assertFails(read(text("nope"), keys(user)), "400 entry for role nope not found", "vault list auth/aws/roles");
        assertFails(read(text("app", "authMount", "elsewhere"), keys(user)), "403 permission denied",
                "(1) there is no AWS auth method at \"elsewhere\"");
    }

    /** Moto does not look at the time of a signature: a scripted STS says what the real one says. */
    @Test
    public void aClockThatIsOffAndAnotherRegionAreNotTakenForWrongKeys() {
        String[] said = {"Signature expired: 20260101T000000Z is now earlier than 20260102T000000Z",
            "Credential should be scoped to a valid region. "};
        String[] told = {"(1) the clock of this machine is wrong",
            "(1) Vault asks the STS of another region, or does not reach it: vault write auth/aws-scripted/config/client "
                    + "sts_endpoint=https://sts.eu-central-1.amazonaws.com sts_region=eu-central-1"};
        logins.vault.put("sys/auth/aws-scripted", "{\"type\":\"aws\"}");
        for (int i = 0; i < said.length; i++) {
            String words = said[i];
            try (StandIn sts = StandIn.start(request -> StandIn.Answer.xml(403, "<ErrorResponse><Error><Type>Sender</Type>"
                    + "<Code>SignatureDoesNotMatch</Code><Message>" + words + " The Canonical String for this request should have been 'POST "
                    + request.header("X-Amz-Security-Token") + "'</Message></Error></ErrorResponse>"))) {
                logins.vault.put("auth/aws-scripted/config/client", "{\"sts_endpoint\":\"" + sts.address() + "/sts\",\"max_retries\":0}");
                logins.vault.put("auth/aws-scripted/role/node", "{\"auth_type\":\"iam\",\"resolve_aws_unique_ids\":false,"
                        + "\"bound_iam_principal_arn\":\"arn:aws:iam::" + AmazonAccount.ID + ":role/node\"}");
                assertFails(read(text("node", "authMount", "aws-scripted", "awsRegion", "eu-central-1"), keys(session,
                        "AWS_SESSION_TOKEN", session.sessionToken, "AWS_ENDPOINT_URL_STS", sts.address())),
                        "received error code 403 from STS", words.trim(), told[i]);
            }
        }
    }

    private static String text(String role, String... fields) {
        List<String> all = new ArrayList<>(Arrays.asList(fields));
        all.addAll(List.of("role", role));
        return logins.text("AWS", all.toArray(new String[0]));
    }

    private static String[] keys(Keys keys, String... further) {
        List<String> all = new ArrayList<>(List.of("AWS_ACCESS_KEY_ID", keys.id, "AWS_SECRET_ACCESS_KEY", keys.secret));
        all.addAll(Arrays.asList(further));
        return all.toArray(new String[0]);
    }

    private static String[] join(String[] environment, String... further) {
        return Stream.concat(Arrays.stream(environment), Arrays.stream(further)).toArray(String[]::new);
    }

    /** A file with the keys as the profile default. */
    private static String profile(String name, Keys keys) {
        return logins.file(name, "[default]\naws_access_key_id = " + keys.id + "\naws_secret_access_key = " + keys.secret
                + "\naws_session_token = " + keys.sessionToken + '\n');
    }

    private static String keysAsJson(Keys keys) {
        return "{\"AccessKeyId\":" + Fixtures.json(keys.id) + ",\"SecretAccessKey\":" + Fixtures.json(keys.secret) + ",\"Token\":"
                + Fixtures.json(keys.sessionToken) + ",\"Expiration\":\"2099-01-01T00:00:00Z\"}";
    }

    private static HostProcess jvm(String... environment) {
        HostProcess jvm = HostProcess.loading(dev.vaultcipher.VaultSecretStore.class.getName());
        for (int i = 0; i + 1 < environment.length; i += 2) {
            jvm.environment(environment[i], environment[i + 1]);
        }
        return jvm;
    }

    private static HostProcess.Call read(String text, String... environment) {
        return jvm(environment).call(text).only();
    }

    private static void assertReads(HostProcess.Call call) {
        assertEquals(call.toString(), Fixtures.sha256(logins.value), call.valueSha256);
    }

    private static void assertFails(HostProcess.Call call, String... parts) {
        Messages.assertSays(call, FAILURE, parts);
    }
}

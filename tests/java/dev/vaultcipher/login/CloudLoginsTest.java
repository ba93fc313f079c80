package dev.vaultcipher.login;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.VaultSecretStore;
import dev.vaultcipher.harness.AmazonAccount;
import dev.vaultcipher.harness.AuditLog;
import dev.vaultcipher.harness.AuditedVault;
import dev.vaultcipher.harness.AzureCloud;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.GoogleCloud;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.Logins;
import dev.vaultcipher.harness.StoreSession;
import dev.vaultcipher.harness.VaultServer;
import dev.vaultcipher.harness.VaultShell;
import java.io.IOException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.AfterClass;
import org.junit.Before;
import org.junit.BeforeClass;
import org.junit.Test;

/** What every login does, of AWS, GCP and AZURE: Vault's own methods as plugins, and Vault's audit log. */
public class CloudLoginsTest {
    private static final String TOOL = "dev.vaultcipher.Tool";
    /** A start is over when nothing was called for 5 s, by the library's clock. */
    private static final double OVER = 6;

    private static Logins logins;
    private static AuditLog log;
    private static AmazonAccount amazon;
    private static AmazonAccount.Keys keys;
    private static GoogleCloud google;
    private static AzureCloud azure;

    @BeforeClass
    public static void startServers() {
        logins = new Logins(VaultServer.startWithPlugins());
        logins.vault.putSecret("sample/second", "password", logins.value);
        amazon = AmazonAccount.start();
        keys = amazon.createUser("app");
        amazon.createUser("other");
        amazon.checkSignatures();
        logins.vault.enablePlugin("aws", "aws");
        logins.vault.put("auth/aws/config/client", "{" + amazon.configuration() + "}");
        createRole("aws", "\"auth_type\":\"iam\",\"bound_iam_principal_arn\":\"arn:aws:iam::" + AmazonAccount.ID + ":user/app\"");
        google = new GoogleCloud();
        logins.vault.enablePlugin("gcp", "gcp", google.environment());
        logins.vault.put("auth/gcp/config", google.configuration());
        createRole("gcp", "\"type\":\"gce\",\"bound_projects\":[\"sample\"]");
        azure = new AzureCloud();
        logins.vault.enablePlugin("azure", "vault-plugin-auth-azure", azure.environment());
        createRole("azure", "\"bound_service_principal_ids\":[\"" + AzureCloud.OBJECT + "\"]");
        log = new AuditLog(logins.vault);
    }

    private static void createRole(String mount, String bound) {
        logins.vault.put("auth/" + mount + "/role/app", "{" + bound + "," + Logins.POLICIES + ",\"token_ttl\":\"10m\"}");
    }

    @AfterClass
    public static void stopServers() {
        azure.close();
        google.close();
        amazon.close();
        logins.close();
    }

    @Before
    public void forget() {
        log.forget();
    }

    @Test
    public void awsLogsInOnceForAStartAndRevokesItsToken() {
        logsInOnceAndRevokes("aws", amazon());
    }

    @Test
    public void gcpLogsInOnceForAStartAndRevokesItsToken() {
        logsInOnceAndRevokes("gcp", google());
    }

    @Test
    public void azureLogsInOnceForAStartAndRevokesItsToken() {
        logsInOnceAndRevokes("azure", azure());
    }

    private static void logsInOnceAndRevokes(String mount, String... environment) {
        String login = "auth/" + mount + "/login";
        String text = text(mount);
        try (StoreSession session = StoreSession.start(with(AuditedVault.jvm(), environment))) {
            session.get(text).assertValue(logins.value);
            session.get(text.replace("sample/secret", "sample/second")).assertValue(logins.value);
            session.get(text).assertValue(logins.value);
            assertEquals(1, log.tokens(mount));
            session.clockAhead(OVER);
            session.awaitNoKeeper();
            assertEquals(0, log.tokens(mount));
            assertEquals(List.of(login, "secret/data/sample/secret", "secret/data/sample/second", AuditLog.REVOKE), log.paths());
            // A start that ends with the process.
            session.get(text).assertValue(logins.value);
            assertEquals(1, log.tokens(mount));
        }
        assertEquals("at the exit", 0, log.tokens(mount));
        assertEquals(2, log.paths().stream().filter(AuditLog.REVOKE::equals).count());
    }

    @Test
    public void anInlineLoginLeavesNoToken() {
        for (String mount : List.of("aws", "gcp", "azure")) {
            log.forget();
            String inline = text(mount).replace("{\"mount\"", "{\"inlineLogin\":true,\"mount\"");
            try (StoreSession session = StoreSession.start(with(AuditedVault.jvm(), environment(mount)))) {
                session.get(inline).assertValue(logins.value);
                assertEquals(mount, 0, log.tokens(mount));
            }
            List<String> paths = log.paths();
            assertTrue(paths.toString(), paths.contains("secret/data/sample/secret") && !paths.contains(AuditLog.REVOKE));
        }
    }

    @Test
    public void doctorLogsInAsAwsAndExplainNamesTheRole() throws IOException {
        assertDoctorAndExplain("aws", "vault write auth/aws/role/app auth_type=iam bound_iam_principal_arn=ARN",
                "arn:aws:iam::" + AmazonAccount.ID + ":user/app", amazon());
    }

    @Test
    public void doctorLogsInAsGcpAndExplainNamesTheRole() throws IOException {
        assertDoctorAndExplain("gcp", "vault write auth/gcp/role/app type=iam bound_service_accounts=EMAIL", GoogleCloud.ACCOUNT, google());
    }

    @Test
    public void doctorLogsInAsAzureAndExplainNamesTheRole() throws IOException {
        assertDoctorAndExplain("azure", "vault write auth/azure/role/app bound_service_principal_ids=ID", AzureCloud.OBJECT, azure());
    }

    private static void assertDoctorAndExplain(String mount, String command, String value, String... environment) throws IOException {
        String text = text(mount);
        HostProcess.Outcome doctor = jvm(environment).run(TOOL, "doctor", text);
        assertEquals(doctor.toString(), 0, doctor.exitCode);
        String login = "the " + mount.toUpperCase() + " login (role \"app\", auth mount \"" + mount + "\")";
        assertTrue(doctor.stdout, doctor.stdout.contains(login));
        assertEquals("no token is left", 0, log.tokens(mount));
        HostProcess.Outcome refused = jvm(environment).run(TOOL, "doctor", text.replace("\"app\"", "\"nope\""));
        assertTrue(refused.toString(), refused.exitCode != 0 && refused.stdout.contains("vault list auth/" + mount + "/role"));
        HostProcess.Outcome explained = jvm().run(TOOL, "explain", text);
        assertTrue(explained.toString(), explained.stdout.contains("POST /v1/auth/" + mount + "/login"));
        // The command makes the role, once the one capital word in it is replaced.
        Matcher line = Pattern.compile("(?m)^\\s*(" + Pattern.quote(command) + ".*)$").matcher(explained.stdout);
        assertTrue(explained.toString(), line.find());
        logins.vault.request("DELETE", "auth/" + mount + "/role/app", null, logins.vault.rootToken());
        VaultShell.run(logins.vault, line.group(1).replaceFirst("=[A-Z]+\\b", "=" + value).replace("vault-cipher", "sample"));
        HostProcess.Call read = jvm(environment).call(text).only();
        assertEquals(read.toString(), Fixtures.sha256(logins.value), read.valueSha256);
    }

    /** What a refusal says is to be done is done as it stands there: then the login works. */
    @Test
    public void theCommandInARefusalCorrectsIt() throws IOException {
        logins.vault.put("auth/aws/role/wrong", "{\"auth_type\":\"iam\",\"bound_iam_principal_arn\":\"arn:aws:iam::" + AmazonAccount.ID
                + ":user/other\"," + Logins.POLICIES + "}");
        logins.vault.put("auth/gcp/role/wrong", "{\"type\":\"iam\",\"max_jwt_exp\":3600,"
                + "\"bound_service_accounts\":[\"other@sample.iam.gserviceaccount.com\"]," + Logins.POLICIES + "}");
        logins.vault.put("auth/azure/role/wrong", "{\"bound_service_principal_ids\":[\"00000000-0000-0000-0000-000000000000\"],"
                + Logins.POLICIES + "}");
        for (String mount : List.of("aws", "gcp", "azure")) {
            String text = text(mount).replace("\"app\"", "\"wrong\"");
            HostProcess.Call refused = jvm(environment(mount)).call(text).only();
            Matcher command = Pattern.compile("vault write auth/" + mount + "/role/wrong\\S* \\S+=[^\\s;]+").matcher(refused.message);
            assertTrue(refused.toString(), command.find());
            VaultShell.run(logins.vault, command.group());
            HostProcess.Call corrected = jvm(environment(mount)).call(text).only();
            assertEquals(command.group() + corrected, Fixtures.sha256(logins.value), corrected.valueSha256);
        }
    }

    private static String[] environment(String mount) {
        return mount.equals("aws") ? amazon() : mount.equals("gcp") ? google() : azure();
    }

    private static String[] amazon() {
        return new String[] {"AWS_ACCESS_KEY_ID", keys.id, "AWS_SECRET_ACCESS_KEY", keys.secret, "AWS_ENDPOINT_URL_STS", amazon.address()};
    }

    private static String[] google() {
        return new String[] {"GCE_METADATA_HOST", google.host()};
    }

    private static String[] azure() {
        return new String[] {"AZURE_POD_IDENTITY_AUTHORITY_HOST", azure.address()};
    }

    private static String text(String mount) {
        return mount.equals("azure") ? logins.text("AZURE", "role", "app", "azureResource", AzureCloud.RESOURCE)
                : logins.text(mount.toUpperCase(), "role", "app");
    }

    private static HostProcess jvm(String... environment) {
        return with(HostProcess.loading(VaultSecretStore.class.getName()), environment);
    }

    private static HostProcess with(HostProcess jvm, String... environment) {
        for (int i = 0; i + 1 < environment.length; i += 2) {
            jvm.environment(environment[i], environment[i + 1]);
        }
        return jvm;
    }
}

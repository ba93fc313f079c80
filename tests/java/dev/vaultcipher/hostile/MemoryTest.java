package dev.vaultcipher.hostile;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.AmazonAccount;
import dev.vaultcipher.harness.AzureCloud;
import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.Cleanup;
import dev.vaultcipher.harness.DocsFiles;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.GitHubApi;
import dev.vaultcipher.harness.GoogleCloud;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.JwtIssuer;
import dev.vaultcipher.harness.KubernetesCluster;
import dev.vaultcipher.harness.LdapServer;
import dev.vaultcipher.harness.Logins;
import dev.vaultcipher.harness.ProcessMemory;
import dev.vaultcipher.harness.RadiusServer;
import dev.vaultcipher.harness.StoreSession;
import dev.vaultcipher.harness.TestCertificate;
import dev.vaultcipher.harness.VaultServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.security.interfaces.ECPrivateKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/**
 * When a start is over, the process's memory holds none of the secrets of its login: the credential, the token that Vault gave,
 * and, outside of Java's own heap, the value. For every method, over HTTP and HTTPS, whether the login succeeded or was refused.
 */
public class MemoryTest {
    private static final int AT_ONCE = 3;
    private static final Pattern HEAP = Pattern.compile("Heap address: 0x([0-9a-f]+), size: (\\d+) MB");

    private static final TestCertificate CA = TestCertificate.ca("Client CA");
    private static final JwtIssuer ISSUER = new JwtIssuer();

    private static Cleanup cleanup;
    private static Logins http;
    private static Logins https;
    private static LdapServer directory;
    private static RadiusServer radius;
    private static GitHubApi github;
    private static KubernetesCluster kubernetes;
    private static AmazonAccount amazon;
    private static AmazonAccount.Keys amazonUser;
    private static GoogleCloud google;
    private static AzureCloud azure;

    @BeforeClass
    public static void startServers() throws Exception {
        cleanup = new Cleanup();
        directory = LdapServer.start("ann");
        cleanup.add(directory::close);
        radius = RadiusServer.start("ann");
        cleanup.add(radius::close);
        github = new GitHubApi();
        cleanup.add(github::close);
        kubernetes = KubernetesCluster.start();
        cleanup.add(kubernetes::close);
        kubernetes.createNamespace("atlassian");
        for (String account : List.of("bitbucket", "vault-reviewer", "intruder")) {
            kubernetes.createServiceAccount("atlassian", account);
        }
        kubernetes.bindReviewer("atlassian", "vault-reviewer");
        amazon = AmazonAccount.start();
        cleanup.add(amazon::close);
        amazonUser = amazon.createUser("app");
        amazon.createUser("other");
        amazon.checkSignatures();
        google = new GoogleCloud();
        cleanup.add(google::close);
        azure = new AzureCloud();
        cleanup.add(azure::close);
        http = logins(VaultServer.startWithPlugins());
        https = logins(VaultServer.startTlsWithPlugins());
    }

    @AfterClass
    public static void stopServers() {
        cleanup.close();
    }

    private static Logins logins(VaultServer vault) {
        Logins logins = new Logins(vault);
        cleanup.add(logins::close);
        vault.rememberTokens();
        for (String method : List.of("approle", "jwt", "cert", "userpass", "ldap", "radius")) {
            logins.enable(method, method);
        }
        vault.enablePlugin("github", "github");
        vault.put("auth/approle/role/app", "{" + Logins.POLICIES + "}");
        vault.put("auth/jwt/config", "{\"bound_issuer\":" + Fixtures.json(JwtIssuer.NAME)
                + ",\"default_role\":\"app\",\"jwt_validation_pubkeys\":[" + Fixtures.json(ISSUER.publicKeyPem()) + "]}");
        vault.put("auth/jwt/role/app", "{\"role_type\":\"jwt\",\"user_claim\":\"sub\",\"bound_audiences\":[\"vault\"]," + Logins.POLICIES + "}");
        vault.put("auth/cert/certs/app", "{\"certificate\":" + Fixtures.json(CA.pem()) + "," + Logins.POLICIES + "}");
        vault.put("auth/ldap/config", "{\"url\":" + Fixtures.json(directory.url()) + ",\"userattr\":\"uid\",\"userdn\":"
                + Fixtures.json(LdapServer.USERS) + "," + Logins.POLICIES + "}");
        vault.put("auth/radius/config", radius.configuration());
        vault.put("auth/radius/users/ann", "{\"policies\":[\"sample\"]}");
        vault.put("auth/github/config",
                "{\"organization\":\"" + GitHubApi.ORGANIZATION + "\",\"base_url\":" + Fixtures.json(github.address()) + "}");
        vault.put("auth/github/map/teams/" + GitHubApi.TEAM, "{\"value\":\"sample\"}");
        vault.enablePlugin("aws", "aws");
        vault.put("auth/aws/config/client", "{" + amazon.configuration() + "}");
        for (String[] role : new String[][] {{"app", "app"}, {"others", "other"}}) {
            vault.put("auth/aws/role/" + role[0], "{\"auth_type\":\"iam\",\"bound_iam_principal_arn\":\"arn:aws:iam::" + AmazonAccount.ID
                    + ":user/" + role[1] + "\"," + Logins.POLICIES + "}");
        }
        vault.enablePlugin("gcp", "gcp", google.environment());
        vault.put("auth/gcp/config", google.configuration());
        for (String[] role : new String[][] {{"app", GoogleCloud.ACCOUNT}, {"others", "other@sample.iam.gserviceaccount.com"}}) {
            vault.put("auth/gcp/role/" + role[0], "{\"type\":\"iam\",\"bound_service_accounts\":[\"" + role[1] + "\"]," + Logins.POLICIES + "}");
        }
        vault.enablePlugin("azure", "vault-plugin-auth-azure", azure.environment());
        for (String[] role : new String[][] {{"app", AzureCloud.OBJECT}, {"others", "00000000-0000-0000-0000-000000000000"}}) {
            vault.put("auth/azure/role/" + role[0], "{\"bound_service_principal_ids\":[\"" + role[1] + "\"]," + Logins.POLICIES + "}");
        }
        kubernetes.enableAuth(vault, "kubernetes", kubernetes.token("atlassian", "vault-reviewer"));
        vault.put("auth/kubernetes/role/app", "{\"bound_service_account_names\":\"bitbucket\",\"bound_service_account_namespaces\":\"atlassian\","
                + Logins.POLICIES + "}");
        return logins;
    }

    /** One start of a server. */
    private static final class Start {
        private final String method;
        private final Logins logins;
        private final boolean succeeds;
        /** What is looked for, by name. */
        private final Map<String, byte[]> secrets = new LinkedHashMap<>();
        private final Map<String, String> environment = new LinkedHashMap<>();
        private String[] fields = {};
        /** A CA that is trusted besides Vault's own, in PEM. */
        private String ca = "";

        private Start(String method, Logins logins, boolean succeeds) {
            this.method = method;
            this.logins = logins;
            this.succeeds = succeeds;
        }

        private Start with(String... fields) {
            this.fields = fields;
            return this;
        }

        /** A credential in a file, so that it gets into the process by the library alone. */
        private String file(String credential) {
            secrets.put("credential", bytes(Canaries.keep(credential)));
            return logins.file(method.toLowerCase() + succeeds, credential);
        }

        private String name() {
            return method + (logins == https ? ", HTTPS, " : ", HTTP, ") + (succeeds ? "success" : "refused");
        }

        private Start environment(String name, String value) {
            environment.put(name, value);
            return this;
        }

        private String text() {
            String cas = ca + (logins == https ? DocsFiles.text(logins.vault.caFile()) : "");
            if (cas.isEmpty()) {
                return logins.text(method, fields);
            }
            String[] all = Arrays.copyOf(fields, fields.length + 2);
            all[fields.length] = "caCert";
            all[fields.length + 1] = logins.file("ca", cas);
            return logins.text(method, all);
        }
    }

    private static Start start(String method, Logins logins, boolean succeeds) {
        Start start = new Start(method, logins, succeeds);
        String random = "example-" + Fixtures.randomText();
        switch (method) {
            case "TOKEN":
                return start.with("tokenFile", start.file(succeeds ? logins.token() : "s." + random));
            case "APPROLE":
                return start.with("roleId", roleId(logins), "secretIdFile", start.file(succeeds ? secretId(logins) : random));
            case "JWT":
                return start.with("jwtFile", start.file((succeeds ? ISSUER : new JwtIssuer()).jwt("vault", 600)));
            case "KUBERNETES":
                return start.with("role", "app", "jwtFile", start.file(kubernetes.token("atlassian", succeeds ? "bitbucket" : "intruder")));
            case "USERPASS":
                logins.vault.put("auth/userpass/users/ann" + succeeds, "{\"password\":" + Fixtures.json(succeeds ? random : "another")
                        + "," + Logins.POLICIES + "}");
                return start.with("username", "ann" + succeeds, "passwordFile", start.file(random));
            case "LDAP":
                return start.with("username", "ann", "passwordFile", start.file(succeeds ? directory.password : random));
            case "RADIUS":
                return start.with("username", "ann", "passwordFile", start.file(succeeds ? radius.password : random));
            case "GITHUB":
                return start.with("githubTokenFile", start.file(succeeds ? github.token : "ghp_" + random));
            case "CERT": {
                TestCertificate client = TestCertificate.named("app").issuedBy(succeeds ? CA : TestCertificate.ca("Another CA"))
                        .extendedKeyUsage(TestCertificate.CLIENT_AUTH).build();
                String[] lines = client.keyPem().split("\n");
                String certificate = logins.file("certificate" + succeeds, client.pem());
                String key = start.file(client.keyPem());
                start.secrets.put("credential", bytes(
                        Arrays.stream(lines).filter(line -> !line.contains("-----")).collect(Collectors.joining("\n"))));
                start.secrets.put("key, DER", client.key().getPrivate().getEncoded());
                // As a number, which begins at one end or, in the TLS library, at the other.
                byte[] number = ((ECPrivateKey) client.key().getPrivate()).getS().toByteArray();
                start.secrets.put("key, big-endian", number);
                start.secrets.put("key, little-endian", reversed(number));
                return start.with("clientCert", certificate, "clientKey", key);
            }
            case "AWS":
                start.environment("AWS_SHARED_CREDENTIALS_FILE", logins.file("aws" + succeeds,
                        "[default]\naws_access_key_id=" + amazonUser.id + "\naws_secret_access_key=" + amazonUser.secret + "\n"));
                start.secrets.put("credential", bytes(amazonUser.secret));
                return start.with("role", succeeds ? "app" : "others");
            case "GCP": {
                String file = google.keyFile();
                start.environment("GOOGLE_APPLICATION_CREDENTIALS", logins.file("gcp" + succeeds, file));
                // A line of the key: the file has other line breaks than the key.
                start.secrets.put("credential", bytes(file.split("\\\\(n|u000a)")[5]));
                return start.with("role", succeeds ? "app" : "others");
            }
            case "AZURE":
                start.environment("AZURE_FEDERATED_TOKEN_FILE", start.file(azure.federated)).environment("AZURE_CLIENT_ID", AzureCloud.CLIENT)
                        .environment("AZURE_TENANT_ID", AzureCloud.TENANT).environment("HTTPS_PROXY", azure.proxy())
                        .environment("NO_PROXY", "127.0.0.1");
                start.ca = DocsFiles.text(Paths.get(azure.caFile()));
                return start.with("role", succeeds ? "app" : "others", "azureResource", AzureCloud.RESOURCE);
            default:
                throw new AssertionError("what a login of " + method + " leaves in memory is not tried");
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] reversed(byte[] bytes) {
        byte[] reversed = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            reversed[i] = bytes[bytes.length - 1 - i];
        }
        return reversed;
    }

    private static String roleId(Logins logins) {
        return Fixtures.jsonMember(logins.vault.request("GET", "auth/approle/role/app/role-id", null, logins.vault.rootToken()).body, "role_id");
    }

    private static String secretId(Logins logins) {
        return Fixtures.jsonMember(logins.vault.put("auth/approle/role/app/secret-id", "{}"), "secret_id");
    }

    /** All but AGENT, whose logins are the agent's. */
    private static List<String> methods() {
        Matcher line = Pattern.compile("(?m)^authenticationType (?!AGENT$)(\\w+)$")
                .matcher(DocsFiles.text(Paths.get("tests", "compatibility", "names.txt")));
        List<String> methods = new ArrayList<>();
        while (line.find()) {
            methods.add(line.group(1));
        }
        assertTrue(methods.toString(), methods.size() >= 12);
        return methods;
    }

    @Test
    public void afterTheStartNoSecretOfTheLoginIsLeftInMemory() throws Exception {
        List<Start> starts = new ArrayList<>();
        for (String method : methods()) {
            for (boolean succeeds : new boolean[] {true, false}) {
                if (!method.equals("CERT")) { // it wants TLS
                    starts.add(start(method, http, succeeds));
                }
                starts.add(start(method, https, succeeds));
            }
        }
        ExecutorService pool = Executors.newFixedThreadPool(AT_ONCE);
        Map<String, List<ProcessMemory.Find>> finds = new TreeMap<>();
        try {
            Map<String, Future<List<ProcessMemory.Find>>> running = new LinkedHashMap<>();
            starts.forEach(start -> running.put(start.name(), pool.submit(() -> left(start))));
            for (Map.Entry<String, Future<List<ProcessMemory.Find>>> start : running.entrySet()) {
                finds.put(start.getKey(), start.getValue().get(3, TimeUnit.MINUTES));
            }
        } finally {
            pool.shutdownNow();
        }
        int found = finds.values().stream().mapToInt(List::size).sum();
        Attacks.report("search of the process's memory after a start, for credential, private key, token and value; " + methods().size()
                + " methods over HTTP and HTTPS, success and refusal", starts.size(), found + " found");
        StringBuilder table = new StringBuilder();
        finds.forEach((start, of) -> {
            if (!of.isEmpty()) {
                table.append('\n').append(start).append(": ").append(kinds(of));
                of.stream().limit(4).forEach(find -> table.append("\n    ").append(find));
            }
        });
        assertEquals("secrets in memory" + table, 0, found);
    }

    private static String kinds(List<ProcessMemory.Find> finds) {
        return new TreeSet<>(finds.stream().map(find -> find.secret).collect(Collectors.toList())).stream()
                .map(kind -> finds.stream().filter(find -> find.secret.equals(kind)).count() + " × " + kind)
                .collect(Collectors.joining(", "));
    }

    /** The search finds what is there: a JVM that has the token in its environment. */
    @Test
    public void theSearchFindsWhatIsThere() throws Exception {
        String token = Canaries.keep("s." + Fixtures.randomText());
        Path log = cleanup.folder("memory").resolve("heap.log");
        try (StoreSession session = StoreSession.start(jvm(log).environment("SECRET_STORE_VAULT_TOKEN", token))) {
            session.get(http.text("TOKEN")).assertFails("does not accept the token");
            assertTrue(search(session, log, Map.of("token", bytes(token))).size() > 0);
        }
    }

    /** Reads once, lets the start end, and looks for what is left. */
    private static List<ProcessMemory.Find> left(Start start) throws IOException {
        Path log = cleanup.folder("memory").resolve("heap.log");
        HostProcess jvm = jvm(log);
        start.environment.forEach(jvm::environment);
        try (StoreSession session = StoreSession.start(jvm)) {
            int before = tokens(start).size();
            StoreSession.Outcome outcome = session.get(start.text());
            if (start.succeeds) {
                outcome.assertValue(start.logins.value);
            } else {
                assertTrue(start.name() + outcome, outcome.call.valueSha256 == null);
                outcome.assertFails(start.method.equals("TOKEN") ? "does not accept the token" : "The " + start.method + " login was refused");
            }
            session.clockAhead(60);
            session.awaitNoKeeper();
            Map<String, byte[]> secrets = new LinkedHashMap<>(start.secrets);
            if (start.succeeds) {
                secrets.put("value", bytes(start.logins.value));
                List<String> tokens = tokens(start);
                if (!start.method.equals("TOKEN")) {
                    assertEquals("logins by " + start.name(), before + 1, tokens.size());
                    secrets.put("token", bytes(tokens.get(before)));
                }
            }
            return search(session, log, secrets);
        }
    }

    private static List<String> tokens(Start start) {
        return start.logins.vault.tokensOf(start.method.toLowerCase());
    }

    /** Java's heap has no place in it that could be wiped: a value is a Java text. It is small and at an address that is told. */
    private static HostProcess jvm(Path log) {
        return HostProcess.plain().jvmFlags("-XX:+UseSerialGC", "-Xmx64m", "-Xlog:gc+heap+coops=debug:file=" + log);
    }

    private static List<ProcessMemory.Find> search(StoreSession session, Path log, Map<String, byte[]> secrets) throws IOException {
        Matcher heap = HEAP.matcher(Files.readString(log));
        assertTrue("no address of the heap in " + Files.readString(log), heap.find());
        long from = Long.parseUnsignedLong(heap.group(1), 16);
        return new ProcessMemory(session.pid()).search(secrets, from, from + Long.parseLong(heap.group(2)) * 1024 * 1024);
    }
}

package dev.vaultcipher.login;

import static org.junit.Assert.assertEquals;

import dev.vaultcipher.VaultSecretStore;
import dev.vaultcipher.harness.AuditLog;
import dev.vaultcipher.harness.AuditedVault;
import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.Cleanup;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.KubernetesHost;
import dev.vaultcipher.harness.StoreConversation;
import dev.vaultcipher.harness.StoreSession;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** A pod's service account gets its secret: a real API server issues the token, a real Vault has it reviewed. */
public final class KubernetesLoginTest {
    private static KubernetesHost host;
    private static AuditLog log;

    @BeforeClass
    public static void start() {
        host = KubernetesHost.start();
    }

    @AfterClass
    public static void stop() {
        host.close();
    }

    @Test
    public void aServiceAccountGetsTheSecretOfItsRole() {
        assertValue(host.process(token()));
    }

    @Test
    public void theTokenOfAPodGetsIt() {
        host.cluster.createPod(KubernetesHost.NAMESPACE, "bitbucket-0", KubernetesHost.ACCOUNT);
        assertValue(host.process(
                host.cluster.podToken(KubernetesHost.NAMESPACE, KubernetesHost.ACCOUNT, "bitbucket-0")));
    }

    @Test
    public void whiteSpaceAroundTheTokenIsIgnored() {
        assertValue(host.process("\n  " + token() + "\r\n"));
    }

    @Test
    public void aRoleWithAnAudienceTakesATokenForIt() {
        host.createRole("kubernetes", "vault-audience", ",\"audience\":\"https://vault.example.com\"");
        assertValue(host.process(
                host.cluster.token(KubernetesHost.NAMESPACE, KubernetesHost.ACCOUNT, "https://vault.example.com"))
                .environment("SECRET_STORE_VAULT_KUBE_AUTH_ROLE", "vault-audience"));
    }

    @Test
    public void theAuthMethodMayBeMountedElsewhere() {
        host.enableAuth("team/k8s", "reviewer-of-team");
        host.createRole("team/k8s", KubernetesHost.ROLE, "");
        for (String path : new String[] {"team/k8s", "/team/k8s/", "auth/team/k8s"}) {
            assertValue(host.process(token()).environment("SECRET_STORE_VAULT_KUBE_AUTH_PATH", path));
        }
    }

    @Test
    public void systemPropertiesDoAsWellAsTheEnvironment() {
        host.enableAuth("by-property", "reviewer-by-property");
        host.createRole("by-property", "by-property", "");
        assertValue(HostProcess.loading(VaultSecretStore.class.getName())
                .property("secret.store.vault.kube.auth.role", "by-property")
                .property("secret.store.vault.kube.auth.path", "by-property")
                .property("secret.store.vault.kube.auth.jwt.path", host.file(token()).toString()));
    }

    @Test
    public void theEnvironmentComesBeforeSystemProperties() {
        assertValue(host.process(token())
                .environment("SECRET_STORE_VAULT_KUBE_AUTH_PATH", "kubernetes")
                .property("secret.store.vault.kube.auth.role", "nobody")
                .property("secret.store.vault.kube.auth.path", "nowhere")
                .property("secret.store.vault.kube.auth.jwt.path", "/nonexistent/token"));
    }

    /** As the kubelet does it: the file is a link to a link, and the latter is replaced while the JVM runs. */
    @Test
    public void aTokenThatIsRotatedOnDiskIsReadAnew() throws IOException {
        host.vault.putSecret(KubernetesHost.SECRET, "password", host.value, "second", host.value, "third", host.value);
        Path volume = host.folder();
        host.cluster.createPod(KubernetesHost.NAMESPACE, "rotated", KubernetesHost.ACCOUNT);
        project(volume, "first", host.cluster.podToken(KubernetesHost.NAMESPACE, KubernetesHost.ACCOUNT, "rotated"));
        Files.createSymbolicLink(volume.resolve("token"), Paths.get("..data", "token"));

        ProcessBuilder builder =
                host.process(volume.resolve("token")).builder(StoreConversation.class.getName());
        builder.redirectError(volume.resolve("stderr").toFile());
        try (Cleanup cleanup = new Cleanup()) {
            Process jvm = cleanup.process(builder.start());
            String expected = "value " + Fixtures.sha256(host.value);
            try (OutputStream in = jvm.getOutputStream();
                    BufferedReader out = new BufferedReader(
                            new InputStreamReader(jvm.getInputStream(), StandardCharsets.UTF_8))) {
                assertEquals(expected, ask(in, out, host.text()));

                // The first token dies with its pod, and what was got with it is revoked: only the second can help.
                project(volume, "second", token());
                host.cluster.deletePod(KubernetesHost.NAMESPACE, "rotated");
                host.vault.put("sys/leases/revoke-prefix/auth/kubernetes/login", "{}");
                assertEquals(expected, ask(in, out, host.text("second")));

                project(volume, "third", "not a token");
                host.vault.put("sys/leases/revoke-prefix/auth/kubernetes/login", "{}");
                assertEquals("failure", ask(in, out, host.text("third")).split(" ")[0]);
            }
            Canaries.assertNoneIn("standard error", Files.readString(volume.resolve("stderr")));
        }
    }

    @Test
    public void tenPropertiesOverThreePathsCostOneLoginThreeReadsAndOneRevocation() {
        assertCosts("", List.of("auth/start/login", "secret/data/start/one", "secret/data/start/two", "secret/data/start/three",
                AuditLog.REVOKE));
    }

    /** Vault writes two lines for a request that logs in and reads. */
    @Test
    public void withInlineLoginsTheyCostOneRequestForEachPathAndLeaveNoToken() {
        assertCosts(",\"inlineLogin\":true", List.of("auth/start/login", "secret/data/start/one", "auth/start/login",
                "secret/data/start/two", "auth/start/login", "secret/data/start/three"));
    }

    private static void assertCosts(String furtherMembers, List<String> requests) {
        if (log == null) {
            log = new AuditLog(host.vault);
            host.enableAuth("start", "reviewer-of-start");
            host.vault.put("sys/policies/acl/start",
                    "{\"policy\":\"path \\\"secret/data/start/*\\\" { capabilities = [\\\"read\\\"] }\"}");
            host.vault.put("auth/start/role/start", "{\"bound_service_account_names\":[\"" + KubernetesHost.ACCOUNT
                    + "\"],\"bound_service_account_namespaces\":[\"" + KubernetesHost.NAMESPACE
                    + "\"],\"token_policies\":[\"start\"]}");
            for (String path : new String[] {"one", "two", "three"}) {
                host.vault.putSecret("start/" + path, "a", host.value, "b", host.value, "c", host.value, "d", host.value);
            }
        }
        log.forget();
        HostProcess jvm = AuditedVault.jvm().environment("SECRET_STORE_VAULT_KUBE_AUTH_ROLE", "start")
                .environment("SECRET_STORE_VAULT_KUBE_AUTH_PATH", "start")
                .environment("SECRET_STORE_VAULT_KUBE_AUTH_JWT_PATH", host.file(token()).toString());
        try (StoreSession session = StoreSession.start(jvm)) {
            for (int property = 0; property < 10; property++) {
                String path = List.of("one", "two", "three").get(property % 3);
                String key = List.of("a", "b", "c", "d").get(property / 3);
                StoreSession.Outcome outcome = session.get(host.vault.text("start/" + path, key)
                        .replaceFirst("}$", ",\"authenticationType\":\"KUBERNETES\"" + furtherMembers + "}")).assertValue(host.value);
                assertEquals(outcome.toString(), List.of(), outcome.warnings);
            }
            assertEquals(requests.contains(AuditLog.REVOKE) ? 1 : 0, log.tokens("start"));
            session.clockAhead(10);
            session.awaitNoKeeper();
            assertEquals(requests, log.paths());
            assertEquals(0, log.tokens("start"));
        }
        assertEquals("the exit adds nothing", requests, log.paths());
    }

    private static String ask(OutputStream in, BufferedReader out, String text) throws IOException {
        in.write((text + '\n').getBytes(StandardCharsets.UTF_8));
        in.flush();
        return out.readLine();
    }

    private static void project(Path volume, String version, String token) throws IOException {
        Files.writeString(Files.createDirectory(volume.resolve(".." + version)).resolve("token"), token);
        Path link = Files.createSymbolicLink(volume.resolve("..data_tmp"), Paths.get(".." + version));
        Files.move(link, volume.resolve("..data"), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static String token() {
        return host.cluster.token(KubernetesHost.NAMESPACE, KubernetesHost.ACCOUNT);
    }

    private static void assertValue(HostProcess process) {
        HostProcess.Call call = process.call(host.text()).only();
        assertEquals(call.toString(), Fixtures.sha256(host.value), call.valueSha256);
    }
}

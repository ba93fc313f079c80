package dev.vaultcipher.login;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import com.atlassian.secrets.api.SecretStoreException;
import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.KubernetesCluster;
import dev.vaultcipher.harness.KubernetesHost;
import dev.vaultcipher.harness.VaultServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/**
 * A Kubernetes login that fails says why: each case happens on the real servers, which answer most of them with the same
 * three words. Never does any part of the token appear; {@link HostProcess} sees to that for the fixture's own tokens.
 */
public final class KubernetesRefusalTest {
    private static final String ROLE = KubernetesHost.ROLE;
    private static final String NAMESPACE = KubernetesHost.NAMESPACE;
    private static final String ACCOUNT = KubernetesHost.ACCOUNT;
    private static final String TIME = "20\\d\\d-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ";

    private static KubernetesHost host;

    @BeforeClass
    public static void start() {
        host = KubernetesHost.start();
    }

    @AfterClass
    public static void stop() {
        host.close();
    }

    @Test
    public void wrongServiceAccount() {
        host.cluster.createServiceAccount(NAMESPACE, "stranger");
        String message = refusal(host.process(host.cluster.token(NAMESPACE, "stranger")));
        assertPresented(message, NAMESPACE, "stranger", KubernetesCluster.ISSUER);
        assertInOrder(message, "service account name not authorized", "What to do",
                "bound_service_account_names", "vault read auth/kubernetes/role/" + ROLE);
        assertNotBlamed(message, "system:auth-delegator", "vault auth list");
    }

    @Test
    public void wrongNamespace() {
        host.cluster.createNamespace("elsewhere");
        host.cluster.createServiceAccount("elsewhere", ACCOUNT);
        String message = refusal(host.process(host.cluster.token("elsewhere", ACCOUNT)));
        assertPresented(message, "elsewhere", ACCOUNT, KubernetesCluster.ISSUER);
        assertInOrder(message, "namespace not authorized", "What to do",
                "bound_service_account_namespaces", "vault read auth/kubernetes/role/" + ROLE);
        assertNotBlamed(message, "system:auth-delegator", "vault auth list");
    }

    @Test
    public void doctorNamesEveryDifferenceFromTheRole() {
        host.cluster.createNamespace("foreign");
        host.cluster.createServiceAccount("foreign", "guest");
        host.createRole("kubernetes", "compared", ",\"audience\":\"https://vault.example.com\"");
        HostProcess.Outcome outcome = host.process(host.cluster.token("foreign", "guest"))
                .environment("SECRET_STORE_VAULT_KUBE_AUTH_ROLE", "compared").environment("VAULT_TOKEN", host.vault.rootToken())
                .run("dev.vaultcipher.Tool", "doctor", host.text());
        assertEquals(outcome.toString(), 2, outcome.exitCode);
        assertInOrder(outcome.stdout, "fail login", "invalid audience", "warn claims",
                "the token is of service account \"guest\" in namespace \"foreign\"", "valid until",
                "service account: the token has \"guest\", the role wants \"" + ACCOUNT + "\" (bound_service_account_names)",
                "namespace: the token has \"foreign\", the role wants \"" + NAMESPACE + "\" (bound_service_account_namespaces)",
                "audience: the token has", "the role wants \"https://vault.example.com\" (audience)", "What to do: change the role");
        assertFalse(outcome.stdout, outcome.stdout.contains(host.vault.rootToken()));
        HostProcess.Outcome fits = host.process(token()).environment("VAULT_TOKEN", host.vault.rootToken())
                .run("dev.vaultcipher.Tool", "doctor", host.text());
        assertEquals(fits.toString(), 0, fits.exitCode);
        assertContains(fits.stdout, "nothing in auth/kubernetes/role/" + ROLE + " contradicts it");
    }

    @Test
    public void unknownRole() {
        String message = refusal(host.process(token()).environment("SECRET_STORE_VAULT_KUBE_AUTH_ROLE", "bitbuket"));
        assertContains(message, "role \"bitbuket\"");
        assertInOrder(message, "invalid role name", "What to do", "vault list auth/kubernetes/role",
                "SECRET_STORE_VAULT_KUBE_AUTH_ROLE", "vault write auth/kubernetes/role/bitbuket");
        assertNotBlamed(message, "system:auth-delegator", "vault auth list");
    }

    @Test
    public void wrongAudience() {
        host.createRole("kubernetes", "other-audience", ",\"audience\":\"https://vault.example.com\"");
        String message = refusal(host.process(host.cluster.token(NAMESPACE, ACCOUNT, "https://other.example.com"))
                .environment("SECRET_STORE_VAULT_KUBE_AUTH_ROLE", "other-audience"));
        assertPresented(message, NAMESPACE, ACCOUNT, "https://other.example.com");
        assertInOrder(message, "invalid audience", "What to do", "vault read auth/kubernetes/role/other-audience",
                "SECRET_STORE_VAULT_KUBE_AUTH_JWT_PATH");
        assertNotBlamed(message, "system:auth-delegator", "vault auth list");
    }

    @Test
    public void expiredToken() {
        Instant start = Instant.now().minus(Duration.ofHours(2));
        String message = refusal(host.process(host.cluster.token(NAMESPACE, ACCOUNT, start, Duration.ofMinutes(90))));
        assertPresented(message, NAMESPACE, ACCOUNT, KubernetesCluster.ISSUER);
        assertMatches(message, "expired at " + TIME + ", (29|30|31) min ago");
        assertInOrder(message, "What to do", "SECRET_STORE_VAULT_KUBE_AUTH_JWT_PATH", "clock");
        assertNotBlamed(message, "system:auth-delegator", "vault auth list");
    }

    @Test
    public void tokenFromTheFuture() {
        Instant start = Instant.now().plus(Duration.ofMinutes(30));
        String message = refusal(host.process(host.cluster.token(NAMESPACE, ACCOUNT, start, Duration.ofHours(1))));
        assertMatches(message, "not valid before " + TIME + ", (28|29|30) min from now by the clock of this machine");
        assertInOrder(message, "What to do", "clock");
        assertNotBlamed(message, "system:auth-delegator", "vault auth list");
    }

    @Test
    public void tamperedToken() {
        String[] parts = token().split("\\.");
        String payload = new String(Base64.getUrlDecoder().decode(parts[1]), StandardCharsets.UTF_8)
                .replaceFirst("\"jti\":\"[^\"]*\"", "\"jti\":\"another\"");
        String message = refusal(host.process(parts[0] + '.'
                + Base64.getUrlEncoder().withoutPadding().encodeToString(payload.getBytes(StandardCharsets.UTF_8)) + '.'
                + Canaries.keep(parts[2])));
        assertPresented(message, NAMESPACE, ACCOUNT, KubernetesCluster.ISSUER);
        assertReviewFailed(message, "kubernetes");
        assertContains(message, "altered");
    }

    @Test
    public void deletedServiceAccount() {
        host.cluster.createServiceAccount(NAMESPACE, "retired");
        host.createRole("kubernetes", "retired", ",\"bound_service_account_names\":[\"retired\"]");
        String token = host.cluster.token(NAMESPACE, "retired");
        host.cluster.deleteServiceAccount(NAMESPACE, "retired");
        String message = refusal(host.process(token).environment("SECRET_STORE_VAULT_KUBE_AUTH_ROLE", "retired"));
        assertPresented(message, NAMESPACE, "retired", KubernetesCluster.ISSUER);
        assertReviewFailed(message, "kubernetes");
        assertContains(message, "kubectl -n " + NAMESPACE + " get serviceaccount/retired");
    }

    @Test
    public void deletedPod() {
        host.cluster.createPod(NAMESPACE, "bitbucket-7", ACCOUNT);
        String token = host.cluster.podToken(NAMESPACE, ACCOUNT, "bitbucket-7");
        host.cluster.deletePod(NAMESPACE, "bitbucket-7");
        String message = refusal(host.process(token));
        assertPresented(message, NAMESPACE, ACCOUNT, KubernetesCluster.ISSUER);
        assertContains(message, "bound to pod \"bitbucket-7\"");
        assertReviewFailed(message, "kubernetes");
        assertContains(message, "kubectl -n " + NAMESPACE + " get pod/bitbucket-7 serviceaccount/" + ACCOUNT);
    }

    @Test
    public void reviewerRevoked() {
        host.enableAuth("reviewer-gone", "reviewer-gone");
        host.createRole("reviewer-gone", ROLE, "");
        host.cluster.deleteServiceAccount("vault", "reviewer-gone");
        String message = refusal(host.process(token())
                .environment("SECRET_STORE_VAULT_KUBE_AUTH_PATH", "reviewer-gone"), "reviewer-gone");
        assertPresented(message, NAMESPACE, ACCOUNT, KubernetesCluster.ISSUER);
        assertReviewFailed(message, "reviewer-gone");
    }

    @Test
    public void reviewerWithoutItsClusterRoleBinding() {
        host.enableAuth("reviewer-unbound", "reviewer-unbound");
        host.createRole("reviewer-unbound", ROLE, "");
        host.cluster.unbindReviewer("vault", "reviewer-unbound");
        String message = refusal(host.process(token())
                .environment("SECRET_STORE_VAULT_KUBE_AUTH_PATH", "reviewer-unbound"), "reviewer-unbound");
        assertPresented(message, NAMESPACE, ACCOUNT, KubernetesCluster.ISSUER);
        assertReviewFailed(message, "reviewer-unbound");
    }

    @Test
    public void apiServerAway() {
        String token = token();
        host.cluster.stopApiServer();
        try {
            String message = refusal(host.process(token));
            assertPresented(message, NAMESPACE, ACCOUNT, KubernetesCluster.ISSUER);
            assertReviewFailed(message, "kubernetes");
            assertContains(message, "cannot reach the Kubernetes API server");
        } finally {
            host.cluster.startApiServer();
        }
        assertEquals(Fixtures.sha256(host.value), host.process(token).call(host.text()).only().valueSha256);
    }

    @Test
    public void authMountMissing() {
        String message = refusal(host.process(token())
                .environment("SECRET_STORE_VAULT_KUBE_AUTH_PATH", "nowhere"), "nowhere");
        assertPresented(message, NAMESPACE, ACCOUNT, KubernetesCluster.ISSUER);
        assertInOrder(message, "What to do", "vault auth list", "SECRET_STORE_VAULT_KUBE_AUTH_PATH",
                "vault auth enable -path=nowhere kubernetes");
        assertNotBlamed(message, "system:auth-delegator");
    }

    @Test
    public void authMountAtAnotherPath() {
        try (VaultServer other = VaultServer.start()) {
            host.cluster.createServiceAccount("vault", "reviewer-of-other");
            host.cluster.bindReviewer("vault", "reviewer-of-other");
            host.cluster.enableAuth(other, "production", host.cluster.token("vault", "reviewer-of-other"));
            String message = refusal(host.process(token()), "kubernetes",
                    host.text().replace(host.vault.address(), other.address()));
            assertPresented(message, NAMESPACE, ACCOUNT, KubernetesCluster.ISSUER);
            assertInOrder(message, "What to do", "vault auth list", "SECRET_STORE_VAULT_KUBE_AUTH_PATH");
            assertNotBlamed(message, "system:auth-delegator");
        }
    }

    @Test
    public void authMethodOfAnotherKind() {
        host.vault.put("sys/auth/people", "{\"type\":\"userpass\"}");
        String message = refusal(host.process(token())
                .environment("SECRET_STORE_VAULT_KUBE_AUTH_PATH", "people"), "people");
        assertInOrder(message, "What to do", "vault auth list", "SECRET_STORE_VAULT_KUBE_AUTH_PATH");
        assertNotBlamed(message, "system:auth-delegator");
    }

    @Test
    public void garbageFile() {
        Path file = host.file(Canaries.keep("garbage-" + Fixtures.randomText()));
        assertFileRefused(fileRefusal(host.process(file)), file, "JWT");
    }

    @Test
    public void certificateInsteadOfToken() {
        Path file = host.file(host.cluster.caPem());
        assertFileRefused(fileRefusal(host.process(file)), file, "PEM");
    }

    @Test
    public void emptyFile() {
        for (String content : new String[] {"", " \n"}) {
            Path file = host.file(content);
            assertFileRefused(fileRefusal(host.process(file)), file, "is empty");
        }
    }

    @Test
    public void missingFile() {
        Path file = host.folder().resolve("token");
        assertFileRefused(fileRefusal(host.process(file)), file, "does not exist");
    }

    @Test
    public void folderInsteadOfFile() {
        Path folder = host.folder();
        assertFileRefused(fileRefusal(host.process(folder)), folder, "is a directory");
    }

    @Test
    public void unreadableFile() throws IOException {
        Path file = host.file(token());
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("---------"));
        String message = fileRefusal(host.process(file).javaHome(host.javaHomeWithoutPrivileges()));
        assertFileRefused(message, file, "may not be read");
        assertContains(message, "fsGroup");
    }

    private static String token() {
        return host.cluster.token(NAMESPACE, ACCOUNT);
    }

    private static String refusal(HostProcess process) {
        return refusal(process, "kubernetes");
    }

    private static String refusal(HostProcess process, String mount) {
        return refusal(process, mount, host.text());
    }

    /** What every refused login says, whatever the reason. */
    private static String refusal(HostProcess process, String mount, String text) {
        String message = failure(process.call(text));
        assertContains(message, "KUBERNETES login was refused", "/v1/auth/" + mount + "/login", "namespace",
                "role \"", "auth mount \"" + mount + '"');
        return message;
    }

    private static String fileRefusal(HostProcess process) {
        return failure(process.call(host.text()));
    }

    private static String failure(HostProcess.Outcome outcome) {
        HostProcess.Call call = outcome.only();
        assertEquals(SecretStoreException.class.getName(), call.failureClass);
        assertFalse("more than one line: " + call.message, call.message.contains("\\n"));
        // No client token of Vault's, old style or new.
        assertFalse(call.message, outcome.toString().matches("(?s).*\\b(hv)?[sb]\\.[A-Za-z0-9_-]{20,}.*"));
        // No beginning of a JSON object in base64, as header and payload of a JWT have it.
        assertFalse(call.message, outcome.toString().contains("eyJ"));
        return call.message;
    }

    /** The identity in the token, so that it can be compared with the role. */
    private static void assertPresented(String message, String namespace, String account, String audience) {
        assertContains(message,
                "service account \"" + account + "\" in namespace \"" + namespace + '"',
                "subject \"system:serviceaccount:" + namespace + ':' + account + '"',
                "audience \"" + audience + '"', "issuer \"" + KubernetesCluster.ISSUER + '"');
        assertMatches(message, "(valid until|expired at) " + TIME);
    }

    /** Names, times and mount are right; Vault does not say why the review failed, so all causes are told. */
    private static void assertReviewFailed(String message, String mount) {
        assertInOrder(message, "403 permission denied", "What to do",
                "(1)", "vault write auth/" + mount + "/config", "token_reviewer_jwt",
                "(2)", "--clusterrole=system:auth-delegator",
                "(3)", "vault read auth/" + mount + "/config",
                "(4)", "kubectl -n " + NAMESPACE + " get ",
                "(5)", "vault read auth/" + mount + "/role/");
        assertNotBlamed(message, "vault auth list");
    }

    private static void assertFileRefused(String message, Path file, String reason) {
        assertInOrder(message, "service account token file", file.toString(), reason, "What to do");
        assertContains(message, "SECRET_STORE_VAULT_KUBE_AUTH_JWT_PATH");
    }

    private static void assertContains(String message, String... parts) {
        for (String part : parts) {
            assertTrue('<' + part + "> is missing in: " + message, message.contains(part));
        }
    }

    private static void assertNotBlamed(String message, String... parts) {
        for (String part : parts) {
            assertFalse('<' + part + "> has nothing to do with it: " + message, message.contains(part));
        }
    }

    private static void assertInOrder(String message, String... parts) {
        int from = 0;
        for (String part : parts) {
            int at = message.indexOf(part, from);
            assertTrue('<' + part + "> is missing or too early in: " + message, at >= 0);
            from = at + part.length();
        }
    }

    private static void assertMatches(String message, String pattern) {
        assertTrue('<' + pattern + "> is missing in: " + message, message.matches(".*" + pattern + ".*"));
    }
}

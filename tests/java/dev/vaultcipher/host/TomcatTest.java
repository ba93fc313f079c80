package dev.vaultcipher.host;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNotNull;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.AuditLog;
import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.Cleanup;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess.Outcome;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.Installation;
import dev.vaultcipher.harness.TrustStores;
import dev.vaultcipher.harness.VaultServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.After;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.junit.runners.Parameterized.Parameters;
import org.junit.runners.Parameterized;

/**
 * Web applications in a real Tomcat, which start, are redeployed, stand side by side and are stopped: in 9, and in 11 where
 * the JDK is new enough for it. A JVM tells all of its stories ({@code dev.vaultcipher.host.WebApplications}), and each test
 * here looks at the outcome of one.
 */
@RunWith(Parameterized.class)
public class TomcatTest {
    private static final int FIRST_JDK_OF_TOMCAT_11 = 17;
    /** So many characters of a log are enough to see what happened. */
    private static final int QUOTED = 6000;

    /** What lies where. */
    private enum Layout {
        /** The jar holds its library, the host's interfaces are in a parent class loader, and Vault speaks HTTP. */
        LIBRARY_IN_JAR,
        /** The library and the host's interfaces lie beside the jar in WEB-INF/lib, and Vault speaks HTTPS. */
        LIBRARY_BESIDE_JAR
    }

    private static final Map<Layout, VaultServer> VAULTS = new EnumMap<>(Layout.class);
    private static final Map<Layout, AuditLog> LOGS = new EnumMap<>(Layout.class);
    private static String value;
    private static Outcome outcome;
    private static String outcomeOf;

    private final int tomcat;
    private final Layout layout;
    private final Cleanup cleanup = new Cleanup();
    private final Path folder = cleanup.folder("tomcat");

    public TomcatTest(int tomcat, Layout layout) {
        this.tomcat = tomcat;
        this.layout = layout;
    }

    @Parameters(name = "Tomcat {0}, {1}")
    public static List<Object[]> containers() {
        int newest = Runtime.version().feature() >= FIRST_JDK_OF_TOMCAT_11 ? 11 : 9;
        return List.of(new Object[] {9, Layout.LIBRARY_IN_JAR}, new Object[] {newest, Layout.LIBRARY_BESIDE_JAR});
    }

    @BeforeClass
    public static void startVaults() {
        value = Fixtures.randomText();
        VAULTS.put(Layout.LIBRARY_IN_JAR, VaultServer.start());
        VAULTS.put(Layout.LIBRARY_BESIDE_JAR, VaultServer.startTls());
        VAULTS.forEach((layout, vault) -> {
            vault.putSecret("sample/secret", "password", value);
            vault.put("sys/auth/approle", "{\"type\":\"approle\"}");
            vault.put("sys/policies/acl/sample",
                    "{\"policy\":\"path \\\"secret/data/sample/*\\\" { capabilities = [\\\"read\\\"] }\"}");
            vault.put("auth/approle/role/app", "{\"role_id\":\"app\",\"token_policies\":[\"sample\"]}");
            LOGS.put(layout, new AuditLog(vault));
        });
    }

    @AfterClass
    public static void stopVaults() {
        VAULTS.values().forEach(VaultServer::close);
        outcome = null;
        outcomeOf = null;
    }

    @After
    public void deleteFolder() {
        cleanup.close();
    }

    @Test
    public void readsAtStartUp() throws Exception {
        assertTold("readsAtStartUp");
    }

    @Test
    public void redeployedManyTimesItLeavesNothing() throws Exception {
        assertTold("redeployedManyTimes");
    }

    @Test
    public void twoSideBySide() throws Exception {
        assertTold("twoSideBySide");
    }

    @Test
    public void calledAfterItWasStopped() throws Exception {
        assertTold("calledAfterItWasStopped");
    }

    @Test
    public void stoppedWhileACallWaits() throws Exception {
        assertTold("stoppedWhileACallWaits");
    }

    @Test
    public void stoppedWhileItStarts() throws Exception {
        assertTold("stoppedWhileItStarts");
    }

    @Test
    public void stoppedBeforeItsStartIsOver() throws Exception {
        assertTold("stoppedBeforeItsStartIsOver");
    }

    @Test
    public void noTokenIsLeftInVault() throws Exception {
        Outcome outcome = outcome();
        AuditLog log = LOGS.get(layout);
        assertEquals(outcome.toString(), 0, log.tokens("approle"));
        List<String> requests = log.paths();
        int logins = Collections.frequency(requests, "auth/approle/login");
        assertTrue(logins + " logins", logins > 20);
        assertEquals(logins, Collections.frequency(requests, AuditLog.REVOKE));
    }

    @Test
    public void theContainerStops() throws Exception {
        Outcome outcome = outcome();
        assertTrue(outcome.toString(), outcome.stdout.endsWith("container stopped\n"));
        assertEquals(outcome.toString(), 0, outcome.exitCode);
    }

    private void assertTold(String story) throws Exception {
        Outcome outcome = outcome();
        assertTrue(story + '\n' + outcome, outcome.stdout.contains(story + " ok: "));
    }

    /** The JVM's output, with the beginning of its own report if it crashed. */
    private Outcome outcome() throws Exception {
        String container = tomcat + " " + layout;
        if (!container.equals(outcomeOf)) {
            outcome = null;
            outcomeOf = container;
            outcome = run();
        }
        assertNotNull("another test has seen this JVM fail", outcome);
        return outcome;
    }

    private Outcome run() throws IOException, GeneralSecurityException {
        VaultServer vault = VAULTS.get(layout);
        List<Path> classPath = tomcatJars();
        classPath.add(HostProcess.testClasses());
        Path lib = folder.resolve("application").resolve("WEB-INF").resolve("lib");
        Installation.jar(lib);
        if (layout == Layout.LIBRARY_BESIDE_JAR) {
            Installation.library(lib);
            Files.copy(HostProcess.apiStubs(), lib.resolve("host-api-stubs.jar"));
        } else {
            classPath.add(HostProcess.apiStubs());
        }
        HostProcess jvm = HostProcess.plain().classPath(classPath.toArray(new Path[0]))
                .environment("SECRET_STORE_VAULT_CACHE_TIME", null)
                .environment("SECRET_STORE_VAULT_TOKEN", Canaries.keep(Fixtures.randomText())) // for a peer that is no Vault
                .jvmFlags("-Xcheck:jni", "-XX:ErrorFile=" + folder.resolve("hs_err.log"), "-XX:-CreateCoredumpOnCrash")
                // The JVM's own threads come and go otherwise, and no test could tell them from others.
                .jvmFlags("-XX:+UseSerialGC", "-XX:-UseDynamicNumberOfCompilerThreads")
                // As Tomcat's start script has it, for its leak detection; and as it asks for on a JDK before 21.
                .jvmFlags("--add-opens=java.base/java.lang=ALL-UNNAMED", "--add-opens=java.base/java.io=ALL-UNNAMED",
                        "--add-opens=java.base/java.util=ALL-UNNAMED", "--add-opens=java.rmi/sun.rmi.transport=ALL-UNNAMED",
                        "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED", "-Dsun.io.useCanonCaches=false");
        jvm.allowNativeAccess();
        if (layout == Layout.LIBRARY_BESIDE_JAR) {
            Path trusted = TrustStores.withCertificate(vault.caFile(), folder.resolve("trust.p12"), "PKCS12");
            jvm.jvmFlags("-Djavax.net.ssl.trustStore=" + trusted, "-Djavax.net.ssl.trustStorePassword=changeit");
        }
        Outcome outcome = jvm.run("dev.vaultcipher.host.WebApplications", folder.resolve("application").toString(),
                folder.resolve("container").toString(), text(vault),
                Fixtures.sha256(value).substring(0, 8));
        return new Outcome(outcome.exitCode, outcome.stdout, end(outcome.stderr) + crashReport());
    }

    /** With a login, so that there is something to leave behind. */
    private String text(VaultServer vault) throws IOException {
        Path secretId = Files.writeString(folder.resolve("secret-id"), Canaries.keep(
                Fixtures.jsonMember(vault.put("auth/approle/role/app/secret-id", "{}"), "secret_id")));
        Files.setPosixFilePermissions(secretId, PosixFilePermissions.fromString("rw-------"));
        return vault.text("sample/secret", "password").replace("\"endpoint\"", "\"authenticationType\":\"APPROLE\","
                + "\"roleId\":\"app\",\"secretIdFile\":" + Fixtures.json(secretId.toString()) + ",\"endpoint\"");
    }

    private List<Path> tomcatJars() throws IOException {
        Path folder = HostProcess.codeSource(Test.class).resolveSibling("tomcat-" + tomcat);
        List<Path> jars = new ArrayList<>();
        try (DirectoryStream<Path> found = Files.newDirectoryStream(folder, "*.jar")) {
            found.forEach(jars::add);
        }
        return jars;
    }

    private static String end(String text) {
        return text.substring(Math.max(0, text.length() - QUOTED));
    }

    private String crashReport() {
        Path report = folder.resolve("hs_err.log");
        try {
            String text = Files.exists(report) ? Files.readString(report, StandardCharsets.ISO_8859_1) : "";
            return text.substring(0, Math.min(QUOTED, text.length()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

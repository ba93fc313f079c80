package dev.vaultcipher.docs;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.Cleanup;
import dev.vaultcipher.harness.DocsFiles;
import dev.vaultcipher.harness.HostHome;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.SettingsTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/**
 * The examples for the official images: each goes through a shell or a YAML reader, then through what the image's entry
 * point does ({@link OfficialImage}), then the product starts with the outcome and connects to its database.
 */
public class ContainersTest {
    private static final Path KUBERNETES = Paths.get("docs", "kubernetes");

    private static DocsServers servers;

    @BeforeClass
    public static void startServers() {
        servers = DocsServers.start();
    }

    @AfterClass
    public static void stopServers() {
        servers.close();
    }

    @Test
    public void dockerRunGivesBitbucketItsPassword() {
        assertStarts("bitbucket", dockerRun("bitbucket"));
    }

    @Test
    public void dockerRunGivesJiraItsPassword() {
        Map<String, String> environment = dockerRun("jira");
        assertEquals("dbconfig.xml is written again", "true", environment.get("ATL_FORCE_CFG_UPDATE"));
        assertStarts("jira", environment);
    }

    @Test
    public void aFileOfVariablesGivesConfluenceItsPassword() {
        String file = servers.local(DocsFiles.marked("env-file", "confluence").content);
        assertStarts("confluence", Quoting.envFile(file, shell()));
    }

    @Test
    public void withoutTheAllowListTheTokenIsGoneAndTheMessageNamesTheVariable() throws IOException {
        Map<String, String> environment = dockerRun("jira");
        environment.remove("ATL_ALLOWLIST_SENSITIVE_ENV_VARS");
        OfficialImage image = new OfficialImage("jira", environment);
        try (HostHome home = new HostHome().install(HostProcess.ourJar())) {
            HostProcess.Outcome outcome = home.start(jvm(image).classPath(HostProcess.testClasses(), HostProcess.apiStubs()),
                    home.configure(image.fileName(), image.configuration()));
            assertEquals(outcome.toString(), 1, outcome.exitCode);
            for (String name : new String[] {"environment variable SECRET_STORE_VAULT_TOKEN", "ATL_ALLOWLIST_SENSITIVE_ENV_VARS"}) {
                assertTrue(home.launcherLog(), home.launcherLog().contains(name));
            }
        }
    }

    @Test
    public void theImagesRemoveTheVariablesThatThePageNamesAndNoOthers() {
        TreeSet<String> others = new TreeSet<>();
        Map<String, String> environment = new LinkedHashMap<>();
        SettingsTable.read().variables().forEach(name -> environment.put(name, "x"));
        Map<String, String> left = new OfficialImage("bamboo", environment).environmentOfTheJvm();
        for (String variable : environment.keySet()) {
            assertTrue(variable, !left.containsKey(variable) || !variable.startsWith("SECRET_STORE_VAULT_"));
            if (!left.containsKey(variable) && !variable.startsWith("SECRET_STORE_VAULT_")) {
                others.add(variable);
            }
        }
        String page = DocsFiles.text(Paths.get("docs", "containers.md"));
        String removed = page.substring(page.indexOf("Of those that vault-cipher reads"), page.indexOf("All others stay"));
        TreeSet<String> named = new TreeSet<>();
        Matcher name = Pattern.compile("`([A-Z_]+)`").matcher(removed);
        while (name.find()) {
            named.add(name.group(1));
        }
        assertEquals(others, named);
        for (String kept : new String[] {"VAULT_ADDR", "VAULT_CACERT", "VAULT_CLIENT_TIMEOUT"}) {
            assertTrue(kept, left.containsKey(kept));
        }
        environment.put("ATL_UNSET_SENSITIVE_ENV_VARS", "false");
        for (String product : new String[] {"jira", "confluence", "bamboo", "crowd"}) {
            boolean keeps = new OfficialImage(product, environment).environmentOfTheJvm().containsKey("VAULT_TOKEN");
            assertEquals(product, product.equals("jira") || product.equals("confluence"), keeps);
        }
    }

    @Test
    public void aTokenInAFileNeedsNoAllowList() throws IOException {
        Map<String, String> environment = dockerRun("jira");
        environment.remove("ATL_ALLOWLIST_SENSITIVE_ENV_VARS");
        try (Cleanup cleanup = new Cleanup()) {
            Path file = Files.writeString(cleanup.folder("token-file").resolve("token"), servers.token());
            environment.compute("ATL_JDBC_PASSWORD", (name, text) -> text.replace("}", ",\"tokenFile\":\"" + file + "\"}"));
            assertStarts("jira", environment);
        }
    }

    @Test
    public void anAmpersandInTheUrlIsWrittenAsAnEntity() {
        Map<String, String> environment = dockerRun("jira");
        String url = environment.get("ATL_JDBC_URL") + "?ApplicationName=jira";
        environment.put("ATL_JDBC_URL", url + "&amp;tcpKeepAlive=true");
        assertStarts("jira", environment);
        environment.put("ATL_JDBC_URL", url + "&tcpKeepAlive=true");
        assertBreaksTheFile(environment);
    }

    @Test
    public void aMountedSecretIsForTheServersGroup() {
        Object pod = Quoting.yaml(DocsFiles.marked("secret-volume", "jira").content).get(0);
        assertEquals("2001", String.valueOf(Quoting.at(pod, "securityContext", "fsGroup")));
        Object volume = ((List<?>) Quoting.at(pod, "volumes")).get(0);
        // YAML's octal number.
        assertEquals(0440, Quoting.at(volume, "secret", "defaultMode"));
    }

    @Test
    public void aTextWithEveryAwkwardCharacterPassesThroughAnImageThatEscapesAndOneThatDoesNot() {
        servers.vault.putSecret("r&d/team's", "pass\"word $1", servers.password("jira"));
        Map<String, String> environment = dockerRun("jira");
        for (DocsFiles.Block block : DocsFiles.blocks(Paths.get("docs", "quoting.md"))) {
            if (block.language.equals("json") && block.content.contains("\\u0026")) {
                environment.put("ATL_JDBC_PASSWORD", servers.local(block.content.trim()));
            }
        }
        OfficialImage image = new OfficialImage("jira", environment);
        assertFalse(environment.get("ATL_JDBC_PASSWORD").contains("&"));
        assertTrue(image.configuration(true).contains("&#34;"));
        DocsServers.assertConnects("jira", jvm(image), image.fileName(), image.configuration(false));
        DocsServers.assertConnects("jira", jvm(image), image.fileName(), image.configuration(true));
    }

    @Test
    public void anAmpersandBreaksTheFileOfAnImageThatDoesNotEscape() {
        Map<String, String> environment = dockerRun("jira");
        environment.merge("ATL_JDBC_PASSWORD", "r&d", (text, path) -> text.replace("jira/database", path));
        assertBreaksTheFile(environment);
    }

    @Test
    public void theManifestStartsBitbucket() {
        List<Object> documents = Quoting.yaml(servers.local(DocsFiles.text(KUBERNETES.resolve("manifest.yaml"))));
        Object account = documents.get(0);
        Object set = documents.get(1);
        Object pod = Quoting.at(set, "spec", "template", "spec");
        assertEquals("ServiceAccount", Quoting.at(account, "kind"));
        assertEquals(Quoting.at(account, "metadata", "name"), Quoting.at(pod, "serviceAccountName"));
        assertEquals("bitbucket", Quoting.at(pod, "serviceAccountName"));
        assertEquals("atlassian", Quoting.at(account, "metadata", "namespace"));
        assertEquals("atlassian", Quoting.at(set, "metadata", "namespace"));
        assertEquals(Quoting.at(set, "spec", "selector", "matchLabels"),
                Quoting.at(set, "spec", "template", "metadata", "labels"));

        Pod rendered = new Pod("bitbucket", pod);
        rendered.assertHasTheJar();
        assertStarts("bitbucket", rendered.environment(servers, Map.of()));
        assertEquals(null, servers.refusal("apps/v1", "statefulsets",
                Quoting.yaml(set).replace("namespace: atlassian", "namespace: empty")));
    }

    @Test
    public void theTableOfFoldersIsThatOfTheImages() {
        String page = DocsFiles.text(Paths.get("docs", "containers.md"));
        OfficialImage.LIBRARIES.forEach((product, folder) -> assertTrue(folder, page.contains("| `" + folder + "` |")));
    }

    /** Jira's file, as its image writes it with this environment, cannot be read. */
    private static void assertBreaksTheFile(Map<String, String> environment) {
        OfficialImage image = new OfficialImage("jira", environment);
        try (HostHome home = new HostHome().install(HostProcess.ourJar())) {
            HostProcess.Outcome outcome = home.start(jvm(image).classPath(HostProcess.testClasses(), HostProcess.apiStubs()),
                    home.configure(image.fileName(), image.configuration()));
            assertTrue(outcome.toString(), outcome.exitCode == 1 && outcome.stderr.contains("SAXParseException"));
        }
    }

    /** The product in a container with this environment connects to its database. */
    private static void assertStarts(String product, Map<String, String> environment) {
        OfficialImage image = new OfficialImage(product, environment);
        DocsServers.assertConnects(product, jvm(image), image.fileName(), image.configuration());
    }

    private static HostProcess jvm(OfficialImage image) {
        HostProcess jvm = HostProcess.plain().jvmFlags("-Xcheck:jni").jvmFlags(image.jvmArguments());
        image.environmentOfTheJvm().forEach(jvm::environment);
        return jvm;
    }

    /** What the shell has that runs docker. */
    private static Map<String, String> shell() {
        return Map.of("SECRET_STORE_VAULT_TOKEN", servers.token());
    }

    /** The environment of the container that the documented command starts. */
    private static Map<String, String> dockerRun(String product) {
        List<String> arguments = DocsFiles.arguments("docker", servers.local(DocsFiles.marked("run", product).content));
        assertEquals("run", arguments.get(0));
        Map<String, String> environment = new LinkedHashMap<>();
        List<String> mounted = new ArrayList<>();
        for (int i = 1; i < arguments.size(); i++) {
            if (arguments.get(i).equals("-e")) {
                Quoting.setVariable(arguments.get(i + 1), shell(), environment);
            } else if (arguments.get(i).equals("-v")) {
                mounted.add(arguments.get(i + 1));
            }
        }
        assertTrue(mounted.toString(), mounted.stream().anyMatch(
                volume -> volume.endsWith(".jar:" + OfficialImage.LIBRARIES.get(product) + "/vault-cipher.jar:ro")));
        assertTrue("the image comes last", arguments.get(arguments.size() - 1).startsWith("atlassian/" + product));
        return environment;
    }
}

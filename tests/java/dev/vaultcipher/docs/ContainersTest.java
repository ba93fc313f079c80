package dev.vaultcipher.docs;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.DocsFiles;
import dev.vaultcipher.harness.HostHome;
import dev.vaultcipher.harness.HostProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/**
 * The examples for the official images: each goes through a shell or a YAML reader, then through what the image's entry
 * point does ({@link OfficialImage}), then the product starts with the outcome and connects to its database.
 */
public class ContainersTest {
    private static final Path KUBERNETES = Paths.get("docs", "kubernetes");
    private static final String TOKEN_VOLUME = "vault-token";

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
        assertEquals("dbconfig.xml is written anew", "true", environment.get("ATL_FORCE_CFG_UPDATE"));
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
    public void anAmpersandBreaksTheFileOfAnImageThatDoesNotEscape() throws IOException {
        Map<String, String> environment = dockerRun("jira");
        environment.merge("ATL_JDBC_PASSWORD", "r&d", (text, path) -> text.replace("jira/database", path));
        OfficialImage image = new OfficialImage("jira", environment);
        try (HostHome home = new HostHome().install(HostProcess.ourJar())) {
            HostProcess.Outcome outcome = home.start(jvm(image).classPath(HostProcess.testClasses(), HostProcess.apiStubs()),
                    home.configure(image.fileName(), image.configuration()));
            assertTrue(outcome.toString(), outcome.exitCode == 1 && outcome.stderr.contains("SAXParseException"));
        }
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

        Object mounts = Quoting.at(pod, "containers", "0", "volumeMounts");
        assertEquals(OfficialImage.LIBRARIES.get("bitbucket") + "/vault-cipher.jar", Quoting.at(mount(mounts, "jar"), "mountPath"));
        String copied = Quoting.at(pod, "initContainers", "0", "command", "2").toString();
        assertEquals("what the init container leaves is what is mounted", copied, Quoting.at(
                mount(Quoting.at(pod, "initContainers", "0", "volumeMounts"), "jar"), "mountPath") + "/"
                + Quoting.at(mount(mounts, "jar"), "subPath"));

        Map<String, String> environment = Quoting.environment(Quoting.at(pod, "containers", "0", "env"));
        withToken("bitbucket", environment, Quoting.at(pod, "volumes"), mounts);
        assertStarts("bitbucket", environment);
    }

    @Test
    public void theValuesForTheChartsStartEveryProduct() {
        for (String product : DocsServers.PRODUCTS) {
            Object values = Quoting.yaml(servers.local(DocsFiles.text(KUBERNETES.resolve("values-" + product + ".yaml")))).get(0);
            Map<?, ?> own = (Map<?, ?>) Quoting.at(values, product);
            assertEquals(product, Quoting.at(values, "serviceAccount", "name"));
            assertEquals(List.of(OfficialImage.LIBRARIES.get(product) + "/vault-cipher.jar"), jars(product, own));

            Map<String, String> environment = databaseVariables(product, (Map<?, ?>) values);
            if (own.containsKey("additionalEnvironmentVariables")) {
                Quoting.environment(own.get("additionalEnvironmentVariables"))
                        .forEach((name, value) -> assertEquals("set twice: " + name, null, environment.put(name, value)));
            }
            environment.put("JVM_SUPPORT_RECOMMENDED_ARGS", String.join(" ", strings(own.get("additionalJvmArgs"))));
            withToken(product, environment, Quoting.at(values, "volumes", "additional"), own.get("additionalVolumeMounts"));
            if (product.equals("bamboo") || product.equals("crowd")) {
                // The image takes no class from its environment: the file is the one of the product's page.
                DocsFiles.Block file = DocsFiles.blocks(Paths.get("docs", "products", product + ".md")).stream()
                        .filter(block -> block.kind.equals("file") && block.content.contains("KUBERNETES")).findFirst().get();
                HostProcess jvm = jvm(new OfficialImage(product, environment));
                DocsServers.assertConnects(product, jvm, file.name, servers.local(file.content));
            } else {
                assertStarts(product, environment);
            }
        }
    }

    @Test
    public void theValuesHaveOnlyKeysThatTheChartsHave() {
        Map<String, Set<String>> known = new TreeMap<>();
        for (String line : DocsFiles.text(KUBERNETES.resolve("helm-keys.txt")).split("\n")) {
            if (!line.startsWith("#")) {
                String[] words = line.split(" ");
                known.computeIfAbsent(words[0] + ' ' + words[1], chart -> new TreeSet<>()).add(words[2]);
            }
        }
        assertEquals(known.keySet().toString(), DocsServers.PRODUCTS.size(), known.size());
        for (Map.Entry<String, Set<String>> chart : known.entrySet()) {
            String text = DocsFiles.text(KUBERNETES.resolve("values-" + chart.getKey().split(" ")[0] + ".yaml"));
            assertTrue("the values name the chart's version", text.contains("checked against chart " + chart.getKey() + ' '));
            for (String key : keys("", Quoting.yaml(text).get(0))) {
                assertTrue(chart.getKey() + " has no " + key, chart.getValue().contains(key));
            }
        }
    }

    @Test
    public void theTableOfFoldersIsThatOfTheImages() {
        String page = DocsFiles.text(Paths.get("docs", "containers.md"));
        OfficialImage.LIBRARIES.forEach((product, folder) -> assertTrue(folder, page.contains("| `" + folder + "` |")));
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

    /** Puts a file where the JVM's arguments say that the projected token is, if the volume and its mount put it there. */
    private static void withToken(String product, Map<String, String> environment, Object volumes, Object mounts) {
        Object source = Quoting.at(mount(volumes, TOKEN_VOLUME), "projected", "sources", "0", "serviceAccountToken");
        String inThePod = Quoting.at(mount(mounts, TOKEN_VOLUME), "mountPath") + "/" + Quoting.at(source, "path");
        String here = servers.tokenFile(product, Quoting.at(source, "audience").toString()).toString();
        environment.computeIfPresent("JVM_SUPPORT_RECOMMENDED_ARGS", (name, value) -> {
            assertTrue(value, value.contains("jwt.path=" + inThePod));
            return value.replace("jwt.path=" + inThePod, "jwt.path=" + here);
        });
    }

    /** The item with this name. */
    private static Object mount(Object items, String name) {
        return ((List<?>) items).stream().filter(item -> name.equals(((Map<?, ?>) item).get("name"))).findFirst()
                .orElseThrow(() -> new AssertionError("there is no " + name + " in " + items));
    }

    /** Where the chart puts the jar. Its additionalLibraries go into Tomcat's lib for Jira and Bamboo. */
    private static List<String> jars(String product, Map<?, ?> own) {
        List<String> places = new ArrayList<>();
        String folder = product.equals("jira") || product.equals("bamboo") ? "/opt/atlassian/" + product + "/lib"
                : OfficialImage.LIBRARIES.get(product);
        if (own.containsKey("additionalLibraries")) {
            for (Object library : (List<?>) own.get("additionalLibraries")) {
                assertEquals("shared-home", Quoting.at(library, "volumeName"));
                assertEquals("libraries", Quoting.at(library, "subDirectory"));
                places.add(folder + '/' + Quoting.at(library, "fileName"));
            }
        }
        for (Object mount : (List<?>) own.get("additionalVolumeMounts")) {
            if ("shared-home".equals(((Map<?, ?>) mount).get("name"))) {
                assertEquals("libraries/vault-cipher.jar", Quoting.at(mount, "subPath"));
                places.add(Quoting.at(mount, "mountPath").toString());
            }
        }
        return places;
    }

    /** The variables that the chart makes of the section {@code database}. */
    private static Map<String, String> databaseVariables(String product, Map<?, ?> values) {
        Map<String, String> environment = new LinkedHashMap<>();
        if (values.containsKey("database")) {
            String prefix = product.equals("bitbucket") ? "" : "ATL_";
            ((Map<?, ?>) values.get("database")).forEach((key, value) -> environment.put(
                    prefix + (key.equals("url") || prefix.isEmpty() ? "JDBC_" : "DB_") + key.toString().toUpperCase(Locale.ROOT),
                    value.toString()));
        }
        return environment;
    }

    private static List<String> strings(Object list) {
        List<String> strings = new ArrayList<>();
        ((List<?>) list).forEach(item -> strings.add(item.toString()));
        return strings;
    }

    /** {@code a.b} for each value, {@code a.b[]} for each list, whose items are not looked into. */
    private static Set<String> keys(String path, Object node) {
        Set<String> keys = new TreeSet<>();
        if (node instanceof Map) {
            ((Map<?, ?>) node).forEach((key, value) -> keys.addAll(keys(path.isEmpty() ? key.toString() : path + '.' + key, value)));
        } else {
            keys.add(node instanceof List ? path + "[]" : path);
        }
        return keys;
    }
}

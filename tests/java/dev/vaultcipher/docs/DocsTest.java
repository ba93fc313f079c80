package dev.vaultcipher.docs;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.VaultSecretStore;
import dev.vaultcipher.harness.DocsFiles;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostHome;
import dev.vaultcipher.harness.HostProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** Every example of the documentation works as it stands, and every name and message that it quotes is the code's. */
public class DocsTest {
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
    public void bitbucketsFilesWork() {
        assertFilesWork("bitbucket");
    }

    @Test
    public void jirasFilesWork() {
        assertFilesWork("jira");
    }

    @Test
    public void confluencesFilesWork() {
        assertFilesWork("confluence");
    }

    @Test
    public void bamboosFilesWork() {
        assertFilesWork("bamboo");
    }

    @Test
    public void crowdsFilesWork() {
        assertFilesWork("crowd");
    }

    /** Of Bitbucket 7.9 to 8.12. */
    @Test
    public void bitbucketsOlderFileWorks() {
        String content = servers.local(DocsFiles.marked("older-file", "bitbucket.properties").content);
        assertFalse(content.contains("{ENC}"));
        DocsServers.assertConnects("bitbucket", jvm("bitbucket"), "bitbucket.properties", content);
    }

    /** No page promises what Crowd's own do not say. */
    @Test
    public void crowdIsCalledUnprovenWhereverItIsOffered() {
        for (String file : List.of("docs/products/crowd.md", "docs/examples/crowd.cfg.xml", "docs/kubernetes/values-crowd.yaml", "CHANGELOG.md")) {
            assertTrue(file, DocsFiles.text(Paths.get(file)).toLowerCase(Locale.ROOT).contains("unproven"));
        }
        for (String page : List.of("README.md", "docs/containers.md", "docs/doctor.md")) {
            for (String line : DocsFiles.text(Paths.get(page)).split("\n")) {
                assertTrue(page + ": " + line, !line.matches(".*(\\| Crowd|atlassian/crowd|crowd\\.cfg|values-crowd).*") || line.contains("unproven")
                        || line.contains("/opt/atlassian/crowd/"));
            }
        }
    }

    /** The page's first file is the one in docs/examples, which HostFilesTest tries; the second connects, for both contracts. */
    private static void assertFilesWork(String product) {
        List<DocsFiles.Block> files = DocsFiles.blocks(Paths.get("docs", "products", product + ".md")).stream()
                .filter(block -> block.kind.equals("file")).collect(Collectors.toList());
        assertEquals("one file with a token, one with a service account", 2, files.size());
        assertEquals(DocsFiles.text(Paths.get("docs", "examples", files.get(0).name)), files.get(0).content);
        assertFalse(files.get(0).content.contains("KUBERNETES"));
        assertTrue(files.get(1).content.contains("KUBERNETES"));
        String content = servers.local(files.get(1).content);
        DocsServers.assertConnects(product, jvm(product), files.get(1).name, content);
        DocsServers.assertConnects(product, jvm(product), files.get(1).name, content.replace("VaultSecretStore", "VaultCipher"));
    }

    /** A JVM with everything that the page of a product sets beside the text: the token, or the pod's service account. */
    private static HostProcess jvm(String product) {
        return HostProcess.plain().jvmFlags("-Xcheck:jni")
                .environment("SECRET_STORE_VAULT_TOKEN", servers.token())
                .environment("SECRET_STORE_VAULT_KUBE_AUTH_JWT_PATH", servers.tokenFile(product, "vault").toString());
    }

    @Test
    public void theCommandsForTheVendorsToolCheckTheText() {
        List<DocsFiles.Block> tools = DocsFiles.marked("tool");
        assertTrue(tools.toString(), tools.stream().map(tool -> tool.name).collect(Collectors.toList())
                .containsAll(DocsServers.PRODUCTS));
        for (DocsFiles.Block tool : tools) {
            List<String> arguments = DocsFiles.arguments("java", tool.content);
            assertEquals(tool.toString(), List.of("-cp", "./*", "com.atlassian.secrets.cli.db.DbCipherTool"),
                    arguments.subList(0, 3));
            String[] forTool = arguments.stream().skip(3).map(servers::local).toArray(String[]::new);
            HostProcess.Outcome outcome = jvm(tool.name).run("dev.vaultcipher.host.CipherTool", forTool);
            assertEquals(tool + outcome.toString(), 0, outcome.exitCode);
            assertTrue(outcome.toString(), outcome.stdout.contains("Success! Put this text into the configuration: {"));
        }
    }

    @Test
    public void everyJsonTextIsAccepted() {
        // TextPageTest, AuthenticationPageTest, StartUpPageTest and StorePageTest read those of their pages.
        List<String> others = List.of("text.md", "authentication.md", "start-up.md", "store.md");
        List<DocsFiles.Block> blocks = DocsFiles.pages().stream()
                .filter(page -> others.stream().noneMatch(page::endsWith))
                .flatMap(page -> DocsFiles.blocks(page).stream())
                .filter(block -> block.language.equals("json")).collect(Collectors.toList());
        assertTrue("the README shows a text", blocks.stream().anyMatch(block -> block.page.endsWith("README.md")));
        HostProcess jvm = HostProcess.loading(VaultSecretStore.class.getName())
                .environment("SECRET_STORE_VAULT_TOKEN", servers.token())
                .environment("SECRET_STORE_VAULT_KUBE_AUTH_ROLE", "bitbucket-database")
                .environment("SECRET_STORE_VAULT_KUBE_AUTH_JWT_PATH", servers.tokenFile("bitbucket", "vault").toString());
        HostProcess.Outcome outcome = jvm.call(blocks.stream().map(block -> servers.local(block.content)).toArray(String[]::new));
        assertEquals(outcome.toString(), blocks.size(), outcome.calls.size());
        for (int i = 0; i < blocks.size(); i++) {
            String message = outcome.calls.get(i).message;
            assertTrue(blocks.get(i) + message, message == null || message.contains("There is no secret at"));
        }
    }

    @Test
    public void everyWayToQuoteLeadsToTheSameSecret() {
        servers.vault.putSecret("r&d/team's", "pass\"word $1", Fixtures.randomText());
        List<String> texts = new ArrayList<>();
        for (DocsFiles.Block block : DocsFiles.marked("quoting")) {
            texts.add(Quoting.text(block.name, block.content));
        }
        for (DocsFiles.Block block : DocsFiles.blocks(Paths.get("docs", "quoting.md"))) {
            if (block.language.equals("json")) {
                texts.add(block.content);
                texts.add(Quoting.throughXml(block.content.replace("&", "&amp;")));
            }
        }
        HostProcess.Outcome outcome = HostProcess.loading(VaultSecretStore.class.getName())
                .environment("SECRET_STORE_VAULT_TOKEN", servers.token())
                .call(texts.stream().map(servers::local).toArray(String[]::new));
        assertEquals(11, outcome.calls.size());
        TreeSet<String> values = new TreeSet<>();
        for (int i = 0; i < texts.size(); i++) {
            HostProcess.Call call = outcome.calls.get(i);
            assertTrue(texts.get(i) + '\n' + call, call.valueSha256 != null);
            values.add(call.valueSha256);
        }
        assertEquals(values.toString(), 1, values.size());
    }

    @Test
    public void aJarInTomcatsLibIsToldByTheMissingInterface() throws IOException {
        // The class is in a parent of the loader that has the interface.
        try (HostHome home = new HostHome().install(HostProcess.apiStubs())) {
            HostProcess jvm = jvm("jira").classPath(HostProcess.testClasses(), HostProcess.ourJar());
            home.start(jvm, home.configure("dbconfig.xml", servers.local(
                    DocsFiles.text(Paths.get("docs", "examples", "dbconfig.xml")))));
            assertTrue(home.launcherLog(), home.launcherLog().contains("NoClassDefFoundError: com/atlassian/"));
        }
        // And without any jar.
        try (HostHome home = new HostHome().install(HostProcess.apiStubs())) {
            HostProcess jvm = jvm("jira").classPath(HostProcess.testClasses());
            home.start(jvm, home.configure("dbconfig.xml", servers.local(
                    DocsFiles.text(Paths.get("docs", "examples", "dbconfig.xml")))));
            assertTrue(home.launcherLog(), home.launcherLog().contains("ClassNotFoundException: dev.vaultcipher"));
        }
    }

    @Test
    public void theReadmeHasThePropertiesOfTheClassesAndOnlyThose() {
        List<String> properties = matches(sources("java/main"), "\"(dev\\.vaultcipher\\.[a-z]+)\";").stream().sorted().collect(Collectors.toList());
        assertEquals(properties, matches(DocsFiles.text(Paths.get("README.md")), "`(?:-D)?(dev\\.vaultcipher\\.[a-z]+)").stream()
                .distinct().sorted().collect(Collectors.toList()));
    }

    @Test
    public void theReadmesTwoLinesAreThoseOfTheExample() {
        String readme = DocsFiles.text(Paths.get("README.md"));
        List<String> lines = matches(DocsFiles.text(Paths.get("docs", "examples", "bitbucket.properties")),
                "(?m)^((?:jdbc.password|encrypted-property).*)$");
        assertEquals(2, lines.size());
        lines.forEach(line -> assertTrue(line, readme.contains(line)));
    }

    /** Which of them Rust writes is checked, and listed, by tests/rust/quotes.rs. */
    @Test
    public void everyMessageThatIsQuotedIsTheCodes() {
        String java = sources("java/main").replaceAll("\"\\s*\\+\\s*\"", "").replace("\\\"", "\"");
        List<String> ofRust = DocsFiles.text(Paths.get("tests", "compatibility", "quotes.txt")).lines().collect(Collectors.toList());
        List<String> quotes = matches(DocsFiles.text(Paths.get("docs", "messages.md")), "(?m)^\\| `(.+?)` \\|").stream()
                .flatMap(cell -> Stream.of(cell.split("`, `"))).collect(Collectors.toList());
        assertTrue(quotes.toString(), quotes.size() > 170);
        for (String quote : quotes) {
            for (String part : quote.split("…")) {
                assertTrue("no message says \"" + part.trim() + '"', ofRust.contains(quote) || java.contains(part.trim()));
            }
        }
    }

    /** What a page says is tried is tried: each test class and each file of the source that it names is there. */
    @Test
    public void everyTestThatAPageNamesIsThere() throws IOException {
        List<String> files;
        try (Stream<Path> all = Stream.concat(Files.walk(Paths.get("tests")), Stream.concat(Files.walk(Paths.get("src")), Stream.concat(Files.walk(Paths.get("jni")), Files.walk(Paths.get("cli")))))) {
            files = all.map(file -> file.getFileName().toString()).collect(Collectors.toList());
        }
        for (Path page : DocsFiles.pages()) {
            for (String name : matches(DocsFiles.text(page), "`(?:[a-z/_]*/)?([A-Z]\\w+Test|[a-z_0-9]+\\.rs)`")) {
                assertTrue(page + " names " + name, files.contains(name) || files.contains(name + ".java"));
            }
        }
    }

    @Test
    public void everyLinkLeadsSomewhere() {
        for (Path page : DocsFiles.pages()) {
            for (String link : matches(DocsFiles.text(page), "\\]\\(([^)#]*(?:#[^)]*)?)\\)")) {
                if (link.contains("://")) {
                    continue;
                }
                String[] parts = link.split("#", 2);
                Path parent = page.getParent() == null ? Paths.get("") : page.getParent();
                Path target = parts[0].isEmpty() ? page : parent.resolve(parts[0]).normalize();
                assertTrue(page + " links to " + link, Files.exists(target));
                if (parts.length == 2) {
                    assertTrue(page + " links to " + link, matches(DocsFiles.text(target), "(?m)^#+ (.*)$").stream()
                            .map(heading -> heading.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9 _-]", "").replace(' ', '-'))
                            .anyMatch(parts[1]::equals));
                }
            }
        }
    }

    private static List<String> matches(String text, String regex) {
        List<String> found = new ArrayList<>();
        Matcher matcher = Pattern.compile(regex).matcher(text);
        while (matcher.find()) {
            found.add(matcher.group(1) == null ? matcher.group(2) : matcher.group(1));
        }
        return found;
    }

    private static String sources(String folder) {
        try (Stream<Path> files = Files.walk(Paths.get(folder))) {
            return files.filter(Files::isRegularFile).sorted().map(DocsFiles::text).collect(Collectors.joining("\n"));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}

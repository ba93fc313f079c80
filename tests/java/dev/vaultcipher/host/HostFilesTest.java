package dev.vaultcipher.host;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostHome;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.PostgresServer;
import dev.vaultcipher.harness.VaultServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/**
 * From a product's configuration file to its database: the files that docs/examples shows, read by the host harness, with
 * a real Vault and a real PostgreSQL.
 */
public class HostFilesTest {
    private static final List<String> PRODUCTS = Arrays.asList("bitbucket", "jira", "confluence", "bamboo", "crowd");

    private static VaultServer vault;
    private static PostgresServer postgres;
    private static String token;

    @BeforeClass
    public static void startServers() {
        vault = VaultServer.start();
        postgres = PostgresServer.start();
        for (String product : PRODUCTS) {
            String password = Fixtures.randomText();
            postgres.createUser(product, password);
            vault.putSecret(product + "/database", "password", password);
        }
        token = vault.createToken("path \"secret/data/+/database\" { capabilities = [\"read\"] }");
    }

    @AfterClass
    public static void stopServers() {
        postgres.close();
        vault.close();
    }

    @Test
    public void bitbucketConnectsToItsDatabaseThroughEitherContract() throws IOException {
        assertConnects("bitbucket", "bitbucket.properties");
    }

    @Test
    public void jiraConnectsToItsDatabaseThroughEitherContract() throws IOException {
        assertConnects("jira", "dbconfig.xml");
    }

    @Test
    public void confluenceConnectsToItsDatabaseThroughEitherContract() throws IOException {
        assertConnects("confluence", "confluence.cfg.xml");
    }

    @Test
    public void bambooConnectsToItsDatabaseThroughEitherContract() throws IOException {
        assertConnects("bamboo", "bamboo.cfg.xml");
    }

    @Test
    public void crowdConnectsToItsDatabaseThroughEitherContract() throws IOException {
        assertConnects("crowd", "crowd.cfg.xml");
    }

    private static void assertConnects(String user, String fileName) throws IOException {
        String forCipher = example(fileName).replace("dev.vaultcipher.VaultSecretStore", "dev.vaultcipher.VaultCipher");
        for (String content : Arrays.asList(example(fileName), forCipher)) {
            try (HostHome home = new HostHome().install(HostProcess.ourJar(), driver())) {
                HostProcess.Outcome outcome = home.start(apiInParent(), home.configure(fileName, content));
                assertEquals(outcome.toString(), 0, outcome.exitCode);
                assertSays(outcome, "select current_user gives " + user);
                assertSays(outcome, "through " + (content == forCipher ? "Cipher" : "SecretStore"));
                assertTrue(home.launcherLog(), home.launcherLog().contains("Connected to the database as " + user));
            }
        }
    }

    @Test
    public void theApiMayLieBesideOurJar() throws IOException {
        try (HostHome home = new HostHome().install(HostProcess.ourJar(), HostProcess.apiStubs(), driver())) {
            HostProcess jvm = jvm().classPath(HostProcess.testClasses());
            HostProcess.Outcome outcome = home.start(jvm, home.configure("bitbucket.properties", example("bitbucket.properties")));
            assertSays(outcome, "select current_user gives bitbucket");
        }
    }

    @Test
    public void anOldHostThatKnowsOnlyCipherIsServedByVaultCipher() throws IOException {
        try (HostHome home = new HostHome().install(HostProcess.ourJar(), driver())) {
            HostProcess jvm = jvm().classPath(HostProcess.testClasses(), home.cipherOnlyApi());
            String content = example("bitbucket.properties").replace("VaultSecretStore", "VaultCipher");
            HostProcess.Outcome outcome = home.start(jvm, home.configure("bitbucket.properties", content));
            assertSays(outcome, "select current_user gives bitbucket");
        }
    }

    @Test
    public void anOldHostThatFailsIsToldWhyThroughCipherToo() throws IOException {
        try (HostHome home = new HostHome().install(HostProcess.ourJar(), driver())) {
            HostProcess jvm = jvm().classPath(HostProcess.testClasses(), home.cipherOnlyApi());
            String content = example("bitbucket.properties").replace("VaultSecretStore", "VaultCipher")
                    .replace("\"key\":\"password\"", "\"key\":\"pasword\"");
            HostProcess.Outcome outcome = home.start(jvm, home.configure("bitbucket.properties", content));
            assertEquals(1, outcome.exitCode);
            assertTrue(home.launcherLog(), home.launcherLog().contains("java.lang.IllegalStateException: "));
            assertTrue(home.launcherLog(), home.launcherLog().contains("\"password\""));
        }
    }

    @Test
    public void anOldHostWithTheClassForNewOnesNamesTheMissingInterface() throws IOException {
        try (HostHome home = new HostHome().install(HostProcess.ourJar(), driver())) {
            HostProcess jvm = jvm().classPath(HostProcess.testClasses(), home.cipherOnlyApi());
            HostProcess.Outcome outcome =
                    home.start(jvm, home.configure("bitbucket.properties", example("bitbucket.properties")));
            assertEquals(1, outcome.exitCode);
            assertTrue(home.launcherLog(), home.launcherLog().contains("com/atlassian/secrets/api/SecretStore"));
        }
    }

    @Test
    public void tenEncryptedPropertiesAreResolvedInOneStart() throws IOException {
        StringBuilder content = new StringBuilder(example("bitbucket.properties"));
        StringBuilder expected = new StringBuilder();
        for (int i = 0; i < 9; i++) {
            String value = Fixtures.randomText();
            vault.putSecret("many" + i + "/database", "password", value);
            content.append("plugin.secret").append(i).append("={ENC}")
                    .append(vault.text("many" + i + "/database", "password")).append('\n');
            expected.append("plugin.secret").append(i).append(": through SecretStore, fingerprint ")
                    .append(Fixtures.sha256(value), 0, 8).append('\n');
        }
        try (HostHome home = new HostHome().install(HostProcess.ourJar(), driver())) {
            HostProcess.Outcome outcome =
                    home.start(apiInParent(), home.configure("bitbucket.properties", content.toString()));
            assertSays(outcome, "select current_user gives bitbucket");
            for (String line : expected.toString().split("\n")) {
                assertSays(outcome, line);
            }
        }
    }

    @Test
    public void theTextSurvivesEscapesAndContinuationLinesInProperties() throws IOException {
        String content = example("bitbucket.properties")
                .replace("{ENC}{\"mount\":\"secret\",", "{ENC}{\\\n      \\u0022mount\\u0022\\:\"secret\",\\\n      ")
                .replace("jdbc.password=", "jdbc.password : ");
        try (HostHome home = new HostHome().install(HostProcess.ourJar(), driver())) {
            assertTrue("the example was altered", content.contains("u0022mount") && content.contains("jdbc.password : "));
            HostProcess.Outcome outcome = home.start(apiInParent(), home.configure("bitbucket.properties", content));
            assertSays(outcome, "select current_user gives bitbucket");
        }
    }

    @Test
    public void theTextSurvivesEntitiesAndLineBreaksInXml() throws IOException {
        vault.putSecret("r&d/database", "<key> \"1\"", jiraPassword());
        String text = vault.text("r&d/database", "<key> \"1\"");
        String entities = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&#62;").replace("\"", "&quot;")
                .replace("{", "\n      {").replace("}", "}\n    ");
        for (String written : Arrays.asList(entities, "<![CDATA[" + text + "]]>")) {
            String content = example("dbconfig.xml").replaceAll("(?s)<password>.*</password>",
                    Matcher.quoteReplacement("<password>" + written + "</password>"));
            try (HostHome home = new HostHome().install(HostProcess.ourJar(), driver())) {
                HostProcess.Outcome outcome = home.start(apiInParent(), home.configure("dbconfig.xml", content));
                assertSays(outcome, "select current_user gives jira");
            }
        }
    }

    @Test
    public void aFailureIsOneLineInTheLauncherLogAndStopsTheServer() throws IOException {
        String stranger = vault.createReader("somewhere/else");
        try (HostHome home = new HostHome().install(HostProcess.ourJar(), driver())) {
            HostProcess jvm = apiInParent().environment("SECRET_STORE_VAULT_TOKEN", stranger);
            HostProcess.Outcome outcome =
                    home.start(jvm, home.configure("bitbucket.properties", example("bitbucket.properties")));
            assertEquals(outcome.toString(), 1, outcome.exitCode);
            String log = home.launcherLog();
            assertEquals(log, 1, log.split("\n").length);
            assertTrue(log, log.contains("The property 'jdbc.password' could not be decrypted: "
                    + "com.atlassian.secrets.api.SecretStoreException: "));
            assertTrue(log, log.contains("path \"secret/data/bitbucket/database\" { capabilities = [\"read\"] }"));
        }
    }

    /** The password that Vault holds for Jira already, under another path and key for the tests of quoting. */
    private static String jiraPassword() {
        return Fixtures.jsonMember(
                vault.request("GET", "secret/data/jira/database", null, vault.rootToken()).body, "password");
    }

    /** What docs/examples shows, with the addresses of the servers of this test. */
    private static String example(String fileName) throws IOException {
        Path file = Paths.get("docs", "examples", fileName);
        String content = Files.readString(file);
        String changed = content.replace("https://vault.example.com:8200", vault.address())
                .replaceAll("jdbc:postgresql://db\\.example\\.com:5432/\\w+", postgres.jdbcUrl());
        assertTrue(file + " names the example's servers", changed.contains(vault.address()) && changed.contains(postgres.jdbcUrl()));
        return changed;
    }

    private static void assertSays(HostProcess.Outcome outcome, String text) {
        assertTrue("missing: " + text + '\n' + outcome, outcome.stdout.contains(text));
    }

    private static HostProcess apiInParent() {
        return jvm().classPath(HostProcess.testClasses(), HostProcess.apiStubs());
    }

    private static HostProcess jvm() {
        return HostProcess.plain().environment("SECRET_STORE_VAULT_TOKEN", token).jvmFlags("-Xcheck:jni");
    }

    private static Path driver() {
        return HostProcess.codeSource(org.postgresql.Driver.class);
    }
}

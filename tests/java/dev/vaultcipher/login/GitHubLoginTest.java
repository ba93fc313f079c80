package dev.vaultcipher.login;

import static org.junit.Assert.assertEquals;

import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.GitHubApi;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.Logins;
import dev.vaultcipher.harness.VaultServer;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** GITHUB: Vault's own method as a plugin, and a stand-in for GitHub's API. */
public class GitHubLoginTest {
    private static final String TOKEN = "secret.store.vault.github.token";

    private static Logins logins;
    private static GitHubApi github;

    @BeforeClass
    public static void startServers() {
        logins = new Logins(VaultServer.startWithPlugins());
        github = new GitHubApi();
        logins.vault.enablePlugin("github", "github");
        logins.vault.put("auth/github/config",
                "{\"organization\":\"" + GitHubApi.ORGANIZATION + "\",\"base_url\":" + Fixtures.json(github.address()) + "}");
        logins.vault.put("auth/github/map/teams/" + GitHubApi.TEAM, "{\"value\":\"sample\"}");
    }

    @AfterClass
    public static void stopServers() {
        github.close();
        logins.close();
    }

    @Test
    public void aMemberLogsInWithTheTokenOfAPropertyTheEnvironmentOrAFile() {
        String text = logins.text("GITHUB");
        logins.get(text, TOKEN, github.token).assertValue(logins.value);
        String file = logins.file("token", github.token + "\n");
        logins.get(logins.text("GITHUB", "githubTokenFile", file)).assertValue(logins.value);
        logins.get(logins.text("GITHUB", "githubTokenFile", file, "inlineLogin", "true")).assertValue(logins.value);
        HostProcess.Call call = logins.getIn(text, "SECRET_STORE_VAULT_GITHUB_TOKEN", github.token);
        assertEquals(call.toString(), Fixtures.sha256(logins.value), call.valueSha256);
    }

    @Test
    public void aWrongTokenIsRefusedAtOnceAlthoughVaultAnswersWith500() {
        String wrong = Canaries.keep("ghp_" + Fixtures.randomText());
        logins.get(logins.text("GITHUB", "timeout", "30"), TOKEN, wrong).assertTriedOnce().assertFails(
                "The GITHUB login was refused (500 ", "401 Bad credentials", "/v1/auth/github/login",
                "with the personal access token from system property " + TOKEN + " at auth mount \"github\"",
                "most likely cause first: (1) GitHub does not accept the token", "read:org");
    }

    @Test
    public void aUserOfAnotherOrganizationIsRefusedAtOnce() {
        // The organization's id comes before its name.
        logins.vault.put("auth/github/config", "{\"organization\":\"" + GitHubApi.ORGANIZATION + "\",\"organization_id\":99,"
                + "\"base_url\":" + Fixtures.json(github.address()) + "}");
        try {
            logins.get(logins.text("GITHUB", "timeout", "30"), TOKEN, github.token).assertTriedOnce()
                    .assertFails("user is not part of required org", "(1) the token's user is not in the organization");
        } finally {
            logins.vault.put("auth/github/config", "{\"organization\":\"" + GitHubApi.ORGANIZATION
                    + "\",\"organization_id\":17,\"base_url\":" + Fixtures.json(github.address()) + "}");
        }
    }

    @Test
    public void aGitHubThatIsAwayIsTriedAgainWithinTheTime() {
        logins.vault.put("sys/auth/away", "{\"type\":\"github\"}");
        logins.vault.put("auth/away/config", "{\"organization\":\"x\",\"organization_id\":17,\"base_url\":\"http://127.0.0.1:"
                + Fixtures.freePorts(1) + "/\"}");
        logins.get(logins.text("GITHUB", "authMount", "away", "timeout", "3"), TOKEN, github.token)
                .assertFails("Vault does not reach GitHub", "tries in");
    }

    @Test
    public void whatIsMissingIsNamedWithAllItsPlaces() {
        logins.get(logins.text("GITHUB")).assertFails("authenticationType GITHUB needs the personal access token of GitHub",
                "environment variable SECRET_STORE_VAULT_GITHUB_TOKEN", "system property " + TOKEN,
                "field \"githubTokenFile\" of the text");
        logins.get(logins.text("GITHUB", "authMount", "elsewhere"), TOKEN, github.token)
                .assertFails("403 permission denied", "(1) there is no GITHUB auth method at \"elsewhere\"");
    }
}

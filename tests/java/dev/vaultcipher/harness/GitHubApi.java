package dev.vaultcipher.harness;

/** What Vault's GitHub login asks of GitHub's API: one user, in one team of one organization. */
public final class GitHubApi implements AutoCloseable {
    public static final String ORGANIZATION = "example";
    public static final String TEAM = "servers";

    /** The personal access token of the user. */
    public final String token = Canaries.keep("ghp_" + Fixtures.randomText());
    private final StandIn server = StandIn.start(this::answer);

    /** With a slash at its end, as Vault's base_url wants it. */
    public String address() {
        return server.address() + '/';
    }

    private StandIn.Answer answer(StandIn.Request request) {
        String organization = "{\"login\":\"" + ORGANIZATION + "\",\"id\":17}";
        if (request.path.equals("/orgs/" + ORGANIZATION)) { // everybody may ask for it
            return StandIn.Answer.json(200, organization);
        }
        if (!request.header("Authorization").equals("Bearer " + token)) {
            return StandIn.Answer.json(401, "{\"message\":\"Bad credentials\"}");
        }
        switch (request.path) {
            case "/user": return StandIn.Answer.json(200, "{\"login\":\"ann\",\"id\":1}");
            case "/user/orgs": return StandIn.Answer.json(200, "[" + organization + "]");
            case "/user/teams":
                return StandIn.Answer.json(200, "[{\"id\":2,\"name\":\"Servers\",\"slug\":\"" + TEAM + "\",\"organization\":"
                        + organization + "}]");
            default: return StandIn.Answer.json(404, "{\"message\":\"Not Found\"}");
        }
    }

    @Override
    public void close() {
        server.close();
    }
}

package dev.vaultcipher.harness;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What clients asked of a Vault, and what they left there, as Vault itself tells it. The administrator does not count. */
public final class AuditLog {
    public static final String REVOKE = "auth/token/revoke-self";

    private static final Pattern PATH = Pattern.compile("\"namespace\":\\{[^}]*\\},\"path\":\"([^\"]*)\"");
    private static final Pattern ACCESSOR = Pattern.compile("\"(\\w{20,})\"");

    private final VaultServer vault;
    private int read;

    /** Turns the log on. */
    public AuditLog(VaultServer vault) {
        this.vault = vault;
        vault.enableAudit();
        forget();
    }

    /** From now on only what follows counts. */
    public void forget() {
        read = vault.auditedRequests("").size();
    }

    /** The API paths of the requests, in their order, whose line in the log holds one of these texts; of all without any. */
    public List<String> paths(String... texts) {
        List<String> paths = new ArrayList<>();
        List<String> lines = vault.auditedRequests("");
        for (String line : lines.subList(read, lines.size())) {
            Matcher path = PATH.matcher(line);
            if (!line.contains("\"policies\":[\"root\"]") && holdsOne(line, texts) && path.find()) {
                paths.add(path.group(1));
            }
        }
        return paths;
    }

    /** How many tokens are alive that somebody got by logging in at this auth mount. */
    public int tokens(String mount) {
        return tokensOf(Pattern.compile("\"path\":\"auth/" + Pattern.quote(mount) + "/login"));
    }

    /** How many tokens are alive that somebody got by logging in, wherever. */
    public int tokens() {
        return tokensOf(Pattern.compile("\"path\":\"auth/[^\"]*/login"));
    }

    private int tokensOf(Pattern login) {
        int tokens = 0;
        String accessors = vault.request("GET", "auth/token/accessors?list=true", null, vault.rootToken()).body;
        Matcher accessor = ACCESSOR.matcher(accessors.substring(accessors.indexOf("\"keys\"") + 6));
        while (accessor.find()) {
            String token = vault.request("POST", "auth/token/lookup-accessor",
                    "{\"accessor\":\"" + accessor.group(1) + "\"}", vault.rootToken()).body;
            tokens += login.matcher(token).find() ? 1 : 0;
        }
        return tokens;
    }

    private static boolean holdsOne(String line, String... texts) {
        for (String text : texts) {
            if (line.contains(text)) {
                return true;
            }
        }
        return texts.length == 0;
    }
}

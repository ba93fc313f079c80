package dev.vaultcipher.engine;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.DocsFiles;
import dev.vaultcipher.harness.Fixtures;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Paths;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.Test;
import org.springframework.vault.authentication.TokenAuthentication;
import org.springframework.vault.client.VaultEndpoint;
import org.springframework.vault.core.VaultTemplate;
import org.springframework.vault.support.Versioned;

/**
 * A text written for the vendor's own Vault store gives the same value: some hundred generated texts and secrets are read
 * both ways. The vendor's store is Spring Vault, as far as is known: newest version of KV version 2, strings only. Every
 * difference is in docs/text.md.
 */
public class VendorStoreTest {
    private static final int CASES = 400;
    /** The same cases in each run; what is secret in them is not. */
    private static final long SEED = 20261123;
    private static final List<String> ODD = List.of(" ", "\u00e4", "\ud83d\udd11", "+", "%", "%41", "&", "?", "#", "{a}", ";", "'",
            "=", "~", ":", "@", "\\", "|", "^", "`", "<", ",", "$", "(", "*", "!", "[", "e\u0301", ".x", "-", "_");
    private static final List<String> PLACES = List.of("as it is", "slashes around mount", "slashes around path",
            "key missing", "secret missing", "secret deleted");

    private final Random random = new Random(SEED);
    private final Map<String, TreeSet<String>> outcomes = new TreeMap<>();

    @Test
    public void textsOfTheVendorsStoreGiveTheSameValues() {
        try (EngineReads reads = new EngineReads()) {
            VaultTemplate spring = new VaultTemplate(VaultEndpoint.from(URI.create(reads.vault.address())),
                    new TokenAuthentication(reads.vault.rootToken()));
            int same = 0;
            for (int i = 0; i < CASES; i++) {
                same += compare(reads, spring, i) ? 1 : 0;
            }
            assertTrue(same + " of " + CASES + " are the same: " + outcomes, same > CASES / 2);
        }
        StringBuilder found = new StringBuilder();
        outcomes.forEach((difference, kinds) -> found.append("| ").append(String.join(", ", kinds)).append(" | ")
                .append(difference).append(" |\n"));
        Matcher table = Pattern.compile("(?m)^\\| in Vault or in the text \\|.*\\n\\|---.*\\n((?:\\|.*\\n)+)")
                .matcher(DocsFiles.text(Paths.get("docs", "text.md")));
        assertTrue("docs/text.md has no table of the differences; they are\n" + found, table.find());
        assertEquals(table.group(1), found.toString());
    }

    /** Whether both give the same value, or neither gives one. */
    private boolean compare(EngineReads reads, VaultTemplate spring, int number) {
        String place = PLACES.get(random.nextInt(10) < 4 ? random.nextInt(PLACES.size()) : 0);
        String oddity = random.nextInt(3) == 0 ? ODD.get(random.nextInt(ODD.size())) : "";
        String path = "vendor/" + number + "/a" + oddity + "b";
        String key = random.nextInt(3) == 0 ? "k" + ODD.get(random.nextInt(ODD.size())) : "password";
        Object[] value = value();
        if (!place.equals("secret missing")) {
            reads.vault.put("secret/data/" + encoded(path), "{\"data\":{" + Fixtures.json(key) + ':' + value[1] + "}}");
        }
        if (place.equals("secret deleted")) {
            reads.vault.delete("secret/data/" + encoded(path));
        }
        String mount = place.equals("slashes around mount") ? "/secret/" : "secret";
        path = place.equals("slashes around path") ? "/" + path + "/" : path;
        key = place.equals("key missing") ? key + "x" : key;

        String theirs;
        try {
            Versioned<Map<String, Object>> secret = spring.opsForVersionedKeyValue(mount).get(path);
            theirs = Fixtures.sha256((String) secret.getData().get(key));
        } catch (RuntimeException failure) {
            theirs = null;
        }
        String ours = reads.read(reads.text("mount", mount, "path", path, "key", key)).call.valueSha256;
        if (theirs == null ? ours == null : theirs.equals(ours)) {
            return true;
        }
        String difference = (theirs == null ? "an error" : "a value") + " | "
                + (ours == null ? "an error" : theirs == null ? "a value" : "another value");
        String cause = !place.equals("as it is") ? place
                : !value[0].equals("text") ? (String) value[0] : oddity.isEmpty() ? "key " + key : "`" + oddity + "` in path";
        outcomes.computeIfAbsent(difference, none -> new TreeSet<>()).add(cause);
        return false;
    }

    /** Its kind, and the JSON. */
    private Object[] value() {
        String text = Canaries.keep(Fixtures.randomText());
        switch (random.nextInt(14)) {
            case 0: return new Object[] {"number", Integer.toString(random.nextInt())};
            case 1: return new Object[] {"true or false", Boolean.toString(random.nextBoolean())};
            case 2: return new Object[] {"null", "null"};
            case 3: return new Object[] {"empty text", "\"\""};
            case 4: return new Object[] {"object", "{\"a\":\"" + text + "\"}"};
            case 5: return new Object[] {"array", "[\"" + text + "\"]"};
            default:
                StringBuilder odd = new StringBuilder(text);
                for (int i = random.nextInt(8); i > 0; i--) {
                    odd.append(ODD.get(random.nextInt(ODD.size()))).append(random.nextInt(4) == 0 ? "\n\u0000\t" : "");
                }
                return new Object[] {"text", Fixtures.json(odd.toString())};
        }
    }

    private static String encoded(String path) {
        StringBuilder encoded = new StringBuilder();
        for (byte b : path.getBytes(StandardCharsets.UTF_8)) {
            encoded.append(b == '/' || Character.isLetterOrDigit(b & 0x7f) && b > 0 ? String.valueOf((char) b)
                    : String.format("%%%02X", b));
        }
        return encoded.toString();
    }
}

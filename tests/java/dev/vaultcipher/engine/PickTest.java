package dev.vaultcipher.engine;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.StoreSession;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** Which value of a secret is taken, and how it is turned into a password: {@link ValuesTest} has the plain ones. */
public class PickTest {
    private static final String API_PATH = "secret/data/pick";
    private static final String NESTED = "{\"data\":{\"db\":{\"users\":[{\"na/me\":\"%s\",\"na~me\":\"%s\",\"\":\"%s\"},"
            + "{\"b\":[true,null,1.5],\"a\":\"<x>\"}]},\"password\":\"%s\",\"none\":null,\"list\":[1],\"empty\":\"\","
            + "\"int\":5432,\"large\":123456789012345678901234567890,\"exponent\":-1.5e-7,\"yes\":true,\"no\":false}}";

    private static EngineReads reads;
    private static final String[] VALUES = new String[4];

    @BeforeClass
    public static void startVault() {
        reads = new EngineReads();
        for (int i = 0; i < VALUES.length; i++) {
            VALUES[i] = Canaries.keep(Fixtures.randomText());
        }
        reads.vault.put(API_PATH, String.format(NESTED, (Object[]) VALUES));
    }

    @AfterClass
    public static void stopVault() {
        reads.close();
    }

    @Test
    public void aVersionIsPinned() {
        String first = Fixtures.randomText();
        String second = Fixtures.randomText();
        reads.vault.putSecret("versions", "password", first);
        reads.vault.putSecret("versions", "password", second);
        String token = reads.reader("secret/data/versions");
        for (Object one : List.of(1, "1")) {
            reads.read(token, text("path", "versions", "key", "password", "version", one)).assertValue(first);
        }
        reads.read(token, text("path", "versions", "key", "password", "version", 2)).assertValue(second);
        reads.read(token, text("path", "versions", "key", "password")).assertValue(second);
        // The path of the API keeps the version.
        reads.read(token, text("path", "data/versions", "key", "password", "version", 1)).assertValue(first);
        for (Object wrong : List.of(0, -1, 1.5, "newest", true)) {
            reads.read(token, text("path", "versions", "key", "password", "version", wrong)).assertFails("\"version\" must be");
        }
    }

    @Test
    public void aPointerLeadsIntoObjectsAndArrays() {
        for (String pointer : List.of("pointer", "secretPointer")) {
            read(pointer, "/db/users/0/na~1me").assertValue(VALUES[0]);
            read(pointer, "/db/users/0/na~0me").assertValue(VALUES[1]);
            read(pointer, "/db/users/0/").assertValue(VALUES[2]);
            read(pointer, "/password").assertValue(VALUES[3]);
        }
        read("pointer", "/db/users/1").assertValue("{\"a\":\"\\u003cx\\u003e\",\"b\":[true,null,1.5]}");
        read("pointer", "/db/users/1/a").assertValue("<x>");
        read("pointer", "/db/users/1/b").assertValue("[true,null,1.5]");
        read("pointer", "/db/users/1/b/2").assertValue("1.5");
    }

    @Test
    public void aPointerToNothingNamesWhatThereIs() {
        read("pointer", "/db/user/0").assertFails("no key \"/db/user\"", "the keys \"/db/users\"", "did you mean \"/db/users\"?");
        read("pointer", "/db/users/2").assertFails("no key \"/db/users/2\"", "\"/db/users/0\" and \"/db/users/1\"");
        read("pointer", "/db/users/01").assertFails("no key \"/db/users/01\"");
        read("pointer", "/db/users/0/na~1m").assertFails("\"/db/users/0/na~1me\"", "\"/db/users/0/na~0me\"");
        read("pointer", "/password/x").assertFails("key \"/password\"", "neither an object nor an array", "shorten \"pointer\"");
        read("pointer", "password").assertFails("\"pointer\" must be a JSON pointer, which begins with \"/\"");
        read("pointer", "/password", "key", "password").assertFails("of \"key\" and \"pointer\" only one can be there");
        read("pointer", "/db/users/1/b/1").assertFails("is null");
    }

    @Test
    public void numbersAndTruthValuesAreTakenAsVaultWritesThem() {
        read("key", "int").assertValue("5432");
        read("key", "yes").assertValue("true");
        read("key", "no").assertValue("false");
        for (String key : List.of("large", "exponent")) {
            read("key", key).assertValue(reads.jsonText(API_PATH, key));
            read("pointer", "/" + key).assertValue(reads.jsonText(API_PATH, key));
        }
    }

    @Test
    public void whatIsNoPasswordIsAnErrorOfItsOwn() {
        read("key", "none").assertFails("\"none\"", "is null", "vault kv patch");
        read("key", "empty").assertFails("\"empty\"", "is an empty text");
        read("key", "list").assertFails("\"list\"", "is a JSON array", "\"pointer\"");
        read("key", "db").assertFails("\"db\"", "is a JSON object", "\"pointer\"");
    }

    @Test
    public void aMissingKeyListsTheNamesAndTheNearest() {
        read("key", "Passwort").assertFails("no key \"Passwort\"", "did you mean \"password\"?", "\"db\", \"empty\"");
        StoreSession.Outcome far = read("key", "zzz").assertFails("no key \"zzz\"", "\"yes\"");
        assertTrue(far.toString(), !far.call.message.contains("did you mean"));
    }

    @Test
    public void base64IsDecoded() {
        String text = "p\u00e4ss \ud83d\udd11 " + Fixtures.randomText();
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        String plain = Base64.getEncoder().encodeToString(bytes);
        reads.vault.putSecret("base64", "plain", plain, "open", Base64.getEncoder().withoutPadding().encodeToString(bytes),
                "lines", Base64.getMimeEncoder(16, new byte[] {'\n'}).encodeToString(bytes) + "\n",
                "newline", Base64.getEncoder().encodeToString((text + "\n").getBytes(StandardCharsets.UTF_8)),
                "text", text, "bytes", "//79/v8=");
        for (String key : List.of("plain", "open", "lines")) {
            StoreSession.Outcome outcome = base64(key, false).assertValue(text);
            assertEquals(outcome.toString(), List.of(), outcome.warnings);
        }
        base64("newline", true).assertValue(text);
        assertTrue(base64("newline", false).assertValue(text + "\n").warnings.get(0).contains("ends with a line break"));
        base64("text", false).assertFails("is not base64");
        base64("bytes", false).assertFails("no UTF-8 text");
        reads.read(text("path", "base64", "key", "plain", "encoding", "none")).assertValue(plain);
        for (java.nio.charset.Charset utf16 : List.of(StandardCharsets.UTF_16LE, StandardCharsets.UTF_16BE, StandardCharsets.UTF_16)) {
            for (String password : List.of(text, "plain-" + Fixtures.randomText())) {
                reads.vault.putSecret("base64", "windows", Base64.getEncoder().encodeToString(password.getBytes(utf16)));
                base64("windows", false).assertFails("key \"windows\"", "is base64 of UTF-16 text", "What to do");
            }
        }
        for (byte[] binary : new byte[][] {{0}, "pass\0word".getBytes(StandardCharsets.UTF_8), {1, 0, 0, 0, 7}}) {
            reads.vault.putSecret("base64", "binary", Base64.getEncoder().encodeToString(binary));
            base64("binary", true).assertFails("key \"binary\"", "NUL (0x00)", "What to do");
        }
        reads.read(text("path", "base64", "key", "plain", "encoding", "bas64")).assertFails("did you mean \"base64\"?");
    }

    @Test
    public void aLineBreakAtTheEndIsKeptWithAWarningAndBlanksAreTrimmedWhenAsked() {
        String value = Fixtures.randomText();
        reads.vault.putSecret("blanks", "password", " \t" + value + "\r\n", "only", " \n");
        StoreSession.Outcome kept = reads.read(text("path", "blanks", "key", "password")).assertValue(" \t" + value + "\r\n");
        assertTrue(kept.toString(), kept.warnings.size() == 1 && kept.warnings.get(0).contains("ends with a line break")
                && kept.warnings.get(0).contains("path \"blanks\"") && kept.warnings.get(0).contains("\"trim\":true"));
        StoreSession.Outcome trimmed = reads.read(text("path", "blanks", "key", "password", "trim", true)).assertValue(value);
        assertEquals(trimmed.toString(), List.of(), trimmed.warnings);
        reads.read(text("path", "blanks", "key", "only", "trim", true)).assertFails("is an empty text");
        reads.read(text("path", "blanks", "key", "password", "trim", "true")).assertFails("\"trim\" must be true or false");
    }

    @Test
    public void whatCannotBeSeenAtAValuesEdgesIsNamedInOneWarningAndTrimmedWhenAsked() {
        String value = Fixtures.randomText();
        String[][] edges = {{"", "\u00a0", "ends with a no-break space (U+00A0)"}, {"\ufeff", "", "begins with a byte order mark (U+FEFF)"},
            {"", "\r", "ends with a carriage return (U+000D)"}, {"\u200b", " ", "begins with a zero-width space (U+200B) and ends with a space (U+0020)"},
            {"", "\0", "ends with NUL (U+0000)"}, {"\u0007", "", "begins with a control character (U+0007)"},
            {"\u202a", "\u180e", "begins with a mark of the writing direction (U+202A) and ends with an invisible character (U+180E)"},
            {"\u206a", "\u034f", "begins with an invisible character (U+206A) and ends with an invisible character (U+034F)"},
            {"\u00ad\u2060", "\u3000\t", "begins with a soft hyphen (U+00AD) and ends with a tab (U+0009)"}};
        for (String[] edge : edges) {
            reads.vault.putSecret("edges", "password", edge[0] + value + edge[1]);
            StoreSession.Outcome kept = reads.read(text("path", "edges", "key", "password")).assertValue(edge[0] + value + edge[1]);
            assertEquals(kept.toString(), 1, kept.warnings.size());
            assertTrue(kept.toString(), kept.warnings.get(0).contains("key \"password\"") && kept.warnings.get(0).contains(edge[2])
                    && !kept.warnings.get(0).contains(value));
            StoreSession.Outcome trimmed = reads.read(text("path", "edges", "key", "password", "trim", true)).assertValue(value);
            assertEquals(trimmed.toString(), List.of(), trimmed.warnings);
        }
        reads.vault.putSecret("edges", "password", "a\0" + value);
        StoreSession.Outcome inside = reads.read(text("path", "edges", "key", "password", "trim", true)).assertValue("a\0" + value);
        assertTrue(inside.toString(), inside.warnings.toString().contains("holds NUL (U+0000)"));
        reads.vault.putSecret("edges", "password", "\ufeff\u00a0\0");
        reads.read(text("path", "edges", "key", "password", "trim", true)).assertFails("is an empty text");
    }

    @Test
    public void whatCannotBeSeenInANameIsNamed() {
        for (String field : List.of("path", "mount", "namespace")) {
            for (String[] odd : new String[][] {{"\u200b", "a zero-width space (U+200B)"}, {"\u00a0", "a no-break space (U+00A0)"},
                {"\ufeff", "a byte order mark (U+FEFF)"}, {"\t", "a tab (U+0009)"}, {"\u2060", "non-joiner (U+2060)"},
                {"\u180e", "an invisible character (U+180E)"}, {"\u00ad", "a soft hyphen (U+00AD)"}, {"\u034f", "an invisible character (U+034F)"},
                {"\u202e", "a mark of the writing direction (U+202E)"}, {"\u2066", "a mark of the writing direction (U+2066)"},
                {"\u206f", "an invisible character (U+206F)"}, {"\u2028", "of a special kind (U+2028)"}, {"\udb40\udc01", "(U+E0001)"}}) {
                String text = reads.text("mount", "secret", "path", "pick", "namespace", "root", "key", "password");
                String value = field.equals("path") ? "pick" : field.equals("mount") ? "secret" : "root";
                reads.read(text.replace("\"" + field + "\":\"" + value, "\"" + field + "\":\"pi" + odd[0].replace("\t", "\\t") + "ck"))
                        .assertFails("\"" + field + "\"", odd[1]);
            }
        }
        // Where an emoji may end with it, it is shown in what was not found.
        reads.read(text("path", "pi\ufe0fck", "key", "password")).assertFails("There is no secret", "\"pi\\u{fe0f}ck\"");
        reads.read(text("path", "pick", "key", "pass\ufe0fword")).assertFails("no key \"pass\\u{fe0f}word\"");
        reads.vault.putSecret("odd", "password ", VALUES[0], "pass\u200bword", VALUES[0], "user\u00a0", VALUES[0]);
        reads.read(text("path", "odd", "key", "password")).assertFails("\"password \"", "\"pass\\u{200b}word\"", "\"user\\u{a0}\"");
        reads.read(text("path", "odd", "key", "user\ufeff")).assertFails("no key \"user\\u{feff}\"");
        reads.read(text("path", "odd", "key", "password ")).assertValue(VALUES[0]);
    }

    @Test
    public void everyPlaneOfUnicodeAndEveryControlCharacterArrives() {
        StringBuilder value = new StringBuilder(Fixtures.randomText());
        for (int c = 0; c <= Character.MAX_CODE_POINT; c += c < 0x3000 ? 1 : 61) {
            if (c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE) {
                value.appendCodePoint(c);
            }
        }
        value.appendCodePoint(0xffff).appendCodePoint(Character.MAX_CODE_POINT);
        reads.vault.putSecret("unicode", "password", value.toString());
        reads.read(text("path", "unicode", "key", "password")).assertValue(value.toString());
    }

    private static StoreSession.Outcome base64(String key, boolean trim) {
        return reads.read(text("path", "base64", "key", key, "encoding", "base64", "trim", trim));
    }

    private static StoreSession.Outcome read(Object... fields) {
        return reads.read(text(fields).replace("}", ",\"path\":\"pick\"}"));
    }

    private static String text(Object... fields) {
        return reads.text(fields).replace("}", ",\"mount\":\"secret\"}");
    }
}

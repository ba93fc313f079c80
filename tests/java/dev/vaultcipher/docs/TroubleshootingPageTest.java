package dev.vaultcipher.docs;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.Cleanup;
import dev.vaultcipher.harness.DocsFiles;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.VaultServer;
import dev.vaultcipher.harness.VaultShell;
import java.io.IOException;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.Test;

/** docs/troubleshooting.md: the words are those of the messages with their code, and each command is one that its program knows. */
public class TroubleshootingPageTest {
    private static final Path PAGE = Paths.get("docs", "troubleshooting.md");
    private static final Pattern ROW = Pattern.compile("(?m)^\\| (.+?) \\| (–|VC\\d+) \\| (.+) \\| `(.+)` \\|$");
    private static final Pattern ENTRY = Pattern.compile("(?ms)^### (VC\\d+) .*?(?=^##)");
    private static final Set<String> PROGRAMS = Set.of("curl", "df", "env", "findmnt", "getent", "grep", "java", "keytool", "ls", "namei",
            "openssl", "tr", "unzip", "vault", "xmllint");

    private static final class Row {
        final String symptom;
        final String code;
        final String command;

        Row(Matcher row) {
            symptom = row.group(1).replace("`", "");
            code = row.group(2);
            command = row.group(4).replace("\\|", "|");
        }
    }

    private static List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        Matcher row = ROW.matcher(DocsFiles.text(PAGE));
        while (row.find()) {
            rows.add(new Row(row));
        }
        assertTrue("rows: " + rows.size(), rows.size() > 50);
        return rows;
    }

    @Test
    public void eachSymptomIsInTheEntryOfItsCode() {
        Matcher entry = ENTRY.matcher(DocsFiles.text(Paths.get("docs", "messages.md")) + "\n##");
        TreeSet<String> groups = new TreeSet<>();
        List<String> entries = new ArrayList<>();
        while (entry.find()) {
            entries.add(entry.group());
        }
        for (Row row : rows()) {
            if (!row.code.equals("–")) {
                String text = entries.stream().filter(one -> one.startsWith("### " + row.code + ' ')).findFirst()
                        .orElseThrow(() -> new AssertionError("docs/messages.md has no " + row.code));
                assertTrue(row.code + ": " + row.symptom, text.contains(row.symptom));
                groups.add(row.code.substring(2, row.code.length() - 2));
            }
        }
        assertEquals("each kind of message but those of a stop and of our own mistakes",
                "[10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 9]", groups.toString());
    }

    @Test
    public void eachCommandIsOneThatItsProgramKnows() throws IOException {
        TreeSet<String> vaults = new TreeSet<>();
        TreeSet<String> ours = new TreeSet<>();
        for (Row row : rows()) {
            assertEquals(row.command, 0, exitCode("sh", "-n", "-c", row.command));
            String[] words = row.command.split(" ");
            assertTrue(row.command, PROGRAMS.contains(words[0]));
            if (words[0].equals("vault")) {
                // The words of the command itself, before its options and what it is done to.
                vaults.add(Arrays.stream(words).skip(1).filter(word -> word.matches("[a-z-]+") && !word.startsWith("-"))
                        .collect(Collectors.joining(" ")));
            } else if (row.command.startsWith("java -jar")) {
                assertEquals(row.command, "java -jar vault-cipher.jar", String.join(" ", Arrays.copyOf(words, 3)));
                ours.add(words[3]);
            }
        }
        try (VaultServer vault = VaultServer.startTls()) {
            for (String command : vaults) {
                assertTrue(command, VaultShell.run(vault, "vault " + command + " -h").contains("Usage: "));
            }
        }
        assertEquals("[doctor, explain]", ours.toString());
        for (String command : ours) {
            HostProcess.Outcome outcome = tool(command, "--help");
            for (String option : new String[] {"--home", "--install", "--database"}) {
                assertTrue(command + outcome, outcome.exitCode == 0 && (command.equals("explain") && !option.equals("--home")
                        || outcome.stdout.contains(option)));
            }
        }
        assertTrue(tool("explain", "VC1702").stdout.contains("There is no secret at this path"));
    }

    private static HostProcess.Outcome tool(String... arguments) {
        return HostProcess.plain().allowNativeAccess().run("dev.vaultcipher.Tool", arguments);
    }

    private static int exitCode(String... command) throws IOException {
        try (Cleanup cleanup = new Cleanup()) {
            Process process = cleanup.start(new ProcessBuilder(command).redirectErrorStream(true));
            process.getOutputStream().close();
            Fixtures.readAll(process.getInputStream());
            return process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}

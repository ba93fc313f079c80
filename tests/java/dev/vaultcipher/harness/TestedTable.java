package dev.vaultcipher.harness;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Prints build/tested.md: {@code TestedTable SOURCE_FOLDER FILE…}, with the files that {@link Outcomes} wrote. A section for
 * each test class, with the first sentence of its comment; a row for each test, in the order of the source; a column for
 * each JDK. Nothing in it depends on when, where or how fast the tests ran.
 */
final class TestedTable {
    private static final Map<String, String> MARKS = Map.of("passed", "✓", "failed", "✗", "absent", "–");
    /** Words that are written otherwise than in the name of a method. */
    private static final Map<String, String> WORDS = new TreeMap<>();

    static {
        for (String word : ("Vault Kubernetes Java Rust Tomcat Bitbucket Jira Confluence Bamboo Crowd PostgreSQL Docker Helm Unicode "
                + "ASCII UTF8 POSIX HTTP HTTPS TLS JSON XML YAML HTML API URL CA JKS PKCS12 JDK JVM JWT KV KV1 KV2 ID PEM C "
                + "DNS").split(" ")) {
            WORDS.put(word.toLowerCase(Locale.ROOT), word);
        }
        WORDS.put("utf8", "UTF-8");
        WORDS.put("java8", "Java 8");
    }

    private final Path sources;
    private final Set<Integer> jdks = new TreeSet<>();
    /** Class, method, JDK: outcome. */
    private final Map<String, Map<String, Map<Integer, String>>> outcomes = new TreeMap<>();

    private TestedTable(Path sources) {
        this.sources = sources;
    }

    public static void main(String[] arguments) throws IOException {
        TestedTable table = new TestedTable(Paths.get(arguments[0]));
        for (String file : Arrays.asList(arguments).subList(1, arguments.length)) {
            table.add(Paths.get(file));
        }
        new PrintStream(System.out, true, "UTF-8").print(table.text());
    }

    private void add(Path file) throws IOException {
        for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
            String[] fields = line.split("\t", -1);
            int jdk = Integer.parseInt(fields[0]);
            jdks.add(jdk);
            outcomes.computeIfAbsent(fields[1], name -> new TreeMap<>()).computeIfAbsent(fields[2], name -> new TreeMap<>())
                    .put(jdk, fields[3]);
        }
    }

    private String text() throws IOException {
        StringBuilder text = new StringBuilder("# What was tried, on which JDK, with what outcome\n\n"
                + "Written by `make test` from the outcomes of its Java tests, which run with `-Xcheck:jni` on real servers;\n"
                + "not to be edited. A row is a test, a column a JDK.\n\n"
                + "✓ passed · ✗ failed · – this JDK has no such thing · empty: not run on this JDK\n\n");
        text.append("| |").append(cells(jdk -> "JDK " + jdk)).append("\n|---|").append(cells(jdk -> "---")).append('\n');
        for (String outcome : new String[] {"passed", "failed", "absent"}) {
            text.append("| ").append(MARKS.get(outcome)).append(" |").append(cells(jdk -> Long.toString(count(outcome, jdk)))).append('\n');
        }
        for (String type : outcomes.keySet()) {
            section(type, text);
        }
        return text.toString();
    }

    private long count(String outcome, int jdk) {
        return outcomes.values().stream().flatMap(tests -> tests.values().stream())
                .filter(test -> outcome.equals(test.get(jdk))).count();
    }

    private void section(String type, StringBuilder text) throws IOException {
        String source = Files.readString(sources.resolve(type.replace('.', '/') + ".java"));
        text.append("\n## ").append(shortName(type)).append("\n\n").append(firstSentence(source, type.substring(type.lastIndexOf('.') + 1))).append("\n\n| |")
                .append(cells(jdk -> jdk.toString())).append("\n|---|").append(cells(jdk -> "---")).append('\n');
        Map<String, Map<Integer, String>> tests = outcomes.get(type);
        List<String> methods = new ArrayList<>(tests.keySet());
        methods.sort(Comparator.comparing((String method) -> source.indexOf("void " + withoutParameters(method) + '(')));
        for (String method : methods) {
            text.append("| ").append(sentence(method)).append(" |")
                    .append(cells(jdk -> MARKS.getOrDefault(tests.get(method).getOrDefault(jdk, ""), ""))).append('\n');
        }
    }

    /** {@code dev.vaultcipher.tls.TrustStoreTest}: tls/TrustStoreTest. */
    private static String shortName(String type) {
        return type.substring("dev.vaultcipher.".length()).replace('.', '/');
    }

    private String cells(java.util.function.Function<Integer, String> content) {
        StringBuilder cells = new StringBuilder();
        for (Integer jdk : jdks) {
            cells.append(' ').append(content.apply(jdk)).append(" |");
        }
        return cells.toString();
    }

    /** Of the comment before the class. */
    private static String firstSentence(String source, String type) {
        int end = source.lastIndexOf("*/", source.indexOf("class " + type));
        if (end < 0) {
            throw new IllegalStateException(type + " has no comment that says what it tries");
        }
        String comment = source.substring(source.lastIndexOf("/**", end) + 3, end).replaceAll("\\s*\n \\*?\\s*", " ")
                .replaceAll("\\{@(code|link) ([^}]*)}", "`$2`").trim();
        Matcher first = Pattern.compile(".*?[.](?= [A-Z]|$)").matcher(comment);
        return first.find() ? first.group() : comment;
    }

    /** {@code httpsIsRead[Tomcat 9]}: HTTPS is read: Tomcat 9. */
    private static String sentence(String method) {
        String name = withoutParameters(method);
        if (name.isEmpty()) {
            return "(before or after all tests)";
        }
        StringBuilder sentence = new StringBuilder();
        for (String word : name.split("(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z])")) {
            String lower = word.toLowerCase(Locale.ROOT);
            sentence.append(sentence.length() == 0 ? "" : " ").append(WORDS.getOrDefault(lower, lower));
        }
        sentence.setCharAt(0, Character.toUpperCase(sentence.charAt(0)));
        if (name.length() < method.length()) {
            String parameters = method.substring(name.length() + 1, method.length() - 1);
            sentence.append(": ").append(Pattern.compile("[A-Z]+(_[A-Z]+)+").matcher(parameters)
                    .replaceAll(constant -> constant.group().toLowerCase(Locale.ROOT).replace('_', ' ')));
        }
        return sentence.toString().replace("secret store", "SecretStore").replace("Vault cipher", "VaultCipher")
                .replace("|", "\\|");
    }

    private static String withoutParameters(String method) {
        int bracket = method.indexOf('[');
        return bracket < 0 ? method : method.substring(0, bracket);
    }
}

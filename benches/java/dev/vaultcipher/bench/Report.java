package dev.vaultcipher.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Makes what the pages say of performance from benches/results.json: the blocks between {@code <!-- bench: NAME -->} and
 * {@code <!-- /bench -->} in README.md and docs/performance.md, and the plots. Prints the outcome. With {@code --check} it
 * changes nothing, and fails if any of that is not what it would make.
 */
final class Report {
    private static final Path RESULTS = Paths.get("benches", "results.json");
    private static final Path PLOTS = Paths.get("docs", "performance");
    private static final Pattern BLOCK = Pattern.compile("(<!-- bench: ([a-z]+) -->\n).*?(<!-- /bench -->\n)", Pattern.DOTALL);

    private final Results results;
    private final Map<String, String> labels = new LinkedHashMap<>();

    private Report(Results results) {
        this.results = results;
        labels.put("ours", "vault-cipher");
        labels.put("inside", "vault-cipher, library in the jar");
        labels.put("spring-host", label("spring-host"));
        labels.put("spring-kept", label("spring-host") + ", one client kept");
        labels.put("spring-newest", label("spring-newest"));
        labels.put("driver", results.facts.get("driver"));
        labels.put("jdk", "java.net.http by hand");
        labels.put("curl", "curl (its own clock)");
        labels.put("curl-process", "curl (whole process)");
        labels.put("alone", "the HTTP library alone");
        labels.put("limit", "the limit (bare socket)");
        labels.put("floor", "the floor (bare socket behind our Java)");
        labels.put("crossing", "Java to Rust and back alone");
    }

    public static void main(String[] arguments) throws IOException {
        Report report = new Report(Results.read(RESULTS));
        boolean check = arguments.length > 0 && arguments[0].equals("--check");
        boolean same = true;
        for (Map.Entry<Path, String> file : report.files().entrySet()) {
            Path path = file.getKey();
            if (!check) {
                Files.createDirectories(path.toAbsolutePath().getParent());
                Files.writeString(path, file.getValue());
            } else if (!Files.exists(path) || !Files.readString(path).equals(file.getValue())) {
                System.err.println(path + " is not what benches/results.json gives. What to do: take back what was edited between "
                        + "the bench comments; benches/run.sh --pages makes it again");
                same = false;
            }
        }
        if (!same) {
            System.exit(1);
        }
        if (!check) {
            System.out.print(report.block("run") + '\n' + report.block("first") + '\n' + report.block("steps") + '\n'
                    + report.block("ten") + '\n'
                    + report.block("warm") + '\n' + report.block("load") + '\n' + report.block("footprint") + '\n'
                    + report.block("goals"));
        }
    }

    private Map<Path, String> files() throws IOException {
        Map<Path, String> files = new LinkedHashMap<>();
        for (Path page : new Path[] {Paths.get("README.md"), Paths.get("docs", "performance.md")}) {
            Matcher block = BLOCK.matcher(Files.readString(page));
            StringBuffer text = new StringBuffer();
            while (block.find()) {
                block.appendReplacement(text, Matcher.quoteReplacement(block.group(1) + block(block.group(2)) + block.group(3)));
            }
            files.put(page, block.appendTail(text).toString());
        }
        files.put(PLOTS.resolve("first-secret.svg"), Plot.logarithmic("The first secret in a fresh process", "ms")
                .group("HTTP", rows("first-http")).group("HTTPS, JKS trust store", rows("first-jks"))
                .group("Ten properties, Kubernetes login, HTTP", rows("ten")).svg());
        files.put(PLOTS.resolve("reads.svg"), Plot.logarithmic("A read in a warm process, no cache, connection kept", "µs")
                .group("HTTP", rows("warm-http")).group("HTTPS", rows("warm-https")).svg());
        files.put(PLOTS.resolve("throughput.svg"), Plot.linear("Reads a second, no cache, HTTP", "/s")
                .group("1 thread", rows("load-1")).group("8 threads", rows("load-8")).group("64 threads", rows("load-64")).svg());
        return files;
    }

    private List<Plot.Row> rows(String group) {
        List<Plot.Row> rows = new ArrayList<>();
        results.group(group).forEach((id, summary) -> rows.add(new Plot.Row(labels.get(id), summary,
                id.equals("ours") || id.equals("inside") ? "ours" : Arrays.asList("limit", "floor", "alone").contains(id) ? "limit" : "other")));
        // The best first.
        rows.sort((a, b) -> Double.compare(a.summary.median, b.summary.median) * (group.startsWith("load") ? -1 : 1));
        return rows;
    }

    private String block(String name) {
        switch (name) {
            case "summary":
                return summary();
            case "run":
                return run();
            case "first":
                return table("First secret, HTTP", "ms", "first-http") + table("First secret, HTTPS, JKS trust store", "ms", "first-jks")
                        + table("First secret, HTTPS, encrypted PKCS12 trust store", "ms", "first-p12")
                        + table("Resident memory after the first secret, HTTP", "MiB", "first-http-resident");
            case "steps":
                return table("HTTP, library beside the jar", "ms", "steps-http") + table("HTTP, library in the jar", "ms", "steps-inside")
                        + table("HTTPS, JKS trust store, library beside the jar", "ms", "steps-jks");
            case "ten":
                return table("Ten properties over three paths, Kubernetes login, HTTP", "ms", "ten") + counts("Requests to Vault", "requests");
            case "warm":
                return table("Warm read, HTTP", "µs", "warm-http") + table("Warm read, HTTPS", "µs", "warm-https")
                        + table("Cached read", "µs", "cached");
            case "load":
                return table("1 thread", "reads a second", "load-1") + table("8 threads", "reads a second", "load-8")
                        + table("64 threads", "reads a second", "load-64");
            case "footprint":
                return counts("Classes loaded by the first secret, HTTP", "classes") + counts("… of vault-cipher's own", "classes-own")
                        + counts("Resident memory, MiB more", "grown-resident") + counts("Java heap, MiB more", "grown-heap")
                        + counts("Threads left", "left-threads") + counts("Descriptors left", "left-descriptors")
                        + counts("Size, MiB", "size");
            case "goals":
                return goals();
            default:
                throw new IllegalArgumentException("no block is called " + name);
        }
    }

    /** For the README: medians of everybody, and how many goals are met. */
    private String summary() {
        StringBuilder out = new StringBuilder("![The first secret in a fresh process](docs/performance/first-secret.svg)\n\n"
                + "| median | first secret, HTTP | first secret, HTTPS | read, HTTP | memory | classes |\n|---|---:|---:|---:|---:|---:|\n");
        for (String id : new String[] {"ours", "inside", "spring-host", "spring-newest", "driver", "jdk", "curl", "limit"}) {
            out.append("| ").append(labels.get(id)).append(" | ").append(cell("first-http", id, " ms")).append(" | ")
                    .append(cell("first-jks", id, " ms")).append(" | ").append(cell("warm-http", id, " µs")).append(" | ")
                    .append(cell("first-http-resident", id, " MiB")).append(" | ").append(cell("classes", id, "")).append(" |\n");
        }
        long met = Goals.of(results).stream().filter(goal -> goal.met).count();
        return out + "\n" + results.facts.get("rounds") + " fresh processes of each in turn, against " + results.facts.get("server")
                + " on one machine of " + results.facts.get("machine") + ", " + results.facts.get("date") + ". " + met + " of "
                + Goals.of(results).size() + " goals are met; all figures, how they are measured and why some goals are missed: "
                + "[docs/performance.md](docs/performance.md). `make bench` measures them again.\n";
    }

    private String cell(String group, String id, String unit) {
        Results.Summary summary = results.series(group, id);
        return summary == null ? "" : number(summary.median) + unit;
    }

    private String run() {
        Map<String, String> facts = results.facts;
        return "Measured on " + facts.get("date") + " with " + facts.get("rounds") + " rounds on " + facts.get("machine") + ", "
                + facts.get("system") + ", " + facts.get("java") + ", load " + facts.get("load") + " at the start; " + facts.get("server")
                + " on the same machine; " + facts.get("trusted") + " certificates in the trust stores. Contestants: " + facts.get("ours")
                + ", " + facts.get("spring-host") + ", " + facts.get("spring-newest") + ", " + facts.get("driver") + ", "
                + facts.get("curl") + ".\n";
    }

    private String goals() {
        StringBuilder out = new StringBuilder("| figure | measured | goal | |\n|---|---:|---:|---|\n");
        for (Goals.Goal goal : Goals.of(results)) {
            out.append("| ").append(goal.what).append(" | ").append(goal.measured).append(" | ").append(goal.wanted).append(" | ")
                    .append(goal.met ? "met" : "**not met**").append(" |\n");
        }
        return out.toString();
    }

    /** Every series of a group, and how it compares to ours where that is one of them. */
    private String table(String title, String unit, String group) {
        Results.Summary ours = results.series(group, "ours");
        StringBuilder out = new StringBuilder("\n| " + title + ", " + unit + " | minimum | median | maximum |"
                + (ours == null ? "" : " to vault-cipher |") + "\n|---|---:|---:|---:|" + (ours == null ? "" : "---:|") + '\n');
        results.group(group).forEach((id, summary) -> out.append("| ").append(labels.getOrDefault(id, id)).append(" | ")
                .append(number(summary.minimum)).append(" | ").append(number(summary.median)).append(" | ")
                .append(number(summary.maximum)).append(ours == null ? " |" : " | " + number(summary.median / ours.median) + " × |")
                .append('\n'));
        return out.toString();
    }

    /** A group of which each was counted once. */
    private String counts(String title, String group) {
        StringBuilder out = new StringBuilder("\n| " + title + " | |\n|---|---:|\n");
        results.group(group).forEach((id, summary) -> out.append("| ").append(labels.getOrDefault(id, id)).append(" | ")
                .append(number(summary.median)).append(" |\n"));
        return out.toString();
    }

    private String label(String fact) {
        return results.facts.get(fact).replaceFirst(" on spring.*", "");
    }

    /** Three digits are all that a figure of this kind is good for. */
    static String number(double value) {
        double size = Math.abs(value);
        if (size == Math.rint(size) || size >= 99.95) {
            return String.format(Locale.ROOT, "%,.0f", value);
        }
        return String.format(Locale.ROOT, size >= 9.995 ? "%.1f" : size >= 0.0995 ? "%.2f" : "%.3f", value);
    }
}

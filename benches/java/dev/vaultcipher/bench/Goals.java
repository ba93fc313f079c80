package dev.vaultcipher.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The figures that the project holds itself to, from what was measured: medians and what follows from them. */
final class Goals {
    private final Results results;
    private final List<Goal> goals = new ArrayList<>();

    private Goals(Results results) {
        this.results = results;
    }

    /** One of them. */
    static final class Goal {
        final String what;
        final String measured;
        final String wanted;
        final boolean met;

        Goal(String what, String measured, String wanted, boolean met) {
            this.what = what;
            this.measured = measured;
            this.wanted = wanted;
            this.met = met;
        }
    }

    static List<Goal> of(Results results) {
        Goals goals = new Goals(results);
        goals.firstSecrets();
        goals.reads();
        goals.footprint();
        return goals.goals;
    }

    private void firstSecrets() {
        faster("First secret, HTTP, library beside the jar", "first-http", "ours", 65);
        faster("First secret, HTTPS, JKS trust store, library beside the jar", "first-jks", "ours", 75);
        atMost("… above the limit", median("first-jks", "ours") - median("first-jks", "limit"), 6, "ms");
        atMost("First secret, HTTPS, encrypted PKCS12 trust store: above the limit",
                median("first-p12", "ours") - median("first-p12", "limit"), 20, "ms");
        faster("First secret, HTTP, library in the jar", "first-http", "inside", 35);
        faster("First secret, HTTPS, JKS trust store, library in the jar", "first-jks", "inside", 45);
        atMost("Ten properties over three paths, Kubernetes login: requests to Vault (spring-vault: "
                + Report.number(median("requests", "spring-host")) + ")", median("requests", "ours"), 5, "");
    }

    private void reads() {
        times("Warm read, HTTP, no cache, to the limit", median("warm-http", "ours") / median("warm-http", "limit"));
        times("Warm read, HTTPS, no cache, to the limit", median("warm-https", "ours") / median("warm-https", "limit"));
        atMost("Cached read", median("cached", "ours"), 10, "µs");
        atMost("Java to Rust and back alone", median("cached", "crossing"), 1, "µs");
        int[] floors = {60, 75, 72};
        int[] threads = {1, 8, 64};
        for (int i = 0; i < threads.length; i++) {
            String group = "load-" + threads[i];
            double percent = 100 * median(group, "ours") / median(group, "limit");
            add("Throughput, " + threads[i] + (threads[i] == 1 ? " thread" : " threads") + ", no cache, of the limit's",
                    String.format(Locale.ROOT, "%.0f %%", percent), "≥ " + floors[i] + " %", percent >= floors[i]);
        }
    }

    private void footprint() {
        atMost("Resident memory after the first secret", median("first-http-resident", "ours"), 6, "MiB");
        atMost("… more after a million cached reads", median("grown-resident", "a million cached reads"), 1, "MiB");
        atMost("… more after 20,000 reads without the cache", median("grown-resident", "20,000 reads without the cache"), 1, "MiB");
        atMost("Java heap kept after a million cached reads", median("grown-heap", "a million cached reads"), 0.1, "MiB");
        atMost("Classes loaded by the first secret (ours: " + Report.number(median("classes-own", "ours")) + ")",
                median("classes", "ours"), 15, "");
        atMost("Threads left after a call", median("left-threads", "after the first secret"), 0, "");
        atMost("… when idle", median("left-threads", "when idle"), 0, "");
        atMost("Descriptors left when idle", median("left-descriptors", "when idle"), 0, "");
        atMost("The library", median("size", "library"), 4.5, "MiB");
        atMost("The jar for one platform", median("size", "jar"), 5, "MiB");
        if (!results.group("build").isEmpty()) {
            atMost("Library built from clean (" + results.facts.get("built") + ")", median("build", "ours") / 60, 4, "minutes");
        }
    }

    private void faster(String what, String group, String contestant, double wanted) {
        double ratio = median(group, "spring-host") / median(group, contestant);
        add(what + ", to spring-vault", Report.number(ratio) + " × faster", "≥ " + Report.number(wanted) + " ×", ratio >= wanted);
    }

    private void times(String what, double ratio) {
        add(what, String.format(Locale.ROOT, "%.2f ×", ratio), "≤ 1.40 ×", ratio <= 1.40);
    }

    private void atMost(String what, double value, double wanted, String unit) {
        add(what, Report.number(value) + ' ' + unit, (wanted == 0 ? "" : "≤ ") + Report.number(wanted) + ' ' + unit, value <= wanted);
    }

    private void add(String what, String measured, String wanted, boolean met) {
        goals.add(new Goal(what, measured.trim(), wanted.trim(), met));
    }

    private double median(String group, String series) {
        return results.series(group, series).median;
    }
}

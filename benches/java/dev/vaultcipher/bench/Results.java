package dev.vaultcipher.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** What was measured: series of samples, each in a group of those that are compared; and facts about the run. */
final class Results {
    /** About the machine and the versions. */
    final Map<String, String> facts = new LinkedHashMap<>();
    private final Map<String, Map<String, List<Double>>> samples = new LinkedHashMap<>();
    private final Map<String, Map<String, Summary>> groups = new LinkedHashMap<>();

    /** A series in brief. */
    static final class Summary {
        final double minimum;
        final double median;
        final double maximum;
        final int count;

        Summary(double minimum, double median, double maximum, int count) {
            this.minimum = minimum;
            this.median = median;
            this.maximum = maximum;
            this.count = count;
        }

        private static Summary of(List<Double> samples) {
            List<Double> sorted = new ArrayList<>(samples);
            Collections.sort(sorted);
            int half = sorted.size() / 2;
            double median = sorted.size() % 2 == 1 ? sorted.get(half) : (sorted.get(half - 1) + sorted.get(half)) / 2;
            return new Summary(rounded(sorted.get(0)), rounded(median), rounded(sorted.get(sorted.size() - 1)), sorted.size());
        }
    }

    void add(String group, String series, double sample) {
        samples.computeIfAbsent(group, none -> new LinkedHashMap<>()).computeIfAbsent(series, none -> new ArrayList<>()).add(sample);
    }

    /** The series of a group; none if it was not measured. */
    Map<String, Summary> group(String group) {
        return groups.getOrDefault(group, Collections.emptyMap());
    }

    Summary series(String group, String series) {
        return group(group).get(series);
    }

    /** Takes a group as an earlier run has measured it. */
    void keep(Results earlier, String group, String fact) {
        if (!earlier.group(group).isEmpty()) {
            groups.put(group, earlier.group(group));
            facts.put(fact, earlier.facts.get(fact));
        }
    }

    /** Writes a file that changes only where a figure does. */
    void write(Path file) throws IOException {
        samples.forEach((group, series) -> {
            Map<String, Summary> summaries = new LinkedHashMap<>();
            series.forEach((name, values) -> summaries.put(name, Summary.of(values)));
            groups.put(group, summaries);
        });
        StringBuilder out = new StringBuilder("{\n  \"facts\": {");
        String separator = "\n";
        for (Map.Entry<String, String> fact : facts.entrySet()) {
            out.append(separator).append("    ").append(Json.quote(fact.getKey())).append(": ").append(Json.quote(fact.getValue()));
            separator = ",\n";
        }
        out.append("\n  },\n  \"series\": {");
        separator = "\n";
        for (Map.Entry<String, Map<String, Summary>> group : new TreeMap<>(groups).entrySet()) {
            out.append(separator).append("    ").append(Json.quote(group.getKey())).append(": {");
            separator = "\n";
            for (Map.Entry<String, Summary> series : group.getValue().entrySet()) {
                Summary s = series.getValue();
                out.append(separator).append("      ").append(Json.quote(series.getKey())).append(": [").append(number(s.minimum))
                        .append(", ").append(number(s.median)).append(", ").append(number(s.maximum)).append(", ").append(s.count)
                        .append(']');
                separator = ",\n";
            }
            out.append("\n    }");
            separator = ",\n";
        }
        Files.writeString(file, out.append("\n  }\n}\n"));
    }

    static Results read(Path file) throws IOException {
        Results results = new Results();
        Map<String, Object> json = Json.object(Files.readString(file));
        objects(json.get("facts")).forEach((name, value) -> results.facts.put(name, (String) value));
        objects(json.get("series")).forEach((group, series) -> {
            Map<String, Summary> summaries = new LinkedHashMap<>();
            objects(series).forEach((name, values) -> {
                List<?> v = (List<?>) values;
                summaries.put(name, new Summary((Double) v.get(0), (Double) v.get(1), (Double) v.get(2), ((Double) v.get(3)).intValue()));
            });
            results.groups.put(group, summaries);
        });
        return results;
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> objects(Object json) {
        return (Map<String, Object>) json;
    }

    /** To four digits: more is noise. */
    private static double rounded(double value) {
        return Double.parseDouble(String.format(Locale.ROOT, "%.3e", value));
    }

    private static String number(double value) {
        return new java.math.BigDecimal(Double.toString(value)).stripTrailingZeros().toPlainString();
    }
}

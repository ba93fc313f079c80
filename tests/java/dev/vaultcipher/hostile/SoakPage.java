package dev.vaultcipher.hostile;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

/** docs/soak.md and its plot, made of a soak's samples. */
final class SoakPage {
    private static final int WIDTH = 720;
    private static final int HEIGHT = 130;

    private SoakPage() {
    }

    static void write(List<SoakTest.Sample> samples, List<String> outcomes, long calls, int applications, int restarts, int tokens,
            int unrevoked) throws IOException {
        SoakTest.Sample last = samples.get(samples.size() - 1);
        StringBuilder page = new StringBuilder("# A soak\n\nWritten by `make soak`; not to be edited. One JVM (`-Xmx96m`) makes ");
        page.append(String.format(Locale.ROOT, "%,d calls on 8 threads in %.0f s%n", calls, last.seconds))
                .append("while the nodes of a real three-node cluster are restarted ").append(restarts).append(" times, and ").append(applications)
                .append(" web applications\nwith a copy of the library of their own are deployed, read secrets and are stopped.\n\n")
                .append("![memory, descriptors, threads and web applications over the calls](soak.svg)\n\n| call | outcome | calls |\n|---|---|---|\n");
        for (String outcome : outcomes) {
            String[] parts = outcome.split(": |, (?=\\d+$)");
            page.append("| ").append(String.join(" | ", parts)).append(" |\n");
        }
        page.append("\n| | most in the second quarter | most in the last quarter | at the end |\n|---|---|---|---|\n");
        row(page, "memory (MiB)", samples, sample -> sample.memory);
        row(page, "descriptors", samples, sample -> sample.descriptors);
        row(page, "threads", samples, sample -> sample.threads);
        row(page, "web applications not yet collected", samples, sample -> sample.applications);
        row(page, "copies of the library in memory", samples, sample -> sample.libraries);
        page.append("| tokens of logins in Vault | | | ").append(tokens)
                .append(" |\n\nWarnings that a token could not be revoked while Vault restarted, or in the time that there is for all: ")
                .append(unrevoked).append(".\nSuch a token lives until its TTL ends, unless the request reached Vault all the same.\n");
        Files.writeString(Paths.get("docs", "soak.md"), page.toString());

        StringBuilder plot = new StringBuilder("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + (WIDTH + 80) + "\" height=\""
                + (4 * (HEIGHT + 40) + 10) + "\" font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n");
        chart(plot, 0, "resident memory, MiB", samples, sample -> sample.memory);
        chart(plot, 1, "descriptors", samples, sample -> sample.descriptors);
        chart(plot, 2, "threads", samples, sample -> sample.threads);
        chart(plot, 3, "web applications not yet collected", samples, sample -> sample.applications);
        Files.writeString(Paths.get("docs", "soak.svg"), plot.append("</svg>\n").toString());
    }

    private static void row(StringBuilder page, String name, List<SoakTest.Sample> samples, ToLongFunction<SoakTest.Sample> value) {
        page.append("| ").append(name).append(" | ").append(SoakTest.most(samples, 2, value)).append(" | ")
                .append(SoakTest.most(samples, 4, value)).append(" | ").append(value.applyAsLong(samples.get(samples.size() - 1)))
                .append(" |\n");
    }

    private static void chart(StringBuilder plot, int number, String title, List<SoakTest.Sample> samples,
            ToDoubleFunction<SoakTest.Sample> value) {
        double most = Math.max(1, samples.stream().mapToDouble(value).max().orElse(1)) * 1.1;
        long calls = samples.get(samples.size() - 1).calls;
        int top = number * (HEIGHT + 40) + 30;
        plot.append(String.format(Locale.ROOT, "<text x=\"60\" y=\"%d\">%s</text>%n<line x1=\"60\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"#999\"/>%n"
                + "<text x=\"8\" y=\"%d\">0</text><text x=\"8\" y=\"%d\">%.0f</text><text x=\"%d\" y=\"%d\" text-anchor=\"end\">%,d calls</text>%n<polyline "
                + "fill=\"none\" stroke=\"#1f77b4\" stroke-width=\"1.5\" points=\"", top - 8, title, top + HEIGHT, 60 + WIDTH, top + HEIGHT, top + HEIGHT,
                top + 10, most, 60 + WIDTH, top - 8, calls));
        for (SoakTest.Sample sample : samples) {
            plot.append(String.format(Locale.ROOT, "%.1f,%.1f ", 60.0 + WIDTH * (double) sample.calls / calls,
                    top + HEIGHT - HEIGHT * value.applyAsDouble(sample) / most));
        }
        plot.append("\"/>\n");
    }
}

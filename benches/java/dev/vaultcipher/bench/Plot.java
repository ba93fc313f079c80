package dev.vaultcipher.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A plot of ranges as SVG: for each row a bar from minimum to maximum, a dot at the median, and the median in digits. */
final class Plot {
    private static final int WIDTH = 800;
    private static final int LEFT = 250;
    private static final int RIGHT = 690;
    private static final int ROW = 22;
    /** The colours of a light and of a dark page; the card brings its own ground, so that each fits whatever is around it. */
    private static final String STYLE = "<style>"
            + "text{font:13px -apple-system,'Segoe UI',Helvetica,Arial,sans-serif;fill:#1f2328}"
            + ".title{font-size:15px;font-weight:600}.group{font-weight:600}.tick{font-size:11px;fill:#59636e}"
            + ".card{fill:#fff;stroke:#d1d9e0}.grid{stroke:#d1d9e0}.ours{fill:#0969da}.limit{fill:#1a7f37}.other{fill:#818b98}"
            + "rect.range{opacity:.4}"
            + "@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.tick{fill:#9198a1}.card{fill:#0d1117;stroke:#3d444d}"
            + ".grid{stroke:#3d444d}.ours{fill:#4493f8}.limit{fill:#3fb950}.other{fill:#9198a1}}</style>\n";

    private final String title;
    private final String unit;
    private final boolean logarithmic;
    private final List<String> names = new ArrayList<>();
    private final List<List<Row>> groups = new ArrayList<>();

    private Plot(String title, String unit, boolean logarithmic) {
        this.title = title;
        this.unit = unit;
        this.logarithmic = logarithmic;
    }

    /** One contestant. */
    static final class Row {
        final String label;
        final Results.Summary summary;
        private final String kind;

        Row(String label, Results.Summary summary, String kind) {
            this.label = label;
            this.summary = summary;
            this.kind = kind;
        }
    }

    static Plot logarithmic(String title, String unit) {
        return new Plot(title, unit, true);
    }

    static Plot linear(String title, String unit) {
        return new Plot(title, unit, false);
    }

    Plot group(String name, List<Row> rows) {
        names.add(name);
        groups.add(rows);
        return this;
    }

    String svg() {
        int rows = groups.stream().mapToInt(group -> group.size() + 2).sum();
        int bottom = 44 + rows * ROW;
        StringBuilder out = new StringBuilder(String.format(Locale.ROOT, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
                + "width=\"%d\" role=\"img\" aria-label=\"%s\">\n", WIDTH, bottom + 30, WIDTH, title)).append(STYLE)
                .append(String.format(Locale.ROOT, "<rect class=\"card\" x=\"0.5\" y=\"0.5\" width=\"%d\" height=\"%d\" rx=\"6\"/>\n",
                        WIDTH - 1, bottom + 29))
                .append(text(16, 28, "title", "start", title + (logarithmic ? ", " + unit + " (logarithmic; less is better)" : " (more is better)")));
        for (double tick : ticks()) {
            String x = decimal(x(tick));
            out.append("<line class=\"grid\" x1=\"").append(x).append("\" x2=\"").append(x).append("\" y1=\"44\" y2=\"").append(bottom)
                    .append("\"/>\n").append(text(x(tick), bottom + 16, "tick", "middle", Report.number(tick)));
        }
        int y = 44;
        for (int i = 0; i < groups.size(); i++) {
            y += ROW;
            out.append(text(16, y, "group", "start", names.get(i)));
            for (Row row : groups.get(i)) {
                y += ROW;
                out.append(row(row, y));
            }
            y += ROW;
        }
        return out.append("</svg>\n").toString();
    }

    private String row(Row row, int y) {
        double from = x(row.summary.minimum);
        double to = x(row.summary.maximum);
        return text(24, y, "", "start", row.label)
                + "<rect class=\"range " + row.kind + "\" x=\"" + decimal(from - 3) + "\" y=\"" + (y - 8) + "\" width=\""
                + decimal(to - from + 6) + "\" height=\"6\" rx=\"3\"/><circle class=\"" + row.kind + "\" cx=\""
                + decimal(x(row.summary.median)) + "\" cy=\"" + (y - 5) + "\" r=\"5\"/>\n"
                + text(WIDTH - 16, y, "", "end", Report.number(row.summary.median) + ' ' + unit);
    }

    private static String text(double x, int y, String kind, String anchor, String text) {
        return "<text x=\"" + decimal(x) + "\" y=\"" + y + '"' + (kind.isEmpty() ? "" : " class=\"" + kind + '"') + " text-anchor=\""
                + anchor + "\">" + text.replace("&", "&amp;").replace("<", "&lt;") + "</text>\n";
    }

    private double x(double value) {
        double part = logarithmic ? Math.log(value / low()) / Math.log(high() / low()) : value / high();
        return LEFT + part * (RIGHT - LEFT);
    }

    /** The ends of the axis: powers of ten, or zero and a little more than the most. */
    private double low() {
        return Math.pow(10, Math.floor(Math.log10(groups.stream().flatMap(List::stream).mapToDouble(row -> row.summary.minimum)
                .min().orElse(1))));
    }

    private double high() {
        double most = groups.stream().flatMap(List::stream).mapToDouble(row -> row.summary.maximum).max().orElse(1);
        return logarithmic ? Math.pow(10, Math.ceil(Math.log10(most))) : Math.ceil(most / step(most)) * step(most);
    }

    private static double step(double most) {
        double power = Math.pow(10, Math.floor(Math.log10(most)));
        return most / power < 2.5 ? power / 2 : most / power < 5 ? power : power * 2;
    }

    private List<Double> ticks() {
        List<Double> ticks = new ArrayList<>();
        double high = high();
        for (double tick = logarithmic ? low() : 0; tick <= high * 1.001; tick = logarithmic ? tick * 10 : tick + step(high)) {
            ticks.add(tick);
        }
        return ticks;
    }

    private static String decimal(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }
}

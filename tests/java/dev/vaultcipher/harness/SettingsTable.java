package dev.vaultcipher.harness;

import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The tables of docs/settings.md, which are made of the settings in the source: what each setting is called where. */
public final class SettingsTable {
    private static final Pattern ROW = Pattern.compile("(?m)^\\| (–|`\\w+`) \\| ((?:`[A-Z_]+`(?:, )?)+) \\| (–|`[a-z.]+`) \\|");
    private static final Pattern VARIABLE = Pattern.compile("`([A-Z_]+)`");

    private final Map<String, Setting> settings = new LinkedHashMap<>();

    private SettingsTable() {
        Matcher row = ROW.matcher(DocsFiles.text(Paths.get("docs", "settings.md")));
        while (row.find()) {
            Setting setting = new Setting(row);
            settings.put(setting.variables.get(setting.variables.size() - 1), setting);
        }
    }

    /** Reads the page. */
    public static SettingsTable read() {
        return new SettingsTable();
    }

    /** The setting that this environment variable belongs to, the last of those that the page names. */
    public Setting setting(String variable) {
        Setting setting = settings.get(variable);
        if (setting == null) {
            throw new AssertionError("docs/settings.md has no setting " + variable + ", only " + settings.keySet());
        }
        return setting;
    }

    /** All environment variables that the page names, and OpenBao's names for Vault's. */
    public List<String> variables() {
        return settings.values().stream().flatMap(setting -> setting.variables.stream()).distinct().collect(Collectors.toList());
    }

    /** A row: the names of a setting. */
    public static final class Setting {
        /** The field of the text, or null. */
        public final String field;
        /** The environment variables, in the order in which they count: OpenBao's names, which the page leaves out, before Vault's. */
        public final List<String> variables = new ArrayList<>();
        /** The system property, or null. */
        public final String property;

        private Setting(Matcher row) {
            field = name(row.group(1));
            Matcher variable = VARIABLE.matcher(row.group(2));
            while (variable.find()) {
                if (variable.group(1).startsWith("VAULT_")) {
                    variables.add(variable.group(1).replaceFirst("VAULT", "BAO"));
                }
                variables.add(variable.group(1));
            }
            property = name(row.group(3));
        }

        private static String name(String cell) {
            return cell.equals("–") ? null : cell.replace("`", "");
        }
    }
}

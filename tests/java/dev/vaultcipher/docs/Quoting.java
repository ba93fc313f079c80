package dev.vaultcipher.docs;

import dev.vaultcipher.harness.DocsFiles;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.xml.sax.SAXException;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** How each kind of file says a value: reads the snippets of the documentation as their real readers do. */
final class Quoting {
    private Quoting() {
    }

    /** The text in a snippet of this kind, as the class is handed it. */
    static String text(String kind, String snippet) {
        switch (kind) {
            case "properties":
                return properties(snippet).getProperty("jdbc.password");
            case "xml":
                return throughXml(snippet.trim().replaceAll("^<password>|</password>$", ""));
            case "shell":
                return DocsFiles.arguments("print", snippet + "print \"$ATL_JDBC_PASSWORD\"").get(0);
            case "env-file":
                return envFile(snippet, Map.of()).get("ATL_JDBC_PASSWORD");
            case "yaml":
                return environment(at(yaml(snippet).get(0), "env")).get("ATL_JDBC_PASSWORD");
            case "compose":
                return compose(at(yaml(snippet).get(0), "services", "jira", "environment", "ATL_JDBC_PASSWORD").toString());
            default:
                throw new AssertionError("no such way to quote: " + kind);
        }
    }

    /** Docker Compose makes one dollar of two, and replaces a variable where there is one only. */
    private static String compose(String value) {
        if (value.replace("$$", "").contains("$")) {
            throw new AssertionError("Compose would replace a variable in " + value);
        }
        return value.replace("$$", "$");
    }

    /** What an XML parser reads where a file says this between two tags. */
    static String throughXml(String content) {
        String document = "<password>" + content + "</password>";
        try {
            return DocumentBuilderFactory.newInstance().newDocumentBuilder()
                    .parse(new ByteArrayInputStream(document.getBytes(StandardCharsets.UTF_8)))
                    .getDocumentElement().getTextContent();
        } catch (SAXException | ParserConfigurationException | IOException e) {
            throw new AssertionError(document, e);
        }
    }

    static Properties properties(String content) {
        Properties properties = new Properties();
        try {
            properties.load(new StringReader(content));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return properties;
    }

    /** Docker's file of variables: everything after the first {@code =} as it is; a bare name is the shell's variable. */
    static Map<String, String> envFile(String content, Map<String, String> shell) {
        Map<String, String> environment = new LinkedHashMap<>();
        for (String line : content.split("\n")) {
            if (!line.isEmpty() && !line.startsWith("#")) {
                setVariable(line, shell, environment);
            }
        }
        return environment;
    }

    /** {@code NAME=VALUE}, or {@code NAME} for the shell's variable, as {@code docker run -e} takes it. */
    static void setVariable(String setting, Map<String, String> shell, Map<String, String> environment) {
        int equals = setting.indexOf('=');
        String name = equals < 0 ? setting : setting.substring(0, equals);
        String value = equals < 0 ? shell.get(name) : setting.substring(equals + 1);
        if (value != null) {
            environment.put(name, value);
        }
    }

    /** The variables of a container in Kubernetes. */
    static Map<String, String> environment(Object list) {
        Map<String, String> environment = new LinkedHashMap<>();
        for (Object variable : (List<?>) list) {
            String name = at(variable, "name").toString();
            String value = at(variable, "value").toString();
            if (environment.put(name, value) != null || value.contains("$(")) {
                throw new AssertionError("set twice, or replaced by Kubernetes: " + name);
            }
        }
        return environment;
    }

    /** The documents of a YAML file. */
    static List<Object> yaml(String content) {
        List<Object> documents = new ArrayList<>();
        new Yaml(new SafeConstructor(new LoaderOptions())).loadAll(content).forEach(documents::add);
        return documents;
    }

    /** One document. */
    static String yaml(Object document) {
        return new Yaml().dump(document);
    }

    /** The value under these keys, one below the other; a number as a key is an index of a list. */
    static Object at(Object node, String... keys) {
        Object found = node;
        for (String key : keys) {
            found = found instanceof List ? ((List<?>) found).get(Integer.parseInt(key)) : ((Map<?, ?>) found).get(key);
            if (found == null) {
                throw new AssertionError("there is no " + String.join(".", keys) + " in " + node);
            }
        }
        return found;
    }
}

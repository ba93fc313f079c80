package dev.vaultcipher.docs;

import java.io.IOException;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

/**
 * What a container of an official image makes of its environment before it starts the product, as far as it matters here;
 * by the documentation and the entry points that the vendor publishes (bitbucket.org/atlassian-docker).
 */
final class OfficialImage {
    /** Where the product's own libraries are in the image. */
    static final Map<String, String> LIBRARIES = Map.of(
            "bitbucket", "/opt/atlassian/bitbucket/app/WEB-INF/lib",
            "jira", "/opt/atlassian/jira/atlassian-jira/WEB-INF/lib",
            "confluence", "/opt/atlassian/confluence/confluence/WEB-INF/lib",
            "bamboo", "/opt/atlassian/bamboo/atlassian-bamboo/WEB-INF/lib",
            "crowd", "/opt/atlassian/crowd/crowd-webapp/WEB-INF/lib");

    private final String product;
    private final Map<String, String> environment;

    OfficialImage(String product, Map<String, String> environment) {
        this.product = product;
        this.environment = environment;
    }

    /** What is left for the JVM: all images but Bitbucket's remove variables by their names. */
    Map<String, String> environmentOfTheJvm() {
        Map<String, String> left = new TreeMap<>(environment);
        boolean mayBeTold = product.equals("jira") || product.equals("confluence");
        boolean cleans = !product.equals("bitbucket")
                && !(mayBeTold && "false".equals(environment.get("ATL_UNSET_SENSITIVE_ENV_VARS")));
        if (cleans) {
            List<String> allowed = new ArrayList<>();
            for (String prefix : environment.getOrDefault("ATL_ALLOWLIST_SENSITIVE_ENV_VARS", "").split(",")) {
                if (!prefix.trim().isEmpty()) {
                    allowed.add(prefix.trim().toUpperCase(Locale.ROOT));
                }
            }
            left.keySet().removeIf(name -> {
                String upper = name.toUpperCase(Locale.ROOT);
                return (upper.contains("PASS") || upper.contains("SECRET") || upper.contains("TOKEN"))
                        && allowed.stream().noneMatch(upper::startsWith);
            });
        }
        return left;
    }

    /** The arguments that the product's start script adds to the JVM's. */
    String[] jvmArguments() {
        String arguments = environment.getOrDefault("JVM_SUPPORT_RECOMMENDED_ARGS", "").trim();
        return arguments.isEmpty() ? new String[0] : arguments.split("\\s+");
    }

    String fileName() {
        switch (product) {
            case "bitbucket":
                return "bitbucket.properties";
            case "jira":
                return "dbconfig.xml";
            case "confluence":
                return "confluence.cfg.xml";
            default:
                throw new AssertionError("the image of " + product + " takes no class from its environment");
        }
    }

    /** The configuration as the published templates write it: values go into the XML as they are. */
    String configuration() {
        return configuration(false);
    }

    /** The same; escaped: as an image would whose templates escape values. */
    String configuration(boolean escaped) {
        switch (product) {
            case "bitbucket":
                return bitbucket();
            case "jira":
                return "<jira-database-config>\n  <jdbc-datasource>\n"
                        + element("url", "ATL_JDBC_URL", escaped) + element("username", "ATL_JDBC_USER", escaped)
                        + element("password", "ATL_JDBC_PASSWORD", escaped)
                        + element("driver-class", "ATL_DB_DRIVER", escaped)
                        + element("atlassian-password-cipher-provider", "ATL_JDBC_SECRET_CLASS", escaped)
                        + "  </jdbc-datasource>\n</jira-database-config>\n";
            case "confluence":
                return "<confluence-configuration>\n  <properties>\n"
                        + property("hibernate.connection.url", "ATL_JDBC_URL", escaped)
                        + property("hibernate.connection.username", "ATL_JDBC_USER", escaped)
                        + property("jdbc.password.decrypter.classname", "ATL_JDBC_SECRET_CLASS", escaped)
                        + property("hibernate.connection.password", "ATL_JDBC_PASSWORD", escaped)
                        + "  </properties>\n</confluence-configuration>\n";
            default:
                throw new AssertionError("the image of " + product + " takes no class from its environment");
        }
    }

    /** Bitbucket reads the variables itself. The harness reads files, so it gets one that says the same. */
    private String bitbucket() {
        Properties properties = new Properties();
        properties.setProperty("jdbc.url", variable("JDBC_URL"));
        properties.setProperty("jdbc.user", variable("JDBC_USER"));
        properties.setProperty("jdbc.driver", variable("JDBC_DRIVER"));
        properties.setProperty("jdbc.password", "{ENC}" + variable("JDBC_PASSWORD"));
        properties.setProperty("encrypted-property.cipher.classname", variable("JDBC_PASSWORD_DECRYPTER_CLASSNAME"));
        StringWriter file = new StringWriter();
        try {
            properties.store(file, null);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return file.toString();
    }

    private String element(String name, String variable, boolean escaped) {
        return "    <" + name + '>' + xml(variable(variable), escaped) + "</" + name + ">\n";
    }

    private String property(String name, String variable, boolean escaped) {
        return "    <property name=\"" + name + "\">" + xml(variable(variable), escaped) + "</property>\n";
    }

    /** Escaped as Jinja escapes. */
    private static String xml(String value, boolean escaped) {
        return !escaped ? value : value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
                .replace("\"", "&#34;").replace("'", "&#39;");
    }

    private String variable(String name) {
        String value = environment.get(name);
        if (value == null) {
            throw new AssertionError("the container has no variable " + name);
        }
        return value;
    }
}

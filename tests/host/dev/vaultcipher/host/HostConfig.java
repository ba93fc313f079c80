package dev.vaultcipher.host;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import java.util.TreeSet;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;

/** What a product's configuration file says of its database and its secret store. */
final class HostConfig {
    /** The name of the property that holds the database password. */
    final String passwordName;
    final String jdbcUrl;
    final String jdbcUser;
    /** Name of the class to load, as the file has it. */
    final String storeClass;
    /** The properties whose values the class must resolve: name and text, in the order in which they are resolved. */
    final Map<String, String> encrypted = new LinkedHashMap<>();

    private HostConfig(String passwordName, String jdbcUrl, String jdbcUser, String storeClass) {
        this.passwordName = passwordName;
        this.jdbcUrl = jdbcUrl;
        this.jdbcUser = jdbcUser;
        this.storeClass = storeClass;
    }

    /** Reads a product's file; the name of the file tells the product. */
    static HostConfig read(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            switch (file.getFileName().toString()) {
                case "bitbucket.properties":
                    return bitbucket(in);
                case "dbconfig.xml":
                    return jira(xml(in));
                case "confluence.cfg.xml":
                case "bamboo.cfg.xml":
                case "crowd.cfg.xml":
                    return hibernate(xml(in));
                default:
                    throw new IOException(file + " is no configuration file of a product that this harness knows");
            }
        }
    }

    /** Bitbucket: Java properties; each value that begins with {ENC} is a text for the class. */
    private static HostConfig bitbucket(InputStream in) throws IOException {
        Properties properties = new Properties();
        properties.load(in);
        String older = properties.getProperty("jdbc.password.decrypter.classname");
        HostConfig config = new HostConfig("jdbc.password", properties.getProperty("jdbc.url"), properties.getProperty("jdbc.user"),
                older != null ? older : properties.getProperty("encrypted-property.cipher.classname"));
        if (older != null) { // 7.9 to 8.12: this property alone, and without a mark
            config.encrypted.put("jdbc.password", properties.getProperty("jdbc.password"));
            return config;
        }
        for (String name : new TreeSet<>(properties.stringPropertyNames())) {
            String value = properties.getProperty(name);
            if (value.startsWith("{ENC}")) {
                config.encrypted.put(name, value.substring("{ENC}".length()));
            }
        }
        return config;
    }

    /** Jira: one element for each setting. */
    private static HostConfig jira(Document xml) throws IOException {
        HostConfig config = new HostConfig("password", element(xml, "url"), element(xml, "username"),
                element(xml, "atlassian-password-cipher-provider"));
        config.encrypted.put("password", element(xml, "password"));
        return config;
    }

    /** Confluence, Bamboo and Crowd: {@code <property name="…">…</property>}. */
    private static HostConfig hibernate(Document xml) throws IOException {
        String password = "hibernate.connection.password";
        HostConfig config = new HostConfig(password, property(xml, "hibernate.connection.url"),
                property(xml, "hibernate.connection.username"), property(xml, "jdbc.password.decrypter.classname"));
        config.encrypted.put(password, property(xml, password));
        return config;
    }

    private static Document xml(InputStream in) throws IOException {
        try {
            DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
            factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
            factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            return factory.newDocumentBuilder().parse(in);
        } catch (SAXException | ParserConfigurationException e) {
            throw new IOException(e);
        }
    }

    private static String element(Document xml, String name) throws IOException {
        NodeList found = xml.getElementsByTagName(name);
        if (found.getLength() != 1) {
            throw new IOException("expected one element " + name + ", found " + found.getLength());
        }
        return found.item(0).getTextContent();
    }

    private static String property(Document xml, String name) throws IOException {
        NodeList all = xml.getElementsByTagName("property");
        for (int i = 0; i < all.getLength(); i++) {
            Element element = (Element) all.item(i);
            if (element.getAttribute("name").equals(name)) {
                return element.getTextContent();
            }
        }
        throw new IOException("there is no property " + name);
    }
}

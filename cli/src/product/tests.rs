use super::*;

const JIRA: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n\r\n<jira-database-config>\r\n  <name>defaultDS</name>\r\n  \
                    <jdbc-datasource>\r\n    <url>jdbc:postgresql://db/jira?a=1&amp;b=2</url>\r\n    <driver-class>org.postgresql.Driver</driver-class>\r\n    \
                    <username>jira</username>\r\n    <password>p&lt;w</password>\r\n  </jdbc-datasource>\r\n</jira-database-config>\r\n";

const CONFLUENCE: &str = "<confluence-configuration>\n  <properties>\n    <property name=\"hibernate.connection.password\">pw</property>\n    \
                          <property name=\"hibernate.connection.url\">jdbc:x</property>\n  </properties>\n</confluence-configuration>\n";

fn file(name: &str, content: &str) -> ProductFile {
    let path = Path::new("/home").join(name);
    let product = Product::of_file(&path).unwrap();
    ProductFile::parse(product, &path, Zeroizing::new(content.as_bytes().to_vec())).unwrap()
}

fn text(file: &ProductFile) -> String {
    String::from_utf8(file.content.to_vec()).unwrap()
}

#[test]
fn a_class_and_a_text_change_two_lines_and_nothing_else() {
    let before = file("dbconfig.xml", JIRA);
    assert_eq!(before.value(Product::Jira.password()), Some("p<w"));
    assert_eq!(before.database(), [Some("jdbc:postgresql://db/jira?a=1&b=2"), Some("jira"), Some("org.postgresql.Driver")]);
    let after = before.with(Product::Jira.password(), "{\"a\":\"<&>\"}").and_then(|file| file.with_class(STORE_CLASS)).unwrap();
    let wanted = JIRA.replace(
        "<password>p&lt;w</password>",
        "<atlassian-password-cipher-provider>dev.vaultcipher.VaultSecretStore</atlassian-password-cipher-provider>\r\n    \
         <password>{\"a\":\"&lt;&amp;&gt;\"}</password>",
    );
    assert_eq!(text(&after), wanted);
    assert_eq!(after.class(), Some(STORE_CLASS));
    assert_eq!(*after.encrypted()[0].text, "{\"a\":\"<&>\"}");
    let back = after.with(Product::Jira.password(), "p<w").and_then(|file| file.without(file.class_entry())).unwrap();
    assert_eq!(text(&back), JIRA);
}

#[test]
fn a_property_element_is_found_by_its_name_attribute() {
    let after = file("confluence.cfg.xml", CONFLUENCE).with_class(CIPHER_CLASS).unwrap();
    assert_eq!(after.class(), Some(CIPHER_CLASS));
    let element = "    <property name=\"jdbc.password.decrypter.classname\">dev.vaultcipher.VaultCipher</property>\n";
    assert_eq!(text(&after), CONFLUENCE.replacen("    <property", &format!("{element}    <property"), 1));
}

#[test]
fn bitbuckets_lines_keep_their_comments_order_and_ends() {
    let content = "# mine\r\njdbc.url=jdbc:x\r\njdbc.password=old\\\r\n  er\r\n\r\n! end";
    let before = file("bitbucket.properties", content);
    assert_eq!(before.value("jdbc.password"), Some("older"));
    assert!(before.encrypted().is_empty());
    let after = before.with("jdbc.password", "{ENC}{\"a\":1}").and_then(|file| file.with_class(STORE_CLASS)).unwrap();
    assert_eq!(
        text(&after),
        "# mine\r\njdbc.url=jdbc:x\r\njdbc.password={ENC}{\"a\":1}\r\n\r\n! end\r\n\
         encrypted-property.cipher.classname=dev.vaultcipher.VaultSecretStore"
    );
    let back = after.without(after.class_entry()).unwrap();
    assert_eq!(text(&back), content.replace("old\\\r\n  er", "{ENC}{\"a\":1}"));
    assert_eq!(after.encrypted().len(), 1);
}

#[test]
fn a_line_is_added_below_one_that_would_go_on() {
    for content in ["a=b\\", "a=b\\\n", "a=b\\\r\n", "a=b\\\\\\"] {
        let after = file("bitbucket.properties", content).with_class(STORE_CLASS).unwrap();
        assert_eq!(after.class(), Some(STORE_CLASS), "{content:?}");
        assert!(after.value("a").is_some_and(|value| value.starts_with('b') && !value.contains("class")), "{content:?}");
    }
    let after = file("bitbucket.properties", "a=b\\\\").with_class(STORE_CLASS).unwrap();
    assert_eq!(text(&after), "a=b\\\\\nencrypted-property.cipher.classname=dev.vaultcipher.VaultSecretStore");
}

#[test]
fn every_encrypted_property_is_found_and_the_last_of_two_counts() {
    let content = "a={ENC}1\njdbc.password={ENC}2\njdbc.password={ENC}3\nplugin.mirroring={ENC}4\nplain=5\n";
    let found: Vec<(String, String)> =
        file("bitbucket.properties", content).encrypted().into_iter().map(|found| (found.name, found.text.to_string())).collect();
    let wanted = [("a", "{ENC}1"), ("jdbc.password", "{ENC}3"), ("plugin.mirroring", "{ENC}4")];
    assert_eq!(found, wanted.map(|(name, text)| (name.to_owned(), text.to_owned())));
    let older = file("bitbucket.properties", "jdbc.password={}\njdbc.password.decrypter.classname=x.Y\n");
    assert_eq!((older.class(), older.encrypted().len()), (Some("x.Y"), 1));
}

#[test]
fn a_file_is_known_by_its_name() {
    assert_eq!(Product::of_file(Path::new("/x/shared/bitbucket.properties")), Some(Product::Bitbucket));
    assert_eq!(Product::of_file(Path::new("bamboo.cfg.xml")), Some(Product::Bamboo));
    assert_eq!(Product::of_file(Path::new("/x/other.xml")), None);
    assert_eq!(Product::named("Jira"), Some(Product::Jira));
}

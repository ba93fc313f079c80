//! `protect` and `unprotect` on files of each product's shape, against a real Vault, and killed at any moment.

mod place;
#[expect(dead_code, reason = "the tool is a process of its own")]
#[path = "../../tests/rust/support/mod.rs"]
mod support;

use std::fs;
use std::process::Command;
use std::thread;
use std::time::Duration;

use place::{Place, words};
use serde_json::json;
use support::random;

const BITBUCKET: &str =
    "# kept\r\njdbc.url=jdbc:postgresql://db/bitbucket\r\njdbc.user = bitbucket\r\njdbc.password=PASSWORD\r\n! end\r\n";
const JIRA: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<jira-database-config>\n  <!-- kept -->\n  <jdbc-datasource>\n    \
                    <url>jdbc:x</url>\n    <username>jira</username>\n    <password>PASSWORD</password>\n  </jdbc-datasource>\n</jira-database-config>\n";
const CONFLUENCE: &str = "<confluence-configuration>\n  <properties>\n    <property name=\"hibernate.connection.username\">c</property>\n    \
                          <property name=\"hibernate.connection.password\">PASSWORD</property>\n  </properties>\n</confluence-configuration>\n";
const BAMBOO: &str = "<application-configuration>\n  <properties>\n    \
                      <property name=\"hibernate.connection.password\">PASSWORD</property>\n  </properties>\n</application-configuration>\n";

#[test]
fn each_products_file_is_protected_and_comes_back_as_it_was() {
    let place = Place::new("products");
    for (name, content) in [
        ("bitbucket.properties", BITBUCKET),
        ("dbconfig.xml", JIRA),
        ("confluence.cfg.xml", CONFLUENCE),
        ("bamboo.cfg.xml", BAMBOO),
    ] {
        let password = format!("{}-é", random());
        // As Properties and XML write it.
        let written = if name.ends_with("xml") { password.replace('é', "&#233;") } else { password.replace('é', "\\u00E9") };
        let before = content.replace("PASSWORD", &written);
        let file = place.file(name, before.as_bytes());
        let output = place.protect(&file, &place.text(name));
        assert!(output.status.success(), "{name}: {}", words(&output));
        let after = fs::read_to_string(&file).expect("the file");
        assert!(!after.contains(&written) && after.contains("dev.vaultcipher."), "{name}: {after}");
        assert!(
            after.contains("kept") == content.contains("kept") && after.contains("\r\n") == content.contains("\r\n"),
            "{name}"
        );
        assert!(
            !words(&output).contains(&password) && !words(&output).contains(&written),
            "{name}: the password is in the output"
        );
        let backup = fs::read_to_string(place.folder.join(format!("{name}.before-vault-cipher.1"))).expect("a backup");
        assert!(!backup.contains(&written) && backup.contains("unprotect --file"), "{name}: {backup}");
        let again = place.protect(&file, &place.text(name));
        assert!(!again.status.success() && words(&again).contains("is protected already"), "{name}: {}", words(&again));
        let output = place.unprotect(&file);
        assert!(output.status.success(), "{name}: {}", words(&output));
        assert_eq!(fs::read_to_string(&file).expect("the file"), before.replace("\r\nencrypted", ""), "{name}");
    }
}

#[test]
fn another_value_in_vault_or_a_server_that_cannot_read_leaves_the_file_as_it_is() {
    let place = Place::new("refusals");
    place.vault.write("secret/data/taken", "{\"data\":{\"password\":\"other\"}}");
    let content = BITBUCKET.replace("PASSWORD", "canary-mine");
    let file = place.file("bitbucket.properties", content.as_bytes());
    let unreadable = |mut command: Command| command.env("SECRET_STORE_VAULT_TOKEN", "s.wrong").output().expect("the tool runs");
    let path = file.to_str().expect("a path");
    let outputs = [
        place.protect(&file, &place.text("taken")),
        place.protect(&file, "no JSON"),
        place.protect(
            &file,
            &json!({"mount": "secret", "path": "x", "key": "k", "endpoint": "http://127.0.0.1:1", "timeout": 1}).to_string(),
        ),
        unreadable(place.tool(&["protect", "--file", path, "--text", &place.text("fresh")])),
        place
            .tool(&["protect", "--file", path, "--property", "none", "--text", &place.text("x")])
            .output()
            .expect("the tool runs"),
    ];
    for output in outputs {
        assert_eq!(output.status.code(), Some(2), "{}", words(&output));
        assert!(!words(&output).contains("canary"), "the password is in the output");
        assert_eq!(fs::read_to_string(&file).expect("the file"), content);
    }
    let dry =
        place.tool(&["protect", "--dry-run", "--file", path, "--text", &place.text("dry")]).output().expect("the tool runs");
    assert!(
        dry.status.success() && words(&dry).contains("- jdbc.password=********") && !words(&dry).contains("canary"),
        "{}",
        words(&dry)
    );
    assert_eq!(fs::read_to_string(&file).expect("the file"), content);
}

#[test]
fn a_text_of_the_vendors_store_needs_one_line() {
    let place = Place::new("vendor");
    place.vault.write("secret/data/vendor", "{\"data\":{\"password\":\"x\"}}");
    let class = "encrypted-property.cipher.classname=com.atlassian.secrets.store.vault.VaultSecretStore\n";
    let content = format!("{class}jdbc.password={{ENC}}{}\n", place.text("vendor"));
    let file = place.file("bitbucket.properties", content.as_bytes());
    let output = place.protect(&file, &place.text("vendor"));
    assert!(output.status.success(), "{}", words(&output));
    let wanted = content.replace("com.atlassian.secrets.store.vault.VaultSecretStore", "dev.vaultcipher.VaultSecretStore");
    assert_eq!(fs::read_to_string(&file).expect("the file"), wanted);
}

#[test]
fn a_kill_at_any_moment_leaves_a_whole_file_and_the_secret_somewhere() {
    const KILLS: u64 = 200;
    let place = Place::new("kills");
    let (mut old, mut new) = (0, 0);
    for number in 0..KILLS {
        let password = random();
        let before = BITBUCKET.replace("PASSWORD", &password);
        let file = place.file("bitbucket.properties", before.as_bytes());
        let text = place.text(&format!("kill-{number}"));
        let mut child = place
            .tool(&["protect", "--file", file.to_str().expect("a path"), "--text", &text])
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("the tool runs");
        thread::sleep(Duration::from_micros(number * 250));
        let _ = child.kill();
        let _ = child.wait();
        let after = fs::read_to_string(&file).expect("the file");
        if after == before {
            old += 1;
        } else {
            new += 1;
            assert!(
                after.contains("dev.vaultcipher.VaultSecretStore") && after.ends_with("\r\n") && !after.contains(&password),
                "{after}"
            );
            let output = place.unprotect(&file);
            assert!(output.status.success(), "{}", words(&output));
            assert!(fs::read_to_string(&file).expect("the file").contains(&password), "the secret is lost");
        }
    }
    println!("killed {KILLS} times: {old} old files, {new} new ones");
    assert!(old > 0 && new > 0, "{old} old files and {new} new ones: the kills were not spread over the work");
    let left: Vec<_> = fs::read_dir(&place.folder)
        .expect("the folder")
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with('.'))
        .collect();
    assert!(left.len() <= 1, "{} temporary files are left", left.len());
}

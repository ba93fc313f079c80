//! `protect` and `unprotect` on files of every encoding, and where a file cannot simply be written: nothing is lost, and the message
//! says why.

#![cfg(target_os = "linux")]
#![expect(clippy::expect_used, reason = "a test stops at the first surprise")]

mod place;
#[expect(dead_code, reason = "the tool is a process of its own")]
#[path = "../../tests/rust/support/mod.rs"]
mod support;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::{Command, Output};

use place::{Place, words};
use support::{Process, random};
use vault_cipher::Service;

/// The user nobody, whom every Linux has.
const NOBODY: u32 = 65_534;

/// What stands around a password in a file, the password as it stands there, and as the product reads it.
struct Written {
    name: &'static str,
    before: &'static [u8],
    written: &'static [u8],
    after: &'static [u8],
    value: &'static str,
}

const FILES: [Written; 7] = [
    Written {
        name: "bitbucket.properties",
        before: b"# ISO 8859-1: \xe9\njdbc.user=x\njdbc.password=",
        written: b"p\xe9\xfc 1",
        after: b"\n# \xe4\n",
        value: "p\u{e9}\u{fc} 1",
    },
    Written {
        name: "bitbucket.properties",
        before: "# UTF-8: \u{e9}\njdbc.password : ".as_bytes(),
        written: b"\\u0070\\u00E9\\ud83d\\ude00\\=\\:\\\\\\\n    more",
        after: b"\nlast=1",
        value: "p\u{e9}\u{1f600}=:\\more",
    },
    Written {
        name: "bitbucket.properties",
        before: b"\xef\xbb\xbfjdbc.url=x\r\njdbc.password=",
        written: b"with blanks ",
        after: b"\r\n\r\n",
        value: "with blanks ",
    },
    Written {
        name: "dbconfig.xml",
        before: b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<!-- \xe9 -->\n<jira-database-config>\n<jdbc-datasource>\n<password>",
        written: b"\xe9&lt;&#x1F600;&#233;",
        after: b"</password>\n</jdbc-datasource>\n</jira-database-config>\n",
        value: "\u{e9}<\u{1f600}\u{e9}",
    },
    Written {
        name: "dbconfig.xml",
        before: b"\xef\xbb\xbf<jira-database-config>\r\n\t<jdbc-datasource>\r\n\t\t<password>",
        written: b"<![CDATA[a<b>&amp;]]>&amp;",
        after: b"</password>\r\n\t</jdbc-datasource>\r\n</jira-database-config>",
        value: "a<b>&amp;&",
    },
    Written {
        name: "confluence.cfg.xml",
        before: b"<confluence-configuration><properties><property name=\"hibernate.connection.password\">",
        written: b"&quot;one&apos;line&quot;",
        after: b"</property></properties></confluence-configuration>",
        value: "\"one'line\"",
    },
    Written {
        name: "bamboo.cfg.xml",
        before: "<application-configuration>\r\n<!-- \u{e9} -->\r\n<properties>\r\n<property name=\"hibernate.connection.password\">"
            .as_bytes(),
        written: "\u{e9}\u{1f600}".as_bytes(),
        after: b"</property>\r\n</properties>\r\n</application-configuration>\r\n",
        value: "\u{e9}\u{1f600}",
    },
];

#[test]
fn whatever_the_encoding_vault_gets_what_the_product_reads_and_every_other_byte_stays() {
    let place = Place::new("encodings");
    for (number, Written { name, before, written, after, value }) in FILES.iter().enumerate() {
        let folder = place.folder.join(number.to_string());
        fs::create_dir_all(&folder).expect("a folder");
        let file = folder.join(name);
        fs::write(&file, [*before, *written, *after].concat()).expect("a file");
        let text = place.text(&format!("encodings-{number}"));
        let output = place.protect(&file, &text);
        assert!(output.status.success(), "{number}: {}", words(&output));
        let read = Service::new().resolve(&text, &Process::with_token(place.vault.root_token()));
        assert_eq!(read.map_err(|error| error.to_string()).expect("the value").expose(), *value, "{number}");
        let protected = fs::read(&file).expect("the file");
        let lines_before = &before[..before.iter().rposition(|byte| *byte == b'\n').unwrap_or(0)];
        assert!(protected.starts_with(lines_before) && contains(&protected, after), "{number}: more than two lines have changed");
        assert!(!contains(&protected, written), "{number}: the password is still there");
        let output = place.unprotect(&file);
        assert!(output.status.success(), "{number}: {}", words(&output));
        let back = fs::read(&file).expect("the file");
        assert!(back.starts_with(before) && back.ends_with(after), "{number}: {}", String::from_utf8_lossy(&back));
        // What is between them is the same password, written in ASCII.
        assert!(back[before.len()..back.len() - after.len()].is_ascii(), "{number}");
        let again = place.protect(&file, &text);
        assert!(again.status.success(), "{number}: the value that came back is another one: {}", words(&again));
    }
}

#[test]
fn a_read_only_file_system_is_noticed_before_the_secret_goes_anywhere() {
    let place = Place::new("read-only");
    let script = r#"
        mount -t tmpfs tmpfs "$DISK"
        cp "$ORIGINAL" "$FILE"
        mount -o remount,ro "$DISK"
        "$TOOL" protect --file "$FILE" --text "$TEXT" && exit 1
        cmp "$ORIGINAL" "$FILE"
        [ "$(ls -A "$DISK")" = bitbucket.properties ]
        echo now writable
        mount -o remount,rw "$DISK"
        "$TOOL" protect --file "$FILE" --text "$TEXT"
        mount -o remount,ro "$DISK"
        cp "$FILE" "$DISK.protected"
        "$TOOL" unprotect --yes --file "$FILE" && exit 1
        cmp "$DISK.protected" "$FILE""#;
    let output = on_a_disk(&place, script);
    let (before, after) = output.split_once("now writable").expect("both parts");
    assert!(before.contains("Read-only file system") && before.contains("The file was not changed"), "{before}");
    assert!(after.contains("is in Vault, and was read back") && after.contains("Read-only file system"), "{after}");
}

#[test]
fn a_full_disk_leaves_the_file_as_it_is_and_the_next_try_succeeds() {
    let place = Place::new("full");
    let script = r#"
        mount -t tmpfs -o size=64k tmpfs "$DISK"
        cp "$ORIGINAL" "$FILE"
        dd if=/dev/zero of="$DISK/fill" bs=4k 2> /dev/null && exit 1
        "$TOOL" protect --file "$FILE" --text "$TEXT" && exit 1
        cmp "$ORIGINAL" "$FILE"
        rm "$DISK/fill"
        [ "$(ls -A "$DISK")" = bitbucket.properties ]
        echo now free
        "$TOOL" protect --file "$FILE" --text "$TEXT"
        dd if=/dev/zero of="$DISK/fill" bs=4k 2> /dev/null && exit 1
        cp "$FILE" "$DISK.protected"
        "$TOOL" unprotect --yes --file "$FILE" && exit 1
        cmp "$DISK.protected" "$FILE"
        rm "$DISK/fill"
        "$TOOL" unprotect --yes --file "$FILE"
        cmp "$ORIGINAL" "$FILE""#;
    let output = on_a_disk(&place, script);
    let (before, after) = output.split_once("now free").expect("both parts");
    assert!(before.contains("No space left on device") && before.contains("The file was not changed"), "{before}");
    assert!(after.contains("is in Vault, and was read back") && after.contains("in plain text again"), "{after}");
}

#[test]
fn a_link_stays_and_what_it_names_is_replaced() {
    let place = Place::new("links");
    let password = random();
    let (real, links) = (place.folder.join("real"), place.folder.join("links"));
    fs::create_dir_all(&real).and_then(|()| fs::create_dir_all(&links)).expect("folders");
    let (file, link) = (real.join("settings"), links.join("bitbucket.properties"));
    fs::write(&file, format!("jdbc.password={password}\n")).expect("a file");
    symlink("../real/settings", links.join("second")).and_then(|()| symlink("second", &link)).expect("links");
    let output = place.protect(&link, &place.text("links"));
    assert!(output.status.success(), "{}", words(&output));
    assert_eq!(fs::read_link(&link).expect("a link"), Path::new("second"));
    assert!(!fs::read_to_string(&file).expect("the file").contains(&password));
    assert_eq!(fs::read_dir(&links).expect("the folder").count(), 2, "something is beside the link");
    assert!(real.join("settings.before-vault-cipher.1").is_file());
    assert!(place.unprotect(&link).status.success());
    assert_eq!(fs::read_to_string(&file).expect("the file"), format!("jdbc.password={password}\n"));
}

/// Files of other users can be made by root only; for everybody else the own user's file must keep its mode.
#[test]
fn the_file_stays_with_its_owner_and_who_cannot_see_to_that_is_refused() {
    let place = Place::new("owner");
    let password = random();
    let file = place.file("bitbucket.properties", format!("jdbc.password={password}\n").as_bytes());
    let owner = if rustix::process::getuid().is_root() { NOBODY } else { rustix::process::getuid().as_raw() };
    chown(&file, Some(owner), None).expect("the owner");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o604)).expect("its mode");
    let output = place.protect(&file, &place.text("owner"));
    assert!(output.status.success(), "{}", words(&output));
    for path in [&file, &place.folder.join("bitbucket.properties.before-vault-cipher.1")] {
        let metadata = fs::metadata(path).expect("the file");
        assert_eq!((metadata.uid(), metadata.mode() & 0o7777), (owner, 0o604), "{}", path.display());
    }
    if owner != NOBODY {
        return;
    }
    // Another user who may write in the folder would take the file away from the server.
    assert!(place.unprotect(&file).status.success());
    let _ = fs::remove_file(place.folder.join("bitbucket.properties.before-vault-cipher.1"));
    fs::set_permissions(&place.folder, fs::Permissions::from_mode(0o777)).expect("the folder's mode");
    let before = fs::read(&file).expect("the file");
    let mut tool = Command::new("setpriv");
    tool.args([
        "--reuid=65533",
        "--regid=65533",
        "--clear-groups",
        "--",
        env!("CARGO_BIN_EXE_vault-cipher"),
        "protect",
        "--file",
    ]);
    tool.arg(&file).args(["--text", &place.text("foreign")]);
    tool.env("VAULT_TOKEN", place.vault.root_token()).env("SECRET_STORE_VAULT_TOKEN", place.vault.root_token());
    let output = tool.output().expect("setpriv runs");
    assert_eq!(output.status.code(), Some(2), "{}", words(&output));
    assert!(
        words(&output).contains("cannot be given to the owner of the old one: run this as that user or root"),
        "{}",
        words(&output)
    );
    assert_eq!(fs::read(&file).expect("the file"), before);
    let read = Service::new().resolve(&place.text("foreign"), &Process::with_token(place.vault.root_token()));
    assert!(read.is_err(), "the secret went to Vault, though the file could not be changed");
}

fn contains(all: &[u8], part: &[u8]) -> bool {
    all.windows(part.len()).any(|window| window == part)
}

/// Runs a script where it may mount: what it prints. It ends at the first command that fails.
fn on_a_disk(place: &Place, script: &str) -> String {
    let disk = place.folder.join("disk");
    fs::create_dir_all(&disk).expect("a folder");
    let original = place.file("original", format!("jdbc.password={}\n", random()).as_bytes());
    let mut shell = Command::new("unshare");
    if !rustix::process::getuid().is_root() {
        shell.arg("-r");
    }
    shell.args(["--mount", "sh", "-ec", script]);
    shell.env("VAULT_TOKEN", place.vault.root_token()).env("SECRET_STORE_VAULT_TOKEN", place.vault.root_token());
    shell.env("TOOL", env!("CARGO_BIN_EXE_vault-cipher")).env("TEXT", place.text("disk")).env("ORIGINAL", &original);
    shell.env("FILE", disk.join("bitbucket.properties")).env("DISK", &disk);
    let output: Output = shell.output().expect("unshare runs");
    let words = words(&output);
    assert!(output.status.success(), "{words}");
    let password = fs::read_to_string(&original).expect("the file");
    assert!(!words.contains(password.trim_start_matches("jdbc.password=").trim()), "the password is in the output");
    words
}

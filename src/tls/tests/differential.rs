//! Key stores of every kind, read as the JVM's trust store by Java and by us. `KeyStoreVerdicts.java` makes them and says whom Java
//! trusts. docs/key-stores.md lists what differs; `UPDATE=1` writes it.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};

use aws_lc_rs::digest;
use rcgen::{CertifiedIssuer, KeyPair, PKCS_ED25519};
use rustls::pki_types::PrivatePkcs8KeyDer;

use super::{Directory, ca_params, jdks, params, run};
use crate::host::tests::MapHost;
use crate::tls::files::Files;
use crate::tls::key_store::jvm;
use crate::{Environment, Host};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/key-stores.md");
const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/java/dev/vaultcipher/tls");

/// A host that notes whether Java was asked.
struct Asked {
    host: MapHost,
    asked: Cell<bool>,
}

impl Host for Asked {
    fn environment(&self) -> &Environment {
        self.host.environment()
    }

    fn trusted_certificates(&self) -> Result<Vec<Vec<u8>>, String> {
        self.asked.set(true);
        Err("it is the other side of this test".to_owned())
    }

    fn warn(&self, message: &str) {
        self.host.warn(message);
    }

    fn interrupted(&self) -> bool {
        false
    }
}

/// Whom a trust store makes one trust: SHA-256 sums of certificates.
type Trusted = BTreeSet<String>;

/// What we say of a store.
#[derive(Debug, PartialEq)]
enum Ours {
    Trusted(Trusted),
    /// With these words.
    Refused(String),
    /// For this reason.
    JavaIsAsked(String),
}

fn ours(path: &str, kind: &str, password: Option<&str>) -> Ours {
    let mut host = MapHost::default().with_property("java.home", "/nowhere").with_property(jvm::STORE, path);
    if !kind.is_empty() {
        host = host.with_property(jvm::TYPE, kind);
    }
    if let Some(password) = password {
        host = host.with_property("javax.net.ssl.trustStorePassword", password);
    }
    let host = Asked { host, asked: Cell::new(false) };
    let store = jvm::read(&host, &mut Files::default());
    match store {
        Err(error) if host.asked.get() => {
            let words = error.statement().to_string();
            let why = words.split("): ").last().and_then(|words| words.split("; Java itself").next()).unwrap_or_default();
            Ours::JavaIsAsked(why.to_owned())
        }
        Ok(store) => Ours::Trusted(store.anchors.certificates().iter().map(|der| sha256(der)).collect()),
        Err(error) => Ours::Refused(error.statement().to_string()),
    }
}

fn sha256(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> String {
    let bytes = (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect();
    String::from_utf8(bytes).unwrap()
}

/// A store with the verdicts.
struct Case {
    description: String,
    file: String,
    kind: String,
    password: String,
    /// `None`: refused.
    java: Option<Trusted>,
    ours: Ours,
}

/// How the two verdicts are related.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Clone, Copy)]
enum Outcome {
    Same,
    JavaDecides,
    WeTrustLess,
    WeTrustMore,
}

impl Case {
    fn is_changed(&self) -> bool {
        self.description.starts_with("changed")
    }

    /// With the store itself, unless it is long.
    fn in_words(&self) -> String {
        let Self { description, kind, password, java, ours, .. } = self;
        let java = java.as_ref().map_or("refused".to_owned(), |trusted| format!("trusts {}", trusted.len()));
        let ours = match ours {
            Ours::Trusted(trusted) => format!("trusts {}", trusted.len()),
            other => format!("{other:?}"),
        };
        let file = fs::read(&self.file).map_or(String::new(), |file| hex(&file));
        format!("{description}; type {kind:?}, password {password}: Java {java}, vault-cipher {ours}; the file is {file:.6000}")
    }

    fn outcome(&self) -> Outcome {
        let nobody = Trusted::new();
        let java = self.java.as_ref().unwrap_or(&nobody);
        let ours = match &self.ours {
            Ours::JavaIsAsked(_) => return Outcome::JavaDecides,
            Ours::Refused(_) => &nobody,
            Ours::Trusted(trusted) => trusted,
        };
        if ours == java {
            Outcome::Same
        } else if ours.is_subset(java) {
            Outcome::WeTrustLess
        } else {
            Outcome::WeTrustMore
        }
    }
}

/// The same key in each run: Ed25519 signs without chance, so that the certificates are the same as well.
fn key(number: u8) -> KeyPair {
    let der = [&b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20"[..], &[number; 32]].concat();
    KeyPair::from_pkcs8_der_and_sign_algo(&PrivatePkcs8KeyDer::from(der), &PKCS_ED25519).unwrap()
}

/// What openssl and keytool make, each with a line in `made.tsv`.
fn other_tools(directory: &Directory) {
    let [ca, ca_key, key, chain] = ["ca.pem", "ca.pem.key", "leaf.pem.key", "leaf.pem"].map(|name| directory.path(name));
    let mut made = String::new();
    let mut add = |description: &str, password: &str, make: &dyn Fn(&str)| {
        let name = format!("made-{}", made.lines().count());
        make(&directory.path(&name));
        writeln!(made, "{name}\t{description}\t{}", hex(password.as_bytes())).unwrap();
    };
    let encryptions: [(&str, &[&str]); 9] = [
        ("by default", &[]),
        ("legacy", &["-legacy"]),
        ("-certpbe NONE", &["-certpbe", "NONE"]),
        ("-certpbe NONE -keypbe NONE", &["-certpbe", "NONE", "-keypbe", "NONE"]),
        ("-certpbe NONE -nomac", &["-certpbe", "NONE", "-nomac"]),
        ("-certpbe PBE-SHA1-3DES -macalg sha1", &["-certpbe", "PBE-SHA1-3DES", "-keypbe", "PBE-SHA1-3DES", "-macalg", "sha1"]),
        ("-certpbe AES-128-CBC -iter 1 -macalg sha384", &["-certpbe", "AES-128-CBC", "-iter", "1", "-macalg", "sha384"]),
        ("-certpbe AES-192-CBC -macalg sha512", &["-certpbe", "AES-192-CBC", "-macalg", "sha512"]),
        ("-certpbe CAMELLIA-256-CBC", &["-certpbe", "CAMELLIA-256-CBC"]),
    ];
    let contents: [(&str, &[&str]); 3] = [
        ("a certificate", &["-nokeys", "-in", &ca]),
        ("a key", &["-inkey", &ca_key, "-in", &ca, "-name", "own"]),
        ("a key with its chain", &["-inkey", &key, "-in", &chain, "-certfile", &ca, "-name", "own"]),
    ];
    for (encryption, options) in encryptions {
        for (content, what) in contents {
            for password in ["right-one", ""] {
                let pass = format!("pass:{password}");
                let words = if password.is_empty() { "empty password" } else { "ASCII password" };
                add(&format!("openssl {encryption}, {content}, {words}"), password, &|path| {
                    run("openssl", &[&["pkcs12", "-export", "-out", path, "-passout", &pass], what, options].concat());
                });
            }
        }
    }
    for kind in ["JKS", "JCEKS", "PKCS12"] {
        add(&format!("{kind} of keytool, a key and a certificate, ASCII password"), "right-one", &|path| {
            let store = ["-keystore", path, "-storetype", kind, "-storepass", "right-one"];
            run("keytool", &[&["-genkeypair", "-alias", "own", "-keyalg", "EC", "-dname", "CN=own"], &store[..]].concat());
            run("keytool", &[&["-importcert", "-noprompt", "-alias", "ca", "-file", &ca], &store[..]].concat());
        });
    }
    directory.file("made.tsv", made);
}

/// All stores, each read in each way.
fn cases(directory: &Directory) -> Vec<Case> {
    let root = CertifiedIssuer::self_signed(ca_params("Company CA"), key(1)).unwrap();
    let other = CertifiedIssuer::self_signed(ca_params("Other CA"), key(2)).unwrap();
    let leaf_key = key(3);
    let leaf = params("vault", &["vault.example.com"]).signed_by(&leaf_key, &root).unwrap();
    let certificates = [("ca", root.der(), root.key()), ("other", other.der(), other.key()), ("leaf", leaf.der(), &leaf_key)];
    for (name, certificate, key) in certificates {
        directory.file(&format!("{name}.crt"), certificate);
        directory.file(&format!("{name}.key"), key.serialize_der());
        let path = directory.path(&format!("{name}.pem"));
        run("openssl", &["x509", "-inform", "der", "-in", &directory.path(&format!("{name}.crt")), "-out", &path]);
        directory.file(&format!("{name}.pem.key"), key.serialize_pem());
    }
    other_tools(directory);

    let home = jdks().remove(0);
    let classes = directory.path("classes");
    let sources =
        ["KeyStoreVerdicts", "KeyStoreMaker", "KeyStoreChanges", "FixedNumbers"].map(|name| format!("{SOURCES}/{name}.java"));
    let [verdicts, maker, changes, numbers] = &sources;
    run(home.join("bin/javac"), &["-encoding", "UTF-8", "-d", &classes, verdicts, maker, changes, numbers]);
    run(home.join("bin/java"), &["-cp", &classes, "dev.vaultcipher.tls.KeyStoreVerdicts", &directory.path("")]);

    let verdicts = fs::read_to_string(directory.path("verdicts.tsv")).unwrap();
    verdicts.lines().map(|line| case(directory, line)).collect()
}

fn case(directory: &Directory, line: &str) -> Case {
    let [name, description, kind, password, java] = line.split('\t').collect::<Vec<_>>().try_into().unwrap();
    let path = directory.path(name);
    let password = (password != "-").then(|| unhex(password));
    let java = (java != "refused").then(|| java.split(',').filter(|sum| !sum.is_empty()).map(str::to_owned).collect());
    let ours = ours(&path, kind, password.as_deref());
    let password = match password.as_deref() {
        None => "none".to_owned(),
        Some(password) => format!("{password:?}"),
    };
    Case { description: description.to_owned(), file: path, kind: kind.to_owned(), password, java, ours }
}

/// Why we trust more or less than Java in such a store; `None`: for no reason.
fn reason(case: &Case) -> Option<&'static str> {
    let is_aes_192 = case.description.contains("AES-192");
    is_aes_192.then_some(
        "Java has no AES-192 in PKCS12 and refuses the file. Here it is read after its digest under the password was checked, so that \
         nobody can add a certificate without the password.",
    )
}

fn page(cases: &[Case]) -> String {
    let mut differences = BTreeMap::<_, usize>::new();
    let mut asked = BTreeMap::<_, (usize, &str)>::new();
    for case in cases.iter().filter(|case| !case.is_changed()) {
        match &case.ours {
            // One wrong password of 256 gives a padding that looks right, where there is no digest.
            Ours::JavaIsAsked(why) if why.contains("damaged") => {}
            Ours::JavaIsAsked(why) => asked.entry(why.as_str()).or_insert((0, case.description.as_str())).0 += 1,
            _ if case.outcome() != Outcome::Same => {
                let kind = case.description.split(", ").next().unwrap_or_default();
                *differences.entry((kind, case.outcome(), reason(case).unwrap_or("?"))).or_default() += 1;
            }
            _ => {}
        }
    }
    let mut page = "# Key stores: Java and vault-cipher\n\nWritten by the test `tls::tests::differential` (`UPDATE=1 cargo test --lib \
                    differential`), which reads hundreds of key\nstores as the JVM's trust store: made by the JDK, `keytool` and `openssl`, \
                    of each type, encryption, content and password, each\nread with the right password, wrong ones and none, and then \
                    thousands of changed ones. Both trust the same certificates, except\nwhere this page says otherwise.\n\n## What \
                    differs\n\n| store | who trusts more | why |\n|---|---|---|\n"
        .to_owned();
    for (kind, outcome, why) in differences.keys() {
        let who = if *outcome == Outcome::WeTrustMore { "vault-cipher" } else { "Java" };
        writeln!(page, "| {kind} | {who} | {why} |").unwrap();
    }
    page.push_str("\n## What Java itself is asked for\n\nIts verdict counts then; it takes a third of a second.\n\n| why | for example |\n|---|---|\n");
    for (why, (_, example)) in asked {
        writeln!(page, "| {why} | {example} |").unwrap();
    }
    page
}

#[test]
fn whom_a_key_store_makes_us_trust_is_whom_it_makes_java_trust() {
    let directory = Directory::new();
    let cases = cases(&directory);
    let count = |is_changed: bool| {
        let outcomes = cases.iter().filter(|case| case.is_changed() == is_changed).map(Case::outcome);
        outcomes.fold(BTreeMap::<_, usize>::new(), |mut counts, outcome| {
            *counts.entry(outcome).or_default() += 1;
            counts
        })
    };
    let stores: BTreeSet<&str> = cases.iter().filter(|case| !case.is_changed()).map(|case| case.file.as_str()).collect();
    // Not `println!`, which a test that passes does not show.
    let counts = format!("key stores: {}, verdicts {:?}; changed ones: {:?}", stores.len(), count(false), count(true));
    writeln!(io::stdout(), "{counts}").unwrap();
    assert!(stores.len() > 500, "only {} stores could be made", stores.len());

    let unexplained: Vec<String> = cases
        .iter()
        .filter(|case| match case.outcome() {
            Outcome::WeTrustMore => reason(case).is_none(),
            // A damaged store may well be refused.
            Outcome::WeTrustLess => !case.is_changed() && reason(case).is_none(),
            Outcome::Same | Outcome::JavaDecides => false,
        })
        .map(Case::in_words)
        .collect();
    let shown = unexplained.iter().take(10).cloned().collect::<Vec<_>>().join("\n");
    assert!(unexplained.is_empty(), "{} verdicts differ from Java's:\n{shown}", unexplained.len());

    let page = page(&cases);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(PAGE, &page).unwrap();
    }
    assert!(
        fs::read_to_string(PAGE).is_ok_and(|known| known == page),
        "docs/key-stores.md is of another state (UPDATE=1 writes it)"
    );
}

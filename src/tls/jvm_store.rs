//! What the JVM trusts: found where Java looks for it, read without asking Java, which would take a third of a second.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use rustls::{RootCertStore, pki_types::CertificateDer};

use super::{jks, p12};
use crate::{Error, Host, Secret};

const STORE: &str = "javax.net.ssl.trustStore";
const TYPE: &str = "javax.net.ssl.trustStoreType";
const PASSWORD: &str = "javax.net.ssl.trustStorePassword";

/// The types that are files which Rust reads. The JDK, too, looks at the content rather than at which of them is named.
const FILE_TYPES: [&str; 4] = ["JKS", "PKCS12", "JCEKS", "CaseExactJKS"];

/// The certificates to trust.
pub(super) struct Anchors {
    pub(super) roots: RootCertStore,
    pub(super) trust: Trust,
}

/// Where the certificates to trust come from.
#[derive(Debug, Clone)]
pub(super) struct Trust {
    /// The store, its type, how many certificates and why this store.
    pub(super) words: String,
    /// The command that adds a certificate to it.
    pub(super) import: String,
}

/// Reads the store that the JVM uses.
pub(super) fn read(host: &dyn Host) -> Result<Anchors, Error> {
    let File { path, content, origin } = find(host)?;
    let described = |kind: &str| format!("trust store {} ({kind}{origin})", path.display());
    let password = host.property(PASSWORD).map(Secret::new).filter(|password| !password.expose().is_empty());

    let found = certificates(&content, password.as_ref().map(Secret::expose));
    let Found { kind, certificates, unmarked } = found.map_err(|problem| Error::TrustStore {
        store: described(problem.kind),
        problem: words(&problem.reason, &path, password.is_some()),
    })?;

    let mut roots = RootCertStore::empty();
    let (usable, unusable) = roots.add_parsable_certificates(certificates);
    if usable == 0 {
        let problem = match (unusable, unmarked) {
            (0, 0) => "it holds no certificate".to_owned(),
            (0, some) => format!(
                "none of its {some} certificates is marked as trusted, so Java trusts none of them (openssl marks them only with \
                 -jdktrust anyExtendedKeyUsage)"
            ),
            (some, _) => format!("none of its {some} certificates can be read"),
        };
        let problem = format!("{problem}. What to do: import the certificate of Vault's CA: {}", import(&path));
        return Err(Error::TrustStore { store: described(kind), problem });
    }

    let mut count = format!("{kind}, {usable} certificate{}", if usable == 1 { "" } else { "s" });
    if unusable > 0 {
        count.push_str(&format!(", {unusable} more that cannot be read"));
    }
    Ok(Anchors { roots, trust: Trust { words: described(&count), import: import(&path) } })
}

fn import(path: &Path) -> String {
    format!("keytool -importcert -alias vault-ca -file ca.pem -keystore {}", path.display())
}

struct File {
    path: PathBuf,
    content: Vec<u8>,
    /// Why this file: the end of a parenthesis.
    origin: String,
}

/// The file that Java would take. A named one that is no readable file is passed over by Java without a word, and
/// `cacerts` taken; a server that works so today must go on working, but the administrator is told.
fn find(host: &dyn Host) -> Result<File, Error> {
    let named = host.property(STORE);
    if let Some(kind) = host.property(TYPE)
        && !FILE_TYPES.iter().any(|known| known.eq_ignore_ascii_case(&kind))
    {
        return Err(only_java(format!("type {kind:?} (system property {TYPE})")));
    }
    // No file at all: what a provider needs that has its certificates elsewhere.
    if named.as_deref() == Some("NONE") {
        return Err(only_java(format!("NONE (system property {STORE})")));
    }
    let home = host.property("java.home").ok_or_else(|| Error::TrustStore {
        store: "the JDK's default trust store".to_owned(),
        problem: format!("system property java.home is not known. What to do: name a trust store with -D{STORE}=…"),
    })?;
    let security = Path::new(&home).join("lib").join("security");
    let default = security.join("cacerts");

    let (first, first_origin) = match &named {
        Some(path) => (PathBuf::from(path), format!(", from system property {STORE}")),
        None => (security.join("jssecacerts"), ", jssecacerts of the JDK".to_owned()),
    };
    let passed_over = match content(&first) {
        Ok(content) => return Ok(File { path: first, content, origin: first_origin }),
        Err(reason) => reason,
    };
    match (content(&default), named) {
        (Ok(content), None) => Ok(File { path: default, content, origin: ", the JDK's default".to_owned() }),
        (Ok(content), Some(named)) => {
            host.warn(&format!(
                "System property {STORE} names {named:?}, which is no readable file ({passed_over}). Java passes it over without a \
                 word and trusts {}; so does vault-cipher. What to do: correct or remove the property",
                default.display()
            ));
            let origin = format!(", the JDK's default, because {named:?} of system property {STORE} is no readable file");
            Ok(File { path: default, content, origin })
        }
        (Err(reason), named) => Err(Error::TrustStore {
            store: format!("trust store {} (the JDK's default)", default.display()),
            problem: format!(
                "it is no readable file ({reason}){}. What to do: install the JDK's or the system's CA certificates (Debian: package \
                 ca-certificates-java), or name a trust store with -D{STORE}=…",
                match named {
                    Some(named) => format!(", nor is {named:?} of system property {STORE} ({passed_over})"),
                    None => String::new(),
                }
            ),
        }),
    }
}

fn content(path: &Path) -> io::Result<Vec<u8>> {
    // Before the file is opened: a pipe would wait for a writer.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("not a file"));
    }
    fs::read(path)
}

/// A store that only Java itself can read, through a provider of its own.
fn only_java(store: String) -> Error {
    Error::TrustStore {
        store,
        problem: format!(
            "trust stores that are no JKS or PKCS12 file are not supported yet. What to do: copy its certificates into a file \
             (keytool -importkeystore -destkeystore vault-trust.p12 -deststoretype PKCS12 -srckeystore …) and name that with \
             -D{STORE}, {PASSWORD} and {TYPE}"
        ),
    }
}

struct Found<'a> {
    kind: &'static str,
    certificates: Vec<CertificateDer<'a>>,
    /// Certificates that Java does not take as trusted.
    unmarked: usize,
}

struct Problem {
    kind: &'static str,
    reason: Reason,
}

enum Reason {
    Empty,
    Pem,
    Neither,
    Password,
    PasswordMissing,
    Damaged(String),
    Unsupported(String),
}

fn certificates<'a>(file: &'a [u8], password: Option<&str>) -> Result<Found<'a>, Problem> {
    if let Some(kind) = jks::kind(file) {
        let entries = jks::read(file, password).map_err(|problem| Problem {
            kind,
            reason: match problem {
                jks::Problem::Password => Reason::Password,
                jks::Problem::Damaged => Reason::Damaged("it ends too early or its lengths are wrong".to_owned()),
                jks::Problem::Unknown(what) => Reason::Unsupported(what),
            },
        })?;
        let certificate = |entry| match entry {
            jks::Entry::Trusted(certificate) => Some(certificate),
            // As Java: the own certificate of a key is trusted, the rest of its chain is not.
            jks::Entry::Key { chain, .. } => chain.first().copied(),
        };
        let certificates = entries.into_iter().filter_map(certificate).map(CertificateDer::from).collect();
        return Ok(Found { kind, certificates, unmarked: 0 });
    }
    if p12::is(file) {
        let kind = "PKCS12";
        let archive = p12::read(file, password).map_err(|problem| Problem {
            kind,
            reason: match problem {
                p12::Problem::Password => Reason::Password,
                p12::Problem::PasswordMissing => Reason::PasswordMissing,
                p12::Problem::Unsupported => Reason::Unsupported("its encryption".to_owned()),
                p12::Problem::Damaged(why) => Reason::Damaged(why),
            },
        })?;
        let certificates: Vec<_> = p12::anchors(&archive).map(|bag| CertificateDer::from(bag.cert.as_der().to_vec())).collect();
        return Ok(Found { kind, unmarked: archive.certs.len() - certificates.len(), certificates });
    }
    let reason = match file {
        [] => Reason::Empty,
        file if file.trim_ascii_start().starts_with(b"-----BEGIN") => Reason::Pem,
        _ => Reason::Neither,
    };
    Err(Problem { kind: "unknown type", reason })
}

fn words(reason: &Reason, path: &Path, with_password: bool) -> String {
    let path = path.display();
    match reason {
        Reason::Empty => format!("the file is empty. What to do: restore it, or name another store with -D{STORE}=…"),
        Reason::Pem => format!(
            "it is PEM text, which Java does not read as a trust store. What to do: make a store of it: keytool -importcert -alias \
             vault-ca -file {path} -keystore vault-trust.p12, and name that with -D{STORE}=… and -D{PASSWORD}=…"
        ),
        Reason::Neither => {
            format!(
                "the file is neither a JKS nor a PKCS12 key store. What to do: restore it (try: keytool -list -keystore {path})"
            )
        }
        Reason::Password => format!(
            "the password in system property {PASSWORD} is wrong, or the file was changed. What to do: correct the property (try: \
             keytool -list -keystore {path})"
        ),
        Reason::PasswordMissing => {
            format!("it is encrypted, and system property {PASSWORD} is not set. What to do: set it with -D{PASSWORD}=…")
        }
        Reason::Damaged(why) => format!(
            "the file is damaged ({why}). What to do: restore it (try: keytool -list -keystore {path}){}",
            if with_password { format!(", and check system property {PASSWORD}") } else { String::new() }
        ),
        Reason::Unsupported(what) => format!(
            "{what} is not supported. What to do: rewrite it with a current JDK: keytool -importkeystore -srckeystore {path} \
             -destkeystore vault-trust.p12 -deststoretype PKCS12, and name that with -D{STORE}=…"
        ),
    }
}

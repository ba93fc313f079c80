//! What the JVM trusts: found where Java looks for it, and read without asking Java, which would take a third of a
//! second. Only what Java alone can read is asked for there.

use std::path::{Path, PathBuf};

use rustls::pki_types::CertificateDer;
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind};
use crate::file;
use crate::host::Host;
use crate::secret::Secret;
use crate::tls::anchors::{Added, Anchors};
use crate::tls::files::{Files, is_content, shown};
use crate::tls::key_store::{self, MAX_BYTES, Problem};

pub(in crate::tls) const STORE: &str = "javax.net.ssl.trustStore";
pub(in crate::tls) const TYPE: &str = "javax.net.ssl.trustStoreType";
const PASSWORD: &str = "javax.net.ssl.trustStorePassword";

/// What the JVM trusts.
pub(in crate::tls) struct Store {
    pub(in crate::tls) anchors: Anchors,
    /// The store, its type, how many certificates and why this store.
    pub(in crate::tls) words: String,
    /// The command that adds a certificate to it.
    pub(in crate::tls) import: String,
}

/// Reads the store that the JVM uses.
pub(in crate::tls) fn read(host: &dyn Host, files: &mut Files) -> Result<Store, Error> {
    let File { path, content, origin } = match find(host, files)? {
        Place::File(file) => file,
        Place::OnlyJava(store) => {
            return through_java(host, store, Problem::Unsupported("a store that is no JKS or PKCS12 file".to_owned()));
        }
    };
    let described = |kind: &str| format!("trust store {} ({kind}{origin})", path.display());
    let password = host
        .environment()
        .property(PASSWORD)
        .map(|password| Secret::new(password.to_owned()))
        .filter(|password| !password.expose().is_empty());

    let kind = key_store::kind(&content);
    if is_of_another_type(host.environment().property(TYPE), kind) {
        let problem = Problem::Unsupported(format!("a {kind} file of the type that system property {TYPE} says or leaves open"));
        return through_java(host, described(kind), problem);
    }
    let found = match key_store::trusted(&content, password.as_ref().map(Secret::expose)) {
        Ok(found) => found,
        Err(problem @ (Problem::Unsupported(_) | Problem::Damaged(_))) => {
            return through_java(host, described(kind), problem);
        }
        Err(problem) => return Err(ErrorKind::TrustStore { store: described(kind), problem: explained(&problem, "") }.into()),
    };

    let mut anchors = Anchors::default();
    let added = anchors.add(found.certificates);
    if added.usable == 0 {
        let problem = match (added.unusable, found.unmarked) {
            (0, 0) => "it holds no certificate".to_owned(),
            (0, some) => format!(
                "none of its {some} certificates is marked as trusted, so Java trusts none of them (openssl marks them only with \
                 -jdktrust anyExtendedKeyUsage)"
            ),
            (some, _) => format!("none of its {some} certificates can be read"),
        };
        let problem = crate::Problem::new(problem, format!("import the certificate of Vault's CA: {}", import(&path)));
        return Err(ErrorKind::TrustStore { store: described(kind), problem }.into());
    }
    Ok(Store { anchors, words: described(&format!("{kind}, {}", count(added))), import: import(&path) })
}

/// Whether Java may refuse a store of this content because of the type that is named. Between JKS and PKCS12 it looks at the content.
fn is_of_another_type(named: Option<&str>, content: &str) -> bool {
    let is = |name: &str| named.is_some_and(|named| named.eq_ignore_ascii_case(name));
    match content {
        "JCEKS" => !is("JCEKS"),
        "PKCS12" => is("JCEKS") || is("CaseExactJKS"),
        _ => is("CaseExactJKS"),
    }
}

fn count(Added { usable, unusable }: Added) -> String {
    let plural = if usable == 1 { "" } else { "s" };
    match unusable {
        0 => format!("{usable} certificate{plural}"),
        _ => format!("{usable} certificate{plural}, {unusable} more that cannot be read"),
    }
}

fn import(path: &Path) -> String {
    format!("keytool -importcert -alias vault-ca -file ca.pem -keystore {}", path.display())
}

enum Place {
    File(File),
    /// A store of a provider of Java's, in words.
    OnlyJava(String),
}

struct File {
    path: PathBuf,
    content: Zeroizing<Vec<u8>>,
    /// Why this file: the end of a parenthesis.
    origin: String,
}

/// The store that Java would take. A named file that is no readable one is passed over by Java without a word, and
/// `cacerts` taken; a server that works so today must go on working, but the administrator is told.
fn find(host: &dyn Host, files: &mut Files) -> Result<Place, Error> {
    let named = host.environment().property(STORE).map(str::to_owned);
    // No file at all: what a provider needs that has its certificates elsewhere.
    let nowhere = named.as_deref() == Some("NONE");
    let kind = host.environment().property(TYPE).map(str::to_owned).filter(|kind| !key_store::is_file_type(kind));
    if nowhere || kind.is_some() {
        let kind = kind.map(|kind| format!("type {kind:?}, from system property {TYPE}"));
        let name = named.map(|name| if is_content(&name) { shown(&name) } else { name });
        let name = name.map(|name| format!("{name}, from system property {STORE}"));
        let words: Vec<String> = name.into_iter().chain(kind).collect();
        return Ok(Place::OnlyJava(format!("trust store {}", words.join(", "))));
    }
    let home = host.environment().property("java.home").map(str::to_owned).ok_or_else(|| ErrorKind::TrustStore {
        store: "the JDK's default trust store".to_owned(),
        problem: crate::Problem::new("system property java.home is not known", format!("name a trust store with -D{STORE}=…")),
    })?;
    let security = Path::new(&home).join("lib").join("security");
    let default = security.join("cacerts");

    let (first, first_origin) = match &named {
        Some(path) => (PathBuf::from(path), format!(", from system property {STORE}")),
        None => (security.join("jssecacerts"), ", jssecacerts of the JDK".to_owned()),
    };
    let passed_over = match files.read(&first, MAX_BYTES) {
        Ok(content) => return Ok(Place::File(File { path: first, content, origin: first_origin })),
        Err(
            reason @ (file::Problem::Missing | file::Problem::Denied | file::Problem::Directory | file::Problem::NotRegular(_)),
        ) => reason,
        // Java would read it, so the default is no answer.
        Err(problem) => {
            return Err(ErrorKind::TrustStore {
                store: format!("trust store {}{first_origin}", shown(&first.to_string_lossy())),
                problem: crate::Problem::new(format!("it {problem}"), problem.advice()).because(problem.used_up()),
            }
            .into());
        }
    };
    match (files.read(&default, MAX_BYTES), named) {
        (Ok(content), None) => Ok(Place::File(File { path: default, content, origin: ", the JDK's default".to_owned() })),
        (Ok(content), Some(named)) => {
            host.warn(&format!(
                "System property {STORE} names {}, which is no readable file: it {passed_over}. Java passes it over without a \
                 word and trusts {}; so does vault-cipher. What to do: correct or remove the property",
                shown(&named),
                default.display()
            ));
            let origin = format!(", the JDK's default, because {} of system property {STORE} is no readable file", shown(&named));
            Ok(Place::File(File { path: default, content, origin }))
        }
        (Err(reason), named) => Err(ErrorKind::TrustStore {
            store: format!("trust store {} (the JDK's default)", default.display()),
            problem: crate::Problem::new(
                format!(
                    "it {reason}{}",
                    match named {
                        Some(named) => format!(", and {} of system property {STORE} {passed_over}", shown(&named)),
                        None => String::new(),
                    }
                ),
                format!(
                    "install the JDK's or the system's CA certificates (Debian: package ca-certificates-java), name a trust store with \
                     -D{STORE}=…, or Vault's CA in VAULT_CACERT"
                ),
            )
            .because(reason.used_up()),
        }
        .into()),
    }
}

/// The certificates of a store that only Java can read; `problem` is why.
fn through_java(host: &dyn Host, store: String, problem: Problem) -> Result<Store, Error> {
    let mut anchors = Anchors::default();
    let added = match host.trusted_certificates() {
        Ok(certificates) => anchors.add(certificates.into_iter().map(CertificateDer::from)),
        Err(reason) => {
            let reason = crate::text::one_line(&reason, 300);
            let problem = explained(&problem, &format!("; Java itself says: {reason}"));
            return Err(ErrorKind::TrustStore { store, problem }.into());
        }
    };
    if added.usable == 0 {
        let problem = crate::Problem::new(
            "Java finds no certificate in it",
            format!("check system properties {STORE}, {TYPE} and {PASSWORD}, or name Vault's CA in VAULT_CACERT"),
        );
        return Err(ErrorKind::TrustStore { store, problem }.into());
    }
    let words = format!("{store} (read through Java, {})", count(added));
    Ok(Store {
        anchors,
        words,
        import: "keytool -importcert -alias vault-ca -file ca.pem with the options of this store".to_owned(),
    })
}

/// The problem, what Java says to it, and what to do.
fn explained(problem: &Problem, java: &str) -> crate::Problem {
    let todo = match problem {
        Problem::Empty | Problem::Neither => {
            format!("restore it, or name another store with -D{STORE}=… (try: keytool -list -keystore)")
        }
        Problem::Pem => format!(
            "make a store of it (keytool -importcert -alias vault-ca -file PEM -keystore vault-trust.p12) and name that with -D{STORE}=… \
             and -D{PASSWORD}=…, or name the PEM file in VAULT_CACERT instead"
        ),
        Problem::Password => format!("correct system property {PASSWORD} (try: keytool -list -keystore)"),
        Problem::PasswordMissing => format!("set its password with -D{PASSWORD}=…"),
        Problem::Damaged(_) => format!("restore it (try: keytool -list -keystore), and check system property {PASSWORD}"),
        Problem::Unsupported(_) => format!(
            "check system properties {STORE}, {TYPE} and {PASSWORD}; or copy the certificates into a file (keytool -importkeystore \
             -destkeystore vault-trust.p12 -deststoretype PKCS12 …); or name Vault's CA in VAULT_CACERT"
        ),
    };
    crate::Problem::new(format!("{problem}{java}"), todo)
}

//! The two kinds of key store file, JKS and PKCS #12, seen alike: the certificates to trust in it, and the keys.

mod entries;
pub(in crate::tls) mod jks;
pub(in crate::tls) mod jvm;
pub(in crate::tls) mod pbe;
pub(in crate::tls) mod pkcs12;

use std::fmt;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::tls::key_store::entries::Entries;
use crate::tls::x509;

/// A key store of all CAs of the web has a quarter of a megabyte.
pub(in crate::tls) const MAX_BYTES: usize = 16 * 1024 * 1024;

const BROKEN: &str = "it ends too early or its lengths are wrong";

/// Why a key store cannot be read.
#[derive(Debug)]
pub(in crate::tls) enum Problem {
    Empty,
    Pem,
    Neither,
    Password,
    PasswordMissing,
    Damaged(String),
    /// Something that Java may know.
    Unsupported(String),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the file is empty"),
            Self::Pem => f.write_str("it is PEM text, not a Java key store"),
            Self::Neither => f.write_str("the file is neither a JKS nor a PKCS12 key store"),
            Self::Password => f.write_str("its password is wrong, or the file was changed"),
            Self::PasswordMissing => f.write_str("it is encrypted, and no password is set"),
            Self::Damaged(why) => write!(f, "the file is damaged ({why})"),
            Self::Unsupported(what) => write!(f, "{what} cannot be read without Java"),
        }
    }
}

impl From<jks::Problem> for Problem {
    fn from(problem: jks::Problem) -> Self {
        match problem {
            jks::Problem::Password => Self::Password,
            jks::Problem::Damaged => Self::Damaged(BROKEN.to_owned()),
            jks::Problem::Unknown(what) => Self::Unsupported(what),
        }
    }
}

impl From<pbe::Problem> for Problem {
    fn from(problem: pbe::Problem) -> Self {
        match problem {
            pbe::Problem::Password => Self::Password,
            pbe::Problem::PasswordMissing => Self::PasswordMissing,
            pbe::Problem::Unsupported => Self::Unsupported("its encryption".to_owned()),
            pbe::Problem::Damaged => Self::Damaged(BROKEN.to_owned()),
        }
    }
}

/// Whether this store type of Java's is a file that is read here. The JDK, too, looks at the content rather than at which
/// of them is named.
pub(in crate::tls) fn is_file_type(name: &str) -> bool {
    ["JKS", "PKCS12", "JCEKS", "CaseExactJKS"].iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// The type of the store, by its content.
pub(in crate::tls) fn kind(file: &[u8]) -> &'static str {
    match jks::kind(file) {
        Some(kind) => kind,
        None if pkcs12::is(file) => "PKCS12",
        None => "unknown type",
    }
}

/// The certificates in a store.
pub(in crate::tls) struct Trusted<'a> {
    pub(in crate::tls) certificates: Vec<CertificateDer<'a>>,
    /// Certificates that Java does not take as trusted.
    pub(in crate::tls) unmarked: usize,
}

/// The certificates that Java takes as trust anchors.
pub(in crate::tls) fn trusted<'a>(file: &'a [u8], password: Option<&str>) -> Result<Trusted<'a>, Problem> {
    if jks::kind(file).is_some() {
        let jks::Store { entries, has_odd_names } = jks::read(file, password)?;
        if has_odd_names {
            return Err(Problem::Unsupported("a name of one of its entries".to_owned()));
        }
        check_certificates(entries.iter().flat_map(jks::Entry::certificates).copied())?;
        // As Java: the own certificate of a key is trusted, the rest of its chain is not.
        let certificate = |entry: &jks::Entry<'a>| entry.certificates().first().copied();
        return Ok(Trusted {
            certificates: entries.iter().filter_map(certificate).map(CertificateDer::from).collect(),
            unmarked: 0,
        });
    }
    if pkcs12::is(file) {
        check_password(password)?;
        let (bags, _) = pkcs12::read(file, password)?;
        let entries = Entries::new(&bags);
        check_certificates(entries.certificates().iter().copied())?;
        let certificates: Vec<_> = entries.anchors().into_iter().map(|der| CertificateDer::from(der.to_vec())).collect();
        return Ok(Trusted { unmarked: entries.certificates().len() - certificates.len(), certificates });
    }
    Err(neither(file))
}

/// Java reads all certificates of a store, and refuses it whole for one.
fn check_certificates<'a>(mut certificates: impl Iterator<Item = &'a [u8]>) -> Result<(), Problem> {
    if certificates.all(x509::is_read_by_java) { Ok(()) } else { Err(Problem::Unsupported("one of its certificates".to_owned())) }
}

/// Java knows no other letters in the password of a PKCS #12 file.
fn check_password(password: Option<&str>) -> Result<(), Problem> {
    let is_ascii = |password: &str| password.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if password.is_none_or(is_ascii) {
        Ok(())
    } else {
        Err(Problem::Unsupported("a password with other letters than ASCII".to_owned()))
    }
}

/// A private key with its certificates, its own first.
pub(in crate::tls) struct Key {
    pub(in crate::tls) chain: Vec<CertificateDer<'static>>,
    pub(in crate::tls) key: PrivateKeyDer<'static>,
}

/// The private keys, at least one. As with the JVM's own key manager, each has the password of the store.
pub(in crate::tls) fn keys(file: &[u8], password: Option<&str>) -> Result<Vec<Key>, Problem> {
    decrypted_keys(file, password.unwrap_or_default()).map_err(|problem| match problem {
        Problem::Password if password.is_none() => Problem::PasswordMissing,
        other => other,
    })
}

fn decrypted_keys(file: &[u8], password: &str) -> Result<Vec<Key>, Problem> {
    let mut keys = Vec::new();
    if jks::kind(file).is_some() {
        for entry in jks::read(file, Some(password))?.entries {
            if let jks::Entry::Key { protected, chain } = entry {
                let key = PrivatePkcs8KeyDer::from(jks::unprotect(protected, password)?.to_vec()).into();
                let chain = chain.into_iter().map(|certificate| CertificateDer::from(certificate.to_vec())).collect();
                keys.push(Key { chain, key });
            }
        }
    } else if pkcs12::is(file) {
        let (bags, effort) = pkcs12::read(file, Some(password))?;
        for (key, chain) in Entries::new(&bags).keys(password, effort)? {
            let chain = chain.into_iter().map(|certificate| CertificateDer::from(certificate.to_vec())).collect();
            keys.push(Key { chain, key: PrivatePkcs8KeyDer::from(key.to_vec()).into() });
        }
    } else {
        return Err(neither(file));
    }
    keys.retain(|key| !key.chain.is_empty());
    if keys.is_empty() { Err(Problem::Damaged("it holds no private key with a certificate".to_owned())) } else { Ok(keys) }
}

fn neither(file: &[u8]) -> Problem {
    match file {
        [] => Problem::Empty,
        file if file.trim_ascii_start().starts_with(b"-----BEGIN") => Problem::Pem,
        _ => Problem::Neither,
    }
}

//! The two kinds of key store file, JKS and PKCS #12, seen alike: the certificates to trust in it, and the keys.

pub(in crate::tls) mod jks;
pub(in crate::tls) mod jvm;
pub(in crate::tls) mod pbe;
pub(in crate::tls) mod pkcs12;

use std::fmt;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

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
        let certificate = |entry| match entry {
            jks::Entry::Trusted(certificate) => Some(certificate),
            // As Java: the own certificate of a key is trusted, the rest of its chain is not.
            jks::Entry::Key { chain, .. } => chain.first().copied(),
        };
        let entries = jks::read(file, password)?.into_iter();
        return Ok(Trusted { certificates: entries.filter_map(certificate).map(CertificateDer::from).collect(), unmarked: 0 });
    }
    if pkcs12::is(file) {
        let archive = pkcs12::read(file, password)?;
        let certificates: Vec<_> = archive.anchors().map(|der| CertificateDer::from(der.to_vec())).collect();
        return Ok(Trusted { unmarked: archive.certificates() - certificates.len(), certificates });
    }
    Err(neither(file))
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
        for entry in jks::read(file, Some(password))? {
            if let jks::Entry::Key { protected, chain } = entry {
                let key = PrivatePkcs8KeyDer::from(jks::unprotect(protected, password)?.to_vec()).into();
                let chain = chain.into_iter().map(|certificate| CertificateDer::from(certificate.to_vec())).collect();
                keys.push(Key { chain, key });
            }
        }
    } else if pkcs12::is(file) {
        for (key, chain) in pkcs12::read(file, Some(password))?.keys() {
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

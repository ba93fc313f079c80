//! The certificates and keys that settings name: PEM text, in a file, in a directory, or in the setting itself.

use std::path::Path;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer};
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind, Problem};
use crate::host::Host;
use crate::settings::{CLIENT_CERT_PASSWORD, Value};
use crate::tls::files::{Files, is_content, shown};
use crate::tls::key_store::pbe;
use crate::tls::pem::{Kind, Pem};
use crate::tls::x509;

/// All CAs of the web fill a quarter of a megabyte.
pub(super) const MAX_BYTES: usize = 4 * 1024 * 1024;

/// More files than any directory of CAs has.
pub(super) const MAX_FILES: usize = 10_000;

/// The certificates of a PEM file, at least one.
pub(super) fn file(setting: &Value, what: &'static str, files: &mut Files) -> Result<Vec<CertificateDer<'static>>, Error> {
    let content = content(setting, what, files)?;
    certificates(&Pem::parse(&content)).map_err(|problem| refuse(setting, what, problem))
}

/// The certificates of PEM text, at least one.
pub(super) fn text(setting: &Value) -> Result<Vec<CertificateDer<'static>>, Error> {
    certificates(&Pem::parse(setting.text.as_bytes())).map_err(|problem| setting.refuse(problem))
}

/// The certificates of all PEM files in a directory, at least one. Files without PEM text may be there, too; one with broken PEM
/// text is warned of, and what is whole in it counts.
pub(super) fn directory(
    setting: &Value,
    what: &'static str,
    host: &dyn Host,
    files: &mut Files,
) -> Result<Vec<CertificateDer<'static>>, Error> {
    let path = Path::new(path(setting, what)?);
    let contents = files.read_directory(path, MAX_FILES, MAX_BYTES).map_err(|problem| refuse(setting, what, problem))?;
    let mut found = Vec::new();
    for (path, content) in contents {
        match content {
            Err(problem) if problem.used_up().is_some() => return Err(refuse(setting, what, problem)),
            content => found.extend(one_of_many(&path, content, setting.origin, host)),
        }
    }
    // The same certificate stands there under its own and under a hashed name.
    found.sort_by(|a, b| a.as_ref().cmp(b.as_ref()));
    found.dedup();
    if found.is_empty() {
        return Err(refuse(setting, what, ("has no PEM file with a certificate", "put the CA's certificate there")));
    }
    Ok(found)
}

/// The certificates of one of many PEM files, which `origin` names: what cannot be read is warned of.
pub(super) fn one_of_many(
    path: &Path,
    content: Result<Zeroizing<Vec<u8>>, crate::file::Problem>,
    origin: impl std::fmt::Display,
    host: &dyn Host,
) -> Vec<CertificateDer<'static>> {
    let shown = shown(&path.to_string_lossy());
    let content = match content {
        Ok(content) => content,
        Err(problem) => {
            host.warn(&format!("The file {shown} of {origin} {problem}. What to do: {}", problem.advice()));
            return Vec::new();
        }
    };
    let Whole { certificates, broken } = whole(&Pem::parse(&content));
    if let Some(problem) = broken {
        host.warn(&format!(
            "The file {shown} of {origin} holds PEM text {problem}; its other certificates are trusted. What to do: copy the certificate \
             again, all lines of it"
        ));
    }
    certificates
}

/// The certificates in PEM text, at least one; or why not and what to do.
pub(super) fn certificates(pem: &Pem) -> Result<Vec<CertificateDer<'static>>, Problem> {
    let Whole { certificates, broken } = whole(pem);
    match broken {
        Some(problem) => Err(Problem::new(format!("holds PEM text {problem}"), "copy the certificate again, all lines of it")),
        None if certificates.is_empty() => {
            let instead = pem.kinds().next().map_or_else(String::new, |kind| format!(", but {}", kind.name()));
            Err(Problem::new(
                format!("holds no certificate as PEM text (-----BEGIN CERTIFICATE-----){instead}"),
                "put it there (a binary one: openssl x509 -inform der -in CERT -out NEW)",
            ))
        }
        None => Ok(certificates),
    }
}

/// The certificates that are whole, and the first thing that is not.
struct Whole {
    certificates: Vec<CertificateDer<'static>>,
    broken: Option<String>,
}

fn whole(pem: &Pem) -> Whole {
    let mut certificates = Vec::new();
    let mut broken = pem.broken().first().map(ToString::to_string);
    for (kind, line, content) in pem.blocks() {
        let certificate = match (kind, content) {
            (Kind::Certificate, Ok(content)) => Ok(content.to_vec()),
            (Kind::TrustedCertificate, Ok(content)) => match x509::trusted_for_servers(&content) {
                Some(Ok(certificate)) => Ok(certificate.to_vec()),
                Some(Err(())) => Err(format!("whose TRUSTED CERTIFICATE in line {line} is not trusted for TLS servers")),
                None => Err(format!("whose TRUSTED CERTIFICATE in line {line} is not one")),
            },
            (Kind::Certificate | Kind::TrustedCertificate, Err(problem)) => Err(problem.to_string()),
            _ => continue,
        };
        match certificate {
            Ok(der) => certificates.push(CertificateDer::from(der)),
            Err(problem) => broken = broken.or(Some(problem)),
        }
    }
    Whole { certificates, broken }
}

/// The first private key in PEM text: PKCS #8, also under a password, PKCS #1 or SEC 1; or why there is none and what to do.
pub(super) fn key(pem: &Pem, password: Option<&str>) -> Result<PrivateKeyDer<'static>, Problem> {
    let found = pem.blocks().find(|(kind, ..)| !matches!(kind, Kind::Certificate | Kind::TrustedCertificate | Kind::Other(_)));
    let Some((kind, line, content)) = found else {
        let problem = pem.broken().first().map_or_else(
            || "holds no private key as PEM text (-----BEGIN PRIVATE KEY-----, RSA PRIVATE KEY or EC PRIVATE KEY)".to_owned(),
            |problem| format!("holds PEM text {problem}"),
        );
        return Err(Problem::new(problem, "put the key there (a binary one: openssl pkey -inform der -in KEY -out NEW)"));
    };
    let content =
        content.map_err(|problem| Problem::new(format!("holds PEM text {problem}"), "copy the key again, all lines of it"))?;
    // The library's type has no wiping of its own: what it holds is the key of a signer that lives as long as the connection.
    let der = |content: Zeroizing<Vec<u8>>| content.to_vec();
    match kind {
        Kind::Pkcs1 => Ok(PrivatePkcs1KeyDer::from(der(content)).into()),
        Kind::Sec1 => Ok(PrivateSec1KeyDer::from(der(content)).into()),
        Kind::EncryptedPkcs8 => {
            let set = || format!("set {}", CLIENT_CERT_PASSWORD.places());
            let Some(password) = password else {
                return Err(Problem::new("holds a private key that is encrypted, and no password is set", set()));
            };
            let again = "encrypt it again (openssl pkcs8 -topk8 -v2 aes-256-cbc -in KEY -out NEW)";
            pbe::decrypt_key(&content, password, &mut pbe::Effort::new())
                .map(|key| PrivatePkcs8KeyDer::from(der(key)).into())
                .map_err(|problem| match problem {
                    pbe::Problem::Password | pbe::Problem::PasswordMissing => {
                        Problem::new("holds an encrypted private key, and the password is not its own", set())
                    }
                    pbe::Problem::Unsupported => {
                        Problem::new("holds a private key with an encryption that is not supported", again)
                    }
                    pbe::Problem::Damaged => Problem::new("holds an encrypted private key that is damaged", again),
                })
        }
        Kind::EncryptedOfOld => Err(Problem::new(
            format!("holds a private key in line {line} that is encrypted in the way of old (Proc-Type)"),
            format!(
                "write it as PKCS #8 (openssl pkcs8 -topk8 -v2 aes-256-cbc -in KEY -out NEW), and set {}",
                CLIENT_CERT_PASSWORD.places()
            ),
        )),
        _ => Ok(PrivatePkcs8KeyDer::from(der(content)).into()),
    }
}

/// The content of a file that a setting names; it may hold a private key.
pub(super) fn content(setting: &Value, what: &'static str, files: &mut Files) -> Result<Zeroizing<Vec<u8>>, Error> {
    let path = path(setting, what)?;
    files.read(path, MAX_BYTES).map_err(|problem| refuse(setting, what, problem))
}

/// The path in a setting. Where a key or a certificate itself stands there, no message may quote it.
fn path<'a>(setting: &'a Value, what: &'static str) -> Result<&'a str, Error> {
    let text = setting.text.as_str();
    if is_content(text) {
        return Err(setting.refuse((
            format!("it holds the content of the {what}, not its path"),
            "write the content into a file and name that",
        )));
    }
    Ok(text)
}

/// The error of a file that a setting names.
pub(super) fn refuse(setting: &Value, what: &'static str, problem: impl Into<Problem>) -> Error {
    let problem = problem.into();
    ErrorKind::File { what, path: setting.text.to_string(), origin: setting.origin.to_string(), problem }.into()
}

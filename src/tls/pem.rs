//! Certificates and keys as administrators have them: PEM text, in files, in a directory, or in a variable.

use std::path::Path;
use std::{fs, io};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind, Problem};
use crate::file::read_regular;
use crate::settings::Value;
use crate::tls::files::Files;

/// All CAs of the web fill a quarter of a megabyte.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// The certificates of a PEM file, at least one.
pub(super) fn file(setting: &Value, what: &'static str, files: &mut Files) -> Result<Vec<CertificateDer<'static>>, Error> {
    let content = content(setting, what, files)?;
    certificates(&content).map_err(|problem| refuse(setting, what, problem))
}

/// The certificates of PEM text, at least one.
pub(super) fn text(setting: &Value) -> Result<Vec<CertificateDer<'static>>, Error> {
    certificates(setting.text.as_bytes()).map_err(|problem| setting.refuse(problem))
}

/// The certificates of all PEM files in a directory, at least one; other files may be there, too.
pub(super) fn directory(setting: &Value, what: &'static str, files: &mut Files) -> Result<Vec<CertificateDer<'static>>, Error> {
    let path = Path::new(setting.text.as_str());
    files.watch(path);
    let entries = fs::read_dir(path).map_err(|error| refuse(setting, what, unreadable(&error)))?;
    let mut found = Vec::new();
    for entry in entries.flatten() {
        let path = entry.path();
        // Follows links: a directory made by openssl rehash or mounted by Kubernetes has nothing else.
        if path.is_file() {
            files.watch(&path);
            found
                .extend(read_regular(path, MAX_BYTES).ok().and_then(|content| certificates(&content).ok()).into_iter().flatten());
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

/// The private key in PEM text: PKCS #8, PKCS #1 or SEC 1.
pub(super) fn key(content: &[u8]) -> Result<PrivateKeyDer<'static>, Problem> {
    PrivateKeyDer::from_pem_slice(content).map_err(|_| {
        if content.windows(9).any(|word| word == b"ENCRYPTED") {
            Problem::new(
                "holds an encrypted private key, which is not supported",
                "take the encryption off (openssl pkey -in KEY -out NEW) and protect the file by its permissions, or use a PKCS12 file \
                 with a password",
            )
        } else {
            Problem::new(
                "holds no private key as PEM text (-----BEGIN PRIVATE KEY-----, RSA PRIVATE KEY or EC PRIVATE KEY)",
                "put the key there (a binary one: openssl pkey -inform der -in KEY -out NEW)",
            )
        }
    })
}

/// The certificates in PEM text, at least one; or why not and what to do.
pub(super) fn certificates(content: &[u8]) -> Result<Vec<CertificateDer<'static>>, Problem> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(content).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(Problem::new(
            "holds no certificate as PEM text (-----BEGIN CERTIFICATE-----)",
            "put it there (a binary one: openssl x509 -inform der -in CERT -out NEW)",
        )),
        Err(error) => {
            Err(Problem::new(format!("holds broken PEM text ({error})"), "copy the certificate again, all lines of it"))
        }
    }
}

/// The content of a file that a setting names; it may hold a private key.
pub(super) fn content(setting: &Value, what: &'static str, files: &mut Files) -> Result<Zeroizing<Vec<u8>>, Error> {
    let path = setting.text.as_str();
    files.watch(path);
    read_regular(path, MAX_BYTES).map_err(|problem| refuse(setting, what, problem))
}

pub(super) fn refuse(setting: &Value, what: &'static str, problem: impl Into<Problem>) -> Error {
    let problem = problem.into();
    ErrorKind::File { what, path: setting.text.to_string(), origin: setting.origin.to_string(), problem }.into()
}

fn unreadable(error: &io::Error) -> Problem {
    Problem::new(format!("cannot be read ({error})"), "correct the path, or let the server's user read it")
}

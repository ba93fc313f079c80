//! The key store format of the JDK since version 9: PKCS #12, encrypted in the old ways (RC2, triple DES), in the
//! current one (PBES2) or, as the JDK's own store since version 18, not at all.

use p12_keystore::{CertificateBag, Pkcs12Archive, error::Error};

use super::der::{EXPLICIT_0, INTEGER, OCTETS, OID, SEQUENCE, value, wrap};

/// OID 1.2.840.113549.1.7.6, `encryptedData`, as DER.
const ENCRYPTED_DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x06";

/// Why a store cannot be read.
#[derive(Debug, PartialEq)]
pub(super) enum Problem {
    /// The password does not open it.
    Password,
    /// Everything in it is encrypted, and there is no password.
    PasswordMissing,
    /// An encryption that is not supported.
    Unsupported,
    /// It ends too early or breaks the format.
    Damaged(String),
}

/// Whether `file` begins like one: every PKCS #12 file is one ASN.1 SEQUENCE.
pub(super) fn is(file: &[u8]) -> bool {
    file.first() == Some(&SEQUENCE)
}

/// Everything in the store. Without a password what is encrypted is passed over and the integrity is not checked, as in
/// Java.
pub(super) fn read(file: &[u8], password: Option<&str>) -> Result<Pkcs12Archive, Problem> {
    match password {
        Some(password) => Pkcs12Archive::from_pkcs12(file, password).map_err(problem),
        None => {
            let plain = without_secrets(file).ok_or_else(|| Problem::Damaged("it is not DER".to_owned()))?;
            let archive = Pkcs12Archive::from_pkcs12(&plain.file, "").map_err(|error| match problem(error) {
                Problem::Password => Problem::PasswordMissing, // a key
                other => other,
            })?;
            if archive.certs.is_empty() && plain.encrypted { Err(Problem::PasswordMissing) } else { Ok(archive) }
        }
    }
}

/// The certificates that Java takes as trust anchors: those marked as trusted, and the own certificate of each key.
///
/// A certificate without the mark (Java's attribute 2.16.840.1.113894.746875.1.1) and without a key is nothing to Java:
/// openssl writes such ones unless called with `-jdktrust anyExtendedKeyUsage`.
pub(super) fn anchors(archive: &Pkcs12Archive) -> impl Iterator<Item = &CertificateBag> {
    archive.certs.iter().filter(|bag| bag.trusted || belongs_to_key(archive, bag))
}

fn belongs_to_key(archive: &Pkcs12Archive, bag: &CertificateBag) -> bool {
    bag.local_key_id
        .as_deref()
        .is_some_and(|id| archive.keys.iter().any(|key| key.local_key_id.as_ref().is_some_and(|key| key.as_ref() == id)))
}

pub(super) fn problem(error: Error) -> Problem {
    match error {
        // A store has a digest under the password, or, rarely, only its encryption tells.
        Error::MacError(_) | Error::Pkcs5Error(_) | Error::UnpadError => Problem::Password,
        Error::UnsupportedEncryptionScheme | Error::UnsupportedMacAlgorithm | Error::InvalidParameters => Problem::Unsupported,
        other => Problem::Damaged(other.to_string()),
    }
}

struct Plain {
    file: Vec<u8>,
    encrypted: bool,
}

/// The store without the digest under the password and without its encrypted parts.
///
/// ```text
/// PFX ::= SEQUENCE { version INTEGER, authSafe ContentInfo, macData OPTIONAL }
/// ContentInfo ::= SEQUENCE { contentType OID, [0] EXPLICIT OCTET STRING holding SEQUENCE OF ContentInfo }
/// ```
fn without_secrets(file: &[u8]) -> Option<Plain> {
    let (pfx, _) = value(SEQUENCE, file)?;
    let (version, pfx) = value(INTEGER, pfx)?;
    let (safe, _) = value(SEQUENCE, pfx)?;
    let (kind, safe) = value(OID, safe)?;
    let (safe, _) = value(EXPLICIT_0, safe)?;
    let (safe, _) = value(OCTETS, safe)?;
    let (mut parts, _) = value(SEQUENCE, safe)?;

    let mut plain = Vec::new();
    let mut encrypted = false;
    while !parts.is_empty() {
        let (part, rest) = value(SEQUENCE, parts)?;
        if part.starts_with(ENCRYPTED_DATA) {
            encrypted = true;
        } else {
            plain.extend(wrap(SEQUENCE, part));
        }
        parts = rest;
    }
    let safe = wrap(EXPLICIT_0, &wrap(OCTETS, &wrap(SEQUENCE, &plain)));
    let safe = wrap(SEQUENCE, &[wrap(OID, kind), safe].concat());
    Some(Plain { file: wrap(SEQUENCE, &[wrap(INTEGER, version), safe].concat()), encrypted })
}

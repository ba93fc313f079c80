//! The key store format of the JDK since version 9: PKCS #12 (RFC 7292), encrypted in the old ways (RC2, triple DES), in
//! the current one (PBES2) or, as the JDK's own store since version 18, not at all. `pbe` knows the encryption.

use zeroize::Zeroizing;

use crate::tls::key_store::pbe::{self, Problem};
use crate::tls::x509::Certificate as X509;
use crate::tls::x509::der::{self, EXPLICIT_0, INTEGER, OCTETS, OID, SEQUENCE, SET, value};

/// Where encrypted content stands instead of plain one (`[0] IMPLICIT OCTET STRING`).
const IMPLICIT_0: u8 = 0x80;

// OIDs, each the content of its DER value.
const DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
const ENCRYPTED_DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x06";
const KEY_BAG: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x01";
const SHROUDED_KEY_BAG: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x02";
const CERTIFICATE_BAG: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x03";
const X509_CERTIFICATE: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x16\x01";
const LOCAL_KEY_ID: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x15";
/// 2.16.840.1.113894.746875.1.1: Java's mark of a certificate to trust, with the usages it is trusted for.
const TRUSTED_KEY_USAGE: &[u8] = b"\x60\x86\x48\x01\x86\xf9\x66\xad\xca\x7b\x01\x01";
const ANY_USAGE: &[u8] = b"\x55\x1d\x25\x00";

/// What is in a store, in its order.
#[derive(Default)]
pub(in crate::tls) struct Archive {
    certificates: Vec<Certificate>,
    keys: Vec<Key>,
}

struct Certificate {
    der: Vec<u8>,
    /// Whether it has Java's mark.
    trusted: bool,
    /// What it has in common with its key.
    id: Option<Vec<u8>>,
}

struct Key {
    /// PKCS #8.
    der: Zeroizing<Vec<u8>>,
    id: Option<Vec<u8>>,
    /// Whether it is encrypted by itself: Java passes over others.
    shrouded: bool,
}

/// Whether `file` begins like one: every PKCS #12 file is one ASN.1 SEQUENCE.
pub(in crate::tls) fn is(file: &[u8]) -> bool {
    file.first() == Some(&SEQUENCE)
}

/// Everything in the store. Without a password what is encrypted is passed over and the integrity is not checked, as in
/// Java.
///
/// ```text
/// PFX ::= SEQUENCE { version INTEGER, authSafe ContentInfo, macData OPTIONAL }
/// ContentInfo ::= SEQUENCE { contentType OID, [0] EXPLICIT OCTET STRING holding SEQUENCE OF ContentInfo }
/// ```
pub(in crate::tls) fn read(file: &[u8], password: Option<&str>) -> Result<Archive, Problem> {
    let parts = || {
        let (pfx, _) = value(SEQUENCE, file)?;
        let (version, pfx) = value(INTEGER, pfx)?;
        if version != [3] {
            return None;
        }
        let (safe, mac) = value(SEQUENCE, pfx)?;
        let content = content(DATA, safe)?;
        // Whatever else follows would turn the check of its integrity off.
        if !mac.is_empty() && value(SEQUENCE, mac).is_none() {
            return None;
        }
        Some((content, value(SEQUENCE, mac).map(|(mac, _)| mac), der::all(SEQUENCE, value(SEQUENCE, content)?.0)?))
    };
    let (content, mac, parts) = parts().ok_or(Problem::Damaged)?;
    if let (Some(mac), Some(password)) = (mac, password) {
        pbe::check(mac, content, password)?;
    }
    let mut archive = Archive::default();
    let mut encrypted = false;
    for part in parts {
        if let Some(plain) = self::content(DATA, part) {
            archive.add(plain, password)?;
        } else if value(OID, part).is_some_and(|(kind, _)| kind == ENCRYPTED_DATA) {
            encrypted = true;
            if let Some(password) = password {
                archive.add(&decrypted(part, password)?, Some(password))?;
            }
        } else {
            return Err(Problem::Damaged);
        }
    }
    let passed_over = encrypted && password.is_none();
    if archive.certificates.is_empty() && passed_over { Err(Problem::PasswordMissing) } else { Ok(archive) }
}

/// The OCTET STRING in a ContentInfo of this kind.
fn content<'a>(kind: &[u8], info: &'a [u8]) -> Option<&'a [u8]> {
    let (found, content) = value(OID, info)?;
    if found != kind {
        return None;
    }
    Some(value(OCTETS, value(EXPLICIT_0, content)?.0)?.0)
}

/// `SEQUENCE { OID, [0] EXPLICIT SEQUENCE { version, SEQUENCE { contentType OID, algorithm, [0] encrypted } } }`
fn decrypted(part: &[u8], password: &str) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let encrypted = || {
        let (_, part) = value(OID, part)?;
        let (data, _) = value(SEQUENCE, value(EXPLICIT_0, part)?.0)?;
        let (_, data) = value(INTEGER, data)?;
        let (info, _) = value(SEQUENCE, data)?;
        let (_, info) = value(OID, info)?;
        let (algorithm, info) = value(SEQUENCE, info)?;
        Some((algorithm, value(IMPLICIT_0, info)?.0))
    };
    let (algorithm, encrypted) = encrypted().ok_or(Problem::Damaged)?;
    pbe::decrypt(algorithm, encrypted, password)
}

impl Archive {
    /// Adds `SEQUENCE OF SEQUENCE { bagId OID, [0] EXPLICIT value, attributes SET OPTIONAL }`. Bags of other kinds (secret
    /// keys, revocation lists) are passed over.
    fn add(&mut self, bags: &[u8], password: Option<&str>) -> Result<(), Problem> {
        let bags = value(SEQUENCE, bags).and_then(|(bags, _)| der::all(SEQUENCE, bags)).ok_or(Problem::Damaged)?;
        for bag in bags {
            self.add_one(bag, password)?;
        }
        Ok(())
    }

    fn add_one(&mut self, bag: &[u8], password: Option<&str>) -> Result<(), Problem> {
        let parts = || {
            let (kind, bag) = value(OID, bag)?;
            let (content, bag) = value(EXPLICIT_0, bag)?;
            Some((kind, content, der::optional(SET, bag).0.unwrap_or_default()))
        };
        let (kind, content, attributes) = parts().ok_or(Problem::Damaged)?;
        let id = attribute(LOCAL_KEY_ID, attributes).and_then(|set| value(OCTETS, set)).map(|(id, _)| id.to_vec());
        match kind {
            CERTIFICATE_BAG => {
                let der = x509(content).ok_or(Problem::Damaged)?.to_vec();
                let usages = attribute(TRUSTED_KEY_USAGE, attributes).and_then(|set| der::all(OID, set));
                let trusted = usages.is_some_and(|usages| usages.contains(&ANY_USAGE));
                self.certificates.push(Certificate { der, trusted, id });
            }
            KEY_BAG => self.keys.push(Key { der: content.to_vec().into(), id, shrouded: false }),
            SHROUDED_KEY_BAG => {
                let der = pbe::decrypt_key(content, password.unwrap_or_default()).map_err(|problem| match problem {
                    Problem::Password if password.is_none() => Problem::PasswordMissing,
                    other => other,
                })?;
                self.keys.push(Key { der, id, shrouded: true });
            }
            _ => {}
        }
        Ok(())
    }

    /// How many certificates there are, marked or not.
    pub(in crate::tls) fn certificates(&self) -> usize {
        self.certificates.len()
    }

    /// The certificates that Java takes as trust anchors: those marked as trusted, and the own certificate of each key.
    ///
    /// A certificate without the mark and without a key is nothing to Java: openssl writes such ones unless called with
    /// `-jdktrust anyExtendedKeyUsage`.
    pub(in crate::tls) fn anchors(&self) -> impl Iterator<Item = &[u8]> {
        let belongs_to_key = |certificate: &Certificate| {
            certificate.id.is_some() && self.keys.iter().any(|key| key.shrouded && key.id == certificate.id)
        };
        self.certificates
            .iter()
            .filter(move |certificate| certificate.trusted || belongs_to_key(certificate))
            .map(|certificate| certificate.der.as_slice())
    }

    /// The keys that have a certificate here, each with its chain, its own certificate first.
    pub(in crate::tls) fn keys(&self) -> impl Iterator<Item = (&[u8], Vec<&[u8]>)> {
        self.keys.iter().filter_map(|key| {
            let own = self.certificates.iter().find(|certificate| certificate.id.is_some() && certificate.id == key.id)?;
            Some((key.der.as_slice(), self.chain(&own.der)))
        })
    }

    /// From `own` up to the last issuer that is here. A certificate that is marked as trusted is an entry of its own.
    fn chain<'a>(&'a self, own: &'a [u8]) -> Vec<&'a [u8]> {
        let mut chain = vec![own];
        let mut last = X509::from_der(own);
        while let Some(fields) = last.filter(|fields| fields.issuer != fields.subject) {
            let issuer = self.certificates.iter().filter(|certificate| !certificate.trusted).find_map(|certificate| {
                X509::from_der(&certificate.der)
                    .filter(|of| of.subject == fields.issuer)
                    .map(|of| (certificate.der.as_slice(), of))
            });
            // A circle ends where it began.
            let Some((der, fields)) = issuer.filter(|(der, _)| !chain.contains(der)) else { break };
            chain.push(der);
            last = Some(fields);
        }
        chain
    }
}

/// What the SET of this attribute holds (`SEQUENCE { OID, SET }`).
fn attribute<'a>(kind: &[u8], attributes: &'a [u8]) -> Option<&'a [u8]> {
    der::all(SEQUENCE, attributes)?.into_iter().find_map(|attribute| {
        let (found, set) = value(OID, attribute)?;
        if found == kind { value(SET, set).map(|(set, _)| set) } else { None }
    })
}

/// `SEQUENCE { OID, [0] EXPLICIT OCTET STRING }`
fn x509(bag: &[u8]) -> Option<&[u8]> {
    content(X509_CERTIFICATE, value(SEQUENCE, bag)?.0)
}

//! The key store format of the JDK since version 9: PKCS #12 (RFC 7292), encrypted in the old ways (RC2, triple DES), in
//! the current one (PBES2) or, as the JDK's own store since version 18, not at all. `pbe` knows the encryption, `entries` what Java
//! makes of the bags.

use zeroize::Zeroizing;

use crate::tls::key_store::entries::{Bag, Content};
use crate::tls::key_store::pbe::{self, Effort, Problem};
use crate::tls::x509::der::{
    self, BMP_STRING, EXPLICIT_0, INTEGER, NULL, OCTETS, PRINTABLE_STRING, SEQUENCE, SET, UTF8_STRING, only, value,
};

/// Where encrypted content stands instead of plain one (`[0] IMPLICIT OCTET STRING`).
const IMPLICIT_0: u8 = 0x80;

/// More than any attribute needs.
const MAX_DEPTH: usize = 8;

// OIDs, each the content of its DER value.
const DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
const ENCRYPTED_DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x06";
const KEY_BAG: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x01";
const SHROUDED_KEY_BAG: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x02";
const CERTIFICATE_BAG: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x03";
const SECRET_BAG: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x05";
const X509_CERTIFICATE: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x16\x01";
const FRIENDLY_NAME: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x14";
const LOCAL_KEY_ID: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x15";
/// 2.16.840.1.113894.746875.1.1: Java's mark of a certificate to trust, with the usages it is trusted for.
const TRUSTED_KEY_USAGE: &[u8] = b"\x60\x86\x48\x01\x86\xf9\x66\xad\xca\x7b\x01\x01";

/// Whether `file` begins like one: every PKCS #12 file is one ASN.1 SEQUENCE.
pub(in crate::tls) fn is(file: &[u8]) -> bool {
    file.first() == Some(&SEQUENCE)
}

/// The bags of a store in their order, and what its keys may still cost. The keys are as encrypted as they were. Without a password
/// what is encrypted as a whole is passed over and the integrity is not checked, as in Java.
///
/// ```text
/// PFX ::= SEQUENCE { version INTEGER, authSafe ContentInfo, macData OPTIONAL }
/// ContentInfo ::= SEQUENCE { contentType OID, [0] EXPLICIT OCTET STRING holding SEQUENCE OF ContentInfo }
/// ```
///
/// # Errors
///
/// Also where Java may read what is not read here: an encoding that is no DER, and all that is out of the ordinary.
pub(in crate::tls) fn read(file: &[u8], password: Option<&str>) -> Result<(Vec<Bag>, Effort), Problem> {
    let parts = || {
        let (pfx, _) = value(SEQUENCE, file)?;
        let (version, pfx) = value(INTEGER, pfx)?;
        if version != [3] {
            return None;
        }
        let (safe, mac) = value(SEQUENCE, pfx)?;
        let content = content(DATA, safe)?;
        // Whatever else follows would turn the check of its integrity off.
        let mac = if mac.is_empty() { None } else { Some(only(SEQUENCE, mac)?) };
        Some((content, mac, der::all(SEQUENCE, only(SEQUENCE, content)?)?))
    };
    let (content, mac, parts) = parts().ok_or(Problem::Damaged)?;
    let mut effort = Effort::new();
    if let (Some(mac), Some(password)) = (mac, password) {
        pbe::check(mac, content, password, &mut effort)?;
    }
    let mut bags = Vec::new();
    let mut passed_over = false;
    for part in parts {
        if let Some(plain) = self::content(DATA, part) {
            bags.extend(self::bags(plain)?);
        } else if der::oid(part).is_some_and(|(kind, _)| kind == ENCRYPTED_DATA) {
            match password {
                Some(password) => bags.extend(self::bags(&decrypted(part, password, &mut effort)?)?),
                None => passed_over = true,
            }
        } else {
            return Err(Problem::Damaged);
        }
    }
    let has_certificate = bags.iter().any(|bag| matches!(bag.content, Content::Certificate(_)));
    if passed_over && !has_certificate { Err(Problem::PasswordMissing) } else { Ok((bags, effort)) }
}

/// The OCTET STRING in a ContentInfo of this kind.
fn content<'a>(kind: &[u8], info: &'a [u8]) -> Option<&'a [u8]> {
    let (found, content) = der::oid(info)?;
    if found != kind {
        return None;
    }
    only(OCTETS, only(EXPLICIT_0, content)?)
}

/// `SEQUENCE { OID, [0] EXPLICIT SEQUENCE { version, SEQUENCE { contentType OID, algorithm, [0] encrypted } } }`
fn decrypted(part: &[u8], password: &str, effort: &mut Effort) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let encrypted = || {
        let (_, part) = der::oid(part)?;
        let (version, data) = value(INTEGER, only(SEQUENCE, only(EXPLICIT_0, part)?)?)?;
        der::small(version)?;
        let (_, info) = der::oid(only(SEQUENCE, data)?)?;
        let (algorithm, info) = value(SEQUENCE, info)?;
        Some((algorithm, only(IMPLICIT_0, info)?))
    };
    let (algorithm, encrypted) = encrypted().ok_or(Problem::Damaged)?;
    pbe::decrypt(algorithm, encrypted, password, effort)
}

/// `SEQUENCE OF SEQUENCE { bagId OID, [0] EXPLICIT value, attributes SET OPTIONAL }`
fn bags(bags: &[u8]) -> Result<Vec<Bag>, Problem> {
    let bags = only(SEQUENCE, bags).and_then(|bags| der::all(SEQUENCE, bags)).ok_or(Problem::Damaged)?;
    bags.into_iter().enumerate().map(|(at, bag)| self::bag(bag, at == 0).ok_or(Problem::Damaged)).collect()
}

fn bag(bag: &[u8], is_first: bool) -> Option<Bag> {
    let (kind, bag) = der::oid(bag)?;
    let (content, attributes) = value(EXPLICIT_0, bag)?;
    // Java reads one value, whatever the kind.
    der::any(content)?.2.is_empty().then_some(())?;
    let content = match kind {
        CERTIFICATE_BAG => Content::Certificate(self::content(X509_CERTIFICATE, only(SEQUENCE, content)?)?.to_vec()),
        KEY_BAG => Content::PlainKey(content.to_vec().into()),
        SHROUDED_KEY_BAG => Content::Key(content.to_vec()),
        SECRET_BAG => {
            let (_, secret) = der::oid(only(SEQUENCE, content)?)?;
            only(OCTETS, only(EXPLICIT_0, secret)?)?;
            Content::Secret
        }
        // Revocation lists, and bags within a bag.
        _ => Content::Other,
    };
    let mut bag = Bag { content, is_first, name: None, id: None, is_trusted: false };
    if attributes.is_empty() {
        return Some(bag);
    }
    for attribute in der::all(SEQUENCE, only(SET, attributes)?)? {
        add(attribute, &mut bag)?;
    }
    Some(bag)
}

/// Adds what an attribute says: `SEQUENCE { OID, SET OF value }`.
fn add(attribute: &[u8], bag: &mut Bag) -> Option<()> {
    let (kind, values) = der::oid(attribute)?;
    let values = only(SET, values)?;
    let (tag, first, _) = der::any(values)?;
    if !der::is_well_formed(values, MAX_DEPTH) {
        return None;
    }
    match (kind, tag) {
        (FRIENDLY_NAME, BMP_STRING) => {
            let (units, []) = first.as_chunks() else { return None };
            let units: Vec<u16> = units.iter().copied().map(u16::from_be_bytes).collect();
            bag.name = Some(String::from_utf16_lossy(&units));
        }
        (LOCAL_KEY_ID, OCTETS) => bag.id = Some(first.to_vec()),
        (TRUSTED_KEY_USAGE, _) => {
            // For which usages it is trusted does not matter to Java.
            let mut rest = values;
            while !rest.is_empty() {
                rest = der::oid(rest)?.1;
            }
            bag.is_trusted = true;
        }
        (FRIENDLY_NAME | LOCAL_KEY_ID, _) => return None,
        // What Java reads of others whatever it is.
        (_, OCTETS | NULL | UTF8_STRING | PRINTABLE_STRING | BMP_STRING) => {}
        _ => return None,
    }
    Some(())
}

//! Whether Java is certain to read a certificate. One certificate that it cannot read makes it refuse a whole key store, so a store with
//! an unusual one is left to Java.

use crate::tls::x509::der::{self, BITS, BOOLEAN, EXPLICIT_0, INTEGER, NULL, OCTETS, SEQUENCE, SET, only, value};
use crate::tls::x509::{Certificate, EXTENSIONS, oid};

/// What Java's RSA keys may have, in bytes of the modulus and of the exponent.
const RSA_MODULUS: std::ops::RangeInclusive<usize> = 64..=2048;
const MAX_RSA_EXPONENT: usize = 8;

/// More than any extension needs.
const MAX_DEPTH: usize = 12;

/// Whether all parts of `der` are of an ordinary kind and well formed: names, key, algorithms and extensions. `false` means only that
/// Java has to be asked.
pub(in crate::tls) fn is_read_by_java(der: &[u8]) -> bool {
    Certificate::from_der(der).is_some() && is_ordinary(der).is_some()
}

/// The same walk as [`Certificate::from_der`], without what that allows.
fn is_ordinary(der: &[u8]) -> Option<()> {
    let (tbs, rest) = value(SEQUENCE, only(SEQUENCE, der)?)?;
    let (outer, rest) = value(SEQUENCE, rest)?;
    is_bits(only(BITS, rest)?)?;

    let (version, tbs) = der::optional(EXPLICIT_0, tbs);
    let (serial, tbs) = value(INTEGER, tbs)?;
    is_integer(serial)?;
    let (inner, tbs) = value(SEQUENCE, tbs)?;
    if inner != outer {
        return None;
    }
    is_algorithm(inner)?;
    let (issuer, tbs) = value(SEQUENCE, tbs)?;
    is_name(issuer)?;
    let (dates, tbs) = value(SEQUENCE, tbs)?;
    is_pair(dates)?;
    let (subject, tbs) = value(SEQUENCE, tbs)?;
    is_name(subject)?;
    let (key, tbs) = value(SEQUENCE, tbs)?;
    is_key(key)?;
    if tbs.is_empty() {
        return Some(());
    }
    // Version 3 alone has extensions. Unique identifiers are not used by anybody.
    let (version, _) = value(INTEGER, version?)?;
    let extensions = der::all(SEQUENCE, only(SEQUENCE, only(EXTENSIONS, tbs)?)?)?;
    let mut known = Vec::new();
    for extension in extensions {
        let (id, rest) = der::oid(extension)?;
        let (critical, rest) = der::optional(BOOLEAN, rest);
        let content = only(OCTETS, rest)?;
        if known.contains(&id) || critical.is_some_and(|critical| critical.len() != 1) {
            return None;
        }
        known.push(id);
        // What is not critical may be broken.
        if critical.is_some_and(|critical| critical != [0]) {
            is_critical_extension(id, content)?;
        }
    }
    (version == [2]).then_some(())
}

/// Of the critical extensions those that nearly every CA has; Java reads their content at once.
fn is_critical_extension(id: &[u8], content: &[u8]) -> Option<()> {
    match id {
        oid::BASIC_CONSTRAINTS => {
            let (ca, rest) = der::optional(BOOLEAN, only(SEQUENCE, content)?);
            let (length, rest) = der::optional(INTEGER, rest);
            let fits = ca.is_none_or(|ca| ca.len() == 1) && length.is_none_or(|length| der::small(length).is_some());
            (fits && rest.is_empty() && (ca.is_some() || length.is_none())).then_some(())
        }
        oid::KEY_USAGE => is_bits(only(BITS, content)?),
        oid::EXTENDED_KEY_USAGE => {
            let usages = only(SEQUENCE, content)?;
            let mut rest = usages;
            while !rest.is_empty() {
                rest = der::oid(rest)?.1;
            }
            (!usages.is_empty()).then_some(())
        }
        _ => None,
    }
}

/// `SET OF SEQUENCE { type OID, value }`, one after the other, at least one.
fn is_name(name: &[u8]) -> Option<()> {
    for set in der::all(SET, name)? {
        if set.is_empty() {
            return None;
        }
        for attribute in der::all(SEQUENCE, set)? {
            let (_, text) = der::oid(attribute)?;
            let (_, _, rest) = der::any(text)?;
            if !rest.is_empty() || !der::is_well_formed(text, MAX_DEPTH) {
                return None;
            }
        }
    }
    (!name.is_empty()).then_some(())
}

/// An OID without parameters, or with NULL.
fn is_algorithm(algorithm: &[u8]) -> Option<()> {
    let (_, parameters) = der::oid(algorithm)?;
    (parameters.is_empty() || only(NULL, parameters)?.is_empty()).then_some(())
}

/// `SEQUENCE { algorithm OID, parameters }, BIT STRING`
fn is_key(key: &[u8]) -> Option<()> {
    let (algorithm, key) = value(SEQUENCE, key)?;
    let (algorithm, parameters) = der::oid(algorithm)?;
    let key = only(BITS, key)?.strip_prefix(&[0])?;
    match algorithm {
        oid::RSA => {
            let (modulus, rest) = value(INTEGER, only(SEQUENCE, key)?)?;
            let exponent = only(INTEGER, rest)?;
            is_integer(modulus).and(is_integer(exponent))?;
            let is_number = |number: &[u8]| number.first().is_some_and(|first| *first < 0x80);
            let modulus_length = modulus.strip_prefix(&[0]).unwrap_or(modulus).len();
            let fits =
                RSA_MODULUS.contains(&modulus_length) && exponent.len() <= MAX_RSA_EXPONENT && !matches!(exponent, [0..=2]);
            (fits && is_number(modulus) && is_number(exponent) && only(NULL, parameters)?.is_empty()).then_some(())
        }
        oid::EC => {
            let length = match der::oid(parameters)? {
                (oid::P256, []) => 32,
                (oid::P384, []) => 48,
                (oid::P521, []) => 66,
                _ => return None,
            };
            (key.first() == Some(&4) && key.len() == 1 + 2 * length).then_some(())
        }
        oid::ED25519 => (parameters.is_empty() && key.len() == 32).then_some(()),
        _ => None,
    }
}

/// Two values, whatever they are.
fn is_pair(values: &[u8]) -> Option<()> {
    let (_, _, second) = der::any(values)?;
    der::any(second).filter(|(_, _, rest)| rest.is_empty()).map(|_| ())
}

/// At least one byte, and no more than needed.
fn is_integer(integer: &[u8]) -> Option<()> {
    match integer {
        [] | [0, 0..=0x7f, ..] => None,
        _ => Some(()),
    }
}

/// A first byte that counts the unused bits at the end, which are zero.
fn is_bits(bits: &[u8]) -> Option<()> {
    let (&unused, bits) = bits.split_first()?;
    let last = bits.last().copied().unwrap_or_default();
    let fits = unused < 8 && (unused == 0 || !bits.is_empty()) && last & !(0xff_u8.checked_shl(unused.into())?) == 0;
    fits.then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::tests::ca;

    #[test]
    fn a_certificate_with_more_than_two_dates_is_left_to_java() {
        let ca = ca("Company CA");
        assert!(is_read_by_java(ca.der()));
        let (tbs, signature) = value(SEQUENCE, only(SEQUENCE, ca.der()).unwrap()).unwrap();
        // After the version, the serial number, the algorithm and the issuer.
        let at = (0..4).fold(tbs, |rest, _| der::any(rest).unwrap().2);
        let (dates, after) = value(SEQUENCE, at).unwrap();
        let dates = der::wrap(SEQUENCE, &[dates, dates].concat());
        let tbs = der::wrap(SEQUENCE, &[&tbs[..tbs.len() - at.len()], &dates, after].concat());
        let changed = der::wrap(SEQUENCE, &[&tbs, signature].concat());
        assert!(Certificate::from_der(&changed).is_some());
        assert!(!is_read_by_java(&changed));
    }
}

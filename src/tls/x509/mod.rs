//! X.509 certificates (RFC 5280): their fields and extensions, as they stand in the DER text. `facts` says them in words, and
//! `strict` knows what Java is certain to read.

pub(in crate::tls) mod der;
mod extensions;
mod facts;
pub(in crate::tls) mod oid;
mod strict;

use rustls::pki_types::UnixTime;

use crate::time::UtcTime;
use der::{BITS, BOOLEAN, EXPLICIT_0, GENERALIZED_TIME, INTEGER, OCTETS, OID, SEQUENCE, UTC_TIME, value};

pub(in crate::tls) use extensions::without_critical;
pub(in crate::tls) use facts::{Facts, weak_anchor};
pub(in crate::tls) use strict::is_read_by_java;

/// Context-specific tags of a certificate's fields.
const ISSUER_ID: u8 = 0x81;
const SUBJECT_ID: u8 = 0x82;
const EXTENSIONS: u8 = 0xa3;

/// The fields of a certificate, as they stand in it. Names and key are without the header of their SEQUENCE, as a trust anchor
/// holds them.
pub(in crate::tls) struct Certificate<'a> {
    /// 1, 2 or 3.
    pub(in crate::tls) version: u8,
    pub(in crate::tls) serial: &'a [u8],
    pub(in crate::tls) issuer: &'a [u8],
    pub(in crate::tls) subject: &'a [u8],
    pub(in crate::tls) begins: UtcTime,
    pub(in crate::tls) ends: UtcTime,
    key: &'a [u8],
    /// The OID of the algorithm of its signature.
    signature_algorithm: &'a [u8],
    extensions: Vec<Extension<'a>>,
}

/// An extension.
#[derive(Clone, Copy)]
pub(in crate::tls) struct Extension<'a> {
    pub(in crate::tls) id: &'a [u8],
    pub(in crate::tls) critical: bool,
    /// What its OCTET STRING holds.
    pub(in crate::tls) content: &'a [u8],
}

impl<'a> Certificate<'a> {
    /// `None` when `der` is no certificate.
    ///
    /// ```text
    /// Certificate ::= SEQUENCE { tbs, signatureAlgorithm SEQUENCE { OID, … }, signature BIT STRING }
    /// tbs ::= SEQUENCE { [0] version OPTIONAL, serial INTEGER, algorithm SEQUENCE, issuer SEQUENCE,
    ///     SEQUENCE { notBefore, notAfter }, subject SEQUENCE, key SEQUENCE, [1], [2], [3] extensions OPTIONAL }
    /// ```
    pub(in crate::tls) fn from_der(der: &'a [u8]) -> Option<Self> {
        let (certificate, after) = value(SEQUENCE, der)?;
        if !after.is_empty() {
            return None;
        }
        let (tbs, certificate) = value(SEQUENCE, certificate)?;
        let (algorithm, certificate) = value(SEQUENCE, certificate)?;
        value(BITS, certificate)?;

        let (version, tbs) = der::optional(EXPLICIT_0, tbs);
        let version = match version {
            None => 1,
            Some(version) => match value(INTEGER, version)? {
                ([version @ 0..=2], []) => version + 1,
                _ => return None,
            },
        };
        let (serial, tbs) = value(INTEGER, tbs)?;
        let (_, tbs) = value(SEQUENCE, tbs)?;
        let (issuer, tbs) = value(SEQUENCE, tbs)?;
        let (validity, tbs) = value(SEQUENCE, tbs)?;
        let (begins, validity) = time(validity)?;
        let (ends, _) = time(validity)?;
        let (subject, tbs) = value(SEQUENCE, tbs)?;
        let (key, tbs) = value(SEQUENCE, tbs)?;
        let (_, tbs) = der::optional(ISSUER_ID, tbs);
        let (_, tbs) = der::optional(SUBJECT_ID, tbs);
        let extensions = match der::optional(EXTENSIONS, tbs).0 {
            None => Vec::new(),
            Some(all) => der::all(SEQUENCE, value(SEQUENCE, all)?.0)?.into_iter().map(extension).collect::<Option<_>>()?,
        };
        let signature_algorithm = value(OID, algorithm)?.0;
        Some(Self { version, serial, issuer, subject, begins, ends, key, signature_algorithm, extensions })
    }

    /// Whether its key is of a kind that every Java knows which speaks TLS 1.3: RSA, an elliptic curve, or Ed25519.
    pub(in crate::tls) fn has_usual_key(&self) -> bool {
        let algorithm = value(SEQUENCE, self.key).and_then(|(algorithm, _)| value(OID, algorithm));
        algorithm.is_some_and(|(algorithm, _)| [oid::RSA, oid::EC, oid::ED25519].contains(&algorithm))
    }

    /// The length of its RSA key.
    pub(in crate::tls) fn rsa_bits(&self) -> Option<usize> {
        rsa_bits(self.key)
    }

    /// The length of its key on one of the three curves.
    pub(in crate::tls) fn curve_bits(&self) -> Option<usize> {
        let (_, curve) = value(OID, value(SEQUENCE, self.key)?.0)?;
        match value(OID, curve)?.0 {
            oid::P256 => Some(256),
            oid::P384 => Some(384),
            oid::P521 => Some(521),
            _ => None,
        }
    }

    /// Whether `now` is within its dates.
    pub(in crate::tls) fn check_dates(&self, now: UnixTime) -> Result<(), webpki::Error> {
        match at(now) {
            None => Err(webpki::Error::BadDerTime),
            Some(at) if at < self.begins => Err(webpki::Error::CertNotValidYet { time: now, not_before: now }),
            Some(at) if at > self.ends => Err(webpki::Error::CertExpired { time: now, not_after: now }),
            Some(_) => Ok(()),
        }
    }
}

/// The length of an RSA key: `SEQUENCE { algorithm OID, … }, BIT STRING` that holds `SEQUENCE { modulus INTEGER, … }`.
fn rsa_bits(key: &[u8]) -> Option<usize> {
    let (algorithm, key) = value(SEQUENCE, key)?;
    if value(OID, algorithm)?.0 != oid::RSA {
        return None;
    }
    let (bits, _) = value(BITS, key)?;
    let (key, _) = value(SEQUENCE, bits.strip_prefix(&[0])?)?;
    let (modulus, _) = value(INTEGER, key)?;
    let modulus = modulus.strip_prefix(&[0]).unwrap_or(modulus);
    Some(modulus.len() * 8 - modulus.first().map_or(0, |first| first.leading_zeros() as usize))
}

/// `SEQUENCE { OID, critical BOOLEAN DEFAULT FALSE, OCTET STRING }`, without its header.
fn extension(extension: &[u8]) -> Option<Extension<'_>> {
    let (id, rest) = value(OID, extension)?;
    let (critical, rest) = der::optional(BOOLEAN, rest);
    let (content, _) = value(OCTETS, rest)?;
    Some(Extension { id, critical: critical.is_some_and(|critical| critical != [0]), content })
}

/// Whether `certificate` was issued by the CA with this name (a whole DER value).
pub(in crate::tls) fn is_issued_by(certificate: &[u8], ca: &[u8]) -> bool {
    Certificate::from_der(certificate).is_some_and(|one| value(SEQUENCE, ca).is_some_and(|(ca, _)| one.issuer == ca))
}

/// The clock as a date; `None` when it stands after the year 9999.
pub(in crate::tls) fn at(now: UnixTime) -> Option<UtcTime> {
    i64::try_from(now.as_secs()).ok().and_then(UtcTime::from_unix)
}

/// The time at the beginning of `bytes`, and what follows it. DER knows only `YYMMDDHHMMSSZ` and `YYYYMMDDHHMMSSZ`.
fn time(bytes: &[u8]) -> Option<(UtcTime, &[u8])> {
    let (tag, content, rest) = der::any(bytes)?;
    let digits = content.strip_suffix(b"Z")?;
    let pairs = match (tag, digits.len()) {
        (UTC_TIME, 12) | (GENERALIZED_TIME, 14) => digits.as_chunks::<2>().0,
        _ => return None,
    };
    let numbers = pairs.iter().map(|pair| number(*pair)).collect::<Option<Vec<u16>>>()?;
    let (year, parts) = match *numbers {
        [year, ref parts @ ..] if tag == UTC_TIME => (if year < 50 { 2000 + year } else { 1900 + year }, parts),
        [century, year, ref parts @ ..] => (century * 100 + year, parts),
        _ => return None,
    };
    Some((UtcTime::from_parts(year, parts.try_into().ok()?)?, rest))
}

fn number([tens, ones]: [u8; 2]) -> Option<u16> {
    let digit = |byte: u8| byte.is_ascii_digit().then(|| u16::from(byte - b'0'));
    Some(digit(tens)? * 10 + digit(ones)?)
}

/// The certificate in openssl's `TRUSTED CERTIFICATE`, or an error when its marks keep it from being trusted for TLS servers; `None`
/// when `content` is no such thing.
///
/// ```text
/// Certificate, SEQUENCE { trust SEQUENCE OF OID OPTIONAL, reject [0] SEQUENCE OF OID OPTIONAL, … } OPTIONAL
/// ```
pub(in crate::tls) fn trusted_for_servers(content: &[u8]) -> Option<Result<&[u8], ()>> {
    let (_, marks) = value(SEQUENCE, content)?;
    let certificate = content.get(..content.len() - marks.len())?;
    if marks.is_empty() {
        return Some(Ok(certificate));
    }
    let is_for_servers = |usages: &[u8]| {
        let usages = der::all(OID, usages)?;
        Some(usages.contains(&oid::SERVER_AUTH) || usages.contains(&oid::ANY_USAGE))
    };
    let (marks, _) = value(SEQUENCE, marks)?;
    let (trust, marks) = der::optional(SEQUENCE, marks);
    let (reject, _) = der::optional(EXPLICIT_0, marks);
    let trusted = trust.map_or(Some(true), is_for_servers)? && !reject.map_or(Some(false), is_for_servers)?;
    Some(if trusted { Ok(certificate) } else { Err(()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(tag: u8, text: &str) -> Option<String> {
        time(&der::wrap(tag, text.as_bytes())).map(|(time, _)| time.to_string())
    }

    #[test]
    fn both_forms_of_a_time_are_read() {
        assert_eq!(read(UTC_TIME, "491231235959Z").as_deref(), Some("2049-12-31 23:59:59 UTC"));
        assert_eq!(read(UTC_TIME, "500101000000Z").as_deref(), Some("1950-01-01 00:00:00 UTC"));
        assert_eq!(read(GENERALIZED_TIME, "20500228010203Z").as_deref(), Some("2050-02-28 01:02:03 UTC"));
    }

    #[test]
    fn what_is_no_time_is_none() {
        let broken = [
            "",
            "Z",
            "491231235959",
            "4912312359Z",
            "491331235959Z",
            "490229000000Z",
            "490100000000Z",
            "490101240000Z",
            "49010100000xZ",
        ];
        for text in broken {
            assert_eq!(read(UTC_TIME, text), None, "{text}");
        }
        assert_eq!(read(GENERALIZED_TIME, "491231235959Z"), None);
        assert_eq!(read(INTEGER, "491231235959Z"), None);
    }
}

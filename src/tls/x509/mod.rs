//! What a certificate holds, in words. Only for certificates that are refused, and where a client certificate is chosen: a
//! good one is never taken apart here, and nothing here decides whom to trust.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::{SystemTime, UNIX_EPOCH};

use rustls::CertificateError;
use rustls::pki_types::{CertificateDer, TrustAnchor, UnixTime};

pub(in crate::tls) mod der;
pub(in crate::tls) mod oid;

use crate::text::{list, one_line};
use crate::time::UtcTime;
use der::{BITS, EXPLICIT_0, GENERALIZED_TIME, INTEGER, OCTETS, OID, SEQUENCE, SET, UTC_TIME, value};

/// The shortest RSA key that the TLS library uses.
const LEAST_RSA_BITS: usize = 2048;

/// Context-specific tags of a certificate's fields and of its names.
const ISSUER_ID: u8 = 0x81;
const SUBJECT_ID: u8 = 0x82;
const EXTENSIONS: u8 = 0xa3;
const DNS_NAME: u8 = 0x82;
const IP_ADDRESS: u8 = 0x87;
const BOOLEAN: u8 = 0x01;
const BMP_STRING: u8 = 0x1e;
/// NumericString, PrintableString, T61String, IA5String, VisibleString, UTF8String.
const STRINGS: [u8; 6] = [0x12, 0x13, 0x14, 0x16, 0x1a, 0x0c];

/// The fields of a certificate, as they stand in it. Names and key without the header of their SEQUENCE, as a trust anchor
/// holds them.
pub(in crate::tls) struct Fields<'a> {
    pub(in crate::tls) issuer: &'a [u8],
    pub(in crate::tls) subject: &'a [u8],
    begins: UtcTime,
    ends: UtcTime,
    key: &'a [u8],
    extensions: Option<&'a [u8]>,
    /// The OID of the signature's algorithm.
    signature: &'a [u8],
}

impl<'a> Fields<'a> {
    /// `None` when `der` is no certificate.
    ///
    /// ```text
    /// Certificate ::= SEQUENCE { tbs, signatureAlgorithm SEQUENCE { OID, … }, signature BIT STRING }
    /// tbs ::= SEQUENCE { [0] version OPTIONAL, serial INTEGER, algorithm SEQUENCE, issuer SEQUENCE,
    ///     SEQUENCE { notBefore, notAfter }, subject SEQUENCE, key SEQUENCE, [1], [2], [3] extensions OPTIONAL }
    /// ```
    pub(in crate::tls) fn of(der: &'a [u8]) -> Option<Self> {
        let (certificate, _) = value(SEQUENCE, der)?;
        let (tbs, certificate) = value(SEQUENCE, certificate)?;
        let (algorithm, certificate) = value(SEQUENCE, certificate)?;
        value(BITS, certificate)?;

        let (_, tbs) = der::optional(EXPLICIT_0, tbs);
        let (_, tbs) = value(INTEGER, tbs)?;
        let (_, tbs) = value(SEQUENCE, tbs)?;
        let (issuer, tbs) = value(SEQUENCE, tbs)?;
        let (validity, tbs) = value(SEQUENCE, tbs)?;
        let (begins, validity) = time(validity)?;
        let (ends, _) = time(validity)?;
        let (subject, tbs) = value(SEQUENCE, tbs)?;
        let (key, tbs) = value(SEQUENCE, tbs)?;
        let (_, tbs) = der::optional(ISSUER_ID, tbs);
        let (_, tbs) = der::optional(SUBJECT_ID, tbs);
        let extensions = der::optional(EXTENSIONS, tbs).0.and_then(|all| value(SEQUENCE, all)).map(|(all, _)| all);
        Some(Self { issuer, subject, begins, ends, key, extensions, signature: value(OID, algorithm)?.0 })
    }
}

/// A certificate, taken apart.
pub(in crate::tls) struct Facts {
    pub(in crate::tls) subject: String,
    pub(in crate::tls) issuer: String,
    /// The DNS names and IP addresses it is valid for.
    pub(in crate::tls) names: Vec<String>,
    /// Whether it names itself as its issuer.
    pub(in crate::tls) self_issued: bool,
    pub(in crate::tls) begins: UtcTime,
    pub(in crate::tls) ends: UtcTime,
    /// For example `sha1WithRSAEncryption`.
    pub(in crate::tls) signature: String,
    /// Why its own key cannot be used.
    pub(in crate::tls) weak_key: Option<String>,
    issuer_der: Vec<u8>,
}

impl Facts {
    /// `None` when `der` is no certificate.
    pub(in crate::tls) fn of(der: &[u8]) -> Option<Self> {
        let fields = Fields::of(der)?;
        Some(Self {
            subject: name(fields.subject),
            issuer: name(fields.issuer),
            names: fields.extensions.and_then(names).unwrap_or_default(),
            self_issued: fields.subject == fields.issuer,
            begins: fields.begins,
            ends: fields.ends,
            signature: oid::signature(fields.signature),
            weak_key: weak_key(fields.key),
            issuer_der: fields.issuer.to_vec(),
        })
    }

    /// The trust anchor that has the name of this certificate's issuer.
    pub(in crate::tls) fn namesake_of_issuer<'a>(&self, anchors: &'a [TrustAnchor<'static>]) -> Option<&'a TrustAnchor<'static>> {
        anchors.iter().find(|anchor| anchor.subject.as_ref() == self.issuer_der)
    }

    /// Whether a trust anchor's name reads as that of this certificate's issuer. Java compares names as text, webpki their
    /// bytes: a PrintableString is no UTF8String there.
    pub(in crate::tls) fn is_named_alike(&self, anchors: &[TrustAnchor<'static>]) -> bool {
        anchors.iter().any(|anchor| name(&anchor.subject) == self.issuer)
    }
}

impl fmt::Display for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = match self.names.as_slice() {
            [] => "no names".to_owned(),
            names => format!("names {}", list(names)),
        };
        let Self { subject, issuer, begins, ends, .. } = self;
        write!(f, "subject \"{subject}\", issuer \"{issuer}\", {names}, valid from {begins} to {ends}")
    }
}

/// What a server's chain is, in words, and in how many days the server's certificate ends: for `doctor`.
pub(crate) fn describe_chain(chain: &[CertificateDer<'_>]) -> (String, Option<i64>) {
    let facts: Vec<Facts> = chain.iter().filter_map(|der| Facts::of(der)).collect();
    let Some(server) = facts.first() else { return ("the server sent no certificate that can be read".to_owned(), None) };
    let issuers: Vec<String> = facts.iter().map(|facts| format!("{:?}", facts.issuer)).collect();
    let names = if server.names.is_empty() { "no names".to_owned() } else { server.names.join(", ") };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok().and_then(|now| i64::try_from(now.as_secs()).ok());
    let days = now.map(|now| (server.ends.unix() - now) / 86_400);
    (format!("certificate for {names}, valid until {}, issued by {}", server.ends, issuers.join(", then ")), days)
}

/// Whether `certificate` was issued by the CA with this name (a whole DER value).
pub(in crate::tls) fn is_issued_by(certificate: &[u8], ca: &[u8]) -> bool {
    Fields::of(certificate).is_some_and(|fields| value(SEQUENCE, ca).is_some_and(|(ca, _)| fields.issuer == ca))
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
pub(super) fn trusted_for_servers(content: &[u8]) -> Option<Result<&[u8], ()>> {
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

/// The dates of a certificate, as webpki checks them.
pub(in crate::tls) fn check_dates(der: &[u8], now: UnixTime) -> Result<(), CertificateError> {
    let fields = Fields::of(der).ok_or(CertificateError::BadEncoding)?;
    let now = at(now).ok_or(CertificateError::BadEncoding)?;
    if now < fields.begins {
        Err(CertificateError::NotValidYet)
    } else if now > fields.ends {
        Err(CertificateError::Expired)
    } else {
        Ok(())
    }
}

/// Why the key of a trust anchor cannot be used.
pub(in crate::tls) fn weak_anchor(anchor: &TrustAnchor<'_>) -> Option<String> {
    weak_key(&anchor.subject_public_key_info)
}

/// `SEQUENCE { algorithm OID, … }, BIT STRING` that for RSA holds `SEQUENCE { modulus INTEGER, … }`.
fn weak_key(key: &[u8]) -> Option<String> {
    let (algorithm, key) = value(SEQUENCE, key)?;
    match value(OID, algorithm)?.0 {
        oid::RSA => {
            let (bits, _) = value(BITS, key)?;
            let (key, _) = value(SEQUENCE, bits.strip_prefix(&[0])?)?;
            let (modulus, _) = value(INTEGER, key)?;
            let modulus = modulus.strip_prefix(&[0]).unwrap_or(modulus);
            let bits = modulus.len() * 8 - modulus.first().map_or(0, |first| first.leading_zeros() as usize);
            (bits < LEAST_RSA_BITS).then(|| format!("an RSA key of {bits} bits"))
        }
        oid::DSA => Some("a DSA key".to_owned()),
        _ => None,
    }
}

/// A name as administrators know it: `CN=Company CA, O=Company`.
fn name(name: &[u8]) -> String {
    one_line(&attributes(name).unwrap_or_else(|| "a name that cannot be read".to_owned()), 200)
}

/// `SET OF SEQUENCE { type OID, value }`, one after the other.
fn attributes(name: &[u8]) -> Option<String> {
    let attribute = |attribute: &[u8]| {
        let (kind, content) = value(OID, attribute)?;
        let (tag, content, _) = der::any(content)?;
        Some(format!("{}={}", oid::attribute(kind), text(tag, content)))
    };
    let together =
        |set: &[u8]| Some(der::all(SEQUENCE, set)?.into_iter().map(attribute).collect::<Option<Vec<_>>>()?.join(" + "));
    Some(der::all(SET, name)?.into_iter().map(together).collect::<Option<Vec<_>>>()?.join(", "))
}

fn text(tag: u8, content: &[u8]) -> String {
    if STRINGS.contains(&tag) {
        String::from_utf8_lossy(content).into_owned()
    } else if tag == BMP_STRING {
        let units: Vec<u16> = content.as_chunks().0.iter().copied().map(u16::from_be_bytes).collect();
        String::from_utf16_lossy(&units)
    } else {
        content.iter().map(|byte| format!("{byte:02X}")).collect()
    }
}

/// The subject alternative names among the extensions (`SEQUENCE { OID, critical BOOLEAN OPTIONAL, OCTET STRING }`).
fn names(extensions: &[u8]) -> Option<Vec<String>> {
    let extension = |extension| {
        let (id, rest) = value(OID, extension)?;
        let (content, _) = value(OCTETS, der::optional(BOOLEAN, rest).1)?;
        (id == oid::SUBJECT_ALTERNATIVE_NAME).then_some(content)
    };
    let content = der::all(SEQUENCE, extensions)?.into_iter().find_map(extension)?;
    let (mut left, _) = value(SEQUENCE, content)?;
    let mut names = Vec::new();
    while let Some((tag, name, rest)) = der::any(left) {
        match tag {
            DNS_NAME => names.push(String::from_utf8_lossy(name).into_owned()),
            IP_ADDRESS => names.extend(address(name)),
            _ => {}
        }
        left = rest;
    }
    Some(names)
}

fn address(bytes: &[u8]) -> Option<String> {
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(|v4| Ipv4Addr::from(v4).to_string()),
        _ => <[u8; 16]>::try_from(bytes).ok().map(|v6| Ipv6Addr::from(v6).to_string()),
    }
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

//! What a certificate holds, in words: for certificates that are refused. Nothing here decides whom to trust.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use rustls::pki_types::TrustAnchor;

use crate::text::{list, one_line};
use crate::time::UtcTime;
use crate::tls::x509::der::{self, BMP_STRING, OID, SEQUENCE, SET, value};
use crate::tls::x509::{Certificate, oid, rsa_bits};

/// The shortest RSA key that the TLS library uses.
const MIN_RSA_BITS: usize = 2048;

const DNS_NAME: u8 = 0x82;
const IP_ADDRESS: u8 = 0x87;
/// NumericString, PrintableString, T61String, IA5String, VisibleString, UTF8String.
const STRINGS: [u8; 6] = [0x12, 0x13, 0x14, 0x16, 0x1a, 0x0c];

/// A certificate, taken apart.
#[derive(Clone)]
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

impl Certificate<'_> {
    /// Its subject's name, for example `CN=Company CA, O=Company`.
    pub(in crate::tls) fn subject_in_words(&self) -> String {
        name(self.subject)
    }
}

impl Facts {
    /// `None` when `der` is no certificate.
    pub(in crate::tls) fn from_der(der: &[u8]) -> Option<Self> {
        let certificate = Certificate::from_der(der)?;
        Some(Self {
            subject: name(certificate.subject),
            issuer: name(certificate.issuer),
            names: certificate
                .extension(oid::SUBJECT_ALTERNATIVE_NAME)
                .and_then(|names| self::names(names.content))
                .unwrap_or_default(),
            self_issued: certificate.subject == certificate.issuer,
            begins: certificate.begins,
            ends: certificate.ends,
            signature: oid::signature(certificate.signature_algorithm),
            weak_key: weak_key(certificate.key),
            issuer_der: certificate.issuer.to_vec(),
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

/// Why the key of a trust anchor cannot be used.
pub(in crate::tls) fn weak_anchor(anchor: &TrustAnchor<'_>) -> Option<String> {
    weak_key(&anchor.subject_public_key_info)
}

fn weak_key(key: &[u8]) -> Option<String> {
    let (algorithm, _) = value(SEQUENCE, key)?;
    match value(OID, algorithm)?.0 {
        oid::RSA => rsa_bits(key).filter(|bits| *bits < MIN_RSA_BITS).map(|bits| format!("an RSA key of {bits} bits")),
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

/// The subject alternative names in the content of their extension.
fn names(content: &[u8]) -> Option<Vec<String>> {
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

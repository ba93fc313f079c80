//! What a certificate holds, in words. Only for certificates that are refused: a good one is never taken apart here.

use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
};

use rustls::{
    CertificateError, DistinguishedName,
    pki_types::{TrustAnchor, UnixTime},
};
use x509_parser::{
    certificate::X509Certificate,
    extensions::GeneralName,
    objects::{oid_registry, oid2sn},
    prelude::FromDer,
    public_key::PublicKey,
    time::ASN1Time,
    x509::{SubjectPublicKeyInfo, X509Name},
};

use crate::text::{list, one_line};

/// The shortest RSA key that the TLS library uses.
const LEAST_RSA_BITS: usize = 2048;

/// A certificate, taken apart.
pub(super) struct Facts {
    pub(super) subject: String,
    pub(super) issuer: String,
    /// The DNS names and IP addresses it is valid for.
    pub(super) names: Vec<String>,
    /// Whether it names itself as its issuer.
    pub(super) self_issued: bool,
    pub(super) begins: ASN1Time,
    pub(super) ends: ASN1Time,
    /// For example `sha1WithRSAEncryption`.
    pub(super) signature: String,
    /// Why its own key cannot be used.
    pub(super) weak_key: Option<String>,
    issuer_der: Vec<u8>,
}

impl Facts {
    /// `None` when `der` is no certificate.
    pub(super) fn of(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let validity = certificate.validity();
        let signature = &certificate.signature_algorithm.algorithm;
        Some(Self {
            subject: name(certificate.subject()),
            issuer: name(certificate.issuer()),
            names: names(&certificate),
            self_issued: certificate.subject().as_raw() == certificate.issuer().as_raw(),
            begins: validity.not_before,
            ends: validity.not_after,
            signature: signature_name(&signature.to_id_string(), oid2sn(signature, oid_registry()).ok()),
            weak_key: weak_key(certificate.public_key()),
            issuer_der: certificate.issuer().as_raw().to_vec(),
        })
    }

    /// Whether this is the name (DER) of the issuer.
    pub(super) fn issuer_is(&self, name: &[u8]) -> bool {
        self.issuer_der == name
    }

    /// The trust anchor that has the name of this certificate's issuer.
    pub(super) fn namesake_of_issuer<'a>(&self, anchors: &'a [TrustAnchor<'static>]) -> Option<&'a TrustAnchor<'static>> {
        anchors.iter().find(|anchor| self.issuer_is(DistinguishedName::in_sequence(&anchor.subject).as_ref()))
    }

    /// Whether a trust anchor's name reads as that of this certificate's issuer. Java compares names as text, webpki their
    /// bytes: a PrintableString is no UTF8String there.
    pub(super) fn is_named_alike(&self, anchors: &[TrustAnchor<'static>]) -> bool {
        anchors.iter().any(|anchor| {
            let der = DistinguishedName::in_sequence(&anchor.subject);
            X509Name::from_der(der.as_ref()).is_ok_and(|(_, subject)| name(&subject) == self.issuer)
        })
    }
}

impl fmt::Display for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = match self.names.as_slice() {
            [] => "no names".to_owned(),
            names => format!("names {}", list(names)),
        };
        let Self { subject, issuer, begins, ends, .. } = self;
        write!(f, "subject \"{subject}\", issuer \"{issuer}\", {names}, valid from {} to {}", moment(*begins), moment(*ends))
    }
}

/// The dates of a certificate, as webpki checks them.
pub(super) fn check_dates(der: &[u8], now: UnixTime) -> Result<(), CertificateError> {
    let (_, certificate) = X509Certificate::from_der(der).map_err(|_| CertificateError::BadEncoding)?;
    let now = at(now).ok_or(CertificateError::BadEncoding)?;
    let validity = certificate.validity();
    if now < validity.not_before {
        Err(CertificateError::NotValidYet)
    } else if now > validity.not_after {
        Err(CertificateError::Expired)
    } else {
        Ok(())
    }
}

/// Why the key of a trust anchor cannot be used.
pub(super) fn weak_anchor(anchor: &TrustAnchor<'_>) -> Option<String> {
    // A trust anchor holds the key without its SEQUENCE, as it holds the name.
    let key = DistinguishedName::in_sequence(&anchor.subject_public_key_info);
    weak_key(&SubjectPublicKeyInfo::from_der(key.as_ref()).ok()?.1)
}

/// The clock in the form that certificates use.
pub(super) fn at(now: UnixTime) -> Option<ASN1Time> {
    ASN1Time::from_timestamp(i64::try_from(now.as_secs()).ok()?).ok()
}

/// `2026-11-23 12:00:00 UTC`.
pub(super) fn moment(time: ASN1Time) -> String {
    let time = time.to_datetime();
    let (year, month, day) = time.to_calendar_date();
    let (hour, minute, second) = time.to_hms();
    format!("{year:04}-{:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC", u8::from(month))
}

fn weak_key(key: &SubjectPublicKeyInfo<'_>) -> Option<String> {
    match key.parsed() {
        Ok(PublicKey::RSA(rsa)) if rsa.key_size() < LEAST_RSA_BITS => Some(format!("an RSA key of {} bits", rsa.key_size())),
        Ok(PublicKey::DSA(_)) => Some("a DSA key".to_owned()),
        _ => None,
    }
}

/// The one that the registry of names lacks is the one that is met most among those that are refused.
fn signature_name(oid: &str, registered: Option<&str>) -> String {
    match oid {
        "1.2.840.10045.4.1" => "ecdsa-with-SHA1",
        _ => registered.unwrap_or(oid),
    }
    .to_owned()
}

fn name(name: &X509Name<'_>) -> String {
    one_line(&name.to_string(), 200)
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return Vec::new() };
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(dns) => Some((*dns).to_owned()),
        GeneralName::IPAddress(ip) => address(ip),
        _ => None,
    };
    extension.value.general_names.iter().filter_map(name).collect()
}

fn address(bytes: &[u8]) -> Option<String> {
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(|v4| Ipv4Addr::from(v4).to_string()),
        _ => <[u8; 16]>::try_from(bytes).ok().map(|v6| Ipv6Addr::from(v6).to_string()),
    }
}

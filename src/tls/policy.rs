//! What Java asks of a chain beyond what webpki does. A chain that fails here is for the JVM itself to judge.

use std::fmt;

use rustls::pki_types::CertificateDer;

use crate::tls::x509::{Certificate, oid};

/// The most certificates that Java lets a server send (`jdk.tls.maxCertificateChainLength`).
pub(super) const MAX_CHAIN: usize = 10;

/// Parts of the names of the public CAs that JDK 11 to 25 distrust from a day on. The days and the exact certificates are Java's to know.
const DISTRUSTED: [&str; 11] = [
    "AffirmTrust",
    "Camerfirma",
    "Chambers of Commerce",
    "Chambersign",
    "Chunghwa Telecom",
    "Entrust",
    "GeoTrust",
    "Symantec",
    "TUBITAK",
    "VeriSign",
    "thawte",
];

/// What is doubtful about a chain whose signatures, dates and names are right. Displayed, it is a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    /// A certificate on the path cannot be taken apart.
    Unreadable,
    /// The certificate of the trust store is of version 3 and not that of a CA.
    AnchorIsNoCa,
    /// The key usage of the certificate of the trust store lacks keyCertSign.
    AnchorMayNotSign,
    /// The key usage of an intermediate lacks keyCertSign.
    IntermediateMayNotSign,
    /// The extended key usage of an intermediate lacks serverAuth.
    IntermediateUsage,
    /// The key usage of the server's certificate lacks digitalSignature.
    ServerMayNotSign,
    /// The Netscape certificate type of the server's certificate is another one.
    NetscapeCertType,
    /// An authority key identifier names another key or certificate than that of the issuer.
    AuthorityKeyIdentifier,
    /// The JDK distrusts certificates of this public CA from a certain day on (`jdk.security.caDistrustPolicies`).
    MayBeDistrusted,
    /// Certificate policies are constrained, which webpki does not check.
    PolicyConstraints,
    /// A key of a kind that not every Java knows.
    UnusualKey,
    /// It is in the JDK's list of blocked certificates.
    Blocked,
    /// A key is shorter than `java.security` allows.
    KeyDisabled,
    /// `java.security` disables more algorithms than the JDK itself does.
    AlgorithmsDisabled,
    /// Critical CRL distribution points, which Java does not know without revocation.
    CriticalCrlPoints,
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreadable => "a certificate of the chain has extensions that cannot be read",
            Self::AnchorIsNoCa => "the certificate of the trust store that signed the chain is not that of a CA (basicConstraints CA:TRUE is missing)",
            Self::AnchorMayNotSign => "the CA of the trust store may not sign certificates: its key usage lacks keyCertSign",
            Self::IntermediateMayNotSign => "an intermediate CA may not sign certificates: its key usage lacks keyCertSign",
            Self::IntermediateUsage => "an intermediate CA is not for TLS servers: its extended key usage lacks serverAuth",
            Self::ServerMayNotSign => "the server's certificate may not sign a TLS handshake: its key usage lacks digitalSignature",
            Self::NetscapeCertType => "the server's certificate is not meant for a server: its Netscape certificate type is another one",
            Self::AuthorityKeyIdentifier => {
                "the authority key identifier of a certificate names another key or certificate than that of its issuer"
            }
            Self::MayBeDistrusted => "the chain is below a public CA whose newer certificates the JDK does not trust",
            Self::PolicyConstraints => "the chain constrains certificate policies",
            Self::UnusualKey => "a certificate has a key of a kind that not every Java knows",
            Self::Blocked => "a certificate of the chain is in the JDK's list of blocked certificates (lib/security/blocked.certs)",
            Self::KeyDisabled => {
                "a key of the chain is shorter than the disabled algorithms in the JDK's java.security allow"
            }
            Self::AlgorithmsDisabled => "the JDK's java.security disables algorithms of which only Java knows what they mean",
            Self::CriticalCrlPoints => "a certificate has critical CRL distribution points",
        })
    }
}

/// What Java (`EndEntityChecker`) asks of a server's certificate, except the extended key usage.
pub(super) fn check_server(server: &CertificateDer<'_>) -> Result<(), Doubt> {
    let server = Certificate::from_der(server).ok_or(Doubt::Unreadable)?;
    if !server.may_sign_handshakes() {
        Err(Doubt::ServerMayNotSign)
    } else if !server.is_netscape_server() {
        Err(Doubt::NetscapeCertType)
    } else {
        Ok(())
    }
}

/// What Java (`PKIXCertPathValidator` and its checkers) asks of a path from the server's certificate over the intermediates to the
/// certificate of the trust store.
pub(super) fn check_path(
    server: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
    anchor: &CertificateDer<'_>,
) -> Result<(), Doubt> {
    let parse = |der| Certificate::from_der(der).ok_or(Doubt::Unreadable);
    let server = parse(server)?;
    let intermediates = intermediates.iter().map(|der| parse(der)).collect::<Result<Vec<_>, _>>()?;
    let anchor = parse(anchor)?;
    if anchor.version == 3 && !anchor.is_ca() {
        return Err(Doubt::AnchorIsNoCa);
    }
    if !anchor.may_sign_certificates() {
        return Err(Doubt::AnchorMayNotSign);
    }
    let name = anchor.subject_in_words();
    if DISTRUSTED.iter().any(|distrusted| name.contains(distrusted)) {
        return Err(Doubt::MayBeDistrusted);
    }
    for intermediate in &intermediates {
        if !intermediate.may_sign_certificates() {
            return Err(Doubt::IntermediateMayNotSign);
        }
        if !intermediate.is_for_servers() {
            return Err(Doubt::IntermediateUsage);
        }
    }
    let sent = || std::iter::once(&server).chain(&intermediates);
    if !sent().chain([&anchor]).all(Certificate::has_usual_key) {
        return Err(Doubt::UnusualKey);
    }
    for (certificate, issuer) in sent().zip(intermediates.iter().chain([&anchor])) {
        if !certificate.names_as_issuer(issuer) {
            return Err(Doubt::AuthorityKeyIdentifier);
        }
        if [oid::POLICY_CONSTRAINTS, oid::INHIBIT_ANY_POLICY].iter().any(|id| certificate.extension(id).is_some()) {
            return Err(Doubt::PolicyConstraints);
        }
        if certificate.extension(oid::CRL_DISTRIBUTION_POINTS).is_some_and(|points| points.critical) {
            return Err(Doubt::CriticalCrlPoints);
        }
    }
    Ok(())
}

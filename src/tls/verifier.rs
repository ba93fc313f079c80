//! Checks a server's certificate against the trusted ones, and keeps what was wrong for the message.
//!
//! webpki checks signatures, dates, names and constraints of a chain; `policy` what Java asks beyond that. What passes here passes
//! in Java. Where this refuses and Java may know more, the JVM is asked afterwards (`appeal`).

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme};
use webpki::{EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeIdIter};

use crate::tls::anchors::Anchors;
use crate::tls::appeal::{Appeal, Approvals, Chain};
use crate::tls::policy::{self, MAX_CHAIN};
use crate::tls::rules::Rules;
use crate::tls::server::{check_name, readable};
use crate::tls::trust::Trust;
use crate::tls::verdict::{Reason, Refused, Verdict};
use crate::tls::x509::Certificate;

/// What webpki and Java both accept, and a server certificate that is itself in the trust store.
pub(super) struct Verifier {
    algorithms: WebPkiSupportedAlgorithms,
    anchors: Anchors,
    trust: Trust,
    /// The name that the certificate must have, where it is not that of the URL.
    name: Option<ServerName<'static>>,
    /// What the JVM accepted, whatever this verifier says.
    approvals: Arc<Approvals>,
    /// What the JDK's configuration has against certificates.
    rules: Rules,
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier")
    }
}

impl Verifier {
    pub(super) fn new(
        anchors: Anchors,
        trust: Trust,
        name: Option<ServerName<'static>>,
        approvals: Arc<Approvals>,
        rules: Rules,
        provider: &CryptoProvider,
    ) -> Self {
        Self { algorithms: provider.signature_verification_algorithms, anchors, trust, name, approvals, rules }
    }

    /// Whether the chain is trusted and has the name.
    fn check(
        &self,
        server: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), Reason> {
        if intermediates.len() >= MAX_CHAIN {
            return Err(Reason::TooLong);
        }
        // Java takes a certificate that is itself in the store without a look at its signature, its dates and what it may be used
        // for; here it must be in date. webpki knows trusted certificates as issuers only.
        if self.anchors.contains(server) {
            Certificate::from_der(server).ok_or(webpki::Error::BadDer)?.check_dates(now)?;
        } else {
            self.check_chain(server, intermediates, now)?;
        }
        Ok(check_name(server, name)?)
    }

    /// The trusted certificate that makes this chain trusted, and where it comes from. `None`: there is none on this side.
    pub(super) fn anchor(
        &self,
        server: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Option<(CertificateDer<'static>, String)> {
        let found = if self.anchors.contains(server) {
            server.clone().into_owned()
        } else {
            self.check_chain(server, intermediates, now).ok()?.clone()
        };
        let source = self.anchors.source(&found)?.to_owned();
        Some((found, source))
    }

    /// The trusted certificate at the end of the chain.
    fn check_chain(
        &self,
        server: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<&CertificateDer<'static>, Reason> {
        let certificate = EndEntityCert::try_from(server)?;
        let doubt = Cell::new(None);
        let is_as_java_wants = |path: &webpki::VerifiedPath<'_>| {
            let on_path: Vec<_> = path.intermediate_certificates().map(webpki::Cert::der).collect();
            let checked = match self.anchors.certificate(path.anchor()) {
                Some(anchor) => policy::check_path(server, &on_path, anchor)
                    .and_then(|()| self.rules.check([server].into_iter().chain(&on_path).chain([anchor]))),
                None => Err(policy::Doubt::Unreadable),
            };
            // Another path may do.
            checked.map_err(|found| {
                doubt.set(Some(found));
                webpki::Error::UnknownIssuer
            })
        };
        let checked = certificate.verify_for_usage(
            self.algorithms.all,
            self.anchors.trusted(),
            intermediates,
            now,
            AnyUsage,
            None,
            Some(&is_as_java_wants),
        );
        let path = checked.map_err(|error| doubt.get().map_or(Reason::Pki(error), Reason::Doubt))?;
        if !Certificate::from_der(server).ok_or(webpki::Error::BadDer)?.is_for_servers() {
            return Err(Reason::NotForServers);
        }
        policy::check_server(server).map_err(Reason::Doubt)?;
        self.anchors.certificate(path.anchor()).ok_or(Reason::Doubt(policy::Doubt::Unreadable))
    }
}

/// Accepts every extended key usage: `policy` knows what Java wants of each certificate of a chain.
struct AnyUsage;

impl ExtendedKeyUsageValidator for AnyUsage {
    fn validate(&self, mut usages: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        usages.try_for_each(|usage| usage.map(|_| ()))
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        server: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let name = self.name.as_ref().unwrap_or(name);
        let Err(reason) = self.check(server, intermediates, name, now) else { return Ok(ServerCertVerified::assertion()) };
        let refused = Refused { reason, server, intermediates, name, now, anchors: &self.anchors, trust: &self.trust };
        if !refused.java_may_know_more() {
            return Err(with(refused.verdict(None)));
        }
        let chain = Chain::new(server, intermediates, name);
        if self.approvals.contain(&chain) {
            // Java judged the chain; the name and the key are for this side to check.
            return match check_name(server, name) {
                Ok(()) => Ok(ServerCertVerified::assertion()),
                Err(error) => Err(with(Refused { reason: Reason::Pki(error), ..refused }.verdict(None))),
            };
        }
        let appeal = Appeal { chain, why: refused.clause() };
        Err(with(refused.verdict(Some(appeal))))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, &readable(certificate), signed, &self.algorithms)
            .map_err(|error| unproven(error, certificate, &self.trust))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, &readable(certificate), signed, &self.algorithms)
            .map_err(|error| unproven(error, certificate, &self.trust))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// A signature in the handshake that does not fit, most likely because the server's key is one that is not used any more.
fn unproven(error: Error, certificate: &CertificateDer<'_>, trust: &Trust) -> Error {
    match error {
        Error::InvalidCertificate(_) => Verdict::of_weak_key(certificate, trust).map_or(error, with),
        other => other,
    }
}

fn with(verdict: Verdict) -> Error {
    Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(verdict))))
}

/// Accepts every server: what `VAULT_SKIP_VERIFY` asks for.
#[derive(Debug)]
pub(super) struct Unchecked {
    pub(super) provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Unchecked {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    // A peer that is accepted without a check of its certificate need not prove that it owns it.
    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

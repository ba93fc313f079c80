//! Checks a server's certificate against the trusted ones, and keeps what was wrong for the message.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme};

use crate::tls::trust::Trust;
use crate::tls::verdict::{Refused, Verdict};
use crate::tls::x509;

/// What webpki checks, and beyond it what Java accepts: a server certificate that is itself in the trust store.
#[derive(Debug)]
pub(super) struct Verifier {
    webpki: Arc<WebPkiServerVerifier>,
    roots: Arc<RootCertStore>,
    trust: Trust,
    /// The name that the certificate must have, where it is not that of the URL.
    name: Option<ServerName<'static>>,
}

impl Verifier {
    pub(super) fn new(
        roots: RootCertStore,
        trust: Trust,
        name: Option<ServerName<'static>>,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self, crate::Error> {
        let roots = Arc::new(roots);
        let webpki = WebPkiServerVerifier::builder_with_provider(roots.clone(), provider.clone())
            .build()
            .map_err(|error| crate::Error::internal(format!("TLS: {error}")))?;
        Ok(Self { webpki, roots, trust, name })
    }

    /// Whether the server's own certificate is in the trust store, in date, and for this name.
    ///
    /// Java (`PKIXValidator`) takes a certificate as trusted that is in the store, or has the subject and the public key
    /// of one there, and then checks neither its dates nor its signature nor what it may be used for; the host name is
    /// still checked. webpki knows trust anchors as issuers only: it refuses a self-signed certificate as
    /// `UnknownIssuer` or `CaUsedAsEndEntity`. Here it is accepted as Java does, but not out of date.
    fn is_itself_trusted(&self, server: &CertificateDer<'_>, name: &ServerName<'_>, now: UnixTime) -> Result<bool, Error> {
        let mut own = RootCertStore::empty();
        if own.add(server.clone()).is_err() {
            return Ok(false);
        }
        let same = |known: &rustls::pki_types::TrustAnchor<'_>| {
            own.roots
                .iter()
                .any(|own| own.subject == known.subject && own.subject_public_key_info == known.subject_public_key_info)
        };
        if !self.roots.roots.iter().any(same) {
            return Ok(false);
        }
        x509::check_dates(server, now)?;
        verify_server_name(&ParsedCertificate::try_from(server)?, name)?;
        Ok(true)
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        server: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let name = self.name.as_ref().unwrap_or(name);
        let refused = match self.webpki.verify_server_cert(server, intermediates, name, ocsp, now) {
            Err(refused) => refused,
            accepted => return accepted,
        };
        let reason = match self.is_itself_trusted(server, name, now) {
            Ok(true) => return Ok(ServerCertVerified::assertion()),
            Ok(false) => refused,
            Err(refused) => refused,
        };
        let Error::InvalidCertificate(reason) = reason else { return Err(reason) };
        let refused = Refused { reason, server, intermediates, name, now, roots: &self.roots, trust: &self.trust };
        Err(with(Verdict::new(&refused)))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let checked = self.webpki.verify_tls12_signature(message, certificate, signed);
        checked.map_err(|error| unproven(error, certificate, &self.trust))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let checked = self.webpki.verify_tls13_signature(message, certificate, signed);
        checked.map_err(|error| unproven(error, certificate, &self.trust))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.webpki.supported_verify_schemes()
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

//! Why a TLS handshake failed, in words for the administrator.

use std::error::Error as StdError;
use std::io;

use rustls::PeerMisbehaved::{SelectedUnofferedCipherSuite, SelectedUnofferedKxGroup, SignedHandshakeWithUnadvertisedSigScheme};
use rustls::{AlertDescription, CertificateError, Error};

use crate::error::Problem;
use crate::tls::appeal::Appeal;
use crate::tls::crypto::offer;
use crate::tls::verdict::Verdict;

const ALLOW: &str = "let Vault or the balancer in front of it allow one of each (tls_min_version, tls_max_version, tls_cipher_suites, the key \
                     of its certificate); see Vault's log";

/// The chain that the JVM is to judge, if that is why a request failed.
pub(super) fn appeal<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Appeal> {
    match tls_error(error)? {
        Found::Tls(Error::InvalidCertificate(CertificateError::Other(other))) => {
            other.0.downcast_ref::<Verdict>().and_then(|verdict| verdict.appeal.as_ref())
        }
        _ => None,
    }
}

/// Why a request failed, if TLS was the reason: what was wrong and what to do.
pub(crate) fn verdict(error: &(dyn StdError + 'static)) -> Option<Problem> {
    Some(match tls_error(error)? {
        Found::Tls(error) => in_words(error),
        Found::Closed => Problem::new(
            "the server closed the connection during the TLS handshake",
            "check that \"endpoint\" names Vault's API port and that it listens with TLS, and look at Vault's log or that of a \
             balancer in front of it",
        ),
    })
}

enum Found<'a> {
    Tls(&'a Error),
    /// The connection was closed during the handshake.
    Closed,
}

/// What TLS has to say in a chain of causes.
fn tls_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<Found<'a>> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<Error>() {
            return Some(Found::Tls(error));
        }
        next = match error.downcast_ref::<io::Error>() {
            // tokio-rustls' own words, the only way to tell it from an end after the handshake.
            Some(io) if io.kind() == io::ErrorKind::UnexpectedEof && io.to_string() == "tls handshake eof" => {
                return Some(Found::Closed);
            }
            // The source of an io::Error is that of the error inside, which would be skipped.
            Some(io) => io.get_ref().map(|inner| inner as &(dyn StdError + 'static)),
            None => error.source(),
        };
    }
    None
}

fn in_words(error: &Error) -> Problem {
    if let Error::InvalidCertificate(CertificateError::Other(other)) = error
        && let Some(verdict) = other.0.downcast_ref::<Verdict>()
    {
        return verdict.problem.clone();
    }
    let (what, advice) = match error {
        Error::InvalidCertificate(reason) => (
            format!("the server could not prove that its certificate is its own ({reason})"),
            "check certificate and key of Vault's listener (tls_cert_file, tls_key_file)",
        ),
        Error::InvalidMessage(_) | Error::PeerSentOversizedRecord => (
            format!("what the server sends is not TLS ({error}); it probably listens for plain HTTP"),
            "use http:// in \"endpoint\", or give Vault's listener a certificate (tls_disable = false), or correct the port",
        ),
        Error::PeerIncompatible(reason) => (
            format!("client and server have no TLS version, cipher, group or signature in common ({reason:?}); {}", offer()),
            ALLOW,
        ),
        Error::PeerMisbehaved(
            reason @ (SelectedUnofferedCipherSuite | SelectedUnofferedKxGroup | SignedHandshakeWithUnadvertisedSigScheme),
        ) => (format!("the server chose a cipher, group or signature that was not offered ({reason:?}); {}", offer()), ALLOW),
        Error::NoApplicationProtocol | Error::AlertReceived(AlertDescription::NoApplicationProtocol) => (
            "the server does not speak HTTP/1.1 on this TLS port".to_owned(),
            "check that \"endpoint\" names Vault's API port (usually 8200, not the cluster port 8201)",
        ),
        Error::AlertReceived(alert) => alert_in_words(*alert),
        other => (
            other.to_string(),
            "check that \"endpoint\" names Vault's API port, and any proxy or balancer between this machine and Vault",
        ),
    };
    Problem::new(what, advice)
}

fn alert_in_words(alert: AlertDescription) -> (String, &'static str) {
    use AlertDescription::*;
    let said = format!("the server ended the TLS handshake with the alert {alert:?}");
    match alert {
        CertificateRequired | NoCertificate => (
            format!("{said}: it asks for a client certificate (mutual TLS), and none was sent"),
            "set VAULT_CLIENT_CERT and VAULT_CLIENT_KEY (PEM files) or the JVM's javax.net.ssl.keyStore; or set \
             tls_require_and_verify_client_cert = false in Vault's listener",
        ),
        BadCertificate
        | UnknownCA
        | CertificateExpired
        | CertificateRevoked
        | UnsupportedCertificate
        | CertificateUnknown
        | AccessDenied => (
            format!("{said}: it asks for a client certificate (mutual TLS), and none was sent, or not one that it accepts"),
            "check VAULT_CLIENT_CERT and VAULT_CLIENT_KEY (PEM files) or the JVM's javax.net.ssl.keyStore, the certificate's dates, and \
             tls_client_ca_file in Vault's listener",
        ),
        ProtocolVersion | InsufficientSecurity | HandshakeFailure => (
            format!(
                "{said}: client and server have no TLS version, cipher, group or signature in common, or it asks for a client \
                 certificate; {}",
                offer()
            ),
            ALLOW,
        ),
        UnrecognisedName => (
            format!("{said}: it knows no server of this name"),
            "let \"endpoint\" use the name that Vault or the balancer in front of it is configured for",
        ),
        InternalError => (
            format!("{said}: the port that the nodes of a Vault cluster use among themselves does that"),
            "check that \"endpoint\" names Vault's API port (usually 8200, not 8201), and see Vault's log or that of a balancer in front of it",
        ),
        _ => (said, "see Vault's log or that of a balancer in front of it"),
    }
}

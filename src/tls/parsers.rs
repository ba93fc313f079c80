//! The parsers of certificates, keys and key stores as functions of any bytes; see [`crate::parsers`].

use crate::tls::key_store::{keys, trusted};
use crate::tls::named;
use crate::tls::pem::Pem;
use crate::tls::x509::{Certificate, Facts, trusted_for_servers};

/// PEM text with certificates and keys.
pub fn pem(input: &[u8]) {
    let pem = Pem::parse(input);
    pem.blocks().for_each(drop);
    let _ = named::certificates(&pem).is_ok();
    let _ = named::key(&pem, Some("right-one")).is_ok();
}

/// A JKS, JCEKS or PKCS #12 file as trust store and as key store.
pub fn key_store(input: &[u8]) {
    for password in [None, Some("right-one")] {
        let _ = trusted(input, password).is_ok();
        let _ = keys(input, password).is_ok();
    }
}

/// A certificate, and openssl's form with marks.
pub fn x509(input: &[u8]) {
    let _ = Certificate::from_der(input).is_some();
    let _ = Facts::from_der(input).is_some();
    let _ = trusted_for_servers(input);
}

//! TLS: whom to trust, and why a server was refused, in words.
//!
//! `jvm_store` finds and reads what the JVM trusts (`jks` and `p12` know the formats), `verifier` checks a server against
//! it, `verdict` says what was wrong and `certificate` what a certificate holds. The parts know nothing of HTTP.

mod certificate;
mod jks;
mod jvm_store;
mod p12;
mod verdict;
mod verifier;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use rustls::{
    ClientConfig, ConfigBuilder, RootCertStore,
    client::WantsClientCert,
    crypto::{CryptoProvider, aws_lc_rs},
};

use crate::{Error, Host};

pub(crate) use verdict::verdict;

/// A TLS client configuration, and what it trusts, in words.
pub(crate) struct Tls {
    /// The configuration, for TLS 1.2 and 1.3 and HTTP/1.1.
    pub(crate) config: ClientConfig,
    /// What it trusts, for example `trust store /opt/java/lib/security/cacerts (JKS, 145 certificates, the JDK's default)`.
    pub(crate) trust: String,
}

/// A client that trusts what the JVM trusts: the store that the system properties `javax.net.ssl.trustStore`,
/// `trustStorePassword` and `trustStoreType` name, otherwise the JDK's own `jssecacerts` or `cacerts`.
pub(crate) fn client(host: &dyn Host) -> Result<Tls, Error> {
    let jvm_store::Anchors { roots, trust } = jvm_store::read(host)?;
    let words = trust.words.clone();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = verifier::Verifier::new(roots, trust, &provider)?;
    let config = for_rustls(provider, |config| config.dangerous().with_custom_certificate_verifier(Arc::new(verifier)))?;
    Ok(Tls { config, trust: words })
}

/// A client for plain `http://`, which the HTTP library wants all the same: it trusts nobody and reads no file.
pub(crate) fn nothing() -> Result<ClientConfig, Error> {
    for_rustls(Arc::new(aws_lc_rs::default_provider()), |config| config.with_root_certificates(RootCertStore::empty()))
}

fn for_rustls(
    provider: Arc<CryptoProvider>,
    trust: impl FnOnce(ConfigBuilder<ClientConfig, rustls::WantsVerifier>) -> ConfigBuilder<ClientConfig, WantsClientCert>,
) -> Result<ClientConfig, Error> {
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Internal(format!("TLS: {error}")))?;
    let mut config = trust(config).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

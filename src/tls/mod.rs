//! TLS: whom to trust, who to be, and why a server was refused, in words.
//!
//! `trust` is all that is trusted: what the JVM trusts (`key_store::jvm`) and what the settings name (`named`,
//! which reads `pem`). `identity` is the
//! certificate to show. `key_store` reads Java's key stores for both. `verifier` checks a server
//! (`policy` and `rules`: as Java wants it), `verdict` says what was wrong
//! with its certificate, `handshake` what else failed, and `x509` what a certificate holds. `crypto` is the provider of cryptography. `chain` describes a chain that was accepted. `files` notices when a file changes. None of them knows of HTTP.

mod anchors;
mod appeal;
mod chain;
mod crypto;
mod files;
mod handshake;
mod identity;
mod key_store;
mod named;
mod options;
#[cfg(any(test, fuzzing))]
pub(crate) mod parsers;
mod pem;
mod policy;
mod rules;
mod server;
mod system;
mod trust;
mod verdict;
mod verifier;
mod x509;

#[cfg(test)]
pub(crate) mod tests;

use std::error::Error as StdError;
use std::sync::Arc;

use rustls::client::WantsClientCert;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore};

use crate::error::Error;
use crate::file::Workers;
use crate::host::Host;
use crate::settings::Value;
use crate::tls::appeal::Approvals;
use crate::tls::crypto::provider;

pub(crate) use files::Files;
pub(crate) use handshake::verdict;
pub(crate) use options::Options;

/// A TLS client configuration.
pub(crate) struct Tls {
    /// The configuration, for TLS 1.2 and 1.3 and HTTP/1.1.
    pub(crate) config: ClientConfig,
    /// What it trusts, for example `trust store /opt/java/lib/security/cacerts (JKS, 145 certificates, the JDK's default)`.
    pub(crate) trust: String,
    /// What checks a server; `None` where nothing does.
    verifier: Option<Arc<verifier::Verifier>>,
    /// The files it was read from: when they change, it is time for a new one.
    pub(crate) files: Files,
    /// The certificates to trust that the JVM does not know.
    named: Vec<CertificateDer<'static>>,
    /// What the JVM accepted.
    approvals: Arc<Approvals>,
}

impl Tls {
    /// Where a request failed over a certificate that the JVM may judge otherwise, asks it, on the thread that calls. `None`: there is
    /// nothing to ask. When the JVM trusts the chain, the request may be sent again.
    ///
    /// # Errors
    ///
    /// Why the JVM does not trust the chain, in Java's words.
    pub(crate) fn ask_java(&self, host: &dyn Host, error: &(dyn StdError + 'static)) -> Option<Result<(), String>> {
        let appeal = handshake::appeal(error)?;
        Some(appeal.clone().ask(host, &self.named, &self.approvals))
    }
}

/// A client that trusts what the JVM trusts (the store that the system properties `javax.net.ssl.trustStore`,
/// `trustStorePassword` and `trustStoreType` name, otherwise the JDK's own `jssecacerts` or `cacerts`) and what `options`
/// name, and has the certificate that `options` or the system properties `javax.net.ssl.keyStore…` name.
/// Files are read on `workers`.
pub(crate) fn client(host: &dyn Host, options: &Options, workers: &Workers) -> Result<Tls, Error> {
    let provider = provider();
    let mut files = Files::within(options.read_limit, workers);
    let approvals = Arc::<Approvals>::default();
    let identity = identity::read(host, options, &provider, &mut files)?;
    let (mut config, trust, verifier, named) = match options.skip_verify {
        Some(origin) => {
            host.warn(&format!(
                "Vault's TLS certificate is not checked, because {origin} says so: anybody on the network between this machine and Vault can \
                 read the token and the secrets. What to do: remove it, and name the certificate of Vault's CA in VAULT_CACERT"
            ));
            let unchecked = Arc::new(verifier::Unchecked { provider: provider.clone() });
            let config = for_rustls(provider, |config| config.dangerous().with_custom_certificate_verifier(unchecked))?;
            (config, format!("anybody: certificates are not checked ({origin})"), None, Vec::new())
        }
        None => {
            let trust::Trusted { anchors, named, trust } = trust::read(host, options, &mut files)?;
            let words = trust.words.clone();
            let name = options.server_name.as_ref().map(server_name).transpose()?;
            let rules = rules::Rules::read(host, &mut files);
            let verifier = Arc::new(verifier::Verifier::new(anchors, trust, name, Arc::clone(&approvals), rules, &provider));
            let checked = Arc::clone(&verifier);
            let config = for_rustls(provider, |config| config.dangerous().with_custom_certificate_verifier(checked))?;
            (config, words, Some(verifier), named)
        }
    };
    if let Some(identity) = identity {
        config.client_auth_cert_resolver = Arc::new(identity);
    }
    Ok(Tls { config, trust, verifier, files, named, approvals })
}

/// A client for plain `http://`, which the HTTP library wants all the same: it trusts nobody and reads no file.
pub(crate) fn without_trust() -> Result<Tls, Error> {
    Ok(Tls {
        config: for_rustls(provider(), |config| config.with_root_certificates(RootCertStore::empty()))?,
        trust: "nobody".to_owned(),
        verifier: None,
        files: Files::default(),
        named: Vec::new(),
        approvals: Arc::default(),
    })
}

fn server_name(setting: &Value) -> Result<ServerName<'static>, Error> {
    ServerName::try_from(setting.text.trim().to_owned()).map_err(|_| {
        setting.refuse(("it is neither a host name nor an IP address", "write a name that Vault's certificate has, without port"))
    })
}

fn for_rustls(
    provider: Arc<CryptoProvider>,
    trust: impl FnOnce(ConfigBuilder<ClientConfig, rustls::WantsVerifier>) -> ConfigBuilder<ClientConfig, WantsClientCert>,
) -> Result<ClientConfig, Error> {
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::internal(format!("TLS: {error}")))?;
    let mut config = trust(config).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

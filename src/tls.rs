//! TLS: whom to trust, who to be, and why a server was refused, in words.
//!
//! `trust` is all that is trusted: what the JVM trusts (`jvm_store`) and what the settings name (`pem`). `identity` is the
//! certificate to show. `key_store` reads Java's key stores for both; `jks` and `p12` know their formats, `pbe` their
//! encryption. `verifier` checks a server, `verdict` says what was wrong and `certificate` what a certificate holds, with
//! `der`, `oid` and `moment` for its parts. `files` notices when a file changes. None of them knows of HTTP.

mod certificate;
mod der;
mod files;
mod identity;
mod jks;
mod jvm_store;
mod key_store;
mod moment;
mod oid;
mod p12;
mod pbe;
mod pem;
mod trust;
mod verdict;
mod verifier;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use once_cell::sync::OnceCell;
use rustls::{
    ClientConfig, ConfigBuilder, RootCertStore,
    client::WantsClientCert,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::ServerName,
};

use crate::{
    Error, Host,
    settings::{
        CA_CERT, CA_CERT_BYTES, CA_PATH, CLIENT_CERT, CLIENT_CERT_PASSWORD, CLIENT_KEY, Origin, SKIP_VERIFY, SYSTEM_TRUST,
        Sources, TLS_SERVER_NAME, Value,
    },
};

pub(crate) use files::Files;
pub(crate) use verdict::verdict;

/// What the administrator set about TLS.
#[derive(Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// The JVM's own system properties that say which stores it uses, as far as they are no passwords: two configurations
    /// that differ in one are two.
    jvm: [Option<String>; 4],
    /// A PEM file with certificates of CAs to trust (`VAULT_CACERT`).
    pub(crate) ca_file: Option<Value>,
    /// Certificates of CAs to trust, as PEM text (`VAULT_CACERT_BYTES`).
    pub(crate) ca_bytes: Option<Value>,
    /// A directory of such PEM files (`VAULT_CAPATH`).
    pub(crate) ca_path: Option<Value>,
    /// Whether to trust what the operating system trusts, too.
    pub(crate) system_roots: bool,
    /// The client certificate with its chain: a PEM file, or a PKCS12 file with its key (`VAULT_CLIENT_CERT`).
    pub(crate) client_cert: Option<Value>,
    /// The key of the client certificate: a PEM file (`VAULT_CLIENT_KEY`). May be left out where `client_cert` holds it.
    pub(crate) client_key: Option<Value>,
    /// The password of a PKCS12 file in `client_cert`.
    pub(crate) client_password: Option<Value>,
    /// The name that the server's certificate must have, instead of the host of the endpoint (`VAULT_TLS_SERVER_NAME`).
    /// What is sent in the handshake (SNI) is the endpoint's host all the same.
    pub(crate) server_name: Option<Value>,
    /// Set when the server is not to be checked at all: where that was asked for (`VAULT_SKIP_VERIFY`).
    pub(crate) skip_verify: Option<Origin>,
}

impl Options {
    /// Finds all of it.
    pub(crate) fn find(sources: Sources<'_>) -> Result<Self, Error> {
        let skip = SKIP_VERIFY.find(sources)?;
        let skip_verify = match &skip {
            Some(value) if value.flag()? => Some(value.origin),
            _ => None,
        };
        Ok(Self {
            jvm: [jvm_store::STORE, jvm_store::TYPE, identity::STORE, identity::TYPE].map(|name| sources.host.property(name)),
            ca_file: CA_CERT.find(sources)?,
            ca_bytes: CA_CERT_BYTES.find(sources)?,
            ca_path: CA_PATH.find(sources)?,
            system_roots: SYSTEM_TRUST.find(sources)?.map(|value| value.flag()).transpose()?.unwrap_or(false),
            client_cert: CLIENT_CERT.find(sources)?,
            client_key: CLIENT_KEY.find(sources)?,
            client_password: CLIENT_CERT_PASSWORD.find(sources)?,
            server_name: TLS_SERVER_NAME.find(sources)?,
            skip_verify,
        })
    }
}

/// A TLS client configuration.
pub(crate) struct Tls {
    /// The configuration, for TLS 1.2 and 1.3 and HTTP/1.1.
    pub(crate) config: ClientConfig,
    /// What it trusts, for example `trust store /opt/java/lib/security/cacerts (JKS, 145 certificates, the JDK's default)`.
    #[cfg(test)]
    trust: String,
    /// The files it was read from: when they change, it is time for a new one.
    pub(crate) files: Files,
}

/// A client that trusts what the JVM trusts (the store that the system properties `javax.net.ssl.trustStore`,
/// `trustStorePassword` and `trustStoreType` name, otherwise the JDK's own `jssecacerts` or `cacerts`) and what `options`
/// name, and has the certificate that `options` or the system properties `javax.net.ssl.keyStore…` name.
pub(crate) fn client(host: &dyn Host, options: &Options) -> Result<Tls, Error> {
    let provider = provider();
    let mut files = Files::default();
    let identity = identity::read(host, options, &provider, &mut files)?;
    #[cfg_attr(not(test), expect(unused_variables, reason = "the words stand in a verdict; tests read them here"))]
    let (mut config, trust) = match options.skip_verify {
        Some(origin) => {
            host.warn(&format!(
                "Vault's TLS certificate is not checked, because {origin} says so: whoever stands between this machine and Vault can \
                 read the token and the secrets. What to do: remove it, and name the certificate of Vault's CA in VAULT_CACERT"
            ));
            let verifier = Arc::new(verifier::Unchecked { provider: provider.clone() });
            let config = for_rustls(provider, |config| config.dangerous().with_custom_certificate_verifier(verifier))?;
            (config, format!("anybody: certificates are not checked ({origin})"))
        }
        None => {
            let trust::Anchors { roots, trust } = trust::read(host, options, &mut files)?;
            let words = trust.words.clone();
            let name = options.server_name.as_ref().map(server_name).transpose()?;
            let verifier = Arc::new(verifier::Verifier::new(roots, trust, name, &provider)?);
            (for_rustls(provider, |config| config.dangerous().with_custom_certificate_verifier(verifier))?, words)
        }
    };
    if let Some(identity) = identity {
        config.client_auth_cert_resolver = Arc::new(identity);
    }
    Ok(Tls {
        config,
        #[cfg(test)]
        trust,
        files,
    })
}

/// A client for plain `http://`, which the HTTP library wants all the same: it trusts nobody and reads no file.
pub(crate) fn nothing() -> Result<ClientConfig, Error> {
    for_rustls(provider(), |config| config.with_root_certificates(RootCertStore::empty()))
}

/// The one provider of cryptography: AWS-LC.
fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceCell<Arc<CryptoProvider>> = OnceCell::new();
    PROVIDER.get_or_init(|| Arc::new(aws_lc_rs::default_provider())).clone()
}

fn server_name(setting: &Value) -> Result<ServerName<'static>, Error> {
    ServerName::try_from(setting.text.trim().to_owned()).map_err(|_| {
        setting.refuse(
            "it is neither a host name nor an IP address. What to do: write a name that Vault's certificate has, without port",
        )
    })
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

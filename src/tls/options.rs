//! What can be set about TLS.

use std::time::Duration;

use crate::error::Error;
use crate::settings::{
    CA_CERT, CA_CERT_BYTES, CA_PATH, CLIENT_CERT, CLIENT_CERT_PASSWORD, CLIENT_KEY, CLIENT_TIMEOUT, Origin, SKIP_VERIFY,
    SYSTEM_TRUST, Sources, TLS_SERVER_NAME, Value,
};
use crate::tls::key_store::jvm;

/// The JVM's client certificates.
pub(super) const KEY_STORE: &str = "javax.net.ssl.keyStore";
pub(super) const KEY_STORE_TYPE: &str = "javax.net.ssl.keyStoreType";

/// What the administrator set about TLS.
#[derive(Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// The JVM's own system properties that say which stores it uses, as far as they are no passwords: two configurations
    /// that differ in one are two.
    pub(super) jvm: [Option<String>; 4],
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
    /// The password of a PKCS12 file in `client_cert`, or of an encrypted PEM key.
    pub(crate) client_password: Option<Value>,
    /// The name that the server's certificate must have, instead of the host of the endpoint (`VAULT_TLS_SERVER_NAME`).
    /// What is sent in the handshake (SNI) is the endpoint's host all the same.
    pub(crate) server_name: Option<Value>,
    /// How long a file is waited for; zero is half a minute.
    pub(crate) read_limit: Duration,
    /// Set when the server is not to be checked at all: where that was asked for (`VAULT_SKIP_VERIFY`).
    pub(crate) skip_verify: Option<Origin>,
}

impl Options {
    /// What counts for other servers than Vault: whom to trust, and nothing that was set for Vault alone.
    pub(crate) fn without_vaults(sources: Sources<'_>) -> Result<Self, Error> {
        let vaults = Self::find(sources)?;
        let (client_cert, client_key, client_password) = (None, None, None);
        Ok(Self { client_cert, client_key, client_password, server_name: None, skip_verify: None, ..vaults })
    }

    /// Finds all of it.
    pub(crate) fn find(sources: Sources<'_>) -> Result<Self, Error> {
        let skip = SKIP_VERIFY.find(sources)?;
        let skip_verify = match &skip {
            Some(value) if value.flag()? => Some(value.origin),
            _ => None,
        };
        Ok(Self {
            jvm: [jvm::STORE, jvm::TYPE, KEY_STORE, KEY_STORE_TYPE]
                .map(|name| sources.host.environment().property(name).map(str::to_owned)),
            ca_file: CA_CERT.find(sources)?,
            ca_bytes: CA_CERT_BYTES.find(sources)?,
            ca_path: CA_PATH.find(sources)?,
            system_roots: SYSTEM_TRUST.find(sources)?.map(|value| value.flag()).transpose()?.unwrap_or(false),
            client_cert: CLIENT_CERT.find(sources)?,
            client_key: CLIENT_KEY.find(sources)?,
            client_password: CLIENT_CERT_PASSWORD.find(sources)?,
            server_name: TLS_SERVER_NAME.find(sources)?,
            read_limit: CLIENT_TIMEOUT
                .find(sources)?
                .map(|value| value.duration())
                .transpose()?
                .unwrap_or(Duration::from_secs(60)),
            skip_verify,
        })
    }
}

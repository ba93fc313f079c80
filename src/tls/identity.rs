//! Who this client is: the certificate and key that it shows to a server that asks for one (mutual TLS).

use std::sync::Arc;

use rustls::client::ResolvesClientCert;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error as TlsError, SignatureScheme};

use crate::error::Error;
use crate::host::Host;
use crate::secret::Secret;
use crate::settings::Value;
use crate::tls::files::{Files, is_content, shown};
use crate::tls::key_store::{self, Key, pkcs12};
use crate::tls::options::{KEY_STORE as STORE, KEY_STORE_TYPE as TYPE, Options};
use crate::tls::pem::Pem;
use crate::tls::{named, x509};

const PASSWORD: &str = "javax.net.ssl.keyStorePassword";

const CERTIFICATE: &str = "client certificate file";
const KEY: &str = "client key file";

/// The certificates to choose from when a server asks for one.
#[derive(Debug)]
pub(super) struct Identities(Vec<Arc<CertifiedKey>>);

impl ResolvesClientCert for Identities {
    /// The first certificate of a CA that the server names; otherwise the first with a fitting key, as the official client
    /// shows its one certificate to every server: the list of CAs that a server sends is often incomplete.
    fn resolve(&self, cas: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let fitting = || self.0.iter().filter(|identity| identity.key.choose_scheme(schemes).is_some());
        fitting().find(|identity| is_issued_by(identity, cas)).or_else(|| fitting().next()).cloned()
    }

    fn has_certs(&self) -> bool {
        !self.0.is_empty()
    }
}

fn is_issued_by(identity: &CertifiedKey, cas: &[&[u8]]) -> bool {
    let by = |ca: &[u8]| identity.cert.iter().any(|der| x509::is_issued_by(der, ca));
    cas.iter().any(|ca| by(ca))
}

/// What the settings name, otherwise the JVM's own key store, otherwise nobody.
pub(super) fn read(
    host: &dyn Host,
    options: &Options,
    provider: &CryptoProvider,
    files: &mut Files,
) -> Result<Option<Identities>, Error> {
    match (&options.client_cert, &options.client_key) {
        (Some(certificate), key) => named(certificate, key.as_ref(), options, provider, files).map(Some),
        (None, Some(key)) => Err(
            key.refuse(("it names a client key, but no client certificate is set", "set VAULT_CLIENT_CERT, too, or remove this"))
        ),
        (None, None) => Ok(of_jvm(host, provider, files)),
    }
}

fn named(
    certificate: &Value,
    key: Option<&Value>,
    options: &Options,
    provider: &CryptoProvider,
    files: &mut Files,
) -> Result<Identities, Error> {
    let content = named::content(certificate, CERTIFICATE, files)?;
    let password = options.client_password.as_ref().map(|password| password.text.as_str());
    if pkcs12::is(&content) {
        let refuse = |problem: crate::Problem| named::refuse(certificate, CERTIFICATE, problem);
        let keys = key_store::keys(&content, password).map_err(|problem| {
            let advice = "check file and password (try: keytool -list -keystore FILE)";
            refuse(crate::Problem::new(format!("is not usable: {problem}"), advice))
        })?;
        return identities(keys, provider).map_err(|error| refuse(mismatch(&error)));
    }
    let pem = Pem::parse(&content);
    let chain = named::certificates(&pem).map_err(|problem| named::refuse(certificate, CERTIFICATE, problem))?;
    // Certificate and key may stand in one file.
    let (holder, what, private_key) = match key {
        Some(key) => (key, KEY, named::key(&Pem::parse(&named::content(key, KEY, files)?), password)),
        None => (certificate, CERTIFICATE, named::key(&pem, password)),
    };
    let private_key = private_key.map_err(|problem| match (key, pem.holds_key()) {
        (None, false) => named::refuse(holder, what, ("holds no private key", "name the key's file in VAULT_CLIENT_KEY")),
        _ => named::refuse(holder, what, problem),
    })?;
    identities(vec![Key { chain, key: private_key }], provider).map_err(|error| named::refuse(holder, what, mismatch(&error)))
}

/// The JVM's key store serves other connections of the server, too, and Vault may not ask for a certificate at all: what
/// is wrong with it is a warning.
fn of_jvm(host: &dyn Host, provider: &CryptoProvider, files: &mut Files) -> Option<Identities> {
    let path = host.environment().property(STORE).filter(|path| !path.is_empty()).map(str::to_owned)?;
    let kind = host.environment().property(TYPE).map(str::to_owned).filter(|kind| !key_store::is_file_type(kind));
    let password = host
        .environment()
        .property(PASSWORD)
        .map(|password| Secret::new(password.to_owned()))
        .filter(|password| !password.expose().is_empty());
    let found = match kind {
        _ if path == "NONE" => Err("it is no file".to_owned()),
        Some(kind) => Err(format!("type {kind:?} (system property {TYPE}) is no JKS or PKCS12 file")),
        None => files
            .read(&path, key_store::MAX_BYTES)
            .map_err(|problem| format!("it {problem}"))
            .and_then(|content| {
                key_store::keys(&content, password.as_ref().map(Secret::expose)).map_err(|problem| problem.to_string())
            })
            .and_then(|keys| identities(keys, provider).map_err(|_| "its key cannot be used".to_owned())),
    };
    found
        .map_err(|problem| {
            host.warn(&format!(
                "The key store {} (from system property {STORE}) cannot be used for a client certificate: {problem}. It matters only \
                 if Vault asks for one. What to do: check system properties {STORE} and {PASSWORD}, or set VAULT_CLIENT_CERT and \
                 VAULT_CLIENT_KEY",
                if is_content(&path) { shown(&path) } else { path.clone() }
            ));
        })
        .ok()
}

fn identities(keys: Vec<Key>, provider: &CryptoProvider) -> Result<Identities, TlsError> {
    let one = |Key { chain, key }: Key| identity(chain, key, provider);
    keys.into_iter().map(one).collect::<Result<_, _>>().map(Identities)
}

fn identity(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    provider: &CryptoProvider,
) -> Result<Arc<CertifiedKey>, TlsError> {
    CertifiedKey::from_der(chain, key, provider).map(Arc::new)
}

fn mismatch(error: &TlsError) -> crate::Problem {
    match error {
        TlsError::InconsistentKeys(_) => crate::Problem::new(
            "does not belong to the client certificate: they have different keys",
            "name certificate and key of one pair",
        ),
        // The library's words may quote what it read.
        TlsError::InvalidCertificate(_) => {
            crate::Problem::new("is not usable: its certificate cannot be read", "check it with openssl x509 -text")
        }
        _ => crate::Problem::new(
            "is not usable: its private key cannot be read, or is of a kind that is not supported",
            "check it with openssl pkey (RSA of 2048 to 8192 bits, P-256, P-384, P-521 and Ed25519 are supported)",
        ),
    }
}

//! The engine of vault-cipher: a text goes in, the secret that it names comes out of HashiCorp Vault or OpenBao.
//!
//! `jni/` is the door to Java. The modules in the order of a secret's way: `reference` (the text), `settings` (environment and
//! system properties), `service` (one login and one read for all who need them), `auth` and `engine` (how), `value` (which
//! value), `client` and `tls` (the connection), `vault` (what an answer means). `error` holds every message, `diagnosis` asks
//! Vault what a message should add. Imports lead from top to bottom: `service`, `engine`, `reference`, `auth`, `diagnosis`,
//! `client`, `tls`, `settings` and `value`, `vault`, `error` and `host`, `secret`,
//! `text` and `time`. Nothing calls back up, except through [`Host`].

mod auth;
mod client;
mod diagnosis;
mod engine;
mod error;
mod host;
mod jwt;
mod reference;
mod secret;
mod service;
mod settings;
mod text;
mod time;
mod tls;
mod value;
mod vault;

pub use error::{Error, NotStored, RequestInfo, SecretLocation, Unreachable};
pub use host::Host;
pub use secret::Secret;
pub use settings::{is_property, properties as property_names};

/// Reads the secret that `text` names: the JSON object of the server's configuration, with or without `{ENC}`.
///
/// # Errors
///
/// Every failure is an [`Error`] whose words tell the administrator what to do. The value is never empty.
pub fn resolve(text: &str, host: &dyn Host) -> Result<Secret, Error> {
    service::read(text, host)
}

/// One turn of the keeper, the thread that [`Host::keep`] started: secrets whose time is over are wiped, leases renewed, and when
/// the start-up is over, tokens that were obtained are revoked and connections closed.
///
/// Returns how long to wait until the next turn; `None` when nothing is left and the thread must end. With `stopping` everything
/// is ended at once.
pub fn keep(host: &dyn Host, stopping: bool) -> Option<std::time::Duration> {
    service::turn(host, stopping)
}

/// Stores the secret that `text` holds, if it has `"store":true` and a `"value"`, and returns the text for the configuration;
/// any other text is returned as it is after its secret was read.
///
/// # Errors
///
/// Every failure is an [`Error`] that says whether anything was written.
pub fn store(text: &str, host: &dyn Host) -> Result<String, Error> {
    service::store(text, host)
}

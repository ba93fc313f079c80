//! The engine of vault-cipher: a text goes in, the secret that it names comes out of HashiCorp Vault or OpenBao.
//!
//! Java loads this crate as `libvault_cipher` and calls one function; see `java` for that boundary. The modules in the
//! order of a secret's way: `request` (the text), `settings` (environment and system properties), `session` (one login
//! and one read for all who need them), `auth` and `engine` (how), `pick` (which value), `http` and `tls` (the connection), `vault` (what an answer
//! means). `error` holds every message, `diagnosis` asks Vault what a message should add. Nothing calls back up, except
//! through [`Host`].

mod auth;
mod diagnosis;
mod engine;
mod error;
mod host;
mod http;
mod java;
mod jwt;
mod pick;
mod request;
mod secret;
mod session;
mod settings;
mod store;
mod text;
mod tls;
mod vault;

pub use error::{At, Error, NotStored, Place, Unreachable};
pub use host::Host;
pub use secret::Secret;

/// Reads the secret that `text` names: the JSON object of the server's configuration, with or without `{ENC}`.
///
/// # Errors
///
/// Every failure is an [`Error`] whose words tell the administrator what to do. The value is never empty.
pub fn resolve(text: &str, host: &dyn Host) -> Result<Secret, Error> {
    session::read(text, host)
}

/// One turn of the keeper, the thread that [`Host::keep`] started: secrets whose time is over are wiped, leases renewed, and when
/// the start-up is over, tokens that were obtained are revoked and connections closed.
///
/// Returns how long to wait until the next turn; `None` when nothing is left and the thread must end. With `stopping` everything
/// is ended at once.
pub fn keep(host: &dyn Host, stopping: bool) -> Option<std::time::Duration> {
    session::turn(host, stopping)
}

/// Stores the secret that `text` holds, if it has `"store":true` and a `"value"`, and returns the text for the configuration;
/// any other text is returned as it is after its secret was read.
///
/// # Errors
///
/// Every failure is an [`Error`] that says whether anything was written.
pub fn store(text: &str, host: &dyn Host) -> Result<String, Error> {
    store::store(text, host)
}

//! The engine of vault-cipher: a text goes in, the secret that it names comes out of HashiCorp Vault or OpenBao.
//!
//! Java loads this crate as `libvault_cipher` and calls one function; see `java` for that boundary. The modules in the
//! order of a secret's way: `request` (the text), `settings` (environment and system properties), `session` (one login,
//! one read), `auth` and `engine` (how), `http` and `tls` (the connection), `vault` (what an answer means). `error` holds
//! every message. Nothing calls back up, except through [`Host`].

mod error;
mod host;
mod secret;
mod text;

pub use error::{At, Error, Place, Unreachable};
pub use host::Host;
pub use secret::Secret;

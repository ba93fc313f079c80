//! The engine of vault-cipher: a text goes in, the secret that it names comes out of HashiCorp Vault or OpenBao.
//!
//! `jni/` is the door to Java. The modules in the order of a secret's way: `reference` (the text), `settings` (environment and
//! system properties), `service` (one login and one read for all who need them), `auth` and `engine` (how), `cloud` (who this
//! machine is), `value` (which value), `client` and `tls` (the connection), `vault` (what an answer means). `error` holds every
//! message, `diagnosis` asks Vault what a message should add. Imports lead from top to bottom: `service`, `engine`, `reference`,
//! `auth`, `cloud`, `diagnosis`, `client`, `tls`, `settings` and `value`, `single_flight`, `vault`, `error`, `host` and `event`, `secret`,
//! `file`, `resource`, `text`, `time` and `clock`. Nothing calls back up, except through [`Host`].

mod auth;
mod client;
mod clock;
mod cloud;
mod diagnosis;
mod engine;
mod error;
mod event;
mod file;
mod host;
mod jwt;
// Not part of what others may use: only tests and `fuzz/` (`cargo fuzz` sets `fuzzing`) see it.
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod parsers;
mod reference;
mod resource;
mod secret;
mod service;
mod settings;
mod single_flight;
mod text;
mod time;
mod tls;
mod value;
mod vault;

pub use error::{
    CODE_GROUPS, CODES, Code, CodeGroup, CodeInfo, Denied, DeniedHint, Error, ErrorKind, FoundEngine, NotFollowed, NotStored,
    OtherEndpoint, Problem, Provider, ReadBack, RequestInfo, SecretLocation, Tries, Unreachable, UnsealProgress,
};
pub use event::Event;
pub use host::{Environment, Host};
pub use resource::Resource;
pub use secret::Secret;
pub use service::Service;
pub use service::inspect::{Description, Outcome, Step};
pub use settings::properties as property_names;

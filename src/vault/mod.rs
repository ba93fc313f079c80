//! What Vault's API says: the meaning of an answer, paths, engines and leases. No I/O.

mod meaning;
mod path;
mod types;

pub(crate) use meaning::*;
pub(crate) use path::ApiPath;
pub(crate) use types::{Engine, Lease};

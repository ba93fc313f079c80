//! Login: one small file a method. A method is added by its file and a line in [`login`].

mod kubernetes;
mod token;

use crate::error::Error;
use crate::host::Host;
use crate::http::Client;
use crate::request::Method;
use crate::secret::Secret;

/// A token for Vault, and where it comes from, for messages.
pub(crate) struct Login {
    pub(crate) token: Secret,
    pub(crate) origin: String,
}

/// Gets a token by `method`.
pub(crate) fn login(method: Method, client: &Client, host: &dyn Host) -> Result<Login, Error> {
    match method {
        Method::Token => token::login(host),
        Method::Kubernetes => kubernetes::login(client, host),
    }
}

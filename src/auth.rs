//! Login: one small file a method. A method is added by its file and a line in [`login`].

mod kubernetes;
mod token;

use crate::error::Error;
use crate::http::Client;
use crate::request::Method;
use crate::secret::Secret;
use crate::settings::Sources;

/// A token for Vault, and where it comes from, for messages.
pub(crate) struct Login {
    /// `None`: an agent adds its own.
    pub(crate) token: Option<Secret>,
    pub(crate) origin: String,
}

impl Login {
    /// A peer's words without the token, should it echo it.
    pub(crate) fn hide_in(&self, text: &str) -> String {
        self.token.as_ref().map_or_else(|| text.to_owned(), |token| token.hide_in(text))
    }
}

/// Gets a token by `method`.
pub(crate) fn login(method: Method, client: &Client<'_>, sources: Sources<'_>) -> Result<Login, Error> {
    match method {
        Method::Token => token::login(sources),
        Method::Kubernetes => kubernetes::login(client, sources),
        Method::Agent => Ok(Login { token: None, origin: "the Vault Agent or Proxy at the endpoint".to_owned() }),
    }
}

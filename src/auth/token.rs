//! `TOKEN`: a token that the administrator provides.

use super::Login;
use crate::error::Error;
use crate::settings::{Sources, TOKEN};

pub(super) fn login(sources: Sources<'_>) -> Result<Login, Error> {
    let value = TOKEN.require(sources, "TOKEN", "a Vault token")?;
    let origin = value.origin.to_string();
    Ok(Login { token: Some(value.into_token()?), origin })
}

//! `TOKEN`: a token that the administrator provides.

use super::Login;
use crate::error::Error;
use crate::host::Host;
use crate::settings::TOKEN;

pub(super) fn login(host: &dyn Host) -> Result<Login, Error> {
    let value = TOKEN.require(host, "TOKEN", "a Vault token")?;
    let origin = value.origin.to_string();
    Ok(Login { token: value.into_token()?, origin })
}

//! The other use case: a secret is stored, and read back as the server will read it.

use crate::auth::Login;
use crate::engine::{self, Outcome};
use crate::error::{Error, NotStored};
use crate::host::Host;
use crate::reference::SecretReference;
use crate::service;
use crate::settings::OFFICIAL_TOKEN;

/// Does what `text` orders, and returns the text for the configuration. One without an order is only checked.
pub(crate) fn store(text: &str, host: &dyn Host) -> Result<String, Error> {
    let (reference, command) = SecretReference::parse_store_command(text, host)?;
    let Some(command) = command else { return service::read(text, host).map(|_| text.to_owned()) };
    service::write_session::write_session(reference, host, |reference, session| {
        let write = |login: &Login| engine::write(reference, &command, login, session.client(), host);
        let Outcome { location, written } = match administrator(reference, host)? {
            Some(login) => write(&login)?,
            None => session.with_login(write)?,
        };
        let why = match session.read() {
            Ok(value) if value.expose() == command.value.expose() => return Ok(command.text),
            Ok(_) => "another value came back. What to do: see who else writes there, then store it again".to_owned(),
            Err(error) => error.to_string(),
        };
        let done = if written { "WAS WRITTEN" } else { "was there already" };
        Err(NotStored::NotReadBack { location, done, why, text: command.text }.into())
    })
}

/// The administrator's own token, where it is set as for the official client. Else the server's login has to do.
fn administrator(reference: &SecretReference, host: &dyn Host) -> Result<Option<Login>, Error> {
    let Some(token) = OFFICIAL_TOKEN.find(reference.sources(host))? else { return Ok(None) };
    let origin = token.origin.to_string();
    Ok(Some(Login { token: Some(token.into_token()?), origin, info: None }))
}

//! The other use case: a secret is stored, and read back as the server will read it.

use crate::auth::Login;
use crate::engine::{self, Outcome};
use crate::error::{Error, NotStored};
use crate::host::Host;
use crate::request::Request;
use crate::session;
use crate::settings::OFFICIAL_TOKEN;

/// Does what `text` orders, and returns the text for the configuration. One without an order is only checked.
pub(crate) fn store(text: &str, host: &dyn Host) -> Result<String, Error> {
    let (request, order) = Request::parse_order(text, host)?;
    let Some(order) = order else { return session::read(text, host).map(|_| text.to_owned()) };
    session::anew(request, host, |request, session| {
        let write = |login: &Login| engine::write(request, &order, login, session.client(), host);
        let Outcome { place, written } = match administrator(request, host)? {
            Some(login) => write(&login)?,
            None => session.with_login(write)?,
        };
        let why = match session.read() {
            Ok(value) if value.expose() == order.value.expose() => return Ok(order.text),
            Ok(_) => "another value came back. What to do: see who else writes there, then store it again".to_owned(),
            Err(error) => error.to_string(),
        };
        let done = if written { "WAS WRITTEN" } else { "was there already" };
        Err(NotStored::NotReadBack { place, done, why, text: order.text }.into())
    })
}

/// The administrator's own token, where it is set as for the official client. Else the server's login has to do.
fn administrator(request: &Request, host: &dyn Host) -> Result<Option<Login>, Error> {
    let Some(token) = OFFICIAL_TOKEN.find(request.sources(host))? else { return Ok(None) };
    let origin = token.origin.to_string();
    Ok(Some(Login { token: Some(token.into_token()?), origin, terms: None }))
}

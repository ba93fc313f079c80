//! `TOKEN`: a token that the administrator provides, in the environment, a property or a file.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Context, Login, credential, wrapping};
use crate::error::{Error, ErrorKind};
use crate::settings::{OFFICIAL_TOKEN, TOKEN, TOKEN_FILE, Value};
use crate::vault;

pub(super) fn login(context: &Context<'_>) -> Result<Login, Error> {
    let sources = context.sources;
    // A file that the text names is meant before what happens to stand in the environment.
    let file = TOKEN_FILE.find(sources)?;
    if let Some(file) = file.as_ref().filter(|file| matches!(file.origin, crate::settings::Origin::Field(_))) {
        return from_file(file, context);
    }
    let value = match TOKEN.find(sources)? {
        Some(value) => Some(value),
        None => OFFICIAL_TOKEN.find(sources)?,
    };
    match (value, file) {
        (Some(value), _) => {
            let origin = value.origin.to_string();
            Ok(Login::given(value.into_token()?, origin))
        }
        (None, Some(file)) => from_file(&file, context),
        (None, None) => Err(ErrorKind::NotConfigured {
            method: "TOKEN",
            what: "a Vault token",
            places: format!("{}, or a file with it: {}", TOKEN.places(), TOKEN_FILE.places()),
        }
        .into()),
    }
}

/// What an agent's sink writes when it is told to write JSON. With a wrapping TTL it is about the wrapping token.
/// Source: <https://developer.hashicorp.com/vault/docs/agent-and-proxy/autoauth/sinks/file>.
#[derive(Deserialize)]
struct Sink<'a> {
    #[serde(borrow)]
    token: &'a RawValue,
    #[serde(borrow)]
    creation_path: Option<&'a RawValue>,
}

fn from_file(file: &Value, context: &Context<'_>) -> Result<Login, Error> {
    const WHAT: &str = "Vault token file";
    let content = credential::read(file, WHAT)?;
    credential::warn_if_others_may_read(file, WHAT, context.sources.host);
    let origin = format!("the file {:?} ({})", file.trimmed(), file.origin);
    if !content.expose().starts_with('{') {
        return Ok(Login::given(credential::token(content, file, WHAT)?, origin));
    }
    let no_token = || file.refuse(("the file holds JSON without a \"token\"", "name the file that the agent's sink writes"));
    let Sink { token, creation_path } = serde_json::from_str(content.expose()).map_err(|_| no_token())?;
    let token = credential::token(vault::secret_string(token.get()).ok_or_else(no_token)?, file, WHAT)?;
    if creation_path.is_none() {
        return Ok(Login::given(token, origin));
    }
    // A sink's wrap_ttl wraps the token, the method's wrap_ttl the whole login.
    let token = wrapping::unwrap(&token, file, context, "login", |content| match &content.auth {
        Some(auth) => vault::secret_string(auth.client_token.get()),
        None => wrapping::text(content, "token"),
    })?;
    Ok(Login::given(token, origin))
}

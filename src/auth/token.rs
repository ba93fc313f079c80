//! `TOKEN`: a token that the administrator provides, in the environment, a property or a file.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::auth::{Context, Login, credential, wrapping};
use crate::error::{Error, ErrorKind, Provider};
use crate::settings::{OFFICIAL_TOKEN, Origin, TOKEN, TOKEN_FILE, Value};
use crate::text::shown_path;
use crate::vault;

pub(super) fn login(context: &Context<'_>) -> Result<Login, Error> {
    let sources = context.sources;
    // What the text names is meant before what stands in the environment, and what is meant for us before what is there for
    // other programs, such as the variable of an administrator's shell.
    let file = TOKEN_FILE.find(sources)?;
    if let Some(file) = file.as_ref().filter(|file| matches!(file.origin, Origin::Field(_))) {
        return from_file(file, context);
    }
    match (TOKEN.find(sources)?, file) {
        (Some(value), None) => given(value, String::new()),
        (Some(value), Some(file)) => given(value, format!(", which comes before {}", file.origin)),
        (None, Some(file)) => from_file(&file, context),
        (None, None) => match OFFICIAL_TOKEN.find(sources)? {
            Some(value) => given(value, String::new()),
            None => Err(ErrorKind::NotConfigured {
                method: "TOKEN",
                what: "a Vault token",
                places: format!("{}, or a file with it: {}", TOKEN.places(), TOKEN_FILE.places()),
            }
            .into()),
        },
    }
}

/// A token that stands in a setting itself.
fn given(value: Value, note: String) -> Result<Login, Error> {
    let origin = format!("{}{note}", value.origin);
    Ok(Login::given(value.into_token()?, origin, Provider::Fixed))
}

/// What an agent's sink writes when it is told to write JSON. With a wrapping TTL it is about the wrapping token.
/// Source: <https://developer.hashicorp.com/vault/docs/agent-and-proxy/autoauth/sinks/file>.
#[derive(Deserialize)]
struct Sink<'a> {
    #[serde(borrow)]
    token: Option<&'a RawValue>,
    #[serde(borrow)]
    creation_path: Option<&'a RawValue>,
    /// The sink is encrypted (`dh_type`): there is no `token`.
    #[serde(borrow)]
    encrypted_payload: Option<&'a RawValue>,
}

fn from_file(file: &Value, context: &Context<'_>) -> Result<Login, Error> {
    const WHAT: &str = "Vault token file";
    let content = credential::read(file, WHAT, context)?;
    credential::warn_if_others_may_read(file, WHAT, context);
    let origin = format!("the file {} ({})", shown_path(file.trimmed()), file.origin);
    if !content.expose().starts_with('{') {
        return Ok(Login::given(credential::token(content, file, WHAT)?, origin, Provider::File));
    }
    let no_token = || file.refuse(("the file holds JSON without a \"token\"", "name the file that the agent's sink writes"));
    let Sink { token, creation_path, encrypted_payload } = serde_json::from_str(content.expose()).map_err(|_| no_token())?;
    if encrypted_payload.is_some() {
        return Err(file.refuse(
(            "the file holds a token that the agent has encrypted for another program",
            "remove dh_type and dh_path from the agent's sink, and protect the file by its mode; or give it a second sink without them")
        ));
    }
    let token = token.and_then(|token| vault::secret_string(token.get())).ok_or_else(no_token)?;
    let token = credential::token(token, file, WHAT)?;
    if creation_path.is_none() {
        return Ok(Login::given(token, origin, Provider::File));
    }
    // A sink's wrap_ttl wraps the token, the method's wrap_ttl the whole login.
    let token = wrapping::unwrap(&token, file, context, "login", |content| match &content.auth {
        Some(auth) => vault::secret_string(auth.client_token.get()),
        None => wrapping::text(content, "token"),
    })?;
    Ok(Login::given(token, origin, Provider::File))
}

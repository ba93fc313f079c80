//! `APPROLE`: a role-id and a secret-id, which may be response-wrapped.
//! Source: <https://developer.hashicorp.com/vault/api-docs/auth/approle#login-with-approle>.

use std::sync::{Mutex, PoisonError};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Login, Plain, body, credential, mount};
use crate::error::Error;
use crate::http::{Call, Client};
use crate::secret::Secret;
use crate::settings::{ROLE_ID, ROLE_ID_FILE, SECRET_ID, SECRET_ID_FILE, SECRET_ID_WRAPPED, Sources, Value};
use crate::vault::{self, Meaning};

pub(super) const NAME: &str = "APPROLE";

pub(super) fn login(client: &Client<'_>, sources: Sources<'_>) -> Result<Login, Error> {
    let mount = mount(sources, "approle")?;
    let (role_id, _) = credential::find(&ROLE_ID, &ROLE_ID_FILE, "role-id", NAME, sources)?;
    let (given, origin) = credential::find(&SECRET_ID, &SECRET_ID_FILE, "secret-id", NAME, sources)?;
    let wrapped = SECRET_ID_WRAPPED.find(sources)?.map(|value| value.flag()).transpose()?.unwrap_or(false);
    let plain = Plain {
        method: NAME,
        mount: &mount.plain,
        who: "its role-id and secret-id".to_owned(),
        cause: "the role-id or the secret-id is wrong, has expired, was used up or is bound to other addresses: give a new one \
                (vault write -f auth/approle/role/NAME/secret-id)",
    };
    let log_in = |secret_id: &Secret| {
        let body = body(&serde_json::json!({ "role_id": role_id.expose(), "secret_id": secret_id.expose() }));
        plain.login(client, &format!("auth/{}/login", mount.encoded), &body, Some(secret_id))
    };
    if wrapped { with_unwrapped(&given, &origin, client, log_in) } else { log_in(&given) }
}

/// The secret-ids that this process has unwrapped, each with its wrapping token: a wrapping token works once, and further
/// properties and later logins need the secret-id again.
static UNWRAPPED: Mutex<Vec<(Secret, Secret)>> = Mutex::new(Vec::new());

/// Runs `log_in` with the secret-id that `wrapping` wraps. One thread unwraps, the others wait for it.
fn with_unwrapped(
    wrapping: &Secret,
    origin: &Value,
    client: &Client<'_>,
    log_in: impl FnOnce(&Secret) -> Result<Login, Error>,
) -> Result<Login, Error> {
    let mut unwrapped = UNWRAPPED.lock().unwrap_or_else(PoisonError::into_inner);
    if !unwrapped.iter().any(|(token, _)| token.expose() == wrapping.expose()) {
        let secret_id = unwrap(wrapping, origin, client)?;
        // Another wrapping token stands there now: the secret-id of the former is not needed any more.
        unwrapped.clear();
        unwrapped.push((Secret::new(wrapping.expose().to_owned()), secret_id));
    }
    let secret_id = unwrapped.first().map(|(_, secret_id)| Secret::new(secret_id.expose().to_owned()));
    drop(unwrapped);
    log_in(&secret_id.ok_or_else(|| Error::Internal("the secret-id is gone".to_owned()))?)
}

fn unwrap(wrapping: &Secret, origin: &Value, client: &Client<'_>) -> Result<Secret, Error> {
    #[derive(Deserialize)]
    struct Data<'a> {
        #[serde(borrow)]
        secret_id: &'a RawValue,
    }
    if !wrapping.expose().bytes().all(|b| b.is_ascii_graphic()) {
        return Err(origin.refuse("it is no wrapping token: it holds other than visible ASCII characters"));
    }
    let nothing = body(&serde_json::json!({}));
    let reply = client.send(&Call::unwrap(wrapping, &nothing))?;
    match reply.meaning() {
        Meaning::Success(envelope) => {
            let no_secret_id = || reply.lacks("what was unwrapped is no secret-id");
            let data = envelope.data.ok_or_else(no_secret_id)?;
            let Data { secret_id } = serde_json::from_str(data.get()).map_err(|_| no_secret_id())?;
            vault::secret_string(secret_id).ok_or_else(no_secret_id)
        }
        Meaning::Refused(_) | Meaning::NotAccepted | Meaning::Denied => Err(origin.refuse(credential::ALREADY_UNWRAPPED)),
        other => Err(reply.failed(other, client)),
    }
}

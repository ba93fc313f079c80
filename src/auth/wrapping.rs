//! Credentials that come response-wrapped: what is given is a token that works once, and unwraps the credential.
//! Source: <https://developer.hashicorp.com/vault/docs/concepts/response-wrapping>.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use serde_json::value::RawValue;

use super::body;
use crate::client::{ApiRequest, Client};
use crate::diagnosis;
use crate::error::Error;
use crate::secret::Secret;
use crate::settings::Value;
use crate::vault::{self, Envelope, Meaning};

/// The wrapping tokens that this process has used, each with what it wrapped: further properties and later logins need
/// that again. The latest is the last.
static UNWRAPPED: Mutex<Vec<(Secret, Secret)>> = Mutex::new(Vec::new());

/// Several roles may be in use at once; wrapping tokens that were replaced are forgotten in time.
const MOST_UNWRAPPED: usize = 16;

/// A wrapping token works once; a second time means that somebody else was first.
const USED_BEFORE: &str = "the wrapping token is not valid: it has expired, or IT WAS USED BEFORE, and then \
    somebody else may have what it wrapped (or this server did at its last start: a wrapping token serves one start). What to do: \
    find out who unwrapped it (Vault's audit log, sys/wrapping/unwrap), revoke what it wrapped, and issue a new one";

/// What `wrapping`, which stands at `origin`, wraps: `pick` finds the credential in it, `what` names that. One thread
/// unwraps, the others wait for it.
pub(super) fn unwrap(
    wrapping: &Secret,
    origin: &Value,
    client: &Client<'_>,
    what: &str,
    pick: impl FnOnce(&Envelope<'_>) -> Option<Secret>,
) -> Result<Secret, Error> {
    let mut unwrapped = UNWRAPPED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, content)) = unwrapped.iter().find(|(token, _)| token.expose() == wrapping.expose()) {
        return Ok(copy(content));
    }
    let nothing = body(&[])?;
    let response = client.send(&ApiRequest::unwrap(wrapping, &nothing))?;
    let content = match response.meaning() {
        Meaning::Success(envelope) => {
            let content = pick(&envelope).filter(|content| !content.expose().is_empty());
            content.ok_or_else(|| response.lacks(&format!("what was unwrapped is no {what}")))?
        }
        Meaning::Refused(_) | Meaning::NotAccepted | Meaning::Denied if matches!(response.status, 400 | 403) => {
            return Err(origin.refuse(USED_BEFORE));
        }
        other => return Err(diagnosis::failed(&response, other, client)),
    };
    if unwrapped.len() == MOST_UNWRAPPED {
        unwrapped.remove(0);
    }
    unwrapped.push((copy(wrapping), copy(&content)));
    Ok(content)
}

/// A text among what was unwrapped.
pub(super) fn text(envelope: &Envelope<'_>, name: &str) -> Option<Secret> {
    let data: HashMap<String, &RawValue> = serde_json::from_str(envelope.data?.get()).ok()?;
    vault::secret_string(data.get(name)?.get())
}

fn copy(secret: &Secret) -> Secret {
    Secret::new(secret.expose().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_among_what_was_unwrapped_is_found_and_nothing_else_taken_for_it() {
        let found = |answer: &str, name: &str| {
            let envelope: Envelope<'_> = serde_json::from_str(answer).unwrap();
            text(&envelope, name).map(|secret| secret.expose().to_owned())
        };
        let secret_id = r#"{"data":{"secret_id":"a\"b","secret_id_num_uses":0},"auth":null}"#;
        assert_eq!(found(secret_id, "secret_id").as_deref(), Some("a\"b"));
        assert_eq!(found(secret_id, "secret_id_num_uses"), None);
        assert_eq!(found(secret_id, "token"), None);
        assert_eq!(found(r#"{"data":null}"#, "token"), None);
        assert_eq!(found(r#"{"data":["token"]}"#, "token"), None);
    }
}

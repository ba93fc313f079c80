//! Credentials that come response-wrapped: what is given is a token that works once, and unwraps the credential.
//! Source: <https://developer.hashicorp.com/vault/docs/concepts/response-wrapping>.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;

use crate::auth::{Context, body};
use crate::client::ApiRequest;
use crate::diagnosis;
use crate::error::Error;
use crate::secret::{Key, Secret};
use crate::settings::Value;
use crate::single_flight::Waiter;
use crate::vault::{self, Envelope, Meaning};

/// What was unwrapped serves as long as the process lives: it cannot be unwrapped again.
const SERVES_FOR: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// A wrapping token works once; a second time means that somebody else was first.
const USED_BEFORE: (&str, &str) = (
    "the wrapping token is not valid: it has expired, or IT WAS USED BEFORE, and then \
    somebody else may have what it wrapped (or this server did at its last start: a wrapping token serves one start)",
    "find out who unwrapped it (Vault's audit log, sys/wrapping/unwrap), revoke what it wrapped, and issue a new one",
);

/// The same after a try whose answer did not come.
const LOST: (&str, &str) = (
    "the wrapping token is not valid any more: the answer to an earlier try was lost, and this server may have used it itself with \
    that try; or it had expired, or IT WAS USED BEFORE, and then somebody else may have what it wrapped",
    "compare with Vault's audit log (sys/wrapping/unwrap), revoke what it wrapped, and issue a new one",
);

/// What `wrapping`, which is set at `origin`, wraps: `pick` finds the credential in it, `what` names that. One thread
/// unwraps, the others wait for it.
pub(super) fn unwrap(
    wrapping: &Secret,
    origin: &Value,
    context: &Context<'_>,
    what: &str,
    pick: impl FnOnce(&Envelope<'_>) -> Option<Secret>,
) -> Result<Secret, Error> {
    let client = context.client;
    let given_up = |why| client.given_up(why);
    let waiter = Waiter { host: context.sources.host, now: context.now, deadline: client.deadline(), given_up: &given_up };
    let content = context.unwrapped.0.get(&Arc::new(Key::new([wrapping.expose()])), &waiter, |_| {
        let nothing = body(&[])?;
        let response = client.send(&ApiRequest::unwrap(wrapping, &nothing))?;
        match response.meaning() {
            Meaning::Success(envelope) => {
                let content = pick(&envelope).filter(|content| !content.expose().is_empty());
                let content = content.ok_or_else(|| response.lacks(&format!("what was unwrapped is no {what}")))?;
                Ok((Arc::new(content), context.now + SERVES_FOR))
            }
            Meaning::Refused(_) | Meaning::NotAccepted | Meaning::Denied if matches!(response.status, 400 | 403) => {
                Err(origin.refuse(if response.at.was_repeated() { LOST } else { USED_BEFORE }))
            }
            other => Err(diagnosis::failed(&response, other, client)),
        }
    })?;
    Ok(Secret::new(content.value.expose().to_owned()))
}

/// A text among what was unwrapped.
pub(super) fn text(envelope: &Envelope<'_>, name: &str) -> Option<Secret> {
    let data: HashMap<String, &RawValue> = serde_json::from_str(envelope.data?.get()).ok()?;
    vault::secret_string(data.get(name)?.get())
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

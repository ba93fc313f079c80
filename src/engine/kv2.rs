//! KV version 2: reads the newest version of a secret.
//! Source: <https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2#read-secret-version>.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::auth::Login;
use crate::diagnosis;
use crate::error::{Error, Place};
use crate::host::Host;
use crate::http::{Call, Client, Method, Reply};
use crate::request::Request;
use crate::secret::Secret;
use crate::text::{nearest, one_line};
use crate::vault::{self, Meaning};

#[derive(Deserialize)]
struct Version<'a> {
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

/// Reads the value that `request` names.
pub(crate) fn read(request: &Request, login: &Login, client: &Client<'_>, host: &dyn Host) -> Result<Secret, Error> {
    let api_path = format!("{}/data/{}", request.mount.encoded, request.path.encoded);
    let reply = client.send(&Call { method: Method::Get, api_path: &api_path, token: login.token.as_ref() })?;
    let place = Place { at: reply.at.clone(), mount: request.mount.plain.clone(), path: request.path.plain.clone() };
    match vault::meaning(reply.status, reply.content_type.as_deref(), &reply.body) {
        Meaning::Success(envelope) => {
            for warning in envelope.warnings.iter().flatten() {
                host.warn(&format!("Vault warns at {place}: {}", login.hide_in(&one_line(warning, 300))));
            }
            if envelope.wrap_info.is_some() {
                return Err(reply.lacks("it is wrapped, though no wrapping was asked for (min_wrapping_ttl in a policy?)"));
            }
            let data = envelope.data.ok_or_else(|| reply.lacks("it holds no \"data\""))?;
            let value = pick(&request.key, data, &place, &reply)?;
            if value.expose().ends_with('\n') {
                host.warn(&format!(
                    "The value of key {:?} at {place} ends with a line break, and is used with it; if the login fails, store it again \
                     without one (printf instead of echo)",
                    request.key
                ));
            }
            Ok(value)
        }
        Meaning::Denied => {
            let policies = diagnosis::policies(login.token.as_ref(), client);
            let policy_path = format!("{}/data/{}", request.mount.plain, request.path.plain);
            Err(Error::Denied { place, origin: login.origin.clone(), policy_path, policies })
        }
        Meaning::NotAccepted => Err(Error::TokenRefused { at: reply.at, origin: login.origin.clone() }),
        Meaning::NoRoute => Err(Error::MountUnknown { place }),
        Meaning::Missing => Err(match diagnosis::other_engine(&request.mount.encoded, login.token.as_ref(), client) {
            Some(answer) => Error::NotKv2 { place, answer },
            None => Error::SecretMissing { place },
        }),
        Meaning::NotThisEngine(answer) => Err(Error::NotKv2 { place, answer }),
        Meaning::Gone(version) if version.destroyed => Err(Error::SecretDestroyed { place, version: version.version }),
        Meaning::Gone(version) => {
            Err(Error::SecretDeleted { place, version: version.version, when: time(&version.deletion_time) })
        }
        other => Err(reply.failed(other, client)),
    }
}

/// A time as Vault writes it (RFC 3339), or words that say that it is none.
fn time(text: &str) -> String {
    let fits = text.len() <= 40
        && text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| "0123456789-+:.TZ".contains(c));
    if fits { text.to_owned() } else { "a day that Vault does not name".to_owned() }
}

fn pick(key: &str, data: &RawValue, place: &Place, reply: &Reply) -> Result<Secret, Error> {
    let not_kv2 = || reply.lacks("its \"data\" holds no \"data\": the mount is no KV version 2 engine");
    let Version { data } = serde_json::from_str(data.get()).map_err(|_| not_kv2())?;
    let data = data.ok_or_else(not_kv2)?;
    let values: BTreeMap<String, &RawValue> =
        serde_json::from_str(data.get()).map_err(|_| reply.lacks("the secret is not a JSON object"))?;
    let Some(value) = values.get(key) else {
        let names: Vec<String> = values.into_keys().collect();
        let nearest = nearest(key, names.iter().map(String::as_str)).map(str::to_owned);
        return Err(Error::KeyMissing { place: place.clone(), key: key.to_owned(), names, nearest });
    };
    let unusable = |problem| Error::ValueUnusable { place: place.clone(), key: key.to_owned(), problem };
    match value.get().as_bytes().first() {
        Some(b'"') => match vault::secret_string(value) {
            Some(text) if text.expose().is_empty() => {
                Err(unusable("is an empty text. What to do: write the password there (vault kv patch …)"))
            }
            Some(text) => Ok(text),
            None => Err(reply.lacks("the value is not a valid JSON string")),
        },
        // Numbers and booleans as they are written: "007" and 1e3 are passwords too.
        Some(b'0'..=b'9' | b'-' | b't' | b'f') => Ok(Secret::new(value.get().to_owned())),
        Some(b'n') => Err(unusable("is null. What to do: write the password there (vault kv patch …)")),
        Some(b'[') => {
            Err(unusable("is a JSON array, and one text is wanted. What to do: store the password under a key of its own"))
        }
        _ => Err(unusable("is a JSON object, and one text is wanted. What to do: store the password under a key of its own")),
    }
}

//! Writing one key of a KV secret: the other keys stay as they are, and where the engine has check-and-set nobody else's
//! write is lost. Source: <https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2#create-update-secret>,
//! <https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v1#create-update-secret>.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::auth::Login;
use crate::client::{ApiRequest, ApiResponse, Client};
use crate::diagnosis::{self, MountAnswer};
use crate::engine::{Engine, KV1, KV2, Reading, SecretData, kv2, plain};
use crate::error::{Denied, Error, ErrorKind, FoundEngine, NotStored, RequestInfo};
use crate::host::Host;
use crate::reference::{SecretReference, StoreCommand};
use crate::secret::Secret;
use crate::text::shown_path;
use crate::value::children;
use crate::vault::{Meaning, Metadata};

/// What became of a command to store.
pub(crate) struct Outcome {
    pub(crate) location: RequestInfo,
    /// Whether anything was written: the value may have been there.
    pub(crate) written: bool,
    /// The version that was written, or was there; of KV version 2, if Vault says it.
    pub(crate) version: Option<u64>,
}

/// Writes what `command` says where `reference` says, with `login`.
pub(crate) fn write(
    reference: &SecretReference,
    command: &StoreCommand,
    login: &Login,
    client: &Client<'_>,
    host: &dyn Host,
) -> Result<Outcome, Error> {
    let writing = Writing { reading: Reading { reference, login, client, host }, command };
    let (engine, current) = writing.look()?;
    writing.write(engine, current)
}

/// What is there before.
enum Current {
    Secret(Box<SecretData>),
    /// There is no secret.
    Nothing(RequestInfo),
    /// KV version 2: the newest version was deleted or destroyed.
    Gone {
        location: RequestInfo,
        version: u64,
    },
}

struct Writing<'a> {
    reading: Reading<'a>,
    command: &'a StoreCommand,
}

impl Writing<'_> {
    /// The mount's engine, and what is there. The engine is asked for even where it is pinned or seems clear: KV version 1
    /// would take a write in the manner of version 2 for a secret below `data/`.
    fn look(&self) -> Result<(Engine, Current), Error> {
        let pinned = self.reading.reference.engine;
        let assumed = pinned.unwrap_or(Engine::Kv2);
        let current = match self.current(assumed) {
            // Nothing can be written now, whichever engine the mount has.
            Err(error) if !about_the_mount(&error) => return Err(error),
            current => current,
        };
        let MountAnswer::Known(there) = self.reading.mount() else {
            return match current? {
                Current::Nothing(location) if pinned.is_none() => Err(NotStored::EngineUnknown.at(location)),
                current => Ok((assumed, current)),
            };
        };
        let location = || match &current {
            Ok(Current::Secret(found)) => Some(found.location.clone()),
            Ok(Current::Nothing(location) | Current::Gone { location, .. }) => Some(location.clone()),
            Err(error) if about_the_mount(error) => error.at().cloned(),
            Err(_) => None,
        };
        if let Some(location) = location() {
            if there.engine() == Engine::Generic {
                let found = FoundEngine::NotStorable(there.kind.clone());
                return Err(ErrorKind::OtherEngine { wanted: "KV", found }.at(location));
            }
            if let Some(mistake) = self.reading.mistake(&there, location) {
                return Err(mistake);
            }
        }
        let engine = there.engine();
        let current = if engine == assumed { current? } else { self.current(engine)? };
        match (engine, &current, self.reading.reference.path.without_data()) {
            (Engine::Kv2, Current::Nothing(location), Some(shorter)) => {
                Err(NotStored::DataPath { path: shorter.plain }.at(location))
            }
            _ => Ok((engine, current)),
        }
    }

    fn current(&self, engine: Engine) -> Result<Current, Error> {
        let found = match engine {
            Engine::Kv2 => kv2::read(&self.reading, &self.reading.reference.path),
            Engine::Kv1 | Engine::Generic => plain::read(&self.reading),
        };
        let error = match found {
            Ok(found) => return Ok(Current::Secret(Box::new(found))),
            Err(error) => error,
        };
        match (error.kind(), error.at().cloned()) {
            (ErrorKind::SecretMissing, Some(location)) => Ok(Current::Nothing(location)),
            (ErrorKind::SecretDeleted { version, .. } | ErrorKind::SecretDestroyed { version, .. }, Some(location)) => {
                Ok(Current::Gone { location, version: *version })
            }
            (ErrorKind::Denied(denied), Some(location)) => {
                Err(NotStored::Denied { denied: self.reading.explain_denial(denied.clone()), write: false }.at(location))
            }
            _ => Err(self.reading.explain(error)),
        }
    }

    /// Writes, unless the value is there or another one is in its place.
    fn write(&self, engine: Engine, current: Current) -> Result<Outcome, Error> {
        let key = &self.command.key;
        let (location, others, version) = match &current {
            Current::Nothing(location) => (location, Vec::new(), 0),
            Current::Gone { location, version } => {
                self.reading.host.warn(&format!(
                    "Version {version} of the secret at {location} was deleted; the new version has the key {} only, and none of \
                     the deleted ones",
                    shown_path(key)
                ));
                (location, Vec::new(), *version)
            }
            Current::Secret(found) => {
                let version = if engine == Engine::Kv2 { found.version()? } else { 0 };
                let keys = children(found.data()).unwrap_or_default();
                match keys.iter().find(|(name, _)| name == key) {
                    Some((_, there)) if self.is_value(there) => {
                        let version = Some(version).filter(|version| *version > 0);
                        return Ok(Outcome { location: found.location.clone(), written: false, version });
                    }
                    Some(_) if !self.command.overwrite => {
                        let version = (engine == Engine::Kv2).then_some(version);
                        return Err(NotStored::OtherValue { key: key.clone(), version }.at(&found.location));
                    }
                    _ => (&found.location, keys, version),
                }
            }
        };
        let others = others.into_iter().filter(|(name, _)| name != key).collect();
        let body = body(others, key, &self.command.stored, (engine == Engine::Kv2).then_some(version))?;
        self.send(engine, &body, location)
    }

    /// A second try of the connection is safe: with check-and-set it is refused, without it writes the same again.
    fn send(&self, engine: Engine, body: &Secret, before: &RequestInfo) -> Result<Outcome, Error> {
        let Reading { reference, login, client, .. } = self.reading;
        let infix = if engine == Engine::Kv2 { "/data/" } else { "/" };
        let api_path = format!("{}{infix}{}", reference.mount.encoded, reference.path.encoded);
        let call = ApiRequest::write(&api_path, login.token.as_ref(), body, &self.command.stored);
        let response = client.send(&call).map_err(unsure)?;
        let location = self.reading.location(&response, &reference.path);
        let failure = match response.meaning() {
            Meaning::NoData => return Ok(Outcome { location, written: true, version: None }),
            Meaning::Success(envelope) => {
                self.reading.pass_on(&envelope, &location);
                if envelope.wrap_info.is_none() {
                    let data = envelope.data.filter(|_| engine == Engine::Kv2);
                    let version = data.and_then(|data| serde_json::from_str::<Metadata>(data.get()).ok());
                    return Ok(Outcome { location, written: true, version: version.map(|metadata| metadata.version) });
                }
                response.lacks(
                    "it is response-wrapped or waits for a control group's approval (min_wrapping_ttl or control_group in a policy), and \
                     the secret is not there",
                )
            }
            Meaning::Refused(said) if response.status == 400 && said.contains("check-and-set") => {
                NotStored::WrittenMeanwhile.at(&location)
            }
            _ => return Err(self.refused(response, engine, before)),
        };
        // The answer to an earlier try may have been lost, or somebody else had the same to write.
        match self.current(engine) {
            Ok(Current::Secret(found)) if self.is_there(&found) => {
                Ok(Outcome { location, written: true, version: found.version().ok() })
            }
            _ => Err(failure),
        }
    }

    fn refused(&self, response: ApiResponse, engine: Engine, before: &RequestInfo) -> Error {
        let Reading { reference, login, client, .. } = self.reading;
        let (infix, wanted) = if engine == Engine::Kv2 { ("/data/", KV2) } else { ("/", KV1) };
        let policy_path = format!("{}{infix}{}", reference.mount.plain, reference.path.plain);
        if let Meaning::Denied = response.meaning() {
            let location = RequestInfo { secret: before.secret.clone(), ..response.at };
            let policies = diagnosis::token_facts(login.token.as_ref(), client).map(|facts| facts.policies());
            let denied = Denied { origin: login.origin.clone(), policy_path, policies, hint: None };
            return NotStored::Denied { denied, write: true }.at(location);
        }
        let status = response.status;
        let error = self.reading.explain(self.reading.refused(response, &reference.path, policy_path, wanted));
        if (400..500).contains(&status) { error } else { unsure(error) }
    }

    fn is_there(&self, found: &SecretData) -> bool {
        let keys = children(found.data()).unwrap_or_default();
        keys.iter().any(|(name, value)| *name == self.command.key && self.is_value(value))
    }

    fn is_value(&self, raw: &RawValue) -> bool {
        self.reading.reference.selector.matches(raw.get(), &self.command.value)
    }
}

/// Whether the error may come from asking the wrong engine.
fn about_the_mount(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::OtherEngine { .. } | ErrorKind::NotStored(NotStored::Denied { .. }))
}

/// A failure after which the write may have happened, be it in an earlier try.
fn unsure(error: Error) -> Error {
    let sent = match error.kind() {
        _ if error.at().is_some_and(RequestInfo::was_repeated) => true,
        ErrorKind::Unreachable(why) => !why.was_not_sent(),
        ErrorKind::Interrupted | ErrorKind::BadAnswer { .. } | ErrorKind::NotVault { .. } | ErrorKind::Refused { .. } => true,
        _ => false,
    };
    if sent { ErrorKind::NotStored(NotStored::Unsure { why: Box::new(error) }).into() } else { error }
}

#[derive(Serialize)]
struct Versioned<'a> {
    options: Options,
    data: BTreeMap<&'a str, Content<'a>>,
}

#[derive(Serialize)]
struct Options {
    /// The version that the secret must still have; 0: it must not be there.
    cas: u64,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Content<'a> {
    /// As Vault wrote it.
    Kept(&'a RawValue),
    New(&'a str),
}

/// The JSON of a write: the other keys and the new one; with `cas` in the manner of KV version 2. Written into one buffer
/// with room for all of it, so that no copy is left behind.
fn body(others: Vec<(String, &RawValue)>, key: &str, stored: &Secret, cas: Option<u64>) -> Result<Secret, Error> {
    // The longest escape, \u0000, has six bytes.
    let kept = others.iter().map(|(name, value)| 6 * name.len() + value.get().len() + 4).sum::<usize>();
    let mut json = Vec::with_capacity(kept + 6 * (key.len() + stored.expose().len()) + 80);
    let mut data: BTreeMap<&str, Content<'_>> =
        others.iter().map(|(name, value)| (name.as_str(), Content::Kept(value))).collect();
    data.insert(key, Content::New(stored.expose()));
    let written = match cas {
        Some(cas) => serde_json::to_writer(&mut json, &Versioned { options: Options { cas }, data }),
        None => serde_json::to_writer(&mut json, &data),
    };
    let text = String::from_utf8(json).map(Secret::new);
    match (written, text) {
        (Ok(()), Ok(text)) => Ok(text),
        _ => Err(Error::internal("the secret cannot be written as JSON")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Unreachable;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    fn raw(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.to_owned()).unwrap()
    }

    #[test]
    fn the_other_keys_keep_their_text() {
        let others = [raw("1.50e3"), raw("12345678901234567890123"), raw("{\"b\":[1, null]}"), raw("\"\\u00e9\"")];
        let others: Vec<(String, &RawValue)> =
            others.iter().enumerate().map(|(i, value)| (format!("k{i}"), value.as_ref())).collect();
        let written = |cas| body(others.clone(), "password", &secret("a\"b"), cas).unwrap();
        let data =
            "{\"k0\":1.50e3,\"k1\":12345678901234567890123,\"k2\":{\"b\":[1, null]},\"k3\":\"\\u00e9\",\"password\":\"a\\\"b\"}";
        assert_eq!(written(None).expose(), data);
        assert_eq!(written(Some(7)).expose(), format!("{{\"options\":{{\"cas\":7}},\"data\":{data}}}"));
    }

    #[test]
    fn a_body_never_outgrows_its_buffer() {
        let value = raw(&format!("{:?}", "x".repeat(1000)));
        let name = "\u{1}\"".repeat(50);
        for (others, cas) in [(vec![], Some(u64::MAX)), (vec![(name.clone(), value.as_ref())], Some(u64::MAX)), (vec![], None)] {
            let stored = secret(&"\u{0}\"\\😀".repeat(100));
            let room =
                others.iter().map(|(name, value): &(String, &RawValue)| 6 * name.len() + value.get().len() + 4).sum::<usize>()
                    + 6 * ("key".len() + stored.expose().len())
                    + 80;
            let body = body(others, "key", &stored, cas).unwrap();
            assert!(body.expose().len() <= room, "{} > {room}", body.expose().len());
        }
    }

    #[test]
    fn it_is_said_when_it_is_not_known_whether_it_was_written() {
        let message = |kind: ErrorKind| unsure(kind.at(RequestInfo::new("POST", "http://v/v1/secret/data/a"))).to_string();
        assert!(message(ErrorKind::Unreachable(Unreachable::Timeout { seconds: 30.0 })).contains("NOT KNOWN"));
        assert!(message(ErrorKind::Interrupted).contains("NOT KNOWN"));
        assert!(message(ErrorKind::Refused { status: 500, answer: "x".to_owned() }).contains("NOT KNOWN"));
        assert!(!message(ErrorKind::Unreachable(Unreachable::Refused)).contains("NOT KNOWN"));
        assert!(!message(ErrorKind::Sealed { progress: None }).contains("NOT KNOWN"));
    }
}

//! Secrets engines: what is asked of each, and how it is found out which one a mount has.

mod kv2;
mod plain;
mod write;

use std::ops::Range;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::auth::Login;
use crate::client::{ApiResponse, Client};
use crate::diagnosis::{self, Mount};
use crate::error::{Denied, DeniedHint, Error, ErrorKind, FoundEngine, RequestInfo};
use crate::host::Host;
use crate::reference::SecretReference;
use crate::text::one_line;
use crate::vault::{self, ApiPath, Engine, Envelope, Lease, Meaning, Metadata};

pub(crate) use write::{Outcome, write};

/// How messages call the engines.
const KV2: &str = "KV version 2";
const KV1: &str = "KV version 1";

/// A secret that was read: all its keys, still as Vault wrote them.
pub(crate) struct SecretData {
    pub(crate) location: RequestInfo,
    response: ApiResponse,
    /// Where in the response's body the object stands that holds the keys: an answer is read as JSON once.
    data: Range<usize>,
    /// The lease that the secret ends with, if it has one.
    pub(crate) lease: Option<Lease>,
}

#[derive(Deserialize)]
struct Version<'a> {
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
}

impl SecretData {
    /// The JSON that holds the keys: an object, if Vault wrote it.
    pub(crate) fn data(&self) -> &str {
        self.response.body.get(self.data.clone()).and_then(|data| str::from_utf8(data).ok()).unwrap_or_default()
    }

    /// Which version of a KV version 2 secret it is.
    fn version(&self) -> Result<u64, Error> {
        let unknown = || self.response.lacks("it does not say which version it is");
        let Meaning::Success(Envelope { data: Some(data), .. }) = self.response.meaning() else { return Err(unknown()) };
        let version: Version<'_> = serde_json::from_str(data.get()).map_err(|_| unknown())?;
        let metadata: Option<Metadata> = version.metadata.and_then(|metadata| serde_json::from_str(metadata.get()).ok());
        metadata.map(|metadata| metadata.version).ok_or_else(unknown)
    }
}

/// What was found out about an answer that is a secret.
struct Accepted {
    location: RequestInfo,
    data: Range<usize>,
    lease: Option<Lease>,
}

impl Accepted {
    /// With the answer itself.
    fn of(self, response: ApiResponse) -> SecretData {
        let Self { location, data, lease } = self;
        SecretData { location, response, data, lease }
    }
}

fn lease(envelope: &Envelope<'_>) -> Option<Lease> {
    let id = vault::secret_string(envelope.lease_id?.get()).filter(|id| !id.expose().is_empty())?;
    Some(Lease { id, ttl: vault::seconds(envelope.lease_duration), renewable: envelope.renewable })
}

/// One reading: everything that the engines need.
struct Reading<'a> {
    reference: &'a SecretReference,
    login: &'a Login,
    client: &'a Client<'a>,
    host: &'a dyn Host,
}

/// Reads the secret that `request` names. Without a pinned engine KV version 2 is tried at once, since it is what the
/// vendor's store knows; only when that fails is the mount looked at.
pub(crate) fn read(
    reference: &SecretReference,
    login: &Login,
    client: &Client<'_>,
    host: &dyn Host,
) -> Result<SecretData, Error> {
    let reading = Reading { reference, login, client, host };
    let found = match reference.engine {
        Some(Engine::Generic) => return plain::read(&reading),
        Some(Engine::Kv1) => plain::read(&reading),
        Some(Engine::Kv2) | None => kv2::read(&reading, &reference.path),
    };
    found.or_else(|failure| match (failure.kind(), failure.at().cloned()) {
        (
            ErrorKind::SecretMissing | ErrorKind::VersionMissing { .. } | ErrorKind::OtherEngine { .. } | ErrorKind::Denied(_),
            Some(location),
        ) => reading.second_look(failure, location),
        _ => Err(failure),
    })
}

impl Reading<'_> {
    /// After a failure whose cause may be that the mount has another engine than the one that was asked.
    fn second_look(&self, failure: Error, location: RequestInfo) -> Result<SecretData, Error> {
        let Some(there) = self.mount() else { return Err(failure) };
        if let Some(mistake) = self.mistake(&there, location) {
            return Err(mistake);
        }
        match (self.reference.engine, there.engine()) {
            (_, Engine::Kv2) => self.read_without_data(failure),
            (None, Engine::Kv1) => plain::read(self),
            _ => Err(failure),
        }
    }

    /// The mount that the secret lies in, if Vault tells.
    fn mount(&self) -> Option<Mount> {
        let full_path = format!("{}/{}", self.reference.mount.encoded, self.reference.path.encoded);
        diagnosis::mount(&full_path, self.login.token.as_ref(), self.client)
    }

    /// What the text has wrong about the mount that is `there`.
    fn mistake(&self, there: &Mount, location: RequestInfo) -> Option<Error> {
        let SecretReference { mount, engine, version, .. } = self.reference;
        let found = match (engine, there.engine()) {
            (None | Some(Engine::Kv2), Engine::Kv2) if there.is_above(&mount.plain) => {
                FoundEngine::LongerMount(one_line(there.path.trim_end_matches('/'), 80))
            }
            (None | Some(Engine::Kv2), Engine::Kv2) | (Some(Engine::Kv1), Engine::Kv1) => return None,
            (None, Engine::Kv1) if version.is_none() => return None,
            (_, Engine::Kv1) if version.is_some() => FoundEngine::Kv1WithVersion,
            (_, Engine::Kv1) => FoundEngine::Kv1,
            (_, Engine::Kv2) => FoundEngine::Kv2,
            (_, Engine::Generic) => FoundEngine::Other(one_line(&there.kind, 40)),
        };
        let wanted = if *engine == Some(Engine::Kv1) { KV1 } else { KV2 };
        Some(ErrorKind::OtherEngine { wanted, found }.at(location))
    }

    /// "secret/data/x" is the path of the API, and people copy it.
    fn read_without_data(&self, failure: Error) -> Result<SecretData, Error> {
        let Some(shorter) = self.reference.path.without_data() else { return Err(failure) };
        let found = kv2::read(self, &shorter).map_err(|error| match error.kind() {
            ErrorKind::SecretDeleted { .. } | ErrorKind::SecretDestroyed { .. } => error,
            _ => failure,
        })?;
        self.host.warn(&format!(
            "\"path\" begins with \"data/\", which belongs to the API's path and not to the secret's; write {:?}",
            shorter.plain
        ));
        Ok(found)
    }

    fn location(&self, response: &ApiResponse, path: &ApiPath) -> RequestInfo {
        response.at.of_secret(&self.reference.mount.plain, &path.plain)
    }

    /// What an answer holds that is a secret; its warnings are passed on.
    fn accept(
        &self,
        envelope: &Envelope<'_>,
        response: &ApiResponse,
        path: &ApiPath,
        versioned: bool,
    ) -> Result<Accepted, Error> {
        let location = self.location(response, path);
        self.pass_on(envelope, &location);
        if envelope.wrap_info.is_some() {
            return Err(response.lacks(
                "it is response-wrapped or waits for a control group's approval, which a server that starts cannot give \
                 (min_wrapping_ttl or control_group in a policy)",
            ));
        }
        let mut data = envelope.data.ok_or_else(|| response.lacks("it holds no \"data\""))?;
        if versioned {
            data = match serde_json::from_str(data.get()) {
                Ok(Version { data: Some(data), metadata: Some(_) }) => data,
                _ => return Err(not_this_engine(location, KV2, "its answer has no version's data and metadata".to_owned())),
            };
        }
        let start = data.get().as_ptr().addr() - response.body.as_ptr().addr();
        Ok(Accepted { location, data: start..start + data.get().len(), lease: lease(envelope) })
    }

    /// Vault's own warnings.
    fn pass_on(&self, envelope: &Envelope<'_>, location: &RequestInfo) {
        for warning in envelope.warnings.iter().flatten() {
            let warning = one_line(&self.login.redact_in(warning), 300);
            self.host.warn(&format!("Vault warns at {location}: {warning}"));
        }
    }

    /// The errors that mean the same for every engine.
    fn refused(&self, response: ApiResponse, path: &ApiPath, policy_path: String, wanted: &'static str) -> Error {
        let location = self.location(&response, path);
        let token = self.login.token.as_ref();
        match response.meaning() {
            Meaning::Denied => {
                let policies = diagnosis::policies(token, self.client);
                let hint = if diagnosis::may_read(&policy_path, token, self.client) == Some(true) {
                    Some(DeniedHint::Conditional)
                } else {
                    diagnosis::nearest_mount(&self.reference.mount.plain, token, self.client).map(DeniedHint::NearestMount)
                };
                ErrorKind::Denied(Denied { origin: self.login.origin.clone(), policy_path, policies, hint }).at(location)
            }
            Meaning::NotAccepted => ErrorKind::TokenRefused { origin: self.login.origin.clone() }.at(&response.at),
            Meaning::NoRoute => {
                let nearest = diagnosis::nearest_mount(&self.reference.mount.plain, token, self.client);
                ErrorKind::MountUnknown { nearest }.at(location)
            }
            Meaning::NotThisEngine(answer) => not_this_engine(location, wanted, answer),
            Meaning::Refused(said) if said == "namespace not found" => ErrorKind::NamespaceUnknown.at(&response.at),
            other => diagnosis::failed(&response, other, self.client),
        }
    }
}

fn not_this_engine(location: RequestInfo, wanted: &'static str, answer: String) -> Error {
    ErrorKind::OtherEngine { wanted, found: FoundEngine::Unknown(answer) }.at(location)
}

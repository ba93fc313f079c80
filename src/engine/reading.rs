//! What all engines have in common: what a reading needs, what an answer holds, and what a refusal means.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::auth::Login;
use crate::client::{ApiResponse, Client};
use crate::diagnosis::{self, MountAnswer};
use crate::error::{Denied, Error, ErrorKind, FoundEngine, RequestInfo};
use crate::host::Host;
use crate::reference::SecretReference;
use crate::secret::Secret;
use crate::text::one_line;
use crate::vault::{self, ApiPath, Envelope, Lease, Meaning};

/// How messages call the engines.
pub(super) const KV2: &str = "KV version 2";
pub(super) const KV1: &str = "KV version 1";

/// A secret that was read: all its keys, still as Vault wrote them.
pub(crate) struct SecretData {
    pub(crate) location: RequestInfo,
    /// The JSON that holds the keys: an object, if Vault wrote it.
    data: Secret,
    /// Which version of a KV version 2 secret it is.
    version: Option<Written>,
    /// The lease that the secret ends with, if it has one.
    pub(crate) lease: Option<Lease>,
}

#[derive(Deserialize)]
struct Version<'a> {
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    metadata: Option<Written>,
}

/// What the metadata say of a version.
#[derive(Deserialize)]
struct Written {
    version: u64,
    #[serde(default)]
    created_time: String,
}

impl SecretData {
    /// The JSON that holds the keys.
    pub(crate) fn data(&self) -> &str {
        self.data.expose()
    }

    /// Which version of a KV version 2 secret it is and when it was written, for a report; empty for other engines.
    pub(crate) fn version_in_words(&self) -> String {
        self.version.as_ref().map_or_else(String::new, |Written { version, created_time }| {
            format!(", version {version} of {}", one_line(created_time.split('.').next().unwrap_or_default(), 40))
        })
    }

    /// Which version of a KV version 2 secret it is.
    pub(crate) fn version(&self) -> Result<u64, Error> {
        let unknown = || ErrorKind::BadAnswer { problem: "it does not say which version it is".to_owned() }.at(&self.location);
        self.version.as_ref().map(|written| written.version).ok_or_else(unknown)
    }
}

fn lease(envelope: &Envelope<'_>) -> Option<Lease> {
    let id = vault::secret_string(envelope.lease_id?.get()).filter(|id| !id.expose().is_empty())?;
    Some(Lease { id, ttl: vault::seconds(envelope.lease_duration), renewable: envelope.renewable })
}

/// One reading: everything that the engines need.
pub(super) struct Reading<'a> {
    pub(super) reference: &'a SecretReference,
    pub(super) login: &'a Login,
    pub(super) client: &'a Client<'a>,
    pub(super) host: &'a dyn Host,
}

impl Reading<'_> {
    /// The mount that the secret lies in, as far as Vault tells.
    pub(super) fn mount(&self) -> MountAnswer {
        let full_path = format!("{}/{}", self.reference.mount.encoded, self.reference.path.encoded);
        diagnosis::mount(&full_path, self.login.token.as_ref(), self.client)
    }

    /// The same reading with another token.
    pub(super) fn with<'b>(&'b self, login: &'b Login) -> Reading<'b> {
        Reading { reference: self.reference, login, client: self.client, host: self.host }
    }

    pub(super) fn location(&self, response: &ApiResponse, path: &ApiPath) -> RequestInfo {
        response.at.of_secret(&self.reference.mount.plain, &path.plain)
    }

    /// What an answer holds that is a secret; its warnings are passed on.
    pub(super) fn accept(
        &self,
        envelope: &Envelope<'_>,
        response: &ApiResponse,
        path: &ApiPath,
        versioned: bool,
    ) -> Result<SecretData, Error> {
        let location = self.location(response, path);
        self.pass_on(envelope, &location);
        if envelope.wrap_info.is_some() {
            return Err(response.lacks(
                "it is response-wrapped or waits for a control group's approval, which a server that starts cannot give \
                 (min_wrapping_ttl or control_group in a policy)",
            ));
        }
        let mut version = None;
        let mut data = envelope.data.ok_or_else(|| response.lacks("it holds no \"data\""))?;
        if versioned {
            // KV version 2 grants no lease; of version 1 each secret has the mount's default, whatever its keys are called.
            if envelope.lease_duration > 0 {
                return Err(not_this_engine(
                    location,
                    KV2,
                    "its answer has a lease, which KV version 2 does not grant".to_owned(),
                ));
            }
            match serde_json::from_str(data.get()) {
                Ok(Version { data: Some(inner), metadata: Some(written) }) => {
                    data = inner;
                    version = Some(written);
                }
                _ => return Err(not_this_engine(location, KV2, "its answer has no version's data and metadata".to_owned())),
            }
        }
        Ok(SecretData { location, data: Secret::new(data.get().to_owned()), version, lease: lease(envelope) })
    }

    /// Vault's own warnings.
    pub(super) fn pass_on(&self, envelope: &Envelope<'_>, location: &RequestInfo) {
        for warning in envelope.warnings.iter().flatten() {
            let warning = one_line(&self.login.redact_in(warning), 300);
            self.host.warn(&format!("Vault warns at {location}: {warning}"));
        }
    }

    /// The errors that mean the same for every engine. What Vault has to be asked for is added by `explain`.
    pub(super) fn refused(&self, response: ApiResponse, path: &ApiPath, policy_path: String, wanted: &'static str) -> Error {
        let location = self.location(&response, path);
        match response.meaning() {
            Meaning::Denied => {
                let origin = self.login.origin.clone();
                ErrorKind::Denied(Denied { origin, policy_path, policies: None, hint: None }).at(location)
            }
            Meaning::NotAccepted => {
                let Login { origin, provider, .. } = self.login;
                ErrorKind::TokenRefused { origin: origin.clone(), provider: *provider }.at(&response.at)
            }
            Meaning::NoRoute => ErrorKind::MountUnknown { nearest: None }.at(location),
            Meaning::NotThisEngine(answer) => not_this_engine(location, wanted, answer),
            Meaning::Refused(said) if said == "namespace not found" => ErrorKind::NamespaceUnknown.at(&response.at),
            other => diagnosis::failed(&response, other, self.client),
        }
    }
}

fn not_this_engine(location: RequestInfo, wanted: &'static str, answer: String) -> Error {
    ErrorKind::OtherEngine { wanted, found: FoundEngine::Unknown(answer) }.at(location)
}

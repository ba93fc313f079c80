//! Further questions to Vault after a failure, so that the message can say more. Each is asked once, and whatever goes
//! wrong with it is dropped: the failure itself is what counts.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Deserialize;

use crate::client::{ApiRequest, ApiResponse, Client};
use crate::error::{Error, ErrorKind, UnsealProgress};
use crate::secret::Secret;
use crate::text::nearest;
use crate::vault::{self, Engine, Meaning};

/// What is mounted on a path's way.
#[derive(Deserialize)]
pub(crate) struct Mount {
    /// The engine's type, such as `kv` or `database`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// The mount's path within its namespace, with a slash at its end.
    #[serde(default)]
    pub(crate) path: String,
    options: Option<BTreeMap<String, Option<String>>>,
}

impl Mount {
    /// Whether `named` begins with this mount's path and goes on: the text has mount and path divided at another place.
    pub(crate) fn is_above(&self, named: &str) -> bool {
        !self.path.is_empty() && named.starts_with(&self.path)
    }

    /// The engine that answers there. A KV engine without a version has version 1.
    pub(crate) fn engine(&self) -> Engine {
        let version = self.options.as_ref().and_then(|options| options.get("version")?.as_deref());
        match (self.kind.as_str(), version) {
            ("kv" | "generic", Some("2")) => Engine::Kv2,
            ("kv" | "generic", _) => Engine::Kv1,
            _ => Engine::Generic,
        }
    }
}

/// What Vault says of a mount.
pub(crate) enum MountAnswer {
    Known(Mount),
    /// It does not accept the token, which it accepted a moment before: that was the last of its uses.
    UsedUp,
    Unknown,
}

/// The mount that `path` lies in; needs no more than a capability on the path.
/// Source: <https://openbao.org/api-docs/system/internal-ui-mounts/>.
pub(crate) fn mount(path: &str, token: Option<&Secret>, client: &Client<'_>) -> MountAnswer {
    let Some(response) = ask(&format!("sys/internal/ui/mounts/{path}"), token, client) else { return MountAnswer::Unknown };
    match data(&response) {
        Some(mount) => MountAnswer::Known(mount),
        None if token.is_some() && matches!(response.meaning(), Meaning::NotAccepted) => MountAnswer::UsedUp,
        None => MountAnswer::Unknown,
    }
}

/// The mount whose path is most like `wrong`, among those that the token may see; `None` when `wrong` is one of them.
pub(crate) fn nearest_mount(wrong: &str, token: Option<&Secret>, client: &Client<'_>) -> Option<String> {
    #[derive(Deserialize)]
    struct Mounts {
        #[serde(default)]
        secret: BTreeMap<String, serde::de::IgnoredAny>,
    }
    let mounts: Mounts = data(&ask("sys/internal/ui/mounts", token, client)?)?;
    let names: Vec<&str> = mounts.secret.keys().map(|name| name.trim_end_matches('/')).collect();
    nearest(wrong, names).filter(|name| *name != wrong).map(str::to_owned)
}

/// Whether the token's policies let it read the path, as far as they name capabilities.
/// Source: <https://developer.hashicorp.com/vault/api-docs/system/capabilities-self>.
pub(crate) fn may_read(path: &str, token: Option<&Secret>, client: &Client<'_>) -> Option<bool> {
    #[derive(Deserialize)]
    struct Found {
        capabilities: Vec<String>,
    }
    let body = Secret::new(serde_json::json!({ "paths": [path] }).to_string());
    let response = client.ask(&ApiRequest::question("sys/capabilities-self", &body, token))?;
    let found: Found = data(&response)?;
    Some(found.capabilities.iter().any(|capability| capability == "read" || capability == "root"))
}

/// What is known of a secret's versions.
pub(crate) enum Versions {
    /// There is no secret at all.
    NoSecret,
    /// The newest that can be read; empty if there are none or the token may not ask.
    Readable(Vec<u64>),
}

/// The versions of a secret that can be read.
/// Source: <https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2#read-secret-metadata>.
pub(crate) fn versions(metadata_path: &str, token: Option<&Secret>, client: &Client<'_>) -> Versions {
    #[derive(Deserialize)]
    struct History {
        versions: BTreeMap<u64, Version>,
    }
    #[derive(Deserialize)]
    struct Version {
        #[serde(default)]
        deletion_time: String,
        #[serde(default)]
        destroyed: bool,
    }
    let response = ask(metadata_path, token, client);
    if response.as_ref().is_some_and(|response| matches!(response.meaning(), Meaning::Missing)) {
        return Versions::NoSecret;
    }
    let Some(found) = response.as_ref().and_then(data::<History>) else { return Versions::Readable(Vec::new()) };
    let readable = found.versions.iter().filter(|(_, version)| !version.destroyed && version.deletion_time.is_empty());
    let mut numbers: Vec<u64> = readable.map(|(number, _)| *number).collect();
    // The newest are the likeliest to be wanted.
    let first = numbers.len().saturating_sub(10);
    numbers.drain(..first);
    Versions::Readable(numbers)
}

/// What a node says of itself. Source: <https://developer.hashicorp.com/vault/api-docs/system/health>.
#[derive(Deserialize)]
pub(crate) struct Health {
    pub(crate) initialized: bool,
    pub(crate) sealed: bool,
    #[serde(default)]
    pub(crate) standby: bool,
    #[serde(default)]
    pub(crate) version: String,
    /// Seconds after the beginning of 1970.
    #[serde(default)]
    server_time_utc: i64,
}

impl Health {
    /// By how many seconds the node's clock is ahead of this machine's.
    pub(crate) fn clock_difference(&self) -> Option<i64> {
        let here = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
        (self.server_time_utc > 0).then(|| i64::try_from(here.as_secs()).map(|here| self.server_time_utc - here).ok()).flatten()
    }
}

/// The state of the node that answers; needs no token.
pub(crate) fn health(client: &Client<'_>) -> Option<Health> {
    // Otherwise the status says it: 429, 472, 473, 501 and 503 would be taken for failures.
    const PATH: &str = "sys/health?standbyok=true&perfstandbyok=true&sealedcode=200&uninitcode=200&drsecondarycode=200";
    serde_json::from_slice(&ask(PATH, None, client)?.body).ok()
}

/// What a token is. Source: <https://developer.hashicorp.com/vault/api-docs/auth/token#lookup-a-token-self>.
#[derive(Deserialize)]
pub(crate) struct TokenFacts {
    /// Seconds; 0 is without an end.
    #[serde(default)]
    pub(crate) ttl: u64,
    /// 0 is without a limit.
    #[serde(default)]
    pub(crate) num_uses: u64,
    policies: Option<Vec<String>>,
    identity_policies: Option<Vec<String>>,
    #[serde(default, deserialize_with = "list_or_null")]
    pub(crate) bound_cidrs: Vec<String>,
    #[serde(default)]
    entity_id: String,
    meta: Option<BTreeMap<String, String>>,
}

impl TokenFacts {
    pub(crate) fn policies(&self) -> Vec<String> {
        [&self.policies, &self.identity_policies].into_iter().flatten().flatten().cloned().collect()
    }

    /// A value of the login that a policy's template does not take over.
    /// Source: <https://openbao.org/docs/concepts/policies/#templated-policies>.
    pub(crate) fn not_for_templates(&self) -> Option<&str> {
        let values = self.meta.as_ref().filter(|_| !self.entity_id.is_empty())?.values();
        values.map(String::as_str).find(|value| value.contains(['/', '*', '+']))
    }
}

fn list_or_null<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Option::<Vec<String>>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// What the token says of itself.
pub(crate) fn token_facts(token: Option<&Secret>, client: &Client<'_>) -> Option<TokenFacts> {
    data(&ask("auth/token/lookup-self", token, client)?)
}

/// A role of an auth method, where the token may read it.
pub(crate) fn role(api_path: &str, token: &Secret, client: &Client<'_>) -> Option<serde_json::Map<String, serde_json::Value>> {
    data(&ask(api_path, Some(token), client)?)
}

/// What the token's policies allow on each path.
/// Source: <https://developer.hashicorp.com/vault/api-docs/system/capabilities-self>.
pub(crate) fn capabilities(
    paths: &[String],
    token: Option<&Secret>,
    client: &Client<'_>,
) -> Option<BTreeMap<String, Vec<String>>> {
    let body = Secret::new(serde_json::json!({ "paths": paths }).to_string());
    let response = client.ask(&ApiRequest::question("sys/capabilities-self", &body, token))?;
    let found: BTreeMap<String, serde_json::Value> = data(&response)?;
    let rights = |value: serde_json::Value| serde_json::from_value(value).ok();
    Some(found.into_iter().filter_map(|(path, value)| Some((path, rights(value)?))).collect())
}

/// How far an unseal has come. Source: <https://developer.hashicorp.com/vault/api-docs/system/seal-status>.
#[derive(Deserialize)]
pub(crate) struct SealStatus {
    pub(crate) initialized: bool,
    #[serde(rename = "t")]
    pub(crate) threshold: u32,
    pub(crate) progress: u32,
}

/// The state of the seal; needs no token.
pub(crate) fn seal_status(client: &Client<'_>) -> Option<SealStatus> {
    serde_json::from_slice(&ask("sys/seal-status", None, client)?.body).ok()
}

/// Whether an auth method takes logins at this path. An empty login tells without a credential: the method asks for what is
/// missing, and where nothing is mounted Vault denies permission.
pub(crate) fn takes_logins(login_path: &str, client: &Client<'_>) -> Option<bool> {
    let empty = Secret::new("{}".to_owned());
    let response = client.ask(&ApiRequest::login(login_path, &empty, None, |_| false))?;
    match response.meaning() {
        Meaning::Refused(_) => Some(true),
        Meaning::NotAccepted | Meaning::NoRoute => Some(false),
        _ => None,
    }
}

/// The errors that an answer means wherever it comes from: a login and a read fail alike when Vault is sealed.
/// For a meaning that the caller has no words of its own for.
pub(crate) fn failed(response: &ApiResponse, meaning: Meaning<'_>, client: &Client<'_>) -> Error {
    let status = response.status;
    let kind = match meaning {
        Meaning::Sealed => match seal_status(client) {
            Some(seal) if !seal.initialized => ErrorKind::Uninitialised,
            Some(seal) => ErrorKind::Sealed { progress: Some(UnsealProgress { given: seal.progress, needed: seal.threshold }) },
            None => ErrorKind::Sealed { progress: None },
        },
        Meaning::Uninitialised => ErrorKind::Uninitialised,
        Meaning::NoLeader(said) => ErrorKind::NoLeader { status, answer: said },
        Meaning::RateLimited(said) => ErrorKind::RateLimited { answer: said },
        // A redirect that is not followed is an error before it is an answer.
        Meaning::Redirect => ErrorKind::BadAnswer { problem: "it is a redirect".to_owned() },
        Meaning::WantsTls => ErrorKind::WantsTls,
        Meaning::Foreign(content) => ErrorKind::NotVault { status, content },
        Meaning::NoData | Meaning::Success(_) => ErrorKind::BadAnswer { problem: "it holds no data".to_owned() },
        Meaning::NotAccepted | Meaning::Denied => ErrorKind::Refused { status, answer: "permission denied".to_owned() },
        Meaning::Missing | Meaning::NoRoute | Meaning::Gone(_) => {
            ErrorKind::Refused { status, answer: "there is nothing at this path".to_owned() }
        }
        Meaning::Refused(said) if vault::is_read_only(&said) => ErrorKind::StandbyReadOnly { status, answer: said },
        Meaning::NotThisEngine(said) | Meaning::Refused(said) => ErrorKind::Refused { status, answer: said },
    };
    kind.at(&response.at)
}

fn ask(api_path: &str, token: Option<&Secret>, client: &Client<'_>) -> Option<ApiResponse> {
    client.ask(&ApiRequest::get(api_path, token))
}

fn data<'a, T: Deserialize<'a>>(response: &'a ApiResponse) -> Option<T> {
    match response.meaning() {
        Meaning::Success(envelope) => serde_json::from_str(envelope.data?.get()).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mount(json: &str) -> Mount {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn the_engine_is_told_by_type_and_version() {
        for (json, engine) in [
            (r#"{"type":"kv","options":{"version":"2"},"path":"secret/"}"#, Engine::Kv2),
            (r#"{"type":"kv","options":{"version":"1"}}"#, Engine::Kv1),
            (r#"{"type":"kv","options":null}"#, Engine::Kv1),
            (r#"{"type":"generic","options":{"version":null}}"#, Engine::Kv1),
            (r#"{"type":"database","options":{}}"#, Engine::Generic),
        ] {
            assert_eq!(mount(json).engine(), engine, "{json}");
        }
    }

    #[test]
    fn a_mount_is_above_a_name_that_goes_on() {
        let secret = mount(r#"{"type":"kv","path":"secret/"}"#);
        assert!(secret.is_above("secret/app"));
        assert!(!secret.is_above("secret") && !secret.is_above("secrets/app") && !secret.is_above("team/secret"));
        assert!(!mount(r#"{"type":"kv"}"#).is_above("secret"));
    }
}

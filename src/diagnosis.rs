//! Further questions to Vault after a failure, so that the message can say more. Each is asked once, and whatever goes
//! wrong with it is dropped: the failure itself is what counts.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::auth::Login;

use crate::http::{Call, Client, Reply};
use crate::secret::Secret;
use crate::text::nearest;
use crate::vault::Meaning;

/// The names of the token's policies. Source: <https://developer.hashicorp.com/vault/api-docs/auth/token>.
pub(crate) fn policies(token: Option<&Secret>, client: &Client<'_>) -> Option<Vec<String>> {
    #[derive(Deserialize)]
    struct Token {
        #[serde(default)]
        policies: Vec<String>,
        #[serde(default)]
        identity_policies: Vec<String>,
    }
    let reply = ask("auth/token/lookup-self", token, client)?;
    let found: Token = data(&reply)?;
    Some(found.policies.into_iter().chain(found.identity_policies).collect())
}

/// What is mounted on a path's way.
pub(crate) struct Mount {
    /// The engine's type, such as `kv` or `database`.
    pub(crate) kind: String,
    /// The version of a KV engine.
    pub(crate) version: Option<String>,
}

/// The mount that `path` lies in; needs no more than a capability on the path.
/// Source: <https://openbao.org/api-docs/system/internal-ui-mounts/>.
pub(crate) fn mount(path: &str, token: Option<&Secret>, client: &Client<'_>) -> Option<Mount> {
    #[derive(Deserialize)]
    struct Found {
        r#type: String,
        options: Option<BTreeMap<String, Option<String>>>,
    }
    let found: Found = data(&ask(&format!("sys/internal/ui/mounts/{path}"), token, client)?)?;
    let version = found.options.and_then(|mut options| options.remove("version")).flatten();
    Some(Mount { kind: found.r#type, version })
}

/// The mount whose path is most like `wrong`, among those that the token may see.
pub(crate) fn nearest_mount(wrong: &str, token: Option<&Secret>, client: &Client<'_>) -> Option<String> {
    #[derive(Deserialize)]
    struct Mounts {
        #[serde(default)]
        secret: BTreeMap<String, serde::de::IgnoredAny>,
    }
    let mounts: Mounts = data(&ask("sys/internal/ui/mounts", token, client)?)?;
    let names: Vec<&str> = mounts.secret.keys().map(|name| name.trim_end_matches('/')).collect();
    nearest(wrong, names).map(str::to_owned)
}

/// The versions of a secret that can be read, in words; `None` where there are none or the token may not ask.
/// Source: <https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2#read-secret-metadata>.
pub(crate) fn versions(metadata_path: &str, login: &Login, client: &Client<'_>) -> Option<String> {
    #[derive(Deserialize)]
    struct Secret {
        versions: BTreeMap<u64, Version>,
    }
    #[derive(Deserialize)]
    struct Version {
        #[serde(default)]
        deletion_time: String,
        #[serde(default)]
        destroyed: bool,
    }
    let found: Secret = data(&ask(metadata_path, login.token.as_ref(), client)?)?;
    let readable = found.versions.iter().filter(|(_, version)| !version.destroyed && version.deletion_time.is_empty());
    let mut numbers: Vec<String> = readable.map(|(number, _)| number.to_string()).collect();
    // The newest are the likeliest to be wanted.
    let first = numbers.len().saturating_sub(10);
    numbers.drain(..first);
    Some(numbers.join(", ")).filter(|numbers| !numbers.is_empty())
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

/// Whether a Kubernetes auth method takes logins at this path. An empty login tells without a credential: the method asks
/// for the role, and where nothing is mounted Vault denies permission.
/// Source: <https://developer.hashicorp.com/vault/api-docs/auth/kubernetes#login>.
pub(crate) fn kubernetes_mounted(login_path: &str, client: &Client<'_>) -> Option<bool> {
    let empty = Secret::new("{}".to_owned());
    let reply = client.ask(&Call::login(login_path, &empty, None))?;
    match reply.meaning() {
        Meaning::Refused(said) if said.contains("missing role") => Some(true),
        Meaning::NotAccepted | Meaning::NoRoute => Some(false),
        _ => None,
    }
}

fn ask(api_path: &str, token: Option<&Secret>, client: &Client<'_>) -> Option<Reply> {
    client.ask(&Call::get(api_path, token))
}

fn data<'a, T: Deserialize<'a>>(reply: &'a Reply) -> Option<T> {
    match reply.meaning() {
        Meaning::Success(envelope) => serde_json::from_str(envelope.data?.get()).ok(),
        _ => None,
    }
}

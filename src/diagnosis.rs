//! Further questions to Vault after a failure, so that the message can say more. Each is asked once, and whatever goes
//! wrong with it is dropped: the failure itself is what counts.

use serde::Deserialize;

use crate::http::{Call, Client, Method, Reply};
use crate::secret::Secret;
use crate::text::one_line;
use crate::vault::{self, Meaning};

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

/// What the mount is, if it is something other than KV version 2.
/// Source: <https://openbao.org/api-docs/system/internal-ui-mounts/>.
pub(crate) fn other_engine(mount: &str, token: Option<&Secret>, client: &Client<'_>) -> Option<String> {
    #[derive(Deserialize)]
    struct Mount {
        r#type: String,
        options: Option<Options>,
    }
    #[derive(Deserialize)]
    struct Options {
        version: Option<String>,
    }
    let reply = ask(&format!("sys/internal/ui/mounts/{mount}"), token, client)?;
    let found: Mount = data(&reply)?;
    let version = found.options.and_then(|options| options.version);
    match (found.r#type.as_str(), version.as_deref()) {
        ("kv" | "generic", Some("2")) => None,
        ("kv" | "generic", _) => Some("it is a KV engine of version 1".to_owned()),
        (other, _) => Some(format!("it is a {:?} engine", one_line(other, 40))),
    }
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
    let reply =
        client.ask(&Call { method: Method::Post { body: &empty, credential: None }, api_path: login_path, token: None })?;
    match vault::meaning(reply.status, reply.content_type.as_deref(), &reply.body) {
        Meaning::Refused(said) if said.contains("missing role") => Some(true),
        Meaning::NotAccepted | Meaning::NoRoute => Some(false),
        _ => None,
    }
}

fn ask(api_path: &str, token: Option<&Secret>, client: &Client<'_>) -> Option<Reply> {
    client.ask(&Call { method: Method::Get, api_path, token })
}

fn data<'a, T: Deserialize<'a>>(reply: &'a Reply) -> Option<T> {
    match vault::meaning(reply.status, reply.content_type.as_deref(), &reply.body) {
        Meaning::Success(envelope) => serde_json::from_str(envelope.data?.get()).ok(),
        _ => None,
    }
}

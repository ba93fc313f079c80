//! Every way in which a secret can fail to arrive, each in words for the administrator of a server that is down.
//!
//! A message is one line: what failed, where, why, and after "What to do:" the next step. It never holds a token, a
//! JWT or a value of a secret: none of the types below can carry a [`crate::Secret`], which has no `Display`.

mod location;
mod storing;
mod words;

pub use location::{RequestInfo, SecretLocation, Unreachable};
pub use storing::NotStored;
use words::{keys_there, policies_known, shell_word, suggestion};

/// Why a secret could not be had. Each variant says when it happens.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text in the server's configuration cannot be used; every problem is named at once.
    #[error(
        "The text in the server's configuration is not usable: {}. What to do: correct it there; the secret itself must already be in Vault, \
         and the text says where: {{\"mount\":\"secret\",\"path\":\"sample/secret\",\"key\":\"password\",\"endpoint\":\"https://vault.example.com:8200\"}}",
        .problems.join("; ")
    )]
    Text {
        /// One sentence a problem.
        problems: Vec<String>,
    },

    /// An environment variable or a system property holds something that cannot be used.
    #[error("{origin} is not usable: {problem}")]
    Setting {
        /// Where the value comes from, for example `environment variable VAULT_CLIENT_TIMEOUT`.
        origin: String,
        /// What is wrong with it and what to do. Never the value of a credential.
        problem: String,
    },

    /// A setting that the authentication method needs is set nowhere.
    #[error(
        "authenticationType {method} needs {what}, which is set nowhere. What to do: set {places} for the server's process, and \
         restart it (Atlassian's container images remove variables with SECRET, PASS or TOKEN in their names; \
         ATL_ALLOWLIST_SENSITIVE_ENV_VARS keeps them)"
    )]
    NotConfigured {
        /// The authentication method.
        method: &'static str,
        /// What is missing, in words.
        what: &'static str,
        /// Where it can be set, in words.
        places: String,
    },

    /// A file that a setting names cannot be used.
    #[error("The {what} {path:?} (from {origin}) {problem}")]
    File {
        /// What the file is, for example `service account token file`.
        what: &'static str,
        /// Its path.
        path: String,
        /// Where the path comes from.
        origin: String,
        /// What is wrong and what to do.
        problem: String,
    },

    /// The certificates to trust could not be read.
    #[error("The certificates that this JVM trusts cannot be read: {store}: {problem}")]
    TrustStore {
        /// The store: path, type and where both come from.
        store: String,
        /// What is wrong and what to do.
        problem: String,
    },

    /// No whole answer came from the endpoint.
    #[error("Vault cannot be reached at {at}: {why}")]
    Unreachable {
        /// The request.
        at: RequestInfo,
        /// The reason and what to do.
        why: Unreachable,
    },

    /// Something answered, but not Vault: a proxy, a balancer or another server.
    #[error(
        "The answer from {at} is not Vault's: status {status}, {content}. What to do: check \"endpoint\" (Vault's API address, \
         usually port 8200), and any proxy, balancer or firewall between this machine and Vault"
    )]
    NotVault {
        /// The request.
        at: RequestInfo,
        /// The HTTP status.
        status: u16,
        /// Content type and, of an HTML page, its title.
        content: String,
    },

    /// Plain HTTP to a server that speaks TLS.
    #[error("The server at {at} speaks TLS, and \"endpoint\" says http. What to do: write https:// there")]
    WantsTls {
        /// The request.
        at: RequestInfo,
    },

    /// Vault's answer lacks what it must hold.
    #[error("The answer from {at} cannot be understood: {problem}. What to do: check that the endpoint is Vault or OpenBao")]
    BadAnswer {
        /// The request.
        at: RequestInfo,
        /// What is wrong with it. Never a part of the answer's data.
        problem: String,
    },

    /// The server sends elsewhere, and that is not followed.
    #[error("{at} redirects to {to}, which is not followed: {reason}")]
    Redirected {
        /// The request.
        at: RequestInfo,
        /// The target's scheme, host and port.
        to: String,
        /// Why not, and what to do.
        reason: String,
        /// Whether it looks like a standby that names the active node: while one is elected, that passes.
        by_standby: bool,
    },

    /// The token itself is not valid.
    #[error(
        "Vault does not accept the token from {origin} (403 permission denied at {at}): it is wrong, expired or revoked, or belongs \
         to another Vault or namespace. What to do: check it with 'vault token lookup', put a valid one there and restart"
    )]
    TokenRefused {
        /// The request.
        at: RequestInfo,
        /// Where the token comes from.
        origin: String,
    },

    /// The token is valid, but its policies do not allow the request.
    #[error(
        "Vault denies the token from {origin} to read the secret (403 permission denied at {location}); {}{hint}. What to do: add to a \
         policy of this token: path \"{policy_path}\" {{ capabilities = [\"read\"] }}; if such a line exists, check mount, path and \
         namespace: Vault says the same of a mount that does not exist", policies_known(.policies)
    )]
    Denied {
        /// The request.
        location: SecretLocation,
        /// Where the token comes from.
        origin: String,
        /// The path that the policy must name.
        policy_path: String,
        /// The names of the token's policies, where it may ask for them.
        policies: Option<Vec<String>>,
        /// What else is known of the cause, as `; the policy …`; empty if nothing.
        hint: String,
    },

    /// The login was refused.
    #[error("The {method} login was refused ({answer}) at {at}, {presented}. {advice}")]
    LoginRefused {
        /// The request.
        at: RequestInfo,
        /// The authentication method.
        method: &'static str,
        /// What Vault said.
        answer: String,
        /// What was presented: role, auth mount, identity; never a credential.
        presented: String,
        /// The likely causes in order, and what to do.
        advice: String,
    },

    /// The namespace does not exist.
    #[error(
        "Vault has no such namespace (404 at {at}). What to do: correct \"namespace\" or VAULT_NAMESPACE, and \"authNamespace\" where \
         it is set (try: vault namespace list)"
    )]
    NamespaceUnknown {
        /// The request.
        at: RequestInfo,
    },

    /// The secret never had this version, or it was removed with its history.
    #[error(
        "The secret has no version {version} (404 at {location}{others}). What to do: correct \"version\", or leave it out for the newest"
    )]
    VersionMissing {
        /// Where it was looked for.
        location: SecretLocation,
        /// The version that the text pins.
        version: u64,
        /// The versions that can be read, as `; versions that can be read: 1, 2`; empty if not known.
        others: String,
    },

    /// There is no secret at this path.
    #[error(
        "There is no secret at {location} (404). What to do: check \"path\" and \"mount\" (try: vault kv get -mount={} {}), or write \
         the secret", shell_word(&.location.mount), shell_word(&.location.path)
    )]
    SecretMissing {
        /// Where it was looked for.
        location: SecretLocation,
    },

    /// The newest version was deleted; it can be restored.
    #[error(
        "Version {version} of the secret was deleted on {when}, at {location}{others}. What to do: restore it with \
         'vault kv undelete -mount={} -versions={version} {}', or write a new version", shell_word(&.location.mount), shell_word(&.location.path)
    )]
    SecretDeleted {
        /// Where it was looked for.
        location: SecretLocation,
        /// The version.
        version: u64,
        /// When, as Vault says it (RFC 3339, UTC).
        when: String,
        /// The versions that can be read, as in `VersionMissing`.
        others: String,
    },

    /// The newest version was destroyed; it cannot be restored.
    #[error(
        "Version {version} of the secret was destroyed and cannot be restored, at {location}{others}. What to do: write a new version (vault \
         kv put -mount={} {} …)", shell_word(&.location.mount), shell_word(&.location.path)
    )]
    SecretDestroyed {
        /// Where it was looked for.
        location: SecretLocation,
        /// The version.
        version: u64,
        /// The versions that can be read, as in `VersionMissing`.
        others: String,
    },

    /// No secrets engine is mounted there.
    #[error(
        "Vault has no secrets engine at mount {:?} (404 at {location}){}. What to do: correct \"mount\" (try: vault secrets list), or the \
         namespace", .location.mount, suggestion(.nearest.as_deref())
    )]
    MountUnknown {
        /// Where it was looked for.
        location: SecretLocation,
        /// The most similar mount that the token may see.
        nearest: Option<String>,
    },

    /// The mount exists, but it has another engine than the one that was asked.
    #[error("The mount {:?} does not answer as a {wanted} engine ({answer}) at {location}. What to do: {advice}", .location.mount)]
    OtherEngine {
        /// Where it was looked for.
        location: SecretLocation,
        /// The engine that was asked, for example `KV version 2`.
        wanted: &'static str,
        /// What Vault said, or which engine it is.
        answer: String,
        /// What to do.
        advice: &'static str,
    },

    /// The secret has no such key.
    #[error(
        "The secret at {location} has no key {key:?}; it has {}{}. What to do: correct \"key\", or add the key to the secret",
        keys_there(.names), suggestion(.nearest.as_deref())
    )]
    KeyMissing {
        /// Where the secret is.
        location: SecretLocation,
        /// The key that was asked for.
        key: String,
        /// The keys that exist.
        names: Vec<String>,
        /// The most similar one.
        nearest: Option<String>,
    },

    /// The key exists, but its value is no password.
    #[error("The value of key {key:?} at {location} {problem}")]
    ValueUnusable {
        /// Where the secret is.
        location: SecretLocation,
        /// The key.
        key: String,
        /// What is wrong and what to do. Never the value.
        problem: &'static str,
    },

    /// Vault is sealed.
    #[error(
        "Vault is sealed (503 at {at}{progress}): it runs, but cannot read its storage. What to do: unseal it (vault operator \
         unseal), then restart this server"
    )]
    Sealed {
        /// The request.
        at: RequestInfo,
        /// How many unseal keys were given, as `; 1 of 3 unseal keys given`; empty if not known.
        progress: String,
    },

    /// Vault was never initialised.
    #[error("Vault is not initialised ({at}). What to do: vault operator init, or correct \"endpoint\"")]
    Uninitialised {
        /// The request.
        at: RequestInfo,
    },

    /// A standby answered, and there is no leader.
    #[error(
        "This Vault node is a standby and knows no active node ({answer}, {status} at {at}). What to do: check the cluster (vault operator raft list-peers, vault status)"
    )]
    NoLeader {
        /// The request.
        at: RequestInfo,
        /// The HTTP status.
        status: u16,
        /// What Vault said.
        answer: String,
    },

    /// A rate limit or lease count quota of Vault.
    #[error(
        "Vault's quota refuses the request (429 at {at}: {answer}). What to do: try again later, or raise the quota (vault list sys/quotas/rate-limit)"
    )]
    RateLimited {
        /// The request.
        at: RequestInfo,
        /// What Vault said.
        answer: String,
    },

    /// Vault answered with an error that has no words of its own here.
    #[error("Vault answered {status} at {at}: {answer}. What to do: see Vault's log for this request")]
    Refused {
        /// The request.
        at: RequestInfo,
        /// The HTTP status.
        status: u16,
        /// What Vault said.
        answer: String,
    },

    /// A secret was to be stored.
    #[error(transparent)]
    NotStored(#[from] NotStored),

    /// The thread was interrupted while it waited: the server is being stopped.
    #[error("Interrupted while waiting for {at}: the server is stopping")]
    Interrupted {
        /// The request.
        at: RequestInfo,
    },

    /// A mistake in vault-cipher itself, or the JVM refused what must work.
    #[error("Internal error: {0}. What to do: please report it with this line")]
    Internal(String),
}

impl Error {
    /// A mistake in vault-cipher itself.
    pub(crate) fn internal(what: &str) -> Self {
        Self::Internal(what.to_owned())
    }

    /// Whether the thread was interrupted: an error of that thread, and of no other that waited for it.
    pub(crate) fn is_interrupted(&self) -> bool {
        matches!(self, Self::Interrupted { .. })
    }

    /// The request that failed, where there was one.
    pub(crate) fn at_mut(&mut self) -> Option<&mut RequestInfo> {
        match self {
            Self::Unreachable { at, .. }
            | Self::WantsTls { at }
            | Self::NamespaceUnknown { at }
            | Self::NotVault { at, .. }
            | Self::BadAnswer { at, .. }
            | Self::Redirected { at, .. }
            | Self::TokenRefused { at, .. }
            | Self::LoginRefused { at, .. }
            | Self::Sealed { at, .. }
            | Self::Uninitialised { at }
            | Self::NoLeader { at, .. }
            | Self::RateLimited { at, .. }
            | Self::Refused { at, .. }
            | Self::Interrupted { at } => Some(at),
            Self::Denied { location, .. }
            | Self::SecretMissing { location }
            | Self::VersionMissing { location, .. }
            | Self::SecretDeleted { location, .. }
            | Self::SecretDestroyed { location, .. }
            | Self::MountUnknown { location, .. }
            | Self::OtherEngine { location, .. }
            | Self::KeyMissing { location, .. }
            | Self::ValueUnusable { location, .. } => Some(&mut location.at),
            Self::NotStored(why) => why.at_mut(),
            Self::Text { .. }
            | Self::Setting { .. }
            | Self::NotConfigured { .. }
            | Self::File { .. }
            | Self::TrustStore { .. }
            | Self::Internal(_) => None,
        }
    }

    /// The message without what to do: for a line in the log while it is tried again.
    pub(crate) fn without_advice(&self) -> String {
        let message = self.to_string();
        message.split(" What to do: ").next().unwrap_or_default().trim_end_matches('.').to_owned()
    }
}

//! What can fail, as facts. The words are in `statement` and `advice`.

use super::{Code, Error, NotStored, RequestInfo, Unreachable};
use crate::file;

/// Why there is no secret. Each variant says when it happens.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The text in the server's configuration cannot be used; every problem is named at once.
    Text {
        /// One sentence a problem.
        problems: Vec<String>,
    },

    /// An environment variable or a system property holds something that cannot be used.
    Setting {
        /// Where the value comes from, for example `environment variable VAULT_CLIENT_TIMEOUT`.
        origin: String,
        /// What is wrong with it. Never the value of a credential.
        problem: Problem,
    },

    /// A setting that the authentication method needs is set nowhere.
    NotConfigured {
        /// The authentication method.
        method: &'static str,
        /// What is missing, in words.
        what: &'static str,
        /// Where it can be set, in words.
        places: String,
    },

    /// A file that a setting names cannot be used.
    File {
        /// What the file is, for example `service account token file`.
        what: &'static str,
        /// Its path.
        path: String,
        /// Where the path comes from.
        origin: String,
        /// What is wrong with it.
        problem: Problem,
    },

    /// The certificates to trust could not be read.
    TrustStore {
        /// The store: path, type and where both come from.
        store: String,
        /// What is wrong with it.
        problem: Problem,
    },

    /// No whole answer came from the endpoint.
    Unreachable(Unreachable),

    /// Something answered, but not Vault: a proxy, a balancer or another server.
    NotVault {
        /// The HTTP status.
        status: u16,
        /// Content type and, of an HTML page, its title.
        content: String,
    },

    /// Plain HTTP to a server that speaks TLS.
    WantsTls,

    /// Vault's answer lacks what it must hold.
    BadAnswer {
        /// What is wrong with it. Never a part of the answer's data.
        problem: String,
    },

    /// The server sends elsewhere, and that is not followed.
    Redirected {
        /// The target's scheme, host and port; `None` when it has none.
        to: Option<String>,
        /// Why not.
        why: NotFollowed,
    },

    /// The token itself is not valid.
    TokenRefused {
        /// Where the token comes from.
        origin: String,
    },

    /// The token is valid, but its policies do not allow to read the secret.
    Denied(Denied),

    /// The login was refused.
    LoginRefused {
        /// The authentication method.
        method: &'static str,
        /// The HTTP status.
        status: u16,
        /// What Vault said.
        answer: String,
        /// What was presented: role, auth mount, identity; never a credential.
        presented: String,
        /// The cause as far as it is known, and what to do.
        cause: Problem,
    },

    /// The namespace does not exist.
    NamespaceUnknown,

    /// The secret never had this version, or it was removed with its history.
    VersionMissing {
        /// The version that the text pins.
        version: u64,
        /// The newest versions that can be read, as far as they are known.
        readable: Vec<u64>,
    },

    /// There is no secret at this path.
    SecretMissing,

    /// The newest version was deleted; it can be restored.
    SecretDeleted {
        /// The version.
        version: u64,
        /// When, as Vault says it (RFC 3339, UTC).
        when: Option<String>,
        /// As in `VersionMissing`.
        readable: Vec<u64>,
    },

    /// The newest version was destroyed; it cannot be restored.
    SecretDestroyed {
        /// The version.
        version: u64,
        /// As in `VersionMissing`.
        readable: Vec<u64>,
    },

    /// No secrets engine is mounted there.
    MountUnknown {
        /// The most similar mount that the token may see.
        nearest: Option<String>,
    },

    /// The mount exists, but it has another engine than the one that was asked.
    OtherEngine {
        /// The engine that was asked, for example `KV version 2`.
        wanted: &'static str,
        /// What is there.
        found: FoundEngine,
    },

    /// The secret has no such key.
    KeyMissing {
        /// The key that was asked for.
        key: String,
        /// The keys that exist.
        names: Vec<String>,
        /// The most similar one.
        nearest: Option<String>,
    },

    /// The key exists, but its value is no password.
    ValueUnusable {
        /// The key.
        key: String,
        /// What is wrong. Never the value.
        problem: Problem,
    },

    /// Vault is sealed.
    Sealed {
        /// How many unseal keys were given, if that is known.
        progress: Option<UnsealProgress>,
    },

    /// Vault was never initialised.
    Uninitialised,

    /// A standby answered, and there is no leader.
    NoLeader {
        /// The HTTP status.
        status: u16,
        /// What Vault said.
        answer: String,
    },

    /// A rate limit or lease count quota of Vault.
    RateLimited {
        /// What Vault said.
        answer: String,
    },

    /// Vault answered with an error that has no words of its own here.
    Refused {
        /// The HTTP status.
        status: u16,
        /// What Vault said.
        answer: String,
    },

    /// A secret was to be stored.
    NotStored(NotStored),

    /// The thread was interrupted while it waited: the server is being stopped.
    Interrupted,

    /// A mistake in vault-cipher itself, or the JVM refused what must work.
    Internal(String),
}

/// What is wrong with something, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong: the end of a sentence, without a full stop.
    pub what: String,
    /// What to do, without a full stop; empty where nothing is to be said.
    pub advice: String,
}

/// A policy that does not allow a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    /// Where the token comes from.
    pub origin: String,
    /// The path that the policy must name.
    pub policy_path: String,
    /// The names of the token's policies, where it may ask for them.
    pub policies: Option<Vec<String>>,
    /// What else is known of the cause.
    pub hint: Option<DeniedHint>,
}

/// What is known of a denial besides the policies.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeniedHint {
    /// The policies allow it under conditions only.
    Conditional,
    /// The token may see this mount, whose path is similar.
    NearestMount(String),
}

/// Why a redirect is not followed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotFollowed {
    /// It names no valid address.
    NoAddress,
    /// It leads to another path: it is not that of a standby.
    OtherPath,
    /// `VAULT_DISABLE_REDIRECTS` is set.
    Disabled,
    /// It leads from https to http.
    Downgrade,
    /// It leads to an address that the text does not name.
    UnknownHost {
        /// The scheme, host and port whose credentials would be sent there.
        from: String,
    },
    /// One was followed already.
    Second,
}

impl NotFollowed {
    /// Whether it looks like a standby that names the active node: while one is elected, that passes.
    pub(crate) fn by_standby(&self) -> bool {
        !matches!(self, Self::NoAddress | Self::OtherPath)
    }
}

/// What a mount has instead of the engine that was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FoundEngine {
    /// The mount's path is longer than the text says.
    LongerMount(String),
    /// KV version 1, and the text pins a version.
    Kv1WithVersion,
    /// KV version 1.
    Kv1,
    /// KV version 2.
    Kv2,
    /// An engine of this type.
    Other(String),
    /// An engine of this type, in which nothing can be stored.
    NotStorable(String),
    /// It is not known; Vault answered this.
    Unknown(String),
}

/// How far an unseal has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnsealProgress {
    /// How many keys were given.
    pub given: u32,
    /// How many are needed.
    pub needed: u32,
}

impl Problem {
    /// Something that is wrong, and what to do about it.
    pub(crate) fn new(what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { what: what.into(), advice: advice.into() }
    }
}

impl<W: Into<String>, A: Into<String>> From<(W, A)> for Problem {
    fn from((what, advice): (W, A)) -> Self {
        Self::new(what, advice)
    }
}

impl From<&str> for Problem {
    fn from(what: &str) -> Self {
        Self::new(what, "")
    }
}

impl From<String> for Problem {
    fn from(what: String) -> Self {
        Self::new(what, "")
    }
}

impl From<file::Problem> for Problem {
    fn from(problem: file::Problem) -> Self {
        Self::new(problem.to_string(), problem.advice())
    }
}

impl ErrorKind {
    /// The error at this request.
    pub(crate) fn at(self, at: impl Into<RequestInfo>) -> Error {
        Error::new(self, Some(at.into()))
    }

    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Text { .. } => Code::TEXT,
            Self::Setting { .. } => Code::SETTING,
            Self::NotConfigured { .. } => Code::NOT_CONFIGURED,
            Self::File { .. } => Code::FILE,
            Self::TrustStore { .. } => Code::TRUST_STORE,
            Self::Unreachable(why) => why.code(),
            Self::NotVault { .. } => Code::NOT_VAULT,
            Self::WantsTls => Code::WANTS_TLS,
            Self::BadAnswer { .. } => Code::BAD_ANSWER,
            Self::Redirected { .. } => Code::REDIRECTED,
            Self::TokenRefused { .. } => Code::TOKEN_REFUSED,
            Self::Denied(_) => Code::DENIED,
            Self::LoginRefused { .. } => Code::LOGIN_REFUSED,
            Self::NamespaceUnknown => Code::NAMESPACE_UNKNOWN,
            Self::VersionMissing { .. } => Code::VERSION_MISSING,
            Self::SecretMissing => Code::SECRET_MISSING,
            Self::SecretDeleted { .. } => Code::SECRET_DELETED,
            Self::SecretDestroyed { .. } => Code::SECRET_DESTROYED,
            Self::MountUnknown { .. } => Code::MOUNT_UNKNOWN,
            Self::OtherEngine { .. } => Code::OTHER_ENGINE,
            Self::KeyMissing { .. } => Code::KEY_MISSING,
            Self::ValueUnusable { .. } => Code::VALUE_UNUSABLE,
            Self::Sealed { .. } => Code::SEALED,
            Self::Uninitialised => Code::UNINITIALISED,
            Self::NoLeader { .. } => Code::NO_LEADER,
            Self::RateLimited { .. } => Code::RATE_LIMITED,
            Self::Refused { .. } => Code::REFUSED,
            Self::NotStored(why) => why.code(),
            Self::Interrupted => Code::INTERRUPTED,
            Self::Internal(_) => Code::INTERNAL,
        }
    }
}

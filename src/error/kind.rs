//! What can fail, as facts. The words are in `statement` and `advice`.

use crate::error::{Denied, FoundEngine, NotFollowed, Problem, Provider, RequestInfo, Unreachable, UnsealProgress};
use crate::resource::Resource;

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
        /// Who provides it.
        provider: Provider,
    },

    /// The token's uses did not suffice to find out which engine the mount has.
    TokenUsedUp {
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

    /// The machine has no identity in the cloud that the login needs, or the source of it does not give it.
    NoIdentity {
        /// The authentication method.
        method: &'static str,
        /// The source that is set and fails; `None` where none is set.
        source: Option<String>,
        /// The sources that had nothing, in their order, each with the reason.
        looked: Vec<String>,
        /// Why the source fails, and what to do.
        problem: Problem,
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
        /// The first of the keys that exist.
        names: Vec<String>,
        /// How many keys exist.
        count: usize,
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

    /// A standby was asked for what only the active node can do, and did not pass the request on.
    StandbyReadOnly {
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

    /// The process has none left of what a request takes.
    UsedUp {
        /// What.
        resource: Resource,
        /// What it was needed for, in words: the beginning of a sentence.
        what: String,
    },

    /// The kernel, or a sandbox around the process, refuses a system call that a request takes.
    SystemRefuses {
        /// What it was needed for, in words: the beginning of a sentence.
        what: String,
        /// The system's error.
        why: String,
    },

    /// A mistake in vault-cipher itself, or the JVM refused what must work.
    Internal(String),
}

/// Why `store` did not do its work, where that is not what a read can fail with. Each variant says when it happens.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum NotStored {
    /// The token may not read the secret before it is written, or not write it.
    Denied {
        /// What the policies lack.
        denied: Denied,
        /// Whether it is the write; else the read before it.
        write: bool,
    },

    /// The text is a plain secret, and nothing says where it is to be stored.
    NoTemplate {
        /// Where that can be set, in words.
        places: String,
    },

    /// Vault does not tell the engine, and there is no secret by which to know it.
    EngineUnknown,

    /// The path has the API's `data/` in front.
    DataPath {
        /// The path without it.
        path: String,
    },

    /// The key has another value.
    OtherValue {
        /// The key.
        key: String,
        /// The version of the secret, for KV version 2.
        version: Option<u64>,
    },

    /// Another client wrote between our read and our write.
    WrittenMeanwhile,

    /// The write had no answer, or none that says what became of it.
    Unsure {
        /// The failure.
        why: Box<Error>,
    },

    /// It is there, but the server will not be able to read it.
    NotReadBack {
        /// Whether it was written by this call; else it was there already.
        written: bool,
        /// What happened when it was read as the server will read it.
        why: ReadBack,
        /// The text for the configuration.
        text: String,
    },
}

/// What a read after a write gave instead of the value.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ReadBack {
    /// Another value.
    OtherValue,
    /// The failure of the server's own login or read.
    Failed(Box<Error>),
}

/// Why there is no secret: a kind with its facts, and the request that failed.
#[derive(Debug, Clone, PartialEq)]
pub struct Error(Box<Facts>);

#[derive(Debug, Clone, PartialEq)]
struct Facts {
    kind: ErrorKind,
    at: Option<RequestInfo>,
}

impl Error {
    fn new(kind: ErrorKind, at: Option<RequestInfo>) -> Self {
        Self(Box::new(Facts { kind, at }))
    }

    /// A mistake in vault-cipher itself.
    pub fn internal(what: impl Into<String>) -> Self {
        ErrorKind::Internal(what.into()).into()
    }

    /// Whether the thread was interrupted: an error of that thread, and of no other that waited for it.
    pub(crate) fn is_interrupted(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Interrupted)
    }

    /// What failed.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// What failed, and the request, where there was one.
    pub(crate) fn into_parts(self) -> (ErrorKind, Option<RequestInfo>) {
        (self.0.kind, self.0.at)
    }

    /// The request that failed, where there was one.
    pub fn at(&self) -> Option<&RequestInfo> {
        self.0.at.as_ref()
    }

    /// The same, to add to it.
    pub(crate) fn at_mut(&mut self) -> Option<&mut RequestInfo> {
        self.0.at.as_mut()
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self::new(kind, None)
    }
}

impl ErrorKind {
    /// The error at this request.
    pub(crate) fn at(self, at: impl Into<RequestInfo>) -> Error {
        Error::new(self, Some(at.into()))
    }
}

//! Which kind of error has which code.

use crate::error::{Code, Error, ErrorKind, Problem};

impl Error {
    /// The stable code of the kind.
    pub fn code(&self) -> Code {
        self.kind().code()
    }
}

impl ErrorKind {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Setting { problem: Problem { used_up: Some(resource), .. }, .. }
            | Self::File { problem: Problem { used_up: Some(resource), .. }, .. }
            | Self::TrustStore { problem: Problem { used_up: Some(resource), .. }, .. }
            | Self::UsedUp { resource, .. } => (*resource).into(),
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
            Self::TokenUsedUp { .. } => Code::TOKEN_USED_UP,
            Self::Denied(_) => Code::DENIED,
            Self::LoginRefused { .. } => Code::LOGIN_REFUSED,
            Self::NoIdentity { .. } => Code::NO_IDENTITY,
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
            Self::StandbyReadOnly { .. } => Code::STANDBY_READ_ONLY,
            Self::RateLimited { .. } => Code::RATE_LIMITED,
            Self::Refused { .. } => Code::REFUSED,
            Self::NotStored(why) => why.code(),
            Self::Interrupted => Code::INTERRUPTED,
            Self::SystemRefuses { .. } => Code::SYSTEM_REFUSES,
            Self::Internal(_) => Code::INTERNAL,
        }
    }
}

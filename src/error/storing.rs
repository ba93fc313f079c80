//! Why a secret could not be stored, in words that never leave open whether something was written.

use super::words::{policies_known, shell_word};
use super::{RequestInfo, SecretLocation};

/// Why `store` did not do its work, where that is not what a read can fail with. Each variant says when it happens.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum NotStored {
    /// The token may not read the secret before it is written, or not write it.
    #[error(
        "Vault denies the token from {origin} to {doing} the secret (403 permission denied at {location}), and nothing was written; \
         {}{hint}. What to do: add to a policy of this token: path \"{policy_path}\" {{ capabilities = [\"create\", \"update\", \
         \"read\"] }}; or set VAULT_TOKEN to a token that has it: storing uses that one, and the server never needs it",
        policies_known(.policies)
    )]
    Denied {
        /// The request.
        location: SecretLocation,
        /// Where the token comes from.
        origin: String,
        /// `read` or `write`.
        doing: &'static str,
        /// The path that the policy must name.
        policy_path: String,
        /// The names of the token's policies, where it may ask for them.
        policies: Option<Vec<String>>,
        /// What else is known of the cause; empty if nothing.
        hint: String,
    },

    /// Vault does not tell the engine, and there is no secret by which to know it.
    #[error(
        "It cannot be found out which engine is at mount {:?} ({location}), and nothing was written. What to do: write \
         \"engine\":\"kv2\" or \"engine\":\"kv1\" into the text (vault secrets list -detailed shows it)", .location.mount
    )]
    EngineUnknown {
        /// Where the secret was looked for.
        location: SecretLocation,
    },

    /// The path has the API's `data/` in front.
    #[error(
        "\"path\" begins with \"data/\", which belongs to the API's path and not to the secret's, and nothing was written ({location}). \
         What to do: write {path:?}"
    )]
    DataPath {
        /// Where the secret was looked for.
        location: SecretLocation,
        /// The path without it.
        path: String,
    },

    /// The key has another value.
    #[error(
        "Key {key:?} of the secret at {location} has another value already, and nothing was written. What to do: choose another \"key\" or \
         \"path\"; or write \"overwrite\":true into the text to replace that value{}", kept(*.version)
    )]
    OtherValue {
        /// Where the secret is.
        location: SecretLocation,
        /// The key.
        key: String,
        /// The version of the secret, for KV version 2.
        version: Option<u64>,
    },

    /// Somebody else wrote between our read and our write.
    #[error(
        "Somebody else wrote the secret at {location} at the same moment (check-and-set), and nothing was written. What to do: look at \
         what is there now (vault kv get -mount={} {}), then store again",
        shell_word(&.location.mount), shell_word(&.location.path)
    )]
    WrittenMeanwhile {
        /// The request.
        location: SecretLocation,
    },

    /// The write had no answer, or none that says what became of it.
    #[error("{why}. It is NOT KNOWN whether the secret was written; storing the same again is safe, and tells")]
    Unsure {
        /// The failure.
        why: String,
    },

    /// It is there, but the server will not be able to read it.
    #[error(
        "The secret {done} ({location}), but the server will not get it: {why}. THE SECRET IS IN VAULT: it need not be stored again. \
         The text for the configuration, once that is mended, is {text}"
    )]
    NotReadBack {
        /// The request that wrote it, or found it.
        location: SecretLocation,
        /// `WAS WRITTEN` or `was there already`.
        done: &'static str,
        /// The failure of the server's own login or read.
        why: String,
        /// The text for the configuration.
        text: String,
    },
}

impl NotStored {
    pub(super) fn at_mut(&mut self) -> Option<&mut RequestInfo> {
        match self {
            Self::Denied { location, .. }
            | Self::EngineUnknown { location }
            | Self::DataPath { location, .. }
            | Self::OtherValue { location, .. }
            | Self::WrittenMeanwhile { location }
            | Self::NotReadBack { location, .. } => Some(&mut location.at),
            Self::Unsure { .. } => None,
        }
    }
}

fn kept(version: Option<u64>) -> String {
    match version {
        Some(version) => format!(" (it stays readable as version {version})"),
        None => " (KV version 1 keeps no older values)".to_owned(),
    }
}

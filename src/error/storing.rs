//! Why a secret could not be stored, in words that never leave open whether something was written.

use super::words::{Place, policies_known, shell_word};
use super::{Code, Error, ErrorKind, NotStored, ReadBack, RequestInfo};
use crate::text::{cut, shown_path};

impl NotStored {
    /// The error at this request.
    pub(crate) fn at(self, at: impl Into<RequestInfo>) -> Error {
        ErrorKind::NotStored(self).at(at)
    }

    pub(super) fn code(&self) -> Code {
        match self {
            Self::Denied { .. } => Code::STORE_DENIED,
            Self::EngineUnknown => Code::STORE_ENGINE_UNKNOWN,
            Self::DataPath { .. } => Code::STORE_DATA_PATH,
            Self::OtherValue { .. } => Code::STORE_OTHER_VALUE,
            Self::WrittenMeanwhile => Code::STORE_WRITTEN_MEANWHILE,
            Self::Unsure { .. } => Code::STORE_UNSURE,
            Self::NotReadBack { .. } => Code::STORE_NOT_READ_BACK,
        }
    }

    pub(super) fn statement(&self, at: Place<'_>) -> String {
        match self {
            Self::Denied { denied, write } => format!(
                "Vault denies the token from {} to {} the secret (403 permission denied at {at}), and nothing was written; {}{}",
                denied.origin,
                if *write { "write" } else { "read" },
                policies_known(denied.policies.as_deref()),
                denied.hint_words()
            ),
            Self::EngineUnknown => {
                format!(
                    "It cannot be found out which engine is at mount {} ({at}), and nothing was written",
                    shown_path(at.mount())
                )
            }
            Self::DataPath { .. } => format!(
                "\"path\" begins with \"data/\", which belongs to the API's path and not to the secret's, and nothing was written ({at})"
            ),
            Self::OtherValue { key, .. } => {
                format!("Key {} of the secret at {at} has another value already, and nothing was written", shown_path(key))
            }
            Self::WrittenMeanwhile => {
                format!("Somebody else wrote the secret at {at} at the same moment (check-and-set), and nothing was written")
            }
            Self::Unsure { why } => {
                format!("{}. It is NOT KNOWN whether the secret was written", cut(why.statement(), 3000))
            }
            Self::NotReadBack { written, why, .. } => format!(
                "The secret {} ({at}), but the server will not get it: {}. THE SECRET IS IN VAULT: it need not be stored again",
                if *written { "WAS WRITTEN" } else { "was there already" },
                match why {
                    ReadBack::OtherValue => "another value came back".to_owned(),
                    ReadBack::Failed(why) => cut(why.statement(), 2000),
                }
            ),
        }
    }

    pub(super) fn advice(&self, at: Place<'_>) -> String {
        match self {
            Self::Denied { denied, .. } => format!(
                "add to a policy of this token: path \"{}\" {{ capabilities = [\"create\", \"update\", \"read\"] }}; or set VAULT_TOKEN \
                 to a token that has it: storing uses that one, and the server never needs it",
                denied.policy_path
            ),
            Self::EngineUnknown => {
                "write \"engine\":\"kv2\" or \"engine\":\"kv1\" into the text (vault secrets list -detailed shows it)".to_owned()
            }
            Self::DataPath { path } => format!("write {}", shown_path(path)),
            Self::OtherValue { version, .. } => format!(
                "choose another \"key\" or \"path\"; or write \"overwrite\":true into the text to replace that value{}",
                kept(*version)
            ),
            Self::WrittenMeanwhile => format!(
                "look at what is there now (vault kv get -mount={} {}), then store again",
                shell_word(at.mount()),
                shell_word(at.path())
            ),
            Self::Unsure { why } => format!("{}; storing the same again is safe, and tells", cut(why.advice(), 3000)),
            Self::NotReadBack { why, text, .. } => format!(
                "{}; the text for the configuration, once this is fixed, is {}",
                match why {
                    ReadBack::OtherValue => "see who else writes there, then store it again".to_owned(),
                    ReadBack::Failed(why) => cut(why.advice(), 1500),
                },
                // Half of a text is no text.
                if text.len() <= 2000 { text } else { "the one that was given, without \"store\", \"value\" and \"overwrite\"" }
            ),
        }
    }
}

fn kept(version: Option<u64>) -> String {
    match version {
        Some(version) => format!(" (it stays readable as version {version})"),
        None => " (KV version 1 keeps no older values)".to_owned(),
    }
}

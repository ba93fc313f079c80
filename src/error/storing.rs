//! Why a secret could not be stored, in words that never leave open whether something was written.

use crate::error::words::{Place, policies_known, shell_word};
use crate::error::{Code, Error, ErrorKind, NotStored, ReadBack, RequestInfo};
use crate::text::{cut, shown_path};

impl NotStored {
    /// The error at this request.
    pub(crate) fn at(self, at: impl Into<RequestInfo>) -> Error {
        ErrorKind::NotStored(self).at(at)
    }

    pub(super) fn code(&self) -> Code {
        match self {
            Self::Denied { .. } => Code::STORE_DENIED,
            Self::NoTemplate { .. } => Code::STORE_NO_TEMPLATE,
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
                "Vault does not allow the token from {} to {} the secret (403 permission denied at {at}), and nothing was written; {}{}",
                denied.origin,
                if *write { "write" } else { "read" },
                policies_known(denied.policies.as_deref()),
                denied.hint_words()
            ),
            Self::NoTemplate { .. } => {
                "A plain secret is to be stored (it is not a JSON object: it does not begin with \"{\"), nothing says \
                                       where in Vault, and nothing was written"
                    .to_owned()
            }
            Self::EngineUnknown => {
                format!("The engine of mount {} is not known ({at}), and nothing was written", shown_path(at.mount()))
            }
            Self::DataPath { .. } => format!(
                "\"path\" begins with \"data/\", which is a part of the API's path and not of the secret's path, and nothing was written ({at})"
            ),
            Self::OtherValue { key, .. } => {
                format!("Key {} of the secret at {at} already has another value, and nothing was written", shown_path(key))
            }
            Self::WrittenMeanwhile => {
                format!("Another client wrote the secret at {at} at the same time (check-and-set), and nothing was written")
            }
            Self::Unsure { why } => {
                format!("{}. It is NOT KNOWN whether the secret was written", cut(why.statement(), 3000))
            }
            Self::NotReadBack { written, why, .. } => format!(
                "The secret {} ({at}), but the server cannot read it: {}. THE SECRET IS IN VAULT: do not store it again",
                if *written { "WAS WRITTEN" } else { "was there already" },
                match why {
                    ReadBack::OtherValue => "another value was read back".to_owned(),
                    ReadBack::Failed(why) => cut(why.statement(), 2000),
                }
            ),
        }
    }

    pub(super) fn advice(&self, at: Place<'_>) -> String {
        match self {
            Self::Denied { denied, .. } => format!(
                "add to a policy of this token: path {} {{ capabilities = [\"create\", \"update\", \"read\"] }}; or set VAULT_TOKEN \
                 to a token that has these capabilities: it is used for storing only, and the server does not need it",
                shown_path(&denied.policy_path)
            ),
            Self::NoTemplate { places } => format!(
                "to have it written into Vault, set {places} to the text that the configuration is to hold, with {{random}} for a name of its \
                 own: {{\"mount\":\"secret\",\"path\":\"bitbucket/{{random}}\",\"key\":\"password\",\"endpoint\":\
                 \"https://vault.example.com:8200\"}}; if the secret is in Vault already, write such a text in its place"
            ),
            Self::EngineUnknown => {
                "write \"engine\":\"kv2\" or \"engine\":\"kv1\" into the text (to find out which: vault secrets list -detailed)"
                    .to_owned()
            }
            Self::DataPath { path } => format!("write {}", shown_path(path)),
            Self::OtherValue { version, .. } => format!(
                "use another \"key\" or \"path\"; or write \"overwrite\":true into the text to replace that value{}",
                kept(*version)
            ),
            Self::WrittenMeanwhile => format!(
                "check what is there now (vault kv get -mount={} {}), then store it again",
                shell_word(at.mount()),
                shell_word(at.path())
            ),
            Self::Unsure { why } => format!(
                "{}; then store the same value again: this is safe, and the result says whether it was written",
                cut(why.advice(), 3000)
            ),
            Self::NotReadBack { why, text, .. } => format!(
                "{}; the text for the configuration, once this is fixed, is {}",
                match why {
                    ReadBack::OtherValue => "find out what else writes to this path, then store it again".to_owned(),
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
        Some(version) => format!(" (the old value stays readable as version {version})"),
        None => " (KV version 1 does not keep old values)".to_owned(),
    }
}

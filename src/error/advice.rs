//! What to do: the second half of each message.

use super::words::{Place, shell_word};
use super::{ErrorKind, FoundEngine, NotFollowed, Provider};

impl ErrorKind {
    /// Empty where nothing is to be done.
    pub(super) fn advice(&self, at: Place<'_>) -> String {
        let secret = || format!("-mount={} {}", shell_word(at.mount()), shell_word(at.path()));
        match self {
            Self::NotConfigured { places, .. } => format!(
                "set {places} for the server's process, and restart it (Atlassian's container images remove variables with SECRET, PASS \
                 or TOKEN in their names; ATL_ALLOWLIST_SENSITIVE_ENV_VARS keeps them)"
            ),
            Self::Setting { problem, .. }
            | Self::File { problem, .. }
            | Self::TrustStore { problem, .. }
            | Self::ValueUnusable { problem, .. }
            | Self::LoginRefused { cause: problem, .. } => problem.advice.clone(),
            Self::Unreachable(why) => why.advice(),
            Self::Denied(denied) => format!(
                "add to a policy of this token: path \"{}\" {{ capabilities = [\"read\"] }}; if such a line exists, check mount, path and \
                 namespace: Vault says the same of a mount that does not exist",
                denied.policy_path
            ),
            Self::SecretMissing => {
                format!("check \"path\" and \"mount\" (try: vault kv get {}), or write the secret", secret())
            }
            Self::SecretDeleted { version, .. } => format!(
                "restore it with 'vault kv undelete -mount={} -versions={version} {}', or write a new version",
                shell_word(at.mount()),
                shell_word(at.path())
            ),
            Self::SecretDestroyed { .. } => format!("write a new version (vault kv put {} …)", secret()),
            Self::OtherEngine { found, .. } => found.advice().to_owned(),
            Self::Redirected { why, .. } => why.advice().to_owned(),
            Self::NotStored(why) => why.advice(at),
            Self::Interrupted => String::new(),
            other => other.fixed_advice().to_owned(),
        }
    }

    /// The advice that does not depend on the facts.
    fn fixed_advice(&self) -> &'static str {
        match self {
            Self::Text { .. } => {
                "correct it there; the secret itself must already be in Vault, and the text says where: \
                 {\"mount\":\"secret\",\"path\":\"sample/secret\",\"key\":\"password\",\"endpoint\":\"https://vault.example.com:8200\"}"
            }
            Self::NotVault { .. } => {
                "check \"endpoint\" (Vault's API address, usually port 8200), and any proxy, balancer or firewall between this machine \
                 and Vault"
            }
            Self::WantsTls => "write https:// there",
            Self::BadAnswer { .. } => "check that the endpoint is Vault or OpenBao",
            Self::TokenRefused { provider: Provider::Fixed, .. } => {
                "check it with 'vault token lookup', put a valid one there and restart"
            }
            Self::TokenRefused { provider: Provider::File, .. } => {
                "see the log of the program that writes the file (an agent: auto_auth), and check the token with 'vault token lookup'"
            }
            Self::TokenRefused { provider: Provider::Agent, .. } => {
                "see the agent's log for its own login (auto_auth), and that its configuration has use_auto_auth_token"
            }
            Self::TokenUsedUp { .. } => {
                "write \"engine\":\"kv1\" or \"engine\":\"kv2\" into the text, so that one request is enough, or give a token with more uses"
            }
            Self::NamespaceUnknown => {
                "correct \"namespace\" or VAULT_NAMESPACE, and \"authNamespace\" where it is set (try: vault namespace list)"
            }
            Self::VersionMissing { .. } => "correct \"version\", or leave it out for the newest",
            Self::MountUnknown { .. } => "correct \"mount\" (try: vault secrets list), or the namespace",
            Self::KeyMissing { .. } => "correct \"key\", or add the key to the secret",
            Self::Sealed { .. } => "unseal it (vault operator unseal), then restart this server",
            Self::Uninitialised => "vault operator init, or correct \"endpoint\"",
            Self::NoLeader { .. } => "check the cluster (vault operator raft list-peers, vault status)",
            Self::RateLimited { .. } => "try again later, or raise the quota (vault list sys/quotas/rate-limit)",
            Self::Refused { .. } => "see Vault's log for this request",
            Self::Internal(_) => "please report it with this line",
            _ => "",
        }
    }
}

impl NotFollowed {
    fn advice(&self) -> &'static str {
        match self {
            Self::NoAddress => "check what stands in front of Vault",
            Self::OtherPath => "check \"endpoint\", and what stands in front of Vault",
            Self::Disabled => "name the active node in \"endpoint\"",
            Self::Downgrade => "correct api_addr of that Vault node",
            Self::UnknownHost { .. } => {
                "add that address to \"endpoint\" (an array), or its host to \"redirectHosts\" (SECRET_STORE_VAULT_REDIRECT_HOSTS)"
            }
            Self::Second => "check api_addr of the Vault nodes, and what stands in front of them",
        }
    }
}

impl FoundEngine {
    fn advice(&self) -> &'static str {
        match self {
            Self::LongerMount(_) => "correct \"mount\", and write the rest in front of \"path\"",
            Self::Kv1WithVersion => "leave \"version\" out: there is but one",
            Self::Kv1 => "write \"engine\":\"kv1\", or leave \"engine\" out",
            Self::Kv2 => "write \"engine\":\"kv2\", or leave \"engine\" out",
            Self::Other(_) => "write \"engine\":\"generic\", and the path as the engine's own documentation has it",
            Self::NotStorable(_) => "name the mount of a KV engine: only there can a secret be stored",
            Self::Unknown(_) => "check the engine and its options with 'vault secrets list -detailed'",
        }
    }
}

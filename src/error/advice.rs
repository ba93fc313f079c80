//! What to do: the second half of each message.

use crate::error::words::{Place, shell_word};
use crate::error::{ErrorKind, FoundEngine, NotFollowed, Provider};
use crate::text::shown_path;

impl ErrorKind {
    /// Empty where nothing is to be done.
    pub(super) fn advice(&self, at: Place<'_>) -> String {
        let secret = || format!("-mount={} {}", shell_word(at.mount()), shell_word(at.path()));
        let copied = at.copied();
        match self {
            Self::NotConfigured { places, .. } => format!(
                "set {places} for the server's process, and restart it (Atlassian's container images remove variables with SECRET, PASS \
                 or TOKEN in their names; list the variable in ATL_ALLOWLIST_SENSITIVE_ENV_VARS to keep it)"
            ),
            Self::Setting { problem, .. }
            | Self::File { problem, .. }
            | Self::TrustStore { problem, .. }
            | Self::ValueUnusable { problem, .. }
            | Self::NoIdentity { problem, .. }
            | Self::LoginRefused { cause: problem, .. } => {
                problem.used_up.map_or_else(|| problem.advice.clone(), |resource| resource.advice().to_owned())
            }
            Self::Unreachable(why) => {
                let cluster_port = if why.may_be_another_protocol() { at.cluster_port() } else { "" };
                format!("{cluster_port}{}", why.advice())
            }
            Self::Denied(denied) => format!(
                "{copied}add to a policy of this token: path {} {{ capabilities = [\"read\"] }}; if such a line exists, check mount, path and \
                 namespace: Vault gives the same answer for a mount that does not exist",
                shown_path(&denied.policy_path)
            ),
            Self::SecretMissing => {
                format!("{copied}check \"path\" and \"mount\" (try: vault kv get {}), or write the secret", secret())
            }
            Self::SecretDeleted { version, .. } => format!(
                "restore it with 'vault kv undelete -mount={} -versions={version} {}', or write a new version",
                shell_word(at.mount()),
                shell_word(at.path())
            ),
            Self::SecretDestroyed { .. } => format!("write a new version (vault kv put {} …)", secret()),
            Self::OtherEngine { found, .. } => format!("{copied}{}", found.advice()),
            Self::MountUnknown { .. } => format!("{copied}correct \"mount\" (try: vault secrets list), or the namespace"),
            Self::Redirected { why, .. } => why.advice().to_owned(),
            Self::NotStored(why) => why.advice(at),
            Self::UsedUp { resource, .. } => resource.advice().to_owned(),
            Self::Interrupted => String::new(),
            other => other.fixed_advice().to_owned(),
        }
    }

    /// The advice that does not depend on the facts.
    fn fixed_advice(&self) -> &'static str {
        match self {
            Self::Text { .. } => {
                "correct it there; the secret itself is in Vault, and the text says where: \
                 {\"mount\":\"secret\",\"path\":\"sample/secret\",\"key\":\"password\",\"endpoint\":\"https://vault.example.com:8200\"}"
            }
            Self::NotVault { .. } => {
                "check \"endpoint\" (Vault's API address, usually port 8200), and any proxy, balancer or firewall between this machine \
                 and Vault"
            }
            Self::WantsTls => "write https:// in \"endpoint\"",
            Self::BadAnswer { .. } => "check that \"endpoint\" is the address of Vault or OpenBao",
            Self::TokenRefused { provider: Provider::Fixed, .. } => {
                "check it with 'vault token lookup', replace it with a valid one and restart this server"
            }
            Self::TokenRefused { provider: Provider::Login, .. } => {
                "compare token_bound_cidrs of the role or user (vault read auth/MOUNT/role/ROLE, for users vault read \
                 auth/MOUNT/users/NAME) with the address from which this server's requests reach Vault (Vault's audit log, \
                 remote_address), and check token_num_uses and token_ttl there"
            }
            Self::TokenRefused { provider: Provider::File, .. } => {
                "check the log of the program that writes the file (for an agent: auto_auth), and check the token with 'vault token lookup'"
            }
            Self::TokenRefused { provider: Provider::Agent, .. } => {
                "check the agent's log for its own login (auto_auth), and that its configuration has use_auto_auth_token"
            }
            Self::TokenUsedUp { .. } => {
                "write \"engine\":\"kv1\" or \"engine\":\"kv2\" into the text, so that one request is enough, or use a token with more uses"
            }
            Self::NamespaceUnknown => {
                "correct \"namespace\" or VAULT_NAMESPACE, and \"authNamespace\" where it is set (try: vault namespace list)"
            }
            Self::VersionMissing { .. } => "correct \"version\", or remove it to read the newest version",
            Self::KeyMissing { .. } => "correct \"key\", or add the key to the secret",
            Self::Sealed { .. } => "unseal it (vault operator unseal), then restart this server",
            Self::Uninitialised => "initialise it (vault operator init), or correct \"endpoint\"",
            Self::NoLeader { .. } => "check the cluster (vault operator raft list-peers, vault status)",
            Self::StandbyReadOnly { .. } => {
                "write the addresses of all nodes into \"endpoint\" (an array), or the address of the active node (try: vault status)"
            }
            Self::RateLimited { .. } => "try again later, or raise the quota (vault list sys/quotas/rate-limit)",
            Self::Refused { .. } => "look for this request in Vault's log",
            Self::SystemRefuses { .. } => {
                "allow epoll_create1, epoll_ctl, epoll_wait and eventfd2 to this process (the seccomp profile of the container, SystemCallFilter in \
                 the systemd unit), or see whether its kernel or sandbox has them"
            }
            Self::Internal(_) => "please report this line to the project",
            _ => "",
        }
    }
}

impl NotFollowed {
    fn advice(&self) -> &'static str {
        match self {
            Self::NoAddress => "check any proxy or balancer in front of Vault",
            Self::OtherPath => "check \"endpoint\", and any proxy or balancer in front of Vault",
            Self::Disabled => "write the address of the active node into \"endpoint\"",
            Self::Downgrade => "correct api_addr in the configuration of that Vault node",
            Self::UnknownHost { .. } => {
                "add that address to \"endpoint\" (an array), or its host to \"redirectHosts\" (SECRET_STORE_VAULT_REDIRECT_HOSTS)"
            }
            Self::Second => "check api_addr of the Vault nodes, and any proxy or balancer in front of them",
        }
    }
}

impl FoundEngine {
    fn advice(&self) -> &'static str {
        match self {
            Self::LongerMount(_) => "correct \"mount\", and write the rest of it at the beginning of \"path\"",
            Self::Kv1WithVersion => "remove \"version\": KV version 1 has only one version",
            Self::Kv1 => "write \"engine\":\"kv1\", or remove \"engine\"",
            Self::Kv2 => "write \"engine\":\"kv2\", or remove \"engine\"",
            Self::Other(_) => "write \"engine\":\"generic\", and the path that the documentation of this engine gives",
            Self::NotStorable(_) => "use the mount of a KV engine: a secret can only be stored there",
            Self::Unknown(_) => "check the engine and its options with 'vault secrets list -detailed'",
        }
    }
}

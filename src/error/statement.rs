//! What happened: the first half of each message.

use crate::error::words::{Place, keys_there, policies_known, suggestion, versions_known};
use crate::error::{ErrorKind, FoundEngine, NotFollowed, Provider};
use crate::text::{shown, shown_file, shown_path};

impl ErrorKind {
    pub(super) fn statement(&self, at: Place<'_>) -> String {
        match self {
            Self::Text { problems } => {
                format!("The text in the server's configuration cannot be used: {}", problems.join("; "))
            }
            Self::Setting { origin, problem } => format!("{origin} cannot be used: {}", problem.what),
            Self::NotConfigured { method, what, .. } => {
                format!("authenticationType {method} needs {what}, which is not set anywhere")
            }
            Self::File { what, path, origin, problem } => {
                format!("The {what} {} (from {origin}) {}", shown_file(path), problem.what)
            }
            Self::TrustStore { store, problem } => {
                format!("The certificates that this JVM trusts cannot be read: {store}: {}", problem.what)
            }
            Self::Unreachable(why) => format!("Vault cannot be reached at {at}: {}", why.statement()),
            Self::NotVault { status, content } => format!("The answer from {at} is not from Vault: status {status}, {content}"),
            Self::WantsTls => format!("The server at {at} speaks TLS, and \"endpoint\" says http"),
            Self::BadAnswer { problem } => format!("The answer from {at} cannot be understood: {problem}"),
            Self::Redirected { to, why } => {
                let to = to.as_deref().unwrap_or("an address that is not valid");
                format!("{at} redirects to {to}, and this redirect is not followed: {}", why.statement(to))
            }
            Self::TokenRefused { origin, provider } => {
                let likeliest = match provider {
                    Provider::Fixed => "",
                    Provider::File => "the program that writes the file has not logged in again yet; or ",
                    Provider::Agent => "most likely the agent has not logged in itself; or ",
                    Provider::Login => {
                        return format!(
                            "Vault does not accept the token that it gave for {origin} (403 permission denied at {at}): most likely the \
                             role binds it to other addresses (token_bound_cidrs); or it is used up (token_num_uses), expired or revoked"
                        );
                    }
                };
                format!(
                    "Vault does not accept the token from {origin} (403 permission denied at {at}): {likeliest}it is wrong, expired, \
                     revoked or used up, is bound to other addresses, or belongs to another Vault or namespace"
                )
            }
            Self::TokenUsedUp { origin } => format!(
                "The token from {origin} has no use left (num_uses): a first request found no KV version 2 secret at {at}, and Vault did \
                 not accept it for the next one, which asks for the engine of the mount"
            ),
            Self::Denied(denied) => format!(
                "Vault does not allow the token from {} to read the secret (403 permission denied at {at}); {}{}",
                denied.origin,
                policies_known(denied.policies.as_deref()),
                denied.hint_words()
            ),
            Self::LoginRefused { method, status, answer, presented, cause } => {
                let cause = if cause.what.is_empty() { String::new() } else { format!(". {}", cause.what) };
                format!("The {method} login was refused ({status} {answer}) at {at}, {presented}{cause}")
            }
            Self::NoIdentity { method, source: None, looked, .. } => {
                format!("authenticationType {method} finds no identity of this machine; looked at: {}", looked.join("; "))
            }
            Self::NoIdentity { method, source: Some(source), looked, problem } => {
                let before =
                    if looked.is_empty() { String::new() } else { format!("; before it were looked at: {}", looked.join("; ")) };
                format!("authenticationType {method} gets no identity of this machine from {source}: {}{before}", problem.what)
            }
            Self::NamespaceUnknown => format!("Vault has no such namespace (404 at {at})"),
            Self::VersionMissing { version, readable } => {
                format!("The secret has no version {version} (404 at {at}{})", versions_known(readable))
            }
            Self::SecretMissing => format!("There is no secret at {at} (404)"),
            Self::SecretDeleted { version, when, readable } => format!(
                "Version {version} of the secret was deleted on {}, at {at}{}",
                when.as_deref().unwrap_or("a date that Vault does not give"),
                versions_known(readable)
            ),
            Self::SecretDestroyed { version, readable } => format!(
                "Version {version} of the secret was destroyed and cannot be restored, at {at}{}",
                versions_known(readable)
            ),
            Self::MountUnknown { nearest } => {
                format!(
                    "Vault has no secrets engine at mount {} (404 at {at}){}",
                    shown_path(at.mount()),
                    suggestion(nearest.as_deref())
                )
            }
            Self::OtherEngine { wanted, found } => {
                format!(
                    "The mount {} does not answer as a {wanted} engine ({}) at {at}",
                    shown_path(at.mount()),
                    found.statement()
                )
            }
            Self::KeyMissing { key, names, count, nearest } => format!(
                "The secret at {at} has no key {}{}; it has {}",
                shown_path(key),
                suggestion(nearest.as_deref()),
                keys_there(names, *count)
            ),
            Self::ValueUnusable { key, problem } => {
                format!("The value of key {} at {at} {}", shown_path(key), problem.what)
            }
            Self::Sealed { progress } => {
                let progress = progress.map(|progress| format!("; {} of {} unseal keys given", progress.given, progress.needed));
                format!("Vault is sealed (503 at {at}{}): it runs, but cannot decrypt its storage", progress.unwrap_or_default())
            }
            Self::Uninitialised => format!("Vault is not initialised ({at})"),
            Self::NoLeader { status, answer } => {
                format!("This Vault node is a standby node and knows no active node ({answer}, {status} at {at})")
            }
            Self::StandbyReadOnly { status, answer } => format!(
                "This Vault node is a standby node, which cannot write, and it did not forward the request to the active node ({answer}, \
                 {status} at {at})"
            ),
            Self::RateLimited { answer } => format!("A quota of Vault rejects the request (429 at {at}: {answer})"),
            Self::Refused { status, answer } => format!("Vault answered {status} at {at}: {answer}"),
            Self::NotStored(why) => why.statement(at),
            Self::Interrupted => format!("Interrupted while waiting for {at}: the server is stopping"),
            Self::UsedUp { resource, what } => format!("{what}: {}", resource.words()),
            Self::SystemRefuses { what, why } => {
                format!("{what}: the system refuses this process a system call that it needs to wait for connections ({why})")
            }
            Self::Internal(what) => format!("Internal error: {what}"),
        }
    }
}

impl NotFollowed {
    fn statement(&self, to: &str) -> String {
        match self {
            Self::NoAddress => "it names no valid address".to_owned(),
            Self::OtherPath => "it leads to another path, so it does not come from a standby node of Vault".to_owned(),
            Self::Disabled => "VAULT_DISABLE_REDIRECTS is set".to_owned(),
            Self::Downgrade => "it leads from https to http, which would send the token unencrypted".to_owned(),
            Self::UnknownHost { from } => {
                format!("the credentials for {from} are not sent to {to}, which the configuration does not name")
            }
            Self::Second => "only one redirect is followed, and this is the second".to_owned(),
        }
    }
}

impl FoundEngine {
    fn statement(&self) -> String {
        match self {
            Self::LongerMount(path) => format!("the mount is {}", shown_path(path)),
            Self::Kv1WithVersion | Self::Kv1 => "it is KV version 1".to_owned(),
            Self::Kv2 => "it is KV version 2".to_owned(),
            Self::Other(kind) | Self::NotStorable(kind) => format!("it is a {} engine", shown(kind)),
            Self::Unknown(answer) => answer.clone(),
        }
    }
}

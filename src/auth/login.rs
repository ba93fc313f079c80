//! The outcome of a login, and what the methods share on the way there.

use std::time::Duration;

use crate::client::InlineLogin;
use crate::error::{Error, Provider};
use crate::secret::Secret;
use crate::settings::{AUTH_MOUNT, Sources, Value};
use crate::vault::ApiPath;

/// A token for Vault, and where it comes from, for messages.
pub(crate) struct Login {
    /// `None`: an agent adds its own.
    pub(crate) token: Option<Secret>,
    pub(crate) origin: String,
    /// What was granted with the token; `None` for one that was given to us, which is not ours to revoke.
    pub(crate) info: Option<TokenInfo>,
    pub(crate) provider: Provider,
}

/// What Vault grants with a token.
pub(crate) struct TokenInfo {
    /// `None`: without end.
    pub(crate) ttl: Option<Duration>,
    /// `None`: as often as one likes.
    pub(crate) uses: Option<u32>,
    pub(crate) renewable: bool,
    /// Batch tokens are not stored by Vault, and cannot be revoked.
    pub(crate) batch: bool,
}

impl Login {
    /// A token that was there already.
    pub(crate) fn given(token: Secret, origin: String, provider: Provider) -> Self {
        Self { token: Some(token), origin, info: None, provider }
    }

    /// Who reads where a login goes along with each request, for messages; there is no token.
    pub(crate) fn inline(inline: &InlineLogin) -> Self {
        Self { token: None, origin: inline.origin.clone(), info: None, provider: Provider::Login }
    }

    /// A peer's words without the token, should it echo it.
    pub(crate) fn redact_in(&self, text: &str) -> String {
        self.token.as_ref().map_or_else(|| text.to_owned(), |token| token.redact_in(text))
    }
}

/// The auth method's mount path; `default` is where the official documentation mounts it.
pub(super) fn mount(sources: Sources<'_>, default: &str) -> Result<ApiPath, Error> {
    mount_of(&AUTH_MOUNT.find_or(sources, default)?)
}

/// "auth/approle" is how Vault's own commands print a mount.
pub(super) fn mount_of(value: &Value) -> Result<ApiPath, Error> {
    let path = value.trimmed().trim_start_matches('/');
    let path = path.strip_prefix("auth/").unwrap_or(path);
    ApiPath::parse(path).map_err(|problem| value.refuse(format!("the mount path {problem}")))
}

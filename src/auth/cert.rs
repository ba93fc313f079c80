//! `CERT`: the client certificate of the TLS connection logs in.
//! Source: <https://developer.hashicorp.com/vault/api-docs/auth/cert#login-with-tls-certificate-method>.

use crate::auth::{Attempt, Context, Plain, mount, shown};
use crate::error::Error;
use crate::secret::Secret;
use crate::settings::ROLE;

pub(super) const NAME: &str = "CERT";

pub(super) fn attempt(context: &Context<'_>) -> Result<Attempt<'static>, Error> {
    let sources = context.sources;
    let mount = mount(sources, "cert")?;
    // Without a name every certificate role is tried.
    let role = ROLE.find(sources)?;
    let who = role.as_ref().map_or_else(|| "any role".to_owned(), |role| format!("role {}", shown(role.trimmed())));
    let plain = Plain {
        method: NAME,
        mount: mount.plain,
        who,
        cause: |_| {
            "no client certificate reached Vault, or none that the role trusts: name it in VAULT_CLIENT_CERT and VAULT_CLIENT_KEY, \
             use https, let no proxy end TLS on the way, and compare with 'vault read auth/MOUNT/certs/ROLE'"
        },
        lockout: None,
        may_lack: None,
    };
    let fields = role.into_iter().map(|role| ("name", Secret::new(role.trimmed().to_owned()))).collect();
    Ok(plain.attempt(format!("auth/{}/login", mount.encoded), fields, None))
}

//! `CERT`: the client certificate of the TLS connection logs in.
//! Source: <https://developer.hashicorp.com/vault/api-docs/auth/cert#login-with-tls-certificate-method>.

use super::{Login, Plain, body, mount, shown};
use crate::error::Error;
use crate::http::Client;
use crate::settings::{ROLE, Sources};

pub(super) const NAME: &str = "CERT";

pub(super) fn login(client: &Client<'_>, sources: Sources<'_>) -> Result<Login, Error> {
    let mount = mount(sources, "cert")?;
    // Without a name every certificate role is tried.
    let role = ROLE.find(sources)?;
    let (who, body) = match &role {
        Some(role) => (format!("role {}", shown(role.trimmed())), body(&[("name", role.trimmed())])?),
        None => ("any role".to_owned(), body(&[])?),
    };
    let plain = Plain {
        method: NAME,
        mount: &mount.plain,
        who,
        cause: |_| {
            "no client certificate reached Vault, or none that the role trusts: name it in VAULT_CLIENT_CERT and VAULT_CLIENT_KEY, \
             use https, let no proxy end TLS on the way, and compare with 'vault read auth/MOUNT/certs/ROLE'"
        },
    };
    plain.login(client, &format!("auth/{}/login", mount.encoded), &body, None)
}

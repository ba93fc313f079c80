//! `USERPASS` and `LDAP`: a user name and a password; the two differ in the mount only.
//! Source: <https://developer.hashicorp.com/vault/api-docs/auth/userpass#login>, <https://developer.hashicorp.com/vault/api-docs/auth/ldap#login-with-ldap-user>.

use super::{Login, Plain, body, credential, mount, shown};
use crate::error::Error;
use crate::http::Client;
use crate::request::ApiPath;
use crate::settings::{PASSWORD, PASSWORD_FILE, Sources, USERNAME};

pub(super) fn userpass(client: &Client<'_>, sources: Sources<'_>) -> Result<Login, Error> {
    login("USERPASS", "userpass", client, sources)
}

pub(super) fn ldap(client: &Client<'_>, sources: Sources<'_>) -> Result<Login, Error> {
    login("LDAP", "ldap", client, sources)
}

fn login(method: &'static str, default_mount: &str, client: &Client<'_>, sources: Sources<'_>) -> Result<Login, Error> {
    let mount = mount(sources, default_mount)?;
    let user = USERNAME.require(sources, method, "the user name")?;
    let name = ApiPath::parse(user.trimmed()).map_err(|problem| user.refuse(format!("the user name {problem}")))?;
    if name.plain.contains('/') {
        return Err(user.refuse("the user name holds a slash, which Vault takes for a path"));
    }
    let (password, _) = credential::find(&PASSWORD, &PASSWORD_FILE, ("the password", "password file"), method, sources)?;
    let body = body(&[("password", password.expose())])?;
    let plain = Plain {
        method,
        mount: &mount.plain,
        who: format!("user {}", shown(user.trimmed())),
        cause: |said| match said {
            _ if said.contains("Network Error") => {
                "Vault does not reach the directory server: see that it runs, and check \"url\" in 'vault read auth/MOUNT/config'"
            }
            _ => "the user name or the password is wrong, or the account is locked",
        },
    };
    plain.login(client, &format!("auth/{}/login/{}", mount.encoded, name.encoded), &body, Some(&password))
}

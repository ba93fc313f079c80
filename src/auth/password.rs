//! `USERPASS` and `LDAP`: a user name and a password; the two differ in the mount only.
//! Source: <https://developer.hashicorp.com/vault/api-docs/auth/userpass#login>, <https://developer.hashicorp.com/vault/api-docs/auth/ldap#login-with-ldap-user>.

use crate::auth::credential::Credential;
use crate::auth::{Attempt, Context, Lockout, Plain, mount, shown};
use crate::error::Error;
use crate::settings::{PASSWORD, PASSWORD_FILE, USERNAME};
use crate::vault::ApiPath;

pub(super) fn userpass(context: &Context<'_>) -> Result<Attempt<'static>, Error> {
    attempt("USERPASS", "userpass", context, true, |_| "the user name or the password is wrong")
}

pub(super) fn ldap(context: &Context<'_>) -> Result<Attempt<'static>, Error> {
    attempt("LDAP", "ldap", context, true, |said| match said {
        _ if said.contains("Network Error") => {
            "Vault does not reach the directory server: see that it runs, and check \"url\" in 'vault read auth/MOUNT/config'"
        }
        _ => "the user name or the password is wrong, or the directory has locked the account",
    })
}

/// A user whom nobody has: an empty login of theirs tells whether the method is there.
const NOBODY: &str = "vault-cipher";

const CREDENTIAL: Credential =
    Credential { setting: &PASSWORD, in_file: &PASSWORD_FILE, what: "the password", file: "password file", any_character: true };

/// A login of a user with a password. `locks_out` is whether Vault locks out who uses a wrong one too often; `cause` is what is likely
/// wrong when Vault refuses it with these words.
pub(super) fn attempt(
    method: &'static str,
    default_mount: &str,
    context: &Context<'_>,
    locks_out: bool,
    cause: fn(&str) -> &'static str,
) -> Result<Attempt<'static>, Error> {
    let sources = context.sources;
    let mount = mount(sources, default_mount)?;
    let user = USERNAME.require(sources, method, "the user name")?;
    let name = ApiPath::parse(user.trimmed()).map_err(|problem| user.refuse(format!("the user name {problem}")))?;
    if name.plain.contains('/') {
        return Err(user.refuse("the user name holds a slash, which Vault takes for a path"));
    }
    let (password, _) = CREDENTIAL.require(method, context)?;
    let lockout = locks_out.then(|| Lockout { probe: format!("auth/{}/login/{NOBODY}", mount.encoded), whom: "the user" });
    let plain = Plain { method, mount: mount.plain, who: format!("user {}", shown(user.trimmed())), cause, lockout };
    let api_path = format!("auth/{}/login/{}", mount.encoded, name.encoded);
    Ok(plain.attempt(api_path, vec![("password", password)], Some("password")))
}

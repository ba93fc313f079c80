//! `USERPASS` and `LDAP`: a user name and a password; the two differ in the mount only.
//! Source: <https://developer.hashicorp.com/vault/api-docs/auth/userpass#login>, <https://developer.hashicorp.com/vault/api-docs/auth/ldap#login-with-ldap-user>.

use crate::auth::credential::Credential;
use crate::auth::{Attempt, Context, Lockout, Plain, mount, shown};
use crate::error::Error;
use crate::settings::{PASSWORD, PASSWORD_FILE, USERNAME};
use crate::vault::ApiPath;

pub(super) fn userpass(context: &Context<'_>) -> Result<Attempt<'static>, Error> {
    let users =
        Users { method: "USERPASS", locks_out: true, may_lack: None, cause: |_| "the user name or the password is wrong" };
    users.attempt(context)
}

pub(super) fn ldap(context: &Context<'_>) -> Result<Attempt<'static>, Error> {
    let users = Users {
        method: "LDAP",
        locks_out: true,
        may_lack: Some(ONLY_A_PLUGIN),
        cause: |said| match said {
            _ if said.contains("Network Error") => {
                "Vault does not reach the directory server: see that it runs, and check \"url\" in 'vault read auth/MOUNT/config'"
            }
            _ => "the user name or the password is wrong, or the directory has locked the account",
        },
    };
    users.attempt(context)
}

/// Why an OpenBao may not have `LDAP` and `RADIUS`.
pub(super) const ONLY_A_PLUGIN: &str = "OpenBao has this method from 2.7 on as a plugin only: vault plugin list auth";

/// A user whom nobody has: an empty login of theirs tells whether the method is there.
const NOBODY: &str = "vault-cipher";

const CREDENTIAL: Credential =
    Credential { setting: &PASSWORD, in_file: &PASSWORD_FILE, what: "the password", file: "password file", any_character: true };

/// A method whose users have a password. It is mounted at its name in lower case by default.
pub(super) struct Users {
    pub(super) method: &'static str,
    /// Whether Vault locks out who uses a wrong password too often.
    pub(super) locks_out: bool,
    /// See [`Plain`].
    pub(super) may_lack: Option<&'static str>,
    /// What is likely wrong when Vault refuses the login with these words.
    pub(super) cause: fn(&str) -> &'static str,
}

impl Users {
    pub(super) fn attempt(self, context: &Context<'_>) -> Result<Attempt<'static>, Error> {
        let Self { method, locks_out, may_lack, cause } = self;
        let sources = context.sources;
        let mount = mount(sources, &method.to_ascii_lowercase())?;
        let user = USERNAME.require(sources, method, "the user name")?;
        let name = ApiPath::parse(user.trimmed()).map_err(|problem| user.refuse(format!("the user name {problem}")))?;
        if name.plain.contains('/') {
            return Err(user.refuse("the user name holds a slash, which Vault takes for a path"));
        }
        let (password, _) = CREDENTIAL.require(method, context)?;
        let lockout = locks_out.then(|| Lockout { probe: format!("auth/{}/login/{NOBODY}", mount.encoded), whom: "the user" });
        let plain =
            Plain { method, mount: mount.plain, who: format!("user {}", shown(user.trimmed())), cause, lockout, may_lack };
        let api_path = format!("auth/{}/login/{}", mount.encoded, name.encoded);
        Ok(plain.attempt(api_path, vec![("password", password)], Some("password")))
    }
}

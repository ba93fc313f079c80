//! `GITHUB`: a personal access token of GitHub.
//! Source: <https://developer.hashicorp.com/vault/api-docs/auth/github#login>.

use crate::auth::credential::Credential;
use crate::auth::{Attempt, Context, Plain, attempt, mount};
use crate::error::Error;
use crate::settings::{GITHUB_TOKEN, GITHUB_TOKEN_FILE};

pub(super) const NAME: &str = "GITHUB";

const CREDENTIAL: Credential = Credential {
    setting: &GITHUB_TOKEN,
    in_file: &GITHUB_TOKEN_FILE,
    what: "the personal access token of GitHub",
    file: "GitHub token file",
    any_character: false,
};

pub(super) fn attempt(context: &Context<'_>) -> Result<Attempt<'static>, Error> {
    let mount = mount(context.sources, "github")?;
    let (token, origin) = CREDENTIAL.require(NAME, context)?;
    let plain = Plain {
        method: NAME,
        mount: mount.plain,
        who: format!("the personal access token from {}", origin.origin),
        cause: |said| match said {
            _ if said.contains("401") => {
                "GitHub does not accept the token: it is wrong, has expired or was revoked; create one with the scope read:org"
            }
            _ if said.contains("not part of required org") => {
                "the token's user is not in the organization of 'vault read auth/MOUNT/config', or the token may not see it: it \
                 needs the scope read:org, and the organization's approval where it has single sign-on"
            }
            _ if said.contains("configuration has not been set") => {
                "the method has no configuration yet: vault write auth/MOUNT/config organization=ORGANIZATION"
            }
            _ if attempt::may_pass(said) => "Vault does not reach GitHub: check \"base_url\" in 'vault read auth/MOUNT/config'",
            _ => "the token is wrong, or its user is not in the organization of 'vault read auth/MOUNT/config'",
        },
        lockout: None,
        may_lack: None,
    };
    let attempt = plain.attempt(format!("auth/{}/login", mount.encoded), vec![("token", token)], Some("token"));
    Ok(Attempt { is_final: attempt::unless_it_may_pass, ..attempt })
}

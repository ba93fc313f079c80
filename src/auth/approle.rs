//! `APPROLE`: a role-id and a secret-id, which may be response-wrapped. A role with `bind_secret_id=false` takes the role-id alone.
//! Source: <https://developer.hashicorp.com/vault/api-docs/auth/approle#login-with-approle>.

use crate::auth::credential::Credential;
use crate::auth::{Attempt, Context, Lockout, Plain, mount, wrapping};
use crate::error::Error;
use crate::settings::{ROLE_ID, ROLE_ID_FILE, SECRET_ID, SECRET_ID_FILE, SECRET_ID_WRAPPED};

pub(super) const NAME: &str = "APPROLE";

const THE_ROLE_ID: Credential =
    Credential { setting: &ROLE_ID, in_file: &ROLE_ID_FILE, what: "the role-id", file: "role-id file", any_character: false };

const THE_SECRET_ID: Credential = Credential {
    setting: &SECRET_ID,
    in_file: &SECRET_ID_FILE,
    what: "the secret-id",
    file: "secret-id file",
    any_character: false,
};

pub(super) fn attempt(context: &Context<'_>) -> Result<Attempt<'static>, Error> {
    let mount = mount(context.sources, "approle")?;
    let (role_id, _) = THE_ROLE_ID.require(NAME, context)?;
    let wrapped = SECRET_ID_WRAPPED.find(context.sources)?.map(|value| value.flag()).transpose()?.unwrap_or(false);
    let secret_id = match THE_SECRET_ID.find(context)? {
        None if wrapped => return Err(THE_SECRET_ID.missing(NAME)),
        Some((given, origin)) if wrapped => {
            if !given.expose().bytes().all(|b| b.is_ascii_graphic()) {
                return Err(origin.refuse("it is no wrapping token: it holds other than visible ASCII characters"));
            }
            Some(wrapping::unwrap(&given, &origin, context, "secret-id", |content| wrapping::text(content, "secret_id"))?)
        }
        given => given.map(|(secret_id, _)| secret_id),
    };
    let credential = if secret_id.is_some() { "secret_id" } else { "role_id" };
    let (who, cause): (&str, fn(&str) -> &'static str) = match secret_id {
        Some(_) => ("its role-id and secret-id", |_| {
            "the role-id or the secret-id is wrong, has expired, was used up or is bound to other addresses: give a new one \
             (vault write -f auth/MOUNT/role/ROLE/secret-id), and if it is response-wrapped, set secretIdWrapped to true"
        }),
        None => ("its role-id alone", |_| {
            "no secret-id is set, and the role wants one (bind_secret_id): set environment variable SECRET_STORE_VAULT_SECRET_ID, or \
             a file with it in field \"secretIdFile\" of the text, and restart (Atlassian's container images remove variables with \
             SECRET in their names; ATL_ALLOWLIST_SENSITIVE_ENV_VARS keeps them); or the role-id is wrong, or bound to other addresses"
        }),
    };
    let api_path = format!("auth/{}/login", mount.encoded);
    let lockout = Some(Lockout { probe: api_path.clone(), whom: "the role" });
    let plain = Plain { method: NAME, mount: mount.plain, who: who.to_owned(), cause, lockout, may_lack: None };
    let secret_id = secret_id.map(|secret_id| ("secret_id", secret_id));
    let fields = [("role_id", role_id)].into_iter().chain(secret_id).collect();
    Ok(plain.attempt(api_path, fields, Some(credential)))
}

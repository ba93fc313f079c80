//! `APPROLE`: a role-id and a secret-id, which may be response-wrapped.
//! Source: <https://developer.hashicorp.com/vault/api-docs/auth/approle#login-with-approle>.

use super::{Attempt, Context, Plain, credential, mount, wrapping};
use crate::error::Error;
use crate::settings::{ROLE_ID, ROLE_ID_FILE, SECRET_ID, SECRET_ID_FILE, SECRET_ID_WRAPPED};

pub(super) const NAME: &str = "APPROLE";

pub(super) fn attempt(context: &Context<'_>) -> Result<Attempt, Error> {
    let sources = context.sources;
    let mount = mount(sources, "approle")?;
    let (role_id, _) = credential::find(&ROLE_ID, &ROLE_ID_FILE, ("the role-id", "role-id file"), NAME, sources)?;
    let (given, origin) = credential::find(&SECRET_ID, &SECRET_ID_FILE, ("the secret-id", "secret-id file"), NAME, sources)?;
    let wrapped = SECRET_ID_WRAPPED.find(sources)?.map(|value| value.flag()).transpose()?.unwrap_or(false);
    let secret_id = if wrapped {
        if !given.expose().bytes().all(|b| b.is_ascii_graphic()) {
            return Err(origin.refuse("it is no wrapping token: it holds other than visible ASCII characters"));
        }
        wrapping::unwrap(&given, &origin, context, "secret-id", |content| wrapping::text(content, "secret_id"))?
    } else {
        given
    };
    let plain = Plain {
        method: NAME,
        mount: mount.plain,
        who: "its role-id and secret-id".to_owned(),
        cause: |_| {
            "the role-id or the secret-id is wrong, has expired, was used up or is bound to other addresses: give a new one \
             (vault write -f auth/MOUNT/role/ROLE/secret-id), and if it is response-wrapped, set secretIdWrapped to true"
        },
    };
    let fields = vec![("role_id", role_id), ("secret_id", secret_id)];
    Ok(plain.attempt(format!("auth/{}/login", mount.encoded), fields, Some("secret_id")))
}

//! `JWT`: a JWT of any issuer, in a file. Source: <https://developer.hashicorp.com/vault/api-docs/auth/jwt#jwt-login>.

use std::time::SystemTime;

use crate::auth::{Attempt, Context, Plain, PresentedJwt, credential, mount, shown};
use crate::error::Error;
use crate::jwt::Claims;
use crate::secret::Secret;
use crate::settings::{JWT_FILE, ROLE};
use crate::text::shown_path;

pub(super) const NAME: &str = "JWT";

pub(super) fn attempt(context: &Context<'_>) -> Result<Attempt<'static>, Error> {
    let (PresentedJwt { mount, role, jwt, claims }, file) = present(context)?;
    let who = role.as_ref().map_or_else(|| "the default role".to_owned(), |role| format!("role {}", shown(role)));
    let plain = Plain {
        method: NAME,
        mount: mount.plain,
        who: format!("{who}; the token in {} is of {}", shown_path(&file), claims.describe(SystemTime::now())),
        cause: |_| {
            "the role wants another issuer, audience, subject or claim than the token has, or its signature or time is not \
             accepted: compare with 'vault read auth/MOUNT/role/ROLE' and 'vault read auth/MOUNT/config'"
        },
        lockout: None,
        may_lack: None,
    };
    let role = role.map(|role| ("role", Secret::new(role)));
    let fields = role.into_iter().chain([("jwt", jwt)]).collect();
    Ok(plain.attempt(format!("auth/{}/login", mount.encoded), fields, Some("jwt")))
}

/// The token, and the path of its file.
pub(super) fn present(context: &Context<'_>) -> Result<(PresentedJwt, String), Error> {
    const WHAT: &str = "JWT file";
    let sources = context.sources;
    let mount = mount(sources, "jwt")?;
    let file = JWT_FILE.require(sources, NAME, "the file that holds the JWT")?;
    let jwt = credential::read(&file, WHAT, context)?;
    let claims = Claims::parse(jwt.expose()).map_err(|why| {
        credential::failed(&file, WHAT, (format!("is not a JWT: {why}"), "name the file that holds the JWT and nothing else"))
    })?;
    // Without a role the method's default role is taken.
    let role = ROLE.find(sources)?.map(|role| role.trimmed().to_owned());
    Ok((PresentedJwt { mount, role, jwt, claims }, file.trimmed().to_owned()))
}

//! `KUBERNETES`: the pod's service account logs in. The token file is read again at each login, since the kubelet
//! replaces it. Source: <https://developer.hashicorp.com/vault/api-docs/auth/kubernetes#login>.

mod advice;

use std::time::SystemTime;

use advice::Refusal;

use crate::auth::attempt::refuses_for_good;
use crate::auth::credential::{self, Unreadable};
use crate::auth::{Attempt, Context, PresentedJwt, Refused, mount_of, shown};
use crate::diagnosis;
use crate::error::{Error, ErrorKind};
use crate::file;
use crate::jwt::Claims;
use crate::secret::Secret;
use crate::settings::{KUBERNETES_JWT_FILE, KUBERNETES_MOUNT, KUBERNETES_ROLE, Origin, Value};
use crate::text::{one_line, shown_path};

pub(super) const NAME: &str = "KUBERNETES";
/// Where the kubelet puts the token of the pod's service account.
const DEFAULT_JWT_FILE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

pub(super) fn attempt(context: &Context<'_>) -> Result<Attempt<'static>, Error> {
    let (PresentedJwt { mount, role, jwt, claims }, file) = present(context)?;
    let presented = Presented { role: role.unwrap_or_default(), mount: mount.plain, claims, file };
    Ok(Attempt {
        api_path: format!("auth/{}/login", mount.encoded),
        fields: vec![("role", Secret::new(presented.role.clone())), ("jwt", jwt)],
        credential: Some("jwt"),
        origin: format!("the Kubernetes login (role {}, auth mount {})", shown(&presented.role), shown_path(&presented.mount)),
        hidden: Vec::new(),
        is_final: refuses_for_good,
        explain: Box::new(move |refused| presented.refused(refused)),
    })
}

/// The token, and the path of its file.
pub(super) fn present(context: &Context<'_>) -> Result<(PresentedJwt, String), Error> {
    let sources = context.sources;
    let role = KUBERNETES_ROLE.require(sources, NAME, "the role to log in with")?;
    let mount = mount_of(&KUBERNETES_MOUNT.find_or(sources, "kubernetes")?)?;
    let file = KUBERNETES_JWT_FILE.find_or(sources, DEFAULT_JWT_FILE)?;
    let (jwt, claims) = read(&file, context)?;
    Ok((PresentedJwt { mount, role: Some(role.trimmed().to_owned()), jwt, claims }, file.trimmed().to_owned()))
}

/// What a refused login says about who asked. Never the token itself.
struct Presented {
    role: String,
    mount: String,
    claims: Claims,
    file: String,
}

impl Presented {
    fn refused(&self, Refused { response, said, bare, api_path, client }: Refused<'_>) -> Error {
        let Self { mount, claims, file, .. } = self;
        let role = &one_line(&self.role, 80);
        let now = SystemTime::now();
        let mounted =
            if bare { diagnosis::takes_logins(api_path, client) } else { said.starts_with("no handler").then_some(false) };
        ErrorKind::LoginRefused {
            method: NAME,
            status: response.status,
            answer: said.to_owned(),
            presented: format!(
                "with role {} at auth mount {}; the token in {} is of {}",
                shown(role),
                shown_path(mount),
                shown_path(file),
                claims.describe(now)
            ),
            cause: Refusal { answer: said, role, mount, mounted, claims, now }.cause(),
        }
        .at(&response.at)
    }
}

/// Reads the service account's token, trimmed, and what it says of itself. Anything else that the file may hold (the
/// setting is easily wrong) is not sent to Vault.
fn read(file: &Value, context: &Context<'_>) -> Result<(Secret, Claims), Error> {
    const WHAT: &str = "service account token file";
    let set = format!("or set {}", KUBERNETES_JWT_FILE.variable());
    let jwt = credential::read_with(file, WHAT, context, |why| match why {
        Unreadable::File(file::Problem::Missing) if file.origin == Origin::Default => {
            format!("run this server in a pod whose service account token is mounted (automountServiceAccountToken), {set}")
        }
        Unreadable::File(file::Problem::Missing) => format!("mount the token there, {set} otherwise"),
        Unreadable::File(file::Problem::Directory) => format!("name the file in it (usually \"token\"), {set}"),
        other => format!("{}, {set}", other.advice()),
    })?;
    let claims = Claims::parse(jwt.expose()).map_err(|why| {
        let advice = format!("name the file that holds the token and nothing else, {set}");
        credential::failed(file, WHAT, (format!("is not a JWT: {why}"), advice))
    })?;
    Ok((jwt, claims))
}

//! `GCP`: a virtual machine, a pod or a service account of Google Cloud.
//! Source: <https://developer.hashicorp.com/vault/api-docs/auth/gcp#login>.

use crate::auth::attempt::{unless_it_may_pass, with_names};
use crate::auth::credential::search;
use crate::auth::{Attempt, Context, Plain, mount, shown};
use crate::cloud::gcp;
use crate::error::Error;
use crate::jwt::{claim, described};
use crate::secret::Secret;
use crate::settings::{GCP_TYPE, ROLE};

pub(super) const NAME: &str = "GCP";

pub(super) fn attempt(context: &Context<'_>) -> Result<Attempt<'static>, Error> {
    let sources = context.sources;
    let mount = mount(sources, "gcp")?;
    let role = ROLE.require(sources, NAME, "the role to log in with")?.trimmed().to_owned();
    let search = search(context, NAME);
    let kind = GCP_TYPE.find(sources)?;
    let by_account = match kind.as_ref().map(|kind| kind.trimmed()) {
        Some("iam") => true,
        Some("gce") => false,
        Some(_) => {
            return Err(kind.map_or_else(
                || Error::internal("no type"),
                |kind| kind.refuse(("it is neither gce nor iam", "write the type of the role")),
            ));
        }
        None => gcp::has_key_file(&search)?,
    };
    let audience = format!("http://vault/{role}");
    let token = if by_account { gcp::signed_by_account(&search, &audience)? } else { gcp::of_instance(&search, &audience)? };
    let email = claim(token.jwt.expose(), "email").or_else(|| claim(token.jwt.expose(), "sub"));
    let plain =
        Plain { method: NAME, mount: mount.plain, who: format!("role {}", shown(&role)), cause, lockout: None, may_lack: None };
    let presented = format!(
        "as {}, with {}; the token, with {}, is from {}",
        email.as_deref().unwrap_or("nobody that the token names"),
        plain.who_and_where(),
        described(token.jwt.expose()),
        token.source
    );
    let fields = vec![("role", Secret::new(role.clone())), ("jwt", token.jwt)];
    Ok(Attempt {
        api_path: format!("auth/{}/login", mount.encoded),
        fields,
        credential: Some("jwt"),
        hidden: Vec::new(),
        origin: plain.origin(),
        is_final: unless_it_may_pass,
        explain: Box::new(move |refused| {
            let names = [("MOUNT", Some(plain.mount.as_str())), ("ROLE", Some(&role)), ("ACCOUNT", email.as_deref())];
            let cause = with_names((plain.cause)(refused.said), &names);
            plain.refused_as(&refused, &presented, &cause)
        }),
    })
}

/// What is likely wrong, and the command that corrects it.
fn cause(said: &str) -> &'static str {
    match said {
        _ if said.contains("'aud' must end in") => {
            "the token is for another role: see what answers in the place of Google's metadata server"
        }
        _ if said.starts_with("role ") && said.contains("not found") => {
            "this mount has no such role: vault list auth/MOUNT/roles; create it with 'vault write auth/MOUNT/role/ROLE type=iam \
             bound_service_accounts=ACCOUNT token_policies=POLICY'"
        }
        _ if said.contains("expire within") => {
            "the role takes only tokens that expire sooner than Google's identity tokens do, after an hour: vault write \
             auth/MOUNT/role/ROLE max_jwt_exp=60m; or set \"gcpType\" to iam"
        }
        _ if said.contains("does not allow GCE inference") => {
            "the role is of the type iam: set \"gcpType\" to iam; or vault write auth/MOUNT/role/ROLE allow_gce_inference=true"
        }
        _ if said.contains("claims with GCE metadata") || said.contains("GCE metadata from given JWT") => {
            "the role is of the type gce, and the token is not that of a virtual machine: create a role of the type iam for ACCOUNT"
        }
        _ if said.contains("not authorized") || said.contains("bound service account") => {
            "the role is for other accounts: vault write auth/MOUNT/role/ROLE/service-accounts add=ACCOUNT"
        }
        _ if said.contains("not in bound")
            || said.contains("bound project")
            || said.contains("bound zone")
            || said.contains("bound region") =>
        {
            "the role is for other projects, zones or groups: vault read auth/MOUNT/role/ROLE"
        }
        _ if said.contains("public key") => {
            "Google does not know the key that signed the token, or Vault does not reach www.googleapis.com"
        }
        _ if said.contains("googleapi")
            || said.contains("find service account")
            || said.contains("attempting to find instance") =>
        {
            "Vault may not look the account up: give Vault's own account iam.serviceAccounts.get and, for roles of the type gce, \
             compute.instances.get (vault read auth/MOUNT/config)"
        }
        _ if said.contains("expired") || said.contains("must expire in") => {
            "the clock of this machine or of Vault is wrong: set it (timedatectl set-ntp true)"
        }
        _ => "compare the token with 'vault read auth/MOUNT/role/ROLE'",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_has_its_cause() {
        for (said, wanted) in [
            ("at least one of the JWT claim 'aud' must end in \"vault/x\"", "for another role"),
            ("role \"nope\" not found", "vault list auth/MOUNT/roles"),
            ("role requires that service account JWTs expire within 900 seconds", "max_jwt_exp=60m"),
            ("Got GCE token but IAM role \"x\" does not allow GCE inference", "\"gcpType\" to iam"),
            ("expected JWT to have claims with GCE metadata", "of the type gce"),
            ("service account a@b (id: 1) is not authorized for role", "service-accounts add=ACCOUNT"),
            ("unable to get public key \"k\" for JWT subject \"s\": x", "the key that signed"),
            ("could not find service account 'x': googleapi: Error 403: Forbidden", "iam.serviceAccounts.get"),
            ("JWT is expired or does not have proper 'exp' claim", "the clock"),
        ] {
            assert!(cause(said).contains(wanted), "{said}: {}", cause(said));
        }
        assert!(unless_it_may_pass("googleapi: Error 404: Not found") && !unless_it_may_pass("googleapi: Error 503: x"));
    }
}

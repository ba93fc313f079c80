//! `AZURE`: a managed identity of a virtual machine, a pod or an app.
//! Source: <https://developer.hashicorp.com/vault/api-docs/auth/azure#login>.

use crate::auth::attempt::{unless_it_may_pass, with_names};
use crate::auth::credential::search;
use crate::auth::{Attempt, Context, Plain, mount, shown};
use crate::cloud::azure;
use crate::error::Error;
use crate::jwt::{claim, described};
use crate::secret::Secret;
use crate::settings::{AZURE_RESOURCE, ROLE};

pub(super) const NAME: &str = "AZURE";

/// What a token is for unless it is set: Azure's own management, as in Vault's documentation.
const RESOURCE: &str = "https://management.azure.com/";

pub(super) fn attempt(context: &Context<'_>) -> Result<Attempt<'static>, Error> {
    let sources = context.sources;
    let mount = mount(sources, "azure")?;
    let role = ROLE.require(sources, NAME, "the role to log in with")?.trimmed().to_owned();
    let resource = AZURE_RESOURCE.find_or(sources, RESOURCE)?;
    let search = search(context, NAME);
    let token = azure::token(&search, resource.trimmed())?;
    let of = |name: &str| claim(token.jwt.expose(), name);
    let object = of("oid").or_else(|| of("sub"));
    let machine: Vec<String> = token.machine.iter().map(|(field, value)| format!("{field} {}", shown(value))).collect();
    let plain =
        Plain { method: NAME, mount: mount.plain, who: format!("role {}", shown(&role)), cause, lockout: None, may_lack: None };
    let presented = format!(
        "as the object id {}{}, with {}; the token is for {} (from {}), with {}, and comes from {}",
        object.as_deref().unwrap_or("that the token does not name"),
        if machine.is_empty() { ", of no virtual machine".to_owned() } else { format!(" of {}", machine.join(", ")) },
        plain.who_and_where(),
        shown(resource.trimmed()),
        resource.origin,
        described(token.jwt.expose()),
        token.source
    );
    let tenant = of("tid");
    let audience = of("aud").unwrap_or_else(|| resource.trimmed().to_owned());
    let machine = token.machine.into_iter().map(|(field, value)| (field, Secret::new(value)));
    let fields = [("role", Secret::new(role.clone())), ("jwt", token.jwt)].into_iter().chain(machine).collect();
    Ok(Attempt {
        api_path: format!("auth/{}/login", mount.encoded),
        fields,
        credential: Some("jwt"),
        hidden: Vec::new(),
        origin: plain.origin(),
        is_final: unless_it_may_pass,
        explain: Box::new(move |refused| {
            let names = [
                ("MOUNT", Some(plain.mount.as_str())),
                ("ROLE", Some(&role)),
                ("OBJECT", object.as_deref()),
                ("TENANT", tenant.as_deref()),
                ("AUDIENCE", Some(&audience)),
            ];
            let cause = with_names((plain.cause)(refused.said), &names);
            plain.refused_as(&refused, &presented, &cause)
        }),
    })
}

/// What is likely wrong, and the command that corrects it.
fn cause(said: &str) -> &'static str {
    match said {
        _ if said.contains("expected audience") => {
            "the mount wants a token for another resource: set \"azureResource\" to the audience that Vault expects; or vault write \
             auth/MOUNT/config resource=AUDIENCE"
        }
        _ if said.contains("subscription_id and resource_group_name are required") => {
            "the role is bound to virtual machines, and this identity is not that of one: bind the role to the identity, vault write \
             auth/MOUNT/role/ROLE bound_service_principal_ids=OBJECT"
        }
        _ if said.contains("both cannot be empty") => {
            "the role names no identity: vault write auth/MOUNT/role/ROLE bound_service_principal_ids=OBJECT"
        }
        _ if said.contains("xms_mirid") => {
            "the token names another machine than the metadata service does: set \"azureClientId\" to an identity of this machine"
        }
        _ if said.contains("invalid role name") => {
            "this mount has no such role: vault list auth/MOUNT/role; create it with 'vault write auth/MOUNT/role/ROLE \
             bound_service_principal_ids=OBJECT token_policies=POLICY'"
        }
        _ if said.contains("service principal not authorized") || said.contains("group not authorized") => {
            "the role is for other identities: vault write auth/MOUNT/role/ROLE bound_service_principal_ids=OBJECT"
        }
        _ if said.contains("not authorized") || said.contains("scale set") => {
            "the role is for other subscriptions, resource groups, locations or scale sets: vault read auth/MOUNT/role/ROLE"
        }
        _ if said.contains("different provider") => {
            "the mount is for another tenant: vault write auth/MOUNT/config tenant_id=TENANT"
        }
        _ if said.contains("token is expired") || said.contains("not yet valid") || said.contains("before the nbf") => {
            "the clock of this machine or of Vault is wrong: set it (timedatectl set-ntp true)"
        }
        _ if said.contains("unable to retrieve") => {
            "Vault may not look this machine up: give the identity of 'vault read auth/MOUNT/config' the role Reader on its resource \
             group"
        }
        _ if said.contains("tenant_id is required") || said.contains("resource is required") => {
            "the mount is not configured: vault write auth/MOUNT/config tenant_id=TENANT resource=AUDIENCE"
        }
        _ => "compare the token with 'vault read auth/MOUNT/role/ROLE' and 'vault read auth/MOUNT/config'",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_has_its_cause_and_is_final() {
        for (said, wanted) in [
            ("oidc: expected audience \"a\" got [\"b\"]", "azureResource"),
            ("subscription_id and resource_group_name are required", "bound_service_principal_ids=OBJECT"),
            (
                "expected specific bound_group_ids or bound_service_principal_ids; both cannot be empty or '*'",
                "names no identity",
            ),
            (
                "failed to verify flexible vmss claim: xms_mirid token claim does not match vmss_name set-1",
                "names another machine",
            ),
            ("invalid role name \"nope\"", "vault list auth/MOUNT/role"),
            ("service principal not authorized: x", "other identities"),
            ("subscription not authorized: x", "other subscriptions"),
            ("oidc: id token issued by a different provider, expected a got b", "tenant_id=TENANT"),
            ("oidc: token is expired (Token Expiry: x)", "the clock"),
            ("unable to retrieve virtual machine metadata: RESPONSE 403: 403 Forbidden", "Reader"),
        ] {
            assert!(cause(said).contains(wanted), "{said}: {}", cause(said));
            assert!(unless_it_may_pass(said), "{said}");
        }
    }
}

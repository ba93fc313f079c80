//! `AWS`: the machine's role or user in AWS. What is sent is a signed question to AWS, "who am I", which Vault sends on.
//! Source: <https://developer.hashicorp.com/vault/api-docs/auth/aws#login>.

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::auth::attempt::{refuses_for_good, with_names};
use crate::auth::credential::search;
use crate::auth::{Attempt, Context, Plain, mount, shown};
use crate::cloud::aws;
use crate::error::Error;
use crate::secret::Secret;
use crate::settings::{AWS_SERVER_ID, ROLE};
use crate::text::is_unprintable;

pub(super) const NAME: &str = "AWS";

pub(super) fn attempt<'a>(context: &Context<'a>) -> Result<Attempt<'a>, Error> {
    let sources = context.sources;
    let mount = mount(sources, "aws")?;
    // Without a role Vault takes the one that is named like the principal.
    let role = ROLE.find(sources)?.map(|role| role.trimmed().to_owned());
    let server_id = AWS_SERVER_ID.find(sources)?;
    if let Some(id) = server_id.as_ref().filter(|id| id.trimmed().chars().any(|c| is_unprintable(c) || !c.is_ascii())) {
        return Err(id.refuse(("it is not a header's value", "write the name that Vault wants, such as vault.example.com")));
    }
    let server_id = server_id.map(|id| id.trimmed().to_owned());
    let search = search(context, NAME);
    let credentials = aws::credentials(&search)?;
    let (region, region_origin) = aws::region(&search, &credentials)?;
    let signed = aws::caller_identity(&credentials, &region, server_id.as_deref(), SystemTime::now())?;

    let encoded = |text: &str| Secret::new(STANDARD.encode(text));
    let fields = role.iter().map(|role| ("role", Secret::new(role.clone())));
    let fields: Vec<_> = fields
        .chain([
            ("iam_http_request_method", Secret::new("POST".to_owned())),
            ("iam_request_url", encoded(&signed.url)),
            ("iam_request_body", encoded(signed.body)),
            ("iam_request_headers", encoded(signed.headers_as_json()?.expose())),
        ])
        .collect();
    let who = match &role {
        Some(role) => format!("role {}", shown(role)),
        None => "the role that is named like the principal".to_owned(),
    };
    // What is wrong depends on who AWS says that this is: see Refusal.
    let plain = Plain { method: NAME, mount: mount.plain, who, cause: |_| "", lockout: None, may_lack: None };
    let hidden = signed.hidden.iter().map(|secret| Secret::new(secret.expose().to_owned())).collect();
    Ok(Attempt {
        api_path: format!("auth/{}/login", mount.encoded),
        fields,
        credential: Some("iam_request_headers"),
        hidden,
        origin: plain.origin(),
        is_final: refuses_for_good,
        explain: Box::new(move |refused| {
            let principal = aws::arn(&search, &region, &signed);
            let who = format!(
                "as {}, with {}, {}, the region {region} (from {region_origin}) and the keys {} of {}",
                match &principal {
                    Ok(arn) => arn.clone(),
                    Err(why) => format!("nobody that AWS itself names ({why})"),
                },
                plain.who_and_where(),
                match &server_id {
                    Some(id) => format!("the server id {}", shown(id)),
                    None => "no server id".to_owned(),
                },
                shown(&credentials.key_id),
                credentials.source
            );
            let refusal = Refusal { said: refused.said, principal: &principal, region: &region, server_id: server_id.as_deref() };
            let arn = principal.as_deref().ok().map(bindable);
            let names = [("MOUNT", Some(plain.mount.as_str())), ("ROLE", role.as_deref()), ("ARN", arn.as_deref())];
            plain.refused_as(&refused, &who, &with_names(&refusal.cause(), &names))
        }),
    })
}

/// A refused login, as far as it can be known on this side.
struct Refusal<'a> {
    said: &'a str,
    /// Who AWS says that we are, or why it does not.
    principal: &'a Result<String, String>,
    region: &'a str,
    server_id: Option<&'a str>,
}

impl Refusal<'_> {
    /// What is likely wrong, and the command that corrects it. `MOUNT` and `ROLE` stand for those of the login.
    fn cause(&self) -> String {
        let says = |text: &str| self.said.contains(text);
        let denied = self.principal.as_ref().err().filter(|why| why.starts_with("40")).map(String::as_str).unwrap_or_default();
        let either = |text: &str| says(text) || denied.contains(text);
        if either("Signature expired") || either("Signature not yet current") || either("RequestExpired") {
            return "the clock of this machine is wrong: AWS takes a signature within 15 minutes of its time; set the clock \
                    (timedatectl set-ntp true)"
                .to_owned();
        }
        if says("X-Vault-AWS-IAM-Server-ID") {
            return match self.server_id {
                None => "the mount wants a server id: set \"awsServerId\" to iam_server_id_header_value of 'vault read \
                         auth/MOUNT/config/client'"
                    .to_owned(),
                Some(_) => "the mount wants another server id: set \"awsServerId\" to iam_server_id_header_value of 'vault read \
                            auth/MOUNT/config/client'"
                    .to_owned(),
            };
        }
        if says("does not belong to the role") {
            return "the role is bound to other principals: vault write auth/MOUNT/role/ROLE bound_iam_principal_arn=ARN"
                .to_owned();
        }
        if says("entry for role") {
            return "this mount has no such role: vault list auth/MOUNT/roles; create it with 'vault write auth/MOUNT/role/ROLE \
                    auth_type=iam bound_iam_principal_arn=ARN token_policies=POLICY'"
                .to_owned();
        }
        if says("auth method iam not allowed") {
            return "the role is of the type ec2: create one with auth_type=iam".to_owned();
        }
        if says("invalid request header") {
            return "the mount does not allow a header of the request: vault write auth/MOUNT/config/client \
                    allowed_sts_header_values=HEADER"
                .to_owned();
        }
        if either("scoped to a valid region") {
            return self.other_region();
        }
        match self.principal {
            Err(why) if !denied.is_empty() => format!("AWS does not accept the keys ({why}): they are wrong, expired or deleted"),
            Ok(_) if says("STS") || says("GetCallerIdentity") || says("making request") => self.other_region(),
            _ if says("STS") || says("GetCallerIdentity") => {
                format!("the keys are wrong, expired or deleted; or {}", self.other_region())
            }
            _ => "see what Vault says; compare with 'vault read auth/MOUNT/role/ROLE' and 'vault read auth/MOUNT/config/client'"
                .to_owned(),
        }
    }

    fn other_region(&self) -> String {
        let region = self.region;
        format!(
            "Vault asks the STS of another region, or does not reach it: vault write auth/MOUNT/config/client \
             sts_endpoint=https://{} sts_region={region}; or set \"awsRegion\" to the region that is there",
            aws::sts_host(region)
        )
    }
}

/// What a role is bound to: of a session of a role that is the role itself.
fn bindable(arn: &str) -> String {
    let parts: Vec<&str> = arn.split([':', '/']).collect();
    match parts.as_slice() {
        ["arn", partition, "sts", _, account, "assumed-role", role, ..] => format!("arn:{partition}:iam::{account}:role/{role}"),
        _ => arn.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(said: &str, principal: Result<&str, &str>, server_id: Option<&str>) -> String {
        let principal = principal.map(str::to_owned).map_err(str::to_owned);
        Refusal { said, principal: &principal, region: "eu-central-1", server_id }.cause()
    }

    #[test]
    fn each_refusal_has_its_cause() {
        let arn = Ok("arn:aws:sts::123456789012:assumed-role/app/i-1");
        for (said, principal, wanted) in [
            ("IAM Principal \"x\" does not belong to the role \"app\"", arn, "bound_iam_principal_arn=ARN"),
            ("entry for role nope not found", arn, "vault list auth/MOUNT/roles"),
            ("invalid request header: X-Amz-Extra", arn, "allowed_sts_header_values"),
            ("auth method iam not allowed for role x", arn, "auth_type=iam"),
            (
                "error making upstream request: received error code 403 from STS: Signature expired: 20150830T1",
                arn,
                "the clock of this machine",
            ),
            (
                "body of GetCallerIdentity is invalid",
                Err("403 SignatureDoesNotMatch: Signature not yet current"),
                "the clock of this machine",
            ),
            (
                "body of GetCallerIdentity is invalid",
                Err("403 InvalidClientTokenId: x"),
                "AWS does not accept the keys (403 InvalidClientTokenId",
            ),
            (
                "body of GetCallerIdentity is invalid",
                Err("no answer"),
                "the keys are wrong, expired or deleted; or Vault asks the STS of another",
            ),
            (
                "received error code 403 from STS: SignatureDoesNotMatch",
                arn,
                "sts_endpoint=https://sts.eu-central-1.amazonaws.com",
            ),
            (
                "received error code 403 from STS: Credential should be scoped to a valid region",
                Err("x"),
                "sts_region=eu-central-1",
            ),
        ] {
            let cause = cause(said, principal, None);
            assert!(cause.contains(wanted), "{said}: {cause}");
        }
        let server_id = "error validating X-Vault-AWS-IAM-Server-ID header: missing header";
        assert!(cause(server_id, arn, None).contains("wants a server id"));
        assert!(cause(server_id, arn, Some("x")).contains("another server id"));
    }

    #[test]
    fn a_role_is_bound_to_the_role_and_not_to_its_session() {
        assert_eq!(bindable("arn:aws:sts::123456789012:assumed-role/app/i-1"), "arn:aws:iam::123456789012:role/app");
        assert_eq!(bindable("arn:aws:iam::123456789012:user/app"), "arn:aws:iam::123456789012:user/app");
    }
}

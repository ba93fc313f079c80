//! `KUBERNETES`: the pod's service account logs in. The token file is read anew at each login, since the kubelet
//! replaces it. Source: <https://developer.hashicorp.com/vault/api-docs/auth/kubernetes#login>.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::time::SystemTime;

use zeroize::Zeroizing;

use super::Login;
use crate::error::Error;
use crate::host::Host;
use crate::http::{Call, Client, Method, Reply};
use crate::jwt::{Claims, Validity};
use crate::request::ApiPath;
use crate::secret::Secret;
use crate::settings::{KUBERNETES_JWT_FILE, KUBERNETES_MOUNT, KUBERNETES_ROLE, Origin, Value};
use crate::text::one_line;
use crate::vault::{self, Meaning};

const NAME: &str = "KUBERNETES";
/// Where the kubelet puts the token of the pod's service account.
const DEFAULT_JWT_FILE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";
/// A service account's token is 1 to 2 KiB.
const MAX_JWT: u64 = 64 * 1024;

pub(super) fn login(client: &Client, host: &dyn Host) -> Result<Login, Error> {
    let role = KUBERNETES_ROLE.require(host, NAME, "the role to log in with")?;
    let mount = KUBERNETES_MOUNT.find_or(host, "kubernetes")?;
    // "auth/kubernetes" is how Vault's own commands print the mount.
    let path = mount.text.trim().trim_start_matches('/').trim_start_matches("auth/");
    let path = ApiPath::parse(path).map_err(|problem| mount.refuse(format!("the mount path {problem}")))?;
    let file = KUBERNETES_JWT_FILE.find_or(host, DEFAULT_JWT_FILE)?;
    let jwt = read(&file)?;

    let body = Secret::new(serde_json::json!({ "role": role.text.trim(), "jwt": jwt.expose() }).to_string());
    let api_path = format!("auth/{}/login", path.encoded);
    let reply = client.send(&Call { method: Method::Post(&body), api_path: &api_path, token: None }, host)?;
    let presented = Presented { role: role.text.trim(), mount: &path.plain, jwt: &jwt, file: file.text.trim() };
    let token = match vault::meaning(reply.status, reply.content_type.as_deref(), &reply.body) {
        Meaning::Success(envelope) => {
            let auth = envelope.auth.ok_or_else(|| reply.lacks("it holds no \"auth\""))?;
            if auth.mfa_requirement.is_some() {
                return Err(presented.refused(&reply, "it needs multi-factor authentication, which a server cannot give", true));
            }
            vault::secret_string(auth.client_token).filter(|token| !token.expose().is_empty())
        }
        Meaning::NotAccepted | Meaning::Denied => {
            let mounted = is_mounted(&api_path, client, host);
            return Err(presented.refused(&reply, "403 permission denied", mounted));
        }
        Meaning::Refused(said) => {
            return Err(presented.refused(&reply, &format!("{} {}", reply.status, jwt.hide_in(&said)), true));
        }
        other => return Err(reply.failed(other, &[&jwt], client, host)),
    };
    let token = token.ok_or_else(|| reply.lacks("\"auth.client_token\" is not a token"))?;
    Ok(Login { token, origin: format!("the Kubernetes login (role {:?}, auth mount {:?})", role.text.trim(), path.plain) })
}

/// What a refused login says about who asked. Never the token itself.
struct Presented<'a> {
    role: &'a str,
    mount: &'a str,
    jwt: &'a Secret,
    file: &'a str,
}

impl Presented<'_> {
    fn refused(&self, reply: &Reply, answer: &str, mounted: bool) -> Error {
        let now = SystemTime::now();
        let claims = Claims::parse(self.jwt.expose());
        let identity = match &claims {
            Ok(claims) => format!("the token in {:?} is of {}", self.file, claims.describe(now)),
            Err(why) => format!("what {:?} holds is not a service account's token: {why}", self.file),
        };
        let causes = self.causes(answer, mounted, claims.ok().as_ref(), now);
        let causes: Vec<String> = causes.iter().enumerate().map(|(i, cause)| format!("({}) {cause}", i + 1)).collect();
        Error::LoginRefused {
            at: reply.at.clone(),
            method: NAME,
            answer: answer.to_owned(),
            presented: format!("with role {:?} at auth mount {:?}; {identity}", one_line(self.role, 80), self.mount),
            advice: format!("What to do, likeliest cause first: {}", causes.join("; ")),
        }
    }

    /// The likely causes in their order, each with the command that shows or mends it.
    ///
    /// Vault checks role, service account, namespace, audience and times itself and has words for each. A bare "permission
    /// denied" means that no such method is mounted or, where it is, that the API server's TokenReview did not vouch for
    /// the token, for whatever reason.
    fn causes(&self, answer: &str, mounted: bool, claims: Option<&Claims>, now: SystemTime) -> Vec<String> {
        let Self { role, mount, file, .. } = self;
        let role_command = format!("'vault read auth/{mount}/role/{}'", one_line(role, 80));
        let mut causes = Vec::new();
        if !mounted {
            causes.push(format!(
                "no auth method is mounted at {mount:?}: compare with 'vault auth list' and set {} to the mount, or the namespace \
                 is wrong",
                KUBERNETES_MOUNT.variable
            ));
            return causes;
        }
        match claims.map(|claims| claims.validity(now)) {
            None => causes.push(format!(
                "the file does not hold a service account's token: mount one there, or name the right file in {}",
                KUBERNETES_JWT_FILE.variable
            )),
            Some(Validity::Expired) => causes.push(format!(
                "the token has expired: {file:?} must be the projected token that the kubelet renews, not a copy of it"
            )),
            Some(Validity::NotYetValid) => {
                causes.push("the token is not valid yet: set the clocks of this machine, Vault and the cluster right".to_owned());
            }
            Some(Validity::Valid) => {}
        }
        let says = |words: &str| answer.contains(words);
        if says("service account name not authorized") || says("namespace not authorized") {
            causes.push(format!(
                "the role does not allow this service account in this namespace: compare with {role_command} and extend \
                 bound_service_account_names or bound_service_account_namespaces"
            ));
        } else if says("invalid role name") {
            causes.push(format!("there is no such role: 'vault list auth/{mount}/role', and set {}", KUBERNETES_ROLE.variable));
        } else if says("(aud)") {
            causes.push(format!(
                "the role wants another audience: compare with {role_command} and mend its audience or the projected volume's"
            ));
        } else if says("(iss)") || says("\"iss\"") {
            causes.push(format!("Vault expects another issuer: 'vault read auth/{mount}/config', and leave issuer empty there"));
        } else if says("permission denied") {
            causes.push(
                "the service account or the pod no longer exists, or the token is of another cluster or was changed: 'kubectl create \
                 token NAME -n NAMESPACE' gives a fresh one to compare"
                    .to_owned(),
            );
            causes.push(format!(
                "Vault cannot ask the API server (away, wrong address or CA, expired reviewer token): 'vault read \
                 auth/{mount}/config', mend it with 'vault write auth/{mount}/config kubernetes_host=https://… \
                 kubernetes_ca_cert=@ca.crt token_reviewer_jwt=@reviewer.jwt'"
            ));
            causes.push(
                "Vault's reviewer may not review tokens: 'kubectl create clusterrolebinding vault-reviewer \
                 --clusterrole=system:auth-delegator --serviceaccount=NAMESPACE:NAME'"
                    .to_owned(),
            );
            causes.push(format!("the role is bound to other addresses (token_bound_cidrs): {role_command}"));
        } else if causes.is_empty() && (says("(exp)") || says("(nbf)")) {
            causes.push(
                "by Vault's clock the token is outside its time, by this machine's it is not: set the clocks right".to_owned(),
            );
        } else if !says("(exp)") && !says("(nbf)") {
            causes.push(format!("see Vault's log, 'vault read auth/{mount}/config' and {role_command}"));
        }
        causes
    }
}

/// Whether an auth method answers there. Asked without any credential, after a failure: a Kubernetes auth method answers
/// 400 `missing role`, a mount that does not exist 403.
fn is_mounted(api_path: &str, client: &Client, host: &dyn Host) -> bool {
    let nothing = Secret::new("{}".to_owned());
    let probe = Call { method: Method::Post(&nothing), api_path, token: None };
    client.send(&probe, host).map_or(true, |reply| reply.status != 403)
}

/// Reads the service account's token, trimmed.
fn read(file: &Value) -> Result<Secret, Error> {
    let path = file.text.trim();
    let failed = |problem: String| Error::File {
        what: "service account token file",
        path: path.to_owned(),
        origin: file.origin.to_string(),
        problem,
    };
    let set = format!("or set {}", KUBERNETES_JWT_FILE.variable);
    let unreadable = |e: std::io::Error| {
        failed(match e.kind() {
            ErrorKind::NotFound if file.origin == Origin::Default => format!(
                "does not exist. What to do: run this server in a pod whose service account token is mounted \
                 (automountServiceAccountToken), {set}"
            ),
            ErrorKind::NotFound => format!("does not exist. What to do: mount the token there, {set} otherwise"),
            ErrorKind::PermissionDenied => {
                format!(
                    "may not be read by the user of this process. What to do: set fsGroup of the pod or the file's mode, {set}"
                )
            }
            ErrorKind::IsADirectory => format!("is a directory. What to do: name the file in it (usually \"token\"), {set}"),
            _ => format!("cannot be read: {e}. What to do: check it, {set}"),
        })
    };
    // Room for all of it at once, so that no copy is left behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_JWT as usize + 1));
    File::open(path).and_then(|f| f.take(MAX_JWT + 1).read_to_end(&mut bytes)).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_JWT {
        return Err(failed(format!(
            "is larger than {} KiB: it is no token. What to do: name the token's file, {set}",
            MAX_JWT / 1024
        )));
    }
    let text = str::from_utf8(&bytes).unwrap_or("\u{fffd}").trim();
    if text.is_empty() {
        return Err(failed("is empty. What to do: see why the kubelet or agent that writes it did not".to_owned()));
    }
    match text.bytes().position(|b| !b.is_ascii_graphic()) {
        None => Ok(Secret::new(text.to_owned())),
        Some(at) => Err(failed(format!(
            "holds no token: byte {} is not a visible ASCII character. What to do: name the file that holds the JWT and nothing else, {set}",
            at + 1
        ))),
    }
}

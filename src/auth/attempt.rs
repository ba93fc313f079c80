//! A login that is ready to be sent, and what its refusal means.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serializer as _;

use crate::auth::{Login, TokenInfo};
use crate::client::{ApiRequest, ApiResponse, Client, InlineLogin};
use crate::diagnosis;
use crate::error::{Error, ErrorKind, Problem, Provider};
use crate::secret::Secret;
use crate::settings::{AUTH_MOUNT, AUTH_NAMESPACE};
use crate::text::shown_path;
use crate::vault::{self, Meaning};

const SECOND_FACTOR: &str = "leave this login out of what asks for the second factor (MFA; try: vault list \
                             identity/mfa/login-enforcement), by its accessors, groups or entities, or mount an auth method \
                             for servers that is not among them";

/// OpenBao denies every login for some milliseconds after a node has become the active one, as if no auth method were there.
const BECOMES_ACTIVE: Duration = Duration::from_millis(300);

/// A login that is ready to be sent.
pub(super) struct Attempt<'a> {
    pub(super) api_path: String,
    /// The fields of its body, by name.
    pub(super) fields: Vec<(&'static str, Secret)>,
    /// The one of them that is a credential, which a peer may echo.
    pub(super) credential: Option<&'static str>,
    /// What else must not show where Vault quotes what it was sent.
    pub(super) hidden: Vec<Secret>,
    /// What messages call the token.
    pub(super) origin: String,
    /// Whether these words of a 500 refuse it for good, so that another try would use up the budget for nothing.
    pub(super) is_final: fn(&str) -> bool,
    /// The error when Vault refuses it.
    pub(super) explain: Box<dyn Fn(Refused<'_>) -> Error + 'a>,
}

/// Why a login was refused.
pub(super) struct Refused<'a> {
    pub(super) response: &'a ApiResponse,
    pub(super) said: &'a str,
    /// It is the 403 that says nothing but "permission denied".
    pub(super) bare: bool,
    pub(super) api_path: &'a str,
    pub(super) client: &'a Client<'a>,
}

impl Attempt<'_> {
    /// Posts it. The body is wiped with its secret.
    pub(super) fn send(&self, client: &Client<'_>) -> Result<Login, Error> {
        let fields: Vec<(&str, &str)> = self.fields.iter().map(|(name, value)| (*name, value.expose())).collect();
        let body = body(&fields)?;
        let credential = self.fields.iter().find(|(name, _)| Some(*name) == self.credential).map(|(_, value)| value);
        let request = ApiRequest::login(&self.api_path, &body, credential, self.is_final).hiding(&self.hidden);
        let mut response = client.send(&request)?;
        if matches!(response.meaning(), Meaning::NotAccepted) && client.pause(BECOMES_ACTIVE)? {
            response = client.send(&request)?;
        }
        let refused =
            |said: &str, bare| (self.explain)(Refused { response: &response, said, bare, api_path: &self.api_path, client });
        match response.meaning() {
            Meaning::Success(envelope) => {
                let auth = envelope.auth.ok_or_else(|| {
                    response.lacks(match envelope.wrap_info {
                        Some(_) => "it is response-wrapped: something in between adds X-Vault-Wrap-TTL to logins",
                        None => "it holds no \"auth\"",
                    })
                })?;
                if auth.mfa_requirement.is_some() {
                    let said = "it wants multi-factor authentication, which a server cannot give";
                    return Err(match refused(said, false).into_parts() {
                        (ErrorKind::LoginRefused { method, status, answer, presented, .. }, Some(at)) => {
                            let cause = Problem::new("", SECOND_FACTOR);
                            ErrorKind::LoginRefused { method, status, answer, presented, cause }.at(at)
                        }
                        (kind, _) => kind.into(),
                    });
                }
                let info = TokenInfo {
                    ttl: auth.lease_duration.filter(|seconds| *seconds > 0).map(vault::seconds),
                    uses: auth.num_uses.filter(|uses| *uses > 0),
                    renewable: auth.renewable.unwrap_or(false),
                    batch: auth.token_type.as_deref() == Some("batch"),
                };
                let token = vault::secret_string(auth.client_token.get()).filter(|token| !token.expose().is_empty());
                let token = token.ok_or_else(|| response.lacks("\"auth.client_token\" is not a token"))?;
                Ok(Login { token: Some(token), origin: self.origin.clone(), info: Some(info), provider: Provider::Login })
            }
            Meaning::NotAccepted | Meaning::Denied => Err(refused("permission denied", true)),
            Meaning::Refused(said) if said == "namespace not found" => Err(ErrorKind::NamespaceUnknown.at(&response.at)),
            Meaning::NoRoute => Err(refused("no handler for route", false)),
            Meaning::Refused(said) if vault::is_read_only(&said) => {
                Err(diagnosis::failed(&response, Meaning::Refused(said), client))
            }
            Meaning::Refused(said) => Err(refused(&said, false)),
            other => Err(diagnosis::failed(&response, other, client)),
        }
    }

    /// The login as headers of another request.
    pub(super) fn inline(self) -> Result<InlineLogin, Error> {
        let parameters = self.fields.iter().map(|(name, value)| {
            let parameter = body(&[("key", name), ("value", value.expose())])?;
            let mut encoded = String::with_capacity(parameter.expose().len() * 4 / 3 + 4);
            URL_SAFE_NO_PAD.encode_string(parameter.expose(), &mut encoded);
            Ok((*name, Secret::new(encoded)))
        });
        let parameters = parameters.collect::<Result<_, Error>>()?;
        let credential = self.fields.into_iter().find(|(name, _)| Some(*name) == self.credential).map(|(_, value)| value);
        let hidden = self.hidden.into_iter().chain(credential).collect();
        Ok(InlineLogin { api_path: self.api_path, parameters, hidden, origin: self.origin })
    }
}

/// A wrong issuer (Vault before 1.9), an auth method without a configuration, an auth method of another kind.
pub(super) fn refuses_for_good(said: &str) -> bool {
    ["claim", "could not load backend configuration", "missing role_id"].iter().any(|words| said.contains(words))
}

/// For the methods that refuse a login with a 500: it is final unless it tells of the network or of Vault itself.
pub(super) fn unless_it_may_pass(said: &str) -> bool {
    !may_pass(said)
}

/// Whether Vault's words tell of a failure between Vault and the service that it asks, or in Vault itself.
pub(super) fn may_pass(said: &str) -> bool {
    const PASSING: [&str; 12] = [
        "internal error",
        "context deadline exceeded",
        "context canceled",
        "dial tcp",
        "connection refused",
        "connection reset",
        "timeout",
        "no such host",
        "EOF",
        "local node not active",
        "read-only storage",
        "readonly storage",
    ];
    let is_passing_status = |word: &str| matches!(word.trim_end_matches([':', ',']), "429" | "500" | "502" | "503" | "504");
    PASSING.iter().any(|words| said.contains(words)) || said.split_whitespace().any(is_passing_status)
}

/// A method whose login is refused in words that need no more explanation than this.
pub(super) struct Plain {
    pub(super) method: &'static str,
    pub(super) mount: String,
    /// Who asked: role or user name, never a credential.
    pub(super) who: String,
    /// What is likely wrong when Vault refuses with these words what was presented.
    pub(super) cause: fn(&str) -> &'static str,
    /// For a method that locks out who presents a wrong credential five times.
    pub(super) lockout: Option<Lockout>,
    /// Why a Vault may not have the method, as a clause.
    pub(super) may_lack: Option<&'static str>,
}

/// What a bare "permission denied" of a method means that answers a wrong credential in other words.
/// Source: <https://developer.hashicorp.com/vault/docs/concepts/user-lockout>.
pub(super) struct Lockout {
    /// A login path of the method, not that of who is locked out: an empty login there tells whether the method is mounted.
    pub(super) probe: String,
    /// Who is locked out.
    pub(super) whom: &'static str,
}

impl Plain {
    pub(super) fn attempt(
        self,
        api_path: String,
        fields: Vec<(&'static str, Secret)>,
        credential: Option<&'static str>,
    ) -> Attempt<'static> {
        let origin = self.origin();
        let explain = move |refused: Refused<'_>| {
            let cause = (self.cause)(refused.said);
            self.refused_as(&refused, &format!("with {}", self.who_and_where()), cause)
        };
        let explain = Box::new(explain);
        Attempt { api_path, fields, credential, hidden: Vec::new(), origin, is_final: refuses_for_good, explain }
    }

    /// What messages call the token.
    pub(super) fn origin(&self) -> String {
        let Self { method, mount, who, .. } = self;
        format!("the {method} login ({who}, auth mount {})", shown_path(mount))
    }

    /// Who asks, and at which mount.
    pub(super) fn who_and_where(&self) -> String {
        format!("{} at auth mount {}", self.who, shown_path(&self.mount))
    }

    /// The error. `presented` is who asked what, in words, and `cause` what is likely wrong.
    pub(super) fn refused_as(&self, refused: &Refused<'_>, presented: &str, cause: &str) -> Error {
        let Self { method, lockout, .. } = self;
        let Refused { response, said, bare, client, .. } = refused;
        let causes = match lockout {
            _ if !bare => self.causes(said, cause),
            None => vec![self.elsewhere(), cause.to_owned(), self.bound()],
            Some(lockout) => match diagnosis::takes_logins(&lockout.probe, client) {
                Some(true) => vec![self.locked(lockout), self.bound()],
                Some(false) => vec![self.elsewhere()],
                None => vec![self.elsewhere(), self.locked(lockout), self.bound()],
            },
        };
        let advice = match causes.as_slice() {
            [only] => only.clone(),
            several => {
                let numbered = several.iter().zip(1..).map(|(cause, number)| format!("({number}) {cause}"));
                format!("most likely cause first: {}", numbered.collect::<Vec<_>>().join("; "))
            }
        };
        ErrorKind::LoginRefused {
            method,
            status: response.status,
            answer: (*said).to_owned(),
            presented: presented.to_owned(),
            cause: Problem::new("", advice),
        }
        .at(&response.at)
    }

    /// The causes of an answer that says why.
    fn causes(&self, said: &str, cause: &str) -> Vec<String> {
        match said {
            _ if said.contains("no handler for route") => vec![self.elsewhere()],
            _ if said.contains("CIDR") => vec![self.bound()],
            _ => vec![cause.to_owned(), self.elsewhere()],
        }
    }

    fn elsewhere(&self) -> String {
        let Self { method, mount, may_lack, .. } = self;
        let why = may_lack.map(|why| format!(" ({why})")).unwrap_or_default();
        format!(
            "there is no {method} auth method at {} (try: vault auth list){why}: set {}; or it is in another namespace: set {}",
            shown_path(mount),
            AUTH_MOUNT.places(),
            AUTH_NAMESPACE.places()
        )
    }

    fn locked(&self, Lockout { whom, .. }: &Lockout) -> String {
        format!(
            "{whom} is locked out after five logins with a wrong credential, usually for 15 minutes: correct it wherever it is still used, \
             then wait or unlock (vault read sys/locked-users, vault write -f sys/locked-users/ACCESSOR/unlock/NAME)"
        )
    }

    fn bound(&self) -> String {
        "the role, the user or the credential is bound to other addresses (token_bound_cidrs, secret_id_bound_cidrs): compare them with \
         the address from which this server's requests reach Vault (Vault's audit log, remote_address)"
            .to_owned()
    }
}

/// Commands with the names that words such as `MOUNT` and `ROLE` stand for, where these are known and need no quoting.
pub(super) fn with_names(commands: &str, names: &[(&str, Option<&str>)]) -> String {
    let is_plain = |name: &&str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./:@+=,".contains(&b));
    names.iter().fold(commands.to_owned(), |commands, (placeholder, name)| match name.filter(is_plain) {
        Some(name) => commands.replace(placeholder, name),
        None => commands,
    })
}

/// A JSON object of texts, one of which may be a credential: written into one buffer with room for all of it, so that no
/// copy is left behind.
pub(crate) fn body(fields: &[(&str, &str)]) -> Result<Secret, Error> {
    // The longest escape, \u0000, has six bytes.
    let room = fields.iter().map(|(name, text)| 6 * (name.len() + text.len()) + 8).sum::<usize>() + 2;
    let mut json = Vec::with_capacity(room);
    let written = serde_json::Serializer::new(&mut json).collect_map(fields.iter().copied());
    let text = String::from_utf8(json).map(Secret::new);
    match (written, text) {
        (Ok(()), Ok(text)) => Ok(text),
        _ => Err(Error::internal("the login cannot be written as JSON")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_json_whatever_the_credential_and_never_outgrows_its_buffer() {
        let credential = "\u{0}\"\\\n😀".repeat(100);
        let body = body(&[("role", "app"), ("jwt", &credential)]).map_err(|e| e.to_string()).unwrap();
        let read: std::collections::BTreeMap<String, String> = serde_json::from_str(body.expose()).unwrap();
        assert!(read["role"] == "app" && read["jwt"] == credential);
        assert!(body.expose().len() <= 6 * ("rolejwtapp".len() + credential.len()) + 18);
        assert_eq!(super::body(&[]).map_err(|e| e.to_string()).unwrap().expose(), "{}");
    }
}

//! Login: one small file a method. A method is added by its file and a line in [`METHODS`].

mod approle;
mod cert;
mod credential;
mod jwt;
mod kubernetes;
mod password;
mod token;
mod wrapping;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serializer as _;

use crate::error::Error;
use crate::http::{Call, Client, Reply};
use crate::request::ApiPath;
use crate::secret::Secret;
use crate::settings::{AUTH_MOUNT, AUTH_NAMESPACE, Sources, Value};
use crate::text::one_line;
use crate::vault::{self, Meaning};

/// An authentication method, by its name in the text.
pub(crate) struct Method {
    pub(crate) name: &'static str,
    way: Way,
}

/// How a method comes by its token.
enum Way {
    /// It is there already.
    Given(fn(&Client<'_>, Sources<'_>) -> Result<Login, Error>),
    /// Vault grants it for this.
    Obtained(fn(&Client<'_>, Sources<'_>) -> Result<Attempt, Error>),
}

/// All methods; the first is the default.
pub(crate) const METHODS: &[Method] = &[
    Method { name: "TOKEN", way: Way::Given(token::login) },
    Method { name: kubernetes::NAME, way: Way::Obtained(kubernetes::attempt) },
    Method { name: approle::NAME, way: Way::Obtained(approle::attempt) },
    Method { name: jwt::NAME, way: Way::Obtained(jwt::attempt) },
    Method { name: cert::NAME, way: Way::Obtained(cert::attempt) },
    Method { name: "USERPASS", way: Way::Obtained(password::userpass) },
    Method { name: "LDAP", way: Way::Obtained(password::ldap) },
    Method { name: "AGENT", way: Way::Given(agent) },
];

/// A token for Vault, and where it comes from, for messages.
pub(crate) struct Login {
    /// `None`: an agent adds its own.
    pub(crate) token: Option<Secret>,
    pub(crate) origin: String,
    /// What was granted with the token; `None` for one that was given to us, which is not ours to revoke.
    pub(crate) terms: Option<Terms>,
}

/// What Vault grants with a token.
pub(crate) struct Terms {
    /// `None`: without end.
    pub(crate) lasts: Option<Duration>,
    /// `None`: as often as one likes.
    pub(crate) uses: Option<u32>,
    pub(crate) renewable: bool,
    /// Batch tokens are not stored by Vault, and cannot be revoked.
    pub(crate) batch: bool,
}

impl Login {
    /// A token that was there already.
    fn given(token: Secret, origin: String) -> Self {
        Self { token: Some(token), origin, terms: None }
    }

    /// A peer's words without the token, should it echo it.
    pub(crate) fn hide_in(&self, text: &str) -> String {
        self.token.as_ref().map_or_else(|| text.to_owned(), |token| token.hide_in(text))
    }
}

impl Method {
    /// Whether its token is there already, so that Vault is not asked for one.
    pub(crate) fn is_given(&self) -> bool {
        matches!(self.way, Way::Given(_))
    }

    /// Gets a token.
    pub(crate) fn login(&self, client: &Client<'_>, sources: Sources<'_>) -> Result<Login, Error> {
        match self.way {
            Way::Given(login) => login(client, sources),
            Way::Obtained(attempt) => attempt(client, sources)?.send(client),
        }
    }

    /// The login as a part of another request, which needs no token then; `None` where there is no login.
    pub(crate) fn inline(&self, client: &Client<'_>, sources: Sources<'_>) -> Result<Option<Inline>, Error> {
        match self.way {
            Way::Given(_) => Ok(None),
            Way::Obtained(attempt) => attempt(client, sources)?.inline().map(Some),
        }
    }
}

/// `AGENT`: a Vault Agent or Proxy logs in itself.
fn agent(_: &Client<'_>, _: Sources<'_>) -> Result<Login, Error> {
    Ok(Login { token: None, origin: "the Vault Agent or Proxy at the endpoint".to_owned(), terms: None })
}

const SECOND_FACTOR: &str = "What to do: leave this login out of what asks for the second factor (MFA; try: vault list \
                             identity/mfa/login-enforcement), by its accessors, groups or entities, or mount an auth method \
                             for servers that is not among them";

/// A login that is ready to be sent.
struct Attempt {
    api_path: String,
    /// The fields of its body, by name.
    fields: Vec<(&'static str, Secret)>,
    /// The one of them that is a credential, which a peer may echo.
    credential: Option<&'static str>,
    /// What messages call the token.
    origin: String,
    /// The error when Vault refuses it.
    explain: Box<dyn Fn(Refused<'_>) -> Error>,
}

/// Why a login was refused.
struct Refused<'a> {
    reply: &'a Reply,
    said: &'a str,
    /// It is the 403 that says nothing but "permission denied".
    bare: bool,
    api_path: &'a str,
    client: &'a Client<'a>,
}

impl Attempt {
    /// Posts it. The body is wiped with its secret.
    fn send(&self, client: &Client<'_>) -> Result<Login, Error> {
        let fields: Vec<(&str, &str)> = self.fields.iter().map(|(name, value)| (*name, value.expose())).collect();
        let body = body(&fields)?;
        let credential = self.fields.iter().find(|(name, _)| Some(*name) == self.credential).map(|(_, value)| value);
        let reply = client.send(&Call::login(&self.api_path, &body, credential))?;
        let refused = |said: &str, bare| (self.explain)(Refused { reply: &reply, said, bare, api_path: &self.api_path, client });
        match reply.meaning() {
            Meaning::Success(envelope) => {
                let auth = envelope.auth.ok_or_else(|| {
                    reply.lacks(match envelope.wrap_info {
                        Some(_) => "it is response-wrapped: something in between adds X-Vault-Wrap-TTL to logins",
                        None => "it holds no \"auth\"",
                    })
                })?;
                if auth.mfa_requirement.is_some() {
                    let mut error = refused("it wants multi-factor authentication, which a server cannot give", false);
                    if let Error::LoginRefused { advice, .. } = &mut error {
                        SECOND_FACTOR.clone_into(advice);
                    }
                    return Err(error);
                }
                let terms = Terms {
                    lasts: auth.lease_duration.filter(|seconds| *seconds > 0).map(vault::seconds),
                    uses: auth.num_uses.filter(|uses| *uses > 0),
                    renewable: auth.renewable.unwrap_or(false),
                    batch: auth.token_type.as_deref() == Some("batch"),
                };
                let token = vault::secret_string(auth.client_token.get()).filter(|token| !token.expose().is_empty());
                let token = token.ok_or_else(|| reply.lacks("\"auth.client_token\" is not a token"))?;
                Ok(Login { token: Some(token), origin: self.origin.clone(), terms: Some(terms) })
            }
            Meaning::NotAccepted | Meaning::Denied => Err(refused("permission denied", true)),
            Meaning::Refused(said) if said == "namespace not found" => Err(Error::NamespaceUnknown { at: reply.at.clone() }),
            Meaning::NoRoute => Err(refused("no handler for route", false)),
            Meaning::Refused(said) => Err(refused(&said, false)),
            other => Err(reply.failed(other, client)),
        }
    }

    /// The login as headers of another request.
    fn inline(self) -> Result<Inline, Error> {
        let parameters = self.fields.iter().map(|(name, value)| {
            let parameter = body(&[("key", name), ("value", value.expose())])?;
            let mut encoded = String::with_capacity(parameter.expose().len() * 4 / 3 + 4);
            URL_SAFE_NO_PAD.encode_string(parameter.expose(), &mut encoded);
            Ok((*name, Secret::new(encoded)))
        });
        let parameters = parameters.collect::<Result<_, Error>>()?;
        Ok(Inline { api_path: self.api_path, parameters, origin: self.origin })
    }
}

/// OpenBao's inline authentication: a login within the request that needs it, which leaves no token behind.
/// Source: <https://openbao.org/docs/auth/#inline-authentication>.
pub(crate) struct Inline {
    pub(crate) api_path: String,
    /// By name; each is the base64 of a JSON object with its name and value.
    pub(crate) parameters: Vec<(&'static str, Secret)>,
    origin: String,
}

impl Inline {
    /// Who reads, for messages; there is no token.
    pub(crate) fn login(&self) -> Login {
        Login { token: None, origin: self.origin.clone(), terms: None }
    }
}

/// A method whose login is refused in words that need no more explanation than this.
struct Plain {
    method: &'static str,
    mount: String,
    /// Who asked: role or user name, never a credential.
    who: String,
    /// What is likely wrong when Vault refuses with these words what was presented.
    cause: fn(&str) -> &'static str,
}

impl Plain {
    fn attempt(self, api_path: String, fields: Vec<(&'static str, Secret)>, credential: Option<&'static str>) -> Attempt {
        let Self { method, mount, who, .. } = &self;
        let origin = format!("the {method} login ({who}, auth mount {mount:?})");
        Attempt { api_path, fields, credential, origin, explain: Box::new(move |refused| self.refused(refused)) }
    }

    fn refused(&self, Refused { reply, said, bare, .. }: Refused<'_>) -> Error {
        let Self { method, mount, who, cause } = self;
        let cause = cause(said);
        let elsewhere = format!(
            "there is no {method} auth method at {mount:?} (try: vault auth list): set {}; or it is in another namespace: set {}",
            AUTH_MOUNT.places(),
            AUTH_NAMESPACE.places()
        );
        let causes = if bare || said.contains("no handler for route") {
            format!("(1) {elsewhere}; (2) {cause}")
        } else {
            format!("(1) {cause}; (2) {elsewhere}")
        };
        Error::LoginRefused {
            at: reply.at.clone(),
            method,
            answer: format!("{} {said}", reply.status),
            presented: format!("with {who} at auth mount {mount:?}"),
            advice: format!("What to do, likeliest cause first: {causes}"),
        }
    }
}

/// The auth method's mount path; `default` is where the official documentation mounts it.
fn mount(sources: Sources<'_>, default: &str) -> Result<ApiPath, Error> {
    mount_of(&AUTH_MOUNT.find_or(sources, default)?)
}

/// "auth/approle" is how Vault's own commands print a mount.
fn mount_of(value: &Value) -> Result<ApiPath, Error> {
    let path = value.trimmed().trim_start_matches('/');
    let path = path.strip_prefix("auth/").unwrap_or(path);
    ApiPath::parse(path).map_err(|problem| value.refuse(format!("the mount path {problem}")))
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
        _ => Err(Error::Internal("the login cannot be written as JSON".to_owned())),
    }
}

/// A name of the administrator's in a message.
fn shown(name: &str) -> String {
    format!("{:?}", one_line(name, 80))
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

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
    /// Its token is there already, and Vault is not asked for one.
    pub(crate) is_given: bool,
    login: fn(&Client<'_>, Sources<'_>) -> Result<Login, Error>,
}

/// All methods; the first is the default.
pub(crate) const METHODS: &[Method] = &[
    Method { name: "TOKEN", is_given: true, login: token::login },
    Method { name: kubernetes::NAME, is_given: false, login: kubernetes::login },
    Method { name: approle::NAME, is_given: false, login: approle::login },
    Method { name: jwt::NAME, is_given: false, login: jwt::login },
    Method { name: cert::NAME, is_given: false, login: cert::login },
    Method { name: "USERPASS", is_given: false, login: password::userpass },
    Method { name: "LDAP", is_given: false, login: password::ldap },
    Method { name: "AGENT", is_given: true, login: agent },
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
    /// Gets a token.
    pub(crate) fn login(&self, client: &Client<'_>, sources: Sources<'_>) -> Result<Login, Error> {
        (self.login)(client, sources)
    }
}

/// `AGENT`: a Vault Agent or Proxy logs in itself.
fn agent(_: &Client<'_>, _: Sources<'_>) -> Result<Login, Error> {
    Ok(Login { token: None, origin: "the Vault Agent or Proxy at the endpoint".to_owned(), terms: None })
}

/// What Vault said to a login.
enum Answer {
    Token(Secret, Terms),
    /// The login was refused, for the reason in `said`; `bare` is the 403 that says nothing but "permission denied".
    Refused {
        reply: Box<Reply>,
        said: String,
        bare: bool,
    },
}

/// Posts a login. The `body` is wiped with its secret.
fn post(client: &Client<'_>, api_path: &str, body: &Secret, credential: Option<&Secret>) -> Result<Answer, Error> {
    let reply = client.send(&Call::login(api_path, body, credential))?;
    let refused = |said: &str, bare| (said.to_owned(), bare);
    let (said, bare) = match reply.meaning() {
        Meaning::Success(envelope) => {
            let auth = envelope.auth.ok_or_else(|| reply.lacks("it holds no \"auth\""))?;
            if auth.mfa_requirement.is_some() {
                refused("it wants multi-factor authentication, which a server cannot give", false)
            } else {
                let terms = Terms {
                    lasts: auth.lease_duration.filter(|seconds| *seconds > 0).map(vault::seconds),
                    uses: auth.num_uses.filter(|uses| *uses > 0),
                    renewable: auth.renewable.unwrap_or(false),
                    batch: auth.token_type.as_deref() == Some("batch"),
                };
                let token = vault::secret_string(auth.client_token).filter(|token| !token.expose().is_empty());
                return token
                    .map(|token| Answer::Token(token, terms))
                    .ok_or_else(|| reply.lacks("\"auth.client_token\" is not a token"));
            }
        }
        Meaning::NotAccepted | Meaning::Denied => refused("permission denied", true),
        Meaning::Refused(said) if said == "namespace not found" => return Err(Error::NamespaceUnknown { at: reply.at }),
        Meaning::NoRoute => refused("no handler for route", false),
        Meaning::Refused(said) => (said, false),
        other => return Err(reply.failed(other, client)),
    };
    Ok(Answer::Refused { reply: Box::new(reply), said, bare })
}

/// A method whose login is refused in words that need no more explanation than this.
struct Plain<'a> {
    method: &'static str,
    mount: &'a str,
    /// Who asked: role or user name, never a credential.
    who: String,
    /// What is likely wrong when Vault refuses with these words what was presented.
    cause: fn(&str) -> &'static str,
}

impl Plain<'_> {
    fn login(&self, client: &Client<'_>, api_path: &str, body: &Secret, credential: Option<&Secret>) -> Result<Login, Error> {
        let Self { method, mount, who, cause } = self;
        let (reply, said, bare) = match post(client, api_path, body, credential)? {
            Answer::Token(token, terms) => {
                let origin = format!("the {method} login ({who}, auth mount {mount:?})");
                return Ok(Login { token: Some(token), origin, terms: Some(terms) });
            }
            Answer::Refused { reply, said, bare } => (reply, said, bare),
        };
        let cause = cause(&said);
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
        Err(Error::LoginRefused {
            at: reply.at,
            method,
            answer: format!("{} {said}", reply.status),
            presented: format!("with {who} at auth mount {mount:?}"),
            advice: format!("What to do, likeliest cause first: {causes}"),
        })
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

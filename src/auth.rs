//! Login: one small file a method. A method is added by its file and a line in [`METHODS`].

mod approle;
mod cert;
mod credential;
mod jwt;
mod kubernetes;
mod password;
mod token;
mod wrapping;

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
    login: fn(&Client<'_>, Sources<'_>) -> Result<Login, Error>,
}

/// All methods; the first is the default.
pub(crate) const METHODS: &[Method] = &[
    Method { name: "TOKEN", login: token::login },
    Method { name: kubernetes::NAME, login: kubernetes::login },
    Method { name: approle::NAME, login: approle::login },
    Method { name: jwt::NAME, login: jwt::login },
    Method { name: cert::NAME, login: cert::login },
    Method { name: "USERPASS", login: password::userpass },
    Method { name: "LDAP", login: password::ldap },
    Method { name: "AGENT", login: agent },
];

/// A token for Vault, and where it comes from, for messages.
pub(crate) struct Login {
    /// `None`: an agent adds its own.
    pub(crate) token: Option<Secret>,
    pub(crate) origin: String,
}

impl Login {
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
    Ok(Login { token: None, origin: "the Vault Agent or Proxy at the endpoint".to_owned() })
}

/// What Vault said to a login.
enum Answer {
    Token(Secret),
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
                let token = vault::secret_string(auth.client_token).filter(|token| !token.expose().is_empty());
                return token.map(Answer::Token).ok_or_else(|| reply.lacks("\"auth.client_token\" is not a token"));
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
            Answer::Token(token) => {
                return Ok(Login { token: Some(token), origin: format!("the {method} login ({who}, auth mount {mount:?})") });
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

/// A JSON body that holds a credential.
fn body(json: &serde_json::Value) -> Secret {
    Secret::new(json.to_string())
}

/// A name of the administrator's in a message.
fn shown(name: &str) -> String {
    format!("{:?}", one_line(name, 80))
}

//! Login: one small file a method. A method is added by its file and a line in [`METHODS`].

mod approle;
mod attempt;
mod cert;
mod credential;
mod github;
mod jwt;
mod kubernetes;
mod password;
mod radius;
mod token;
mod wrapping;

use std::time::{Duration, Instant};

use crate::client::{Client, InlineLogin};
use crate::error::{Error, Provider};
use crate::secret::Secret;
use crate::settings::{AUTH_MOUNT, Sources, Value};
use crate::text::one_line;
use crate::vault::ApiPath;

pub(crate) use attempt::body;
use attempt::{Attempt, Plain, Refused};
pub(crate) use wrapping::Unwrapped;

/// An authentication method, by its name in the text.
pub(crate) struct Method {
    pub(crate) name: &'static str,
    flow: Flow,
}

/// How a method comes by its token.
enum Flow {
    /// It is there already.
    Given(fn(&Context<'_>) -> Result<Login, Error>),
    /// Vault grants it for this.
    Obtained(fn(&Context<'_>) -> Result<Attempt, Error>),
}

/// All methods; the first is the default.
pub(crate) const METHODS: &[Method] = &[
    Method { name: "TOKEN", flow: Flow::Given(token::login) },
    Method { name: kubernetes::NAME, flow: Flow::Obtained(kubernetes::attempt) },
    Method { name: approle::NAME, flow: Flow::Obtained(approle::attempt) },
    Method { name: jwt::NAME, flow: Flow::Obtained(jwt::attempt) },
    Method { name: cert::NAME, flow: Flow::Obtained(cert::attempt) },
    Method { name: "USERPASS", flow: Flow::Obtained(password::userpass) },
    Method { name: "LDAP", flow: Flow::Obtained(password::ldap) },
    Method { name: radius::NAME, flow: Flow::Obtained(radius::attempt) },
    Method { name: github::NAME, flow: Flow::Obtained(github::attempt) },
    Method { name: "AGENT", flow: Flow::Given(agent) },
];

/// What a login has at hand.
pub(crate) struct Context<'a> {
    pub(crate) client: &'a Client<'a>,
    pub(crate) sources: Sources<'a>,
    pub(crate) unwrapped: &'a Unwrapped,
    /// What the time is for what is retained.
    pub(crate) now: Instant,
    /// It is the same login once more: what was warned of need not be said again.
    pub(crate) again: bool,
}

/// A token for Vault, and where it comes from, for messages.
pub(crate) struct Login {
    /// `None`: an agent adds its own.
    pub(crate) token: Option<Secret>,
    pub(crate) origin: String,
    /// What was granted with the token; `None` for one that was given to us, which is not ours to revoke.
    pub(crate) info: Option<TokenInfo>,
    pub(crate) provider: Provider,
}

/// What Vault grants with a token.
pub(crate) struct TokenInfo {
    /// `None`: without end.
    pub(crate) ttl: Option<Duration>,
    /// `None`: as often as one likes.
    pub(crate) uses: Option<u32>,
    pub(crate) renewable: bool,
    /// Batch tokens are not stored by Vault, and cannot be revoked.
    pub(crate) batch: bool,
}

impl Login {
    /// A token that was there already.
    pub(crate) fn given(token: Secret, origin: String, provider: Provider) -> Self {
        Self { token: Some(token), origin, info: None, provider }
    }

    /// Who reads where a login goes along with each request, for messages; there is no token.
    pub(crate) fn inline(inline: &InlineLogin) -> Self {
        Self { token: None, origin: inline.origin.clone(), info: None, provider: Provider::Fixed }
    }

    /// A peer's words without the token, should it echo it.
    pub(crate) fn redact_in(&self, text: &str) -> String {
        self.token.as_ref().map_or_else(|| text.to_owned(), |token| token.redact_in(text))
    }
}

impl Method {
    /// Whether its token is there already, so that Vault is not asked for one.
    pub(crate) fn is_given(&self) -> bool {
        matches!(self.flow, Flow::Given(_))
    }

    /// Gets a token.
    pub(crate) fn login(&self, context: &Context<'_>) -> Result<Login, Error> {
        match self.flow {
            Flow::Given(login) => login(context),
            Flow::Obtained(attempt) => attempt(context)?.send(context.client),
        }
    }

    /// The login as a part of another request, which needs no token then; `None` where there is no login.
    pub(crate) fn inline(&self, context: &Context<'_>) -> Result<Option<InlineLogin>, Error> {
        match self.flow {
            Flow::Given(_) => Ok(None),
            Flow::Obtained(attempt) => attempt(context)?.inline().map(Some),
        }
    }
}

/// `AGENT`: a Vault Agent or Proxy logs in itself.
fn agent(_: &Context<'_>) -> Result<Login, Error> {
    let origin = "the Vault Agent or Proxy at the endpoint".to_owned();
    Ok(Login { token: None, origin, info: None, provider: Provider::Agent })
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

/// A name of the administrator's in a message.
fn shown(name: &str) -> String {
    format!("{:?}", one_line(name, 80))
}

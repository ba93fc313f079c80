//! Login: one small file a method. A method is added by its file and a line in [`METHODS`].

mod approle;
mod attempt;
mod aws;
mod azure;
mod cert;
mod context;
mod credential;
mod gcp;
mod github;
mod jwt;
mod kubernetes;
mod login;
mod password;
mod presented;
mod radius;
mod token;
mod wrapping;

use crate::client::InlineLogin;
use crate::error::{Error, Provider};

pub(crate) use attempt::body;
use attempt::{Attempt, Lockout, Plain, Refused};
pub(crate) use context::{Context, Unwrapped};
pub(crate) use login::{Login, TokenInfo};
use login::{mount, mount_of};
pub(crate) use presented::PresentedJwt;

use crate::text::shown;

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
    Obtained(for<'a> fn(&Context<'a>) -> Result<Attempt<'a>, Error>),
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
    Method { name: aws::NAME, flow: Flow::Obtained(aws::attempt) },
    Method { name: gcp::NAME, flow: Flow::Obtained(gcp::attempt) },
    Method { name: azure::NAME, flow: Flow::Obtained(azure::attempt) },
    Method { name: "AGENT", flow: Flow::Given(agent) },
];

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

    /// The JWT that the method presents; `None` where it presents none, or cannot: the login says why.
    pub(crate) fn presented_jwt(&self, context: &Context<'_>) -> Option<PresentedJwt> {
        match self.name {
            kubernetes::NAME => kubernetes::present(context).ok().map(|(presented, _)| presented),
            jwt::NAME => jwt::present(context).ok().map(|(presented, _)| presented),
            _ => None,
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

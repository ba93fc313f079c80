//! Login: one small file a method. A method is added by its file and a row in [`METHODS`].

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
use crate::settings::{AUTH_MOUNT, KUBERNETES_MOUNT, KUBERNETES_ROLE, ROLE, Setting, Sources};

pub(crate) use attempt::body;
use attempt::{Attempt, Lockout, Plain, Refused, with_names};
pub(crate) use context::{Context, Unwrapped};
pub(crate) use login::{Login, TokenInfo};
use login::{mount, mount_of};
pub(crate) use presented::PresentedJwt;

use crate::text::shown;

/// An authentication method, by its name in the text.
pub(crate) struct Method {
    pub(crate) name: &'static str,
    flow: Flow,
    pub(crate) setup: Setup,
}

/// How a method comes by its token.
enum Flow {
    /// It is there already.
    Given(fn(&Context<'_>) -> Result<Login, Error>),
    /// Vault grants it for this.
    Obtained(LogIn),
    /// Vault grants it for this, which is a JWT: `doctor` compares what it says with the role.
    ObtainedForJwt(LogIn, fn(&Context<'_>) -> Result<PresentedJwt, Error>),
}

type LogIn = for<'a> fn(&Context<'a>) -> Result<Attempt<'a>, Error>;

/// What an administrator sets up for a method.
pub(crate) struct Setup {
    /// The path of a login below the mount; `USER` stands for the user's name.
    login: &'static str,
    /// Commands that make a role or user with the policy `vault-cipher`; `MOUNT` and `ROLE` stand for names.
    commands: &'static [&'static str],
    /// The variables that hold what a text leaves to the environment.
    pub(crate) variables: &'static [&'static str],
    /// The setting with the mount path of the method, whose default is the method's name in lower case.
    mount: &'static Setting,
    /// The setting with the role.
    role: &'static Setting,
}

/// What most methods have in common.
const USUAL: Setup = Setup { login: "login", commands: &[], variables: &[], mount: &AUTH_MOUNT, role: &ROLE };

const USER_AND_PASSWORD: &[&str] = &["SECRET_STORE_VAULT_USERNAME", "SECRET_STORE_VAULT_PASSWORD_FILE"];
const ROLE_NAME: &[&str] = &["SECRET_STORE_VAULT_ROLE"];

/// All methods; the first is the default.
pub(crate) const METHODS: &[Method] = &[
    Method {
        name: "TOKEN",
        flow: Flow::Given(token::login),
        setup: Setup {
            commands: &["vault token create -policy=vault-cipher -period=24h -orphan"],
            variables: &["SECRET_STORE_VAULT_TOKEN"],
            ..USUAL
        },
    },
    Method {
        name: kubernetes::NAME,
        flow: Flow::ObtainedForJwt(kubernetes::attempt, |context| Ok(kubernetes::present(context)?.0)),
        setup: Setup {
            commands: &[
                "vault write auth/MOUNT/role/ROLE bound_service_account_names=NAME bound_service_account_namespaces=NAMESPACE \
                         policies=vault-cipher ttl=10m",
            ],
            variables: &["SECRET_STORE_VAULT_KUBE_AUTH_ROLE"],
            mount: &KUBERNETES_MOUNT,
            role: &KUBERNETES_ROLE,
            ..USUAL
        },
    },
    Method {
        name: approle::NAME,
        flow: Flow::Obtained(approle::attempt),
        setup: Setup {
            commands: &[
                "vault write auth/MOUNT/role/ROLE token_policies=vault-cipher token_ttl=10m",
                "vault read auth/MOUNT/role/ROLE/role-id",
                "vault write -f auth/MOUNT/role/ROLE/secret-id",
            ],
            variables: &["SECRET_STORE_VAULT_ROLE_ID", "SECRET_STORE_VAULT_SECRET_ID_FILE"],
            ..USUAL
        },
    },
    Method {
        name: jwt::NAME,
        flow: Flow::ObtainedForJwt(jwt::attempt, |context| Ok(jwt::present(context)?.0)),
        setup: Setup {
            commands: &[
                "vault write auth/MOUNT/role/ROLE role_type=jwt user_claim=sub bound_audiences=AUDIENCE policies=vault-cipher \
                         ttl=10m",
            ],
            variables: &["SECRET_STORE_VAULT_JWT_FILE"],
            ..USUAL
        },
    },
    Method {
        name: cert::NAME,
        flow: Flow::Obtained(cert::attempt),
        setup: Setup {
            commands: &["vault write auth/MOUNT/certs/ROLE certificate=@client-ca.pem policies=vault-cipher ttl=10m"],
            variables: &["VAULT_CLIENT_CERT", "VAULT_CLIENT_KEY"],
            ..USUAL
        },
    },
    Method {
        name: "USERPASS",
        flow: Flow::Obtained(password::userpass),
        setup: Setup {
            login: "login/USER",
            commands: &["vault write auth/MOUNT/users/USER password=- policies=vault-cipher"],
            variables: USER_AND_PASSWORD,
            ..USUAL
        },
    },
    Method {
        name: "LDAP",
        flow: Flow::Obtained(password::ldap),
        setup: Setup {
            login: "login/USER",
            commands: &["vault write auth/MOUNT/users/USER policies=vault-cipher"],
            variables: USER_AND_PASSWORD,
            ..USUAL
        },
    },
    Method {
        name: radius::NAME,
        flow: Flow::Obtained(radius::attempt),
        setup: Setup {
            login: "login/USER",
            commands: &["vault write auth/MOUNT/users/USER policies=vault-cipher"],
            variables: USER_AND_PASSWORD,
            ..USUAL
        },
    },
    Method {
        name: github::NAME,
        flow: Flow::Obtained(github::attempt),
        setup: Setup {
            commands: &["vault write auth/MOUNT/map/teams/TEAM value=vault-cipher"],
            variables: &["SECRET_STORE_VAULT_GITHUB_TOKEN_FILE"],
            ..USUAL
        },
    },
    Method {
        name: aws::NAME,
        flow: Flow::Obtained(aws::attempt),
        setup: Setup {
            commands: &[
                "vault write auth/MOUNT/role/ROLE auth_type=iam bound_iam_principal_arn=ARN token_policies=vault-cipher \
                         token_ttl=10m",
            ],
            variables: ROLE_NAME,
            ..USUAL
        },
    },
    Method {
        name: gcp::NAME,
        flow: Flow::Obtained(gcp::attempt),
        setup: Setup {
            commands: &["vault write auth/MOUNT/role/ROLE type=iam bound_service_accounts=EMAIL max_jwt_exp=60m \
                         token_policies=vault-cipher token_ttl=10m"],
            variables: ROLE_NAME,
            ..USUAL
        },
    },
    Method {
        name: azure::NAME,
        flow: Flow::Obtained(azure::attempt),
        setup: Setup {
            commands: &[
                "vault write auth/MOUNT/role/ROLE bound_service_principal_ids=ID token_policies=vault-cipher token_ttl=10m",
            ],
            variables: ROLE_NAME,
            ..USUAL
        },
    },
    Method { name: "AGENT", flow: Flow::Given(agent), setup: Setup { variables: &["VAULT_ADDR"], ..USUAL } },
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
            Flow::Obtained(attempt) | Flow::ObtainedForJwt(attempt, _) => attempt(context)?.send(context.client),
        }
    }

    /// The JWT that the method presents; `None` where it presents none, or cannot: the login says why.
    pub(crate) fn presented_jwt(&self, context: &Context<'_>) -> Option<PresentedJwt> {
        match self.flow {
            Flow::ObtainedForJwt(_, present) => present(context).ok(),
            Flow::Given(_) | Flow::Obtained(_) => None,
        }
    }

    /// The API path of its login, and the commands that make what it needs, with the names that are set; `None` where Vault is not asked
    /// for the token. `USER` stands for the user's name, `vault-cipher` for a role that is not set.
    ///
    /// # Errors
    ///
    /// The mount path cannot be used.
    pub(crate) fn set_up(&self, sources: Sources<'_>) -> Result<(Option<String>, Vec<String>), Error> {
        // A token that is given has no mount: what is set for another method does not matter.
        let mount = match self.is_given() {
            true => None,
            false => Some(mount_of(&self.setup.mount.find_or(sources, &self.name.to_ascii_lowercase())?)?),
        };
        let role = self.setup.role.find_or(sources, "vault-cipher")?;
        let names = [("MOUNT", mount.as_ref().map(|mount| mount.plain.as_str())), ("ROLE", Some(role.trimmed()))];
        let login = mount.as_ref().map(|mount| format!("auth/{}/{}", mount.encoded, self.setup.login));
        Ok((login, self.setup.commands.iter().map(|command| with_names(command, &names)).collect()))
    }

    /// The login as a part of another request, which needs no token then; `None` where there is no login.
    pub(crate) fn inline(&self, context: &Context<'_>) -> Result<Option<InlineLogin>, Error> {
        match self.flow {
            Flow::Given(_) => Ok(None),
            Flow::Obtained(attempt) | Flow::ObtainedForJwt(attempt, _) => attempt(context)?.inline().map(Some),
        }
    }
}

/// `AGENT`: a Vault Agent or Proxy logs in itself.
fn agent(_: &Context<'_>) -> Result<Login, Error> {
    let origin = "the Vault Agent or Proxy at the endpoint".to_owned();
    Ok(Login { token: None, origin, info: None, provider: Provider::Agent })
}

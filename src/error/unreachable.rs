//! Why no answer came from the endpoint.

use crate::error::words::shell_word;
use crate::error::{Code, Problem};
use crate::resource::Resource;
use crate::text::shown;

/// Why no answer came from the endpoint.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Unreachable {
    /// The name of the endpoint's host has no address.
    UnknownHost {
        /// The host of the endpoint.
        host: String,
        /// What the resolver said.
        reason: String,
    },
    /// Nothing listens on the port.
    Refused,
    /// The connection could not be made in time.
    ConnectTimeout {
        /// The limit in seconds.
        seconds: f32,
    },
    /// Connected, but there was no complete answer in time.
    Timeout {
        /// The limit in seconds.
        seconds: f32,
    },
    /// The peer closed the connection before its answer was complete.
    Closed {
        /// What the connection reported.
        reason: String,
    },
    /// The unix socket is not there.
    SocketMissing,
    /// Nothing listens on the unix socket.
    SocketRefused,
    /// The system does not let the process connect.
    Forbidden,
    /// The server answered HTTP/1.1 with HTTP/2.
    Http2Only,
    /// No connection to the proxy on the way.
    ProxyUnreachable {
        /// Why not.
        why: Box<Unreachable>,
    },
    /// A proxy answered 407.
    ProxyCredentials {
        /// Status, content type and, of an HTML page, its title.
        answer: String,
    },
    /// The proxy answered CONNECT with another 4xx: its rules are against it.
    ProxyForbids {
        /// Status, content type and, of an HTML page, its title.
        answer: String,
    },
    /// The proxy made no connection to Vault.
    Proxy {
        /// What the proxy or the library said.
        reason: String,
    },
    /// TLS could not be set up.
    Tls(Problem),
    /// The process has none left of it.
    UsedUp(Resource),
    /// Anything else that the network or the HTTP library reports.
    Other {
        /// The whole chain of causes.
        reason: String,
    },
}

impl Unreachable {
    /// Whether the reason may pass by itself. A certificate, a password or a rule does not.
    pub(crate) fn may_pass(&self) -> bool {
        !matches!(self, Self::Tls(_) | Self::Http2Only | Self::ProxyCredentials { .. } | Self::ProxyForbids { .. })
    }

    /// Whether the request cannot have reached Vault.
    pub(crate) fn was_not_sent(&self) -> bool {
        !matches!(
            self,
            Self::Timeout { .. } | Self::Closed { .. } | Self::Proxy { .. } | Self::UsedUp(Resource::Memory) | Self::Other { .. }
        )
    }

    /// Whether it may be that something else than Vault's API listens there.
    pub(super) fn may_be_another_protocol(&self) -> bool {
        matches!(self, Self::Closed { .. } | Self::Tls(_) | Self::Timeout { .. } | Self::Other { .. })
    }

    pub(super) fn code(&self) -> Code {
        match self {
            Self::UnknownHost { .. } => Code::UNKNOWN_HOST,
            Self::Refused => Code::CONNECTION_REFUSED,
            Self::ConnectTimeout { .. } => Code::CONNECT_TIMEOUT,
            Self::Timeout { .. } => Code::TIMEOUT,
            Self::Closed { .. } => Code::CLOSED,
            Self::SocketMissing => Code::SOCKET_MISSING,
            Self::SocketRefused => Code::SOCKET_REFUSED,
            Self::Http2Only => Code::HTTP2_ONLY,
            Self::Forbidden => Code::CONNECT_FORBIDDEN,
            Self::ProxyUnreachable { why } if matches!(**why, Self::UsedUp(_)) => why.code(),
            Self::ProxyUnreachable { .. } => Code::PROXY_UNREACHABLE,
            Self::ProxyCredentials { .. } => Code::PROXY_CREDENTIALS,
            Self::ProxyForbids { .. } => Code::PROXY_FORBIDS,
            Self::Proxy { .. } => Code::PROXY,
            Self::Tls(_) => Code::TLS,
            Self::UsedUp(resource) => (*resource).into(),
            Self::Other { .. } => Code::NETWORK,
        }
    }

    /// The reason in a few words, for a list of endpoints.
    pub(crate) fn brief(&self) -> String {
        match self {
            Self::UnknownHost { host, .. } => format!("the host name {} cannot be resolved", shown(host)),
            Self::Refused => "the connection was refused".to_owned(),
            Self::ConnectTimeout { seconds } => format!("no connection within {seconds} s"),
            Self::Closed { .. } => "the connection was closed before the answer was complete".to_owned(),
            Self::ProxyUnreachable { .. } => "the proxy cannot be reached".to_owned(),
            Self::ProxyCredentials { .. } => "the proxy requires a user name and a password".to_owned(),
            Self::ProxyForbids { .. } => "the proxy forbids the connection".to_owned(),
            Self::Proxy { .. } => "the proxy did not connect".to_owned(),
            Self::Tls(_) => "TLS failed".to_owned(),
            Self::Timeout { .. }
            | Self::SocketMissing
            | Self::SocketRefused
            | Self::Http2Only
            | Self::Forbidden
            | Self::UsedUp(_)
            | Self::Other { .. } => self.statement(),
        }
    }

    pub(super) fn statement(&self) -> String {
        match self {
            Self::UnknownHost { host, reason } => format!("the host name {} cannot be resolved ({reason})", shown(host)),
            Self::Refused => {
                "the connection was refused: nothing listens on this host and port, or a firewall rejects it".to_owned()
            }
            Self::ConnectTimeout { seconds } => format!("no connection within {seconds} s: packets are lost on the way"),
            Self::Timeout { seconds } => format!("no complete answer within {seconds} s"),
            Self::Closed { reason } => format!("the connection was closed before the answer was complete ({reason})"),
            Self::SocketMissing => "the unix socket does not exist (is the agent running?)".to_owned(),
            Self::SocketRefused => "nothing listens on the unix socket (is the agent running?)".to_owned(),
            Self::Http2Only => "the server speaks HTTP/2 only, and Vault's API is used with HTTP/1.1".to_owned(),
            Self::Forbidden => "the system does not allow this process to connect (permission denied)".to_owned(),
            Self::ProxyUnreachable { why } => format!("the proxy cannot be reached: {}", why.statement()),
            Self::ProxyCredentials { answer } => {
                format!("the proxy requires a user name and a password, or does not accept those that were sent ({answer})")
            }
            Self::ProxyForbids { answer } => format!("the proxy forbids the connection to Vault ({answer})"),
            Self::Proxy { reason } => format!("the proxy did not connect to Vault ({reason})"),
            Self::Tls(problem) => format!("TLS failed: {}", problem.what),
            Self::UsedUp(resource) => resource.words().to_owned(),
            Self::Other { reason } => reason.clone(),
        }
    }

    pub(super) fn advice(&self) -> String {
        match self {
            Self::UnknownHost { host, .. } => {
                return format!("correct \"endpoint\", or the name resolution of this machine (try: getent hosts {})", shell_word(host));
            }
            Self::Tls(problem) => return problem.advice.clone(),
            Self::UsedUp(resource) => resource.advice(),
            Self::ProxyUnreachable { why } if matches!(**why, Self::UsedUp(_)) => return why.advice(),
            Self::Refused => "check that Vault runs, and the host and port in \"endpoint\"",
            Self::ConnectTimeout { .. } => {
                "check firewalls and routes between this machine and Vault, and \"endpoint\""
            }
            Self::Timeout { .. } => "check Vault's log and load, and any proxy or balancer between this machine and Vault",
            Self::Closed { .. } => {
                "check that \"endpoint\" is Vault's API address and has the scheme (http or https) that Vault uses there; check the \
                 log of Vault or of a balancer in front of it"
            }
            Self::ProxyUnreachable { .. } => {
                "check the address of the proxy and that it runs, or exempt Vault from it (NO_PROXY, http.nonProxyHosts)"
            }
            Self::ProxyCredentials { .. } => {
                "write them into the address of the proxy (VAULT_PROXY_ADDR=http://USER:PASSWORD@HOST:PORT, or HTTPS_PROXY), or \
                 into https.proxyUser and https.proxyPassword"
            }
            Self::ProxyForbids { .. } => {
                "allow Vault's host and port in the proxy, or exempt Vault from the proxy (NO_PROXY, http.nonProxyHosts)"
            }
            Self::Proxy { .. } => {
                "check \"endpoint\", and the connection from the proxy to Vault (the log of the proxy says more), or exempt Vault from it \
                 (NO_PROXY, http.nonProxyHosts)"
            }
            Self::Http2Only => {
                "check that \"endpoint\" names Vault's API port, and let a balancer in front of it accept HTTP/1.1 on that port"
            }
            Self::SocketMissing | Self::SocketRefused | Self::Forbidden | Self::Other { .. } => {
                "check \"endpoint\", and any proxy, balancer or firewall between this machine and Vault"
            }
        }
        .to_owned()
    }
}

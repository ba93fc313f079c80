//! Where it failed, and why nothing came back from there.

use std::fmt;

/// The request that failed: what the message says after "at".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestInfo {
    /// The HTTP method.
    pub method: &'static str,
    /// The whole URL. It holds no secret: an endpoint with a user or a password in it is refused.
    pub url: String,
    /// The Vault namespace that the request was sent to; `None` is the root namespace.
    pub namespace: Option<String>,
    /// Where the address stands, if not in the text: `environment variable VAULT_ADDR`.
    pub address_from: Option<String>,
    /// The proxy, unix socket or redirect on the way.
    pub via: Option<String>,
    /// How often it was tried in which time, where that was more than once, and what the other endpoints said.
    pub tries: Option<String>,
}

impl fmt::Display for RequestInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} (namespace: {}", self.method, self.url, self.namespace.as_deref().unwrap_or("none"))?;
        let more = [(", address from ", &self.address_from), (", via ", &self.via), (", ", &self.tries)];
        for (words, more) in more {
            if let Some(more) = more {
                write!(f, "{words}{more}")?;
            }
        }
        f.write_str(")")
    }
}

/// Where a KV secret was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretLocation {
    /// The request.
    pub at: RequestInfo,
    /// The mount path of the secrets engine, as the text names it, without slashes around it.
    pub mount: String,
    /// The path of the secret below the mount, without slashes around it.
    pub path: String,
}

impl fmt::Display for SecretLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, mount {:?}, path {:?}", self.at, self.mount, self.path)
    }
}

/// Why no answer came from the endpoint.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Unreachable {
    /// The name of the endpoint's host has no address.
    #[error(
        "the host name {host:?} cannot be resolved ({reason}). What to do: correct \"endpoint\", or the DNS of this machine \
         (try: getent hosts {host})"
    )]
    UnknownHost {
        /// The host of the endpoint.
        host: String,
        /// What the resolver said.
        reason: String,
    },
    /// Nobody listens on the port.
    #[error(
        "the connection was refused: nothing listens on this host and port, or a firewall rejects it. What to do: check that \
         Vault runs, and host and port of \"endpoint\""
    )]
    Refused,
    /// The connection could not be made in time.
    #[error(
        "no connection within {seconds} s: the packets are dropped on the way. What to do: check the firewall and the routes \
         between this machine and Vault, and \"endpoint\""
    )]
    ConnectTimeout {
        /// The limit in seconds.
        seconds: f32,
    },
    /// Connected, but there was no whole answer in time.
    #[error("no whole answer within {seconds} s. What to do: look at Vault's own log and load, and at what stands in between")]
    Timeout {
        /// The limit in seconds.
        seconds: f32,
    },
    /// The peer closed the connection before its answer was whole.
    #[error(
        "the connection was closed before the answer was whole ({reason}). What to do: check that \"endpoint\" names Vault's \
         API address, and http or https as Vault listens; look at Vault's log or that of a balancer in front of it"
    )]
    Closed {
        /// What the connection reported.
        reason: String,
    },
    /// No connection to the proxy on the way.
    #[error(
        "the proxy itself cannot be reached: {reason}. What to do: check the proxy's address and that it runs, or exempt Vault \
         from it (NO_PROXY, http.nonProxyHosts)"
    )]
    ProxyUnreachable {
        /// Why not, in words.
        reason: String,
    },
    /// A proxy answered 407.
    #[error(
        "a proxy on the way wants a user and a password, or does not accept those it got ({answer}). What to do: write them into \
         the proxy's address (VAULT_PROXY_ADDR=http://USER:PASSWORD@HOST:PORT, or HTTPS_PROXY likewise), or into https.proxyUser \
         and https.proxyPassword"
    )]
    ProxyCredentials {
        /// Status, content type and, of an HTML page, its title.
        answer: String,
    },
    /// The proxy answered CONNECT with another 4xx: its rules are against it.
    #[error(
        "the proxy forbids the connection to Vault ({answer}). What to do: have Vault's host and port allowed there, or exempt \
         Vault from the proxy (NO_PROXY, http.nonProxyHosts)"
    )]
    ProxyForbids {
        /// Status, content type and, of an HTML page, its title.
        answer: String,
    },
    /// The proxy made no connection to Vault.
    #[error(
        "the proxy did not connect to Vault ({reason}). What to do: check \"endpoint\", and the way from the proxy to Vault (the \
         proxy's log says more), or exempt Vault from the proxy (NO_PROXY, http.nonProxyHosts)"
    )]
    Proxy {
        /// What the proxy or the library said.
        reason: String,
    },
    /// TLS could not be set up; the verdict says why and what to do.
    #[error("TLS failed: {verdict}")]
    Tls {
        /// Why, with the certificate's names and dates and the trust store, and what to do.
        verdict: String,
    },
    /// Anything else that the network or the HTTP library reports.
    #[error("{reason}. What to do: check \"endpoint\" and what stands between this machine and Vault")]
    Other {
        /// The whole chain of causes.
        reason: String,
    },
}

impl Unreachable {
    /// The reason without what to do.
    pub(crate) fn without_advice(&self) -> String {
        self.to_string().split(". What to do: ").next().unwrap_or_default().to_owned()
    }

    /// Whether the reason may pass by itself. A certificate, a password or a rule does not.
    pub(crate) fn may_pass(&self) -> bool {
        !matches!(self, Self::Tls { .. } | Self::ProxyCredentials { .. } | Self::ProxyForbids { .. })
    }
}

//! Where it failed.

use std::fmt;
use std::time::Duration;

use crate::text::{one_line, shown_path};

/// The other endpoints that a message names.
const MAX_OTHERS: usize = 8;

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
    /// The proxy, unix socket and redirect on the way.
    pub via: Vec<String>,
    /// How often it was tried, where that was more than once.
    pub tries: Option<Tries>,
    /// What the other endpoints of the cluster said.
    pub others: Vec<OtherEndpoint>,
    /// The secret that the request is about, where it is about one.
    pub secret: Option<SecretLocation>,
}

/// How often a request was tried, and in which time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tries {
    /// The number of tries.
    pub count: u32,
    /// From the first try to the end of the last.
    pub time: Duration,
}

/// An endpoint that did not do better.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherEndpoint {
    /// Its scheme, host and port.
    pub name: String,
    /// Why it could not answer, in a few words.
    pub said: String,
}

/// Where a secret is, or was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretLocation {
    /// The mount path of the secrets engine, as the text names it, without slashes around it.
    pub mount: String,
    /// The path of the secret below the mount, without slashes around it.
    pub path: String,
}

impl RequestInfo {
    /// A request to the root namespace, straight to the endpoint.
    pub(crate) fn new(method: &'static str, url: impl Into<String>) -> Self {
        Self {
            method,
            url: url.into(),
            namespace: None,
            address_from: None,
            via: Vec::new(),
            tries: None,
            others: Vec::new(),
            secret: None,
        }
    }

    /// The same, about this secret.
    pub(crate) fn of_secret(&self, mount: &str, path: &str) -> Self {
        Self { secret: Some(SecretLocation { mount: mount.to_owned(), path: path.to_owned() }), ..self.clone() }
    }

    /// Whether it may have been sent more than once.
    pub(crate) fn was_repeated(&self) -> bool {
        self.tries.is_some() || !self.others.is_empty()
    }
}

impl From<&Self> for RequestInfo {
    fn from(at: &Self) -> Self {
        at.clone()
    }
}

impl fmt::Display for RequestInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let namespace = self.namespace.as_deref().unwrap_or("none");
        write!(f, "{} {} (namespace: {}", self.method, one_line(&self.url, 600), one_line(namespace, 300))?;
        if let Some(origin) = &self.address_from {
            write!(f, ", address from {origin}")?;
        }
        if !self.via.is_empty() {
            write!(f, ", via {}", self.via.join(" and "))?;
        }
        if let Some(Tries { count, time }) = self.tries {
            write!(f, ", {count} tries in {:.0} s", time.as_secs_f32())?;
        }
        for (position, other) in self.others.iter().take(MAX_OTHERS).enumerate() {
            f.write_str(if position == 0 { ", other endpoints: " } else { "; " })?;
            write!(f, "{other}")?;
        }
        if self.others.len() > MAX_OTHERS {
            write!(f, "; and {} more", self.others.len() - MAX_OTHERS)?;
        }
        f.write_str(")")?;
        match &self.secret {
            Some(SecretLocation { mount, path }) => write!(f, ", mount {}, path {}", shown_path(mount), shown_path(path)),
            None => Ok(()),
        }
    }
}

impl fmt::Display for OtherEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.said)
    }
}

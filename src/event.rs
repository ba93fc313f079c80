//! What happened on the way to a secret, step by step: for debug logging.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use crate::text::{one_line, shown_path};

/// The addresses of a name that are shown.
const MAX_ADDRESSES: usize = 8;

/// A step that was taken. `Display` writes its line. It holds no secret: settings have a name and an origin, not their value.
pub enum Event<'a> {
    /// The library reads a text that it has not read with these settings before.
    Library {
        /// The version of vault-cipher.
        version: &'a str,
    },
    /// What the text asks for.
    Text {
        /// The engine's mount.
        mount: &'a str,
        /// The path of the secret in it.
        path: &'a str,
        /// The authentication method.
        method: &'a str,
        /// The addresses of Vault's nodes.
        endpoints: &'a [String],
    },
    /// A setting that is set.
    Setting {
        /// What the documentation calls it.
        name: &'a str,
        /// Where it stands, in words.
        origin: &'a str,
    },
    /// A name was looked up for a new connection.
    LookUp {
        /// The name.
        host: &'a str,
        /// What was found; the ports do not count.
        addresses: &'a [SocketAddr],
    },
    /// A new connection was made.
    Connect {
        /// The endpoint.
        endpoint: &'a str,
        /// The proxy on the way.
        proxy: Option<&'a str>,
    },
    /// A new connection has TLS: the server's certificate was accepted.
    Tls {
        /// The endpoint.
        endpoint: &'a str,
        /// What it was checked against, in words.
        trust: &'a str,
    },
    /// A request has its answer.
    Answer {
        /// The request, as messages say it.
        request: &'a str,
        /// The HTTP status.
        status: u16,
        /// From the first byte of the request, or of a connection for it, to the last byte of the answer.
        time: Duration,
    },
    /// A request has no answer that can be used.
    Failure {
        /// Why, as a message says it.
        statement: &'a str,
    },
    /// There is a token to read with.
    Login {
        /// The authentication method.
        method: &'a str,
        /// It is one that an earlier call obtained.
        reused: bool,
    },
    /// There is a secret to take the value from.
    Read {
        /// The engine's mount.
        mount: &'a str,
        /// The path of the secret in it.
        path: &'a str,
        /// It is one that an earlier call read.
        reused: bool,
    },
}

impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Library { version } => write!(f, "library: vault-cipher {version}"),
            Self::Text { mount, path, method, endpoints } => {
                let (mount, path) = (shown_path(mount), shown_path(path));
                let endpoints = one_line(&endpoints.join(", "), 600);
                write!(f, "text: mount {mount}, path {path}, authenticationType {method}, endpoint {endpoints}")
            }
            Self::Setting { name, origin } => write!(f, "setting: {name} from {origin}"),
            Self::LookUp { host, addresses } => {
                let shown: Vec<String> = addresses.iter().take(MAX_ADDRESSES).map(|address| address.ip().to_string()).collect();
                write!(f, "name look-up: {} is {}", one_line(host, 300), shown.join(", "))
            }
            Self::Connect { endpoint, proxy: None } => write!(f, "connection: to {endpoint}"),
            Self::Connect { endpoint, proxy: Some(proxy) } => write!(f, "connection: to {endpoint} via {proxy}"),
            Self::Tls { endpoint, trust } => write!(f, "TLS: {endpoint} is trusted by {}", one_line(trust, 600)),
            Self::Answer { request, status, time } => write!(f, "answer: {status} after {} ms to {request}", time.as_millis()),
            Self::Failure { statement } => write!(f, "no answer: {statement}"),
            Self::Login { method, reused: false } => write!(f, "login: {method}"),
            Self::Login { method, reused: true } => write!(f, "login: {method}, the token of an earlier call"),
            Self::Read { mount, path, reused } => {
                let (mount, path) = (shown_path(mount), shown_path(path));
                write!(f, "secret: mount {mount}, path {path}{}", if *reused { ", read by an earlier call" } else { "" })
            }
        }
    }
}

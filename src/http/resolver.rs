//! Name look-up whose failure can be told from a refused connection.

use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Asks the operating system (`getaddrinfo`), as every other program of the administrator does.
pub(super) struct Resolver;

/// The name has no address. Found again in the chain of a failed request's causes.
#[derive(Debug, thiserror::Error)]
#[error("{host}: {reason}")]
pub(super) struct UnknownHost {
    pub(super) host: String,
    pub(super) reason: String,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let host = name.as_str();
            match tokio::net::lookup_host((host, 0)).await {
                Ok(addresses) => Ok(Box::new(addresses.collect::<Vec<SocketAddr>>().into_iter()) as Addrs),
                Err(e) => Err(UnknownHost { host: host.to_owned(), reason: e.to_string() }.into()),
            }
        })
    }
}

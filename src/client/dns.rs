//! Name look-up whose failure can be told from a refused connection.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Asks the operating system (`getaddrinfo`), as every other program of the administrator does.
pub(super) struct Resolver {
    /// Shorter than that for the whole connection, so that a name server's silence is told from that of Vault's host.
    pub(super) limit: Duration,
}

/// The name has no address. Found again in the chain of a failed request's causes.
#[derive(Debug, thiserror::Error)]
#[error("{host}: {reason}")]
pub(super) struct UnknownHost {
    pub(super) host: String,
    pub(super) reason: String,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let limit = self.limit;
        Box::pin(async move {
            let host = name.as_str();
            let unknown = |reason| UnknownHost { host: host.to_owned(), reason };
            match tokio::time::timeout(limit, tokio::net::lookup_host((host, 0))).await {
                Ok(Ok(addresses)) => Ok(Box::new(addresses.collect::<Vec<SocketAddr>>().into_iter()) as Addrs),
                Ok(Err(e)) => Err(unknown(e.to_string()).into()),
                Err(_) => Err(unknown(format!("no answer within {:.0} s", limit.as_secs_f32())).into()),
            }
        })
    }
}

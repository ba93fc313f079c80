//! A way to Vault: TLS, proxy or socket, and the limits of a connection; known to the whole process, so that a start-up reads the
//! trust stores once.

use std::sync::Arc;
use std::time::Duration;

use super::proxy::Proxy;
use super::{READ_TIMEOUT, dns};
use crate::error::Error;
use crate::host::Host;
use crate::tls;

/// More headers than any Vault or balancer sends.
const MAX_HEADERS: usize = 100;

/// What a way is made for: endpoints that share all of it share its connections.
#[derive(PartialEq, Eq)]
pub(super) struct Needs {
    /// `None`: plain HTTP.
    pub(super) tls: Option<tls::Options>,
    pub(super) proxy: Option<Arc<Proxy>>,
    /// The path of a unix socket.
    pub(super) socket: Option<String>,
    pub(super) connect_limit: Duration,
}

/// A way that is ready to be taken.
pub(super) struct Transport {
    needs: Needs,
    tls: rustls::ClientConfig,
    /// What it was made from.
    files: tls::Files,
}

impl Transport {
    /// Reads what it needs: trust stores, certificates, keys. May ask Java.
    pub(super) fn new(needs: Needs, host: &dyn Host) -> Result<Self, Error> {
        let (tls, files) = match &needs.tls {
            Some(options) => {
                let tls::Tls { config, files, .. } = tls::client(host, options)?;
                (config, files)
            }
            None => (tls::without_trust()?, tls::Files::default()),
        };
        Ok(Self { needs, tls, files })
    }

    /// What it is made for.
    pub(super) fn needs(&self) -> &Needs {
        &self.needs
    }

    /// Whether it is made for this.
    pub(super) fn has(&self, needs: &Needs) -> bool {
        self.needs == *needs
    }

    /// What TLS trusts, and who it is.
    pub(super) fn tls_config(&self) -> rustls::ClientConfig {
        self.tls.clone()
    }

    /// Whether the files that it was made from are as they were.
    pub(super) fn is_current(&self) -> bool {
        !self.files.changed()
    }

    /// A client that takes this way, without a connection yet.
    pub(super) fn client(&self) -> Result<reqwest::Client, Error> {
        let Needs { proxy, socket, connect_limit, .. } = &self.needs;
        let mut client = reqwest::Client::builder()
            .tls_backend_preconfigured(self.tls.clone())
            // reqwest would carry the token to other hosts and from https to http, and retries without a pause.
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .http1_only()
            .http1_max_headers(MAX_HEADERS)
            .connect_timeout(*connect_limit)
            .read_timeout(READ_TIMEOUT)
            .pool_idle_timeout(Duration::from_secs(10))
            .dns_resolver(dns::Resolver { limit: *connect_limit * 3 / 4 })
            .user_agent(concat!("vault-cipher/", env!("CARGO_PKG_VERSION")));
        if let Some(proxy) = proxy {
            client = client.proxy(proxy.to_reqwest()?);
        }
        #[cfg(unix)]
        if let Some(socket) = socket {
            client = client.unix_socket(socket.as_str());
        }
        client.build().map_err(|_| Error::internal("the HTTP client cannot be built"))
    }
}

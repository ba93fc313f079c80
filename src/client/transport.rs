//! A way to Vault: TLS, proxy or socket, and the limits of a connection; known to the whole process, so that a start-up reads the
//! trust stores once.

use std::sync::Arc;
use std::time::Duration;

use crate::client::connector::{Connector, Found, Watch};
use crate::client::dns::Lookups;
use crate::client::http::{FirstHop, HttpClient, KEPT_FOR, host};
use crate::client::proxy::Proxy;
use crate::error::Error;
use crate::file::Workers;
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
    tls: tls::Tls,
    config: Arc<rustls::ClientConfig>,
    lookups: Arc<Lookups>,
}

impl Transport {
    /// Reads what it needs: trust stores, certificates, keys. May ask Java.
    pub(super) fn new(needs: Needs, lookups: Arc<Lookups>, workers: &Workers, host: &dyn Host) -> Result<Self, Error> {
        let tls = match &needs.tls {
            Some(options) => tls::client(host, options, workers)?,
            None => tls::without_trust()?,
        };
        let config = Arc::new(tls.config.clone());
        Ok(Self { needs, tls, config, lookups })
    }

    /// Whom to trust and who to be.
    pub(super) fn tls(&self) -> &Arc<rustls::ClientConfig> {
        &self.config
    }

    /// What can be said of the server's certificates: the trust, and a chain.
    pub(super) fn trust(&self) -> &tls::Tls {
        &self.tls
    }

    /// Asks the JVM about a certificate over which a handshake failed: see [`tls::Tls::ask_java`].
    pub(super) fn ask_java(&self, host: &dyn Host, error: &(dyn std::error::Error + 'static)) -> Option<Result<(), String>> {
        self.tls.ask_java(host, error)
    }

    /// An HTTP client that takes this way, without a connection yet. Unless it `keeps` them, each request has a connection for
    /// itself.
    pub(super) fn client(&self, keeps: bool) -> Result<HttpClient, Error> {
        let Needs { proxy, socket, connect_limit, .. } = &self.needs;
        let connector = Connector::new(Arc::clone(&self.lookups), *connect_limit);
        let mut first_hop = FirstHop::Server;
        let mut client = reqwest::Client::builder()
            .tls_backend_preconfigured(rustls::ClientConfig::clone(&self.config))
            // reqwest would carry the token to other hosts and from https to http, and retries without a pause.
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .http1_only()
            .http1_max_headers(MAX_HEADERS)
            .pool_idle_timeout(KEPT_FOR)
            .pool_max_idle_per_host(if keeps { usize::MAX } else { 0 })
            .dns_resolver(Found(Arc::clone(&connector)))
            .connector_layer(Watch(Arc::clone(&connector)));
        if let Some(proxy) = proxy {
            first_hop = FirstHop::Proxy(host(proxy.url()).to_owned());
            client = client.proxy(proxy.to_reqwest()?);
        }
        #[cfg(not(unix))]
        let _ = socket;
        #[cfg(unix)]
        if let Some(socket) = socket {
            first_hop = FirstHop::Socket;
            client = client.unix_socket(socket.as_str());
        }
        let client = client.build().map_err(|_| Error::internal("the HTTP client cannot be built"))?;
        Ok(HttpClient::new(client, connector, first_hop, keeps))
    }

    /// The name look-ups of the process.
    pub(super) fn lookups(&self) -> &Lookups {
        &self.lookups
    }

    /// What it is made for.
    pub(super) fn needs(&self) -> &Needs {
        &self.needs
    }

    /// Whether it holds a private key.
    pub(super) fn has_identity(&self) -> bool {
        self.config.client_auth_cert_resolver.has_certs()
    }

    /// Whether it is made for this.
    pub(super) fn has(&self, needs: &Needs) -> bool {
        self.needs == *needs
    }

    /// Whether the files that it was made from are as they were.
    pub(super) fn is_current(&self) -> bool {
        !self.tls.files.changed()
    }
}

//! A way to Vault: TLS, proxy or socket, and the limits of a connection; known to the whole process, so that a start-up reads the
//! trust stores once.

use std::sync::Arc;
use std::time::Duration;

use super::proxy::Proxy;
use crate::error::Error;
use crate::host::Host;
use crate::tls;

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
}

impl Transport {
    /// Reads what it needs: trust stores, certificates, keys. May ask Java.
    pub(super) fn new(needs: Needs, host: &dyn Host) -> Result<Self, Error> {
        let tls = match &needs.tls {
            Some(options) => tls::client(host, options)?,
            None => tls::without_trust()?,
        };
        let config = Arc::new(tls.config.clone());
        Ok(Self { needs, tls, config })
    }

    /// Whom to trust and who to be.
    pub(super) fn tls(&self) -> &Arc<rustls::ClientConfig> {
        &self.config
    }

    /// Asks the JVM about a certificate over which a handshake failed: see [`tls::Tls::ask_java`].
    pub(super) fn ask_java(&self, host: &dyn Host, error: &std::io::Error) -> Option<Result<(), String>> {
        self.tls.ask_java(host, error)
    }

    /// What it is made for.
    pub(super) fn needs(&self) -> &Needs {
        &self.needs
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

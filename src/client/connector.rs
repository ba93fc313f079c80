//! What happens around each connection that the HTTP library makes: its name is looked up, it has its time, and it is counted.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tower_layer::Layer;
use tower_service::Service;

use crate::client::dns::{Lookups, UnknownHost};

/// How far an exchange has come: what a message names when the time is over.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// A name is looked up.
    LookUp,
    /// The connection is made, TLS and a proxy's tunnel included.
    Connect,
    /// The answer is waited for.
    Answer,
}

/// The connections that one HTTP client makes, for one request at a time.
pub(super) struct Connector {
    lookups: Arc<Lookups>,
    /// The limit for a connection, from when the name is known.
    limit: Duration,
    progress: Mutex<Progress>,
}

struct Progress {
    /// The name to look up; `None` for a unix socket.
    host: Option<String>,
    addresses: Vec<SocketAddr>,
    phase: Phase,
    /// When the phase began.
    since: Instant,
    /// Whether the request made a new connection.
    connected: bool,
}

/// The connection was not made within its limit.
#[derive(Debug, thiserror::Error)]
#[error("no connection in time")]
pub(super) struct ConnectLate;

impl Connector {
    pub(super) fn new(lookups: Arc<Lookups>, limit: Duration) -> Arc<Self> {
        let progress =
            Progress { host: None, addresses: Vec::new(), phase: Phase::Answer, since: Instant::now(), connected: false };
        Arc::new(Self { lookups, limit, progress: Mutex::new(progress) })
    }

    /// A request is about to be sent. If it needs a new connection, that leads to `host`; `None`: to a unix socket.
    pub(super) fn begin(&self, host: Option<&str>) {
        let mut progress = self.progress();
        progress.host = host.map(str::to_owned);
        progress.connected = false;
        progress.enter(Phase::Answer);
    }

    pub(super) fn phase(&self) -> Phase {
        self.progress().phase
    }

    /// How long the answer has been waited for; `None` while a connection is made.
    pub(super) fn waited(&self) -> Option<Duration> {
        let progress = self.progress();
        (progress.phase == Phase::Answer).then(|| progress.since.elapsed())
    }

    /// Whether the request made a new connection, or tried to.
    pub(super) fn has_connected(&self) -> bool {
        self.progress().connected
    }

    /// The name that was looked up for the request's new connection, and its addresses; `None` for an address or a unix socket.
    pub(super) fn looked_up(&self) -> Option<(String, Vec<SocketAddr>)> {
        let progress = self.progress();
        let host = progress.host.clone().filter(|host| host.parse::<IpAddr>().is_err())?;
        (progress.connected && progress.phase != Phase::LookUp).then(|| (host, progress.addresses.clone()))
    }

    /// Looks the name up: without a limit, since the look-up goes on from try to try.
    async fn look_up(&self) -> Result<(), UnknownHost> {
        let host = self.progress().host.clone();
        if let Some(host) = host {
            self.progress().enter(Phase::LookUp);
            let addresses = self.lookups.find(&host).await?;
            self.progress().addresses = addresses;
        }
        self.progress().enter(Phase::Connect);
        Ok(())
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress {
    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.since = Instant::now();
    }
}

/// Gives the HTTP library the addresses that [`Connector::look_up`] found.
pub(super) struct Found(pub(super) Arc<Connector>);

impl Resolve for Found {
    fn resolve(&self, _: Name) -> Resolving {
        let addresses = self.0.progress().addresses.clone();
        Box::pin(async { Ok(Box::new(addresses.into_iter()) as Addrs) })
    }
}

/// Wraps the HTTP library's own service that makes a connection.
#[derive(Clone)]
pub(super) struct Watch(pub(super) Arc<Connector>);

impl<S> Layer<S> for Watch {
    type Service = Watched<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Watched { inner, connector: Arc::clone(&self.0) }
    }
}

#[derive(Clone)]
pub(super) struct Watched<S> {
    inner: S,
    connector: Arc<Connector>,
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

impl<S, Target> Service<Target> for Watched<S>
where
    S: Service<Target, Error = BoxError> + Clone + Send + 'static,
    S::Future: Send,
    S::Response: Send,
    Target: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, target: Target) -> Self::Future {
        let connector = Arc::clone(&self.connector);
        connector.progress().connected = true;
        // The one that is ready goes into the future, as tower asks for.
        let clone = self.inner.clone();
        let mut ready = std::mem::replace(&mut self.inner, clone);
        Box::pin(async move {
            connector.look_up().await?;
            let made = tokio::time::timeout(connector.limit, ready.call(target)).await.map_err(|_| ConnectLate)?;
            connector.progress().enter(Phase::Answer);
            made
        })
    }
}

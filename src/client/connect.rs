//! A connection to an endpoint: its name looked up, through a proxy or not, with TLS or not.

use std::cell::Cell;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tower_service::Service;
use url::Url;

use crate::client::dns::Lookups;
use crate::client::failure::Failure;
use crate::client::transport::Transport;
use crate::client::wire::{Prompt, Stream};

/// How far an exchange has come: what a message names when the time is over.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// A name is looked up.
    LookUp,
    /// The connection is made.
    Connect,
    /// TLS, or a proxy's tunnel, is set up on it.
    Handshake,
    /// The answer is waited for.
    Answer,
}

/// Connects to the server of `url`.
pub(super) async fn connect(
    transport: &Transport,
    url: &Url,
    lookups: &Lookups,
    phase: &Cell<Phase>,
) -> Result<Box<dyn Stream>, Failure> {
    let limit = transport.needs().connect_limit;
    #[cfg(unix)]
    if let Some(path) = &transport.needs().socket {
        phase.set(Phase::Connect);
        let socket = within(limit, async { tokio::net::UnixStream::connect(path).await.map_err(Failure::connect) }).await?;
        return Ok(Box::new(socket));
    }
    let proxy = transport.needs().proxy.as_deref();
    let first = proxy.map_or(url, |proxy| proxy.url());
    let addresses = addresses(first, lookups, phase).await?;
    phase.set(Phase::Connect);
    let connected = within(limit, async {
        let stream = tcp(first, addresses, limit).await?;
        phase.set(Phase::Handshake);
        let mut stream: Box<dyn Stream> = Box::new(Prompt(stream));
        if let Some(proxy) = proxy {
            if proxy.url().scheme() == "https" {
                stream = tls(transport, proxy.url(), stream).await?;
            }
            if url.scheme() == "https" {
                stream = proxy.tunnel(url, stream).await?;
            }
        }
        if url.scheme() == "https" { tls(transport, url, stream).await } else { Ok(stream) }
    });
    match connected.await {
        Err(Failure::ConnectTimeout) if phase.get() == Phase::Handshake => Err(Failure::HandshakeTimeout),
        connected => connected,
    }
}

async fn addresses(url: &Url, lookups: &Lookups, phase: &Cell<Phase>) -> Result<Vec<SocketAddr>, Failure> {
    phase.set(Phase::LookUp);
    lookups.find(host(url)).await.map_err(Failure::UnknownHost)
}

async fn within<T>(limit: Duration, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::time::timeout(limit, work).await.unwrap_or(Err(Failure::ConnectTimeout))
}

/// The addresses in the order that RFC 8305 ("happy eyeballs") wants.
async fn tcp(url: &Url, addresses: Vec<SocketAddr>, limit: Duration) -> Result<TcpStream, Failure> {
    let mut connector = HttpConnector::new_with_resolver(Known(addresses));
    connector.enforce_http(false);
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(limit));
    let server = url.origin().ascii_serialization().parse().map_err(|_| Failure::Internal("the URL has no host"))?;
    let stream = connector.call(server).await.map_err(Failure::connect)?;
    Ok(stream.into_inner())
}

async fn tls(transport: &Transport, url: &Url, stream: Box<dyn Stream>) -> Result<Box<dyn Stream>, Failure> {
    let name = ServerName::try_from(host(url).to_owned()).map_err(|_| Failure::Internal("the host is no TLS server name"))?;
    let stream = TlsConnector::from(Arc::clone(transport.tls())).connect(name, stream).await.map_err(Failure::Handshake)?;
    Ok(Box::new(stream))
}

/// Without the brackets of an IPv6 address.
fn host(url: &Url) -> &str {
    url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']')
}

/// A resolver that knows the answer.
#[derive(Clone)]
struct Known(Vec<SocketAddr>);

impl Service<Name> for Known {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Name) -> Self::Future {
        ready(Ok(self.0.clone().into_iter()))
    }
}

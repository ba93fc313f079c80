//! A stream to a host without the HTTP library, to find out what that does not say: what speaks at a port, and why a proxy opens no
//! tunnel.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Url;

use crate::client::dns::Lookups;
use crate::client::http::host;

/// A TCP connection, or TLS on one.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Another protocol than HTTP/1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    Tls,
    Http2,
}

/// Connects to the host and port of `url`; with TLS where its scheme is `https`.
pub(super) async fn open(url: &Url, tls: &Arc<ClientConfig>, lookups: &Lookups) -> io::Result<Box<dyn Stream>> {
    let stream = connect(url, lookups).await?;
    if url.scheme() != "https" {
        return Ok(Box::new(stream));
    }
    let name = ServerName::try_from(host(url).to_owned()).map_err(|_| io::ErrorKind::InvalidInput)?;
    Ok(Box::new(TlsConnector::from(Arc::clone(tls)).connect(name, stream).await?))
}

/// Connects to the host and port of `url`.
pub(super) async fn connect(url: &Url, lookups: &Lookups) -> io::Result<TcpStream> {
    let port = url.port_or_known_default().ok_or(io::ErrorKind::InvalidInput)?;
    let found = lookups.find(host(url)).await.map_err(|_| io::ErrorKind::NotFound)?;
    let addresses: Vec<_> = found.into_iter().map(|address| SocketAddr::new(address.ip(), port)).collect();
    TcpStream::connect(&addresses[..]).await
}

/// What speaks there instead of HTTP/1; `None` where it cannot be told.
pub(super) async fn protocol(url: &Url, tls: &Arc<ClientConfig>, lookups: &Lookups) -> Option<Protocol> {
    let mut stream = open(url, tls, lookups).await.ok()?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: vault\r\nConnection: close\r\n\r\n").await.ok()?;
    stream.flush().await.ok()?;
    let mut start = [0; 9];
    let mut length = 0;
    while let Some(room) = start.get_mut(length..).filter(|room| !room.is_empty()) {
        match stream.read(room).await {
            Ok(0) | Err(_) => break,
            Ok(more) => length += more,
        }
        if let Some(protocol) = by_start(start.get(..length)?) {
            return Some(protocol);
        }
    }
    None
}

fn by_start(start: &[u8]) -> Option<Protocol> {
    match start {
        // An alert (RFC 8446, 5.1): the server took the request for a broken ClientHello.
        [0x15, 3, ..] => Some(Protocol::Tls),
        // A frame (RFC 9113, 4.1) that a server may begin with: SETTINGS or GOAWAY, of stream 0.
        [0, _, _, 4 | 7, _, 0, 0, 0, 0, ..] => Some(Protocol::Http2),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_protocol_is_known_by_its_first_bytes() {
        assert_eq!(by_start(&[0x15, 3, 1, 0, 2, 2, 70]), Some(Protocol::Tls));
        assert_eq!(by_start(&[0, 0, 18, 4, 0, 0, 0, 0, 0, 0, 3]), Some(Protocol::Http2));
        assert_eq!(by_start(&[0, 0, 8, 7, 0, 0, 0, 0, 0]), Some(Protocol::Http2));
        for other in [&b"HTTP/1.1 200 OK"[..], b"SSH-2.0-OpenSSH", &[0, 0, 18, 4, 0, 0, 0, 0, 1], &[]] {
            assert_eq!(by_start(other), None, "{other:?}");
        }
    }
}

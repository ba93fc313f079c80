//! The bytes of a connection, counted as they come.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// The limit for what comes before the body: status line and headers, interim answers included. Vault's are below 4 KiB.
const MAX_HEAD: u64 = 128 * 1024;

/// A TCP connection, a unix socket, or TLS on one of them.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// What came since the last request was sent.
#[derive(Default)]
pub(super) struct Meter(Mutex<Received>);

#[derive(Default)]
struct Received {
    bytes: u64,
    /// The first of them.
    start: Vec<u8>,
    /// Whether the head of the answer is complete.
    head: bool,
}

/// Another protocol than HTTP/1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    Tls,
    Http2,
}

/// More came before the body than any answer needs.
#[derive(Debug, thiserror::Error)]
#[error("its headers are larger than {} KiB", MAX_HEAD / 1024)]
pub(super) struct HeadTooLarge;

impl Meter {
    /// A request is about to be sent.
    pub(super) fn begin(&self) {
        *self.lock() = Received::default();
    }

    /// The answer has begun to make sense: what follows is its body.
    pub(super) fn head_is_complete(&self) {
        self.lock().head = true;
    }

    /// Whether nothing of an answer came.
    pub(super) fn is_empty(&self) -> bool {
        self.lock().bytes == 0
    }

    /// What speaks there, where the first bytes show that it is not HTTP/1.
    pub(super) fn other_protocol(&self) -> Option<Protocol> {
        match self.lock().start.as_slice() {
            // An alert (RFC 8446, 5.1): the server took the request for a broken ClientHello.
            [0x15, 3, ..] => Some(Protocol::Tls),
            // A frame (RFC 9113, 4.1) that a server may begin with: SETTINGS or GOAWAY, of stream 0.
            [0, _, _, 4 | 7, _, 0, 0, 0, 0, ..] => Some(Protocol::Http2),
            _ => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Received> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A TCP connection that acknowledges at once what it reads. A peer may hold a small packet back until the one before is
/// acknowledged (Nagle), 40 ms or more: what nobody asked for must come before the next request goes out, not because of it.
pub(super) struct Prompt(pub(super) TcpStream);

impl Prompt {
    fn acknowledge(&self) {
        // It is only sooner than otherwise. Systems without it acknowledge later.
        #[cfg(target_os = "linux")]
        let _ = socket2::SockRef::from(&self.0).set_tcp_quickack(true);
    }
}

impl AsyncRead for Prompt {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.0).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.acknowledge();
        }
        outcome
    }
}

impl AsyncWrite for Prompt {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// A connection whose incoming bytes are counted.
pub(super) struct Wire {
    pub(super) stream: Box<dyn Stream>,
    pub(super) meter: Arc<Meter>,
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        // Asked before each read: one read may bring a body of any size behind the head.
        if matches!(&*self.meter.lock(), Received { bytes, head: false, .. } if *bytes > MAX_HEAD) {
            return Poll::Ready(Err(io::Error::other(HeadTooLarge)));
        }
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.stream).poll_read(cx, buffer);
        let came = buffer.filled().get(before..).unwrap_or_default();
        if !came.is_empty() {
            let mut received = self.meter.lock();
            received.bytes += came.len() as u64;
            let wanted = came.len().min(16 - received.start.len().min(16));
            received.start.extend_from_slice(came.get(..wanted).unwrap_or_default());
        }
        outcome
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    /// So that hyper hands a body on from where it is, and does not copy it into a buffer that is not wiped.
    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_protocol_is_known_by_its_first_bytes() {
        let protocol = |start: &[u8]| {
            let meter = Meter::default();
            meter.lock().start = start.to_vec();
            meter.other_protocol()
        };
        assert_eq!(protocol(&[0x15, 3, 1, 0, 2, 2, 70]), Some(Protocol::Tls));
        assert_eq!(protocol(&[0, 0, 18, 4, 0, 0, 0, 0, 0, 0, 3]), Some(Protocol::Http2));
        assert_eq!(protocol(&[0, 0, 8, 7, 0, 0, 0, 0, 0]), Some(Protocol::Http2));
        for other in [&b"HTTP/1.1 200 OK"[..], b"SSH-2.0-OpenSSH", &[0, 0, 18, 4, 0, 0, 0, 0, 1], &[]] {
            assert_eq!(protocol(other), None, "{other:?}");
        }
    }
}

//! HTTP/1.1 on one connection, driven by the thread that waits for its answer, and idle in between.

use std::error::Error as _;
use std::future::{Future as _, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::HeaderMap;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use zeroize::Zeroizing;

use crate::client::READ_TIMEOUT;
use crate::client::failure::Failure;
use crate::client::wire::{Meter, Stream, Wire};

/// More headers than any Vault or balancer sends.
const MAX_HEADERS: usize = 100;

/// The limit for an answer's body: Vault's own default limit for a request, so nothing that was written is larger.
pub(super) const MAX_BODY: usize = 32 * 1024 * 1024;

/// The same for an answer that holds no secret: nobody reads a longer error.
pub(super) const MAX_ERROR: usize = 256 * 1024;

/// What room is made for at first: more than an answer needs that holds one secret.
const FIRST_ROOM: usize = 4096;

/// A request's body.
pub(super) type Body = Full<Bytes>;

/// A connection, with HTTP on it.
pub(super) struct HttpConnection {
    sender: SendRequest<Body>,
    driven: Driven,
    meter: Arc<Meter>,
}

/// The connection's own side.
struct Driven {
    /// `None` when it has ended.
    connection: Option<http1::Connection<TokioIo<Wire>, Body>>,
    /// Whether the peer said something that nobody asked for.
    surplus: bool,
}

/// A whole answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Zeroizing<Vec<u8>>,
}

impl HttpConnection {
    pub(super) async fn new(stream: Box<dyn Stream>) -> Result<Self, Failure> {
        let meter = Arc::<Meter>::default();
        let wire = TokioIo::new(Wire { stream, meter: Arc::clone(&meter) });
        let (sender, connection) =
            http1::Builder::new().max_headers(MAX_HEADERS).writev(true).handshake(wire).await.map_err(Failure::Http)?;
        Ok(Self { sender, driven: Driven { connection: Some(connection), surplus: false }, meter })
    }

    /// Whether a request can be sent on it, after it was left alone for a while. Not if anything came meanwhile, be it the end:
    /// it would be taken for the answer to the next request.
    pub(super) async fn is_quiet(&mut self) -> bool {
        // The runtime looks at its sockets before it goes on here.
        tokio::task::yield_now().await;
        self.look().await;
        self.driven.connection.is_some() && self.sender.is_ready()
    }

    /// Whether the peer said something that nobody asked for.
    pub(super) fn has_surplus(&self) -> bool {
        self.driven.surplus
    }

    /// Whether another request can be sent on it later.
    pub(super) fn can_be_kept(&self) -> bool {
        self.driven.connection.is_some() && !self.sender.is_closed()
    }

    /// Whether the peer was gone before it said anything to the last request.
    pub(super) fn was_gone(&self, failure: &Failure) -> bool {
        self.meter.is_empty() && failure.is_end()
    }

    /// Sends a request and reads the whole answer.
    pub(super) async fn send(&mut self, request: Request<Body>) -> Result<Answer, Failure> {
        let answer = self.exchange(request).await;
        // Once more, so that it sees that the answer is read and that it is free again.
        self.look().await;
        answer.map_err(|failure| match self.meter.other_protocol() {
            Some(protocol) if matches!(failure, Failure::Http(_)) => Failure::OtherProtocol(protocol),
            _ => failure,
        })
    }

    async fn exchange(&mut self, request: Request<Body>) -> Result<Answer, Failure> {
        let Self { sender, driven, meter } = self;
        meter.begin();
        let response = sender.send_request(request);
        let mut answer = pin!(async {
            let response = tokio::time::timeout(READ_TIMEOUT, response).await.map_err(|_| Failure::Silence)?;
            let response = response.map_err(Failure::Http)?;
            meter.head_is_complete();
            read(response).await
        });
        poll_fn(|cx| {
            driven.advance(cx);
            answer.as_mut().poll(cx)
        })
        .await
    }

    /// Takes in what came while no answer was waited for.
    async fn look(&mut self) {
        poll_fn(|cx| {
            self.driven.advance(cx);
            Poll::Ready(())
        })
        .await;
    }
}

impl Driven {
    /// Does what can be done at once.
    fn advance(&mut self, cx: &mut Context<'_>) {
        let Some(connection) = &mut self.connection else { return };
        if let Poll::Ready(outcome) = Pin::new(connection).poll(cx) {
            self.connection = None;
            // hyper has no other name for bytes without a request. What the system reports has a cause, and what ends an
            // exchange is the request's own error.
            self.surplus = outcome.is_err_and(|error| error.source().is_none() && !error.is_incomplete_message());
        }
    }
}

async fn read(mut response: Response<hyper::body::Incoming>) -> Result<Answer, Failure> {
    let status = response.status().as_u16();
    let headers = std::mem::take(response.headers_mut());
    let announced = headers.get(hyper::header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if (200..300).contains(&status) && announced.is_some_and(|length| length > MAX_BODY as u64) {
        return Err(Failure::TooLarge);
    }
    let mut body = Zeroizing::new(Vec::new());
    let mut incoming = response.into_body();
    loop {
        let frame = tokio::time::timeout(READ_TIMEOUT, incoming.frame()).await.map_err(|_| Failure::Silence)?;
        let Some(frame) = frame.transpose().map_err(Failure::Http)? else { break };
        let Some(chunk) = frame.data_ref() else { continue };
        let room = MAX_ERROR - body.len().min(MAX_ERROR);
        if status >= 300 && chunk.len() > room {
            append(&mut body, chunk.get(..room).unwrap_or_default())?;
            break;
        }
        if body.len() + chunk.len() > MAX_BODY {
            return Err(Failure::TooLarge);
        }
        append(&mut body, chunk)?;
    }
    Ok(Answer { status, headers, body })
}

/// Appends without leaving an unwiped copy behind when the buffer has to move. Room is made for what came, never for what was
/// announced.
fn append(body: &mut Zeroizing<Vec<u8>>, chunk: &[u8]) -> Result<(), Failure> {
    let needed = body.len() + chunk.len();
    if needed > body.capacity() {
        let mut larger = Zeroizing::new(Vec::new());
        larger.try_reserve_exact((needed * 2).max(FIRST_ROOM)).map_err(|_| Failure::NoMemory)?;
        larger.extend_from_slice(body);
        *body = larger;
    }
    body.extend_from_slice(chunk);
    Ok(())
}

#[cfg(test)]
mod tests;

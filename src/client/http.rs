//! One HTTP client, whose connections are kept for a while. Before a request goes out, what came on an idle connection is taken in:
//! it is closed then, since that would be taken for the answer to the request.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::header::{CONNECTION, CONTENT_LENGTH, HeaderMap, TRANSFER_ENCODING};
use reqwest::{Request, Response, StatusCode, Version};
use url::{Origin, Url};
use zeroize::Zeroizing;

use crate::client::connector::{Connector, Phase};
use crate::client::failure::Failure;

/// The limit for silence: no head of an answer for so long, or no byte within its body.
const READ_TIMEOUT: Duration = Duration::from_secs(15);

/// The limit for an answer's body: Vault's own default limit for a request, so nothing that was written is larger.
pub(super) const MAX_BODY: usize = 32 * 1024 * 1024;

/// The same for an answer that holds no secret: nobody reads a longer error.
pub(super) const MAX_ERROR: usize = 256 * 1024;

/// What room is made for at first: more than an answer needs that holds one secret.
const FIRST_ROOM: usize = 4096;

/// How long a connection is kept without being used: no longer than any server keeps it.
pub(super) const KEPT_FOR: Duration = Duration::from_secs(10);

/// How often the runtime looks at its sockets before a request: for what came, for the connection's task that takes it in, for the
/// pool that gets to know of it, and once more to be sure.
const LOOKS: usize = 4;

/// A server that ends a connection so soon after an answer, without having said so, did not just find it idle for too long.
const SOON: Duration = Duration::from_secs(2);

/// The HTTP library's client, with the connections that it keeps. Sends one request at a time.
#[derive(Clone)]
pub(super) struct HttpClient {
    client: reqwest::Client,
    connector: Arc<Connector>,
    /// The name that a new connection is made to, where it is not that of the URL.
    first_hop: FirstHop,
    /// The servers on whose connection another request can be sent, and when they answered.
    left: Arc<Mutex<Vec<(Origin, Instant)>>>,
    /// Whether it keeps its connections at all.
    keeps: bool,
}

/// What a connection is made to.
#[derive(Clone)]
pub(super) enum FirstHop {
    /// The server of the URL.
    Server,
    /// A proxy on this host.
    Proxy(String),
    /// A unix socket, which is not looked up.
    #[cfg_attr(not(unix), expect(dead_code, reason = "there are none"))]
    Socket,
}

/// A whole answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Zeroizing<Vec<u8>>,
    pub(super) came_on: CameOn,
}

/// The connection of an answer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum CameOn {
    New,
    /// One that an earlier answer had left.
    Kept,
    /// A new one, since the one that the last answer had left was gone soon after it: the server ended it, or sent on it what nobody
    /// asked for.
    NewInsteadOfKept,
}

impl HttpClient {
    pub(super) fn new(client: reqwest::Client, connector: Arc<Connector>, first_hop: FirstHop, keeps: bool) -> Self {
        Self { client, connector, first_hop, left: Arc::default(), keeps }
    }

    /// How far the request has come.
    pub(super) fn phase(&self) -> Phase {
        self.connector.phase()
    }

    /// Whether the request made a new connection, or tried to.
    pub(super) fn has_connected(&self) -> bool {
        self.connector.has_connected()
    }

    /// The name that was looked up for the request, and its addresses: see [`Connector::looked_up`].
    pub(super) fn looked_up(&self) -> Option<(String, Vec<SocketAddr>)> {
        self.connector.looked_up()
    }

    /// Sends a request and reads the whole answer, whatever its status. A request that meets the end of a connection that was kept is
    /// sent once more on a new one, and so is one that a late 408 (the server waited too long for a request) came before.
    pub(super) async fn send(&self, request: Request) -> Result<Answer, Failure> {
        for _ in 0..LOOKS {
            tokio::task::yield_now().await;
        }
        let idle = self.idle(request.url());
        self.leave(request.url(), false);
        let again = request.try_clone();
        let mut outcome = self.exchange(request).await;
        let is_new = self.connector.has_connected();
        let was_gone = match &outcome {
            Err(failure) => failure.is_end(),
            Ok(answer) => answer.status == StatusCode::REQUEST_TIMEOUT,
        };
        if let (Some(again), true, false) = (again, was_gone, is_new) {
            outcome = self.exchange(again).await;
        }
        if let Ok(answer) = &mut outcome {
            answer.came_on = match idle {
                _ if !self.connector.has_connected() => CameOn::Kept,
                Some(idle) if is_new && idle < SOON => CameOn::NewInsteadOfKept,
                _ => CameOn::New,
            };
        }
        outcome
    }

    async fn exchange(&self, request: Request) -> Result<Answer, Failure> {
        let url = request.url().clone();
        self.connector.begin(match &self.first_hop {
            FirstHop::Server => Some(host(&url)),
            FirstHop::Proxy(host) => Some(host),
            FirstHop::Socket => None,
        });
        let mut execute = pin!(self.client.execute(request));
        let response = loop {
            let left = READ_TIMEOUT.saturating_sub(self.connector.waited().unwrap_or_default());
            match tokio::time::timeout(left, &mut execute).await {
                Ok(outcome) => break outcome.map_err(Failure::Http)?,
                Err(_) if self.connector.waited().is_some_and(|waited| waited >= READ_TIMEOUT) => {
                    return Err(Failure::Silence(READ_TIMEOUT));
                }
                // A connection was made meanwhile, or still is.
                Err(_) => {}
            }
        };
        let leaves_connection = self.keeps && leaves_connection(&response);
        let (answer, is_whole) = read(response).await?;
        self.leave(&url, leaves_connection && is_whole);
        Ok(answer)
    }

    /// How long the connection has been idle that the last answer of the server of `url` left; `None` if there is none.
    pub(super) fn idle(&self, url: &Url) -> Option<Duration> {
        let left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        left.iter().find(|(origin, _)| *origin == url.origin()).map(|(_, since)| since.elapsed())
    }

    /// The server of `url` leaves a connection for another request, or not.
    fn leave(&self, url: &Url, connection: bool) {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        left.retain(|(origin, since)| *origin != url.origin() && since.elapsed() < KEPT_FOR);
        if connection {
            left.push((url.origin(), Instant::now()));
        }
    }
}

/// The host of a URL, without the brackets of an IPv6 address.
pub(super) fn host(url: &Url) -> &str {
    url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']')
}

/// Whether the server says that another request can follow on the connection (RFC 9112, 9.3).
fn leaves_connection(response: &Response) -> bool {
    let headers = response.headers();
    let says = |wanted: &str| {
        let values = headers.get_all(CONNECTION).into_iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).any(|option| option.trim().eq_ignore_ascii_case(wanted))
    };
    let has_end = matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
        || headers.contains_key(CONTENT_LENGTH)
        || headers.contains_key(TRANSFER_ENCODING);
    has_end && if response.version() == Version::HTTP_11 { !says("close") } else { says("keep-alive") }
}

/// The answer, and whether its body is whole.
async fn read(mut response: Response) -> Result<(Answer, bool), Failure> {
    let status = response.status();
    let headers = std::mem::take(response.headers_mut());
    if status.is_success() && response.content_length().is_some_and(|announced| announced > MAX_BODY as u64) {
        return Err(Failure::TooLarge);
    }
    let mut is_whole = true;
    let mut body = Zeroizing::new(Vec::new());
    loop {
        let chunk = tokio::time::timeout(READ_TIMEOUT, response.chunk()).await.map_err(|_| Failure::Silence(READ_TIMEOUT))?;
        let Some(mut chunk) = chunk.map_err(Failure::Http)? else { break };
        let room = MAX_ERROR - body.len().min(MAX_ERROR);
        let is_enough = status.as_u16() >= 300 && chunk.len() > room;
        if is_enough {
            chunk = chunk.slice(..room);
        }
        if body.len() + chunk.len() > MAX_BODY {
            return Err(Failure::TooLarge);
        }
        append(&mut body, &chunk)?;
        if is_enough {
            is_whole = false;
            break;
        }
    }
    Ok((Answer { status: status.as_u16(), headers, body, came_on: CameOn::New }, is_whole))
}

/// Appends without leaving an unwiped copy behind when the buffer has to move. Room is made for what came, never for what was
/// announced.
fn append(body: &mut Zeroizing<Vec<u8>>, chunk: &Bytes) -> Result<(), Failure> {
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

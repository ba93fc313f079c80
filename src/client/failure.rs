//! Why a request failed, found in the chain of causes that hyper, rustls and the system leave behind.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use crate::client::READ_TIMEOUT;
use crate::client::dns::UnknownHost;
use crate::client::wire::{HeadTooLarge, Protocol};
use crate::error::Unreachable;
use crate::text::one_line;
use crate::tls;

/// Why there is no whole answer.
pub(super) enum Failure {
    /// A name has no address.
    UnknownHost(UnknownHost),
    /// No connection to the first hop: the server, the proxy or the socket.
    Connect(Box<dyn StdError + Send + Sync>),
    /// The same, within the time.
    ConnectTimeout,
    /// TLS or a tunnel was not set up within the time.
    HandshakeTimeout,
    /// TLS could not be set up.
    Handshake(io::Error),
    /// The proxy made no connection to the server.
    Tunnel(Unreachable),
    /// HTTP, or the connection below it.
    Http(hyper::Error),
    /// What answered speaks no HTTP/1.
    OtherProtocol(Protocol),
    /// No byte came for [`READ_TIMEOUT`].
    Silence,
    /// The answer is larger than [`super::http::MAX_BODY`].
    TooLarge,
    /// The process has no memory left for the answer.
    NoMemory,
    /// A mistake of ours.
    Internal(&'static str),
}

/// What the connection was made to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Peer {
    Server,
    Proxy,
    UnixSocket,
}

impl Failure {
    pub(super) fn connect(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Connect(error.into())
    }

    /// Whether the peer ended the connection.
    pub(super) fn is_end(&self) -> bool {
        match self {
            Self::Http(error) => error.is_incomplete_message() || error.is_canceled() || find(error).is_some_and(is_end),
            _ => false,
        }
    }

    /// The reason in words; `None` where it is not the network's.
    pub(super) fn explain(&self, connect_limit: Duration, peer: Peer) -> Option<Unreachable> {
        let of_connect = |why| match (peer, why) {
            (Peer::Proxy, why) => Unreachable::ProxyUnreachable { why: Box::new(why) },
            (Peer::UnixSocket, Unreachable::Refused) => Unreachable::SocketRefused,
            (_, why) => why,
        };
        let seconds = connect_limit.as_secs_f32();
        Some(match self {
            Self::UnknownHost(UnknownHost { host, reason }) => {
                let reason = reason.trim_start_matches("failed to lookup address information: ");
                of_connect(Unreachable::UnknownHost { host: host.clone(), reason: one_line(reason, 120) })
            }
            Self::Connect(error) => of_connect(network(&**error, seconds).unwrap_or_else(|reason| Unreachable::Other { reason })),
            Self::ConnectTimeout => of_connect(Unreachable::ConnectTimeout { seconds }),
            Self::HandshakeTimeout => Unreachable::Timeout { seconds },
            Self::Handshake(error) => match tls::verdict(error) {
                Some(verdict) => Unreachable::Tls(verdict),
                None => network(error, seconds).unwrap_or_else(|reason| Unreachable::Other { reason }),
            },
            Self::Tunnel(why) => why.clone(),
            Self::Http(error) => match tls::verdict(error) {
                Some(verdict) => Unreachable::Tls(verdict),
                None => network(error, seconds).unwrap_or_else(|reason| Unreachable::Closed { reason }),
            },
            Self::Silence => Unreachable::Timeout { seconds: READ_TIMEOUT.as_secs_f32() },
            Self::OtherProtocol(Protocol::Http2) => Unreachable::Http2Only,
            Self::OtherProtocol(Protocol::Tls) | Self::TooLarge | Self::NoMemory | Self::Internal(_) => return None,
        })
    }
}

/// What the system says of a connection, or else the words of the innermost cause.
fn network(error: &(dyn StdError + 'static), connect_seconds: f32) -> Result<Unreachable, String> {
    Ok(match find::<io::Error>(error) {
        Some(io) if io.get_ref().is_some_and(|inner| inner.is::<HeadTooLarge>()) => return Err(HeadTooLarge.to_string()),
        Some(io) if is_end(io) => Unreachable::Closed { reason: innermost(error) },
        Some(io) => match io.kind() {
            io::ErrorKind::ConnectionRefused => Unreachable::Refused,
            io::ErrorKind::TimedOut => Unreachable::ConnectTimeout { seconds: connect_seconds },
            io::ErrorKind::NotFound => Unreachable::SocketMissing,
            io::ErrorKind::PermissionDenied => Unreachable::Forbidden,
            _ => return Err(innermost(error)),
        },
        None => return Err(innermost(error)),
    })
}

fn is_end(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof
            | io::ErrorKind::NotConnected
    )
}

fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn StdError + 'static)| (*error).source())
}

fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    chain(error).find_map(|cause| cause.downcast_ref::<T>())
}

/// What happened, by the innermost cause whose words are known to be fixed: no error is shown that may quote what it is about.
fn innermost(error: &(dyn StdError + 'static)) -> String {
    let words = chain(error).filter_map(|cause| {
        if let Some(error) = cause.downcast_ref::<io::Error>() {
            return Some(of_system(error));
        }
        // hyper's own words stand in its code, one for each kind.
        cause.downcast_ref::<hyper::Error>().map(ToString::to_string)
    });
    words.last().unwrap_or_else(|| "the HTTP library names no reason".to_owned())
}

/// The system's words for its error number; of another error, which may wrap anything, only the kind.
fn of_system(error: &io::Error) -> String {
    if error.raw_os_error().is_some() { error.to_string() } else { error.kind().to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("quoted: canary")]
    struct Quoting(#[source] Option<io::Error>);

    #[test]
    fn an_error_that_may_quote_its_input_is_not_shown() {
        let kind = io::ErrorKind::InvalidData;
        let system = || io::Error::from_raw_os_error(104);
        assert_eq!(innermost(&Quoting(None)), "the HTTP library names no reason");
        assert_eq!(innermost(&Quoting(Some(io::Error::new(kind, Quoting(None))))), kind.to_string());
        assert_eq!(innermost(&Quoting(Some(system()))), system().to_string());
        assert!(!of_system(&io::Error::new(kind, "canary")).contains("canary"));
    }
}

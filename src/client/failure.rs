//! Why a request failed, found in the chain of causes that reqwest, hyper, rustls and the system leave behind.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use crate::client::connector::ConnectLate;
use crate::client::dns::{Refusal, UnknownHost};
use crate::error::Unreachable;
use crate::resource::Resource;
use crate::text::one_line;
use crate::tls;

/// Why there is no whole answer.
pub(super) enum Failure {
    /// The HTTP library's reason, or that of the connection below it.
    Http(reqwest::Error),
    /// No byte came for so long.
    Silence(Duration),
    /// The answer is larger than [`crate::client::http::MAX_BODY`].
    TooLarge,
    /// The process has no memory left for the answer.
    NoMemory,
}

/// What the connection was made to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Peer {
    Server,
    Proxy,
    UnixSocket,
}

impl Failure {
    /// Whether the peer ended the connection.
    pub(super) fn is_end(&self) -> bool {
        match self {
            Self::Http(error) if !error.is_connect() => {
                find::<hyper::Error>(error).is_some_and(|error| error.is_incomplete_message() || error.is_canceled())
                    || find(error).is_some_and(is_end)
            }
            _ => false,
        }
    }

    /// Whether what came is no HTTP/1.
    pub(super) fn is_no_http(&self) -> bool {
        matches!(self, Self::Http(error) if find::<hyper::Error>(error).is_some_and(hyper::Error::is_parse))
    }

    /// Whether no connection was made within the time.
    pub(super) fn is_connect_late(&self) -> bool {
        matches!(self, Self::Http(error) if find::<ConnectLate>(error).is_some())
    }

    /// The reason in words; `None` where it is not the network's.
    pub(super) fn explain(&self, connect_limit: Duration, peer: Peer) -> Option<Unreachable> {
        match self {
            Self::Http(error) => Some(explain(error, connect_limit.as_secs_f32(), peer)),
            Self::Silence(limit) => Some(Unreachable::Timeout { seconds: limit.as_secs_f32() }),
            Self::TooLarge | Self::NoMemory => None,
        }
    }
}

fn explain(error: &reqwest::Error, connect_seconds: f32, peer: Peer) -> Unreachable {
    if let Some(verdict) = tls::verdict(error) {
        return Unreachable::Tls(verdict);
    }
    if let Some(refused) = of_tunnel(error) {
        return refused;
    }
    let why = if let Some(UnknownHost { why: Refusal { used_up: Some(resource), .. }, .. }) = find(error) {
        Unreachable::UsedUp(*resource)
    } else if let Some(UnknownHost { host, why: Refusal { reason, .. } }) = find(error) {
        let reason = reason.trim_start_matches("failed to lookup address information: ");
        Unreachable::UnknownHost { host: host.clone(), reason: one_line(reason, 120) }
    } else if find::<ConnectLate>(error).is_some() {
        Unreachable::ConnectTimeout { seconds: connect_seconds }
    } else {
        network(error, connect_seconds)
    };
    match (peer, why) {
        (_, why @ Unreachable::Closed { .. }) => why,
        (Peer::Proxy, why) if error.is_connect() => Unreachable::ProxyUnreachable { why: Box::new(why) },
        (Peer::UnixSocket, Unreachable::Refused) => Unreachable::SocketRefused,
        (_, why) => why,
    }
}

/// Why a proxy opened no tunnel, as far as the HTTP library says it: there is no public type, only these words.
fn of_tunnel(error: &reqwest::Error) -> Option<Unreachable> {
    let words =
        chain(error).map(ToString::to_string).find_map(|words| words.strip_prefix("tunnel error: ").map(str::to_owned))?;
    if words.contains("authorization required") {
        return Some(Unreachable::ProxyCredentials { answer: "407".to_owned() });
    }
    if words.contains("underlying connection") {
        return None;
    }
    let known = ["unsuccessful", "unexpected end of file", "proxy response headers too long"];
    let reason = known.into_iter().find(|known| words.contains(known)).unwrap_or("it opened no tunnel");
    Some(Unreachable::Proxy { reason: reason.to_owned() })
}

/// What the system says of a connection, or else the words of the innermost cause.
fn network(error: &reqwest::Error, connect_seconds: f32) -> Unreachable {
    let io = find::<io::Error>(error);
    if let Some(resource) = io.and_then(Resource::from_error) {
        return Unreachable::UsedUp(resource);
    }
    match io {
        Some(io) if is_end(io) => Unreachable::Closed { reason: innermost(error) },
        Some(io) => match io.kind() {
            io::ErrorKind::ConnectionRefused => Unreachable::Refused,
            io::ErrorKind::TimedOut => Unreachable::ConnectTimeout { seconds: connect_seconds },
            io::ErrorKind::NotFound => Unreachable::SocketMissing,
            io::ErrorKind::PermissionDenied => Unreachable::Forbidden,
            _ if error.is_connect() => Unreachable::Other { reason: innermost(error) },
            _ => Unreachable::Closed { reason: innermost(error) },
        },
        None if error.is_connect() => Unreachable::Other { reason: innermost(error) },
        None => Unreachable::Closed { reason: innermost(error) },
    }
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

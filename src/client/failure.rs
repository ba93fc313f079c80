//! Why a request failed, found in the chain of causes that reqwest, hyper, rustls and the system leave behind.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use super::dns::UnknownHost;
use crate::error::Unreachable;
use crate::text::one_line;
use crate::tls;

/// What the connection was made to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Peer {
    Server,
    Proxy,
    UnixSocket,
}

/// The reason in words.
pub(super) fn explain(error: &reqwest::Error, connect_limit: Duration, read_limit: Duration, peer: Peer) -> Unreachable {
    if let Some(verdict) = tls::verdict(error) {
        return Unreachable::Tls(verdict);
    }
    // hyper-util's tunnel has no public error type, only these words.
    match chain(error).map(ToString::to_string).find_map(|words| words.strip_prefix("tunnel error: ").map(str::to_owned)) {
        Some(words) if words.contains("authorization required") => {
            return Unreachable::ProxyCredentials { answer: "407".to_owned() };
        }
        Some(words) if !words.contains("underlying connection") => {
            let known = ["unsuccessful", "unexpected end of file", "proxy response headers too long"];
            let reason = known.into_iter().find(|known| words.contains(known)).unwrap_or("it opened no tunnel");
            return Unreachable::Proxy { reason: reason.to_owned() };
        }
        _ => {}
    }
    match (peer, network(error, connect_limit, read_limit)) {
        (Peer::Proxy, reason) if error.is_connect() => Unreachable::ProxyUnreachable { why: Box::new(reason) },
        (Peer::UnixSocket, Unreachable::Refused) => Unreachable::SocketRefused,
        (_, reason) => reason,
    }
}

fn network(error: &reqwest::Error, connect_limit: Duration, read_limit: Duration) -> Unreachable {
    if let Some(UnknownHost { host, reason }) = find::<UnknownHost>(error) {
        let reason = reason.trim_start_matches("failed to lookup address information: ");
        return Unreachable::UnknownHost { host: host.clone(), reason: one_line(reason, 120) };
    }
    if error.is_timeout() {
        return if error.is_connect() {
            Unreachable::ConnectTimeout { seconds: connect_limit.as_secs_f32() }
        } else {
            Unreachable::Timeout { seconds: read_limit.as_secs_f32() }
        };
    }
    match find::<io::Error>(error).map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => Unreachable::Refused,
        Some(io::ErrorKind::TimedOut) => Unreachable::ConnectTimeout { seconds: connect_limit.as_secs_f32() },
        Some(io::ErrorKind::NotFound) => Unreachable::SocketMissing,
        Some(io::ErrorKind::PermissionDenied) => Unreachable::Forbidden,
        Some(
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof
            | io::ErrorKind::NotConnected,
        ) => Unreachable::Closed { reason: innermost(error) },
        _ if !error.is_connect() => Unreachable::Closed { reason: innermost(error) },
        _ => Unreachable::Other { reason: innermost(error) },
    }
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

//! Looks at an endpoint step by step, as no request does: name, connection, TLS. For `doctor`.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, ProtocolVersion};

use crate::client::Client;
use crate::client::connection::Connection;
use crate::error::{Error, ErrorKind, Unreachable};
use crate::text::one_line;
use crate::tls;

/// The outcome of a step: what was found, why it failed, or why it was left out.
pub(crate) enum Probed {
    Ok(String),
    /// What was found, and what to do about it.
    Warn(String, String),
    Fail(Error),
    Skip(String),
}

/// What is found out about an endpoint.
pub(crate) struct Probe {
    /// What messages call the endpoint.
    pub(crate) endpoint: String,
    pub(crate) name: (Probed, Duration),
    pub(crate) connection: (Probed, Duration),
    pub(crate) tls: (Probed, Duration),
}

/// A certificate that ends within this time is worth a word.
const SOON_DAYS: i64 = 21;

impl Client<'_> {
    /// What the endpoints' certificates are checked against, in words; `None` where no endpoint has TLS.
    pub(crate) fn trust(&self) -> Option<&str> {
        self.cluster.connections.iter().find_map(|connection| Some(connection.trust()?.trust.as_str()))
    }

    /// Looks at each endpoint.
    pub(crate) fn probe(&self) -> Vec<Probe> {
        self.cluster.connections.iter().map(|connection| self.probe_one(connection)).collect()
    }

    fn probe_one(&self, connection: &Connection) -> Probe {
        let endpoint = connection.name();
        let url = connection.endpoint().api();
        let skip = |why: &str| (Probed::Skip(why.to_owned()), Duration::ZERO);
        if let Some(path) = &connection.endpoint().socket {
            let name = skip("a unix socket has no name");
            return Probe { connection: timed(|| socket(path)), endpoint, name, tls: skip("a unix socket has no TLS") };
        }
        if let Some(proxy) = connection.proxy_name() {
            let through = format!("the connection is made through {proxy}; the steps below show whether that works");
            return Probe { endpoint, name: skip(&through), connection: skip(&through), tls: skip(&through) };
        }
        let fail = |why| Probed::Fail(ErrorKind::Unreachable(why).at(connection.request_info(&self.cluster.options)));
        let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(443));
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let start = Instant::now();
        let addresses = match self.look_up(bare, port) {
            Ok(addresses) => addresses,
            Err(reason) => {
                let unknown = fail(Unreachable::UnknownHost { host: bare.to_owned(), reason });
                let skipped = || skip("the name has no address");
                return Probe { endpoint, name: (unknown, start.elapsed()), connection: skipped(), tls: skipped() };
            }
        };
        let shown: Vec<String> = addresses.iter().map(|address| address.ip().to_string()).collect();
        let name = (Probed::Ok(format!("{bare} is {}", shown.join(", "))), start.elapsed());
        let start = Instant::now();
        let limit = self.left().min(connection.connect_limit());
        let stream = match connect(&addresses, limit) {
            Ok(stream) => stream,
            Err(error) => {
                let why = match error.kind() {
                    io::ErrorKind::ConnectionRefused => Unreachable::Refused,
                    io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
                        Unreachable::ConnectTimeout { seconds: limit.as_secs_f32().round() }
                    }
                    _ => Unreachable::Other { reason: one_line(&error.to_string(), 120) },
                };
                let connection = (fail(why), start.elapsed());
                return Probe { endpoint, name, connection, tls: skip("there is no connection") };
            }
        };
        let peer = stream.peer_addr().map(|address| address.to_string()).unwrap_or_default();
        let connected = (Probed::Ok(format!("connected to {peer}")), start.elapsed());
        if !connection.endpoint().tls {
            return Probe { endpoint, name, connection: connected, tls: skip("the endpoint is http") };
        }
        let tls = timed(|| self.secure(connection, bare, stream).unwrap_or_else(fail));
        Probe { endpoint, name, connection: connected, tls }
    }

    /// As requests do it: the system's resolver, within what is left of the time.
    fn look_up(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, String> {
        let driver = self.driver.driver().map_err(|error| error.to_string())?;
        match driver.run(self.host, Instant::now() + self.left(), self.shared.lookups().find(host)) {
            Ok(Ok(found)) if found.is_empty() => Err("it has no address".to_owned()),
            Ok(Ok(found)) => Ok(found.into_iter().map(|address| SocketAddr::new(address.ip(), port)).collect()),
            Ok(Err(unknown)) => Err(one_line(&unknown.why.reason, 120)),
            Err(_) => Err(format!("no answer within {:.0} s", self.left().as_secs_f32())),
        }
    }

    /// As requests do it: where the JVM may know more of a refused certificate, it is asked.
    fn secure(&self, connection: &Connection, host: &str, stream: TcpStream) -> Result<Probed, Unreachable> {
        let other = |error: &dyn std::fmt::Display| Unreachable::Other { reason: one_line(&error.to_string(), 120) };
        let name = ServerName::try_from(host.to_owned()).map_err(|_| other(&"the host is no name that TLS can check"))?;
        let limit = self.left().max(Duration::from_secs(1));
        let peer = stream.peer_addr().map_err(|e| other(&e))?;
        let config = connection.tls_config();
        let mut outcome = shake_hands(config, name.clone(), stream, limit);
        let java = outcome.as_ref().err().and_then(|error| connection.ask_java(self.host, error));
        if let Some(Ok(())) = java {
            let again = TcpStream::connect_timeout(&peer, limit).map_err(|e| other(&e))?;
            outcome = shake_hands(config, name, again, limit);
        }
        let tls = outcome.map_err(|error| match tls::verdict(&error) {
            Some(problem) => Unreachable::Tls(problem),
            None if error.kind() == io::ErrorKind::WouldBlock => Unreachable::Timeout { seconds: limit.as_secs_f32().round() },
            None => Unreachable::Closed { reason: one_line(&error.kind().to_string(), 120) },
        })?;
        let version = match tls.protocol_version() {
            Some(ProtocolVersion::TLSv1_3) => "TLS 1.3",
            _ => "TLS 1.2",
        };
        let Some(trust) = connection.trust() else { return Ok(Probed::Ok(version.to_owned())) };
        let chain = trust.describe_chain(tls.peer_certificates().unwrap_or_default());
        let found = format!("{version}; {}", chain.words);
        Ok(match chain.first_to_end {
            Some((subject, days)) if days < SOON_DAYS => {
                Probed::Warn(found, format!("renew the certificate {subject:?}, which has {days} days left"))
            }
            _ => Probed::Ok(found),
        })
    }
}

/// A TLS connection whose handshake has ended, within `limit` for each wait.
fn shake_hands(
    config: &Arc<ClientConfig>,
    name: ServerName<'static>,
    mut stream: TcpStream,
    limit: Duration,
) -> io::Result<ClientConnection> {
    stream.set_read_timeout(Some(limit))?;
    stream.set_write_timeout(Some(limit))?;
    let mut tls = ClientConnection::new(Arc::clone(config), name).map_err(io::Error::other)?;
    while tls.is_handshaking() {
        tls.complete_io(&mut stream)?;
    }
    Ok(tls)
}

fn timed(work: impl FnOnce() -> Probed) -> (Probed, Duration) {
    let start = Instant::now();
    let outcome = work();
    (outcome, start.elapsed())
}

/// The first address that answers.
fn connect(addresses: &[SocketAddr], limit: Duration) -> io::Result<TcpStream> {
    let start = Instant::now();
    let mut last = io::Error::from(io::ErrorKind::TimedOut);
    for address in addresses {
        let left = limit.saturating_sub(start.elapsed());
        if left.is_zero() {
            break;
        }
        match TcpStream::connect_timeout(address, left) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[cfg(unix)]
fn socket(path: &str) -> Probed {
    match std::os::unix::net::UnixStream::connect(path) {
        Ok(_) => Probed::Ok(format!("connected to unix://{path}")),
        Err(error) => {
            let why = match error.kind() {
                io::ErrorKind::NotFound => Unreachable::SocketMissing,
                io::ErrorKind::ConnectionRefused => Unreachable::SocketRefused,
                io::ErrorKind::PermissionDenied => Unreachable::Forbidden,
                _ => Unreachable::Other { reason: one_line(&error.to_string(), 120) },
            };
            Probed::Fail(ErrorKind::Unreachable(why).into())
        }
    }
}

#[cfg(not(unix))]
fn socket(_: &str) -> Probed {
    Probed::Skip("this system has no unix sockets".to_owned())
}

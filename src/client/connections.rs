//! What outlives a call: ready transports, idle I/O drivers with their connections, and which endpoints failed lately.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use once_cell::sync::OnceCell;
use once_cell::unsync;
use url::{Origin, Url};

use crate::client::dns::Lookups;
use crate::client::http::HttpClient;
use crate::client::runtime::IoDriver;
use crate::client::transport::{Needs, Transport};
use crate::error::Error;
use crate::file::Workers;
use crate::host::Host;

/// A server has one transport to Vault, or a few; more are the tests of a lifetime.
const MAX_TRANSPORTS: usize = 32;

/// How long a failed endpoint comes last: the next property of a start-up does not run into the same dead node.
const DOWN_FOR: Duration = Duration::from_secs(30);

/// How long a connection has to be quiet before it is used again, until its server is known: what is held back until the answer is
/// acknowledged comes after 40 to 200 ms and the way there and back.
const PAUSE: Duration = Duration::from_millis(300);

/// How often a connection has to be found quiet before the next ones are used again at once.
const MIN_QUIET: u32 = 3;

/// When a connection to a server is used for another request. A server, balancer or proxy that sends more than the answer to a
/// request may do so after the next request went out, or may have to: a small packet is held back until the one before is
/// acknowledged (Nagle), which is with the next request or after 40 ms and more. It would be taken for the answer to that
/// request. So a server has to be seen to do no such thing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reuse {
    /// When it was quiet for a while; so often it was.
    AfterPause { quiet: u32 },
    /// At once.
    AtOnce,
    /// Not at all: one was gone soon after an answer.
    Never,
}

/// Shared by all calls. Each lock is held for the look-up alone, never while a transport is made.
pub(crate) struct Connections {
    transports: Mutex<Vec<Arc<Transport>>>,
    /// The drivers that no call has at the moment, the one that was left last at the end: its connections are the youngest.
    idle: Mutex<Vec<IoDriver>>,
    /// The endpoints that failed, by name, and when.
    down: Mutex<Vec<(String, Instant)>>,
    lookups: OnceCell<Arc<Lookups>>,
    workers: OnceCell<Workers>,
    /// How the servers were seen to treat their connections, the youngest at the end.
    reuse: Mutex<Vec<(Origin, Reuse)>>,
    /// Whether it was said that the way to Vault is not encrypted: once in a process.
    warned_of_plain_http: AtomicBool,
}

impl Connections {
    pub(crate) const fn new() -> Self {
        Self {
            transports: Mutex::new(Vec::new()),
            idle: Mutex::new(Vec::new()),
            down: Mutex::new(Vec::new()),
            lookups: OnceCell::new(),
            workers: OnceCell::new(),
            reuse: Mutex::new(Vec::new()),
            warned_of_plain_http: AtomicBool::new(false),
        }
    }

    /// The transport that has all of it: made when it is first needed, and again when a certificate's file has changed.
    pub(super) fn transport(&self, needs: Needs, host: &dyn Host) -> Result<Arc<Transport>, Error> {
        let known = lock(&self.transports).iter().find(|transport| transport.has(&needs)).map(Arc::clone);
        // Whether it is current is asked without the lock: it takes a look at files.
        if let Some(known) = known.filter(|known| known.is_current()) {
            return Ok(known);
        }
        let made = Arc::new(Transport::new(needs, Arc::clone(self.lookups()), self.workers(), host)?);
        let mut transports = lock(&self.transports);
        transports.retain(|transport| !transport.has(made.needs()));
        if transports.len() == MAX_TRANSPORTS {
            transports.remove(0);
        }
        transports.push(Arc::clone(&made));
        Ok(made)
    }

    /// An idle driver, or a new one.
    pub(super) fn take_driver(&self) -> Result<IoDriver, Error> {
        let idle = lock(&self.idle).pop();
        idle.map_or_else(IoDriver::new, Ok)
    }

    /// Leaves a driver to the next call.
    pub(super) fn leave_driver(&self, driver: IoDriver) {
        lock(&self.idle).push(driver);
    }

    /// Ends the drivers that no call has, with their connections, and forgets private keys. When a web application was stopped, the JVM unloads its copy
    /// of the library, and nothing could close them any more.
    pub(crate) fn end_idle(&self) {
        let drivers = std::mem::take(&mut *lock(&self.idle));
        // Closed without the lock.
        drop(drivers);
        lock(&self.transports).retain(|transport| !transport.has_identity());
    }

    /// The HTTP client for a request to `server`: the one that keeps its connections, unless one that is left must not be used again.
    pub(super) fn client(&self, driver: &IoDriver, transport: &Arc<Transport>, server: &Url) -> Result<HttpClient, Error> {
        let client = driver.client(transport, true)?;
        let may_use = match self.reuse(server) {
            Reuse::AtOnce => true,
            Reuse::AfterPause { .. } => client.idle(server).is_none_or(|idle| idle >= PAUSE),
            Reuse::Never => false,
        };
        if may_use { Ok(client) } else { driver.client(transport, false) }
    }

    /// When a connection to this server may be used again.
    pub(super) fn reuse(&self, server: &Url) -> Reuse {
        let reuse = lock(&self.reuse);
        if reuse.is_empty() {
            return Reuse::AfterPause { quiet: 0 };
        }
        let origin = server.origin();
        reuse.iter().find(|(known, _)| *known == origin).map_or(Reuse::AfterPause { quiet: 0 }, |(_, reuse)| *reuse)
    }

    /// A connection to this server was quiet after an answer, and was used again.
    pub(super) fn was_quiet(&self, server: &Url) {
        if let Reuse::AfterPause { quiet } = self.reuse(server) {
            let quiet = quiet + 1;
            self.set_reuse(server, if quiet < MIN_QUIET { Reuse::AfterPause { quiet } } else { Reuse::AtOnce });
        }
    }

    /// A connection to this server was gone soon after an answer. True the first time.
    pub(super) fn was_gone(&self, server: &Url) -> bool {
        let is_new = self.reuse(server) != Reuse::Never;
        self.set_reuse(server, Reuse::Never);
        is_new
    }

    pub(super) fn set_reuse(&self, server: &Url, reuse: Reuse) {
        let mut known = lock(&self.reuse);
        let origin = server.origin();
        known.retain(|(other, _)| *other != origin);
        if known.len() == MAX_TRANSPORTS {
            known.remove(0);
        }
        known.push((origin, reuse));
    }

    /// The name look-ups of the process.
    pub(super) fn lookups(&self) -> &Arc<Lookups> {
        self.lookups.get_or_init(Arc::default)
    }

    /// The threads of the process that wait for a file system.
    pub(super) fn workers(&self) -> &Workers {
        self.workers.get_or_init(Workers::default)
    }

    /// Whether a name is looked up or a file waited for at the moment, on a thread that outlasts its call.
    pub(crate) fn look_up_runs(&self) -> bool {
        self.lookups().any_runs() || self.workers().any_runs()
    }

    /// Whether the endpoint of this name failed a short while ago.
    pub(super) fn is_down(&self, name: &str) -> bool {
        self.down().iter().any(|(down, _)| down == name)
    }

    /// The endpoint of this name failed.
    pub(super) fn mark_down(&self, name: &str) {
        let mut down = self.down();
        down.retain(|(down, _)| down != name);
        down.push((name.to_owned(), Instant::now()));
    }

    /// The endpoint of this name answered.
    pub(super) fn mark_up(&self, name: &str) {
        self.down().retain(|(down, _)| down != name);
    }

    /// The failures that still count.
    fn down(&self) -> MutexGuard<'_, Vec<(String, Instant)>> {
        let mut down = lock(&self.down);
        down.retain(|(_, since)| since.elapsed() < DOWN_FOR);
        down
    }

    /// True once: a server has several properties, and one line says it all.
    pub(super) fn first_plain_http(&self) -> bool {
        !self.warned_of_plain_http.swap(true, Ordering::Relaxed)
    }
}

/// The driver of a call: taken when it is first needed, and left to the next call when this is dropped.
pub(super) struct PooledDriver<'a> {
    driver: unsync::OnceCell<IoDriver>,
    connections: &'a Connections,
}

impl<'a> PooledDriver<'a> {
    pub(super) fn new(connections: &'a Connections) -> Self {
        Self { driver: unsync::OnceCell::new(), connections }
    }

    pub(super) fn driver(&self) -> Result<&IoDriver, Error> {
        self.driver.get_or_try_init(|| self.connections.take_driver())
    }
}

impl Drop for PooledDriver<'_> {
    fn drop(&mut self) {
        if let Some(driver) = self.driver.take() {
            self.connections.leave_driver(driver);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

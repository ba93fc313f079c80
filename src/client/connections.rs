//! What outlives a call: ready transports, idle I/O drivers with their connections, and which endpoints failed lately.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use once_cell::sync::OnceCell;
use once_cell::unsync;
use url::{Origin, Url};

use crate::client::dns::Lookups;
use crate::client::runtime::IoDriver;
use crate::client::transport::{Needs, Transport};
use crate::error::Error;
use crate::host::Host;

/// A server has one transport to Vault, or a few; more are the tests of a lifetime.
const MAX_TRANSPORTS: usize = 32;

/// How long a failed endpoint comes last: the next property of a start-up does not run into the same dead node.
const DOWN_FOR: Duration = Duration::from_secs(30);

/// Shared by all calls. Each lock is held for the look-up alone, never while a transport is made.
pub(crate) struct Connections {
    transports: Mutex<Vec<Arc<Transport>>>,
    /// The drivers that no call has at the moment, the one that was left last at the end: its connections are the youngest.
    idle: Mutex<Vec<IoDriver>>,
    /// The endpoints that failed, by name, and when.
    down: Mutex<Vec<(String, Instant)>>,
    lookups: OnceCell<Arc<Lookups>>,
    /// The servers whose connections are not kept, the youngest at the end.
    not_kept: Mutex<Vec<Origin>>,
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
            not_kept: Mutex::new(Vec::new()),
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
        let made = Arc::new(Transport::new(needs, Arc::clone(self.lookups()), host)?);
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

    /// Ends the drivers that no call has, with their connections. When a web application was stopped, the JVM unloads its copy
    /// of the library, and nothing could close them any more.
    pub(crate) fn end_idle(&self) {
        let drivers = std::mem::take(&mut *lock(&self.idle));
        // Closed without the lock.
        drop(drivers);
    }

    /// Whether connections to this server are kept for further requests. Not after one was gone soon after an answer: if the server
    /// sent on it what nobody asked for, that may come the next time while an answer is waited for, and would be taken for it.
    pub(super) fn keeps(&self, server: &Url) -> bool {
        let not_kept = lock(&self.not_kept);
        not_kept.is_empty() || !not_kept.contains(&server.origin())
    }

    /// Keeps no more connections to this server. True the first time.
    pub(super) fn stop_keeping(&self, server: &Url) -> bool {
        let mut not_kept = lock(&self.not_kept);
        let origin = server.origin();
        if not_kept.contains(&origin) {
            return false;
        }
        if not_kept.len() == MAX_TRANSPORTS {
            not_kept.remove(0);
        }
        not_kept.push(origin);
        true
    }

    /// The name look-ups of the process.
    pub(super) fn lookups(&self) -> &Arc<Lookups> {
        self.lookups.get_or_init(Arc::default)
    }

    /// Whether a name is looked up at the moment, on a thread that outlasts its call.
    pub(crate) fn look_up_runs(&self) -> bool {
        self.lookups().any_runs()
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

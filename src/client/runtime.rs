//! An I/O driver with the connections that live in it. It has no thread of its own: the calling thread drives it. One call of
//! the host has it at a time and leaves it to the next one, so that calls at the same time wait for Vault and not for each other.

use std::cell::RefCell;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use once_cell::unsync::OnceCell;
use tokio::runtime::{Builder, Runtime};
use url::{Origin, Url};

use crate::client::connections::Connections;
use crate::client::http::HttpConnection;
use crate::client::transport::Transport;
use crate::error::Error;
use crate::host::Host;

/// Why a wait ended without the future's result.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stopped {
    /// The deadline passed.
    Late,
    /// The calling thread was interrupted.
    Interrupted,
}

/// How soon an interrupt is noticed.
const INTERRUPT_CHECK: Duration = Duration::from_millis(100);

/// How long a connection is kept without being used: no longer than any server keeps it.
const KEPT_FOR: Duration = Duration::from_secs(10);

/// An I/O driver and its connections.
pub(super) struct IoDriver {
    /// Before the runtime, so that they are closed first.
    idle: RefCell<Vec<Idle>>,
    runtime: Runtime,
}

/// A connection that no exchange has at the moment.
struct Idle {
    transport: Weak<Transport>,
    /// Where it leads to.
    origin: Origin,
    since: Instant,
    connection: HttpConnection,
}

/// The driver of a call: taken when it is first needed, and left to the next call when this is dropped.
pub(super) struct PooledDriver<'a> {
    driver: OnceCell<IoDriver>,
    connections: &'a Connections,
}

impl<'a> PooledDriver<'a> {
    pub(super) fn new(connections: &'a Connections) -> Self {
        Self { driver: OnceCell::new(), connections }
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

impl IoDriver {
    pub(super) fn new() -> Result<Self, Error> {
        let runtime = Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(|e| Error::internal(format!("the I/O driver cannot be set up: {e}")))?;
        Ok(Self { idle: RefCell::default(), runtime })
    }

    /// A connection of this transport to the server of `url` that was left here, if it was not long ago.
    pub(super) fn take(&self, transport: &Arc<Transport>, url: &Url) -> Option<HttpConnection> {
        let mut idle = self.idle.borrow_mut();
        // The connections of transports that no longer exist end as well.
        idle.retain(|idle| idle.since.elapsed() < KEPT_FOR && idle.transport.strong_count() > 0);
        let origin = url.origin();
        let leads_there = |idle: &Idle| idle.transport.as_ptr() == Arc::as_ptr(transport) && idle.origin == origin;
        let at = idle.iter().rposition(leads_there)?;
        Some(idle.swap_remove(at).connection)
    }

    /// Leaves a connection to the next exchange, if it can be used again.
    pub(super) fn leave(&self, transport: &Arc<Transport>, url: &Url, connection: HttpConnection) {
        if connection.can_be_kept() {
            let (transport, origin) = (Arc::downgrade(transport), url.origin());
            self.idle.borrow_mut().push(Idle { transport, origin, since: Instant::now(), connection });
        }
    }

    /// Drives `future` on the calling thread until it is ready, the deadline passes or the thread is interrupted.
    pub(super) fn run<F: Future>(&self, host: &dyn Host, deadline: Instant, future: F) -> Result<F::Output, Stopped> {
        let mut future = pin!(future);
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let step = async { tokio::time::timeout(INTERRUPT_CHECK.min(left), &mut future).await };
            if let Ok(output) = self.runtime.block_on(step) {
                return Ok(output);
            }
            // Outside of the runtime: the host may call this library again.
            if host.interrupted() {
                return Err(Stopped::Interrupted);
            }
            if left <= INTERRUPT_CHECK {
                return Err(Stopped::Late);
            }
        }
    }

    /// Waits; true when the thread was interrupted meanwhile.
    pub(super) fn sleep(&self, host: &dyn Host, time: Duration) -> bool {
        self.run(host, Instant::now() + time, std::future::pending::<()>()) == Err(Stopped::Interrupted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::tests::MapHost;

    #[test]
    fn a_deadline_ends_a_wait() {
        let start = Instant::now();
        let outcome =
            IoDriver::new().unwrap().run(&MapHost::default(), start + Duration::from_millis(250), std::future::pending::<()>());
        assert_eq!(outcome, Err(Stopped::Late));
        assert!(start.elapsed() >= Duration::from_millis(250) && start.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn calls_at_the_same_time_do_not_wait_for_each_other() {
        let start = Instant::now();
        let tasks: Vec<_> = (0..8)
            .map(|i| {
                std::thread::spawn(move || {
                    let nap = async move {
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        // As a name look-up or a slow certificate may.
                        std::thread::sleep(Duration::from_millis(200));
                        i
                    };
                    PooledDriver::new(&Connections::new()).driver().unwrap().run(
                        &MapHost::default(),
                        Instant::now() + Duration::from_secs(10),
                        nap,
                    )
                })
            })
            .collect();
        for (i, task) in tasks.into_iter().enumerate() {
            assert_eq!(task.join().unwrap(), Ok(i));
        }
        assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    }
}

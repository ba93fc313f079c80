//! An I/O driver with the connections that live in it. It has no thread of its own: the calling thread drives it. One call of
//! the host has it at a time and leaves it to the next one, so that calls at the same time wait for Vault and not for each other.

use std::cell::RefCell;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

use crate::client::http::HttpClient;
use crate::client::transport::Transport;
use crate::error::{Error, ErrorKind};
use crate::host::Host;
use crate::resource::Resource;

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

/// An I/O driver and its connections.
pub(super) struct IoDriver {
    /// Before the runtime, so that they are closed first.
    clients: RefCell<Vec<Kept>>,
    runtime: Runtime,
}

/// The HTTP client of a transport that was taken here, with its connections.
struct Kept {
    transport: Weak<Transport>,
    keeps_connections: bool,
    client: HttpClient,
}

impl IoDriver {
    pub(super) fn new() -> Result<Self, Error> {
        let runtime = Builder::new_current_thread().enable_io().enable_time().build().map_err(|error| {
            let what = "The connection to Vault cannot be prepared".to_owned();
            match Resource::from_error(&error) {
                Some(resource) => Error::from(ErrorKind::UsedUp { resource, what }),
                None => Error::from(ErrorKind::SystemRefuses { what, why: error.to_string() }),
            }
        })?;
        Ok(Self { clients: RefCell::default(), runtime })
    }

    /// The HTTP client of this transport, which keeps its connections or not: built when it is needed for the first time.
    pub(super) fn client(&self, transport: &Arc<Transport>, keeps_connections: bool) -> Result<HttpClient, Error> {
        let mut clients = self.clients.borrow_mut();
        let is_it =
            |kept: &&Kept| kept.transport.as_ptr() == Arc::as_ptr(transport) && kept.keeps_connections == keeps_connections;
        if let Some(kept) = clients.iter().find(is_it) {
            return Ok(kept.client.clone());
        }
        // The connections of transports that no longer exist end as well.
        clients.retain(|kept| kept.transport.strong_count() > 0);
        let client = transport.client(keeps_connections)?;
        clients.push(Kept { transport: Arc::downgrade(transport), keeps_connections, client: client.clone() });
        Ok(client)
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
                    IoDriver::new().unwrap().run(&MapHost::default(), Instant::now() + Duration::from_secs(10), nap)
                })
            })
            .collect();
        for (i, task) in tasks.into_iter().enumerate() {
            assert_eq!(task.join().unwrap(), Ok(i));
        }
        assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    }
}

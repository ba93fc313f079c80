//! The one runtime. It has no thread of its own: whoever calls drives it, and several callers drive it together. It is there from
//! the first call until `session` ends it.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

use crate::error::Error;
use crate::host::Host;

/// Why a wait ended without the future's result.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// The deadline passed.
    Late,
    /// The calling thread was interrupted.
    Interrupted,
}

/// How soon an interrupt is noticed.
const TICK: Duration = Duration::from_millis(100);

/// Drives `future` on the calling thread until it is ready, the deadline passes or the thread is interrupted.
pub(crate) fn run<F: Future>(host: &dyn Host, deadline: Instant, future: F) -> Result<Result<F::Output, Stopped>, Error> {
    sharing(|runtime| {
        runtime.block_on(async {
            let mut future = pin!(future);
            loop {
                let left = deadline.saturating_duration_since(Instant::now());
                if let Ok(output) = tokio::time::timeout(TICK.min(left), &mut future).await {
                    return Ok(output);
                }
                if host.interrupted() {
                    return Err(Stopped::Interrupted);
                }
                if left <= TICK {
                    return Err(Stopped::Late);
                }
            }
        })
    })
}

/// Waits; true when the thread was interrupted meanwhile.
pub(crate) fn sleep(host: &dyn Host, time: Duration) -> Result<bool, Error> {
    Ok(run(host, Instant::now() + time, std::future::pending::<()>())? == Err(Stopped::Interrupted))
}

/// Does `work` with the runtime that all calls share.
pub(crate) fn sharing<T>(work: impl FnOnce(&Runtime) -> T) -> Result<T, Error> {
    let runtime = shared()?;
    let outcome = work(&runtime);
    let_go(runtime);
    Ok(outcome)
}

/// Ends the runtime, as soon as nobody drives it, and with it the connections and files that live in it. When a web application
/// was stopped, the JVM unloads its copy of the library, and nobody could close them any more.
pub(crate) fn end() {
    if let Some(runtime) = current().take() {
        let_go(runtime);
    }
}

fn let_go(runtime: Arc<Runtime>) {
    if let Some(last) = Arc::into_inner(runtime) {
        // Does not wait for a name look-up that is stuck.
        last.shutdown_background();
    }
}

fn current() -> MutexGuard<'static, Option<Arc<Runtime>>> {
    static CURRENT: Mutex<Option<Arc<Runtime>>> = Mutex::new(None);
    CURRENT.lock().unwrap_or_else(PoisonError::into_inner)
}

fn shared() -> Result<Arc<Runtime>, Error> {
    let mut current = current();
    if let Some(runtime) = &*current {
        return Ok(Arc::clone(runtime));
    }
    let runtime = Builder::new_current_thread()
        .enable_io()
        .enable_time()
        // Only getaddrinfo runs on a thread, and the thread goes as soon as the name is known.
        .max_blocking_threads(4)
        .thread_keep_alive(Duration::from_millis(1))
        .thread_name("vault-cipher-dns")
        .build()
        .map_err(|e| Error::Internal(format!("the I/O driver cannot be set up: {e}")))?;
    let runtime = Arc::new(runtime);
    *current = Some(Arc::clone(&runtime));
    Ok(runtime)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::tests::MapHost;

    #[test]
    fn a_deadline_ends_a_wait() {
        let start = Instant::now();
        let outcome = run(&MapHost::default(), start + Duration::from_millis(250), std::future::pending::<()>()).unwrap();
        assert_eq!(outcome, Err(Stopped::Late));
        assert!(start.elapsed() >= Duration::from_millis(250) && start.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn several_threads_drive_it_at_once() {
        let tasks: Vec<_> = (0..8)
            .map(|i| {
                std::thread::spawn(move || {
                    let nap = async move {
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        i
                    };
                    run(&MapHost::default(), Instant::now() + Duration::from_secs(10), nap).unwrap()
                })
            })
            .collect();
        for (i, task) in tasks.into_iter().enumerate() {
            assert_eq!(task.join().unwrap(), Ok(i));
        }
    }
}

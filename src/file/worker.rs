//! Work on files that ends in time. A file system may stand still (a network share whose server is away, a FUSE program that is
//! stopped), and no system call on it has a limit. So the work is done on a thread of its own, which is left behind where the time
//! runs out: it ends when the file system answers, or with the process.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How soon an interrupt is noticed.
const INTERRUPT_CHECK: Duration = Duration::from_millis(100);

/// Reading a file needs a few kilobytes.
const STACK: usize = 256 * 1024;

/// Why the work gave nothing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// The time is over.
    Late,
    /// The calling thread was interrupted.
    Interrupted,
}

/// The threads that wait for a file system, counted: the JVM must not unload the library while one runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Workers(Arc<AtomicUsize>);

impl Workers {
    /// Whether one runs.
    pub(crate) fn any_runs(&self) -> bool {
        self.0.load(Ordering::SeqCst) > 0
    }

    /// Does `work`, and waits for it until `deadline`, or until the calling thread is `interrupted`. Where no thread can be started it is
    /// done on this one, without a limit.
    pub(crate) fn within<T: Send + 'static>(
        &self,
        deadline: Instant,
        interrupted: &dyn Fn() -> bool,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Stopped> {
        let work = Arc::new(Mutex::new(Some(work)));
        let take = |work: &Mutex<Option<_>>| work.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (sender, receiver) = sync_channel(1);
        let job = Arc::clone(&work);
        let running = Running::new(self);
        let started = thread::Builder::new().name("vault-cipher-file".to_owned()).stack_size(STACK).spawn(move || {
            let _running = running;
            if let Some(work) = take(&job) {
                // Nobody waits for it any more when this fails.
                drop(sender.send(work()));
            }
        });
        if started.is_err() {
            return take(&work).map(|work| work()).ok_or(Stopped::Late);
        }
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match receiver.recv_timeout(left.min(INTERRUPT_CHECK)) {
                Ok(done) => return Ok(done),
                Err(RecvTimeoutError::Disconnected) => return Err(Stopped::Late),
                Err(RecvTimeoutError::Timeout) if interrupted() => return Err(Stopped::Interrupted),
                Err(RecvTimeoutError::Timeout) if left <= INTERRUPT_CHECK => return Err(Stopped::Late),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

/// Counts a thread for as long as it exists.
struct Running(Workers);

impl Running {
    fn new(workers: &Workers) -> Self {
        workers.0.fetch_add(1, Ordering::SeqCst);
        Self(workers.clone())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_has_its_time_and_no_more() {
        let workers = Workers::default();
        let soon = || Instant::now() + Duration::from_millis(300);
        assert_eq!(workers.within(soon(), &|| false, || 7), Ok(7));
        let (release, held) = sync_channel::<()>(1);
        let start = Instant::now();
        assert_eq!(workers.within(soon(), &|| false, move || held.recv().is_ok()), Err(Stopped::Late));
        assert!(start.elapsed() >= Duration::from_millis(300) && workers.any_runs());
        release.send(()).unwrap();
        let (_release, held) = sync_channel::<()>(1);
        let start = Instant::now();
        let late = Instant::now() + Duration::from_secs(60);
        assert_eq!(workers.within(late, &|| true, move || held.recv().is_ok()), Err(Stopped::Interrupted));
        assert!(start.elapsed() < Duration::from_secs(30));
    }
}

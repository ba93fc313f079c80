//! A clock that tests can set.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What the time is for everything that serves, lasts or idles for a time. Waits for a peer run by the system's own clock.
pub(crate) struct Clock {
    /// How far it is ahead of the system's clock, in milliseconds: zero but in tests.
    ahead: AtomicU64,
    /// Whether this is a test's clock.
    of_test: AtomicBool,
}

impl Clock {
    pub(crate) const fn new() -> Self {
        Self { ahead: AtomicU64::new(0), of_test: AtomicBool::new(false) }
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::now() + Duration::from_millis(self.ahead.load(Ordering::Relaxed))
    }

    /// Whether a test has ever set it, if only to the system's time.
    pub(crate) fn is_of_test(&self) -> bool {
        self.of_test.load(Ordering::Relaxed)
    }

    /// Puts it ahead of the system's clock.
    pub(crate) fn set_ahead(&self, ahead: Duration) {
        self.of_test.store(true, Ordering::Relaxed);
        self.ahead.store(u64::try_from(ahead.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

//! Which secrets a fresh login may not read: so that a host that asks for one over and over does not make a login each time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::secret::Key;

/// For so long a denial counts: policies may change, and then the next login has the new ones.
const SERVES_FOR: Duration = Duration::from_secs(5);

/// A server has a handful of properties.
const MAX_ENTRIES: usize = 64;

/// Secrets, and since when each is known to be denied.
pub(super) struct Denials(Mutex<Vec<(Arc<Key>, Instant)>>);

impl Denials {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// A login that was just made may not read this one.
    pub(super) fn note(&self, location: &Arc<Key>, now: Instant) {
        let mut denials = self.lock();
        denials.retain(|(known, since)| known != location && serves(*since, now));
        if denials.len() == MAX_ENTRIES {
            denials.remove(0);
        }
        denials.push((Arc::clone(location), now));
    }

    /// Whether that was found out a short while ago.
    pub(super) fn has(&self, location: &Arc<Key>, now: Instant) -> bool {
        self.lock().iter().any(|(known, since)| known == location && serves(*since, now))
    }

    /// Forgets all of it.
    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Arc<Key>, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn serves(since: Instant, now: Instant) -> bool {
    now.saturating_duration_since(since) < SERVES_FOR
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denial_counts_for_a_while_and_for_its_secret_only() {
        let denials = Denials::new();
        let (one, two) = (Arc::new(Key::new(["one"])), Arc::new(Key::new(["two"])));
        let now = Instant::now();
        denials.note(&one, now);
        assert!(denials.has(&Arc::new(Key::new(["one"])), now + SERVES_FOR / 2));
        assert!(!denials.has(&two, now));
        assert!(!denials.has(&one, now + SERVES_FOR));
        denials.note(&two, now + SERVES_FOR);
        assert_eq!(denials.lock().len(), 1, "one that is over is still there");
        denials.clear();
        assert!(!denials.has(&two, now + SERVES_FOR));
    }

    #[test]
    fn there_are_never_many() {
        let denials = Denials::new();
        let now = Instant::now();
        for number in 0..3 * MAX_ENTRIES {
            denials.note(&Arc::new(Key::new([number.to_string().as_str()])), now);
        }
        assert_eq!(denials.lock().len(), MAX_ENTRIES);
    }
}

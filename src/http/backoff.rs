//! How long to wait before the next try: exponential, with full jitter, so that a thousand servers that start together do
//! not come back together. Source: <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

/// The ceiling of the first wait; it doubles from try to try.
const FIRST: Duration = Duration::from_millis(500);
/// The ceiling of all ceilings: a Vault that is unsealed, or has a new leader, is noticed within this time.
const MOST: Duration = Duration::from_secs(5);
/// No wait is shorter: a busy loop helps nobody.
const LEAST: Duration = Duration::from_millis(50);

/// The waits of one request.
pub(super) struct Backoff<R = fn() -> f64> {
    ceiling: Duration,
    random: R,
}

impl Backoff {
    pub(super) fn new() -> Self {
        Self { ceiling: FIRST, random: uniform }
    }
}

impl<R: FnMut() -> f64> Backoff<R> {
    /// The next wait.
    pub(super) fn next(&mut self) -> Duration {
        let wait = self.ceiling.mul_f64((self.random)()).max(LEAST);
        self.ceiling = (self.ceiling * 2).min(MOST);
        wait
    }
}

/// A number in [0, 1), from the seed that the standard library draws from the system for each hash map. Not for
/// cryptography, and not used for it.
fn uniform() -> f64 {
    let bits = RandomState::new().build_hasher().finish() >> 11;
    bits as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ceiling_doubles_up_to_its_limit() {
        let mut backoff = Backoff { ceiling: FIRST, random: || 1.0 };
        let waits: Vec<u128> = (0..7).map(|_| backoff.next().as_millis()).collect();
        assert_eq!(waits, [500, 1000, 2000, 4000, 5000, 5000, 5000]);
        let mut backoff = Backoff { ceiling: FIRST, random: || 0.0 };
        assert_eq!(backoff.next(), LEAST);
    }

    #[test]
    fn the_jitter_spreads_over_the_whole_range() {
        let drawn: Vec<f64> = (0..1000).map(|_| uniform()).collect();
        assert!(drawn.iter().all(|x| (0.0..1.0).contains(x)));
        let mean = drawn.iter().sum::<f64>() / 1000.0;
        assert!((0.4..0.6).contains(&mean), "{mean}");
        assert!(drawn.iter().any(|x| *x < 0.1) && drawn.iter().any(|x| *x > 0.9));
    }
}

//! How long to wait before the next try: exponential, with full jitter, so that a thousand servers that start together do
//! not come back together. Source: <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>. What it does
//! for a thousand of them is measured: docs/fleet.md.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use crate::client::retry::Retry;

/// The ceiling of the first wait; it doubles from try to try.
const INITIAL_WAIT: Duration = Duration::from_millis(500);
/// The same at a rate limit, which is there because too many ask at once. Vault's limits most often count by the second, so
/// that a shorter wait is refused again.
const INITIAL_WAIT_AT_RATE_LIMIT: Duration = Duration::from_secs(2);
/// The ceiling of all ceilings: a Vault that is unsealed, or has a new leader, is noticed within this time.
const MAX_WAIT: Duration = Duration::from_secs(5);
/// No wait is shorter than this, so that no busy loop arises.
const MIN_WAIT: Duration = Duration::from_millis(50);

/// What is kept of the budget for a last try, or a quarter of a short one.
const LAST_TRY_RESERVE: Duration = Duration::from_secs(1);
/// The time over which last tries are spread, or an eighth of a short budget: those who started together have the same end.
const LAST_TRY_SPREAD: Duration = Duration::from_secs(4);

/// The waits of one request.
pub(super) struct Backoff<R = fn() -> f64> {
    budget: Duration,
    ceiling: Duration,
    /// Whether the try that the end of the budget brings forward was made.
    last: bool,
    random: R,
}

impl Backoff {
    /// Within `budget`, the time for everything.
    pub(super) fn new(budget: Duration) -> Self {
        Self { budget, ceiling: INITIAL_WAIT, last: false, random: uniform }
    }
}

impl<R: FnMut() -> f64> Backoff<R> {
    /// The next wait, when `left` is left of the budget; `None`: there is no time for one.
    pub(super) fn next(&mut self, again: &Retry, left: Duration) -> Option<Duration> {
        let ceiling = if again.limited { self.ceiling.max(INITIAL_WAIT_AT_RATE_LIMIT) } else { self.ceiling };
        self.ceiling = (ceiling * 2).min(MAX_WAIT);
        // Clients that the server tells the same second would all come back in that second: up to as much again, at random.
        let asked = again.after.unwrap_or_default();
        let wait = asked + ceiling.max(asked.min(MAX_WAIT)).mul_f64((self.random)()).max(MIN_WAIT);
        if wait < left {
            return Some(wait);
        }
        // The last part of the budget is not slept through.
        if std::mem::replace(&mut self.last, true) {
            return None;
        }
        let latest = left.saturating_sub(LAST_TRY_RESERVE.min(self.budget / 4));
        let earlier = LAST_TRY_SPREAD.min(self.budget / 8).mul_f64((self.random)());
        let least = if asked < latest { asked } else { Duration::ZERO };
        Some(latest.saturating_sub(earlier).max(least)).filter(|wait| !wait.is_zero())
    }
}

/// A number in [0, 1), from the seed that the standard library draws from the system for each hash map. Not for
/// cryptography, and not used for it.
pub(crate) fn uniform() -> f64 {
    let bits = RandomState::new().build_hasher().finish() >> 11;
    bits as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: Duration = Duration::from_secs(60);

    fn backoff(random: f64) -> Backoff<impl FnMut() -> f64> {
        Backoff { budget: BUDGET, ceiling: INITIAL_WAIT, last: false, random: move || random }
    }

    fn again(limited: bool, after: Option<u64>) -> Retry {
        Retry { reason: String::new(), after: after.map(Duration::from_secs), limited, only_for: None }
    }

    fn waits(random: f64, again: &Retry, times: usize) -> Vec<u128> {
        let mut backoff = backoff(random);
        (0..times).map(|_| backoff.next(again, BUDGET).unwrap().as_millis()).collect()
    }

    #[test]
    fn the_ceiling_doubles_up_to_its_limit() {
        assert_eq!(waits(1.0, &again(false, None), 7), [500, 1000, 2000, 4000, 5000, 5000, 5000]);
        assert_eq!(waits(0.0, &again(false, None), 2), [50, 50]);
        assert_eq!(waits(1.0, &again(true, None), 4), [2000, 4000, 5000, 5000]);
        let mut mixed = backoff(1.0);
        let kinds = [false, false, true, false].map(|limited| mixed.next(&again(limited, None), BUDGET).unwrap().as_millis());
        assert_eq!(kinds, [500, 1000, 2000, 4000]);
    }

    #[test]
    fn what_the_server_asks_for_is_the_least_and_not_the_same_for_all() {
        assert_eq!(waits(0.0, &again(true, Some(9)), 1), [9050]);
        assert_eq!(waits(1.0, &again(true, Some(9)), 1), [14000]);
        assert_eq!(waits(1.0, &again(false, Some(3)), 1), [6000]);
        assert_eq!(waits(0.5, &again(false, Some(0)), 1), [250]);
    }

    #[test]
    fn the_end_of_the_budget_brings_one_try_forward_and_not_for_all_at_once() {
        let seconds = |random: f64, asked, left: f32| {
            let mut backoff = backoff(random);
            let first = backoff.next(&again(false, asked), Duration::from_secs_f32(left)).map(|wait| wait.as_secs_f32());
            assert_eq!(backoff.next(&again(false, Some(60)), Duration::from_secs(1)), None, "a second last try");
            first
        };
        assert_eq!(seconds(0.0, Some(3600), 50.0), Some(49.0));
        assert_eq!(seconds(1.0, Some(3600), 50.0), Some(45.0));
        assert_eq!(seconds(0.5, Some(3600), 50.0), Some(47.0));
        // Not before what was asked for, where that is possible.
        assert_eq!(seconds(1.0, Some(48), 50.0), Some(48.0));
        assert_eq!(seconds(1.0, None, 0.25), None);
    }

    #[test]
    fn a_short_budget_has_its_last_try_near_its_end_as_well() {
        let last = |random: f64| {
            let mut backoff =
                Backoff { budget: Duration::from_secs(2), ceiling: INITIAL_WAIT, last: false, random: move || random };
            backoff.next(&again(false, Some(60)), Duration::from_secs(2)).unwrap().as_millis()
        };
        assert_eq!((last(0.0), last(1.0)), (1500, 1250));
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

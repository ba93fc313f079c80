//! What several threads need and one of them gets: the others wait for it, and whoever comes soon after takes what is there.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::host::Host;
use crate::secret::Secret;

/// How soon a waiting thread notices an interrupt.
const INTERRUPT_CHECK: Duration = Duration::from_millis(100);

/// A server has a handful of properties; more are the tests of a lifetime.
const MAX_ENTRIES: usize = 256;

/// Values by key, each kept for a time. Keys may hold credentials.
pub(super) struct SingleFlight<V: Clone>(Mutex<Vec<Entry<V>>>);

struct Entry<V: Clone> {
    key: Secret,
    flight: Arc<Flight<V>>,
}

/// The getting of one value.
struct Flight<V> {
    state: Mutex<State<V>>,
    landed: Condvar,
}

enum State<V> {
    Pending,
    Ready {
        value: V,
        until: Instant,
    },
    Failed(Box<Error>),
    /// Whoever was getting it was stopped for a reason of its own.
    Abandoned,
}

/// A value, and how it came.
pub(super) struct Fetched<V> {
    pub(super) value: V,
    /// It serves until then.
    pub(super) until: Instant,
    /// It was there before the question; false also for whoever waited for it.
    pub(super) reused: bool,
}

impl<V: Clone> SingleFlight<V> {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// The value of `key`. `get` makes it, with the time until which it serves, unless it is there or another thread is at it;
    /// a failure is that of all who wait. A thread that is interrupted waits no longer: the error is `interrupted`'s.
    pub(super) fn get(
        &self,
        key: &str,
        host: &dyn Host,
        interrupted: impl Fn() -> Error,
        get: impl FnOnce() -> Result<(V, Instant), Error>,
    ) -> Result<Fetched<V>, Error> {
        let mut waited = false;
        loop {
            let (flight, mine) = self.join(key);
            if mine {
                return self.fly(key, &flight, get);
            }
            let mut state = lock(&flight.state);
            while matches!(*state, State::Pending) {
                waited = true;
                state = flight.landed.wait_timeout(state, INTERRUPT_CHECK).unwrap_or_else(PoisonError::into_inner).0;
                if matches!(*state, State::Pending) && host.interrupted() {
                    return Err(interrupted());
                }
            }
            match &*state {
                // What was waited for serves this once, however short its time is.
                State::Ready { value, until } if waited || *until > Instant::now() => {
                    return Ok(Fetched { value: value.clone(), until: *until, reused: !waited });
                }
                State::Failed(error) => return Err(Error::clone(error)),
                State::Ready { .. } | State::Abandoned | State::Pending => {}
            }
            drop(state);
            self.remove(key, &flight);
        }
    }

    /// The value of `key`, if it is there.
    pub(super) fn peek(&self, key: &str) -> Option<V> {
        let entries = lock(&self.0);
        let entry = entries.iter().find(|entry| entry.key.expose() == key)?;
        match &*lock(&entry.flight.state) {
            State::Ready { value, until } if *until > Instant::now() => Some(value.clone()),
            _ => None,
        }
    }

    /// Keeps a value that was made elsewhere.
    pub(super) fn put(&self, key: &str, value: V, until: Instant) {
        let state = State::Ready { value, until };
        let flight = Arc::new(Flight { state: Mutex::new(state), landed: Condvar::new() });
        let mut entries = lock(&self.0);
        entries.retain(|entry| entry.key.expose() != key);
        add(&mut entries, key, flight);
    }

    /// Forgets the value of `key` if it is the one that `is_it` knows: there may be a newer one.
    pub(super) fn forget(&self, key: &str, is_it: impl Fn(&V) -> bool) {
        lock(&self.0).retain(|entry| {
            entry.key.expose() != key || !matches!(&*lock(&entry.flight.state), State::Ready { value, .. } if is_it(value))
        });
    }

    /// Forgets what no longer serves; when the next value's time is over, if there is one.
    pub(super) fn expire(&self) -> Option<Instant> {
        let now = Instant::now();
        let mut next = None;
        lock(&self.0).retain(|entry| match &*lock(&entry.flight.state) {
            State::Ready { until, .. } if *until > now => {
                next = Some(next.map_or(*until, |next: Instant| next.min(*until)));
                true
            }
            State::Pending => true,
            _ => false,
        });
        next
    }

    /// Forgets everything.
    pub(super) fn clear(&self) {
        lock(&self.0).retain(|entry| matches!(&*lock(&entry.flight.state), State::Pending));
    }

    /// The flight for `key`, and whether it is the caller's to make.
    fn join(&self, key: &str) -> (Arc<Flight<V>>, bool) {
        let mut entries = lock(&self.0);
        if let Some(entry) = entries.iter().find(|entry| entry.key.expose() == key) {
            return (Arc::clone(&entry.flight), false);
        }
        let flight = Arc::new(Flight { state: Mutex::new(State::Pending), landed: Condvar::new() });
        add(&mut entries, key, Arc::clone(&flight));
        (flight, true)
    }

    fn fly(
        &self,
        key: &str,
        flight: &Arc<Flight<V>>,
        get: impl FnOnce() -> Result<(V, Instant), Error>,
    ) -> Result<Fetched<V>, Error> {
        // Also when `get` panics: nobody may wait for ever.
        let guard = FlightGuard(flight);
        let outcome = get();
        match &outcome {
            Ok((value, until)) => guard.with(State::Ready { value: value.clone(), until: *until }),
            Err(error) => {
                self.remove(key, flight);
                let own = matches!(error, Error::Interrupted { .. });
                guard.with(if own { State::Abandoned } else { State::Failed(Box::new(error.clone())) });
            }
        }
        outcome.map(|(value, until)| Fetched { value, until, reused: false })
    }

    fn remove(&self, key: &str, flight: &Arc<Flight<V>>) {
        lock(&self.0).retain(|entry| !(Arc::ptr_eq(&entry.flight, flight) && entry.key.expose() == key));
    }
}

fn add<V: Clone>(entries: &mut Vec<Entry<V>>, key: &str, flight: Arc<Flight<V>>) {
    if entries.len() >= MAX_ENTRIES {
        entries.remove(0);
    }
    entries.push(Entry { key: Secret::new(key.to_owned()), flight });
}

/// Ends a flight, whatever happens.
struct FlightGuard<'a, V>(&'a Flight<V>);

impl<V> FlightGuard<'_, V> {
    fn with(&self, state: State<V>) {
        *lock(&self.0.state) = state;
    }
}

impl<V> Drop for FlightGuard<'_, V> {
    fn drop(&mut self) {
        let mut state = lock(&self.0.state);
        if matches!(*state, State::Pending) {
            *state = State::Abandoned;
        }
        self.0.landed.notify_all();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::*;
    use crate::host::tests::MapHost;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    fn never() -> Error {
        panic!("nobody is interrupted")
    }

    #[test]
    fn one_of_many_gets_it_and_the_others_take_it() {
        let shared: SingleFlight<usize> = SingleFlight::new();
        let made = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..64 {
                scope.spawn(|| {
                    let get = || {
                        thread::sleep(Duration::from_millis(50));
                        Ok((made.fetch_add(1, Ordering::SeqCst), soon()))
                    };
                    assert_eq!(shared.get("a", &MapHost::default(), never, get).unwrap().value, 0);
                });
            }
        });
        assert_eq!(made.load(Ordering::SeqCst), 1);
        assert!(shared.get("a", &MapHost::default(), never, || panic!("it is there")).unwrap().reused);
        assert!(!shared.get("b", &MapHost::default(), never, || Ok((7, soon()))).unwrap().reused);
    }

    #[test]
    fn a_failure_is_that_of_all_who_waited_and_of_nobody_after() {
        let shared: SingleFlight<usize> = SingleFlight::new();
        let made = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let get = || {
                        made.fetch_add(1, Ordering::SeqCst);
                        thread::sleep(Duration::from_millis(200));
                        Err(Error::Internal("no".to_owned()))
                    };
                    assert!(matches!(shared.get("a", &MapHost::default(), never, get), Err(Error::Internal(_))));
                });
            }
        });
        assert_eq!(made.load(Ordering::SeqCst), 1);
        assert_eq!(shared.get("a", &MapHost::default(), never, || Ok((1, soon()))).unwrap().value, 1);
    }

    #[test]
    fn after_a_panic_or_an_interrupt_another_thread_goes_on() {
        let shared: SingleFlight<usize> = SingleFlight::new();
        thread::scope(|scope| {
            let stopped = scope.spawn(|| {
                let _ = shared.get("a", &MapHost::default(), never, || {
                    thread::sleep(Duration::from_millis(100));
                    panic!("on purpose")
                });
            });
            thread::sleep(Duration::from_millis(30));
            assert_eq!(shared.get("a", &MapHost::default(), never, || Ok((2, soon()))).unwrap().value, 2);
            assert!(stopped.join().is_err());
        });
    }

    #[test]
    fn a_value_serves_for_its_time_only() {
        let shared: SingleFlight<usize> = SingleFlight::new();
        let host = MapHost::default();
        shared.put("a", 1, Instant::now());
        assert!(shared.peek("a").is_none());
        let second = shared.get("a", &host, never, || Ok((2, soon()))).unwrap();
        assert_eq!((second.value, second.reused), (2, false));
        assert_eq!(shared.peek("a"), Some(2));
        assert!(shared.expire().is_some());
        shared.forget("a", |value| *value == 1);
        assert!(shared.peek("a").is_some(), "another value was to be forgotten");
        shared.forget("a", |value| *value == 2);
        assert!(shared.peek("a").is_none() && shared.expire().is_none());
    }
}

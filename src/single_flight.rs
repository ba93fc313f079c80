//! What several threads need and one of them gets: the others wait for it, and later calls take what is there.
//!
//! The thread that gets a value may call into the host on the way (a warning, a question to Java), and the host may run any
//! code there: a log handler that reads a secret itself, or that waits for a lock which a waiting thread holds. So a thread
//! never waits for its own flight, no thread waits for a flight that is held up in the host, and every wait has a deadline.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::event::Event;
use crate::host::{Environment, Host};
use crate::secret::Key;

/// How soon a waiting thread notices an interrupt.
const INTERRUPT_CHECK: Duration = Duration::from_millis(100);

/// How long the flight's thread may be in one call into the host before the others no longer wait for it. A log line takes
/// far less; the JVM's trust manager takes half a second.
const MAX_HOST_CALL: Duration = Duration::from_secs(1);

/// A server has a handful of properties; more are the tests of a lifetime.
const MAX_ENTRIES: usize = 256;

/// Values by key, each kept for a time.
pub(crate) struct SingleFlight<V>(Mutex<Vec<Entry<V>>>);

struct Entry<V> {
    key: Arc<Key>,
    flight: Arc<Flight<V>>,
}

/// The getting of one value.
struct Flight<V> {
    state: Mutex<State<V>>,
    changed: Condvar,
}

enum State<V> {
    Pending {
        owner: ThreadId,
        /// Since when the owner is in a call into the host.
        in_host: Option<Instant>,
    },
    Ready {
        value: V,
        until: Instant,
    },
    Failed(Box<Error>),
    /// The owner was stopped for a reason of its own.
    Abandoned,
}

/// A value, and how it came.
pub(crate) struct Fetched<V> {
    pub(crate) value: V,
    /// It was there before the question; false also for a thread that waited for it.
    pub(crate) reused: bool,
}

/// A thread that may have to wait.
pub(crate) struct Waiter<'a> {
    pub(crate) host: &'a dyn Host,
    /// What the time is for values that serve for a time.
    pub(crate) now: Instant,
    /// When it waits no longer.
    pub(crate) deadline: Instant,
    /// The error of a wait that ended without an outcome.
    pub(crate) given_up: &'a dyn Fn(GivenUp) -> Error,
}

/// Why a thread waits no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GivenUp {
    Interrupted,
    TimedOut,
}

/// What became of another thread's flight.
enum Outcome<V> {
    Fetched(Fetched<V>),
    Failed(Box<Error>),
    /// There is nothing to take: the next thread is to get it.
    Nothing,
    /// It must not be waited for.
    HeldUp,
}

impl<V: Clone> SingleFlight<V> {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// The value of `key`. `get` makes it, with the time until which it serves, unless it is there or another thread is at it;
    /// a failure is that of all who wait. `get` has to use the host that it is given.
    ///
    /// # Errors
    ///
    /// What `get` failed with, here or in the thread that was waited for, or what the waiter gives up with.
    pub(crate) fn get(
        &self,
        key: &Arc<Key>,
        waiter: &Waiter<'_>,
        get: impl FnOnce(&dyn Host) -> Result<(V, Instant), Error>,
    ) -> Result<Fetched<V>, Error> {
        loop {
            let (flight, mine) = self.join(key);
            if mine {
                return self.fly(&flight, waiter.host, get);
            }
            match flight.wait(waiter)? {
                Outcome::Fetched(fetched) => return Ok(fetched),
                Outcome::Failed(error) => return Err(*error),
                Outcome::HeldUp => {
                    let (value, _) = get(waiter.host)?;
                    return Ok(Fetched { value, reused: false });
                }
                Outcome::Nothing => self.remove(&flight),
            }
        }
    }

    /// The value of `key`, if it is there.
    pub(crate) fn peek(&self, key: &Key, now: Instant) -> Option<V> {
        let entries = self.entries();
        let entry = entries.iter().find(|entry| *entry.key == *key)?;
        match &*lock(&entry.flight.state) {
            State::Ready { value, until } if *until > now => Some(value.clone()),
            _ => None,
        }
    }

    /// Forgets the value of `key` if it is the one that `is_it` knows: there may be a newer one.
    pub(crate) fn forget(&self, key: &Key, is_it: impl Fn(&V) -> bool) {
        self.entries().retain(|entry| {
            *entry.key != *key || !matches!(&*lock(&entry.flight.state), State::Ready { value, .. } if is_it(value))
        });
    }

    /// Forgets what no longer serves; when the next value's time is over, if there is one.
    pub(crate) fn expire(&self, now: Instant) -> Option<Instant> {
        let mut next: Option<Instant> = None;
        self.entries().retain(|entry| match &*lock(&entry.flight.state) {
            State::Ready { until, .. } if *until > now => {
                next = Some(next.map_or(*until, |next| next.min(*until)));
                true
            }
            State::Pending { .. } => true,
            _ => false,
        });
        next
    }

    /// Forgets every value.
    pub(crate) fn clear(&self) {
        self.entries().retain(|entry| matches!(&*lock(&entry.flight.state), State::Pending { .. }));
    }

    /// The flight for `key`, and whether it is the caller's to make.
    fn join(&self, key: &Arc<Key>) -> (Arc<Flight<V>>, bool) {
        let mut entries = self.entries();
        if let Some(entry) = entries.iter().find(|entry| entry.key == *key) {
            return (Arc::clone(&entry.flight), false);
        }
        if entries.len() >= MAX_ENTRIES {
            entries.remove(0);
        }
        let state = State::Pending { owner: thread::current().id(), in_host: None };
        let flight = Arc::new(Flight { state: Mutex::new(state), changed: Condvar::new() });
        entries.push(Entry { key: Arc::clone(key), flight: Arc::clone(&flight) });
        (flight, true)
    }

    fn fly(
        &self,
        flight: &Arc<Flight<V>>,
        host: &dyn Host,
        get: impl FnOnce(&dyn Host) -> Result<(V, Instant), Error>,
    ) -> Result<Fetched<V>, Error> {
        // Also when `get` panics: no thread may wait without an end.
        let guard = FlightGuard(flight);
        let outcome = get(&HostInFlight { host, flight });
        match &outcome {
            Ok((value, until)) => guard.end(State::Ready { value: value.clone(), until: *until }),
            Err(error) => {
                self.remove(flight);
                guard.end(if error.is_interrupted() { State::Abandoned } else { State::Failed(Box::new(error.clone())) });
            }
        }
        outcome.map(|(value, _)| Fetched { value, reused: false })
    }

    fn remove(&self, flight: &Arc<Flight<V>>) {
        self.entries().retain(|entry| !Arc::ptr_eq(&entry.flight, flight));
    }

    fn entries(&self) -> MutexGuard<'_, Vec<Entry<V>>> {
        lock(&self.0)
    }
}

impl<V: Clone> Flight<V> {
    fn wait(&self, waiter: &Waiter<'_>) -> Result<Outcome<V>, Error> {
        let mut waited = false;
        loop {
            let mut state = lock(&self.state);
            match &*state {
                // What was waited for serves this once, however short its time is.
                State::Ready { value, until } if waited || *until > waiter.now => {
                    return Ok(Outcome::Fetched(Fetched { value: value.clone(), reused: !waited }));
                }
                State::Failed(error) => return Ok(Outcome::Failed(error.clone())),
                State::Ready { .. } | State::Abandoned => return Ok(Outcome::Nothing),
                State::Pending { owner, .. } if *owner == thread::current().id() => return Ok(Outcome::HeldUp),
                State::Pending { in_host: Some(since), .. } if since.elapsed() >= MAX_HOST_CALL => return Ok(Outcome::HeldUp),
                State::Pending { .. } => {}
            }
            let left = waiter.deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                drop(state);
                return Err((waiter.given_up)(GivenUp::TimedOut));
            }
            waited = true;
            state = self.changed.wait_timeout(state, INTERRUPT_CHECK.min(left)).unwrap_or_else(PoisonError::into_inner).0;
            let pending = matches!(*state, State::Pending { .. });
            drop(state);
            if pending && waiter.host.interrupted() {
                return Err((waiter.given_up)(GivenUp::Interrupted));
            }
        }
    }
}

impl<V> Flight<V> {
    /// A call of the flight's thread into the host, which the others can tell from work.
    fn in_host<T>(&self, call: impl FnOnce() -> T) -> T {
        self.mark(Some(Instant::now()));
        let outcome = call();
        self.mark(None);
        outcome
    }

    fn mark(&self, since: Option<Instant>) {
        if let State::Pending { in_host, .. } = &mut *lock(&self.state) {
            *in_host = since;
        }
    }
}

/// The host of the flight's thread.
struct HostInFlight<'a, V> {
    host: &'a dyn Host,
    flight: &'a Flight<V>,
}

impl<V> Host for HostInFlight<'_, V> {
    fn environment(&self) -> &Environment {
        self.host.environment()
    }

    fn trusted_certificates(&self) -> Result<Vec<Vec<u8>>, String> {
        self.flight.in_host(|| self.host.trusted_certificates())
    }

    fn trusts_chain(&self, chain: &[Vec<u8>], named: &[Vec<u8>]) -> Result<(), String> {
        self.flight.in_host(|| self.host.trusts_chain(chain, named))
    }

    fn warn(&self, message: &str) {
        self.flight.in_host(|| self.host.warn(message));
    }

    fn wants_events(&self) -> bool {
        self.host.wants_events()
    }

    fn event(&self, event: &Event<'_>) {
        self.flight.in_host(|| self.host.event(event));
    }

    fn interrupted(&self) -> bool {
        self.host.interrupted()
    }

    fn start_keeper(&self) -> bool {
        self.flight.in_host(|| self.host.start_keeper())
    }
}

/// Ends a flight, whatever happens.
struct FlightGuard<'a, V>(&'a Flight<V>);

impl<V> FlightGuard<'_, V> {
    fn end(&self, state: State<V>) {
        *lock(&self.0.state) = state;
    }
}

impl<V> Drop for FlightGuard<'_, V> {
    fn drop(&mut self) {
        let mut state = lock(&self.0.state);
        if matches!(*state, State::Pending { .. }) {
            *state = State::Abandoned;
        }
        drop(state);
        self.0.changed.notify_all();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Barrier, mpsc};

use super::*;
use crate::host::tests::MapHost;

const MINUTE: Duration = Duration::from_secs(60);

fn soon() -> Instant {
    Instant::now() + MINUTE
}

fn key(text: &str) -> Arc<Key> {
    Arc::new(Key::new([text]))
}

/// Gets the value on a host of its own, with a minute to wait.
fn get(
    flights: &SingleFlight<usize>,
    name: &str,
    make: impl FnOnce(&dyn Host) -> Result<(usize, Instant), Error>,
) -> Result<Fetched<usize>, Error> {
    on(flights, name, &MapHost::default(), soon(), make)
}

fn on(
    flights: &SingleFlight<usize>,
    name: &str,
    host: &dyn Host,
    deadline: Instant,
    make: impl FnOnce(&dyn Host) -> Result<(usize, Instant), Error>,
) -> Result<Fetched<usize>, Error> {
    let given_up = |why| Error::internal(format!("{why:?}"));
    flights.get(&key(name), &Waiter { host, now: Instant::now(), deadline, given_up: &given_up }, make)
}

fn value(fetched: Result<Fetched<usize>, Error>) -> usize {
    fetched.map(|fetched| fetched.value).unwrap()
}

/// A host whose log handler does something.
struct Logging<'a>(Environment, &'a (dyn Fn() + Sync));

impl Host for Logging<'_> {
    fn environment(&self) -> &Environment {
        &self.0
    }

    fn warn(&self, _: &str) {
        (self.1)();
    }

    fn interrupted(&self) -> bool {
        false
    }
}

/// Answers every question of the trait otherwise than its defaults do.
struct Answering(Environment, RefCell<Vec<String>>);

impl Host for Answering {
    fn environment(&self) -> &Environment {
        &self.0
    }

    fn trusted_certificates(&self) -> Result<Vec<Vec<u8>>, String> {
        Ok(vec![vec![7]])
    }

    fn trusts_chain(&self, chain: &[Vec<u8>], named: &[Vec<u8>]) -> Result<(), String> {
        if chain.len() > named.len() { Ok(()) } else { Err("no".to_owned()) }
    }

    fn warn(&self, _: &str) {}

    fn wants_events(&self) -> bool {
        true
    }

    fn event(&self, event: &Event<'_>) {
        self.1.borrow_mut().push(event.to_string());
    }

    fn interrupted(&self) -> bool {
        true
    }

    fn start_keeper(&self) -> bool {
        true
    }
}

#[test]
fn the_host_of_a_flight_answers_as_the_host() {
    let host = Answering(Environment::default().with_variable("VAULT_ADDR", "a"), RefCell::default());
    let outcome = on(&SingleFlight::new(), "a", &host, soon(), |in_flight| {
        assert!(in_flight.environment() == host.environment());
        assert_eq!(in_flight.trusted_certificates(), Ok(vec![vec![7]]));
        assert_eq!(in_flight.trusts_chain(&[vec![1]], &[]), Ok(()));
        assert_eq!(in_flight.trusts_chain(&[], &[]), Err("no".to_owned()));
        assert!(in_flight.interrupted() && in_flight.start_keeper() && in_flight.wants_events());
        in_flight.event(&Event::Library { version: "7" });
        assert_eq!(host.1.take(), ["library: vault-cipher 7"]);
        Ok((1, soon()))
    });
    assert_eq!(value(outcome), 1);
}

#[test]
fn one_of_many_gets_it_and_the_others_take_it() {
    let flights = SingleFlight::new();
    let made = AtomicUsize::new(0);
    let all = Barrier::new(64);
    thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| {
                all.wait();
                assert_eq!(value(get(&flights, "a", |_| Ok((made.fetch_add(1, Ordering::SeqCst), soon())))), 0);
            });
        }
    });
    assert_eq!(made.load(Ordering::SeqCst), 1);
    assert!(get(&flights, "a", |_| panic!("it is there")).unwrap().reused);
    assert!(!get(&flights, "b", |_| Ok((7, soon()))).unwrap().reused);
}

#[test]
fn a_failure_is_that_of_all_who_waited_and_of_no_later_call() {
    let flights = SingleFlight::new();
    let in_flight = Barrier::new(2);
    let waits = AtomicBool::new(false);
    thread::scope(|scope| {
        let first = scope.spawn(|| {
            get(&flights, "a", |_| {
                in_flight.wait();
                while !waits.load(Ordering::SeqCst) {
                    thread::yield_now();
                }
                // The other thread has to get from here into its wait.
                thread::sleep(Duration::from_millis(50));
                Err(Error::internal("no"))
            })
            .is_err()
        });
        in_flight.wait();
        waits.store(true, Ordering::SeqCst);
        let error = get(&flights, "a", |_| panic!("another thread is at it")).err().unwrap();
        assert!(first.join().unwrap() && error.to_string().contains("no"));
    });
    assert_eq!(value(get(&flights, "a", |_| Ok((1, soon())))), 1);
}

#[test]
fn after_a_panic_another_thread_goes_on() {
    let flights = SingleFlight::new();
    let in_flight = Barrier::new(2);
    thread::scope(|scope| {
        let panics = scope.spawn(|| {
            let _ = get(&flights, "a", |_| {
                in_flight.wait();
                thread::sleep(Duration::from_millis(50));
                panic!("on purpose")
            });
        });
        in_flight.wait();
        assert_eq!(value(get(&flights, "a", |_| Ok((2, soon())))), 2);
        assert!(panics.join().is_err());
    });
}

#[test]
fn a_value_serves_for_its_time_only() {
    let flights = SingleFlight::new();
    let now = Instant::now();
    get(&flights, "a", |_| Ok((1, now))).unwrap();
    assert!(flights.peek(&key("a"), now).is_none());
    let second = get(&flights, "a", |_| Ok((2, soon()))).unwrap();
    assert_eq!((second.value, second.reused), (2, false));
    assert_eq!(flights.peek(&key("a"), now), Some(2));
    assert!(flights.expire(now).is_some() && flights.expire(now + 2 * MINUTE).is_none());
    get(&flights, "a", |_| Ok((3, soon()))).unwrap();
    flights.forget(&key("a"), |value| *value == 1);
    assert!(flights.peek(&key("a"), now).is_some(), "another value was to be forgotten");
    flights.forget(&key("a"), |value| *value == 3);
    assert!(flights.peek(&key("a"), now).is_none());
}

#[test]
fn a_log_handler_that_asks_for_the_same_value_gets_it() {
    let flights = SingleFlight::new();
    let inner = AtomicUsize::new(0);
    let handler = || {
        inner.store(value(get(&flights, "a", |_| Ok((5, soon())))), Ordering::SeqCst);
    };
    let outer = on(&flights, "a", &Logging(Environment::default(), &handler), soon(), |host| {
        host.warn("");
        Ok((4, soon()))
    });
    assert_eq!((value(outer), inner.load(Ordering::SeqCst)), (4, 5));
}

#[test]
fn a_log_handler_that_waits_for_a_waiting_thread_holds_nobody_up() {
    let flights = SingleFlight::new();
    let done = AtomicBool::new(false);
    let in_handler = Barrier::new(2);
    let handler = || {
        in_handler.wait();
        while !done.load(Ordering::SeqCst) {
            thread::yield_now();
        }
    };
    thread::scope(|scope| {
        let blocked = scope.spawn(|| {
            on(&flights, "a", &Logging(Environment::default(), &handler), soon(), |host| {
                host.warn("");
                Ok((1, soon()))
            })
        });
        in_handler.wait();
        assert_eq!(value(get(&flights, "a", |_| Ok((2, soon())))), 2);
        done.store(true, Ordering::SeqCst);
        assert_eq!(value(blocked.join().unwrap()), 1);
    });
}

#[test]
fn no_thread_waits_longer_than_its_deadline() {
    let flights = SingleFlight::new();
    let started = Barrier::new(2);
    let (end, ended) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let flights = &flights;
        let started = &started;
        scope.spawn(move || {
            get(flights, "a", |_| {
                started.wait();
                ended.recv().unwrap();
                Ok((1, soon()))
            })
        });
        started.wait();
        let deadline = Instant::now() + Duration::from_millis(20);
        let late = on(flights, "a", &MapHost::default(), deadline, |_| panic!("another thread is at it"));
        assert!(late.err().unwrap().to_string().contains("TimedOut"));
        end.send(()).unwrap();
    });
}

#[test]
fn the_oldest_value_makes_room() {
    let flights = SingleFlight::new();
    let start = Instant::now();
    // A slow machine, or Miri, must not take so long that the first of them end.
    let mut until = start + 10_000 * MINUTE;
    for i in 0..=MAX_ENTRIES {
        until += MINUTE;
        get(&flights, &i.to_string(), |_| Ok((i, until))).unwrap();
    }
    assert_eq!(flights.entries().len(), MAX_ENTRIES);
    assert!(flights.peek(&key("0"), start).is_none() && flights.peek(&key("1"), start).is_some());
}

//! When a start-up is over. What its calls share is retained until nothing was asked for a while, or the web application stops;
//! a thread of the host, the keeper, sees to its end.
//!
//! Pure: events and the time in, what to do out. [`crate::service::Service`] does it.

use std::time::{Duration, Instant};

/// After so long without a call the start-up is over.
pub(super) const IDLE: Duration = Duration::from_secs(5);

/// The keeper looks again after so long at the latest: calls come while it waits, and leases that are due soon.
pub(super) const MAX_WAIT: Duration = Duration::from_secs(1);

/// No wait of the keeper is shorter.
const MIN_WAIT: Duration = Duration::from_millis(1);

/// The calls that are under way, and the keeper.
pub(super) struct Lifetime {
    calls: usize,
    /// When the last call ended.
    last_call: Option<Instant>,
    keeper: Keeper,
    /// How many threads revoke tokens at the moment.
    ending: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Keeper {
    None,
    /// A call asks the host for it. Others rely on it already: if there will be none, that call's end does its work.
    Starting,
    Running,
}

/// What happened.
#[derive(Debug, Clone, Copy)]
pub(super) enum Event {
    /// The host called.
    CallBegan,
    /// There is something to retain beyond the call.
    KeeperWanted,
    /// Whether the host has started the keeper.
    KeeperStarted(bool),
    /// A call ended.
    CallEnded,
    /// A turn of the keeper: whether everything is due, and when the next secret or lease is.
    Tick { stopping: bool, due: Option<Instant> },
    /// The tokens that [`Action::End`] took out of use are revoked.
    Revoked,
    /// The same in a turn of the keeper: whether this was its last, and when the next secret or lease is due.
    TurnDone { stopping: bool, due: Option<Instant> },
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// Nothing.
    Continue,
    /// Ask the host for the keeper.
    StartKeeper,
    /// The next turn of the keeper comes after this time.
    Wait(Duration),
    /// Take the logins out of use and revoke their tokens; [`Event::Revoked`] must follow.
    End(Extent),
    /// The keeper's thread ends.
    Done,
}

/// What ends with the logins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// Secrets that serve longer and leases that are renewed stay.
    Logins,
    Everything,
}

impl Lifetime {
    pub(super) const fn new() -> Self {
        Self { calls: 0, last_call: None, keeper: Keeper::None, ending: 0 }
    }

    /// What follows from `event`.
    pub(super) fn next(&mut self, event: Event, now: Instant) -> Action {
        match event {
            Event::CallBegan => {
                self.calls += 1;
                Action::Continue
            }
            Event::KeeperWanted if self.keeper == Keeper::None => {
                self.keeper = Keeper::Starting;
                Action::StartKeeper
            }
            Event::KeeperWanted => Action::Continue,
            Event::KeeperStarted(started) => {
                // It may have run, and ended, meanwhile.
                if self.keeper == Keeper::Starting {
                    self.keeper = if started { Keeper::Running } else { Keeper::None };
                }
                Action::Continue
            }
            Event::CallEnded => {
                self.calls = self.calls.saturating_sub(1);
                self.last_call = Some(now);
                if self.calls == 0 && self.keeper == Keeper::None { self.end(Extent::Everything) } else { Action::Continue }
            }
            Event::Tick { stopping: true, .. } => self.end(Extent::Everything),
            Event::Tick { stopping: false, due } => match self.busy_for(now) {
                Some(busy) => wait(busy, due, now),
                None => self.end(if due.is_some() { Extent::Logins } else { Extent::Everything }),
            },
            Event::Revoked => {
                self.ending = self.ending.saturating_sub(1);
                Action::Continue
            }
            Event::TurnDone { stopping: true, .. } => {
                let was = std::mem::replace(&mut self.keeper, Keeper::None);
                // A call that came meanwhile relied on the keeper. One that is still under way ends by itself from now on.
                if was != Keeper::None && self.calls == 0 { self.end(Extent::Everything) } else { Action::Done }
            }
            Event::TurnDone { stopping: false, due } => {
                // The next start-up may have begun meanwhile.
                if self.busy_for(now).is_some() {
                    return wait(MAX_WAIT, None, now);
                }
                if due.is_some() {
                    return wait(MAX_WAIT, due, now);
                }
                self.keeper = Keeper::None;
                Action::Done
            }
        }
    }

    /// Whether other threads revoke tokens at the moment.
    pub(super) fn is_ending(&self) -> bool {
        self.ending > 0
    }

    fn end(&mut self, extent: Extent) -> Action {
        self.ending += 1;
        Action::End(extent)
    }

    /// How long the start-up goes on at least; `None` when it is over.
    fn busy_for(&self, now: Instant) -> Option<Duration> {
        if self.calls > 0 {
            return Some(MAX_WAIT);
        }
        let idle = now.saturating_duration_since(self.last_call?);
        IDLE.checked_sub(idle).filter(|left| !left.is_zero())
    }
}

fn wait(longest: Duration, due: Option<Instant>, now: Instant) -> Action {
    let due = due.map_or(longest, |due| due.saturating_duration_since(now));
    Action::Wait(due.min(longest).clamp(MIN_WAIT, MAX_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Lets the events come at these times, in milliseconds, and compares what is to be done.
    fn play(table: &[(u64, Event, Action)]) -> Lifetime {
        let start = Instant::now();
        let mut lifetime = Lifetime::new();
        for (line, (at, event, action)) in table.iter().enumerate() {
            let event = match *event {
                // Times stand in the table from its start on, as in `due`.
                Event::Tick { stopping, due: Some(_) } => Event::Tick { stopping, due: Some(start + DUE) },
                Event::TurnDone { stopping, due: Some(_) } => Event::TurnDone { stopping, due: Some(start + DUE) },
                other => other,
            };
            assert_eq!(lifetime.next(event, start + Duration::from_millis(*at)), *action, "line {line}: {event:?}");
        }
        lifetime
    }

    /// When something is due, in the tables.
    const DUE: Duration = Duration::from_millis(8_300);

    fn tick() -> Event {
        Event::Tick { stopping: false, due: None }
    }

    fn tick_with_due() -> Event {
        Event::Tick { stopping: false, due: Some(Instant::now()) }
    }

    fn turn_done() -> Event {
        Event::TurnDone { stopping: false, due: None }
    }

    fn stopped(event: Event) -> Event {
        match event {
            Event::Tick { due, .. } => Event::Tick { stopping: true, due },
            Event::TurnDone { due, .. } => Event::TurnDone { stopping: true, due },
            other => other,
        }
    }

    #[test]
    fn without_a_keeper_the_last_call_ends_everything() {
        let lifetime = play(&[
            (0, Event::CallBegan, Action::Continue),
            (0, Event::CallBegan, Action::Continue),
            (1, Event::CallEnded, Action::Continue),
            (2, Event::CallEnded, Action::End(Extent::Everything)),
            (3, Event::Revoked, Action::Continue),
        ]);
        assert!(!lifetime.is_ending());
    }

    #[test]
    fn the_keeper_ends_it_when_nothing_was_asked_for_a_while() {
        play(&[
            (0, Event::CallBegan, Action::Continue),
            (1, Event::KeeperWanted, Action::StartKeeper),
            (1, Event::KeeperWanted, Action::Continue),
            (2, Event::KeeperStarted(true), Action::Continue),
            (2, tick(), Action::Wait(SECOND)),
            (10, Event::CallEnded, Action::Continue),
            (4_110, tick(), Action::Wait(Duration::from_millis(900))),
            (5_010, tick(), Action::End(Extent::Everything)),
            (5_020, Event::Revoked, Action::Continue),
            (5_020, turn_done(), Action::Done),
            // The next start-up asks for another keeper.
            (6_000, Event::CallBegan, Action::Continue),
            (6_000, Event::KeeperWanted, Action::StartKeeper),
        ]);
    }

    #[test]
    fn a_host_without_a_keeper_lets_the_call_end_it() {
        play(&[
            (0, Event::CallBegan, Action::Continue),
            (0, Event::CallBegan, Action::Continue),
            (1, Event::KeeperWanted, Action::StartKeeper),
            // The other call relies on the keeper while the host starts it.
            (1, Event::CallEnded, Action::Continue),
            (2, Event::KeeperStarted(false), Action::Continue),
            (3, Event::CallEnded, Action::End(Extent::Everything)),
        ]);
    }

    #[test]
    fn secrets_and_leases_that_serve_longer_keep_the_keeper() {
        play(&[
            (0, Event::CallBegan, Action::Continue),
            (0, Event::KeeperWanted, Action::StartKeeper),
            (0, Event::KeeperStarted(true), Action::Continue),
            (0, Event::CallEnded, Action::Continue),
            (5_000, tick_with_due(), Action::End(Extent::Logins)),
            (5_000, Event::Revoked, Action::Continue),
            (5_000, Event::TurnDone { stopping: false, due: Some(Instant::now()) }, Action::Wait(SECOND)),
            (8_000, tick_with_due(), Action::End(Extent::Logins)),
            (8_000, Event::Revoked, Action::Continue),
            (8_000, Event::TurnDone { stopping: false, due: Some(Instant::now()) }, Action::Wait(Duration::from_millis(300))),
            (8_300, tick(), Action::End(Extent::Everything)),
            (8_300, Event::Revoked, Action::Continue),
            (8_300, turn_done(), Action::Done),
        ]);
    }

    #[test]
    fn what_is_due_soon_shortens_the_wait_and_no_wait_is_zero() {
        let mut lifetime = Lifetime::new();
        let now = Instant::now();
        lifetime.keeper = Keeper::Running;
        lifetime.last_call = Some(now);
        let soon = Event::Tick { stopping: false, due: Some(now + Duration::from_millis(20)) };
        assert_eq!(lifetime.next(soon, now), Action::Wait(Duration::from_millis(20)));
        let past = Event::Tick { stopping: false, due: Some(now) };
        assert_eq!(lifetime.next(past, now + SECOND), Action::Wait(MIN_WAIT));
    }

    #[test]
    fn a_call_that_comes_while_tokens_are_revoked_keeps_the_keeper() {
        play(&[
            (0, Event::CallBegan, Action::Continue),
            (0, Event::KeeperWanted, Action::StartKeeper),
            (0, Event::KeeperStarted(true), Action::Continue),
            (0, Event::CallEnded, Action::Continue),
            (5_000, tick(), Action::End(Extent::Everything)),
            (5_001, Event::CallBegan, Action::Continue),
            (5_001, Event::KeeperWanted, Action::Continue),
            (5_002, Event::CallEnded, Action::Continue),
            (5_100, Event::Revoked, Action::Continue),
            (5_100, turn_done(), Action::Wait(SECOND)),
            (10_002, tick(), Action::End(Extent::Everything)),
        ]);
    }

    #[test]
    fn a_stopping_application_ends_everything_at_once_and_calls_that_are_under_way_end_by_themselves() {
        play(&[
            (0, Event::CallBegan, Action::Continue),
            (0, Event::KeeperWanted, Action::StartKeeper),
            (0, Event::KeeperStarted(true), Action::Continue),
            (1, stopped(tick()), Action::End(Extent::Everything)),
            (2, Event::Revoked, Action::Continue),
            (2, stopped(turn_done()), Action::Done),
            (3, Event::CallEnded, Action::End(Extent::Everything)),
        ]);
    }

    #[test]
    fn a_call_that_came_and_went_while_a_stopping_keeper_revoked_leaves_nothing() {
        play(&[
            (0, Event::CallBegan, Action::Continue),
            (0, Event::KeeperWanted, Action::StartKeeper),
            (0, Event::KeeperStarted(true), Action::Continue),
            (0, Event::CallEnded, Action::Continue),
            (1, stopped(tick()), Action::End(Extent::Everything)),
            (2, Event::CallBegan, Action::Continue),
            (2, Event::KeeperWanted, Action::Continue),
            (3, Event::CallEnded, Action::Continue),
            (4, Event::Revoked, Action::Continue),
            (4, stopped(turn_done()), Action::End(Extent::Everything)),
            (5, Event::Revoked, Action::Continue),
            (5, stopped(turn_done()), Action::Done),
        ]);
    }

    #[test]
    fn an_exiting_jvm_knows_that_another_thread_revokes() {
        let mut lifetime = play(&[
            (0, Event::CallBegan, Action::Continue),
            (0, Event::KeeperWanted, Action::StartKeeper),
            (0, Event::KeeperStarted(true), Action::Continue),
            (0, Event::CallEnded, Action::Continue),
            // The keeper's thread.
            (5_000, tick(), Action::End(Extent::Everything)),
            // The hook of the exit.
            (5_001, stopped(tick()), Action::End(Extent::Everything)),
            (5_002, Event::Revoked, Action::Continue),
        ]);
        assert!(lifetime.is_ending());
        assert_eq!(lifetime.next(Event::Revoked, Instant::now()), Action::Continue);
        assert!(!lifetime.is_ending());
    }
}

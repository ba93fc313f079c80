//! The burst of calls that a start-up is: what they share lives until nothing was asked for a while, or the web application
//! stops. A thread of the host, the keeper, sees to its end.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::tokens::{self, ObtainedToken};
use super::{LOGINS, READS, TEXTS, leases, resolved};
use crate::client;
use crate::host::Host;

/// After so long without a call the start-up is over.
const IDLE: Duration = Duration::from_secs(5);

/// The keeper looks again after so long at the latest: calls come while it waits, and leases that are due soon.
const LOOK: Duration = Duration::from_secs(1);

struct Burst {
    /// How many calls are under way.
    calls: usize,
    /// When the last one ended.
    last: Option<Instant>,
    /// Whether the host's keeper thread is there.
    kept: bool,
}

static BURST: Mutex<Burst> = Mutex::new(Burst { calls: 0, last: None, kept: false });

fn burst() -> MutexGuard<'static, Burst> {
    BURST.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One call of the host, from its first request on. What it leaves behind ends with it unless there is a keeper.
pub(super) struct Call<'a> {
    host: &'a dyn Host,
}

impl<'a> Call<'a> {
    pub(super) fn begin(host: &'a dyn Host) -> Self {
        burst().calls += 1;
        Self { host }
    }

    /// Asks for the keeper, since there is something to be kept; false if there cannot be one.
    pub(super) fn keep(&self) -> bool {
        let mut burst = burst();
        burst.kept = burst.kept || self.host.keep();
        burst.kept
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        let ended = {
            let mut burst = burst();
            burst.calls -= 1;
            burst.last = Some(Instant::now());
            (burst.calls == 0 && !burst.kept).then(take_all)
        };
        if let Some(tokens) = ended {
            end(tokens, self.host);
        }
    }
}

/// One turn of the keeper: what is due is done. How long until the next turn; `None`: nothing is left, and the keeper goes.
/// When the host is `stopping`, everything is due.
pub(crate) fn turn(host: &dyn Host, stopping: bool) -> Option<Duration> {
    let stopping = stopping || host.interrupted();
    if stopping {
        leases::drop_all();
    }
    let leases = leases::renew_due(host);
    let secrets = [READS.expire(), TEXTS.expire()].into_iter().flatten().min();
    let secrets = if stopping { None } else { secrets };
    let tokens = {
        let burst = burst();
        let idle = if burst.calls > 0 { None } else { burst.last.map(|last| last.elapsed()) };
        match idle {
            None if !stopping => return Some(LOOK),
            Some(idle) if idle < IDLE && !stopping => {
                let rest = IDLE - idle;
                let secrets = secrets.map_or(rest, |next| next.saturating_duration_since(Instant::now()));
                return Some(wait(rest.min(secrets).min(leases.unwrap_or(rest))));
            }
            _ => {}
        }
        if secrets.is_none() {
            READS.clear();
            TEXTS.clear();
        }
        take_logins()
    };
    // Takes a while, and meanwhile the next burst may begin: it finds nothing of this one.
    end(tokens, host);
    if stopping {
        wait_for_ends();
    }
    let mut burst = burst();
    if stopping {
        // A call that came meanwhile relies on the keeper. One that is still under way ends by itself from now on.
        burst.kept = false;
        let late = (burst.calls == 0).then(take_all);
        drop(burst);
        if let Some(tokens) = late {
            end(tokens, host);
        }
        return None;
    }
    let began_again = burst.calls > 0 || burst.last.is_some_and(|last| last.elapsed() < IDLE);
    if began_again {
        return Some(LOOK);
    }
    let next = secrets.map(|next| next.saturating_duration_since(Instant::now())).into_iter().chain(leases).min();
    burst.kept = next.is_some();
    next.map(wait)
}

fn wait(next: Duration) -> Duration {
    next.clamp(Duration::from_millis(1), LOOK)
}

/// Takes everything out of use; [`end`] must follow.
fn take_all() -> Vec<Arc<ObtainedToken>> {
    READS.clear();
    TEXTS.clear();
    leases::drop_all();
    take_logins()
}

/// Takes the logins out of use, and the plans; [`end`] must follow. While the burst is locked: a call that begins in between
/// could read a dynamic secret with a token that is about to be revoked, and the secret would end with it.
fn take_logins() -> Vec<Arc<ObtainedToken>> {
    LOGINS.clear();
    resolved::clear();
    *ends() += 1;
    tokens::take()
}

fn end(tokens: Vec<Arc<ObtainedToken>>, host: &dyn Host) {
    tokens::revoke(tokens, host);
    client::end_idle();
    *ends() -= 1;
    ENDED.notify_all();
}

/// How many bursts are being ended.
static ENDS: Mutex<usize> = Mutex::new(0);
static ENDED: Condvar = Condvar::new();

fn ends() -> MutexGuard<'static, usize> {
    ENDS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for other threads that revoke at the moment: a JVM that exits ends them wherever they are.
fn wait_for_ends() {
    let _ = ENDED.wait_timeout_while(ends(), tokens::REVOCATION_TIMEOUT, |ends| *ends > 0);
}

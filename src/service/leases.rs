//! Leased secrets (dynamic credentials): they end with their lease, and their lease with the token that read them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::auth::body;
use crate::client::{ApiRequest, ApiResponse, Client, Cluster, Connections, uniform};
use crate::clock::Clock;
use crate::diagnosis;
use crate::error::{Error, RequestInfo};
use crate::host::Host;
use crate::secret::Secret;
use crate::service::tokens::ObtainedToken;
use crate::settings::RENEW;
use crate::text::one_line;
use crate::vault::{self, Lease, Meaning};

/// A lease that ends later than this needs no word: servers are restarted more often.
const LONG: Duration = Duration::from_secs(90 * 24 * 3600);

/// How long one renewal waits for Vault.
const RENEWAL_TIMEOUT: Duration = Duration::from_secs(10);

/// Something that ends unless it is renewed: a lease, or the token that it hangs on.
struct Renewed {
    what: String,
    /// The lease's id; `None`: the token itself.
    lease: Option<Secret>,
    token: Arc<ObtainedToken>,
    /// What it was granted for at first.
    ttl: Duration,
    ends: Instant,
    /// When to renew it, or, once that is not possible any more, to forget it.
    due: Instant,
    /// It cannot be renewed any more, and was warned of.
    given_up: bool,
}

/// What is renewed as long as the keeper is there.
pub(super) struct Leases(Mutex<Vec<Renewed>>);

impl Leases {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// A leased secret was read: it is renewed from now on where that is wanted, or the administrator is told of its end.
    pub(super) fn track(
        &self,
        lease: Lease,
        location: &RequestInfo,
        token: &Arc<ObtainedToken>,
        now: Instant,
        host: &dyn Host,
    ) -> Result<(), Error> {
        token.holds_lease();
        let renew = RENEW.find(token.reference.sources(host))?.map(|value| value.flag()).transpose()?.unwrap_or(false);
        let info = token.login.info.as_ref();
        if !renew || !lease.renewable {
            warn_of_end(&lease, info.and_then(|info| info.ttl), renew, location, host);
            return Ok(());
        }
        let renewed = |what, lease, ttl| Renewed {
            what,
            lease,
            token: Arc::clone(token),
            ttl,
            ends: now + ttl,
            due: now + renew_after(ttl),
            given_up: false,
        };
        let token_ttl = info.filter(|info| info.renewable).and_then(|info| info.ttl);
        let renewed_token = token_ttl.map(|ttl| renewed(format!("the token of {}", token.login.origin), None, ttl));
        let lease = renewed(format!("the lease of the secret at {location}"), Some(lease.id), lease.ttl);
        let mut all = self.lock();
        let has_token = all.iter().any(|other| other.lease.is_none() && Arc::ptr_eq(&other.token, token));
        all.extend(renewed_token.filter(|_| !has_token));
        all.push(lease);
        Ok(())
    }

    /// Renews what is due; when the next is.
    pub(super) fn renew_due(&self, clock: &Clock, connections: &Connections, host: &dyn Host) -> Option<Instant> {
        let now = clock.now();
        let due: Vec<Renewed> = self.lock().extract_if(.., |one| one.due <= now).collect();
        for mut one in due.into_iter().filter(|one| !one.given_up) {
            let outcome = one.ask(connections, host);
            if !one.take_in(outcome, clock.now(), host) {
                one.given_up = true;
                one.due = one.ends;
            }
            self.lock().push(one);
        }
        let mut all = self.lock();
        // A token is renewed for the sake of its leases.
        let leased: Vec<_> = all.iter().filter(|one| one.lease.is_some()).map(|one| Arc::as_ptr(&one.token)).collect();
        all.retain(|one| one.lease.is_some() || leased.contains(&Arc::as_ptr(&one.token)));
        all.iter().map(|one| one.due).min()
    }

    /// Nothing is renewed any more.
    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Renewed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells the administrator that the secret ends with its lease, or with the token that read it.
fn warn_of_end(lease: &Lease, token_ttl: Option<Duration>, renew: bool, location: &RequestInfo, host: &dyn Host) {
    let token_ttl = token_ttl.filter(|ttl| *ttl < lease.ttl);
    if token_ttl.unwrap_or(lease.ttl) >= LONG {
        return;
    }
    let sooner = token_ttl.map(|ttl| format!(" but ends with the token that read it, after {} s", ttl.as_secs()));
    let why = if renew { "and it cannot be renewed" } else { "and nothing renews it (\"renew\":true would)" };
    host.warn(&format!(
        "The secret at {location} is leased for {} s{}, {why}: the server loses it then. A static role (static-creds) has no such \
         end",
        lease.ttl.as_secs(),
        sooner.unwrap_or_default()
    ));
}

impl Renewed {
    /// What the answer means for the next renewal; false when there will be none.
    fn take_in(&mut self, outcome: Result<Result<Duration, String>, Error>, now: Instant, host: &dyn Host) -> bool {
        match outcome {
            Ok(Ok(ttl)) => {
                self.ends = now + ttl;
                self.due = now + renew_after(ttl);
                // Vault grants less and less when the maximum comes near.
                if ttl >= self.ttl / 2 {
                    return true;
                }
                self.warn(host, &format!("reaches its max_ttl and ends in {} s", ttl.as_secs()));
                false
            }
            Ok(Err(said)) => {
                let said = one_line(&self.token.login.redact_in(&said), 300);
                self.warn(host, &format!("cannot be renewed ({said}) and ends in {} s", self.left(now).as_secs()));
                false
            }
            // It may pass.
            Err(error) if self.left(now) > Duration::ZERO => {
                self.due = now + renew_after(self.left(now)).max(Duration::from_secs(1)).min(self.left(now));
                host.warn(&format!("{} was not renewed yet: {}", self.what, error.statement()));
                true
            }
            Err(error) => {
                self.warn(host, &format!("has ended, since it could not be renewed: {}", error.statement()));
                false
            }
        }
    }

    /// For how long it was renewed, or why it was not; an error where Vault could not be asked.
    fn ask(&self, connections: &Connections, host: &dyn Host) -> Result<Result<Duration, String>, Error> {
        let Some(token) = &self.token.login.token else { return Ok(Err("there is no token".to_owned())) };
        let cluster = Cluster::new(&self.token.reference.endpoints, self.token.reference.sources(host), connections)?;
        let client = Client::new(&cluster, connections, host).limited(RENEWAL_TIMEOUT);
        let response = match &self.lease {
            Some(id) => {
                let body = body(&[("lease_id", id.expose())])?;
                client.send(&ApiRequest::renew_lease(token, &body))?
            }
            None => client.send(&ApiRequest::renew(token, &body(&[])?))?,
        };
        answer(&response).map(Ok).unwrap_or_else(|| Err(diagnosis::failed(&response, response.meaning(), &client)))
    }

    fn left(&self, now: Instant) -> Duration {
        self.ends.saturating_duration_since(now)
    }

    fn warn(&self, host: &dyn Host, what: &str) {
        host.warn(&format!(
            "{} {what}: the server loses its credentials then. What to do: restart it before, or use a static role \
             (static-creds), which has no such end",
            self.what
        ));
    }
}

/// `None`: it may pass.
fn answer(response: &ApiResponse) -> Option<Result<Duration, String>> {
    match response.meaning() {
        Meaning::Success(envelope) => {
            let seconds = envelope.auth.map_or(envelope.lease_duration, |auth| auth.lease_duration.unwrap_or(0));
            Some(Ok(vault::seconds(seconds)))
        }
        Meaning::Denied | Meaning::NotAccepted => Some(Err("permission denied (403)".to_owned())),
        Meaning::Refused(said) if response.status < 500 => Some(Err(said)),
        _ => None,
    }
}

/// When to renew what lasts so long: early enough for a second try, and not at the same time in all servers that started
/// together.
fn renew_after(ttl: Duration) -> Duration {
    ttl.mul_f64((3.0 + uniform()) / 6.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_that_started_together_do_not_renew_together() {
        let hour = Duration::from_secs(3600);
        let mut minutes: Vec<u64> = (0..1000).map(|_| renew_after(hour).as_secs() / 60).collect();
        assert!(minutes.iter().all(|minute| (30..=40).contains(minute)), "{minutes:?}");
        minutes.sort_unstable();
        minutes.dedup();
        assert!(minutes.len() >= 10, "{minutes:?}");
    }
}

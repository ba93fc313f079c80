//! Leased secrets (dynamic credentials): they end with their lease, and their lease with the token that read them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::tokens::ObtainedToken;
use crate::auth::body;
use crate::client::{ApiRequest, ApiResponse, Client, Cluster, uniform};
use crate::diagnosis;
use crate::error::{Error, SecretLocation};
use crate::host::Host;
use crate::secret::Secret;
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
    lasts: Duration,
    ends: Instant,
    /// When to renew it, or, once that is not possible any more, to forget it.
    due: Instant,
    /// It cannot be renewed any more, and was warned of.
    given_up: bool,
}

static RENEWED: Mutex<Vec<Renewed>> = Mutex::new(Vec::new());

/// A leased secret was read: it is renewed from now on where that is wanted, or the administrator hears of its end.
pub(super) fn track(lease: Lease, location: &SecretLocation, token: &Arc<ObtainedToken>, host: &dyn Host) -> Result<(), Error> {
    token.holds_lease();
    let sources = token.reference.sources(host);
    let renew = RENEW.find(sources)?.map(|value| value.flag()).transpose()?.unwrap_or(false);
    let token_lasts = token.login.info.as_ref().and_then(|info| info.lasts);
    if !renew || !lease.renewable {
        let token_lasts = token_lasts.filter(|lasts| *lasts < lease.lasts);
        if token_lasts.unwrap_or(lease.lasts) < LONG {
            let sooner = token_lasts.map(|lasts| format!(" but ends with the token that read it, after {} s", lasts.as_secs()));
            let why = if renew { "and it cannot be renewed" } else { "and nobody renews it (\"renew\":true would)" };
            host.warn(&format!(
                "The secret at {location} is leased for {} s{}, {why}: the server loses it then. A static role (static-creds) has no \
                 such end",
                lease.lasts.as_secs(),
                sooner.unwrap_or_default()
            ));
        }
        return Ok(());
    }
    let now = Instant::now();
    let renewed = |what, lease, lasts| Renewed {
        what,
        lease,
        token: Arc::clone(token),
        lasts,
        ends: now + lasts,
        due: now + share(lasts),
        given_up: false,
    };
    let token_lasts = token.login.info.as_ref().filter(|info| info.renewable).and_then(|info| info.lasts);
    let renewed_token = token_lasts.map(|lasts| renewed(format!("the token of {}", token.login.origin), None, lasts));
    let lease = renewed(format!("the lease of the secret at {location}"), Some(lease.id), lease.lasts);
    with_renewed(|all| {
        let has_token = all.iter().any(|other| other.lease.is_none() && Arc::ptr_eq(&other.token, token));
        all.extend(renewed_token.filter(|_| !has_token));
        all.push(lease);
    });
    Ok(())
}

/// Renews what is due; how long until the next is.
pub(super) fn renew_due(host: &dyn Host) -> Option<Duration> {
    let now = Instant::now();
    let due: Vec<Renewed> = with_renewed(|all| all.extract_if(.., |one| one.due <= now).collect());
    for mut one in due.into_iter().filter(|one| !one.given_up) {
        if !one.renew(host) {
            one.given_up = true;
            one.due = one.ends;
        }
        with_renewed(|all| all.push(one));
    }
    with_renewed(|all| {
        // A token is renewed for the sake of its leases.
        let leased: Vec<_> = all.iter().filter(|one| one.lease.is_some()).map(|one| Arc::as_ptr(&one.token)).collect();
        all.retain(|one| one.lease.is_some() || leased.contains(&Arc::as_ptr(&one.token)));
        all.iter().map(|one| one.due.saturating_duration_since(Instant::now())).min()
    })
}

/// Nothing is renewed any more.
pub(super) fn drop_all() {
    with_renewed(Vec::clear);
}

impl Renewed {
    /// False when it is not to be renewed again.
    fn renew(&mut self, host: &dyn Host) -> bool {
        let outcome = self.ask(host);
        let now = Instant::now();
        match outcome {
            Ok(Ok(lasts)) => {
                self.ends = now + lasts;
                self.due = now + share(lasts);
                // Vault tokens less and less when the maximum comes near.
                if lasts >= self.lasts / 2 {
                    return true;
                }
                self.warn(host, &format!("reaches its max_ttl and ends in {} s", lasts.as_secs()));
                false
            }
            Ok(Err(said)) => {
                let said = one_line(&self.token.login.redact_in(&said), 300);
                self.warn(host, &format!("cannot be renewed ({said}) and ends in {} s", self.left(now).as_secs()));
                false
            }
            // It may pass.
            Err(error) if self.left(now) > Duration::ZERO => {
                self.due = now + share(self.left(now)).max(Duration::from_secs(1)).min(self.left(now));
                host.warn(&format!("{} was not renewed yet: {}", self.what, error.without_advice()));
                true
            }
            Err(error) => {
                self.warn(host, &format!("has ended, since it could not be renewed: {}", error.without_advice()));
                false
            }
        }
    }

    /// For how long it was renewed, or why it was not; an error where Vault could not be asked.
    fn ask(&self, host: &dyn Host) -> Result<Result<Duration, String>, Error> {
        let Some(token) = &self.token.login.token else { return Ok(Err("there is no token".to_owned())) };
        let cluster = Cluster::new(&self.token.reference.endpoints, self.token.reference.sources(host))?;
        let client = Client::new(&cluster, host).limited(RENEWAL_TIMEOUT);
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

/// When to renew what lasts so long: early enough for a second try, and not at the same moment in all servers that started
/// together.
fn share(lasts: Duration) -> Duration {
    lasts.mul_f64((3.0 + uniform()) / 6.0)
}

fn with_renewed<T>(work: impl FnOnce(&mut Vec<Renewed>) -> T) -> T {
    work(&mut RENEWED.lock().unwrap_or_else(PoisonError::into_inner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_that_started_together_do_not_renew_together() {
        let hour = Duration::from_secs(3600);
        let mut minutes: Vec<u64> = (0..1000).map(|_| share(hour).as_secs() / 60).collect();
        assert!(minutes.iter().all(|minute| (30..=40).contains(minute)), "{minutes:?}");
        minutes.sort_unstable();
        minutes.dedup();
        assert!(minutes.len() >= 10, "{minutes:?}");
    }
}

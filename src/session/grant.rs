//! A login and what Vault granted with it: how long its token serves, and that it is revoked when nobody needs it any more.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::auth::{Login, body};
use crate::error::Error;
use crate::host::Host;
use crate::http::{Call, Client, Cluster};
use crate::request::Request;
use crate::secret::Secret;
use crate::settings::REVOKE;
use crate::text::one_line;
use crate::vault::Meaning;

/// How long Vault is waited for at the end, however many tokens there are: an exiting JVM waits for it.
pub(super) const LIMIT: Duration = Duration::from_secs(3);

/// A token without an end is asked for anew after so long.
const LONG: Duration = Duration::from_secs(24 * 3600);

/// A login, for all who read with it.
pub(super) struct Grant {
    pub(super) login: Login,
    pub(super) request: Arc<Request>,
    /// How often its token may still be used.
    uses: Option<AtomicU32>,
    /// Leases hang on the token: whoever revokes it revokes them.
    leased: AtomicBool,
}

/// Tokens that were obtained and are not yet revoked.
static GRANTS: Mutex<Vec<Arc<Grant>>> = Mutex::new(Vec::new());

impl Grant {
    /// Logs in; until when the token serves.
    pub(super) fn obtain(request: &Arc<Request>, client: &Client<'_>, host: &dyn Host) -> Result<(Arc<Self>, Instant), Error> {
        let now = Instant::now();
        let login = request.method.login(client, request.sources(host))?;
        let terms = login.terms.as_ref();
        let uses = terms.and_then(|terms| terms.uses).map(AtomicU32::new);
        // A token that ends while it is on its way costs a login more than one that was given up a moment too early.
        let lasts = terms.and_then(|terms| terms.lasts).map_or(LONG, |lasts| lasts - lasts.min(Duration::from_secs(100)) / 10);
        let is_ours = terms.is_some_and(|terms| !terms.batch);
        let grant = Arc::new(Self { login, request: Arc::clone(request), uses, leased: AtomicBool::new(false) });
        if is_ours && REVOKE.find(request.sources(host))?.map(|value| value.flag()).transpose()?.unwrap_or(true) {
            grants(|grants| grants.push(Arc::clone(&grant)));
        }
        Ok((grant, now + lasts))
    }

    /// Takes one of the uses that the token has; false when there is none left.
    pub(super) fn take_use(&self) -> bool {
        let Some(uses) = &self.uses else { return true };
        uses.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }

    /// A lease hangs on the token now.
    pub(super) fn holds_lease(&self) {
        self.leased.store(true, Ordering::Relaxed);
    }

    fn revoke(&self, token: &Secret, limit: Duration, host: &dyn Host) {
        let answer = Cluster::new(&self.request, host).and_then(|cluster| {
            if limit.is_zero() {
                return Ok(Some("no time was left for it".to_owned()));
            }
            let client = Client::new(&cluster, host).limited(limit);
            let reply = client.send(&Call::revoke(token, &body(&[])?))?;
            Ok(match reply.meaning() {
                Meaning::Success(_) | Meaning::NoData => None,
                // It has ended by itself: expired, used up, or revoked by somebody else.
                Meaning::NotAccepted => None,
                Meaning::Denied => Some("permission denied (403)".to_owned()),
                other => Some(reply.failed(other, &client).without_advice()),
            })
        });
        let said = match answer {
            Ok(None) => return,
            Ok(Some(said)) => said,
            Err(error) => error.without_advice(),
        };
        host.warn(&format!(
            "The token of {} could not be revoked after the start ({}), and lives until its TTL ends; the secret was read. If its \
             policies lack it, add: path \"auth/token/revoke-self\" {{ capabilities = [\"update\"] }}; or write \"revoke\":false",
            self.login.origin,
            one_line(&self.login.hide_in(&said), 300)
        ));
    }
}

/// Those whose tokens are not yet revoked; the caller revokes them.
pub(super) fn take() -> Vec<Arc<Grant>> {
    grants(std::mem::take)
}

/// Revokes their tokens, except those that leases hang on.
pub(super) fn revoke(mut grants: Vec<Arc<Grant>>, host: &dyn Host) {
    let start = Instant::now();
    grants.retain(|grant| !grant.leased.load(Ordering::Relaxed));
    while let Some(grant) = grants.pop() {
        // One endpoint that is away must not take the time of the others.
        let share = LIMIT.saturating_sub(start.elapsed()) / u32::try_from(grants.len() + 1).unwrap_or(u32::MAX);
        if let Some(token) = &grant.login.token {
            grant.revoke(token, share, host);
        }
    }
}

/// Whether there are tokens to revoke.
pub(super) fn any() -> bool {
    grants(|grants| !grants.is_empty())
}

fn grants<T>(work: impl FnOnce(&mut Vec<Arc<Grant>>) -> T) -> T {
    work(&mut GRANTS.lock().unwrap_or_else(PoisonError::into_inner))
}

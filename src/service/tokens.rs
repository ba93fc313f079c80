//! A login and what Vault granted with it: how long its token serves, and that it is revoked when nobody needs it any more.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::auth::{Login, body};
use crate::client::{ApiRequest, Client, Cluster};
use crate::diagnosis;
use crate::error::Error;
use crate::host::Host;
use crate::reference::SecretReference;
use crate::secret::Secret;
use crate::settings::REVOKE;
use crate::text::one_line;
use crate::vault::Meaning;

/// How long Vault is waited for at the end, however many tokens there are: an exiting JVM waits for it.
pub(super) const REVOCATION_TIMEOUT: Duration = Duration::from_secs(3);

/// A token without an end is asked for anew after so long.
const LONG: Duration = Duration::from_secs(24 * 3600);

/// A login, for all who read with it.
pub(super) struct ObtainedToken {
    pub(super) login: Login,
    pub(super) reference: Arc<SecretReference>,
    /// How often its token may still be used.
    uses: Option<AtomicU32>,
    /// Leases hang on the token: whoever revokes it revokes them.
    leased: AtomicBool,
}

/// Tokens that were obtained and are not yet revoked.
static TOKENS: Mutex<Vec<Arc<ObtainedToken>>> = Mutex::new(Vec::new());

impl ObtainedToken {
    /// Logs in; until when the token serves.
    pub(super) fn obtain(
        reference: &Arc<SecretReference>,
        client: &Client<'_>,
        host: &dyn Host,
    ) -> Result<(Arc<Self>, Instant), Error> {
        let now = Instant::now();
        let login = reference.method.login(client, reference.sources(host))?;
        let info = login.info.as_ref();
        let uses = info.and_then(|info| info.uses).map(AtomicU32::new);
        // A token that ends while it is on its way costs a login more than one that was given up a moment too early.
        let lasts = info.and_then(|info| info.lasts).map_or(LONG, |lasts| lasts - lasts.min(Duration::from_secs(100)) / 10);
        let is_ours = info.is_some_and(|info| !info.batch);
        let token = Arc::new(Self { login, reference: Arc::clone(reference), uses, leased: AtomicBool::new(false) });
        if is_ours && REVOKE.find(reference.sources(host))?.map(|value| value.flag()).transpose()?.unwrap_or(true) {
            tokens(|tokens| tokens.push(Arc::clone(&token)));
        }
        Ok((token, now + lasts))
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
        let answer = Cluster::new(&self.reference.endpoints, self.reference.sources(host)).and_then(|cluster| {
            if limit.is_zero() {
                return Ok(Some("no time was left for it".to_owned()));
            }
            let client = Client::new(&cluster, host).limited(limit);
            let response = client.send(&ApiRequest::revoke(token, &body(&[])?))?;
            Ok(match response.meaning() {
                Meaning::Success(_) | Meaning::NoData => None,
                // It has ended by itself: expired, used up, or revoked by somebody else.
                Meaning::NotAccepted => None,
                Meaning::Denied => Some("permission denied (403)".to_owned()),
                other => Some(diagnosis::failed(&response, other, &client).without_advice()),
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
            one_line(&self.login.redact_in(&said), 300)
        ));
    }
}

/// Those whose tokens are not yet revoked; the caller revokes them.
pub(super) fn take() -> Vec<Arc<ObtainedToken>> {
    tokens(std::mem::take)
}

/// Revokes their tokens, except those that leases hang on.
pub(super) fn revoke(mut tokens: Vec<Arc<ObtainedToken>>, host: &dyn Host) {
    let start = Instant::now();
    tokens.retain(|token| !token.leased.load(Ordering::Relaxed));
    while let Some(obtained) = tokens.pop() {
        // One endpoint that is away must not take the time of the others.
        let share = REVOCATION_TIMEOUT.saturating_sub(start.elapsed()) / u32::try_from(tokens.len() + 1).unwrap_or(u32::MAX);
        if let Some(token) = &obtained.login.token {
            obtained.revoke(token, share, host);
        }
    }
}

/// Whether there are tokens to revoke.
pub(super) fn any() -> bool {
    tokens(|tokens| !tokens.is_empty())
}

fn tokens<T>(work: impl FnOnce(&mut Vec<Arc<ObtainedToken>>) -> T) -> T {
    work(&mut TOKENS.lock().unwrap_or_else(PoisonError::into_inner))
}

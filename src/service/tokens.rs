//! Tokens that a login obtained: how long each serves, and that it is revoked when no call needs it any more.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::auth::{Context, Login, body};
use crate::client::{ApiRequest, Client, Cluster, Connections};
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

/// A token without an end serves for so long; then there is a new login.
const NO_TTL: Duration = Duration::from_secs(24 * 3600);

/// A login that began at a moment has its token by then at the latest.
const LOGIN_TIME: Duration = Duration::from_secs(300);

/// A token and its login, for all calls that read with it.
pub(super) struct ObtainedToken {
    pub(super) login: Arc<Login>,
    pub(super) reference: Arc<SecretReference>,
    /// How often it may still be used; `None`: without a limit.
    uses: Option<AtomicU32>,
    /// Leases hang on it: to revoke it revokes them.
    leased: AtomicBool,
    /// When Vault has ended it by itself, at the latest; `None`: never.
    ends: Option<Instant>,
}

/// Those that are not yet revoked.
pub(super) struct Tokens(Mutex<Vec<Arc<ObtainedToken>>>);

impl Tokens {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// Logs in; until when the token serves.
    pub(super) fn obtain(
        &self,
        reference: &Arc<SecretReference>,
        context: &Context<'_>,
        now: Instant,
    ) -> Result<(Arc<ObtainedToken>, Instant), Error> {
        let login = reference.method.login(context)?;
        let revoke = REVOKE.find(context.sources)?.map(|value| value.flag()).transpose()?.unwrap_or(true);
        let until = now + serves_for(login.info.as_ref().and_then(|info| info.ttl));
        let token = Arc::new(ObtainedToken::new(login, Arc::clone(reference), now));
        self.forget_ended(now);
        if revoke && token.is_ours() {
            self.lock().push(Arc::clone(&token));
        }
        Ok((token, until))
    }

    /// A server that reads all the time logs in again and again, and its start never ends.
    fn forget_ended(&self, now: Instant) {
        self.lock().retain(|token| token.ends.is_none_or(|ends| ends > now));
    }

    /// Whether there are tokens to revoke.
    pub(super) fn any(&self) -> bool {
        !self.lock().is_empty()
    }

    /// Those that are not yet revoked; the caller revokes them.
    pub(super) fn take(&self) -> Vec<Arc<ObtainedToken>> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<ObtainedToken>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A token that ends while it is on its way costs a login more than one that was given up a moment too early.
fn serves_for(ttl: Option<Duration>) -> Duration {
    ttl.map_or(NO_TTL, |ttl| ttl - ttl.min(Duration::from_secs(100)) / 10)
}

/// What the revocation of one token may take at least, while time is left.
const MIN_SHARE: Duration = Duration::from_millis(500);

/// Revokes them, except those that leases hang on.
pub(super) fn revoke(mut tokens: Vec<Arc<ObtainedToken>>, connections: &Connections, host: &dyn Host) {
    let start = Instant::now();
    tokens.retain(|token| !token.leased.load(Ordering::Relaxed));
    while let Some(obtained) = tokens.pop() {
        let share = share(REVOCATION_TIMEOUT.saturating_sub(start.elapsed()), tokens.len() + 1);
        if let Some(token) = &obtained.login.token {
            obtained.revoke(token, share, connections, host);
        }
    }
}

/// The time of one of the tokens that are left. One endpoint that is away must not take the time of the others; a Vault that is busy
/// must still have time for each of many, for most of them take none of it.
fn share(left: Duration, tokens: usize) -> Duration {
    (left / u32::try_from(tokens).unwrap_or(u32::MAX)).max(MIN_SHARE).min(left)
}

impl ObtainedToken {
    fn new(login: Login, reference: Arc<SecretReference>, now: Instant) -> Self {
        let ends = login.info.as_ref().and_then(|info| info.ttl).and_then(|ttl| now.checked_add(ttl)?.checked_add(LOGIN_TIME));
        let uses = login.info.as_ref().and_then(|info| info.uses).map(AtomicU32::new);
        Self { login: Arc::new(login), reference, uses, leased: AtomicBool::new(false), ends }
    }

    /// Whether it is ours to revoke. Batch tokens cannot be revoked.
    fn is_ours(&self) -> bool {
        self.login.info.as_ref().is_some_and(|info| !info.batch)
    }

    /// Whether Vault counts its uses.
    pub(super) fn has_few_uses(&self) -> bool {
        self.uses.is_some()
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

    fn revoke(&self, token: &Secret, limit: Duration, connections: &Connections, host: &dyn Host) {
        let sources = self.reference.sources(host);
        let answer = Cluster::new(&self.reference.endpoints, sources, connections).and_then(|cluster| {
            if limit.is_zero() {
                return Ok(Some("no time was left for it".to_owned()));
            }
            let client = Client::new(&cluster, connections, host).limited(limit);
            let response = client.send(&ApiRequest::revoke(token, &body(&[])?))?;
            Ok(match response.meaning() {
                Meaning::Success(_) | Meaning::NoData => None,
                // It has ended by itself: expired, used up, or revoked by somebody else.
                Meaning::NotAccepted => None,
                Meaning::Denied => Some("permission denied (403)".to_owned()),
                other => Some(diagnosis::failed(&response, other, &client).statement()),
            })
        });
        let said = match answer {
            Ok(None) => return,
            Ok(Some(said)) => said,
            Err(error) => error.statement(),
        };
        host.warn(&format!(
            "The token of {} could not be revoked after the start ({}), and lives until its TTL ends; the secret was read. If its \
             policies lack it, add: path \"auth/token/revoke-self\" {{ capabilities = [\"update\"] }}; or write \"revoke\":false",
            self.login.origin,
            one_line(&self.login.redact_in(&said), 300)
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::TokenInfo;
    use crate::error::Provider;
    use crate::host::tests::MapHost;

    fn token(info: Option<TokenInfo>) -> ObtainedToken {
        let text = r#"{"mount":"m","path":"p","key":"k","endpoint":"http://127.0.0.1:1"}"#;
        let reference = SecretReference::parse(text, &MapHost::default()).unwrap();
        let login = Login {
            token: Some(Secret::new("s.random".to_owned())),
            origin: "a test".to_owned(),
            info,
            provider: Provider::Fixed,
        };
        ObtainedToken::new(login, Arc::new(reference), Instant::now())
    }

    fn info(uses: Option<u32>, batch: bool) -> TokenInfo {
        TokenInfo { ttl: None, uses, renewable: false, batch }
    }

    #[test]
    fn each_of_many_tokens_has_time_and_all_together_no_more_than_there_is() {
        assert_eq!(share(REVOCATION_TIMEOUT, 1), REVOCATION_TIMEOUT);
        assert_eq!(share(REVOCATION_TIMEOUT, 2), REVOCATION_TIMEOUT / 2);
        assert_eq!(share(REVOCATION_TIMEOUT, 1000), MIN_SHARE);
        assert_eq!(share(Duration::from_millis(20), 1000), Duration::from_millis(20));
        assert_eq!(share(Duration::ZERO, 3), Duration::ZERO);
    }

    #[test]
    fn a_token_with_few_uses_serves_as_often_as_it_has_uses() {
        let twice = token(Some(info(Some(2), false)));
        assert!(twice.take_use() && twice.take_use() && !twice.take_use());
        let unlimited = token(Some(info(None, false)));
        assert!((0..100).all(|_| unlimited.take_use()));
    }

    #[test]
    fn a_token_that_was_given_to_us_and_a_batch_token_are_not_ours_to_revoke() {
        assert!(token(Some(info(None, false))).is_ours());
        assert!(!token(Some(info(None, true))).is_ours() && !token(None).is_ours());
    }

    #[test]
    fn a_token_serves_a_little_shorter_than_it_lives() {
        for (ttl, serves) in [(10, 9), (100, 90), (3600, 3590)] {
            assert_eq!(serves_for(Some(Duration::from_secs(ttl))), Duration::from_secs(serves));
        }
        assert_eq!(serves_for(None), NO_TTL);
    }

    #[test]
    fn a_token_that_vault_has_ended_is_forgotten() {
        let tokens = Tokens::new();
        let start = Instant::now();
        let ttl = Duration::from_secs(60);
        for ttl in [Some(ttl), Some(2 * ttl), Some(Duration::MAX), None] {
            tokens.lock().push(Arc::new(token(Some(TokenInfo { ttl, uses: None, renewable: false, batch: false }))));
        }
        tokens.forget_ended(start + ttl);
        assert_eq!(tokens.lock().len(), 4);
        tokens.forget_ended(start + ttl + LOGIN_TIME + Duration::from_secs(30));
        assert_eq!(tokens.lock().len(), 3);
        tokens.forget_ended(start + 3 * ttl + LOGIN_TIME);
        assert_eq!(tokens.lock().len(), 2);
    }

    #[test]
    fn tokens_are_taken_once() {
        let tokens = Tokens::new();
        assert!(!tokens.any());
        tokens.lock().push(Arc::new(token(None)));
        assert!(tokens.any());
        assert_eq!(tokens.take().len(), 1);
        assert!(!tokens.any() && tokens.take().is_empty());
    }

    #[test]
    fn a_token_whose_vault_is_away_is_warned_of_within_the_limit_and_one_with_leases_is_left() {
        let host = MapHost::default();
        let leased = Arc::new(token(Some(info(None, false))));
        leased.holds_lease();
        let start = Instant::now();
        revoke(vec![Arc::new(token(Some(info(None, false)))), leased], &Connections::new(), &host);
        assert!(start.elapsed() < REVOCATION_TIMEOUT * 2);
        let warnings = host.warnings.take();
        let said: Vec<_> = warnings.iter().filter(|warning| warning.contains("could not be revoked")).collect();
        assert!(said.len() == 1 && !warnings.concat().contains("s.random"), "{warnings:?}");
    }
}

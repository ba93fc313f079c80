//! The use case: one login and one read for all who need them within a start-up.

mod leases;
mod lifetime;
mod resolved;
mod single_flight;
mod store;
mod tokens;
mod write_session;

use std::sync::Arc;
use std::time::Instant;

use crate::auth::Login;
use crate::client::Client;
use crate::engine::{self, SecretData};
use crate::error::Error;
use crate::host::Host;
use crate::secret::Secret;
use crate::vault::Engine;

pub(crate) use lifetime::turn;
use resolved::Resolved;
use single_flight::SingleFlight;
pub(crate) use store::store;
use tokens::ObtainedToken;

/// The values of texts: the same text again needs no work at all.
static TEXTS: SingleFlight<Arc<Secret>> = SingleFlight::new();
/// The secrets that were read, with all their keys.
static READS: SingleFlight<Arc<SecretData>> = SingleFlight::new();
/// The logins that cost Vault something.
static LOGINS: SingleFlight<Arc<ObtainedToken>> = SingleFlight::new();

/// Reads the secret that `text` names.
pub(crate) fn read(text: &str, host: &dyn Host) -> Result<Secret, Error> {
    if let Some(value) = TEXTS.peek(text) {
        return Ok(Secret::new(value.expose().to_owned()));
    }
    let resolved = Resolved::of(text, host)?;
    let call = lifetime::Call::begin(host);
    let outcome = find(&resolved, host);
    let kept = (outcome.is_ok() || tokens::any()) && call.keep();
    let (value, until) = outcome?;
    if kept && until > Instant::now() {
        TEXTS.put(text, Arc::new(Secret::new(value.expose().to_owned())), until);
    }
    Ok(value)
}

/// The value, and how long it may be reused.
fn find(resolved: &Resolved, host: &dyn Host) -> Result<(Secret, Instant), Error> {
    let session = Session::new(resolved, host);
    let selector = &resolved.reference.selector;
    if resolved.cached.is_zero() {
        let found = session.read()?;
        return Ok((selector.from(&found, host)?, Instant::now()));
    }
    let key = Secret::new(format!("{}{}", resolved.identity.expose(), resolved.reference.place()));
    let interrupted = || session.client.interrupted();
    let fetched =
        READS.get(key.expose(), host, interrupted, || Ok((Arc::new(session.read()?), Instant::now() + resolved.cached)))?;
    Ok((selector.from(&fetched.value, host)?, fetched.until))
}

/// What one reading needs.
struct Session<'a> {
    resolved: &'a Resolved,
    client: Client<'a>,
    host: &'a dyn Host,
}

impl<'a> Session<'a> {
    fn new(resolved: &'a Resolved, host: &'a dyn Host) -> Self {
        Self { resolved, client: Client::new(&resolved.cluster, host), host }
    }

    /// Reads, with a login that may have been made before. One that Vault does not accept any more is made once again.
    fn read(&self) -> Result<SecretData, Error> {
        if let Some(found) = self.read_inline()? {
            return Ok(found);
        }
        let (token, reused) = self.token()?;
        match self.read_with(&token) {
            Err(Error::TokenRefused { .. } | Error::Denied { .. }) if reused => {
                LOGINS.forget(self.resolved.identity.expose(), |other| Arc::ptr_eq(other, &token));
                self.read_with(&self.token()?.0)
            }
            other => other,
        }
    }

    /// Reads and logs in by one request, where that is wanted. Whatever does not succeed so is tried in the ordinary way, whose
    /// messages say more: the server may not know inline logins, and creates no leases with them.
    fn read_inline(&self) -> Result<Option<SecretData>, Error> {
        let Resolved { reference, identity, inline, .. } = self.resolved;
        if !inline || reference.engine == Some(Engine::Generic) || LOGINS.peek(identity.expose()).is_some() {
            return Ok(None);
        }
        let Some(inline) = reference.method.inline(&self.client, reference.sources(self.host))? else { return Ok(None) };
        let login = Login::inline(&inline);
        let client = self.client.with_inline(inline);
        match engine::read(reference, &login, &client, self.host) {
            Ok(found) => Ok(Some(found)),
            // There is no patience left for a second way.
            Err(error @ (Error::Unreachable { .. } | Error::Interrupted { .. })) => Err(error),
            Err(_) => Ok(None),
        }
    }

    fn read_with(&self, token: &Arc<ObtainedToken>) -> Result<SecretData, Error> {
        let mut found = engine::read(&self.resolved.reference, &token.login, &self.client, self.host)?;
        if let Some(lease) = found.lease.take() {
            leases::track(lease, &found.location, token, self.host)?;
        }
        Ok(found)
    }

    /// The login, and whether it was made before.
    fn token(&self) -> Result<(Arc<ObtainedToken>, bool), Error> {
        let Resolved { reference, identity, .. } = self.resolved;
        let obtain = || ObtainedToken::obtain(reference, &self.client, self.host);
        if reference.method.is_given() {
            return Ok((obtain()?.0, false));
        }
        loop {
            let fetched = LOGINS.get(identity.expose(), self.host, || self.client.interrupted(), obtain)?;
            if fetched.value.take_use() {
                return Ok((fetched.value, fetched.reused));
            }
            LOGINS.forget(identity.expose(), |other| Arc::ptr_eq(other, &fetched.value));
        }
    }
}

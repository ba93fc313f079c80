//! The use case: one login and one read for all who need them within a start-up.

mod burst;
mod grant;
mod lease;
mod plan;
mod shared;
mod storing;

use std::sync::Arc;
use std::time::Instant;

use crate::engine::{self, Engine, Found};
use crate::error::Error;
use crate::host::Host;
use crate::http::Client;
use crate::secret::Secret;

pub(crate) use burst::turn;
use grant::Grant;
pub(crate) use lease::Lease;
use plan::Plan;
use shared::Shared;
pub(crate) use storing::anew;

/// The values of texts: the same text again needs no work at all.
static TEXTS: Shared<Arc<Secret>> = Shared::new();
/// The secrets that were read, with all their keys.
static READS: Shared<Arc<Found>> = Shared::new();
/// The logins that cost Vault something.
static LOGINS: Shared<Arc<Grant>> = Shared::new();

/// Reads the secret that `text` names.
pub(crate) fn read(text: &str, host: &dyn Host) -> Result<Secret, Error> {
    if let Some(value) = TEXTS.peek(text) {
        return Ok(Secret::new(value.expose().to_owned()));
    }
    let plan = Plan::of(text, host)?;
    let call = burst::Call::begin(host);
    let outcome = find(&plan, host);
    let kept = (outcome.is_ok() || grant::any()) && call.keep();
    let (value, until) = outcome?;
    if kept && until > Instant::now() {
        TEXTS.put(text, Arc::new(Secret::new(value.expose().to_owned())), until);
    }
    Ok(value)
}

/// The value, and how long it may be reused.
fn find(plan: &Plan, host: &dyn Host) -> Result<(Secret, Instant), Error> {
    let session = Session::new(plan, host);
    let pick = &plan.request.pick;
    if plan.cached.is_zero() {
        let found = session.read()?;
        return Ok((pick.from(&found, host)?, Instant::now()));
    }
    let key = Secret::new(format!("{}{}", plan.identity.expose(), plan.request.place()));
    let interrupted = || session.client.interrupted();
    let shot = READS.get(key.expose(), host, interrupted, || Ok((Arc::new(session.read()?), Instant::now() + plan.cached)))?;
    Ok((pick.from(&shot.value, host)?, shot.until))
}

/// What one reading needs.
struct Session<'a> {
    plan: &'a Plan,
    client: Client<'a>,
    host: &'a dyn Host,
}

impl<'a> Session<'a> {
    fn new(plan: &'a Plan, host: &'a dyn Host) -> Self {
        Self { plan, client: Client::new(&plan.cluster, host), host }
    }

    /// Reads, with a login that may have been made before. One that Vault does not accept any more is made once again.
    fn read(&self) -> Result<Found, Error> {
        if let Some(found) = self.read_inline()? {
            return Ok(found);
        }
        let (grant, reused) = self.grant()?;
        match self.read_with(&grant) {
            Err(Error::TokenRefused { .. } | Error::Denied { .. }) if reused => {
                LOGINS.forget(self.plan.identity.expose(), |other| Arc::ptr_eq(other, &grant));
                self.read_with(&self.grant()?.0)
            }
            other => other,
        }
    }

    /// Reads and logs in by one request, where that is wanted. Whatever does not succeed so is tried in the ordinary way, whose
    /// messages say more: the server may not know inline logins, and creates no leases with them.
    fn read_inline(&self) -> Result<Option<Found>, Error> {
        let Plan { request, identity, inline, .. } = self.plan;
        if !inline || request.engine == Some(Engine::Generic) || LOGINS.peek(identity.expose()).is_some() {
            return Ok(None);
        }
        let Some(inline) = request.method.inline(&self.client, request.sources(self.host))? else { return Ok(None) };
        let login = inline.login();
        let client = self.client.with_inline(inline);
        match engine::read(request, &login, &client, self.host) {
            Ok(found) => Ok(Some(found)),
            // There is no patience left for a second way.
            Err(error @ (Error::Unreachable { .. } | Error::Interrupted { .. })) => Err(error),
            Err(_) => Ok(None),
        }
    }

    fn read_with(&self, grant: &Arc<Grant>) -> Result<Found, Error> {
        let mut found = engine::read(&self.plan.request, &grant.login, &self.client, self.host)?;
        if let Some(lease) = found.lease.take() {
            lease::came(lease, &found.place, grant, self.host)?;
        }
        Ok(found)
    }

    /// The login, and whether it was made before.
    fn grant(&self) -> Result<(Arc<Grant>, bool), Error> {
        let Plan { request, identity, .. } = self.plan;
        let obtain = || Grant::obtain(request, &self.client, self.host);
        if request.method.is_given() {
            return Ok((obtain()?.0, false));
        }
        loop {
            let shot = LOGINS.get(identity.expose(), self.host, || self.client.interrupted(), obtain)?;
            if shot.value.take_use() {
                return Ok((shot.value, shot.reused));
            }
            LOGINS.forget(identity.expose(), |other| Arc::ptr_eq(other, &shot.value));
        }
    }
}

//! The use case: one login and one read for all who need them within a start-up.

mod burst;
mod grant;
mod lease;
mod shared;
mod storing;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::engine::{self, Engine, Found};
use crate::error::Error;
use crate::host::Host;
use crate::http::Client;
use crate::request::Request;
use crate::runtime;
use crate::secret::Secret;
use crate::settings::{CACHE_TIME, INLINE_LOGIN};

pub(crate) use burst::turn;
use grant::Grant;
pub(crate) use lease::Lease;
use shared::Shared;
pub(crate) use storing::anew;

/// How long a secret that was read serves, unless it is set: a start-up's properties are read within a moment.
const CACHED: Duration = Duration::from_secs(5);

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
    let request = Arc::new(Request::parse(text, host)?);
    let call = burst::Call::begin(host);
    let cached = CACHE_TIME.find(request.sources(host))?.map(|value| value.duration()).transpose()?.unwrap_or(CACHED);
    // One runtime for all waits of this call, so that login and read use one connection.
    let outcome = runtime::sharing(|_| find(&request, cached, host))?;
    let kept = (outcome.is_ok() || grant::any()) && call.keep();
    let (value, until) = outcome?;
    if kept && until > Instant::now() {
        TEXTS.put(text, Arc::new(Secret::new(value.expose().to_owned())), until);
    }
    Ok(value)
}

/// The value, and how long it may be reused.
fn find(request: &Arc<Request>, cached: Duration, host: &dyn Host) -> Result<(Secret, Instant), Error> {
    let session = Session { request, client: Client::new(request, host)?, key: request.identity(host)?, host };
    if cached.is_zero() {
        let found = session.read()?;
        return Ok((request.pick.from(&found, host)?, Instant::now()));
    }
    let key = Secret::new(format!("{}{}", session.key.expose(), request.place()));
    let shot = READS.get(key.expose(), host, || Ok((Arc::new(session.read()?), Instant::now() + cached)))?;
    Ok((request.pick.from(&shot.value, host)?, shot.until))
}

/// What one reading needs.
struct Session<'a> {
    request: &'a Arc<Request>,
    client: Client<'a>,
    /// Who shares its login.
    key: Secret,
    host: &'a dyn Host,
}

impl Session<'_> {
    /// Reads, with a login that may have been made before. One that Vault does not accept any more is made once again.
    fn read(&self) -> Result<Found, Error> {
        if let Some(found) = self.read_inline()? {
            return Ok(found);
        }
        let (grant, reused) = self.grant()?;
        match self.read_with(&grant) {
            Err(Error::TokenRefused { .. } | Error::Denied { .. }) if reused => {
                LOGINS.forget(self.key.expose(), |other| Arc::ptr_eq(other, &grant));
                self.read_with(&self.grant()?.0)
            }
            other => other,
        }
    }

    /// Reads and logs in by one request, where that is wanted. Whatever does not succeed so is tried in the ordinary way, whose
    /// messages say more: the server may not know inline logins, and creates no leases with them.
    fn read_inline(&self) -> Result<Option<Found>, Error> {
        let sources = self.request.sources(self.host);
        let wanted = INLINE_LOGIN.find(sources)?.map(|value| value.flag()).transpose()?.unwrap_or(false);
        if !wanted || self.request.engine == Some(Engine::Generic) || LOGINS.peek(self.key.expose()).is_some() {
            return Ok(None);
        }
        let Some(inline) = self.request.method.inline(&self.client, sources)? else { return Ok(None) };
        let login = inline.login();
        let client = Client::new(self.request, self.host)?.with_inline(inline);
        match engine::read(self.request, &login, &client, self.host) {
            Ok(found) => Ok(Some(found)),
            // There is no patience left for a second way.
            Err(error @ (Error::Unreachable { .. } | Error::Interrupted { .. })) => Err(error),
            Err(_) => Ok(None),
        }
    }

    fn read_with(&self, grant: &Arc<Grant>) -> Result<Found, Error> {
        let mut found = engine::read(self.request, &grant.login, &self.client, self.host)?;
        if let Some(lease) = found.lease.take() {
            lease::came(lease, &found.place, grant, self.host)?;
        }
        Ok(found)
    }

    /// The login, and whether it was made before.
    fn grant(&self) -> Result<(Arc<Grant>, bool), Error> {
        let obtain = || Grant::obtain(self.request, &self.client, self.host);
        if self.request.method.is_given() {
            return Ok((obtain()?.0, false));
        }
        loop {
            let shot = LOGINS.get(self.key.expose(), self.host, obtain)?;
            if shot.value.take_use() {
                return Ok((shot.value, shot.reused));
            }
            LOGINS.forget(self.key.expose(), |other| Arc::ptr_eq(other, &shot.value));
        }
    }
}

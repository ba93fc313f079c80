//! Reads a secret: with a login and an answer that other calls may have got already.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use crate::auth::{Context, Login, PresentedJwt};
use crate::client::Client;
use crate::engine::{self, SecretData};
use crate::error::{Error, ErrorKind};
use crate::event::Event;
use crate::host::Host;
use crate::secret::Secret;
use crate::service::Service;
use crate::service::resolved::Resolved;
use crate::service::tokens::ObtainedToken;
use crate::single_flight::{GivenUp, Waiter};
use crate::vault::Engine;

impl Service {
    /// Reads the secret that `text` names: the JSON object of the server's configuration, with or without `{ENC}`.
    ///
    /// # Errors
    ///
    /// Every failure is an [`Error`] whose words tell the administrator what to do. The value is never empty.
    pub fn resolve(&self, text: &str, host: &dyn Host) -> Result<Secret, Error> {
        self.set_clock(host);
        let resolved = self.resolved.get(text, &self.connections, host)?;
        self.call(host, || value(self, &resolved, host))
    }
}

/// The value that the text names.
fn value(service: &Service, resolved: &Resolved, host: &dyn Host) -> Result<Secret, Error> {
    let session = Session::new(service, resolved, host);
    let selector = &resolved.reference.selector;
    let tell = |reused| {
        let (mount, path) = (&resolved.reference.mount.plain, &resolved.reference.path.plain);
        host.event(&Event::Read { mount, path, reused });
    };
    if resolved.cached.is_zero() {
        let found = session.read()?;
        tell(false);
        return selector.extract(found.data(), &found.location, host);
    }
    let fetched = session.wait_for(|waiter| {
        service.secrets.get(&resolved.location, waiter, |host| {
            let found = session.on(host).read()?;
            Ok((Arc::new(found), service.clock.now() + resolved.cached))
        })
    })?;
    tell(fetched.reused);
    selector.extract(fetched.value.data(), &fetched.value.location, host)
}

/// What one reading needs.
pub(super) struct Session<'a> {
    service: &'a Service,
    resolved: &'a Resolved,
    pub(super) client: Client<'a>,
    host: &'a dyn Host,
    /// Whether the login is looked for once more.
    pub(super) again: Cell<bool>,
}

impl<'a> Session<'a> {
    /// The time for everything runs from now on.
    pub(super) fn new(service: &'a Service, resolved: &'a Resolved, host: &'a dyn Host) -> Self {
        let client = Client::new(&resolved.cluster, &service.connections, host);
        Self { service, resolved, client, host, again: Cell::new(false) }
    }

    /// The same with no more than `limit` for everything.
    pub(super) fn limited(self, limit: Duration) -> Self {
        Self { client: self.client.limited(limit), ..self }
    }

    pub(super) fn client(&self) -> &Client<'a> {
        &self.client
    }

    /// The same on the host of a flight.
    fn on<'b>(&'b self, host: &'b dyn Host) -> Session<'b> {
        Session { service: self.service, resolved: self.resolved, client: self.client.on(host), host, again: self.again.clone() }
    }

    /// Reads, with a login that may have been made before. One that Vault does not accept any more is made once again.
    pub(super) fn read(&self) -> Result<SecretData, Error> {
        if let Some(found) = self.read_inline()? {
            return Ok(found);
        }
        let Self { service, resolved, .. } = self;
        let denied_lately = || service.denials.has(&resolved.location, service.clock.now());
        let (token, reused) = self.token()?;
        match self.read_with(&token) {
            Err(error) if reused && matches!(error.kind(), ErrorKind::Denied(_)) && denied_lately() => Err(error),
            Err(error) if reused && matches!(error.kind(), ErrorKind::TokenRefused { .. } | ErrorKind::Denied(_)) => {
                service.logins.forget(&resolved.identity, |other| Arc::ptr_eq(other, &token));
                let again = self.read_with(&self.token()?.0);
                if again.as_ref().is_err_and(|error| matches!(error.kind(), ErrorKind::Denied(_))) {
                    service.denials.note(&resolved.location, service.clock.now());
                }
                again
            }
            Err(refused) if matches!(refused.kind(), ErrorKind::TokenRefused { .. } | ErrorKind::Denied(_)) => {
                self.read_later(token, refused)
            }
            other => other,
        }
    }

    /// Reads and logs in by one request, where that is wanted. What does not succeed so is tried in the ordinary way, whose
    /// messages say more: the server may not know inline logins, and creates no leases with them.
    fn read_inline(&self) -> Result<Option<SecretData>, Error> {
        let Resolved { reference, identity, inline, .. } = self.resolved;
        let logged_in = || self.service.logins.peek(identity, self.service.clock.now()).is_some();
        if !inline || reference.engine == Some(Engine::Generic) || logged_in() {
            return Ok(None);
        }
        let Some(inline) = reference.method.inline(&self.context())? else { return Ok(None) };
        let login = Arc::new(Login::inline(&inline));
        let client = self.client.with_inline(inline);
        match engine::read(reference, &login, &|| Ok(Arc::clone(&login)), &client, self.host) {
            Ok(found) => Ok(Some(found)),
            // There is no time left for a second way.
            Err(error) if matches!(error.kind(), ErrorKind::Unreachable(_) | ErrorKind::Interrupted) => Err(error),
            Err(_) => Ok(None),
        }
    }

    pub(super) fn read_with(&self, token: &Arc<ObtainedToken>) -> Result<SecretData, Error> {
        let next = || match token.has_few_uses() {
            true => Ok(Arc::clone(&self.token()?.0.login)),
            false => Ok(Arc::clone(&token.login)),
        };
        let mut found = engine::read(&self.resolved.reference, &token.login, &next, &self.client, self.host)?;
        if let Some(lease) = found.lease.take() {
            self.service.leases.track(lease, &found.location, token, self.service.clock.now(), self.host)?;
        }
        Ok(found)
    }

    /// The login, and whether it was made before.
    pub(super) fn token(&self) -> Result<(Arc<ObtainedToken>, bool), Error> {
        let Self { service, resolved, .. } = self;
        let obtain = |session: &Session<'_>| service.tokens.obtain(&resolved.reference, &session.context(), service.clock.now());
        let tell = |reused| self.host.event(&Event::Login { method: resolved.reference.method.name, reused });
        if resolved.reference.method.is_given() {
            let token = obtain(self)?.0;
            tell(false);
            return Ok((token, false));
        }
        loop {
            let fetched =
                self.wait_for(|waiter| service.logins.get(&resolved.identity, waiter, |host| obtain(&self.on(host))))?;
            if fetched.value.take_use() {
                tell(fetched.reused);
                return Ok((fetched.value, fetched.reused));
            }
            service.logins.forget(&resolved.identity, |other| Arc::ptr_eq(other, &fetched.value));
        }
    }

    /// The JWT that the login presents, if it is one that presents a JWT.
    pub(super) fn presented_jwt(&self) -> Option<PresentedJwt> {
        self.resolved.reference.method.presented_jwt(&self.context())
    }

    fn context(&self) -> Context<'_> {
        Context {
            client: &self.client,
            sources: self.resolved.reference.sources(self.host),
            unwrapped: &self.service.unwrapped,
            now: self.service.clock.now(),
            again: self.again.get(),
        }
    }

    /// Does what may have to wait for another thread, within the time for everything.
    fn wait_for<T>(&self, work: impl FnOnce(&Waiter<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let given_up = |why: GivenUp| self.client.given_up(why);
        let now = self.service.clock.now();
        work(&Waiter { host: self.host, now, deadline: self.client.deadline(), given_up: &given_up })
    }
}

//! The use cases, and the owner of all state: one login and one read for all calls of a start-up that need them.

mod denials;
pub(crate) mod inspect;
mod late;
mod leases;
mod lifetime;
mod read;
mod resolved;
mod store;
mod tokens;

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use once_cell::sync::OnceCell;
use zeroize::Zeroizing;

use crate::auth::Unwrapped;
use crate::client::Connections;
use crate::clock::Clock;
use crate::engine::SecretData;
use crate::error::Error;
use crate::host::{Environment, Host, Variables};
use crate::service::denials::Denials;
use crate::service::leases::Leases;
use crate::service::lifetime::{Action, Event, Extent, Lifetime};
use crate::service::resolved::ResolvedTexts;
use crate::service::tokens::{ObtainedToken, REVOCATION_TIMEOUT, Tokens};
use crate::settings::TEST_CLOCK;
use crate::single_flight::SingleFlight;

/// How soon the end of a name look-up is noticed.
const LOOK_UP_CHECK: Duration = Duration::from_secs(1);

/// Reads secrets for a host. A process has one: calls share logins, secrets and connections for as long as a start-up lasts.
///
/// Locks: `lifetime` may be held while another field is locked, never the other way round, and no other two at a time. None is
/// held during I/O or a call into the host.
pub struct Service {
    /// What a text means where everything that is set is as it is.
    resolved: ResolvedTexts,
    /// The secrets that were read, with all their keys.
    secrets: SingleFlight<Arc<SecretData>>,
    /// The logins that cost Vault something.
    logins: SingleFlight<Arc<ObtainedToken>>,
    /// Tokens that are not yet revoked.
    tokens: Tokens,
    denials: Denials,
    leases: Leases,
    lifetime: Mutex<Lifetime>,
    /// A thread has revoked tokens.
    revoked: Condvar,
    /// What response-wrapping tokens wrapped.
    unwrapped: Unwrapped,
    connections: Connections,
    clock: Clock,
    /// Java cannot change them, and the system has them in plain for as long as the process lives. To look through fifty variables takes
    /// three times as long as all else that a secret takes that was read before.
    variables: OnceCell<Variables>,
}

impl Default for Service {
    fn default() -> Self {
        Self::new()
    }
}

impl Service {
    /// A service that has done nothing yet.
    pub const fn new() -> Self {
        Self {
            resolved: ResolvedTexts::new(),
            secrets: SingleFlight::new(),
            logins: SingleFlight::new(),
            tokens: Tokens::new(),
            denials: Denials::new(),
            leases: Leases::new(),
            lifetime: Mutex::new(Lifetime::new()),
            revoked: Condvar::new(),
            unwrapped: Unwrapped::new(),
            connections: Connections::new(),
            clock: Clock::new(),
            variables: OnceCell::new(),
        }
    }

    /// The environment of this process, its variables as they are when this is called for the first time, with these system
    /// properties.
    pub fn environment(&self, properties: impl IntoIterator<Item = (String, Zeroizing<String>)>) -> Environment {
        Environment::new(self.variables.get_or_init(Variables::of_process), properties)
    }

    /// One turn of the keeper, the thread that [`Host::start_keeper`] started: secrets whose time is over are wiped, leases
    /// renewed, and when the start-up is over, tokens that were obtained are revoked and connections closed.
    ///
    /// Returns how long to wait until the next turn; `None` when nothing is left and the thread must end. With `stopping`
    /// everything is ended at once.
    pub fn maintain(&self, host: &dyn Host, stopping: bool) -> Option<Duration> {
        // To ask for all that is set takes longer than the turn.
        if self.clock.is_of_test() {
            self.set_clock(host);
        }
        let stopping = stopping || host.interrupted();
        if stopping {
            self.leases.clear();
        }
        let lease = self.leases.renew_due(&self.clock, &self.connections, host);
        let secret = self.secrets.expire(self.clock.now()).filter(|_| !stopping);
        // A look-up's thread runs this library's code: no end of the keeper, after which the JVM may unload it, before its own.
        let look_up = (self.connections.look_up_runs() && !stopping).then(|| self.clock.now() + LOOK_UP_CHECK);
        let due = [lease, secret, look_up].into_iter().flatten().min();
        let mut event = Event::Tick { stopping, due };
        loop {
            let mut lifetime = self.lifetime();
            match lifetime.next(event, self.clock.now()) {
                Action::End(extent) => {
                    let tokens = self.take_out_of_use(extent);
                    drop(lifetime);
                    self.revoke(tokens, host);
                    if stopping {
                        self.wait_for_revocations();
                    }
                    event = Event::TurnDone { stopping, due };
                }
                Action::Wait(time) => return Some(time),
                Action::Continue | Action::StartKeeper | Action::Done => return None,
            }
        }
    }

    /// Sets the clock as a test wants it. The keeper's turns do so where the property was there at an earlier call.
    fn set_clock(&self, host: &dyn Host) {
        if let Some(ahead) = host.environment().property(TEST_CLOCK) {
            self.clock.set_ahead(Duration::from_millis(ahead.parse().unwrap_or_default()));
        }
    }

    /// One call of the host. What it leaves behind ends with it unless there is a keeper.
    fn call<T>(&self, host: &dyn Host, work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        self.happened(Event::CallBegan);
        let call = Call { service: self, host };
        let outcome = work();
        if outcome.is_ok() || self.tokens.any() || self.connections.look_up_runs() {
            call.retain();
        }
        outcome
    }

    fn happened(&self, event: Event) -> Action {
        self.lifetime().next(event, self.clock.now())
    }

    fn lifetime(&self) -> MutexGuard<'_, Lifetime> {
        self.lifetime.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the logins out of use, and what else ends with them; the caller revokes the tokens. While the lifetime is locked: a
    /// call that begins in between could read a dynamic secret with a token that is about to be revoked, and the secret would end
    /// with it.
    fn take_out_of_use(&self, extent: Extent) -> Vec<Arc<ObtainedToken>> {
        if extent == Extent::Everything {
            self.secrets.clear();
            self.leases.clear();
        }
        self.logins.clear();
        self.denials.clear();
        self.resolved.clear();
        self.tokens.take()
    }

    fn revoke(&self, tokens: Vec<Arc<ObtainedToken>>, host: &dyn Host) {
        tokens::revoke(tokens, &self.connections, host);
        self.connections.end_idle();
        self.happened(Event::Revoked);
        self.revoked.notify_all();
    }

    /// Waits for other threads that revoke at the moment: a JVM that exits ends them wherever they are.
    fn wait_for_revocations(&self) {
        let _ = self.revoked.wait_timeout_while(self.lifetime(), REVOCATION_TIMEOUT, |lifetime| lifetime.is_ending());
    }
}

struct Call<'a> {
    service: &'a Service,
    host: &'a dyn Host,
}

impl Call<'_> {
    /// Asks for the keeper, since there is something to retain.
    fn retain(&self) {
        if self.service.happened(Event::KeeperWanted) == Action::StartKeeper {
            let started = self.host.start_keeper();
            self.service.happened(Event::KeeperStarted(started));
        }
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        let mut lifetime = self.service.lifetime();
        if let Action::End(extent) = lifetime.next(Event::CallEnded, self.service.clock.now()) {
            let tokens = self.service.take_out_of_use(extent);
            drop(lifetime);
            self.service.revoke(tokens, self.host);
        }
    }
}

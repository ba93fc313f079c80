//! For whoever stores a secret: the login of the burst, but nothing that was read before counts, or goes on to count.

use super::{READS, Resolved, Session, TEXTS, lifetime, tokens};
use crate::auth::Login;
use crate::client::Client;
use crate::error::Error;
use crate::host::Host;
use crate::reference::SecretReference;
use crate::secret::Secret;

/// A session whose reads ask Vault.
pub(crate) struct WriteSession<'a>(Session<'a>);

/// Does `work` in a session of its own.
pub(crate) fn write_session<T>(
    reference: SecretReference,
    host: &dyn Host,
    work: impl FnOnce(&SecretReference, WriteSession<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let resolved = Resolved::make(reference, host)?;
    let call = lifetime::Call::begin(host);
    let outcome = work(&resolved.reference, WriteSession(Session::new(&resolved, host)));
    if tokens::any() {
        call.keep();
    }
    outcome
}

impl WriteSession<'_> {
    pub(crate) fn client(&self) -> &Client<'_> {
        &self.0.client
    }

    /// Does `work` with the login that the server has.
    pub(crate) fn with_login<T>(&self, work: impl FnOnce(&Login) -> Result<T, Error>) -> Result<T, Error> {
        work(&self.0.token()?.0.login)
    }

    /// Reads the value as the server will.
    pub(crate) fn read(&self) -> Result<Secret, Error> {
        READS.clear();
        TEXTS.clear();
        self.0.resolved.reference.selector.from(&self.0.read()?, self.0.host)
    }
}

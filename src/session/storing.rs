//! For whoever stores a secret: the login of the burst, but nothing that was read before counts, or goes on to count.

use super::{Plan, READS, Session, TEXTS, burst, grant};
use crate::auth::Login;
use crate::error::Error;
use crate::host::Host;
use crate::http::Client;
use crate::request::Request;
use crate::secret::Secret;

/// A session whose reads ask Vault.
pub(crate) struct Anew<'a>(Session<'a>);

/// Does `work` in a session of its own.
pub(crate) fn anew<T>(
    request: Request,
    host: &dyn Host,
    work: impl FnOnce(&Request, Anew<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let plan = Plan::make(request, host)?;
    let call = burst::Call::begin(host);
    let outcome = work(&plan.request, Anew(Session::new(&plan, host)));
    if grant::any() {
        call.keep();
    }
    outcome
}

impl Anew<'_> {
    pub(crate) fn client(&self) -> &Client<'_> {
        &self.0.client
    }

    /// Does `work` with the login that the server has.
    pub(crate) fn with_login<T>(&self, work: impl FnOnce(&Login) -> Result<T, Error>) -> Result<T, Error> {
        work(&self.0.grant()?.0.login)
    }

    /// Reads the value as the server will.
    pub(crate) fn read(&self) -> Result<Secret, Error> {
        READS.clear();
        TEXTS.clear();
        self.0.plan.request.pick.from(&self.0.read()?, self.0.host)
    }
}

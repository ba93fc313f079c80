//! The use case: one login, one read.

use crate::engine;
use crate::error::Error;
use crate::host::Host;
use crate::http::Client;
use crate::request::Request;
use crate::secret::Secret;

/// Logs in as `request` says and reads the secret that it names.
pub(crate) fn read(request: &Request, host: &dyn Host) -> Result<Secret, Error> {
    let client = Client::new(request, host)?;
    let login = request.method.login(&client, request.sources(host))?;
    let found = engine::read(request, &login, &client, host)?;
    request.pick.from(&found, host)
}

//! The use case: one login, one read.

use crate::error::Error;
use crate::host::Host;
use crate::http::Client;
use crate::request::Request;
use crate::secret::Secret;
use crate::{auth, engine};

/// Logs in as `request` says and reads the secret that it names.
pub(crate) fn read(request: &Request, host: &dyn Host) -> Result<Secret, Error> {
    let client = Client::new(request, host)?;
    let login = auth::login(request.method, &client, request.sources(host))?;
    engine::kv2::read(request, &login, &client, host)
}

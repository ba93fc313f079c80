//! KV version 1, and every other path whose answer has its keys in `data`.
//! Source: <https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v1#read-secret>.

use super::{Engine, Found, Reading};
use crate::error::Error;
use crate::http::Call;
use crate::vault::Meaning;

pub(super) fn read(reading: &Reading<'_>) -> Result<Found, Error> {
    let Reading { request, login, client, .. } = reading;
    let reply = client.send(&Call::get(&format!("{}/{}", request.mount.encoded, request.path.encoded), login.token.as_ref()))?;
    match reply.meaning() {
        Meaning::Success(envelope) => Ok(reading.accept(&envelope, &reply, &request.path, false)?.of(reply)),
        Meaning::Missing => Err(Error::SecretMissing { place: reading.place(&reply, &request.path) }),
        _ => {
            let policy_path = format!("{}/{}", request.mount.plain, request.path.plain);
            let wanted = if request.engine == Some(Engine::Generic) { "generic" } else { super::KV1 };
            Err(reading.refused(reply, &request.path, policy_path, wanted))
        }
    }
}

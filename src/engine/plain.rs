//! KV version 1, and every other path whose answer has its keys in `data`.
//! Source: <https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v1#read-secret>.

use crate::client::ApiRequest;
use crate::engine::reading::{KV1, Reading, SecretData};
use crate::error::{Error, ErrorKind};
use crate::vault::{Engine, Meaning};

pub(super) fn read(reading: &Reading<'_>) -> Result<SecretData, Error> {
    let Reading { reference, login, client, .. } = reading;
    let response = client
        .send(&ApiRequest::get(&format!("{}/{}", reference.mount.encoded, reference.path.encoded), login.token.as_ref()))?;
    match response.meaning() {
        Meaning::Success(envelope) => reading.accept(&envelope, &response, &reference.path, false),
        Meaning::Missing => Err(ErrorKind::SecretMissing.at(reading.location(&response, &reference.path))),
        _ => {
            let policy_path = format!("{}/{}", reference.mount.plain, reference.path.plain);
            let wanted = if reference.engine == Some(Engine::Generic) { "generic" } else { KV1 };
            Err(reading.refused(response, &reference.path, policy_path, wanted))
        }
    }
}

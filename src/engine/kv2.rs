//! KV version 2: a version of a secret, the newest unless one is pinned.
//! Source: <https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2#read-secret-version>.

use crate::client::ApiRequest;
use crate::engine::reading::{KV2, Reading, SecretData};
use crate::error::{Error, ErrorKind};
use crate::vault::{ApiPath, Meaning};

pub(super) fn read(reading: &Reading<'_>, path: &ApiPath) -> Result<SecretData, Error> {
    let Reading { reference, login, client, .. } = reading;
    let secret = format!("{}/data/{}", reference.mount.encoded, path.encoded);
    let api_path = match reference.version {
        Some(version) => format!("{secret}?version={version}"),
        None => secret,
    };
    let response = client.send(&ApiRequest::get(&api_path, login.token.as_ref()))?;
    let location = || reading.location(&response, path);
    match response.meaning() {
        Meaning::Success(envelope) => reading.accept(&envelope, &response, path, true),
        Meaning::Missing => Err(match reference.version {
            Some(version) => ErrorKind::VersionMissing { version, readable: Vec::new() },
            None => ErrorKind::SecretMissing,
        }
        .at(location())),
        Meaning::Gone(gone) if gone.destroyed => {
            Err(ErrorKind::SecretDestroyed { version: gone.version, readable: Vec::new() }.at(location()))
        }
        Meaning::Gone(gone) => {
            let when = time(&gone.deletion_time);
            Err(ErrorKind::SecretDeleted { version: gone.version, when, readable: Vec::new() }.at(location()))
        }
        _ => {
            let policy_path = format!("{}/data/{}", reference.mount.plain, path.plain);
            Err(reading.refused(response, path, policy_path, KV2))
        }
    }
}

/// A time as Vault writes it (RFC 3339).
fn time(text: &str) -> Option<String> {
    let fits = text.len() <= 40
        && text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| "0123456789-+:.TZ".contains(c));
    fits.then(|| text.to_owned())
}

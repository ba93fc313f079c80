//! KV version 2: a version of a secret, the newest unless one is pinned.
//! Source: <https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2#read-secret-version>.

use super::{Found, Reading};
use crate::diagnosis::{self, Versions};
use crate::error::Error;
use crate::http::Call;
use crate::request::ApiPath;
use crate::vault::Meaning;

pub(super) fn read(reading: &Reading<'_>, path: &ApiPath) -> Result<Found, Error> {
    let Reading { request, login, client, .. } = reading;
    let secret = format!("{}/data/{}", request.mount.encoded, path.encoded);
    let api_path = match request.version {
        Some(version) => format!("{secret}?version={version}"),
        None => secret,
    };
    let reply = client.send(&Call::get(&api_path, login.token.as_ref()))?;
    let place = || reading.place(&reply, path);
    let versions = || diagnosis::versions(&format!("{}/metadata/{}", request.mount.encoded, path.encoded), login, client);
    let others = || match versions() {
        Versions::Readable(others) => others,
        Versions::NoSecret => String::new(),
    };
    match reply.meaning() {
        Meaning::Success(envelope) => Ok(reading.accept(&envelope, &reply, path, true)?.of(reply)),
        Meaning::Missing => Err(match request.version {
            Some(version) => match versions() {
                Versions::Readable(others) => Error::VersionMissing { place: place(), version, others },
                Versions::NoSecret => Error::SecretMissing { place: place() },
            },
            None => Error::SecretMissing { place: place() },
        }),
        Meaning::Gone(gone) if gone.destroyed => {
            Err(Error::SecretDestroyed { place: place(), version: gone.version, others: others() })
        }
        Meaning::Gone(gone) => {
            Err(Error::SecretDeleted { place: place(), version: gone.version, when: time(&gone.deletion_time), others: others() })
        }
        _ => {
            let policy_path = format!("{}/data/{}", request.mount.plain, path.plain);
            Err(reading.refused(reply, path, policy_path, super::KV2))
        }
    }
}

/// A time as Vault writes it (RFC 3339), or words that say that it is none.
fn time(text: &str) -> String {
    let fits = text.len() <= 40
        && text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| "0123456789-+:.TZ".contains(c));
    if fits { text.to_owned() } else { "a day that Vault does not name".to_owned() }
}

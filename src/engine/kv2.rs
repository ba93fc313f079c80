//! KV version 2: a version of a secret, the newest unless one is pinned.
//! Source: <https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2#read-secret-version>.

use super::{Reading, SecretData};
use crate::client::ApiRequest;
use crate::diagnosis::{self, Versions};
use crate::error::Error;
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
    let versions =
        || diagnosis::versions(&format!("{}/metadata/{}", reference.mount.encoded, path.encoded), login.token.as_ref(), client);
    let others = || match versions() {
        Versions::Readable(others) => others,
        Versions::NoSecret => String::new(),
    };
    match response.meaning() {
        Meaning::Success(envelope) => Ok(reading.accept(&envelope, &response, path, true)?.of(response)),
        Meaning::Missing => Err(match reference.version {
            Some(version) => match versions() {
                Versions::Readable(others) => Error::VersionMissing { location: location(), version, others },
                Versions::NoSecret => Error::SecretMissing { location: location() },
            },
            None => Error::SecretMissing { location: location() },
        }),
        Meaning::Gone(gone) if gone.destroyed => {
            Err(Error::SecretDestroyed { location: location(), version: gone.version, others: others() })
        }
        Meaning::Gone(gone) => Err(Error::SecretDeleted {
            location: location(),
            version: gone.version,
            when: time(&gone.deletion_time),
            others: others(),
        }),
        _ => {
            let policy_path = format!("{}/data/{}", reference.mount.plain, path.plain);
            Err(reading.refused(response, path, policy_path, super::KV2))
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

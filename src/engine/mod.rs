//! Secrets engines: what is asked of each, and how it is found out which one a mount has.

mod explain;
mod kv2;
mod plain;
mod reading;
mod write;

use std::sync::Arc;

use crate::auth::Login;
use crate::client::Client;
use crate::diagnosis::{Mount, MountAnswer};
use crate::error::{Error, ErrorKind, FoundEngine, RequestInfo};
use crate::host::Host;
use crate::reference::SecretReference;
use crate::text::shown_path;
use crate::vault::Engine;

pub(crate) use reading::SecretData;
use reading::{KV1, KV2, Reading};
pub(crate) use write::{Outcome, write};

/// Reads the secret that `reference` names. Without a pinned engine KV version 2 is tried at once, since it is what the
/// vendor's store knows; only when that fails is the mount looked at.
///
/// `next` gives the login for each further request: another one, where the token has no use left.
pub(crate) fn read(
    reference: &SecretReference,
    login: &Login,
    next: NextLogin<'_>,
    client: &Client<'_>,
    host: &dyn Host,
) -> Result<SecretData, Error> {
    let reading = Reading { reference, login, client, host };
    let found = match reference.engine {
        Some(Engine::Generic | Engine::Kv1) => plain::read(&reading),
        Some(Engine::Kv2) | None => kv2::read(&reading, &reference.path),
    };
    let found = found.or_else(|failure| match (failure.kind(), failure.at().cloned()) {
        _ if reference.engine == Some(Engine::Generic) => Err(failure),
        (
            ErrorKind::SecretMissing | ErrorKind::VersionMissing { .. } | ErrorKind::OtherEngine { .. } | ErrorKind::Denied(_),
            Some(location),
        ) => reading.second_look(failure, location, next),
        _ => Err(failure),
    });
    found.map_err(|error| reading.explain(error))
}

/// The login for a further request.
pub(crate) type NextLogin<'a> = &'a dyn Fn() -> Result<Arc<Login>, Error>;

impl Reading<'_> {
    /// After a failure whose cause may be that the mount has another engine than the one that was asked.
    fn second_look(&self, failure: Error, location: RequestInfo, next: NextLogin<'_>) -> Result<SecretData, Error> {
        // Without a token to ask with, the failure stays what it is.
        let Ok(login) = next() else { return Err(failure) };
        let there = match self.with(&login).mount() {
            MountAnswer::Known(there) => there,
            MountAnswer::UsedUp if self.reference.engine.is_none() => {
                return Err(ErrorKind::TokenUsedUp { origin: login.origin.clone() }.at(location));
            }
            MountAnswer::UsedUp | MountAnswer::Unknown => return Err(failure),
        };
        if let Some(mistake) = self.mistake(&there, location) {
            return Err(mistake);
        }
        match (self.reference.engine, there.engine()) {
            (_, Engine::Kv2) => self.read_without_data(failure, next),
            (None, Engine::Kv1) => plain::read(&self.with(&*next()?)),
            _ => Err(failure),
        }
    }

    /// What the text has wrong about the mount that is `there`.
    fn mistake(&self, there: &Mount, location: RequestInfo) -> Option<Error> {
        let SecretReference { mount, engine, version, .. } = self.reference;
        let found = match (engine, there.engine()) {
            (None | Some(Engine::Kv2), Engine::Kv2) if there.is_above(&mount.plain) => {
                FoundEngine::LongerMount(there.path.trim_end_matches('/').to_owned())
            }
            (None | Some(Engine::Kv2), Engine::Kv2) | (Some(Engine::Kv1), Engine::Kv1) => return None,
            (None, Engine::Kv1) if version.is_none() => return None,
            (_, Engine::Kv1) if version.is_some() => FoundEngine::Kv1WithVersion,
            (_, Engine::Kv1) => FoundEngine::Kv1,
            (_, Engine::Kv2) => FoundEngine::Kv2,
            (_, Engine::Generic) => FoundEngine::Other(there.kind.clone()),
        };
        let wanted = if *engine == Some(Engine::Kv1) { KV1 } else { KV2 };
        Some(ErrorKind::OtherEngine { wanted, found }.at(location))
    }

    /// "secret/data/x" is the path of the API, and people copy it.
    fn read_without_data(&self, failure: Error, next: NextLogin<'_>) -> Result<SecretData, Error> {
        let Some(shorter) = self.reference.path.without_data() else { return Err(failure) };
        let Ok(login) = next() else { return Err(failure) };
        let found = kv2::read(&self.with(&login), &shorter).map_err(|error| match error.kind() {
            ErrorKind::SecretDeleted { .. } | ErrorKind::SecretDestroyed { .. } => error,
            _ => failure,
        })?;
        self.host.warn(&format!(
            "\"path\" begins with \"data/\", which is a part of the API's path and not of the secret's path; write {}",
            shown_path(&shorter.plain)
        ));
        Ok(found)
    }
}

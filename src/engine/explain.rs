//! What is asked of Vault to make the message of a failed read better. Only once nothing else is to be tried: each question takes
//! one use of a token that may have few.

use crate::diagnosis::{self, TokenFacts, Versions};
use crate::engine::reading::Reading;
use crate::error::{Denied, DeniedHint, Error, ErrorKind, RequestInfo};
use crate::vault::ApiPath;

impl Reading<'_> {
    /// The error with what Vault tells when it is asked for more.
    pub(super) fn explain(&self, error: Error) -> Error {
        let (kind, at) = error.into_parts();
        let Some(at) = at else { return kind.into() };
        let token = self.login.token.as_ref();
        let nearest = || diagnosis::nearest_mount(&self.reference.mount.plain, token, self.client);
        let kind = match kind {
            ErrorKind::Denied(denied) => ErrorKind::Denied(self.explain_denial(denied)),
            ErrorKind::MountUnknown { nearest: None } => ErrorKind::MountUnknown { nearest: nearest() },
            ErrorKind::VersionMissing { version, .. } => match self.versions(&at) {
                Versions::Readable(readable) => ErrorKind::VersionMissing { version, readable },
                Versions::NoSecret => ErrorKind::SecretMissing,
            },
            ErrorKind::SecretDeleted { version, when, .. } => {
                ErrorKind::SecretDeleted { version, when, readable: self.readable_versions(&at) }
            }
            ErrorKind::SecretDestroyed { version, .. } => {
                ErrorKind::SecretDestroyed { version, readable: self.readable_versions(&at) }
            }
            other => other,
        };
        kind.at(at)
    }

    /// The same of a policy that does not allow the request.
    pub(super) fn explain_denial(&self, denied: Denied) -> Denied {
        let token = self.login.token.as_ref();
        let facts = diagnosis::token_facts(token, self.client);
        let hint = if diagnosis::may_read(&denied.policy_path, token, self.client) == Some(true) {
            Some(DeniedHint::Conditional)
        } else {
            let nearest = diagnosis::nearest_mount(&self.reference.mount.plain, token, self.client).map(DeniedHint::NearestMount);
            let template = || Some(DeniedHint::Template(facts.as_ref()?.not_for_templates()?.to_owned()));
            nearest.or_else(template)
        };
        Denied { policies: facts.as_ref().map(TokenFacts::policies), hint, ..denied }
    }

    /// The versions of the secret that was asked for at `at`.
    fn versions(&self, at: &RequestInfo) -> Versions {
        let path = at.secret.as_ref().and_then(|secret| ApiPath::parse(&secret.path).ok());
        let path = path.as_ref().unwrap_or(&self.reference.path);
        let metadata = format!("{}/metadata/{}", self.reference.mount.encoded, path.encoded);
        diagnosis::versions(&metadata, self.login.token.as_ref(), self.client)
    }

    fn readable_versions(&self, at: &RequestInfo) -> Vec<u64> {
        match self.versions(at) {
            Versions::Readable(readable) => readable,
            Versions::NoSecret => Vec::new(),
        }
    }
}

//! The errors that an answer means wherever it comes from: a login and a read fail alike when Vault is sealed.

use super::{Client, Reply};
use crate::diagnosis;
use crate::error::Error;
use crate::host::Host;
use crate::secret::Secret;
use crate::vault::Meaning;

impl Reply {
    /// The answer cannot be understood.
    pub(crate) fn lacks(&self, problem: &str) -> Error {
        Error::BadAnswer { at: self.at.clone(), problem: problem.to_owned() }
    }

    /// The error of a meaning that the caller has no words of its own for. `sent` are the secrets of the request: a peer
    /// that echoes one does not get it into a message.
    pub(crate) fn failed(&self, meaning: Meaning<'_>, sent: &[&Secret], client: &Client, host: &dyn Host) -> Error {
        let at = self.at.clone();
        let status = self.status;
        let clean = |said: String| sent.iter().fold(said, |said, secret| secret.hide_in(&said));
        match meaning {
            Meaning::Sealed => match diagnosis::seal_status(client, host) {
                Some(seal) if !seal.initialized => Error::Uninitialised { at },
                Some(seal) => {
                    Error::Sealed { at, progress: format!("; {} of {} unseal keys given", seal.progress, seal.threshold) }
                }
                None => Error::Sealed { at, progress: String::new() },
            },
            Meaning::Uninitialised => Error::Uninitialised { at },
            Meaning::NoLeader(said) => Error::NoLeader { at, status, answer: clean(said) },
            Meaning::RateLimited(said) => Error::RateLimited { at, answer: clean(said) },
            Meaning::Redirect => Error::Redirected { at, to: self.target(), reason: REDIRECT.to_owned() },
            Meaning::Foreign(content) => Error::NotVault { at, status, content: clean(content) },
            Meaning::NoData | Meaning::Success(_) => self.lacks("it holds no data"),
            Meaning::NotAccepted | Meaning::Denied => Error::Refused { at, status, answer: "permission denied".to_owned() },
            Meaning::Missing | Meaning::NoRoute | Meaning::Gone(_) => {
                Error::Refused { at, status, answer: "there is nothing at this path".to_owned() }
            }
            Meaning::NotThisEngine(said) | Meaning::Refused(said) => Error::Refused { at, status, answer: clean(said) },
        }
    }

    /// Scheme, host and port of the redirect's target; the rest of it is a peer's text and not needed.
    fn target(&self) -> String {
        let target = self.location.as_deref().unwrap_or_default();
        match reqwest::Url::parse(&self.at.url).and_then(|from| from.join(target)) {
            Ok(url) => url.origin().ascii_serialization(),
            Err(_) => "an address that is not a URL".to_owned(),
        }
    }
}

const REDIRECT: &str = "the token must not go to another host unasked. What to do: put the address of the active Vault node, or of \
                        a balancer that finds it, into \"endpoint\"";

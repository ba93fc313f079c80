//! The errors that an answer means wherever it comes from: a login and a read fail alike when Vault is sealed.

use super::{Client, Reply};
use crate::diagnosis;
use crate::error::Error;
use crate::vault::{self, Meaning};

impl Reply {
    /// What the answer means.
    pub(crate) fn meaning(&self) -> Meaning<'_> {
        vault::meaning(self.status, self.content_type.as_deref(), &self.body)
    }

    /// The answer cannot be understood.
    pub(crate) fn lacks(&self, problem: &str) -> Error {
        Error::BadAnswer { at: self.at.clone(), problem: problem.to_owned() }
    }

    /// The error of a meaning that the caller has no words of its own for.
    pub(crate) fn failed(&self, meaning: Meaning<'_>, client: &Client<'_>) -> Error {
        let at = self.at.clone();
        let status = self.status;
        match meaning {
            Meaning::Sealed => match diagnosis::seal_status(client) {
                Some(seal) if !seal.initialized => Error::Uninitialised { at },
                Some(seal) => {
                    Error::Sealed { at, progress: format!("; {} of {} unseal keys given", seal.progress, seal.threshold) }
                }
                None => Error::Sealed { at, progress: String::new() },
            },
            Meaning::Uninitialised => Error::Uninitialised { at },
            Meaning::NoLeader(said) => Error::NoLeader { at, status, answer: said },
            Meaning::RateLimited(said) => Error::RateLimited { at, answer: said },
            // A redirect that is not followed is an error before it is an answer.
            Meaning::Redirect => self.lacks("it is a redirect"),
            Meaning::WantsTls => Error::WantsTls { at },
            Meaning::Foreign(content) => Error::NotVault { at, status, content },
            Meaning::NoData | Meaning::Success(_) => self.lacks("it holds no data"),
            Meaning::NotAccepted | Meaning::Denied => Error::Refused { at, status, answer: "permission denied".to_owned() },
            Meaning::Missing | Meaning::NoRoute | Meaning::Gone(_) => {
                Error::Refused { at, status, answer: "there is nothing at this path".to_owned() }
            }
            Meaning::NotThisEngine(said) | Meaning::Refused(said) => Error::Refused { at, status, answer: said },
        }
    }
}

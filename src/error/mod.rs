//! Every way in which a secret can fail to arrive, as facts, and the words for the administrator of a server that is down.
//!
//! A message is one line: what failed, where, why; after "What to do:" the next step; and at its end the code of the kind. It
//! never holds a token, a JWT or a value of a secret: none of the types below can carry a [`crate::Secret`], which has no
//! `Display`.

mod advice;
mod codes;
mod kind;
mod location;
mod statement;
mod storing;
mod unreachable;
mod words;

use std::fmt;

pub use codes::{CODE_GROUPS, CODES, Code, CodeGroup, CodeInfo};
pub use kind::{Denied, DeniedHint, ErrorKind, FoundEngine, NotFollowed, Problem, UnsealProgress};
pub use location::{OtherEndpoint, RequestInfo, SecretLocation, Tries};
pub use storing::{NotStored, ReadBack};
pub use unreachable::Unreachable;
use words::Place;

/// Why there is no secret: a kind with its facts, and the request that failed.
#[derive(Debug, Clone, PartialEq)]
pub struct Error(Box<Facts>);

#[derive(Debug, Clone, PartialEq)]
struct Facts {
    kind: ErrorKind,
    at: Option<RequestInfo>,
}

impl Error {
    fn new(kind: ErrorKind, at: Option<RequestInfo>) -> Self {
        Self(Box::new(Facts { kind, at }))
    }

    /// A mistake in vault-cipher itself.
    pub fn internal(what: impl Into<String>) -> Self {
        ErrorKind::Internal(what.into()).into()
    }

    /// Whether the thread was interrupted: an error of that thread, and of no other that waited for it.
    pub(crate) fn is_interrupted(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Interrupted)
    }

    /// What failed.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// What failed, and the request, where there was one.
    pub(crate) fn into_parts(self) -> (ErrorKind, Option<RequestInfo>) {
        (self.0.kind, self.0.at)
    }

    /// The request that failed, where there was one.
    pub fn at(&self) -> Option<&RequestInfo> {
        self.0.at.as_ref()
    }

    /// The same, to add to it.
    pub(crate) fn at_mut(&mut self) -> Option<&mut RequestInfo> {
        self.0.at.as_mut()
    }

    /// The stable code of the kind.
    pub fn code(&self) -> Code {
        self.0.kind.code()
    }

    /// What happened, on one line and without a full stop: for a line in the log while it is tried again.
    pub fn statement(&self) -> String {
        self.0.kind.statement(Place(self.at()))
    }

    /// What to do, without a full stop; empty where nothing is to be done.
    pub fn advice(&self) -> String {
        self.0.kind.advice(Place(self.at()))
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self::new(kind, None)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.statement())?;
        let advice = self.advice();
        if !advice.is_empty() {
            write!(f, ". What to do: {advice}")?;
        }
        write!(f, " ({})", self.code())
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if !self.advice.is_empty() {
            write!(f, ". What to do: {}", self.advice)?;
        }
        Ok(())
    }
}

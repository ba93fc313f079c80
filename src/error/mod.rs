//! Every way in which a secret can fail to arrive, as facts, and the words for the administrator of a server that is down.
//!
//! A message is one line: what failed, where, why; after "What to do:" the next step; and at its end the code of the kind. It
//! never holds a token, a JWT or a value of a secret: none of the types below can carry a [`crate::Secret`], which has no
//! `Display`.

mod advice;
mod codes;
mod copied;
mod details;
mod kind;
mod kind_code;
mod location;
mod statement;
mod storing;
mod unreachable;
mod words;

use std::fmt;

pub use codes::{CODE_GROUPS, CODES, Code, CodeGroup, CodeInfo};
pub use details::{Denied, DeniedHint, FoundEngine, NotFollowed, Problem, Provider, UnsealProgress};
pub use kind::{Error, ErrorKind, NotStored, ReadBack};
pub use location::{OtherEndpoint, RequestInfo, SecretLocation, Tries};
pub use unreachable::Unreachable;
use words::Place;

use crate::text::{cut, printable};

/// The bytes of a statement, and those of an advice: a message has at most 8 kB, whatever comes in.
const MAX_HALF: usize = 4000;

impl Error {
    /// What happened, on one line and without a full stop: for a line in the log while it is tried again.
    pub fn statement(&self) -> String {
        printable(&cut(self.kind().statement(Place(self.at())), MAX_HALF))
    }

    /// What to do, without a full stop; empty where nothing is to be done.
    pub fn advice(&self) -> String {
        printable(&cut(self.kind().advice(Place(self.at())), MAX_HALF))
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

#[cfg(test)]
mod tests;

//! Facts of which several errors consist.

use std::fmt;

use crate::file;
use crate::resource::Resource;

/// Who provides a token: one that Vault does not accept may be replaced while it is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Provider {
    /// The administrator, in a setting.
    Fixed,
    /// Vault itself, for a login.
    Login,
    /// The program that writes the file, often an agent.
    File,
    /// An agent at the endpoint, which adds its own.
    Agent,
}

/// What is wrong with something, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong: the end of a sentence, without a full stop.
    pub what: String,
    /// What to do, without a full stop; empty where nothing is to be said.
    pub advice: String,
    /// What the process has none left of, where that is why.
    pub used_up: Option<Resource>,
}

/// A policy that does not allow a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    /// Where the token comes from.
    pub origin: String,
    /// The path that the policy must name.
    pub policy_path: String,
    /// The names of the token's policies, where it may ask for them.
    pub policies: Option<Vec<String>>,
    /// What else is known of the cause.
    pub hint: Option<DeniedHint>,
}

/// What is known of a denial besides the policies.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeniedHint {
    /// The policies allow it under conditions only.
    Conditional,
    /// A value of the token's login that a policy with a template cannot take over.
    Template(String),
    /// The token may see this mount, whose path is similar.
    NearestMount(String),
}

/// Why a redirect is not followed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotFollowed {
    /// It names no valid address.
    NoAddress,
    /// It leads to another path: it is not that of a standby.
    OtherPath,
    /// `VAULT_DISABLE_REDIRECTS` is set.
    Disabled,
    /// It leads from https to http.
    Downgrade,
    /// It leads to an address that the text does not name.
    UnknownHost {
        /// The scheme, host and port whose credentials would be sent there.
        from: String,
    },
    /// One was followed already.
    Second,
}

impl NotFollowed {
    /// Whether it looks like a standby that names the active node: while one is elected, that passes.
    pub(crate) fn by_standby(&self) -> bool {
        !matches!(self, Self::NoAddress | Self::OtherPath)
    }
}

/// What a mount has instead of the engine that was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FoundEngine {
    /// The mount's path is longer than the text says.
    LongerMount(String),
    /// KV version 1, and the text pins a version.
    Kv1WithVersion,
    /// KV version 1.
    Kv1,
    /// KV version 2.
    Kv2,
    /// An engine of this type.
    Other(String),
    /// An engine of this type, in which nothing can be stored.
    NotStorable(String),
    /// It is not known; Vault answered this.
    Unknown(String),
}

/// How far an unseal has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnsealProgress {
    /// How many keys were given.
    pub given: u32,
    /// How many are needed.
    pub needed: u32,
}

impl Problem {
    /// Something that is wrong, and what to do about it.
    pub(crate) fn new(what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { what: what.into(), advice: advice.into(), used_up: None }
    }

    /// The same, because the process has none of it left.
    pub(crate) fn because(self, used_up: Option<Resource>) -> Self {
        Self { used_up, ..self }
    }
}

impl<W: Into<String>, A: Into<String>> From<(W, A)> for Problem {
    fn from((what, advice): (W, A)) -> Self {
        Self::new(what, advice)
    }
}

impl From<&str> for Problem {
    fn from(what: &str) -> Self {
        Self::new(what, "")
    }
}

impl From<String> for Problem {
    fn from(what: String) -> Self {
        Self::new(what, "")
    }
}

impl From<file::Problem> for Problem {
    fn from(problem: file::Problem) -> Self {
        Self::new(problem.to_string(), problem.advice()).because(problem.used_up())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if !self.advice.is_empty() {
            write!(f, ". What to do: {}", self.advice)?;
        }
        Ok(())
    }
}

//! What every method is given.

use std::sync::Arc;
use std::time::Instant;

use crate::client::Client;
use crate::secret::Secret;
use crate::settings::Sources;
use crate::single_flight::SingleFlight;

/// What a login can use.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) client: &'a Client<'a>,
    pub(crate) sources: Sources<'a>,
    pub(crate) unwrapped: &'a Unwrapped,
    /// What the time is for what is retained.
    pub(crate) now: Instant,
    /// It is the same login once more: what was warned of need not be said again.
    pub(crate) again: bool,
}

/// What the wrapping tokens that this process has used wrapped: further properties and later logins need that again.
pub(crate) struct Unwrapped(pub(super) SingleFlight<Arc<Secret>>);

impl Unwrapped {
    pub(crate) const fn new() -> Self {
        Self(SingleFlight::new())
    }
}

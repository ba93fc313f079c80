//! Waiting for what is not there yet, a credential's file or an agent's own login: as between two tries of a request, within
//! the same time and with the same words.

use std::time::Duration;

use crate::client::Client;
use crate::client::backoff::Backoff;
use crate::client::retry::Retry;
use crate::error::{Error, Tries};
use crate::single_flight::GivenUp;

/// The waits for one thing.
pub(crate) struct Patience<'a> {
    client: &'a Client<'a>,
    backoff: Backoff,
    tries: u32,
}

impl Client<'_> {
    /// Waits for `time` without a word; false when so much is not left of the time for everything.
    pub(crate) fn pause(&self, time: Duration) -> Result<bool, Error> {
        if self.left() <= time {
            return Ok(false);
        }
        match self.driver.driver()?.sleep(self.host, time) {
            true => Err(self.given_up(GivenUp::Interrupted)),
            false => Ok(true),
        }
    }

    /// Waits within the time for everything.
    pub(crate) fn patience(&self) -> Patience<'_> {
        Patience { client: self, backoff: Backoff::new(self.budget), tries: 1 }
    }
}

impl Patience<'_> {
    /// Warns of `reason`, for which another try is needed, and waits; false when no time is left for one.
    pub(crate) fn wait(&mut self, reason: String) -> Result<bool, Error> {
        let Self { client, backoff, tries } = self;
        let left = client.left();
        let enough = client.cluster.options.max_retries.is_some_and(|most| *tries > most);
        let again = Retry { reason, after: None, limited: false, only_for: None };
        let Some(wait) = backoff.next(&again, left).filter(|_| !enough) else { return Ok(false) };
        *tries += 1;
        client.host.warn(&format!(
            "{}; try {tries} follows in {:.1} s, {:.0} of {:.0} s are left",
            again.reason,
            wait.as_secs_f32(),
            left.as_secs_f32(),
            client.budget.as_secs_f32()
        ));
        if client.driver.driver()?.sleep(client.host, wait) {
            return Err(client.given_up(GivenUp::Interrupted));
        }
        Ok(true)
    }

    /// How often it was tried; `None` after the first.
    pub(crate) fn tries(&self) -> Option<Tries> {
        (self.tries > 1).then(|| Tries { count: self.tries, time: self.client.start.elapsed() })
    }
}

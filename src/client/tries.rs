//! A request is sent again while that can help: at each endpoint, with a growing pause in between, within the budget.

use crate::client::api::{ApiRequest, ApiResponse};
use crate::client::backoff::Backoff;
use crate::client::failover::Round;
use crate::client::{Client, at_of, retry};
use crate::error::{Error, ErrorKind, OtherEndpoint, Tries, Unreachable};

impl Client<'_> {
    /// Sends a request until it has a final answer, or the budget is used up.
    pub(crate) fn send(&self, call: &ApiRequest<'_>) -> Result<ApiResponse, Error> {
        let call = &call.with_inline(self.inline.as_ref());
        let mut backoff = Backoff::new(self.budget);
        let mut tries = 1;
        let mut before = None;
        loop {
            let round = self.round(call, tries);
            // A try that the end of the budget cuts short says less than the one before.
            let cut = self.left().is_zero()
                && matches!(&round.outcome, Err(error) if matches!(error.kind(), ErrorKind::Unreachable(Unreachable::Timeout { .. })));
            let Round { outcome, others } = before.filter(|_| cut).unwrap_or(round);
            let Some(again) = retry::classify(&outcome) else { return self.counted(outcome, tries, others) };
            let left = self.left();
            let enough = self.cluster.options.max_retries.is_some_and(|most| tries > most)
                || again.only_for.is_some_and(|time| self.start.elapsed() > time);
            let Some(wait) = backoff.next(&again, left).filter(|_| !enough) else {
                return self.counted(outcome, tries, others);
            };
            tries += 1;
            let asks = match again.after {
                Some(asked) if asked > wait => format!(" and asks to wait {:.0} s", asked.as_secs_f32()),
                _ => String::new(),
            };
            self.host.warn(&format!(
                "{}{}{asks}; try {tries} follows in {:.1} s, {:.0} of {:.0} s are left",
                again.reason,
                others.iter().map(|other| format!("; {other}")).collect::<String>(),
                wait.as_secs_f32(),
                left.as_secs_f32(),
                self.budget.as_secs_f32()
            ));
            if self.driver.driver()?.sleep(self.host, wait) {
                return match outcome {
                    Ok(response) => Err(ErrorKind::Interrupted.at(response.at)),
                    Err(error) => Err(error.at().map(|at| ErrorKind::Interrupted.at(at)).unwrap_or(error)),
                };
            }
            before = Some(Round { outcome, others });
        }
    }

    /// The outcome, with the number of tries where there were several, and what the other endpoints said.
    fn counted(
        &self,
        mut outcome: Result<ApiResponse, Error>,
        tries: u32,
        others: Vec<OtherEndpoint>,
    ) -> Result<ApiResponse, Error> {
        if let Some(at) = at_of(&mut outcome) {
            at.tries = (tries > 1).then(|| Tries { count: tries, time: self.start.elapsed() });
            at.others = others;
        }
        outcome
    }
}

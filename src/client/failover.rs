//! One try at each endpoint, the healthy ones first, until one of them answers for the cluster.

use std::time::{Duration, Instant};

use crate::client::connection::Connection;
use crate::client::{ApiRequest, ApiResponse, Client, TRY_TIMEOUT, at_of, redirect, retry};
use crate::error::{Error, ErrorKind, OtherEndpoint};
use crate::text::one_line;
use crate::vault::{self, Meaning};

/// The limit of one node in the first round, where there are several: it doubles from round to round, so that a cluster that
/// is only slow gets its time, and a node that says nothing does not get that of the others.
const FIRST_LIMIT: Duration = Duration::from_secs(5);

/// What became of a round.
pub(super) struct Round {
    pub(super) outcome: Result<ApiResponse, Error>,
    /// What the other endpoints said, a few words each, if none of them could answer.
    pub(super) others: Vec<OtherEndpoint>,
}

impl Client<'_> {
    /// The round of this number; the first is 1.
    pub(super) fn round(&self, call: &ApiRequest<'_>, number: u32) -> Round {
        let order = self.order();
        let mut failed = Vec::new();
        for (position, index) in order.iter().enumerate() {
            let Some(connection) = self.cluster.connections.get(*index) else { continue };
            let waiting = order.len() - position;
            let outcome = self.attempt(*index, connection, call, Instant::now() + self.limit(number, waiting));
            if order.len() == 1 || !retry::another_node_may_do_better(&outcome) {
                self.shared.mark_up(&connection.name());
                return Round { outcome, others: Vec::new() };
            }
            self.shared.mark_down(&connection.name());
            failed.push((*index, outcome));
        }
        self.most_telling(failed)
    }

    /// The indices of the endpoints: those that did not fail recently first, each part in the order of the text.
    fn order(&self) -> Vec<usize> {
        let connections = &self.cluster.connections;
        let mut order: Vec<usize> = (0..connections.len()).collect();
        if connections.len() > 1 {
            order.sort_by_key(|index| connections.get(*index).is_some_and(|node| self.shared.is_down(&node.name())));
        }
        order
    }

    /// One try at one endpoint. A redirect is followed, once, where that is safe and leads to somebody.
    fn attempt(
        &self,
        index: usize,
        connection: &Connection,
        call: &ApiRequest<'_>,
        deadline: Instant,
    ) -> Result<ApiResponse, Error> {
        self.current.set(index);
        let left = || deadline.saturating_duration_since(Instant::now());
        let response = match connection.exchange(call, &self.exchange_within(left())?) {
            Ok(response) if (300..400).contains(&response.status) => response,
            other => return other,
        };
        let target = redirect::target(&response, call.api_path, &self.cluster.options, &self.cluster.connections)?;
        let node = self.cluster.connections.iter().find(|node| node.is_origin(&target));
        if let Some(node) = node.filter(|node| self.shared.is_down(&node.name())) {
            let answer = format!("it names {} as the active node, which could not answer", node.name());
            return Err(ErrorKind::NoLeader { status: response.status, answer }.at(response.at));
        }
        let mut outcome = connection.exchange_at(target, call, &self.exchange_within(left())?);
        if let Some(at) = at_of(&mut outcome) {
            at.via.push(format!("a redirect by {}", connection.name()));
        }
        if let Some(node) = node.filter(|_| self.cluster.connections.len() > 1 && retry::another_node_may_do_better(&outcome)) {
            self.shared.mark_down(&node.name());
        }
        match outcome {
            Ok(response) if (300..400).contains(&response.status) => Err(redirect::second(response)),
            other => other,
        }
    }

    /// The limit of a node: its share of what is left, for `waiting` nodes. A budget of zero is one whole try.
    fn limit(&self, round: u32, waiting: usize) -> Duration {
        if self.budget.is_zero() {
            return TRY_TIMEOUT;
        }
        let limit = self.left().min(TRY_TIMEOUT);
        if self.cluster.connections.len() == 1 {
            return limit;
        }
        let share = self.left() / u32::try_from(waiting).unwrap_or(u32::MAX).max(1);
        limit.min(share).min(FIRST_LIMIT * 2_u32.saturating_pow((round - 1).min(8)))
    }

    /// Of several failures the one that says most about the cluster, and the others in a few words.
    fn most_telling(&self, failed: Vec<(usize, Result<ApiResponse, Error>)>) -> Round {
        let mut best: Option<(usize, Result<ApiResponse, Error>)> = None;
        let mut said = Vec::new();
        for (index, outcome) in failed {
            said.push((index, briefly(&outcome)));
            if best.as_ref().is_none_or(|(_, best)| weight(&outcome) > weight(best)) {
                best = Some((index, outcome));
            }
        }
        let Some((chosen, outcome)) = best else {
            return Round { outcome: Err(Error::internal("no endpoint")), others: Vec::new() };
        };
        // Questions about this failure go there.
        self.current.set(chosen);
        let other = |(index, said): (usize, String)| {
            let name = self.cluster.connections.get(index).filter(|_| index != chosen)?.name();
            Some(OtherEndpoint { name, said })
        };
        Round { outcome, others: said.into_iter().filter_map(other).collect() }
    }
}

/// A failure that may pass says more than one that does not, and a node that answers more than one that is silent.
fn weight(outcome: &Result<ApiResponse, Error>) -> u8 {
    match (retry::classify(outcome), outcome) {
        (None, _) => 0,
        (Some(again), _) if again.only_for.is_some() => 1,
        (_, Err(error)) if matches!(error.kind(), ErrorKind::Unreachable(_)) => 2,
        _ => 3,
    }
}

/// A failure in a few words, without its place.
fn briefly(outcome: &Result<ApiResponse, Error>) -> String {
    match outcome {
        Err(error) => match error.kind() {
            ErrorKind::Unreachable(why) => why.brief(),
            ErrorKind::Redirected { to, .. } => format!("redirects to {}", to.as_deref().unwrap_or("nowhere")),
            ErrorKind::NoLeader { answer, .. } => answer.clone(),
            _ => one_line(&error.statement(), 120),
        },
        Ok(response) => {
            let status = response.status;
            match vault::meaning(status, response.content_type.as_deref(), &response.body) {
                Meaning::Sealed => format!("sealed ({status})"),
                Meaning::Uninitialised => format!("not initialised ({status})"),
                Meaning::NoLeader(_) => format!("knows no active node ({status})"),
                Meaning::Refused(said) => format!("{status}, {}", one_line(&said, 80)),
                Meaning::Foreign(page) => format!("{status}, {page}"),
                _ => format!("status {status}"),
            }
        }
    }
}

#[cfg(test)]
mod tests;

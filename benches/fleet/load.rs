//! What a fleet's start was for Vault: the load that it offered over time, and what each node got.

use std::time::Duration;

use super::nodes::{Answer, Event};

/// The width of a bar: all counts over time are per window of this width.
pub(crate) const WINDOW: Duration = Duration::from_millis(100);

/// The requests of one window.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Bar {
    pub(crate) answered: usize,
    pub(crate) refused: usize,
    /// Those of both that were a node's second, third … request.
    pub(crate) retries: usize,
}

/// The figures of one start.
#[derive(Debug)]
pub(crate) struct Load {
    pub(crate) nodes: usize,
    /// Nodes that got their secret.
    pub(crate) served: usize,
    pub(crate) requests: usize,
    /// Requests of the node that needed most.
    pub(crate) most_requests: usize,
    /// Outcomes that were neither the secret nor 429.
    pub(crate) others: usize,
    /// When the last node was served, and when half of them were.
    pub(crate) last: Duration,
    pub(crate) median: Duration,
    pub(crate) bars: Vec<Bar>,
}

impl Load {
    pub(crate) fn new(nodes: usize, mut events: Vec<Event>) -> Self {
        events.sort_by_key(|event| event.at);
        let mut requests = vec![0; nodes];
        let mut bars: Vec<Bar> = Vec::new();
        let mut served = Vec::new();
        for event in &events {
            let window = usize::try_from(event.at.as_millis() / WINDOW.as_millis()).unwrap_or(usize::MAX);
            bars.resize(bars.len().max(window + 1), Bar::default());
            let (Some(bar), Some(sent)) = (bars.get_mut(window), requests.get_mut(event.node)) else { continue };
            match event.answer {
                Answer::Secret => {
                    bar.answered += 1;
                    served.push(event.at);
                }
                Answer::Refused => bar.refused += 1,
                Answer::Other | Answer::Failure => {}
            }
            bar.retries += usize::from(*sent > 0);
            *sent += 1;
        }
        Self {
            nodes,
            served: served.len(),
            requests: requests.iter().sum(),
            most_requests: requests.iter().copied().max().unwrap_or_default(),
            others: events.iter().filter(|event| matches!(event.answer, Answer::Other | Answer::Failure)).count(),
            last: served.last().copied().unwrap_or_default(),
            median: served.get(served.len() / 2).copied().unwrap_or_default(),
            bars,
        }
    }

    /// The requests per node.
    pub(crate) fn mean_requests(&self) -> f64 {
        self.requests as f64 / self.nodes as f64
    }

    /// The most requests within one window.
    pub(crate) fn peak(&self) -> usize {
        self.bars.iter().map(|bar| bar.answered + bar.refused).max().unwrap_or_default()
    }

    /// The same without each node's first request: the first requests come together whatever a client does, since the nodes
    /// were started together. If these do, it is the client's fault: a herd.
    pub(crate) fn peak_of_retries(&self) -> usize {
        self.bars.iter().map(|bar| bar.retries).max().unwrap_or_default()
    }

    /// The most retries within half a second, which is as long as a busy machine may hold up its processes; as a part of the
    /// fleet.
    pub(crate) fn herd(&self) -> f64 {
        let most = self.bars.windows(5).map(|half| half.iter().map(|bar| bar.retries).sum::<usize>()).max();
        most.unwrap_or_default() as f64 / self.nodes as f64
    }
}

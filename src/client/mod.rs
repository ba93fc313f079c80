//! The connection to Vault: a request out, a whole answer in, within limits, tried again while that can help. What an answer means is
//! `vault`'s.

mod api;
mod backoff;
mod connection;
mod connections;
mod connector;
mod direct;
mod dns;
mod endpoint;
mod failover;
mod failure;
mod headers;
mod http;
mod options;
mod patience;
mod plain_http;
mod probe;
mod proxy;
mod redirect;
mod retry;
mod runtime;
mod transport;
mod tries;
mod web;

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::error::{Error, RequestInfo};
use crate::file::{Problem, Stopped};
use crate::host::Host;
use crate::settings::Sources;
use crate::single_flight::GivenUp;

pub(crate) use api::{ApiRequest, ApiResponse, InlineLogin};
pub(crate) use backoff::uniform;
use connection::{Connection, Exchange};
pub(crate) use connections::Connections;
use connections::PooledDriver;
pub(crate) use endpoint::Endpoint;
use options::Options;
pub(crate) use probe::{Probe, Probed};
#[cfg(any(test, fuzzing))]
pub(crate) use proxy::parsers;
pub(crate) use web::{WebPeer, WebRequest, WebResponse};

/// The limit of one try; what is left of the budget may be shorter.
const TRY_TIMEOUT: Duration = Duration::from_secs(30);

/// The limits of a question that only makes a message better: it is asked also when the budget is used up.
const QUESTION_TIMEOUT: Duration = Duration::from_secs(3);
const LATE_QUESTION_TIMEOUT: Duration = Duration::from_secs(1);

/// The nodes of one Vault, and how they are to be asked.
pub(crate) struct Cluster {
    options: Options,
    /// At least one.
    connections: Vec<Connection>,
}

/// Who asks a cluster, for the time of one call of the host.
pub(crate) struct Client<'a> {
    host: &'a dyn Host,
    cluster: &'a Cluster,
    /// The time for everything; zero is one try.
    budget: Duration,
    start: Instant,
    /// What outlives this client.
    shared: &'a Connections,
    driver: Rc<PooledDriver<'a>>,
    /// A login that goes along with each request but a login.
    inline: Option<InlineLogin>,
    /// The connection that was used last: questions about a failure go there.
    current: Cell<usize>,
}

impl Cluster {
    /// The nodes at these endpoints, with the settings that are found. Nothing is connected yet.
    pub(crate) fn new(endpoints: &[Endpoint], sources: Sources<'_>, connections: &Connections) -> Result<Self, Error> {
        let options = Options::find(sources)?;
        let several = endpoints.len() > 1;
        let connect = |endpoint| Connection::new(endpoint, several, sources, connections);
        let connections = endpoints.iter().map(connect).collect::<Result<_, Error>>()?;
        Ok(Self { options, connections })
    }

    /// Whether the files that it was made from, certificates and keys, are as they were.
    pub(crate) fn is_current(&self) -> bool {
        self.connections.iter().all(Connection::is_current)
    }
}

impl<'a> Client<'a> {
    /// A client for one call, whose budget starts now.
    pub(crate) fn new(cluster: &'a Cluster, shared: &'a Connections, host: &'a dyn Host) -> Self {
        let budget = cluster.options.budget;
        Self {
            host,
            cluster,
            budget,
            start: Instant::now(),
            shared,
            driver: Rc::new(PooledDriver::new(shared)),
            inline: None,
            current: Cell::new(0),
        }
    }

    /// The same, from now on, with a login in each request.
    pub(crate) fn with_inline(&self, inline: InlineLogin) -> Self {
        Self { driver: Rc::clone(&self.driver), inline: Some(inline), ..Self::new(self.cluster, self.shared, self.host) }
    }

    /// The same on another host, such as that of a flight.
    pub(crate) fn on<'b>(&'b self, host: &'b dyn Host) -> Client<'b> {
        let Self { cluster, budget, start, shared, .. } = *self;
        Client { host, cluster, budget, start, shared, driver: Rc::clone(&self.driver), inline: None, current: Cell::new(0) }
    }

    /// The same with no more than `limit` for everything.
    pub(crate) fn limited(mut self, limit: Duration) -> Self {
        self.budget = limit;
        self
    }

    /// Asks once, shortly, where the last answer came from: for words in a message, not for the work itself.
    pub(crate) fn ask(&self, call: &ApiRequest<'_>) -> Option<ApiResponse> {
        let connection = self.cluster.connections.get(self.current.get())?;
        let left = self.left().clamp(LATE_QUESTION_TIMEOUT, QUESTION_TIMEOUT);
        let limit = if self.budget.is_zero() { QUESTION_TIMEOUT } else { left };
        connection.exchange(&call.with_inline(self.inline.as_ref()), &self.exchange_within(limit).ok()?).ok()
    }

    /// The error of a thread that waited for another thread's request to the cluster and got no result.
    pub(crate) fn given_up(&self, why: GivenUp) -> Error {
        let waited = self.start.elapsed();
        match self.cluster.connections.first() {
            Some(connection) => connection.given_up(why, waited, &self.cluster.options),
            None => Error::internal("no endpoint"),
        }
    }

    /// When the time for everything is over.
    pub(crate) fn deadline(&self) -> Instant {
        self.start + if self.budget.is_zero() { TRY_TIMEOUT } else { self.budget }
    }

    /// Does what reads files, on another thread, for as long as there is time.
    pub(crate) fn read_in_time<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Result<Result<T, Problem>, Error> {
        match self.shared.workers().within(self.deadline(), &|| self.host.interrupted(), work) {
            Ok(outcome) => Ok(outcome),
            Err(Stopped::Late) => Ok(Err(Problem::StandsStill)),
            Err(Stopped::Interrupted) => Err(self.given_up(GivenUp::Interrupted)),
        }
    }

    /// What is left of the budget.
    fn left(&self) -> Duration {
        self.budget.saturating_sub(self.start.elapsed())
    }

    fn exchange_within(&self, limit: Duration) -> Result<Exchange<'_>, Error> {
        Ok(Exchange {
            shared: self.shared,
            options: &self.cluster.options,
            driver: self.driver.driver()?,
            host: self.host,
            limit,
        })
    }
}

/// Where the outcome comes from, as messages say it.
fn at_of(outcome: &mut Result<ApiResponse, Error>) -> Option<&mut RequestInfo> {
    match outcome {
        Ok(response) => Some(&mut response.at),
        Err(error) => error.at_mut(),
    }
}

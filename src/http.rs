//! The connection to Vault: a request out, a whole answer in, within limits and with patience. What an answer means is
//! `vault`'s.

mod backoff;
mod connection;
mod failure;
mod health;
mod lane;
mod options;
mod proxy;
mod redirect;
mod reply;
mod resolver;
mod retry;
mod round;
mod way;

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::auth::Inline;
use crate::error::{At, Error, Unreachable};
use crate::host::Host;
use crate::request::Request;
use crate::secret::Secret;

use backoff::Backoff;
pub(crate) use backoff::uniform;
use connection::{Connection, Scene};
use lane::Held;
pub(crate) use lane::end_idle;
use options::Options;
use round::Round;

/// The limit of one try; what is left of the budget may be shorter.
const TRY_TIMEOUT: Duration = Duration::from_secs(30);

/// The limit for silence: no byte for so long, before or within an answer.
const READ_TIMEOUT: Duration = Duration::from_secs(15);

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
    lane: Rc<Held>,
    /// A login that goes along with each request but a login.
    inline: Option<Inline>,
    /// The connection that was used last: questions about a failure go there.
    current: Cell<usize>,
}

/// One request to Vault's API.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    /// Below `/v1/`, encoded.
    api_path: &'a str,
    token: Option<&'a Secret>,
    /// The JSON body of a POST, and the credential in it, which a peer may echo.
    post: Option<(&'a Secret, Option<&'a Secret>)>,
    /// Whether it belongs to the login, whose namespace may be another.
    login: bool,
    /// The login that goes along.
    inline: Option<&'a Inline>,
}

impl<'a> Call<'a> {
    /// Reads something.
    pub(crate) fn get(api_path: &'a str, token: Option<&'a Secret>) -> Self {
        Self { api_path, token, post: None, login: false, inline: None }
    }

    /// Logs in, with `credential` somewhere in `body`.
    pub(crate) fn login(api_path: &'a str, body: &'a Secret, credential: Option<&'a Secret>) -> Self {
        Self { api_path, token: None, post: Some((body, credential)), login: true, inline: None }
    }

    /// Unwraps what the token wraps.
    pub(crate) fn unwrap(token: &'a Secret, body: &'a Secret) -> Self {
        Self { api_path: "sys/wrapping/unwrap", token: Some(token), post: Some((body, None)), login: true, inline: None }
    }

    /// Revokes the token, which was obtained by a login.
    /// Source: <https://developer.hashicorp.com/vault/api-docs/auth/token#revoke-a-token-self>.
    pub(crate) fn revoke(token: &'a Secret, nothing: &'a Secret) -> Self {
        Self { api_path: "auth/token/revoke-self", token: Some(token), post: Some((nothing, None)), login: true, inline: None }
    }

    /// Renews the token. Source: <https://developer.hashicorp.com/vault/api-docs/auth/token#renew-a-token-self>.
    pub(crate) fn renew(token: &'a Secret, nothing: &'a Secret) -> Self {
        Self { api_path: "auth/token/renew-self", token: Some(token), post: Some((nothing, None)), login: true, inline: None }
    }

    /// Renews a lease. Source: <https://developer.hashicorp.com/vault/api-docs/system/leases#renew-lease>.
    pub(crate) fn renew_lease(token: &'a Secret, body: &'a Secret) -> Self {
        Self { api_path: "sys/leases/renew", token: Some(token), post: Some((body, None)), login: false, inline: None }
    }

    /// Writes `body`, with `value` somewhere in it.
    pub(crate) fn write(api_path: &'a str, token: Option<&'a Secret>, body: &'a Secret, value: &'a Secret) -> Self {
        Self { api_path, token, post: Some((body, Some(value))), login: false, inline: None }
    }

    /// Asks something that is too long for a path.
    pub(crate) fn question(api_path: &'a str, body: &'a Secret, token: Option<&'a Secret>) -> Self {
        Self { api_path, token, post: Some((body, None)), login: false, inline: None }
    }

    /// The credentials of the request.
    fn credentials(&self) -> impl Iterator<Item = &'a Secret> {
        let inline = self.inline.into_iter().flat_map(|inline| inline.parameters.iter().map(|(_, value)| value));
        self.token.into_iter().chain(self.post.and_then(|(_, credential)| credential)).chain(inline)
    }

    /// The same with the client's login, if it has one and this is none itself.
    fn within<'b>(&'b self, client: &'b Client<'_>) -> Call<'b> {
        Call { inline: client.inline.as_ref().filter(|_| !self.login), ..*self }
    }
}

/// A whole answer.
pub(crate) struct Reply {
    pub(crate) at: At,
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Zeroizing<Vec<u8>>,
    location: Option<String>,
    retry_after: Option<String>,
}

impl Cluster {
    /// The endpoints and settings of `request`. Nothing is connected yet.
    pub(crate) fn new(request: &Request, host: &dyn Host) -> Result<Self, Error> {
        let sources = request.sources(host);
        let options = Options::find(sources)?;
        let several = request.endpoints.len() > 1;
        let connect = |endpoint| Connection::new(endpoint, several, sources);
        let connections = request.endpoints.iter().map(connect).collect::<Result<_, Error>>()?;
        Ok(Self { options, connections })
    }

    /// Whether the files that it was made from, certificates and keys, are as they were.
    pub(crate) fn is_current(&self) -> bool {
        self.connections.iter().all(Connection::is_current)
    }
}

impl<'a> Client<'a> {
    /// Whoever asks from now on, within the time that is set.
    pub(crate) fn new(cluster: &'a Cluster, host: &'a dyn Host) -> Self {
        let budget = cluster.options.budget;
        Self { host, cluster, budget, start: Instant::now(), lane: Rc::default(), inline: None, current: Cell::new(0) }
    }

    /// The same, from now on, with a login in each request.
    pub(crate) fn with_inline(&self, inline: Inline) -> Self {
        Self { lane: Rc::clone(&self.lane), inline: Some(inline), ..Self::new(self.cluster, self.host) }
    }

    /// The same with no more than `limit` for everything.
    pub(crate) fn limited(mut self, limit: Duration) -> Self {
        self.budget = limit;
        self
    }

    /// Sends a request until it has a final answer, or the budget is used up.
    pub(crate) fn send(&self, call: &Call<'_>) -> Result<Reply, Error> {
        let call = &call.within(self);
        let mut backoff = Backoff::new(self.budget);
        let mut tries = 1;
        let mut before = None;
        loop {
            let round = self.round(call, tries);
            // A try that the end of the budget cuts short says less than the one before.
            let cut = self.left().is_zero()
                && matches!(round.outcome, Err(Error::Unreachable { why: Unreachable::Timeout { .. }, .. }));
            let Round { outcome, others } = before.filter(|_| cut).unwrap_or(round);
            let Some(again) = retry::judge(&outcome) else { return self.counted(outcome, tries, &others) };
            let left = self.left();
            let enough = self.cluster.options.max_retries.is_some_and(|most| tries > most)
                || again.only_for.is_some_and(|time| self.start.elapsed() > time);
            let Some(wait) = backoff.next(&again, left).filter(|_| !enough) else {
                return self.counted(outcome, tries, &others);
            };
            tries += 1;
            let asks = match again.after {
                Some(asked) if asked > wait => format!(" and asks for {:.0} s of patience", asked.as_secs_f32()),
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
            if self.lane.lane()?.sleep(self.host, wait) {
                return match outcome {
                    Ok(reply) => Err(Error::Interrupted { at: reply.at }),
                    Err(mut error) => Err(error.at_mut().map(|at| Error::Interrupted { at: at.clone() }).unwrap_or(error)),
                };
            }
            before = Some(Round { outcome, others });
        }
    }

    /// Asks once, shortly, where the last answer came from: for words in a message, not for the work itself.
    pub(crate) fn ask(&self, call: &Call<'_>) -> Option<Reply> {
        let connection = self.cluster.connections.get(self.current.get())?;
        let left = self.left().clamp(LATE_QUESTION_TIMEOUT, QUESTION_TIMEOUT);
        let limit = if self.budget.is_zero() { QUESTION_TIMEOUT } else { left };
        connection.exchange(&call.within(self), &self.scene(limit).ok()?).ok()
    }

    /// The error of a thread that was interrupted while it waited for what another one asks the cluster.
    pub(crate) fn interrupted(&self) -> Error {
        self.cluster
            .connections
            .first()
            .map_or_else(|| Error::Internal("no endpoint".to_owned()), |connection| connection.interrupted(&self.cluster.options))
    }

    /// What is left of the budget.
    fn left(&self) -> Duration {
        self.budget.saturating_sub(self.start.elapsed())
    }

    fn scene(&self, limit: Duration) -> Result<Scene<'_>, Error> {
        Ok(Scene { options: &self.cluster.options, lane: self.lane.lane()?, host: self.host, limit })
    }

    /// The outcome, with the number of tries where there were several, and what the other endpoints said.
    fn counted(&self, mut outcome: Result<Reply, Error>, tries: u32, others: &[String]) -> Result<Reply, Error> {
        let counted = (tries > 1).then(|| format!("{tries} tries in {:.0} s", self.start.elapsed().as_secs_f32()));
        let others = (!others.is_empty()).then(|| format!("other endpoints: {}", others.join("; ")));
        if let Some(at) = at_of(&mut outcome) {
            at.tries = counted.into_iter().chain(others).reduce(|counted, others| format!("{counted}, {others}"));
        }
        outcome
    }
}

/// Where the outcome comes from, as messages say it.
fn at_of(outcome: &mut Result<Reply, Error>) -> Option<&mut At> {
    match outcome {
        Ok(reply) => Some(&mut reply.at),
        Err(error) => error.at_mut(),
    }
}

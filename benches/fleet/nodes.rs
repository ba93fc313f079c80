//! Servers that start: each reads a secret of its own through the crate's public function, with a host of its own, on a
//! thread of its own, and notes when Vault answered what.

use std::cell::RefCell;
use std::fmt;
use std::str::FromStr;
use std::thread;
use std::time::{Duration, SystemTime};

use vault_cipher::{Environment, Host, Service};

/// Some nodes of a fleet.
#[derive(Clone)]
pub(crate) struct Nodes {
    pub(crate) endpoint: String,
    pub(crate) token: String,
    /// Each node's secret begins with it.
    pub(crate) seed: String,
    pub(crate) first: usize,
    pub(crate) count: usize,
    /// All start at this moment.
    pub(crate) start: SystemTime,
}

/// One answer of Vault, or the lack of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// 200, with the node's own secret.
    Secret,
    /// 429.
    Refused,
    /// Anything else that was tried again.
    Other,
    /// The end of a node that got nothing.
    Failure,
}

/// What a node got, and when after the start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Event {
    pub(crate) node: usize,
    pub(crate) at: Duration,
    pub(crate) answer: Answer,
}

impl Nodes {
    /// The path and the value of a node's secret, in the KV engine `secret`.
    pub(crate) fn secret(&self, node: usize) -> (String, String) {
        (format!("fleet/node-{node}"), format!("{}-{node}", self.seed))
    }

    /// Starts them all and waits for the last one.
    pub(crate) fn run(&self) -> Vec<Event> {
        thread::scope(|scope| {
            let start = |node| scope.spawn(move || self.start_one(node));
            let threads: Vec<_> = (self.first..self.first + self.count).map(start).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
        })
    }

    fn start_one(&self, node: usize) -> Vec<Event> {
        let (path, value) = self.secret(node);
        let text = format!(r#"{{"mount":"secret","path":"{path}","key":"password","endpoint":"{}"}}"#, self.endpoint);
        let environment = Environment::default()
            .with_variable("SECRET_STORE_VAULT_TOKEN", self.token.as_str())
            // Nothing is shared between nodes.
            .with_variable("SECRET_STORE_VAULT_CACHE_TIME", "0");
        let host = Server { nodes: self, node, environment, events: RefCell::default() };
        thread::sleep(self.start.duration_since(SystemTime::now()).unwrap_or_default());
        let answer = match Service::new().resolve(&text, &host) {
            Ok(secret) if secret.expose() == value => Answer::Secret,
            Ok(_) => Answer::Failure,
            Err(error) => {
                eprintln!("node {node}: {error}");
                Answer::Failure
            }
        };
        host.note(answer);
        host.events.into_inner()
    }
}

/// The process around one node: nothing is set but the token.
struct Server<'a> {
    nodes: &'a Nodes,
    node: usize,
    environment: Environment,
    events: RefCell<Vec<Event>>,
}

impl Server<'_> {
    fn note(&self, answer: Answer) {
        let at = SystemTime::now().duration_since(self.nodes.start).unwrap_or_default();
        self.events.borrow_mut().push(Event { node: self.node, at, answer });
    }
}

impl Host for Server<'_> {
    fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Each wait writes one line.
    fn warn(&self, message: &str) {
        self.note(if message.contains("(429") { Answer::Refused } else { Answer::Other });
    }

    fn interrupted(&self) -> bool {
        false
    }
}

/// As processes tell one another: node, milliseconds, answer.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {:?}", self.node, self.at.as_millis(), self.answer)
    }
}

impl FromStr for Event {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let fail = || format!("this is no node's answer: {line}");
        let [node, at, answer] = line.split(' ').collect::<Vec<_>>()[..] else { return Err(fail()) };
        let answers = [Answer::Secret, Answer::Refused, Answer::Other, Answer::Failure];
        Ok(Self {
            node: node.parse().map_err(|_| fail())?,
            at: Duration::from_millis(at.parse().map_err(|_| fail())?),
            answer: answers.into_iter().find(|known| format!("{known:?}") == answer).ok_or_else(fail)?,
        })
    }
}

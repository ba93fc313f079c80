//! Name look-ups that outlast a try: a slow name server is asked once, however often its answer is waited for.

use std::fs::File;
use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use crate::resource::Resource;

/// How long an answer that came too late for its try serves the next one.
const SERVES_FOR: Duration = Duration::from_secs(30);

/// The look-ups that run, and those whose answer nobody has taken yet.
#[derive(Default)]
pub(super) struct Lookups(Mutex<Vec<Arc<Lookup>>>);

/// The question for one name.
struct Lookup {
    host: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The answer and when it came.
    answer: Option<(Answer, Instant)>,
    waiting: Vec<Waker>,
}

/// The addresses, without ports, or what the resolver said.
type Answer = Result<Vec<SocketAddr>, Refusal>;

/// Why there is none: what the resolver said, and what the process has none left of, where that is why.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) reason: String,
    pub(super) used_up: Option<Resource>,
}

/// The name has no address. Found again in the chain of a failed request's causes.
#[derive(Debug, thiserror::Error)]
#[error("{host}: {}", .why.reason)]
pub(super) struct UnknownHost {
    pub(super) host: String,
    pub(super) why: Refusal,
}

impl Lookups {
    /// The addresses of a host, an IP address among them. Asks the operating system (`getaddrinfo`), as every other program of
    /// the administrator does. There is no limit: a call stops waiting when the time is over, and the look-up goes on.
    pub(super) async fn find(&self, host: &str) -> Result<Vec<SocketAddr>, UnknownHost> {
        self.find_by(host, |host| Ok((host, 0).to_socket_addrs().map_err(|e| refusal(&e))?.collect())).await
    }

    async fn find_by(
        &self,
        host: &str,
        resolve: impl FnOnce(&str) -> Answer + Send + 'static,
    ) -> Result<Vec<SocketAddr>, UnknownHost> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, 0)]);
        }
        let unknown = |why| UnknownHost { host: host.to_owned(), why };
        let lookup = self.join(host, resolve).map_err(unknown)?;
        let answer = poll_fn(|cx| lookup.poll(cx)).await;
        lock(&self.0).retain(|known| !Arc::ptr_eq(known, &lookup));
        answer.map_err(unknown)
    }

    /// Whether one runs.
    pub(super) fn any_runs(&self) -> bool {
        lock(&self.0).iter().any(|lookup| lock(&lookup.state).answer.is_none())
    }

    /// The look-up of this host that runs or has an answer left, or a new one.
    fn join(&self, host: &str, resolve: impl FnOnce(&str) -> Answer + Send + 'static) -> Result<Arc<Lookup>, Refusal> {
        let mut lookups = lock(&self.0);
        lookups.retain(|lookup| lookup.serves());
        if let Some(known) = lookups.iter().find(|lookup| lookup.host == host) {
            return Ok(Arc::clone(known));
        }
        let lookup = Arc::new(Lookup { host: host.to_owned(), state: Mutex::default() });
        let asked = Arc::clone(&lookup);
        std::thread::Builder::new().name("vault-cipher-dns".to_owned()).spawn(move || asked.end(resolve(&asked.host))).map_err(
            |e| Refusal {
                reason: format!("no thread can be started to look it up: {e}"),
                used_up: Resource::from_error(&e).or(Some(Resource::Threads)),
            },
        )?;
        lookups.push(Arc::clone(&lookup));
        Ok(lookup)
    }
}

impl Lookup {
    fn serves(&self) -> bool {
        lock(&self.state).answer.as_ref().is_none_or(|(_, at)| at.elapsed() < SERVES_FOR)
    }

    fn poll(&self, cx: &Context<'_>) -> Poll<Answer> {
        let mut state = lock(&self.state);
        match &state.answer {
            Some((answer, _)) => Poll::Ready(answer.clone()),
            None => {
                state.waiting.retain(|waker| !waker.will_wake(cx.waker()));
                state.waiting.push(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    fn end(&self, answer: Answer) {
        let mut state = lock(&self.state);
        state.answer = Some((answer, Instant::now()));
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }
}

/// The resolver's own errors do not tell that it could open no file or socket.
fn refusal(error: &io::Error) -> Refusal {
    let descriptors = || File::open("/").err().and_then(|error| Resource::from_error(&error));
    Refusal { reason: error.to_string(), used_up: Resource::from_error(error).or_else(descriptors) }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::client::runtime::IoDriver;
    use crate::host::tests::MapHost;

    #[test]
    fn a_slow_look_up_outlasts_a_try_and_is_not_begun_again() {
        let lookups = Lookups::default();
        let asked = Arc::new(AtomicU32::new(0));
        let find = |millis| {
            let driver = IoDriver::new().unwrap();
            let deadline = Instant::now() + Duration::from_millis(millis);
            let asked = Arc::clone(&asked);
            // A name server that needs its time.
            let slow = move |_: &str| {
                asked.fetch_add(1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(600));
                Ok(vec![SocketAddr::from(([192, 0, 2, 1], 0))])
            };
            driver.run(&MapHost::default(), deadline, lookups.find_by("vault.test", slow)).map(|found| found.unwrap().len())
        };
        // The first tries give up, the third one waits for it.
        assert!(find(100).is_err() && find(100).is_err() && lookups.any_runs());
        assert_eq!(find(5000), Ok(1));
        // What came too late for one try serves the next, once.
        assert!(find(100).is_err());
        std::thread::sleep(Duration::from_millis(700));
        assert!(!lookups.any_runs());
        assert_eq!(find(100), Ok(1));
        assert_eq!(asked.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn an_address_is_not_looked_up_and_a_failure_has_the_systems_words() {
        let lookups = Lookups::default();
        let find = |host: &str| {
            let deadline = Instant::now() + Duration::from_secs(10);
            IoDriver::new().unwrap().run(
                &MapHost::default(),
                deadline,
                lookups.find_by(host, |_| Err(Refusal { reason: "no such name".to_owned(), used_up: None })),
            )
        };
        assert_eq!(find("2001:db8::1").unwrap().unwrap(), ["[2001:db8::1]:0".parse().unwrap()]);
        let unknown = find("vault.test").unwrap().err().unwrap();
        assert_eq!((unknown.host.as_str(), unknown.why.reason.as_str()), ("vault.test", "no such name"));
    }
}

//! One request to one endpoint: what is sent, and what came back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, LOCATION, PROXY_AUTHORIZATION, RETRY_AFTER};
use reqwest::{Method, Request};
use url::Url;
use zeroize::Zeroizing;

use crate::client::api::{ApiRequest, ApiResponse};
use crate::client::connections::Connections;
use crate::client::connector::Phase;
use crate::client::direct::{self, Protocol};
use crate::client::endpoint::Endpoint;
use crate::client::failure::{Failure, Peer};
use crate::client::headers::{credential, headers};
use crate::client::http::{Answer, CameOn, HttpClient, MAX_BODY, MAX_ERROR};
use crate::client::options::Options;
use crate::client::plain_http::warn_of_plain_http;
use crate::client::proxy::{self, Proxy};
use crate::client::runtime::{IoDriver, Stopped};
use crate::client::transport::{Needs, Transport};
use crate::error::{Error, ErrorKind, RequestInfo, Unreachable};
use crate::event::Event;
use crate::host::Host;
use crate::resource::Resource;
use crate::secret::Redactor;
use crate::settings::Sources;
use crate::single_flight::GivenUp;
use crate::text::one_line;
use crate::{tls, vault};

/// The limit for a connection, TLS handshake included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The same where another endpoint can be asked instead: enough for two lost packets.
const CONNECT_TIMEOUT_OF_SEVERAL: Duration = Duration::from_secs(4);

/// The limit for a question that makes the message of a failure better.
const QUESTION_TIMEOUT: Duration = Duration::from_secs(2);

/// The same when the time is over already.
const LATE_QUESTION_TIMEOUT: Duration = Duration::from_millis(300);

/// Within what a request is sent.
#[derive(Clone, Copy)]
pub(super) struct Exchange<'a> {
    pub(super) shared: &'a Connections,
    pub(super) options: &'a Options,
    pub(super) driver: &'a IoDriver,
    pub(super) host: &'a dyn Host,
    pub(super) limit: Duration,
}

/// One endpoint, and the way there.
pub(super) struct Connection {
    transport: Arc<Transport>,
    endpoint: Endpoint,
    proxy: Option<Arc<Proxy>>,
    connect_limit: Duration,
}

impl Connection {
    /// The way to `endpoint`, which may be one of several.
    pub(super) fn new(
        endpoint: &Endpoint,
        several: bool,
        sources: Sources<'_>,
        connections: &Connections,
    ) -> Result<Self, Error> {
        let connect_limit = if several { CONNECT_TIMEOUT_OF_SEVERAL } else { CONNECT_TIMEOUT };
        let proxy = proxy::find(endpoint, sources)?.map(Arc::new);
        let tls = endpoint.tls.then(|| tls::Options::find(sources)).transpose()?;
        let needs = Needs { tls, proxy: proxy.clone(), socket: endpoint.socket.clone(), connect_limit };
        Ok(Self { transport: connections.transport(needs, sources.host)?, endpoint: endpoint.clone(), proxy, connect_limit })
    }

    /// Whether the files that it needs are as they were.
    pub(super) fn is_current(&self) -> bool {
        self.transport.is_current()
    }

    /// What a message and the memory of failures call the endpoint.
    pub(super) fn name(&self) -> String {
        self.endpoint.name()
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// What messages call the proxy on the way, if there is one.
    pub(super) fn proxy_name(&self) -> Option<String> {
        self.proxy.as_ref().map(|proxy| proxy.name())
    }

    /// The limit for a connection.
    pub(super) fn connect_limit(&self) -> Duration {
        self.connect_limit
    }

    /// What TLS trusts, and who it is.
    pub(super) fn tls_config(&self) -> &Arc<rustls::ClientConfig> {
        self.transport.tls()
    }

    /// Whom it trusts; `None` where the endpoint has no TLS.
    pub(super) fn trust(&self) -> Option<&tls::Tls> {
        self.endpoint.tls.then(|| self.transport.trust())
    }

    /// Asks the JVM about a certificate over which a handshake failed: see [`tls::Tls::ask_java`].
    pub(super) fn ask_java(&self, host: &dyn Host, error: &std::io::Error) -> Option<Result<(), String>> {
        self.transport.ask_java(host, error)
    }

    /// What a message says about the endpoint as a whole.
    pub(super) fn request_info(&self, options: &Options) -> RequestInfo {
        self.at("GET", self.endpoint.api(), options, false)
    }

    /// Whether `url` is on this endpoint's scheme, host and port.
    pub(super) fn is_origin(&self, url: &Url) -> bool {
        self.endpoint.socket.is_none() && self.endpoint.api().origin() == url.origin()
    }

    /// Sends one request and reads the whole answer, whatever its status.
    pub(super) fn exchange(&self, call: &ApiRequest<'_>, exchange: &Exchange<'_>) -> Result<ApiResponse, Error> {
        self.exchange_at(self.endpoint.url(call.api_path), call, exchange)
    }

    /// The same at another URL: the target of a redirect.
    pub(super) fn exchange_at(&self, url: Url, call: &ApiRequest<'_>, exchange: &Exchange<'_>) -> Result<ApiResponse, Error> {
        let Exchange { shared, options, driver, host, limit } = *exchange;
        if self.endpoint.socket.is_none() {
            warn_of_plain_http(&url, shared, host);
        }
        let at = self.at(if call.post.is_some() { "POST" } else { "GET" }, &url, options, call.login);
        let unreachable = |why| ErrorKind::Unreachable(why).at(&at);
        let bad = |problem| ErrorKind::BadAnswer { problem }.at(&at);
        let client = shared.client(driver, &self.transport, &url)?;
        let start = Instant::now();
        let deadline = start + limit;
        let send = || Ok::<_, Error>(driver.run(host, deadline, client.send(self.request(&url, call, options)?)));
        let mut outcome = send()?;
        let mut java = None;
        if let Ok(Err(Failure::Http(error))) = &outcome {
            java = self.transport.ask_java(host, error);
            if let Some(Ok(())) = java {
                outcome = send()?;
            }
        }
        if matches!(&outcome, Ok(Ok(Answer { came_on: CameOn::Kept, .. }))) {
            shared.was_quiet(&url);
        }
        if matches!(&outcome, Ok(Ok(Answer { came_on: CameOn::NewInsteadOfKept, .. }))) && shared.was_gone(&url) {
            host.warn(&format!(
                "{} closed a connection right after an answer, or sent more than the answer to a request. From now on each request gets a \
                 connection for itself. What to do: nothing where Vault was restarted; otherwise check what stands between this machine and \
                 Vault: a balancer or proxy that mixes up answers can hand out the wrong secret",
                self.name()
            ));
        }
        if host.wants_events() {
            self.tell(&client, &at, start, &outcome, host);
        }
        let outcome = match outcome {
            Ok(Ok(answer)) if answer.status == 407 => {
                let redactor = self.redactor(call, options);
                let kind = header(&answer.headers, CONTENT_TYPE, &redactor);
                let page = vault::foreign(kind.as_deref(), &hide(answer.body, &redactor));
                Err(unreachable(Unreachable::ProxyCredentials { answer: format!("407, {page}") }))
            }
            Ok(Ok(answer)) => {
                let redactor = self.redactor(call, options);
                Ok(ApiResponse {
                    at,
                    status: answer.status,
                    content_type: header(&answer.headers, CONTENT_TYPE, &redactor),
                    location: header(&answer.headers, LOCATION, &redactor),
                    retry_after: header(&answer.headers, RETRY_AFTER, &redactor),
                    refuses_for_good: call.is_refused_for_good(answer.status, &answer.body),
                    body: if quotable(&answer) { hide(answer.body, &redactor) } else { answer.body },
                })
            }
            Ok(Err(Failure::TooLarge)) => Err(bad(format!("it is larger than {} MiB", MAX_BODY / 1024 / 1024))),
            Ok(Err(Failure::NoMemory)) => {
                Err(ErrorKind::UsedUp { resource: Resource::Memory, what: "Vault's answer cannot be taken".to_owned() }.at(&at))
            }
            Ok(Err(failure)) => {
                let kind = self.ask_why(&failure, &url, deadline, exchange);
                let mut kind = kind.or_else(|| failure.explain(self.connect_limit, self.peer()).map(ErrorKind::Unreachable));
                if let (Some(ErrorKind::Unreachable(Unreachable::Tls(problem))), Some(Err(java))) = (&mut kind, java) {
                    problem.what +=
                        &format!("; the JVM's own trust manager does not accept it either ({})", one_line(&java, 200));
                }
                Err(kind.map_or_else(|| Error::internal("a failure without words"), |kind| kind.at(at)))
            }
            Err(Stopped::Late) => Err(unreachable(self.late(client.phase(), &url, exchange))),
            Err(Stopped::Interrupted) => Err(ErrorKind::Interrupted.at(at)),
        };
        if let Err(error) = &outcome
            && host.wants_events()
        {
            host.event(&Event::Failure { statement: &error.statement() });
        }
        outcome
    }

    /// Tells how the request got its answer.
    fn tell(
        &self,
        client: &HttpClient,
        at: &RequestInfo,
        start: Instant,
        outcome: &Result<Result<Answer, Failure>, Stopped>,
        host: &dyn Host,
    ) {
        let time = start.elapsed();
        if let Some((name, addresses)) = client.looked_up() {
            host.event(&Event::LookUp { host: &name, addresses: &addresses });
        }
        let Ok(Ok(answer)) = outcome else { return };
        if client.has_connected() {
            let (endpoint, proxy) = (self.name(), self.proxy_name());
            host.event(&Event::Connect { endpoint: &endpoint, proxy: proxy.as_deref() });
            if let Some(tls) = self.trust() {
                host.event(&Event::Tls { endpoint: &endpoint, trust: &tls.trust });
            }
        }
        host.event(&Event::Answer { request: &at.to_string(), status: answer.status, time });
    }

    /// Asks the server or the proxy once more, shortly, where the HTTP library does not say enough about a failure.
    fn ask_why(&self, failure: &Failure, url: &Url, deadline: Instant, exchange: &Exchange<'_>) -> Option<ErrorKind> {
        let (tls, lookups) = (self.transport.tls(), self.transport.lookups());
        let deadline = deadline.min(Instant::now() + QUESTION_TIMEOUT);
        if failure.is_connect_late() && self.connects(url, exchange, LATE_QUESTION_TIMEOUT) {
            let seconds = self.connect_limit.as_secs_f32();
            return Some(ErrorKind::Unreachable(Unreachable::Timeout { seconds }));
        }
        if let Some(proxy) = &self.proxy {
            let why = failure.explain(self.connect_limit, Peer::Proxy);
            let refuses = matches!(why, Some(Unreachable::Proxy { .. } | Unreachable::ProxyCredentials { .. }));
            if refuses {
                let refusal = exchange.driver.run(exchange.host, deadline, proxy.refusal(url, tls, lookups));
                return refusal.ok().flatten().map(ErrorKind::Unreachable);
            }
        }
        if failure.is_no_http() && self.endpoint.socket.is_none() && self.proxy.is_none() {
            return match exchange.driver.run(exchange.host, deadline, direct::protocol(url, tls, lookups)) {
                Ok(Some(Protocol::Tls)) => Some(ErrorKind::WantsTls),
                Ok(Some(Protocol::Http2)) => Some(ErrorKind::Unreachable(Unreachable::Http2Only)),
                _ => None,
            };
        }
        None
    }

    /// Whether a TCP connection to the first hop can be made, so that TLS or a tunnel is what takes so long.
    fn connects(&self, url: &Url, exchange: &Exchange<'_>, limit: Duration) -> bool {
        let first = self.proxy.as_ref().map_or(url, |proxy| proxy.url());
        if self.endpoint.socket.is_some() || (url.scheme() == "http" && first.scheme() == "http") {
            return false;
        }
        let connect = direct::connect(first, self.transport.lookups());
        matches!(exchange.driver.run(exchange.host, Instant::now() + limit, connect), Ok(Ok(_)))
    }

    /// What kept the connection to the first hop from being made.
    fn of_first_hop(&self, why: Unreachable) -> Unreachable {
        if self.proxy.is_some() { Unreachable::ProxyUnreachable { why: Box::new(why) } } else { why }
    }

    fn request(&self, url: &Url, call: &ApiRequest<'_>, options: &Options) -> Result<Request, Error> {
        let mut request = Request::new(if call.post.is_some() { Method::POST } else { Method::GET }, url.clone());
        let mut headers = headers(call, options)?;
        if let Some(authorization) =
            self.proxy.as_ref().filter(|_| url.scheme() == "http").and_then(|proxy| proxy.authorization())
        {
            headers.insert(PROXY_AUTHORIZATION, credential(&authorization)?);
        }
        *request.headers_mut() = headers;
        *request.body_mut() =
            call.post.map(|(body, _)| Bytes::from_owner(Zeroizing::new(body.expose().as_bytes().to_vec())).into());
        Ok(request)
    }

    /// Hides what a request sends in secret from what comes back: the token, the login's credential or the value to be stored, the
    /// values of further headers, and the proxy's user and password.
    fn redactor(&self, call: &ApiRequest<'_>, options: &Options) -> Redactor {
        let redactor = Redactor::default();
        call.credentials().for_each(|credential| redactor.add(credential.expose()));
        for value in options.headers.values() {
            redactor.add_header(&String::from_utf8_lossy(value.as_bytes()));
        }
        if let Some(proxy) = &self.proxy {
            proxy.hide_in(&redactor);
        }
        redactor
    }

    /// What the time was over for.
    fn late(&self, phase: Phase, url: &Url, exchange: &Exchange<'_>) -> Unreachable {
        let seconds = (exchange.limit.as_secs_f32() * 10.0).round() / 10.0;
        match phase {
            Phase::LookUp => {
                let host = self.proxy.as_ref().map_or(url, |proxy| proxy.url()).host_str().unwrap_or_default().to_owned();
                self.of_first_hop(Unreachable::UnknownHost { host, reason: format!("no answer within {seconds} s") })
            }
            Phase::Connect if !self.connects(url, exchange, LATE_QUESTION_TIMEOUT) => {
                self.of_first_hop(Unreachable::ConnectTimeout { seconds })
            }
            Phase::Connect | Phase::Answer => Unreachable::Timeout { seconds },
        }
    }

    /// The error of a thread that waited this long for another thread's request and got no result.
    pub(super) fn given_up(&self, why: GivenUp, waited: Duration, options: &Options) -> Error {
        let at = self.request_info(options);
        let kind = match why {
            GivenUp::Interrupted => ErrorKind::Interrupted,
            GivenUp::TimedOut => ErrorKind::Unreachable(Unreachable::Timeout { seconds: waited.as_secs_f32().round() }),
        };
        kind.at(at)
    }

    /// What a message says about a request, which may be a `login`.
    fn at(&self, method: &'static str, url: &Url, options: &Options, login: bool) -> RequestInfo {
        let via = match &self.endpoint.socket {
            Some(_) => Some(self.name()),
            None => self.proxy.as_ref().map(|proxy| proxy.name()),
        };
        RequestInfo {
            namespace: options.namespace(login).cloned(),
            address_from: self.endpoint.origin.map(|origin| origin.to_string()),
            via: via.into_iter().collect(),
            ..RequestInfo::new(method, url.as_str())
        }
    }

    fn peer(&self) -> Peer {
        match (&self.endpoint.socket, &self.proxy) {
            (Some(_), _) => Peer::UnixSocket,
            (None, Some(_)) => Peer::Proxy,
            (None, None) => Peer::Server,
        }
    }
}

/// Whether words of this answer may get into a message: an error, or no JSON object at all.
fn quotable(answer: &Answer) -> bool {
    answer.status >= 300 || answer.body.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{')
}

/// The body without what was sent in secret: a peer that shows what it got must not get it into a log. A message shows little
/// of it, so that only its beginning counts.
fn hide(body: Zeroizing<Vec<u8>>, redactor: &Redactor) -> Zeroizing<Vec<u8>> {
    let text = Zeroizing::new(String::from_utf8_lossy(body.get(..MAX_ERROR).unwrap_or(&body)).into_owned());
    Zeroizing::new(redactor.redact(&text).into_bytes())
}

/// A header without what was sent in secret.
fn header(headers: &HeaderMap, name: HeaderName, redactor: &Redactor) -> Option<String> {
    let value = headers.get(name)?;
    // What nearly every answer has.
    if value == "application/json" {
        return Some("application/json".to_owned());
    }
    Some(redactor.redact(&String::from_utf8_lossy(value.as_bytes())))
}

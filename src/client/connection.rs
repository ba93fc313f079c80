//! One request to one endpoint: what is sent, and what came back.

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::header::{
    ACCEPT, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, LOCATION, PROXY_AUTHORIZATION, RETRY_AFTER, USER_AGENT,
};
use hyper::{Method, Request, Uri};
use url::{Position, Url};
use zeroize::Zeroizing;

use crate::client::connect::{Phase, connect};
use crate::client::connections::Connections;
use crate::client::dns::UnknownHost;
use crate::client::failure::{Failure, Peer};
use crate::client::http::{Answer, Body, HttpConnection, MAX_BODY, MAX_ERROR};
use crate::client::options::Options;
use crate::client::proxy::{self, Proxy};
use crate::client::runtime::{IoDriver, Stopped};
use crate::client::transport::{Needs, Transport};
use crate::client::wire::Protocol;
use crate::client::{ApiRequest, ApiResponse, Endpoint};
use crate::error::{Error, ErrorKind, RequestInfo, Unreachable};
use crate::host::Host;
use crate::secret::{Redactor, Secret};
use crate::settings::Sources;
use crate::single_flight::GivenUp;
use crate::text::one_line;
use crate::{tls, vault};

/// The limit for a connection, TLS handshake included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The same where another endpoint can be asked instead: enough for two lost packets.
const CONNECT_TIMEOUT_OF_SEVERAL: Duration = Duration::from_secs(4);

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
        let phase = Cell::new(Phase::Answer);
        let surplus = Cell::new(false);
        let deadline = Instant::now() + limit;
        let mut outcome = driver.run(host, deadline, self.answer(&url, call, exchange, &phase, &surplus));
        let mut java = None;
        if let Ok(Err(Failure::Handshake(error))) = &outcome {
            java = self.transport.ask_java(host, error);
            if let Some(Ok(())) = java {
                outcome = driver.run(host, deadline, self.answer(&url, call, exchange, &phase, &surplus));
            }
        }
        if surplus.get() {
            host.warn(&format!(
                "{} sent more than the answer to a request. From now on each request gets a connection of its own. What to do: check \
                 what stands between this machine and Vault: a balancer or proxy that mixes up answers can hand out the wrong secret",
                self.name()
            ));
        }
        match outcome {
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
            Ok(Err(Failure::NoMemory)) => Err(bad("this process has not enough memory left for it".to_owned())),
            Ok(Err(Failure::OtherProtocol(Protocol::Tls))) => Err(ErrorKind::WantsTls.at(&at)),
            Ok(Err(Failure::Internal(what))) => Err(Error::internal(what)),
            Ok(Err(failure)) => {
                let mut why = failure.explain(self.connect_limit, self.peer());
                if let (Some(Unreachable::Tls(problem)), Some(Err(java))) = (&mut why, java) {
                    problem.what +=
                        &format!("; the JVM's own trust manager does not accept it either ({})", one_line(&java, 200));
                }
                Err(why.map_or_else(|| Error::internal("a failure without words"), unreachable))
            }
            Err(Stopped::Late) => Err(unreachable(self.late(phase.get(), &url, limit))),
            Err(Stopped::Interrupted) => Err(ErrorKind::Interrupted.at(at)),
        }
    }

    /// Sends a request on a connection that was kept, or on a new one.
    async fn answer(
        &self,
        url: &Url,
        call: &ApiRequest<'_>,
        exchange: &Exchange<'_>,
        phase: &Cell<Phase>,
        surplus: &Cell<bool>,
    ) -> Result<Answer, Failure> {
        let Exchange { shared, options, driver, .. } = *exchange;
        // Whether the server said something that nobody asked for. Then its connections are not kept any more.
        let note_surplus = |connection: &HttpConnection| {
            if connection.has_surplus() && shared.stop_keeping(url) {
                surplus.set(true);
            }
        };
        if let Some(mut kept) = driver.take(&self.transport, url) {
            let is_quiet = kept.is_quiet().await;
            note_surplus(&kept);
            if is_quiet && shared.keeps(url) {
                match kept.send(self.request(url, call, options)?).await {
                    // The server closed it while the request was on its way: it is sent once more, on a new one. A 408 says the
                    // same.
                    Err(failure) if kept.was_gone(&failure) => {}
                    Ok(answer) if answer.status == 408 => {}
                    outcome => {
                        note_surplus(&kept);
                        self.leave(kept, url, exchange);
                        return outcome;
                    }
                }
            }
        }
        let stream = connect(&self.transport, url, &shared.lookups, phase).await?;
        phase.set(Phase::Answer);
        let mut connection = HttpConnection::new(stream).await?;
        let outcome = connection.send(self.request(url, call, options)?).await;
        note_surplus(&connection);
        self.leave(connection, url, exchange);
        outcome
    }

    /// Leaves a connection to the next request.
    fn leave(&self, connection: HttpConnection, url: &Url, exchange: &Exchange<'_>) {
        if exchange.shared.keeps(url) {
            exchange.driver.leave(&self.transport, url, connection);
        }
    }

    fn request(&self, url: &Url, call: &ApiRequest<'_>, options: &Options) -> Result<Request<Body>, Failure> {
        let to_proxy = self.proxy.as_ref().filter(|_| url.scheme() == "http");
        let target =
            if to_proxy.is_some() { &url[..Position::AfterQuery] } else { &url[Position::BeforePath..Position::AfterQuery] };
        let target: Uri = target.parse().map_err(|_| Failure::Internal("the URL is not one for HTTP"))?;
        let mut headers = headers(call, options)?;
        headers.insert(HOST, header_value(&url[Position::BeforeHost..Position::AfterPort])?);
        if let Some(authorization) = to_proxy.and_then(|proxy| proxy.authorization()) {
            headers.insert(PROXY_AUTHORIZATION, credential(&authorization)?);
        }
        let body =
            call.post.map_or_else(Bytes::new, |(body, _)| Bytes::from_owner(Zeroizing::new(body.expose().as_bytes().to_vec())));
        let mut request = Request::new(Body::new(body));
        *request.method_mut() = if call.post.is_some() { Method::POST } else { Method::GET };
        *request.uri_mut() = target;
        *request.headers_mut() = headers;
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
    fn late(&self, phase: Phase, url: &Url, limit: Duration) -> Unreachable {
        let seconds = (limit.as_secs_f32() * 10.0).round() / 10.0;
        match phase {
            Phase::LookUp => {
                let host = self.proxy.as_ref().map_or(url, |proxy| proxy.url()).host_str().unwrap_or_default().to_owned();
                let unknown = UnknownHost { host, reason: format!("no answer within {seconds} s") };
                Failure::UnknownHost(unknown).explain(self.connect_limit, self.peer())
            }
            Phase::Connect => Failure::ConnectTimeout.explain(Duration::from_secs_f32(seconds), self.peer()),
            Phase::Handshake | Phase::Answer => None,
        }
        .unwrap_or(Unreachable::Timeout { seconds })
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

fn warn_of_plain_http(url: &Url, shared: &Connections, host: &dyn Host) {
    if let Some(warning) = warning_of_plain_http(url)
        && shared.first_plain_http()
    {
        host.warn(&warning);
    }
}

/// `None` where no other machine can listen: on loopback and with TLS.
fn warning_of_plain_http(url: &Url) -> Option<String> {
    (url.scheme() == "http" && !proxy::is_loopback(url)).then(|| {
        format!(
            "The connection to Vault at {} is not encrypted: anybody on the network between this machine and Vault can read the token and the \
             secrets. What to do: give Vault's listener a certificate (tls_cert_file, tls_key_file) and write https:// in \"endpoint\"",
            url.origin().ascii_serialization()
        )
    })
}

fn headers(call: &ApiRequest<'_>, options: &Options) -> Result<HeaderMap, Failure> {
    let mut headers = options.headers.clone();
    headers.insert(USER_AGENT, HeaderValue::from_static(concat!("vault-cipher/", env!("CARGO_PKG_VERSION"))));
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    // Vault Agent can be told to refuse requests without it, as a guard against request forgery.
    headers.insert("x-vault-request", HeaderValue::from_static("true"));
    if let Some(namespace) = options.namespace(call.login) {
        headers.insert("x-vault-namespace", header_value(namespace)?);
    }
    if let Some(token) = call.token {
        headers.insert("x-vault-token", credential(token)?);
    }
    if let Some(inline) = call.inline {
        headers.insert("x-vault-inline-auth-path", header_value(&inline.api_path)?);
        headers.insert("x-vault-inline-auth-namespace", header_value(options.namespace(true).map_or("", String::as_str))?);
        for (name, parameter) in &inline.parameters {
            let name = HeaderName::from_bytes(format!("x-vault-inline-auth-parameter-{name}").as_bytes());
            headers
                .insert(name.map_err(|_| Failure::Internal("the inline login is not a valid header"))?, credential(parameter)?);
        }
    }
    if call.post.is_some() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    Ok(headers)
}

fn header_value(text: &str) -> Result<HeaderValue, Failure> {
    HeaderValue::from_str(text).map_err(|_| Failure::Internal("a text is not a valid header"))
}

/// In memory that is wiped.
fn credential(secret: &Secret) -> Result<HeaderValue, Failure> {
    let owned = Bytes::from_owner(Zeroizing::new(secret.expose().as_bytes().to_vec()));
    let mut value = HeaderValue::from_maybe_shared(owned).map_err(|_| Failure::Internal("a credential is not a valid header"))?;
    value.set_sensitive(true);
    Ok(value)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_warned_of_unless_it_stays_on_this_machine() {
        let warning = |url| warning_of_plain_http(&Url::parse(url).unwrap());
        for url in ["http://vault.example.com:8200/v1/x", "http://10.0.0.1/v1/x", "http://[fd00::1]:8200/v1/x"] {
            let warning = warning(url).unwrap();
            let origin = url.strip_suffix("/v1/x").unwrap();
            assert!(warning.starts_with(&format!("The connection to Vault at {origin} is not encrypted")), "{warning}");
        }
        for url in ["http://127.0.0.1:8200/v1/x", "http://127.1.2.3/v1/x", "http://[::1]:8200/v1/x", "http://localhost/v1/x"] {
            assert_eq!(warning(url), None, "{url}");
        }
        assert_eq!(warning("https://vault.example.com:8200/v1/x"), None);
    }
}

//! One request to one endpoint: what is sent, and what came back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::Url;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use zeroize::Zeroizing;

use super::failure::Peer;
use super::options::Options;
use super::proxy::{self, Proxy};
use super::runtime::{IoDriver, Stopped};
use super::transport::{Needs, Transport};
use super::{ApiRequest, ApiResponse, READ_TIMEOUT, failure};
use crate::client::Endpoint;
use crate::client::connections::Connections;
use crate::error::{Error, ErrorKind, RequestInfo, Unreachable};
use crate::host::Host;
use crate::settings::Sources;
use crate::single_flight::GivenUp;
use crate::{tls, vault};

/// The limit for a connection, TLS handshake included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The same where another endpoint can be asked instead: enough for two lost packets.
const CONNECT_TIMEOUT_OF_SEVERAL: Duration = Duration::from_secs(4);

/// The limit for a proxy to say why it opened no tunnel.
const PROXY_TIMEOUT: Duration = Duration::from_secs(2);

/// The limit for an answer's body: Vault's own default limit for a request, so nothing that was written is larger.
const MAX_BODY: usize = 32 * 1024 * 1024;

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
    pub(super) fn tls_config(&self) -> rustls::ClientConfig {
        self.transport.tls_config()
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
        let (method, name) = match call.post {
            None => (reqwest::Method::GET, "GET"),
            Some(_) => (reqwest::Method::POST, "POST"),
        };
        if self.endpoint.socket.is_none() {
            warn_of_plain_http(&url, shared, host);
        }
        let at = self.at(name, &url, options, call.login);
        let mut request = reqwest::Request::new(method, url);
        *request.headers_mut() = headers(call, options)?;
        *request.body_mut() = call.post.map(|(body, _)| body.expose().to_owned().into());
        let client = driver.client(&self.transport)?;

        let unreachable = |why| ErrorKind::Unreachable(why).at(&at);
        let deadline = Instant::now() + limit;
        match driver.run(host, deadline, answer(client, request)) {
            Ok(Ok(answer)) if answer.status == 407 => {
                let page = vault::foreign(header(&answer.headers, CONTENT_TYPE, call).as_deref(), &hide(answer.body, call));
                Err(unreachable(Unreachable::ProxyCredentials { answer: format!("407, {page}") }))
            }
            Ok(Ok(answer)) => Ok(ApiResponse {
                at,
                status: answer.status,
                content_type: header(&answer.headers, CONTENT_TYPE, call),
                location: header(&answer.headers, LOCATION, call),
                retry_after: header(&answer.headers, RETRY_AFTER, call),
                refuses_for_good: call.is_refused_for_good(answer.status, &answer.body),
                body: if quotable(&answer) { hide(answer.body, call) } else { answer.body },
            }),
            Ok(Err(Broken::Network(error))) => {
                let why = failure::explain(&error, self.connect_limit, READ_TIMEOUT, self.peer());
                Err(unreachable(self.ask_the_proxy(why, &at.url, deadline, exchange)))
            }
            Ok(Err(Broken::TooLarge)) => {
                Err(ErrorKind::BadAnswer { problem: format!("it is larger than {} MiB", MAX_BODY / 1024 / 1024) }.at(at))
            }
            Err(Stopped::Late) => Err(unreachable(Unreachable::Timeout { seconds: (limit.as_secs_f32() * 10.0).round() / 10.0 })),
            Err(Stopped::Interrupted) => Err(ErrorKind::Interrupted.at(at)),
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

    /// `why`, or in the proxy's own words where it opened no tunnel.
    fn ask_the_proxy(&self, why: Unreachable, url: &str, deadline: Instant, exchange: &Exchange<'_>) -> Unreachable {
        let (Some(proxy), Unreachable::Proxy { .. } | Unreachable::ProxyCredentials { .. }) = (&self.proxy, &why) else {
            return why;
        };
        let deadline = deadline.min(Instant::now() + PROXY_TIMEOUT);
        exchange.driver.run(exchange.host, deadline, proxy.refusal(url)).ok().flatten().unwrap_or(why)
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

fn headers(call: &ApiRequest<'_>, options: &Options) -> Result<HeaderMap, Error> {
    let mut headers = options.headers.clone();
    // Vault Agent can be told to refuse requests without it, as a guard against request forgery.
    headers.insert("x-vault-request", HeaderValue::from_static("true"));
    if let Some(namespace) = options.namespace(call.login) {
        let value = HeaderValue::from_str(namespace).map_err(|_| Error::internal("the namespace is not a valid header"))?;
        headers.insert("x-vault-namespace", value);
    }
    if let Some(token) = call.token {
        let mut value = HeaderValue::from_str(token.expose()).map_err(|_| Error::internal("the token is not a valid header"))?;
        value.set_sensitive(true);
        headers.insert("x-vault-token", value);
    }
    if let Some(inline) = call.inline {
        let path =
            HeaderValue::from_str(&inline.api_path).map_err(|_| Error::internal("the inline login is not a valid header"))?;
        headers.insert("x-vault-inline-auth-path", path);
        let namespace = options.namespace(true).map_or("", String::as_str);
        let namespace =
            HeaderValue::from_str(namespace).map_err(|_| Error::internal("the inline login is not a valid header"))?;
        headers.insert("x-vault-inline-auth-namespace", namespace);
        for (name, parameter) in &inline.parameters {
            let name = HeaderName::from_bytes(format!("x-vault-inline-auth-parameter-{name}").as_bytes());
            let value = HeaderValue::from_str(parameter.expose());
            let (Ok(name), Ok(mut value)) = (name, value) else {
                return Err(Error::internal("the inline login is not a valid header"));
            };
            value.set_sensitive(true);
            headers.insert(name, value);
        }
    }
    if call.post.is_some() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    Ok(headers)
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Zeroizing<Vec<u8>>,
}

enum Broken {
    Network(reqwest::Error),
    TooLarge,
}

async fn answer(client: reqwest::Client, request: reqwest::Request) -> Result<Answer, Broken> {
    let mut response = client.execute(request).await.map_err(Broken::Network)?;
    let announced = response.content_length().unwrap_or(0);
    if announced > MAX_BODY as u64 {
        return Err(Broken::TooLarge);
    }
    // Room for the whole body at once: a buffer that grows leaves copies of the secret behind.
    let room = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(4096);
    let mut body = Zeroizing::new(Vec::with_capacity(room));
    while let Some(chunk) = response.chunk().await.map_err(Broken::Network)? {
        if body.len() + chunk.len() > MAX_BODY {
            return Err(Broken::TooLarge);
        }
        append(&mut body, &chunk);
    }
    Ok(Answer { status: response.status().as_u16(), headers: std::mem::take(response.headers_mut()), body })
}

/// Appends without leaving an unwiped copy behind when the buffer has to move.
fn append(body: &mut Zeroizing<Vec<u8>>, chunk: &[u8]) {
    let needed = body.len() + chunk.len();
    if needed > body.capacity() {
        let mut larger = Zeroizing::new(Vec::with_capacity(needed * 2));
        larger.extend_from_slice(body);
        *body = larger;
    }
    body.extend_from_slice(chunk);
}

/// Whether words of this answer may get into a message: an error, or no JSON at all.
fn quotable(answer: &Answer) -> bool {
    answer.status >= 300 || answer.body.first() != Some(&b'{')
}

/// The body without the credentials of its request: a proxy that shows what it was sent must not get them into a log.
fn hide(body: Zeroizing<Vec<u8>>, call: &ApiRequest<'_>) -> Zeroizing<Vec<u8>> {
    let text = Zeroizing::new(String::from_utf8_lossy(&body).into_owned());
    let hidden = call.credentials().fold(text, |text, credential| Zeroizing::new(credential.redact_in(&text)));
    Zeroizing::new(hidden.as_bytes().to_vec())
}

/// A header without the credentials of its request, as in [`hide`].
fn header(headers: &HeaderMap, name: HeaderName, call: &ApiRequest<'_>) -> Option<String> {
    let value = String::from_utf8_lossy(headers.get(name)?.as_bytes()).into_owned();
    Some(call.credentials().fold(value, |value, credential| credential.redact_in(&value)))
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

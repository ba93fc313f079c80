//! One endpoint's connections: a reqwest client for its way there (TLS, proxy, socket), shared by the whole process.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::Url;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use zeroize::Zeroizing;

use super::failure::Peer;
use super::options::Options;
use super::proxy::{self, Proxy};
use super::{Call, Reply, failure, resolver};
use crate::error::{At, Error, Unreachable};
use crate::host::Host;
use crate::request::Endpoint;
use crate::runtime::{self, Stopped};
use crate::settings::Sources;
use crate::{tls, vault};

/// The limit for a connection, TLS handshake included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The same where another endpoint can be asked instead: enough for two lost packets.
const CONNECT_TIMEOUT_OF_SEVERAL: Duration = Duration::from_secs(4);

/// The limit for silence: no byte for so long, before or within an answer.
const READ_TIMEOUT: Duration = Duration::from_secs(15);

/// The limit for a proxy to say why it opened no tunnel.
const PROXY_TIMEOUT: Duration = Duration::from_secs(2);

/// The limit for an answer's body: Vault's own default limit for a request, so nothing that was written is larger.
const MAX_BODY: usize = 32 * 1024 * 1024;

/// More headers than any Vault or balancer sends.
const MAX_HEADERS: usize = 100;

/// The way to one endpoint.
pub(super) struct Connection {
    http: reqwest::Client,
    endpoint: Endpoint,
    proxy: Option<Arc<Proxy>>,
    connect_limit: Duration,
}

impl Connection {
    /// The way to `endpoint`, which may be one of several.
    pub(super) fn new(endpoint: &Endpoint, several: bool, sources: Sources<'_>) -> Result<Self, Error> {
        let connect_limit = if several { CONNECT_TIMEOUT_OF_SEVERAL } else { CONNECT_TIMEOUT };
        let proxy = proxy::find(endpoint, sources)?.map(Arc::new);
        let tls = endpoint.tls.then(|| tls::Options::find(sources)).transpose()?;
        let way = Way { tls, proxy: proxy.clone(), socket: endpoint.socket.clone(), connect_limit };
        Ok(Self { http: way.client(sources.host)?, endpoint: endpoint.clone(), proxy, connect_limit })
    }

    /// What a message and the memory of failures call the endpoint.
    pub(super) fn name(&self) -> String {
        self.endpoint.name()
    }

    /// Whether `url` is on this endpoint's scheme, host and port.
    pub(super) fn is_origin(&self, url: &Url) -> bool {
        self.endpoint.socket.is_none() && Url::parse(&self.endpoint.url("")).is_ok_and(|own| own.origin() == url.origin())
    }

    /// Sends one request and reads the whole answer, whatever its status.
    pub(super) fn exchange(&self, call: &Call<'_>, options: &Options, host: &dyn Host, limit: Duration) -> Result<Reply, Error> {
        self.exchange_at(&self.endpoint.url(call.api_path), call, options, host, limit)
    }

    /// The same at another URL: the target of a redirect.
    pub(super) fn exchange_at(
        &self,
        url: &str,
        call: &Call<'_>,
        options: &Options,
        host: &dyn Host,
        limit: Duration,
    ) -> Result<Reply, Error> {
        let (method, name) = match call.post {
            None => (reqwest::Method::GET, "GET"),
            Some(_) => (reqwest::Method::POST, "POST"),
        };
        let via = match &self.endpoint.socket {
            Some(_) => Some(self.name()),
            None => {
                warn_of_plain_http(url, host);
                self.proxy.as_ref().map(|proxy| proxy.name())
            }
        };
        let at = At {
            method: name,
            url: url.to_owned(),
            namespace: options.namespace(call.login).cloned(),
            address_from: self.endpoint.origin.map(|origin| origin.to_string()),
            via,
            tries: None,
        };
        let request = self.http.request(method, url).headers(headers(call, options)?);
        let request = match call.post {
            None => request,
            Some((body, _)) => request.body(body.expose().to_owned()),
        };

        let unreachable = |why| Error::Unreachable { at: at.clone(), why };
        let deadline = Instant::now() + limit;
        match runtime::run(host, deadline, answer(request))? {
            Ok(Ok(answer)) if answer.status == 407 => {
                let page = vault::foreign(header(&answer.headers, CONTENT_TYPE, call).as_deref(), &hide(answer.body, call));
                Err(unreachable(Unreachable::ProxyCredentials { answer: format!("407, {page}") }))
            }
            Ok(Ok(answer)) => Ok(Reply {
                at,
                status: answer.status,
                content_type: header(&answer.headers, CONTENT_TYPE, call),
                location: header(&answer.headers, LOCATION, call),
                retry_after: header(&answer.headers, RETRY_AFTER, call),
                body: if quotable(&answer) { hide(answer.body, call) } else { answer.body },
            }),
            Ok(Err(Broken::Network(error))) => {
                let why = failure::explain(&error, self.connect_limit, READ_TIMEOUT, self.peer());
                Err(unreachable(self.ask_the_proxy(why, url, deadline, host)?))
            }
            Ok(Err(Broken::TooLarge)) => {
                Err(Error::BadAnswer { at, problem: format!("it is larger than {} MiB", MAX_BODY / 1024 / 1024) })
            }
            Err(Stopped::Late) => Err(unreachable(Unreachable::Timeout { seconds: (limit.as_secs_f32() * 10.0).round() / 10.0 })),
            Err(Stopped::Interrupted) => Err(Error::Interrupted { at }),
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
    fn ask_the_proxy(&self, why: Unreachable, url: &str, deadline: Instant, host: &dyn Host) -> Result<Unreachable, Error> {
        let (Some(proxy), Unreachable::Proxy { .. } | Unreachable::ProxyCredentials { .. }) = (&self.proxy, &why) else {
            return Ok(why);
        };
        let deadline = deadline.min(Instant::now() + PROXY_TIMEOUT);
        Ok(runtime::run(host, deadline, proxy.refusal(url))?.ok().flatten().unwrap_or(why))
    }
}

/// Once in a process: a server has several properties, and one line says it all.
fn warn_of_plain_http(url: &str, host: &dyn Host) {
    static WARNED: AtomicBool = AtomicBool::new(false);
    if !url.starts_with("http:") || WARNED.load(Ordering::Relaxed) {
        return;
    }
    if let Some(warning) = Url::parse(url).ok().and_then(|url| warning_of_plain_http(&url))
        && !WARNED.swap(true, Ordering::Relaxed)
    {
        host.warn(&warning);
    }
}

/// `None` where nobody else can listen: on loopback and with TLS.
fn warning_of_plain_http(url: &Url) -> Option<String> {
    (url.scheme() == "http" && !proxy::is_loopback(url)).then(|| {
        format!(
            "The way to Vault at {} is not encrypted: whoever stands between this machine and Vault can read the token and the \
             secrets. What to do: give Vault's listener a certificate (tls_cert_file, tls_key_file) and write https:// in \"endpoint\"",
            url.origin().ascii_serialization()
        )
    })
}

fn headers(call: &Call<'_>, options: &Options) -> Result<HeaderMap, Error> {
    let mut headers = options.headers.clone();
    // Vault Agent can be told to refuse requests without it, as a guard against request forgery.
    headers.insert("x-vault-request", HeaderValue::from_static("true"));
    if let Some(namespace) = options.namespace(call.login) {
        let value = HeaderValue::from_str(namespace).map_err(|e| Error::Internal(format!("namespace header: {e}")))?;
        headers.insert("x-vault-namespace", value);
    }
    if let Some(token) = call.token {
        let mut value = HeaderValue::from_str(token.expose()).map_err(|e| Error::Internal(format!("token header: {e}")))?;
        value.set_sensitive(true);
        headers.insert("x-vault-token", value);
    }
    if let Some(inline) = call.inline {
        let path = HeaderValue::from_str(&inline.api_path).map_err(|e| Error::Internal(format!("inline login header: {e}")))?;
        headers.insert("x-vault-inline-auth-path", path);
        let namespace = options.namespace(true).map_or("", String::as_str);
        let namespace = HeaderValue::from_str(namespace).map_err(|e| Error::Internal(format!("inline login header: {e}")))?;
        headers.insert("x-vault-inline-auth-namespace", namespace);
        for (name, parameter) in &inline.parameters {
            let name = HeaderName::from_bytes(format!("x-vault-inline-auth-parameter-{name}").as_bytes());
            let value = HeaderValue::from_str(parameter.expose());
            let (Ok(name), Ok(mut value)) = (name, value) else {
                return Err(Error::Internal("inline login header".to_owned()));
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

async fn answer(request: reqwest::RequestBuilder) -> Result<Answer, Broken> {
    let mut response = request.send().await.map_err(Broken::Network)?;
    let announced = response.content_length().unwrap_or(0);
    if announced > MAX_BODY as u64 {
        return Err(Broken::TooLarge);
    }
    // Room for the whole body at once: a buffer that grows leaves copies of the secret behind.
    let mut body = Zeroizing::new(Vec::with_capacity(usize::try_from(announced).unwrap_or(0).max(4096)));
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
fn hide(body: Zeroizing<Vec<u8>>, call: &Call<'_>) -> Zeroizing<Vec<u8>> {
    let text = Zeroizing::new(String::from_utf8_lossy(&body).into_owned());
    let hidden = call.credentials().fold(text, |text, credential| Zeroizing::new(credential.hide_in(&text)));
    Zeroizing::new(hidden.as_bytes().to_vec())
}

/// A header without the credentials of its request, as in [`hide`].
fn header(headers: &HeaderMap, name: HeaderName, call: &Call<'_>) -> Option<String> {
    let value = String::from_utf8_lossy(headers.get(name)?.as_bytes()).into_owned();
    Some(call.credentials().fold(value, |value, credential| credential.hide_in(&value)))
}

/// What a reqwest client is built for: endpoints that share all of it share its connections.
#[derive(PartialEq, Eq)]
struct Way {
    tls: Option<tls::Options>,
    proxy: Option<Arc<Proxy>>,
    socket: Option<String>,
    connect_limit: Duration,
}

/// A client, what it was built for, and the files it was built from.
struct Built {
    way: Way,
    http: reqwest::Client,
    files: tls::Files,
}

/// A server has one way to Vault, or a few; more are the tests of a lifetime.
const MOST_WAYS: usize = 32;

static CLIENTS: Mutex<Vec<Built>> = Mutex::new(Vec::new());

impl Way {
    /// The client for this way: built when first needed, and anew when a certificate's file has changed.
    fn client(self, host: &dyn Host) -> Result<reqwest::Client, Error> {
        let mut clients = CLIENTS.lock().unwrap_or_else(PoisonError::into_inner);
        clients.retain(|built| built.way != self || !built.files.changed());
        if let Some(built) = clients.iter().find(|built| built.way == self) {
            return Ok(built.http.clone());
        }
        let (tls, files) = match &self.tls {
            Some(options) => {
                let tls::Tls { config, files, .. } = tls::client(host, options)?;
                (config, files)
            }
            None => (tls::nothing()?, tls::Files::default()),
        };
        let http = self.build(tls)?;
        if clients.len() == MOST_WAYS {
            clients.remove(0);
        }
        clients.push(Built { way: self, http: http.clone(), files });
        Ok(http)
    }

    fn build(&self, tls: rustls::ClientConfig) -> Result<reqwest::Client, Error> {
        let mut client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            // reqwest would carry the token to other hosts and from https to http, and retries without a pause.
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .http1_only()
            .http1_max_headers(MAX_HEADERS)
            .connect_timeout(self.connect_limit)
            .read_timeout(READ_TIMEOUT)
            .pool_idle_timeout(Duration::from_secs(10))
            .dns_resolver(resolver::Resolver { limit: self.connect_limit * 3 / 4 })
            .user_agent(concat!("vault-cipher/", env!("CARGO_PKG_VERSION")));
        if let Some(proxy) = &self.proxy {
            client = client.proxy(proxy.to_reqwest()?);
        }
        #[cfg(unix)]
        if let Some(socket) = &self.socket {
            client = client.unix_socket(socket.as_str());
        }
        client.build().map_err(|e| Error::Internal(format!("the HTTP client cannot be built: {e}")))
    }
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
            assert!(warning.starts_with(&format!("The way to Vault at {origin} is not encrypted")), "{warning}");
        }
        for url in ["http://127.0.0.1:8200/v1/x", "http://127.1.2.3/v1/x", "http://[::1]:8200/v1/x", "http://localhost/v1/x"] {
            assert_eq!(warning(url), None, "{url}");
        }
        assert_eq!(warning("https://vault.example.com:8200/v1/x"), None);
    }
}

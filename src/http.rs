//! The connection to Vault: one request out, one whole answer in, within limits. What an answer means is `vault`'s.

mod failure;
mod reply;
mod resolver;

use std::time::{Duration, Instant};

use once_cell::sync::OnceCell;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use zeroize::Zeroizing;

use crate::error::{At, Error, Unreachable};
use crate::host::Host;
use crate::request::Endpoint;
use crate::runtime::{self, Stopped};
use crate::secret::Secret;
use crate::{settings, tls};

/// The limit for a connection, TLS handshake included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The limit for an answer's body: Vault's own default limit for a request, so nothing that was written is larger.
const MAX_BODY: usize = 32 * 1024 * 1024;

/// Connections and limits for one endpoint.
pub(crate) struct Client {
    http: &'static reqwest::Client,
    endpoint: Endpoint,
    timeout: Duration,
}

/// One request to Vault's API.
pub(crate) struct Call<'a> {
    pub(crate) method: Method<'a>,
    /// Below `/v1/`, encoded.
    pub(crate) api_path: &'a str,
    pub(crate) token: Option<&'a Secret>,
}

/// The HTTP methods in use, with what belongs to each.
pub(crate) enum Method<'a> {
    Get,
    /// A JSON body, which may hold a credential.
    Post(&'a Secret),
}

/// A whole answer.
pub(crate) struct Reply {
    pub(crate) at: At,
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) body: Zeroizing<Vec<u8>>,
}

impl Client {
    /// The client for `endpoint`; connections are shared by all clients of the process.
    pub(crate) fn new(endpoint: &Endpoint, host: &dyn Host) -> Result<Self, Error> {
        let http = if endpoint.tls { with_tls(host)? } else { without_tls()? };
        Ok(Self { http, endpoint: endpoint.clone(), timeout: settings::client_timeout(host)? })
    }

    /// Sends one request and reads the whole answer, whatever its status.
    pub(crate) fn send(&self, call: &Call<'_>, host: &dyn Host) -> Result<Reply, Error> {
        let url = self.endpoint.url(call.api_path);
        let method = match call.method {
            Method::Get => reqwest::Method::GET,
            Method::Post(_) => reqwest::Method::POST,
        };
        let name = if method == reqwest::Method::GET { "GET" } else { "POST" };
        let at = At { method: name, url: url.clone(), namespace: None };

        let mut request = self.http.request(method, &url);
        // Vault Agent can be told to refuse requests without it, as a guard against request forgery.
        request = request.header("X-Vault-Request", "true");
        if let Some(token) = call.token {
            let mut value = HeaderValue::from_str(token.expose()).map_err(|e| Error::Internal(format!("token header: {e}")))?;
            value.set_sensitive(true);
            request = request.header("X-Vault-Token", value);
        }
        if let Method::Post(body) = call.method {
            request = request.header(CONTENT_TYPE, "application/json").body(body.expose().to_owned());
        }

        let deadline = Instant::now() + self.timeout;
        let unreachable = |why| Error::Unreachable { at: at.clone(), why };
        match runtime::run(host, deadline, exchange(request))? {
            Ok(Ok(answer)) => Ok(Reply {
                at,
                status: answer.status,
                content_type: header(&answer.headers, CONTENT_TYPE),
                location: header(&answer.headers, LOCATION),
                body: answer.body,
            }),
            Ok(Err(Broken::Network(error))) => Err(unreachable(failure::explain(&error, CONNECT_TIMEOUT))),
            Ok(Err(Broken::TooLarge)) => {
                Err(Error::BadAnswer { at, problem: format!("it is larger than {} MiB", MAX_BODY / 1024 / 1024) })
            }
            Err(Stopped::Late) => Err(unreachable(Unreachable::Timeout { seconds: self.timeout.as_secs_f32() })),
            Err(Stopped::Interrupted) => Err(Error::Interrupted { at }),
        }
    }
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

async fn exchange(request: reqwest::RequestBuilder) -> Result<Answer, Broken> {
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

fn header(headers: &HeaderMap, name: reqwest::header::HeaderName) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

fn without_tls() -> Result<&'static reqwest::Client, Error> {
    static CLIENT: OnceCell<reqwest::Client> = OnceCell::new();
    CLIENT.get_or_try_init(|| build(tls::nothing()?))
}

fn with_tls(host: &dyn Host) -> Result<&'static reqwest::Client, Error> {
    static CLIENT: OnceCell<reqwest::Client> = OnceCell::new();
    CLIENT.get_or_try_init(|| build(tls::client(host)?.config))
}

fn build(tls: rustls::ClientConfig) -> Result<reqwest::Client, Error> {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        // reqwest would carry the token to other hosts and from https to http.
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .referer(false)
        .http1_only()
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(Duration::from_secs(10))
        .dns_resolver(resolver::Resolver)
        .user_agent(concat!("vault-cipher/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|e| Error::Internal(format!("the HTTP client cannot be built: {e}")))
}

//! Requests to something other than Vault, on the way to a login: a cloud's metadata address, or one of its services. They carry
//! no token, no namespace and no header of Vault's, and no redirect is followed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::{Method, Request};
use url::Url;
use zeroize::Zeroizing;

use crate::client::Client;
use crate::client::connector::Phase;
use crate::client::failure::Peer;
use crate::client::proxy;
use crate::client::runtime::Stopped;
use crate::client::transport::{Needs, Transport};
use crate::error::{Error, ErrorKind, RequestInfo, Unreachable};
use crate::event::Event;
use crate::secret::Secret;
use crate::settings::Sources;
use crate::tls;

/// The limits for a metadata address: it is on this machine, or on its host.
const METADATA_TIMEOUT: Duration = Duration::from_secs(1);

/// The limits for a service of a cloud.
const SERVICE_TIMEOUT: Duration = Duration::from_secs(10);
const SERVICE_CONNECT_TIMEOUT: Duration = Duration::from_secs(4);

/// How often a request is sent at most, and the pause in between.
const MAX_TRIES: u32 = 2;
const PAUSE: Duration = Duration::from_millis(200);

/// What is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum WebPeer {
    /// A metadata address: never through a proxy, and for a second at most.
    Metadata,
    /// A service of a cloud: through the proxy that is set for such addresses, but not through the one that is set for Vault.
    Service,
}

/// One request.
pub(crate) struct WebRequest<'a> {
    pub(crate) method: &'static str,
    pub(crate) url: &'a str,
    /// Any of them may be a credential.
    pub(crate) headers: &'a [(&'a str, &'a str)],
    /// The body, and its content type.
    pub(crate) body: Option<(&'a Secret, &'static str)>,
}

/// A whole answer, whatever its status.
pub(crate) struct WebResponse {
    pub(crate) status: u16,
    pub(crate) body: Zeroizing<Vec<u8>>,
}

impl WebRequest<'_> {
    fn to(&self, url: &Url) -> Result<Request, Error> {
        let internal = || Error::internal("a request to a cloud cannot be written");
        let method = Method::from_bytes(self.method.as_bytes()).map_err(|_| internal())?;
        let mut request = Request::new(method, url.clone());
        for (name, value) in self.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| internal())?;
            let mut value = HeaderValue::from_str(value).map_err(|_| internal())?;
            value.set_sensitive(true);
            request.headers_mut().insert(name, value);
        }
        if let Some((body, content_type)) = self.body {
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
            let bytes = Zeroizing::new(body.expose().as_bytes().to_vec());
            *request.body_mut() = Some(Bytes::from_owner(bytes).into());
        }
        Ok(request)
    }
}

impl WebResponse {
    /// The body; an empty text where it is none.
    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap_or_default()
    }
}

impl Client<'_> {
    /// Sends the request, and once more where that may help. `Ok(Err(_))` says why there is no answer.
    pub(crate) fn fetch(
        &self,
        request: &WebRequest<'_>,
        peer: WebPeer,
        sources: Sources<'_>,
    ) -> Result<Result<WebResponse, Unreachable>, Error> {
        let Ok(url) = Url::parse(request.url) else {
            return Ok(Err(Unreachable::Other { reason: "the address is not a URL".to_owned() }));
        };
        let transport = self.transport_to(&url, peer, sources)?;
        let mut tries = 1;
        loop {
            let outcome = self.fetch_once(request, &url, peer, &transport)?;
            let may_pass = match &outcome {
                Ok(response) => response.status == 429 || response.status >= 500,
                Err(why) => why.may_pass(),
            };
            if !may_pass || tries == MAX_TRIES || self.limit_of(peer) <= PAUSE {
                return Ok(outcome);
            }
            tries += 1;
            if self.driver.driver()?.sleep(self.host, PAUSE) {
                return Err(ErrorKind::Interrupted.at(RequestInfo::new(request.method, shown(&url))));
            }
        }
    }

    fn fetch_once(
        &self,
        request: &WebRequest<'_>,
        url: &Url,
        peer: WebPeer,
        transport: &Arc<Transport>,
    ) -> Result<Result<WebResponse, Unreachable>, Error> {
        let limit = self.limit_of(peer);
        let driver = self.driver.driver()?;
        let client = self.shared.client(driver, transport, url)?;
        let sent = request.to(url)?;
        let deadline = Instant::now() + limit;
        let seconds = (limit.as_secs_f32() * 10.0).round() / 10.0;
        let start = Instant::now();
        Ok(match driver.run(self.host, deadline, client.send(sent)) {
            Ok(Ok(answer)) => {
                if self.host.wants_events() {
                    let asked = format!("{} {}", request.method, shown(url));
                    self.host.event(&Event::Answer { request: &asked, status: answer.status, time: start.elapsed() });
                }
                Ok(WebResponse { status: answer.status, body: answer.body })
            }
            Ok(Err(failure)) => {
                let Needs { connect_limit, proxy, .. } = transport.needs();
                let first_hop = if proxy.is_some() { Peer::Proxy } else { Peer::Server };
                let too_large = || Unreachable::Other { reason: "its answer is too large".to_owned() };
                Err(failure.explain(*connect_limit, first_hop).unwrap_or_else(too_large))
            }
            Err(Stopped::Late) if client.phase() == Phase::Answer => Err(Unreachable::Timeout { seconds }),
            Err(Stopped::Late) => Err(Unreachable::ConnectTimeout { seconds }),
            Err(Stopped::Interrupted) => {
                return Err(ErrorKind::Interrupted.at(RequestInfo::new(request.method, shown(url))));
            }
        })
    }

    /// The limit for one try, within the budget.
    fn limit_of(&self, peer: WebPeer) -> Duration {
        let limit = if peer == WebPeer::Metadata { METADATA_TIMEOUT } else { SERVICE_TIMEOUT };
        if self.budget.is_zero() { limit } else { limit.min(self.left()) }
    }

    fn transport_to(&self, url: &Url, peer: WebPeer, sources: Sources<'_>) -> Result<Arc<Transport>, Error> {
        let tls = (url.scheme() == "https").then(|| tls::Options::without_vaults(sources)).transpose()?;
        let (proxy, connect_limit) = match peer {
            WebPeer::Metadata => (None, METADATA_TIMEOUT),
            WebPeer::Service => (proxy::for_url(url, sources)?.map(Arc::new), SERVICE_CONNECT_TIMEOUT),
        };
        self.shared.transport(Needs { tls, proxy, socket: None, connect_limit }, self.host)
    }
}

/// Scheme, host and port: the path of a container's keys is known to that container only.
fn shown(url: &Url) -> String {
    url.origin().ascii_serialization()
}

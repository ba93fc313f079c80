//! Which proxy a request goes through: the one that is named for Vault, else what the environment says, else what the
//! JVM's system properties say. Sources: the official client (`VAULT_PROXY_ADDR`), Go's `http.ProxyFromEnvironment`, and
//! <https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/net/doc-files/net-properties.html>.

mod bypass;
#[cfg(any(test, fuzzing))]
pub(crate) mod parsers;
mod refusal;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::Url;
use zeroize::Zeroizing;

use crate::client::endpoint::Endpoint;
use crate::client::headers::credential;
use crate::error::{Error, ErrorKind, Problem};
use crate::secret::{Redactor, Secret};
use crate::settings::{PROXY, Sources};

pub(super) use bypass::is_loopback;

/// A proxy. Its credentials are no part of its name.
pub(super) struct Proxy {
    /// Scheme, host and port.
    url: Url,
    credentials: Option<(String, Secret)>,
    origin: String,
}

impl PartialEq for Proxy {
    fn eq(&self, other: &Self) -> bool {
        let exposed =
            |proxy: &Self| proxy.credentials.as_ref().map(|(user, password)| (user.clone(), password.expose().to_owned()));
        self.url == other.url && exposed(self) == exposed(other)
    }
}

impl Eq for Proxy {}

impl Proxy {
    /// What a message calls it.
    pub(super) fn name(&self) -> String {
        format!("proxy {} from {}", self.url.origin().ascii_serialization(), self.origin)
    }

    /// Its scheme, host and port.
    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// For the HTTP library.
    pub(super) fn to_reqwest(&self) -> Result<reqwest::Proxy, Error> {
        let internal = |_| Error::internal("the proxy cannot be used");
        let proxy = reqwest::Proxy::all(self.url.clone()).map_err(internal)?;
        Ok(match self.authorization() {
            Some(value) => proxy.custom_http_auth(credential(&value)?),
            None => proxy,
        })
    }

    /// The value of the header `Proxy-Authorization`.
    pub(super) fn authorization(&self) -> Option<Secret> {
        let (user, password) = self.credentials.as_ref()?;
        let pair = Zeroizing::new([user, ":", password.expose()].concat());
        let encoded = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
        Some(Secret::new(["Basic ", &encoded].concat()))
    }

    /// Hides its user and password from what comes back.
    pub(super) fn hide_in(&self, redactor: &Redactor) {
        if let Some(authorization) = self.authorization() {
            redactor.add_header(authorization.expose());
        }
        if let Some((user, password)) = &self.credentials {
            redactor.add(user);
            redactor.add(password.expose());
        }
    }

    fn redact_in(&self, text: &str) -> String {
        let redactor = Redactor::default();
        self.hide_in(&redactor);
        redactor.redact(text)
    }

    /// Reads `http://user:password@host:port`; without a scheme it is http.
    fn parse(text: &str, origin: String) -> Result<Self, Error> {
        let refuse = |problem: &str| {
            let problem = Problem::new(problem, "write it as http://proxy.example.com:3128");
            Error::from(ErrorKind::Setting { origin: origin.clone(), problem })
        };
        let text = text.trim();
        let with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        // The parser's own words are not shown: they may quote a password.
        let mut url = Url::parse(&with_scheme).map_err(|_| refuse("it is not a proxy's address"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refuse("only http and https proxies are supported"));
        }
        let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        let credentials = match (url.username(), url.password()) {
            ("", None) => None,
            (user, password) => Some((decoded(user), Secret::new(decoded(password.unwrap_or_default())))),
        };
        if url.set_username("").is_err() || url.set_password(None).is_err() {
            return Err(refuse("it is not a proxy's address"));
        }
        Ok(Self { url, credentials, origin })
    }
}

/// The proxy for `endpoint`, if there is one.
pub(super) fn find(endpoint: &Endpoint, sources: Sources<'_>) -> Result<Option<Proxy>, Error> {
    if endpoint.socket.is_some() {
        return Ok(None);
    }
    // As in the official client: a proxy that is named for Vault is used whatever NO_PROXY says.
    if let Some(value) = PROXY.find(sources)? {
        return Proxy::parse(&value.text, value.origin.to_string()).map(Some);
    }
    for_url(endpoint.api(), sources)
}

/// The proxy for an address that is not Vault's.
pub(super) fn for_url(target: &Url, sources: Sources<'_>) -> Result<Option<Proxy>, Error> {
    match from_environment(target, sources)? {
        Some(found) => Ok(found),
        None => from_jvm(target, sources),
    }
}

/// `None` when the environment names no proxy for this scheme, `Some(None)` when it says that none is to be used.
#[expect(clippy::option_option, reason = "\"nothing said\" and \"none\" are two answers, and only here")]
fn from_environment(target: &Url, sources: Sources<'_>) -> Result<Option<Option<Proxy>>, Error> {
    let names: &[&'static str] = match target.scheme() {
        "https" => &["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"],
        _ => &["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"],
    };
    let Some((name, address)) = variable(names, sources)? else { return Ok(None) };
    let exempt = variable(&["NO_PROXY", "no_proxy"], sources)?.is_some_and(|(_, list)| bypass::no_proxy(&list, target));
    if exempt || bypass::is_loopback(target) {
        return Ok(Some(None));
    }
    Proxy::parse(&address, format!("environment variable {name}")).map(|proxy| Some(Some(proxy)))
}

/// The first of these variables that is set, with its name.
fn variable(names: &[&'static str], sources: Sources<'_>) -> Result<Option<(&'static str, String)>, Error> {
    for &name in names {
        let Some(raw) = sources.host.environment().variable(name) else { continue };
        let value = raw.to_str().map(str::to_owned).ok_or_else(|| ErrorKind::Setting {
            origin: format!("environment variable {name}"),
            problem: Problem::new("it is not valid UTF-8", "set it again"),
        })?;
        if !value.trim().is_empty() {
            return Ok(Some((name, value)));
        }
    }
    Ok(None)
}

fn from_jvm(target: &Url, sources: Sources<'_>) -> Result<Option<Proxy>, Error> {
    let (prefix, default_port) = if target.scheme() == "https" { ("https", "443") } else { ("http", "80") };
    let environment = sources.host.environment();
    let property = |name: &str| environment.property(&format!("{prefix}.{name}")).filter(|value| !value.trim().is_empty());
    let Some(host) = property("proxyHost") else { return Ok(None) };
    // Java uses this one property for both schemes.
    let exempt = environment.property("http.nonProxyHosts");
    if bypass::non_proxy_hosts(exempt.unwrap_or(bypass::JVM_DEFAULT), target) {
        return Ok(None);
    }
    let port = property("proxyPort").unwrap_or(default_port);
    let mut proxy =
        Proxy::parse(&format!("http://{}:{}", host.trim(), port.trim()), format!("system property {prefix}.proxyHost"))?;
    if let Some(user) = property("proxyUser") {
        proxy.credentials = Some((user.to_owned(), Secret::new(property("proxyPassword").unwrap_or_default().to_owned())));
    }
    Ok(Some(proxy))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::tests::MapHost;

    fn name(endpoint: &str, host: &MapHost) -> Result<Option<String>, String> {
        let endpoint = Endpoint::parse(endpoint).unwrap();
        find(&endpoint, Sources { fields: &[], host }).map(|proxy| proxy.map(|proxy| proxy.name())).map_err(|e| e.to_string())
    }

    #[test]
    fn the_proxy_named_for_vault_comes_first_then_the_environment_then_the_jvm() {
        let jvm = || MapHost::default().with_property("https.proxyHost", "jvm.example").with_property("https.proxyPort", "3128");
        let environment =
            || jvm().with_variable("HTTPS_PROXY", "http://env.example:8080").with_variable("NO_PROXY", "exempt.example");
        assert_eq!(
            name("https://v.example", &jvm()).unwrap().unwrap(),
            "proxy http://jvm.example:3128 from system property https.proxyHost"
        );
        assert_eq!(
            name("https://v.example", &environment()).unwrap().unwrap(),
            "proxy http://env.example:8080 from environment variable HTTPS_PROXY"
        );
        assert_eq!(name("https://exempt.example", &environment()).unwrap(), None);
        let named = environment().with_variable("VAULT_PROXY_ADDR", "vault.example:1");
        assert_eq!(
            name("https://exempt.example", &named).unwrap().unwrap(),
            "proxy http://vault.example:1 from environment variable VAULT_PROXY_ADDR"
        );
        assert_eq!(name("http://v.example", &environment()).unwrap(), None);
        assert_eq!(name("unix:///run/agent.sock", &named).unwrap(), None);
    }

    #[test]
    fn a_proxys_password_does_not_show() {
        let host = MapHost::default().with_variable("VAULT_PROXY_ADDR", "http://u:canary%40@p.example:1");
        assert!(!name("https://v", &host).unwrap().unwrap().contains("canary"));
        let host = MapHost::default().with_variable("VAULT_PROXY_ADDR", "http://u:canary@p.example:99999");
        let error = name("https://v", &host).unwrap_err();
        assert!(error.contains("environment variable VAULT_PROXY_ADDR") && !error.contains("canary"), "{error}");
        let host = MapHost::default().with_variable("HTTPS_PROXY", "http://u:canary@p.example:99999");
        let error = name("https://v", &host).unwrap_err();
        assert!(error.contains("environment variable HTTPS_PROXY") && !error.contains("canary"), "{error}");
        let host = MapHost::default().with_variable("VAULT_PROXY_ADDR", "socks5://p.example:1");
        assert!(name("https://v", &host).unwrap_err().contains("only http and https"));
    }
}

//! An address of Vault's API.

use url::Url;

use crate::settings::Origin;
use crate::text::is_unprintable;

/// Where Vault's API is: a URL's scheme, host, port and path prefix, or a unix socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// What API paths are put behind: it ends with `/v1/`.
    api: Url,
    /// Whether the scheme is https.
    pub(crate) tls: bool,
    /// The socket's path, if it is one.
    pub(crate) socket: Option<String>,
    /// Where the address stands, if not in the text.
    pub(crate) origin: Option<Origin>,
}

const FORM: &str = "it must look like https://vault.example.com:8200";

impl Endpoint {
    /// A slash or a `/v1` at the end is tolerated: the vendor's store made people write it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.chars().any(|c| c.is_whitespace() || is_unprintable(c)) {
            return Err(format!("holds a blank or a control character; {FORM}"));
        }
        if let Some(path) = text.strip_prefix("unix://") {
            return Self::unix(path);
        }
        let scheme = text.get(..8).unwrap_or(text).to_ascii_lowercase();
        if !scheme.starts_with("http://") && !scheme.starts_with("https://") {
            return Err(format!("does not begin with http:// or https://; {FORM}"));
        }
        let mut url = Url::parse(text).map_err(|e| format!("is not a URL ({e}); {FORM}"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(format!("holds a user name or password, which would show in messages and logs; {FORM}"));
        }
        if url.path() == "/ui" || url.path().starts_with("/ui/") {
            return Err(format!(
                "is the address of Vault's user interface, from a browser: leave out /ui and what follows; {FORM}"
            ));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(format!("holds a \"?\" or \"#\"; {FORM}"));
        }
        if text.contains('\\') || url.path().contains("//") {
            return Err(format!("holds \"\\\" or \"//\" in its path; {FORM}"));
        }
        let base = url.path().trim_end_matches('/');
        let api = format!("{}/v1/", base.strip_suffix("/v1").unwrap_or(base));
        url.set_path(&api);
        Ok(Self { tls: url.scheme() == "https", api: url, socket: None, origin: None })
    }

    /// The same, found elsewhere than in the text.
    pub(crate) fn from(self, origin: Origin) -> Self {
        Self { origin: Some(origin), ..self }
    }

    /// As the official client reads it: the path of the socket, and plain HTTP on it.
    fn unix(path: &str) -> Result<Self, String> {
        if !cfg!(unix) {
            return Err("is a unix socket, which this system has none of".to_owned());
        }
        if !path.starts_with('/') {
            return Err("is a unix socket, and its path must be absolute: unix:///run/vault-agent.sock".to_owned());
        }
        let api = Url::parse("http://localhost/v1/").map_err(|e| e.to_string())?;
        Ok(Self { api, tls: false, socket: Some(path.to_owned()), origin: None })
    }

    /// The URL of an API path, which must be encoded.
    pub(crate) fn url(&self, api_path: &str) -> Url {
        let (path, query) = api_path.split_once('?').map_or((api_path, None), |(path, query)| (path, Some(query)));
        let mut url = self.api.clone();
        url.set_path(&format!("{}{path}", self.api.path()));
        url.set_query(query);
        url
    }

    /// Where the API is: scheme, host and port count.
    pub(crate) fn api(&self) -> &Url {
        &self.api
    }

    /// What a message calls this endpoint.
    pub(crate) fn name(&self) -> String {
        match &self.socket {
            Some(path) => format!("unix://{path}"),
            None => self.api.as_str().trim_end_matches("/v1/").to_owned(),
        }
    }
}

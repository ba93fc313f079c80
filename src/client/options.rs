//! What can be set about requests.

use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::error::Error;
use crate::settings::{
    AUTH_NAMESPACE, CLIENT_TIMEOUT, DISABLE_REDIRECTS, HEADERS, MAX_RETRIES, NAMESPACE, REDIRECT_HOSTS, Sources, Value,
};
use crate::text::{character, is_blank, one_line};

/// The settings of every request.
pub(super) struct Options {
    /// The time for everything; zero is one try.
    pub(super) budget: Duration,
    pub(super) max_retries: Option<u32>,
    /// `None` is the root namespace.
    namespace: Option<String>,
    /// `None`: the same as that of everything else.
    auth_namespace: Option<Option<String>>,
    pub(super) follow_redirects: bool,
    /// `host` or `host:port`, in lower case.
    pub(super) redirect_hosts: Vec<String>,
    pub(super) headers: HeaderMap,
}

impl Options {
    pub(super) fn find(sources: Sources<'_>) -> Result<Self, Error> {
        let budget = CLIENT_TIMEOUT.find(sources)?.map(|value| value.duration()).transpose()?;
        let disable = DISABLE_REDIRECTS.find(sources)?.map(|value| value.flag()).transpose()?;
        Ok(Self {
            budget: budget.unwrap_or(Duration::from_secs(60)),
            max_retries: MAX_RETRIES.find(sources)?.map(|value| value.count()).transpose()?,
            namespace: NAMESPACE.find(sources)?.map(|value| namespace(&value)).transpose()?.flatten(),
            auth_namespace: AUTH_NAMESPACE.find(sources)?.map(|value| namespace(&value)).transpose()?,
            follow_redirects: !disable.unwrap_or(false),
            redirect_hosts: REDIRECT_HOSTS.find(sources)?.map(|value| hosts(&value)).unwrap_or_default(),
            headers: HEADERS.find(sources)?.map(|value| headers(&value)).transpose()?.unwrap_or_default(),
        })
    }
}

impl Options {
    /// The namespace of the login, or that of everything else.
    pub(super) fn namespace(&self, login: bool) -> Option<&String> {
        self.auth_namespace.as_ref().filter(|_| login).unwrap_or(&self.namespace).as_ref()
    }
}

/// Slashes around it are tolerated; Vault itself takes it with and without. `None` is the root namespace, which Vault
/// Enterprise calls "root" and OpenBao does not know by any name.
fn namespace(value: &Value) -> Result<Option<String>, Error> {
    let name = value.trimmed().trim_matches('/');
    if let Some(c) = name.chars().find(|c| is_blank(*c) || !c.is_ascii()) {
        return Err(value
            .refuse((format!("it is not a namespace path: it holds {}", character(c)), "write its path, such as team-a/app")));
    }
    Ok(Some(name).filter(|name| !matches!(*name, "" | "root")).map(str::to_owned))
}

fn hosts(value: &Value) -> Vec<String> {
    value.text.split(',').map(|host| host.trim().to_ascii_lowercase()).filter(|host| !host.is_empty()).collect()
}

/// Headers that frame a message or steer the connection (RFC 9110, 7.6.1 and RFC 9112): a second one of them is how requests are
/// smuggled past a proxy.
const FRAMING: [&str; 10] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// As the official client's `VAULT_HEADERS`: a JSON object of strings. Vault's own headers are not for the administrator.
fn headers(value: &Value) -> Result<HeaderMap, Error> {
    let form = "write a JSON object of texts, such as {\"X-Team\":\"dba\"}";
    let object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&value.text).map_err(|_| value.refuse(("it is not a JSON object", form)))?;
    let mut headers = HeaderMap::new();
    for (name, text) in &object {
        let shown = one_line(name, 40);
        if name.to_ascii_lowercase().starts_with("x-vault-") {
            return Err(value.refuse((format!("the header \"{shown}\" is Vault's own"), "leave it out")));
        }
        if FRAMING.contains(&name.to_ascii_lowercase().as_str()) {
            return Err(value.refuse((
                format!("the header \"{shown}\" says where a request ends or whom it is for: the HTTP library writes it"),
                "leave it out",
            )));
        }
        let text = text.as_str().ok_or_else(|| value.refuse((format!("the header \"{shown}\" is not a text"), form)))?;
        match (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(text)) {
            (Ok(name), Ok(mut text)) => {
                // It may be a credential of a gateway.
                text.set_sensitive(true);
                headers.insert(name, text);
            }
            _ => return Err(value.refuse((format!("\"{shown}\" is not a valid HTTP header"), form))),
        }
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::tests::MapHost;

    fn options(name: &str, value: &str) -> Result<Options, String> {
        let host = MapHost::default().with_variable(name, value);
        Options::find(Sources { fields: &[], host: &host }).map_err(|error| error.to_string())
    }

    #[test]
    fn the_login_may_be_in_another_namespace_which_may_be_the_root() {
        let namespaces = |auth: &str| {
            let host = MapHost::default()
                .with_variable("VAULT_NAMESPACE", "a/b")
                .with_variable("SECRET_STORE_VAULT_AUTH_NAMESPACE", auth);
            let options = Options::find(Sources { fields: &[], host: &host }).unwrap();
            (options.namespace(true).cloned(), options.namespace(false).cloned())
        };
        let secret = Some("a/b".to_owned());
        assert_eq!(namespaces(""), (secret.clone(), secret.clone()));
        assert_eq!(namespaces("c/"), (Some("c".to_owned()), secret.clone()));
        assert_eq!(namespaces("root"), (None, secret.clone()));
        assert_eq!(namespaces("/"), (None, secret));
    }

    #[test]
    fn values_are_read_and_a_wrong_one_names_its_variable() {
        assert_eq!(options("VAULT_CLIENT_TIMEOUT", "5s").unwrap().budget, Duration::from_secs(5));
        assert_eq!(options("VAULT_CLIENT_TIMEOUT", "0").unwrap().budget, Duration::ZERO);
        assert_eq!(options("VAULT_MAX_RETRIES", "0").unwrap().max_retries, Some(0));
        assert_eq!(options("VAULT_NAMESPACE", "/a/b/").unwrap().namespace(true).map(String::as_str), Some("a/b"));
        assert!(!options("VAULT_DISABLE_REDIRECTS", "true").unwrap().follow_redirects);
        assert_eq!(options("VAULT_HEADERS", "{\"X-Team\":\"a\"}").unwrap().headers.get("x-team").unwrap(), "a");
        for (name, value) in [
            ("VAULT_CLIENT_TIMEOUT", "soon"),
            ("VAULT_MAX_RETRIES", "-1"),
            ("VAULT_DISABLE_REDIRECTS", "ja"),
            ("VAULT_NAMESPACE", "a b"),
            ("VAULT_NAMESPACE", "a\u{200b}b"),
            ("VAULT_HEADERS", "X-Team: a"),
            ("VAULT_HEADERS", "{\"X-Vault-Token\":\"a\"}"),
            ("VAULT_HEADERS", "{\"X-Team\":1}"),
            ("VAULT_HEADERS", "{\"Content-Length\":\"0\"}"),
            ("VAULT_HEADERS", "{\"transfer-encoding\":\"chunked\"}"),
            ("VAULT_HEADERS", "{\"HOST\":\"a\"}"),
            ("VAULT_HEADERS", "{\"Connection\":\"close\"}"),
            ("VAULT_HEADERS", "{\"X Team\":\"a\"}"),
        ] {
            let error = options(name, value).err().unwrap();
            assert!(error.starts_with(&format!("environment variable {name} cannot be used: ")), "{error}");
        }
    }
}

//! The headers of a request to Vault.

use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use zeroize::Zeroizing;

use crate::client::api::ApiRequest;
use crate::client::options::Options;
use crate::error::Error;
use crate::secret::Secret;

/// The headers of a request, but those for a proxy.
pub(super) fn headers(call: &ApiRequest<'_>, options: &Options) -> Result<HeaderMap, Error> {
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
            headers.insert(name.map_err(|_| Error::internal("the inline login is not a valid header"))?, credential(parameter)?);
        }
    }
    if call.post.is_some() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    Ok(headers)
}

fn header_value(text: &str) -> Result<HeaderValue, Error> {
    HeaderValue::from_str(text).map_err(|_| Error::internal("a text is not a valid header"))
}

/// A credential as a header's value, in memory that is wiped.
pub(super) fn credential(secret: &Secret) -> Result<HeaderValue, Error> {
    let owned = Bytes::from_owner(Zeroizing::new(secret.expose().as_bytes().to_vec()));
    let mut value = HeaderValue::from_maybe_shared(owned).map_err(|_| Error::internal("a credential is not a valid header"))?;
    value.set_sensitive(true);
    Ok(value)
}

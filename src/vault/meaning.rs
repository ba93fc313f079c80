//! What an answer of Vault means. Pure: status and body in, meaning out. Vault and OpenBao differ in places; both are
//! understood. Sources: <https://developer.hashicorp.com/vault/api-docs#http-status-codes> and recorded exchanges with
//! both servers (`tests/transcripts`).

use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::secret::Secret;
use crate::text::{join_lines, one_line};

/// The meaning of an answer. No `Debug`: it may hold a secret's data.
pub(crate) enum Meaning<'a> {
    /// 2xx with Vault's envelope.
    Success(Envelope<'a>),
    /// 2xx, but no JSON envelope, or 204: nothing to read.
    NoData,
    /// 403 without a policy's words: the token itself, or the credential of a login, is not accepted.
    NotAccepted,
    /// 403 by the token's policies.
    Denied,
    /// 404 without more: no such path, version or API.
    Missing,
    /// 404 with the metadata of a KV v2 version that was deleted or destroyed.
    Gone(Metadata),
    /// 404: nothing is mounted there.
    NoRoute,
    /// A path that the engine there does not have, or a method that the engine does not know.
    NotThisEngine(String),
    /// 503: sealed, or never initialised.
    Sealed,
    /// 501, or words that say so.
    Uninitialised,
    /// A standby without an active node.
    NoLeader(String),
    /// 429.
    RateLimited(String),
    /// 3xx.
    Redirect,
    /// Another error of Vault.
    Refused(String),
    /// The server wants TLS, and was asked in plain text.
    WantsTls,
    /// Not Vault's answer at all: content type, or an HTML page's title.
    Foreign(String),
}

/// The part of Vault's envelope that is read. Data stays raw: values that are not needed are never decoded.
#[derive(Deserialize)]
pub(crate) struct Envelope<'a> {
    #[serde(borrow)]
    pub(crate) data: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) auth: Option<Auth<'a>>,
    #[serde(borrow)]
    pub(crate) wrap_info: Option<&'a RawValue>,
    pub(crate) warnings: Option<Vec<String>>,
    #[serde(borrow)]
    pub(crate) lease_id: Option<&'a RawValue>,
    /// Seconds.
    #[serde(default)]
    pub(crate) lease_duration: u64,
    #[serde(default)]
    pub(crate) renewable: bool,
}

/// The outcome of a login.
#[derive(Deserialize)]
pub(crate) struct Auth<'a> {
    /// Still a JSON string: unescaped straight into a secret.
    #[serde(borrow)]
    pub(crate) client_token: &'a RawValue,
    #[serde(borrow)]
    pub(crate) mfa_requirement: Option<&'a RawValue>,
    /// Seconds; 0 is without end.
    pub(crate) lease_duration: Option<u64>,
    pub(crate) renewable: Option<bool>,
    /// How often the token can be used; 0 is as often as one likes.
    pub(crate) num_uses: Option<u32>,
    /// `service` or `batch`.
    pub(crate) token_type: Option<String>,
}

/// A KV v2 version's metadata.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) version: u64,
    #[serde(default)]
    pub(crate) destroyed: bool,
    #[serde(default)]
    pub(crate) deletion_time: String,
}

#[derive(Deserialize)]
struct Errors {
    errors: Vec<String>,
}

#[derive(Deserialize)]
struct GoneData {
    data: GoneVersion,
}

#[derive(Deserialize)]
struct GoneVersion {
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Warned {
    warnings: Vec<String>,
}

/// Reads an answer. Errors are quoted on one line; data never is.
pub(crate) fn meaning<'a>(status: u16, content_type: Option<&str>, body: &'a [u8]) -> Meaning<'a> {
    if (200..300).contains(&status) {
        return match serde_json::from_slice(body) {
            Ok(envelope) => Meaning::Success(envelope),
            Err(_) if body.is_empty() => Meaning::NoData,
            Err(_) => Meaning::Foreign(foreign(content_type, body)),
        };
    }
    if (300..400).contains(&status) {
        return Meaning::Redirect;
    }
    if status == 404 {
        if let Ok(GoneData { data }) = serde_json::from_slice(body) {
            return Meaning::Gone(data.metadata);
        }
        if let Ok(Warned { warnings }) = serde_json::from_slice(body) {
            return Meaning::NotThisEngine(join_lines(warnings.iter().map(String::as_str), 200));
        }
    }
    // Vault answers some malformed requests with an empty 400.
    let errors = match serde_json::from_slice(body) {
        Ok(Errors { errors }) => errors,
        Err(_) if body.is_empty() && matches!(status, 400 | 405 | 501) => Vec::new(),
        // Go's net/http, which Vault is built on.
        Err(_) if body.starts_with(b"Client sent an HTTP request to an HTTPS server") => return Meaning::WantsTls,
        Err(_) => return Meaning::Foreign(foreign(content_type, body)),
    };
    let said = join_lines(errors.iter().map(String::as_str), 300);
    let says = |words: &str| said.contains(words);
    match status {
        _ if says("Vault is sealed") => Meaning::Sealed,
        501 => Meaning::Uninitialised,
        _ if says("not initialized") => Meaning::Uninitialised,
        _ if says("active cluster node not found") || says("no active Vault instance") || says("node is not active") => {
            Meaning::NoLeader(said)
        }
        // A policy's denial is wrapped in go-multierror's words, that of the token itself is not.
        403 if says("invalid token") || errors == ["permission denied"] => Meaning::NotAccepted,
        403 if says("permission denied") => Meaning::Denied,
        404 if says("no handler for route") => Meaning::NoRoute,
        404 if errors.is_empty() => Meaning::Missing,
        404 if says("unsupported path") => Meaning::NotThisEngine(said),
        405 => Meaning::NotThisEngine(if said.is_empty() { "405 method not allowed".to_owned() } else { said }),
        429 => Meaning::RateLimited(said),
        _ if said.is_empty() => Meaning::Refused("without a reason".to_owned()),
        _ => Meaning::Refused(said),
    }
}

/// Whether these words of a 500 are a standby's that was asked for what only the active node can do: to write.
pub(crate) fn is_read_only(said: &str) -> bool {
    said.contains("readonly storage") || said.contains("read-only storage")
}

/// Content type and, of an HTML page, its title: enough to recognise whose page it is.
pub(crate) fn foreign(content_type: Option<&str>, body: &[u8]) -> String {
    let kind = one_line(content_type.unwrap_or("without a content type"), 60);
    let text = String::from_utf8_lossy(body.get(..body.len().min(8192)).unwrap_or_default());
    let lower = text.to_ascii_lowercase();
    let title = lower.find("<title").and_then(|tag| {
        let start = tag + lower.get(tag..)?.find('>')? + 1;
        let end = start + lower.get(start..)?.find("</title")?;
        text.get(start..end).map(|title| one_line(title, 80))
    });
    match title.filter(|title| !title.is_empty()) {
        Some(title) => format!("{kind}, a page titled \"{title}\""),
        None if body.is_empty() => format!("{kind}, with an empty body"),
        None => format!("{kind}, {} bytes that are not a Vault JSON response", body.len()),
    }
}

/// A duration in an answer of Vault. One of more than ten years is cut to that: a clock could not hold it.
pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds.min(10 * 365 * 24 * 3600))
}

/// A JSON string as a secret; `None` when it is no string.
pub(crate) fn secret_string(json: &str) -> Option<Secret> {
    serde_json::from_str(json).ok().map(Secret::new)
}

#[cfg(test)]
mod tests;

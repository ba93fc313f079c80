//! What a service account's token says about itself.
//!
//! Vault answers most failed Kubernetes logins with a bare `permission denied`; the reason is in
//! the token's claims more often than not. They are read here without verifying anything: it all
//! goes into a message for an administrator, never into a decision about access. No I/O, and
//! neither the header nor the signature is ever decoded.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Map, Value};

use crate::time::UtcTime;

/// The claims that explain a login, each cleaned so that it can stand in a one-line message.
///
/// Holds nothing from which the token could be put together again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Claims {
    pub(crate) issuer: Option<String>,
    pub(crate) audiences: Vec<String>,
    pub(crate) subject: Option<String>,
    /// A valid Kubernetes name, so it is safe in a command that the reader is asked to run.
    /// So are the next three.
    pub(crate) namespace: Option<String>,
    pub(crate) service_account: Option<String>,
    /// The pod that the token is bound to: the token is not valid without it.
    pub(crate) pod: Option<String>,
    /// The secret that a long-lived token is bound to.
    pub(crate) secret: Option<String>,
    /// Seconds since 1970, like the other two times.
    pub(crate) expires_at: Option<i64>,
    pub(crate) not_before: Option<i64>,
    pub(crate) issued_at: Option<i64>,
}

/// How the claims compare with a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Validity {
    /// Within its time, or the token names none.
    Valid,
    /// `exp` has passed.
    Expired,
    /// `nbf` or `iat` lies in the future: one of the two clocks is wrong.
    NotYetValid,
}

/// Why a text is not a JWT. Says nothing of the text itself, which may be any file of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotAJwt {
    #[error("it has {0} bytes, more than the {MAX_TOKEN} that a token may have")]
    TooLong(usize),
    #[error("it is a PEM file, perhaps the `ca.crt` that lies beside the `token`")]
    Pem,
    #[error("a JWT has three parts with dots between them, this text has {0}")]
    Parts(usize),
    #[error("its {0} part is not base64url")]
    Encoding(&'static str),
    #[error("its {0} part is not a JSON object")]
    Json(&'static str),
}

impl Claims {
    /// Reads the claims of `token`; unknown, missing and misshapen ones are left out.
    pub(crate) fn parse(token: &str) -> Result<Self, NotAJwt> {
        let token = token.trim();
        if token.len() > MAX_TOKEN {
            return Err(NotAJwt::TooLong(token.len()));
        }
        if token.starts_with("-----BEGIN ") {
            return Err(NotAJwt::Pem);
        }
        let parts: Vec<&str> = token.split('.').collect();
        let filled = parts.iter().filter(|part| !part.is_empty()).count();
        let (&[header, payload, signature], 3) = (parts.as_slice(), filled) else { return Err(NotAJwt::Parts(filled)) };
        Self::object::<BTreeMap<String, IgnoredAny>>(header, "first")?;
        if !signature.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
            return Err(NotAJwt::Encoding("third"));
        }
        Self::object::<Map<String, Value>>(payload, "second").map(|claims| Self::from_object(&claims))
    }

    /// A part that is a JSON object in base64url.
    fn object<T: DeserializeOwned>(part: &str, which: &'static str) -> Result<T, NotAJwt> {
        let json = URL_SAFE_NO_PAD.decode(part).map_err(|_| NotAJwt::Encoding(which))?;
        serde_json::from_slice(&json).map_err(|_| NotAJwt::Json(which))
    }

    fn from_object(claims: &Map<String, Value>) -> Self {
        let bound = claims.get("kubernetes.io");
        let bound_name = |kind: &str| bound?.get(kind)?.get("name").and_then(name);
        let legacy = |suffix: &str| claims.get(&format!("kubernetes.io/serviceaccount/{suffix}")).and_then(name);
        let mut from_subject = claims
            .get("sub")
            .and_then(Value::as_str)
            .and_then(|subject| subject.strip_prefix("system:serviceaccount:"))
            .into_iter()
            .flat_map(|rest| rest.splitn(2, ':'))
            .map(valid_name);
        let (subject_namespace, subject_account) = (from_subject.next().flatten(), from_subject.next().flatten());

        Self {
            issuer: claims.get("iss").and_then(text),
            audiences: match claims.get("aud") {
                Some(Value::Array(audiences)) => audiences.iter().filter_map(text).collect(),
                Some(audience) => text(audience).into_iter().collect(),
                None => Vec::new(),
            },
            subject: claims.get("sub").and_then(text),
            namespace: bound
                .and_then(|bound| bound.get("namespace").and_then(name))
                .or_else(|| legacy("namespace"))
                .or(subject_namespace),
            service_account: bound_name("serviceaccount").or_else(|| legacy("service-account.name")).or(subject_account),
            pod: bound_name("pod"),
            secret: bound_name("secret").or_else(|| legacy("secret.name")),
            expires_at: claims.get("exp").and_then(seconds),
            not_before: claims.get("nbf").and_then(seconds),
            issued_at: claims.get("iat").and_then(seconds),
        }
    }

    /// Whether the token is within its time by the clock `now`.
    pub(crate) fn validity(&self, now: SystemTime) -> Validity {
        let now = since_1970(now);
        if self.expires_at.is_some_and(|at| at <= now) {
            Validity::Expired
        } else if self.starts_at().is_some_and(|at| at > now) {
            Validity::NotYetValid
        } else {
            Validity::Valid
        }
    }

    /// Who the token says it is and for how long, in words: the rest of "The token presented …".
    pub(crate) fn describe(&self, now: SystemTime) -> String {
        let mut words = match (&self.service_account, &self.namespace) {
            (Some(account), Some(namespace)) => {
                format!("service account \"{account}\" in namespace \"{namespace}\"")
            }
            (Some(account), None) => format!("service account \"{account}\" in no namespace"),
            (None, Some(namespace)) => format!("no service account, namespace \"{namespace}\""),
            (None, None) => "no service account".to_owned(),
        };
        match &self.subject {
            Some(subject) => push(&mut words, format_args!(" (subject \"{subject}\")")),
            None => words.push_str(" (no subject)"),
        }
        for (what, bound) in [("pod", &self.pod), ("secret", &self.secret)] {
            if let Some(bound) = bound {
                push(&mut words, format_args!(", bound to {what} \"{bound}\""));
            }
        }
        push(&mut words, format_args!(", {}", audience_in_words(&self.audiences)));
        match &self.issuer {
            Some(issuer) => push(&mut words, format_args!(", issuer \"{issuer}\", ")),
            None => words.push_str(", no issuer, "),
        }
        words.push_str(&self.validity_in_words(now));
        words
    }

    fn validity_in_words(&self, now: SystemTime) -> String {
        let clock = since_1970(now);
        match (self.validity(now), self.expires_at, self.starts_at()) {
            (Validity::Expired, Some(at), _) => {
                format!("expired at {}, {} ago", rfc3339(at), span(clock.saturating_sub(at)))
            }
            (Validity::NotYetValid, _, Some(at)) => format!(
                "not valid before {}, {} from now by the clock of this machine ({}): \
                 one of the clocks is wrong",
                rfc3339(at),
                span(at.saturating_sub(clock)),
                rfc3339(clock)
            ),
            (_, Some(at), _) => format!("valid until {}, {} from now", rfc3339(at), span(at.saturating_sub(clock))),
            (_, None, _) => "without an expiry".to_owned(),
        }
    }

    fn starts_at(&self) -> Option<i64> {
        self.not_before.max(self.issued_at)
    }
}

/// A claim of `token` that is a text, or the first of several; `None` where it is none, or no JWT.
pub(crate) fn claim(token: &str, name: &str) -> Option<String> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?.trim_end_matches('=')).ok()?;
    let claims: Value = serde_json::from_slice(&payload).ok()?;
    match claims.get(name)? {
        Value::Array(several) => several.first().and_then(text),
        one => text(one),
    }
}

/// What a cloud's token says of its audience, issuer and time, in words.
pub(crate) fn described(token: &str) -> String {
    match Claims::parse(token) {
        Ok(claims) => {
            let issuer = claims.issuer.as_ref().map_or_else(|| "no issuer".to_owned(), |issuer| format!("issuer \"{issuer}\""));
            format!("{}, {issuer}, {}", audience_in_words(&claims.audiences), claims.validity_in_words(SystemTime::now()))
        }
        Err(why) => format!("which is no JWT: {why}"),
    }
}

/// A claim of a token that [`Claims::parse`] has accepted: by its name or, as Vault's roles write it, by a JSON pointer.
pub(crate) fn claim_value(token: &str, name: &str) -> Option<Value> {
    let payload = token.trim().split('.').nth(1)?;
    let claims: Map<String, Value> = Claims::object(payload, "second").ok()?;
    if name.starts_with('/') { Value::Object(claims).pointer(name).cloned() } else { claims.get(name).cloned() }
}

/// A service account's token has about 1,000 bytes.
const MAX_TOKEN: usize = 64 * 1024;
/// Kubernetes names have at most 253 characters; issuers are URLs.
const MAX_VALUE: usize = 256;
const MAX_AUDIENCES: usize = 5;

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(clean)
}

fn name(value: &Value) -> Option<String> {
    value.as_str().and_then(valid_name)
}

fn valid_name(name: &str) -> Option<String> {
    let valid =
        (1..=253).contains(&name.len()) && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.'));
    valid.then(|| name.to_owned())
}

/// Keeps a claim on one line and inside its quotes: no control, invisible or direction-changing
/// character, no quote.
fn clean(text: &str) -> String {
    let mut cleaned: String =
        text.chars().take(MAX_VALUE).map(|c| if c.escape_debug().eq([c]) { c } else { char::REPLACEMENT_CHARACTER }).collect();
    if text.chars().nth(MAX_VALUE).is_some() {
        cleaned.push('…');
    }
    cleaned
}

/// JWT times may have a fraction. One that no `i64` can hold becomes the nearest that can.
fn seconds(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_f64().map(|float| float as i64))
}

fn audience_in_words(audiences: &[String]) -> String {
    if audiences.is_empty() {
        return "no audience".to_owned();
    }
    let shown: Vec<String> = audiences.iter().take(MAX_AUDIENCES).map(|audience| format!("\"{audience}\"")).collect();
    let plural = if audiences.len() == 1 { "" } else { "s" };
    let mut words = format!("audience{plural} {}", shown.join(" and "));
    if audiences.len() > MAX_AUDIENCES {
        push(&mut words, format_args!(" and {} more", audiences.len() - MAX_AUDIENCES));
    }
    words
}

fn push(words: &mut String, more: std::fmt::Arguments<'_>) {
    let _ = words.write_fmt(more); // writing to a String cannot fail
}

fn since_1970(time: SystemTime) -> i64 {
    let seconds = |duration: std::time::Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => seconds(after),
        Err(before) => -seconds(before.duration()),
    }
}

fn span(seconds: i64) -> String {
    match seconds {
        ..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / 60),
        7_200..=172_799 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// `2026-11-23T12:00:00Z`; times outside the years 1970 to 9999 as the number they are.
fn rfc3339(seconds: i64) -> String {
    UtcTime::from_unix(seconds).map_or_else(|| format!("{seconds} s after 1970"), UtcTime::rfc3339)
}

#[cfg(test)]
mod tests;

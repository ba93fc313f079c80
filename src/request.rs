//! The text from the server's configuration: one JSON object that says where the secret is. Parsed once into types that
//! cannot be wrong; every problem of it is found before anything else happens.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::error::Error;
use crate::text::{is_unprintable, list, nearest, one_line};

/// The fields, as they are written. Adding one is a line here and its use in [`Request::parse`].
const FIELDS: [&str; 5] = ["mount", "path", "key", "endpoint", "authenticationType"];

/// A text is a few hundred bytes; what is larger is not one.
const MAX_TEXT: usize = 64 * 1024;

/// Where the secret is, and how to log in to get it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) mount: ApiPath,
    pub(crate) path: ApiPath,
    pub(crate) key: String,
    pub(crate) endpoint: Endpoint,
    pub(crate) method: Method,
}

/// The authentication method: the field `authenticationType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Token,
    Kubernetes,
}

impl Method {
    /// Each by its name in the text.
    const ALL: [(&str, Self); 2] = [("TOKEN", Self::Token), ("KUBERNETES", Self::Kubernetes)];
}

impl Request {
    /// Reads the text. `{ENC}` in front is what Bitbucket itself strips.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let text = text.strip_prefix("{ENC}").unwrap_or(text).trim_start();
        let mut fields = Fields::read(text)?;

        let mount = fields.required("mount", ApiPath::parse);
        let path = fields.required("path", ApiPath::parse);
        let key = fields.required("key", |key| Ok(key.to_owned()));
        let endpoint = fields.required("endpoint", Endpoint::parse);
        let method = fields.optional("authenticationType", method).map(|method| method.unwrap_or(Method::Token));

        match (mount, path, key, endpoint, method, fields.problems.is_empty()) {
            (Some(mount), Some(path), Some(key), Some(endpoint), Some(method), true) => {
                Ok(Self { mount, path, key, endpoint, method })
            }
            _ => Err(Error::Text { problems: fields.problems }),
        }
    }
}

fn method(name: &str) -> Result<Method, String> {
    let names = Method::ALL.map(|(name, _)| name);
    Method::ALL.iter().find(|(known, _)| *known == name).map(|(_, method)| *method).ok_or_else(|| {
        let near = nearest(name, names).map(|near| format!(" (did you mean \"{near}\"?)")).unwrap_or_default();
        format!("must be one of {}, but is \"{}\"{near}", list(&names), one_line(name, 40))
    })
}

/// A path of Vault's API, or a part of one: non-empty segments, no tricks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiPath {
    /// As the administrator reads it: without slashes around it, nothing encoded.
    pub(crate) plain: String,
    /// As it goes into a URL.
    pub(crate) encoded: String,
}

/// RFC 3986 "unreserved" stays; everything else in a segment is encoded, `%` too, so that a path means what is written.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl ApiPath {
    /// Slashes around the path are tolerated. Empty segments, `.` and `..` are refused: servers, proxies and URL parsers
    /// rewrite them, each in its own way. So are control characters, which Vault answers with an empty 400.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if let Some(c) = text.chars().find(|c| is_unprintable(*c)) {
            return Err(format!("holds the control character U+{:04X}", u32::from(c)));
        }
        let plain = text.strip_prefix('/').unwrap_or(text);
        let plain = plain.strip_suffix('/').unwrap_or(plain);
        let mut encoded = String::with_capacity(plain.len() + 16);
        for segment in plain.split('/') {
            match segment {
                "" if plain.is_empty() => return Err("is empty".to_owned()),
                "" => return Err("holds \"//\": an empty segment".to_owned()),
                "." | ".." => return Err(format!("holds the segment \"{segment}\"")),
                _ if segment.trim().is_empty() => return Err("holds a segment of blanks only".to_owned()),
                _ => {}
            }
            if !encoded.is_empty() {
                encoded.push('/');
            }
            encoded.extend(utf8_percent_encode(segment, SEGMENT));
        }
        Ok(Self { plain: plain.to_owned(), encoded })
    }
}

/// Where Vault's API is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// Scheme, host, port and a path prefix if there is one; no slash at the end, no `/v1`.
    base: String,
    /// Whether the scheme is https.
    pub(crate) tls: bool,
}

impl Endpoint {
    /// A slash or a `/v1` at the end is tolerated: the vendor's store made people write it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        const FORM: &str = "it must look like https://vault.example.com:8200";
        let scheme = text.get(..8).unwrap_or(text).to_ascii_lowercase();
        if !scheme.starts_with("http://") && !scheme.starts_with("https://") {
            return Err(format!("does not begin with http:// or https://; {FORM}"));
        }
        if text.chars().any(|c| c.is_whitespace() || is_unprintable(c)) {
            return Err(format!("holds a blank or a control character; {FORM}"));
        }
        let url = reqwest::Url::parse(text).map_err(|e| format!("is not a URL ({e}); {FORM}"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(format!("holds a user name or password, which would show in messages and logs; {FORM}"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(format!("holds a \"?\" or \"#\"; {FORM}"));
        }
        if text.contains('\\') || url.path().contains("//") {
            return Err(format!("holds \"\\\" or \"//\" in its path; {FORM}"));
        }
        let base = url.as_str().trim_end_matches('/');
        let base = base.strip_suffix("/v1").unwrap_or(base);
        Ok(Self { base: base.to_owned(), tls: url.scheme() == "https" })
    }

    /// The URL of an API path, which must be encoded.
    pub(crate) fn url(&self, api_path: &str) -> String {
        format!("{}/v1/{api_path}", self.base)
    }
}

/// The object's fields while they are checked, and what was wrong so far.
struct Fields {
    fields: Vec<(String, Value)>,
    problems: Vec<String>,
}

impl Fields {
    fn read(text: &str) -> Result<Self, Error> {
        let whole = |problem: String| Error::Text { problems: vec![problem] };
        if text.is_empty() {
            return Err(whole("it is empty".to_owned()));
        }
        if text.len() > MAX_TEXT {
            return Err(whole(format!("it has {} bytes, and at most {MAX_TEXT} are read", text.len())));
        }
        // The text itself is never quoted: it may be the plain password that somebody forgot to replace.
        if !text.starts_with('{') {
            return Err(whole("it is not a JSON object: it does not begin with \"{\"".to_owned()));
        }
        let Object(fields) = serde_json::from_str(text).map_err(|e| {
            let what = if e.is_eof() { "it ends too early" } else { "there is a mistake" };
            whole(format!("it is not valid JSON: {what} at line {}, column {}", e.line(), e.column()))
        })?;
        let mut problems = Vec::new();
        for (i, (name, _)) in fields.iter().enumerate() {
            let before = fields.iter().take(i).filter(|(other, _)| other == name).count();
            if !FIELDS.contains(&name.as_str()) {
                let near = nearest(name, FIELDS);
                let near =
                    near.map_or_else(|| format!("known are {}", list(&FIELDS)), |near| format!("did you mean \"{near}\"?"));
                problems.push(format!("unknown field \"{}\": {near}", one_line(name, 40)));
            } else if before == 1 {
                problems.push(format!("\"{name}\" is there more than once"));
            }
        }
        Ok(Self { fields, problems })
    }

    /// The field, parsed; `None` after its problem was noted.
    fn required<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        match self.optional(name, parse) {
            Some(None) => {
                self.problems.push(format!("\"{name}\" is missing"));
                None
            }
            Some(value) => value,
            None => None,
        }
    }

    /// `Some(None)` when the field is not there, `None` after its problem was noted.
    #[expect(clippy::option_option, reason = "absent and wrong are two things, and only here")]
    fn optional<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<Option<T>> {
        let Some((_, value)) = self.fields.iter().find(|(field, _)| field == name) else { return Some(None) };
        let parsed = match value {
            Value::String(text) if text.trim().is_empty() => Err("is empty".to_owned()),
            Value::String(text) => parse(text),
            other => Err(format!("must be a JSON string, but is {}", kind(other))),
        };
        match parsed {
            Ok(value) => Some(Some(value)),
            Err(problem) => {
                self.problems.push(format!("\"{name}\" {problem}"));
                None
            }
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// A JSON object that keeps duplicates: `serde_json`'s own map keeps the last one silently.
struct Object(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut pairs = Vec::with_capacity(FIELDS.len());
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Object(pairs))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

#[cfg(test)]
mod tests;

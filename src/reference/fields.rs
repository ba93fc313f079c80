//! The text's JSON object while it is checked: every field by its name, and what was wrong so far.

use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::error::{Error, ErrorKind};
use crate::secret::Secret;
use crate::settings;
use crate::text::{list, nearest, shown};
use crate::vault;

/// The fields that say where the secret is. The others are settings: [`settings::ALL`].
pub(super) const OWN: [&str; 11] = [
    "mount",
    "path",
    "key",
    "endpoint",
    "authenticationType",
    "engine",
    "version",
    "pointer",
    "secretPointer",
    "encoding",
    "trim",
];

/// The fields of a text that is to be stored, which the text in the configuration must not have.
pub(super) const COMMAND: [&str; 3] = [STORE, VALUE, OVERWRITE];

/// Whether `VALUE` is written into Vault.
pub(super) const STORE: &str = "store";

/// The secret itself.
pub(super) const VALUE: &str = "value";

/// Whether another value that is there already may be replaced.
pub(super) const OVERWRITE: &str = "overwrite";

/// What Jira leaves in place of a text that it has taken into its own storage.
const ATL_SECURED: &str = "{ATL_SECURED}";

/// A text is a few hundred bytes; what is larger is not one.
const MAX_TEXT: usize = 64 * 1024;

/// The unknown fields that a message names.
const MAX_UNKNOWN: usize = 10;

/// The object's fields, and what was wrong so far.
pub(super) struct Fields<'a> {
    fields: Vec<(String, Content<'a>)>,
    pub(super) problems: Vec<String>,
}

/// What a field holds.
enum Content<'a> {
    Json(Value),
    /// The secret itself, where it stands in the text: it is not copied before it gets into a [`Secret`].
    Hidden(&'a RawValue),
}

impl<'a> Fields<'a> {
    /// Reads the object; unknown fields and duplicates are noted as problems.
    pub(super) fn read(text: &'a str) -> Result<Self, Error> {
        let whole = |problem: String| Error::from(ErrorKind::Text { problems: vec![problem] });
        if text.is_empty() {
            return Err(whole("it is empty".to_owned()));
        }
        if text.len() > MAX_TEXT {
            return Err(whole(format!("it has {} bytes, and at most {MAX_TEXT} are read", text.len())));
        }
        if text.trim_end() == ATL_SECURED {
            return Err(whole(format!(
                "it is {ATL_SECURED}, which Jira 10.2 and later write into dbconfig.xml in place of the text that they keep in storage of \
                 their own; write the text there again"
            )));
        }
        // The text itself is never quoted: it may be the plain password that somebody forgot to replace.
        if !text.starts_with('{') {
            return Err(whole("it is not a JSON object: it does not begin with \"{\"".to_owned()));
        }
        let mut json = serde_json::Deserializer::from_str(text);
        let fields = json.deserialize_map(Object).and_then(|fields| json.end().map(|()| fields)).map_err(|e| {
            let what = if e.is_eof() { "it ends too early" } else { "there is a mistake" };
            whole(format!("it is not valid JSON: {what} at line {}, column {}", e.line(), e.column()))
        })?;
        let all = all_fields();
        let mut counts = HashMap::new();
        let mut problems = Vec::new();
        let mut unknown = 0;
        let mut none_near = false;
        for (name, _) in &fields {
            let count: &mut usize = counts.entry(name.as_str()).or_default();
            *count += 1;
            if !all.contains(&name.as_str()) {
                unknown += 1;
                if unknown <= MAX_UNKNOWN {
                    let near = nearest(name, all.iter().copied());
                    none_near |= near.is_none();
                    let near = near.map(|near| format!(": did you mean \"{near}\"?"));
                    problems.push(format!("unknown field {}{}", shown(name), near.unwrap_or_default()));
                }
            } else if *count == 2 {
                problems.push(format!("\"{name}\" is there more than once"));
            }
        }
        if unknown > MAX_UNKNOWN {
            problems.push(format!("and {} more unknown fields", unknown - MAX_UNKNOWN));
        }
        if none_near {
            problems.push(format!("known fields are {}", list(&all)));
        }
        Ok(Self { fields, problems })
    }

    /// Whether the field is there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(field, _)| field == name)
    }

    /// The field, parsed; `None` after its problem was noted.
    pub(super) fn required<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        if !self.has(name) {
            self.problems.push(format!("\"{name}\" is missing"));
        }
        self.optional(name, parse)
    }

    /// The field, parsed; `None` when it is not there, or after its problem was noted.
    pub(super) fn optional<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let parsed = match self.value(name)? {
            // The only number that is not a setting.
            Value::Number(number) if name == "version" => parse(&number.to_string()),
            other => text(other).and_then(parse),
        };
        self.note(name, parsed)
    }

    /// A field that is true or false.
    pub(super) fn flag(&mut self, name: &str) -> Option<bool> {
        let parsed = match self.value(name)? {
            Value::Bool(flag) => Ok(*flag),
            _ => Err("must be true or false".to_owned()),
        };
        self.note(name, parsed)
    }

    /// The field with the secret itself. Unlike the others it may be of white space only.
    pub(super) fn secret(&mut self) -> Option<Secret> {
        let raw = self.fields.iter().find_map(|(_, content)| match content {
            Content::Hidden(raw) => Some(*raw),
            Content::Json(_) => None,
        })?;
        let secret = match raw.get().as_bytes().first() {
            Some(b'"') => vault::secret_string(raw.get()).ok_or_else(|| "is no valid JSON string".to_owned()),
            _ => Err("must be a JSON string".to_owned()),
        };
        let secret = self.note(VALUE, secret)?;
        let filled = if secret.expose().is_empty() { Err("is empty".to_owned()) } else { Ok(secret) };
        self.note(VALUE, filled)
    }

    /// Replaces a part of a field that is a text.
    pub(super) fn replace(&mut self, name: &str, from: &str, to: &str) {
        for (field, content) in &mut self.fields {
            if let (true, Content::Json(Value::String(text))) = (field == name, content) {
                *text = text.replace(from, to);
            }
        }
    }

    /// The object without these fields, the others in their order, on one line.
    pub(super) fn without(&self, names: &[&str]) -> String {
        let mut json = String::from("{");
        for (name, content) in &self.fields {
            let Content::Json(value) = content else { continue };
            if !names.contains(&name.as_str()) {
                let comma = if json.len() > 1 { "," } else { "" };
                json.push_str(&format!("{comma}{}:{value}", Value::from(name.as_str())));
            }
        }
        json + "}"
    }

    /// A field that is one text or an array of texts: those that could be parsed; problems are noted.
    pub(super) fn texts<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, String>) -> Vec<T> {
        let parsed: Vec<Result<T, String>> = match self.value(name) {
            Some(Value::Array(values)) if values.is_empty() => vec![Err("is an empty array".to_owned())],
            Some(Value::Array(values)) => values.iter().map(|value| text(value).and_then(&parse)).collect(),
            Some(value) => vec![text(value).and_then(&parse)],
            None => Vec::new(),
        };
        parsed.into_iter().filter_map(|parsed| self.note(name, parsed)).collect()
    }

    /// The fields that are settings, as text. Numbers and truth values may be written as such; an object is for headers.
    pub(super) fn settings(&mut self) -> Vec<(&'static str, String)> {
        let as_text = |name, value: &Value| match value {
            Value::Number(number) => Ok(number.to_string()),
            Value::Bool(flag) => Ok(flag.to_string()),
            Value::Object(_) if Some(name) == settings::HEADERS.field => Ok(value.to_string()),
            other => text(other).map(str::to_owned),
        };
        let setting = |(name, content): &(String, Content<'_>)| {
            let name = setting_fields().find(|field| field == name)?;
            let Content::Json(value) = content else { return None };
            Some((name, as_text(name, value)))
        };
        let found: Vec<_> = self.fields.iter().filter_map(setting).collect();
        found.into_iter().filter_map(|(name, text)| Some((name, self.note(name, text)?))).collect()
    }

    fn value(&self, name: &str) -> Option<&Value> {
        self.fields.iter().find_map(|(field, content)| match content {
            Content::Json(value) if field == name => Some(value),
            _ => None,
        })
    }

    fn note<T>(&mut self, name: &str, parsed: Result<T, String>) -> Option<T> {
        parsed.map_err(|problem| self.problems.push(format!("\"{name}\" {problem}"))).ok()
    }
}

/// The fields that are settings; some twice, since several methods share "role".
fn setting_fields() -> impl Iterator<Item = &'static str> {
    settings::ALL.iter().filter_map(|setting| setting.field)
}

/// Every field that there is, once.
fn all_fields() -> Vec<&'static str> {
    let mut all = OWN.to_vec();
    for field in COMMAND.into_iter().chain(setting_fields()) {
        if !all.contains(&field) {
            all.push(field);
        }
    }
    all
}

fn text(value: &Value) -> Result<&str, String> {
    let kind = match value {
        Value::String(text) if text.trim().is_empty() => return Err("is empty".to_owned()),
        Value::String(text) => return Ok(text),
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    Err(format!("must be a JSON string, but is {kind}"))
}

/// Reads a JSON object and keeps duplicates: `serde_json`'s own map keeps the last one silently.
struct Object;

impl<'de> Visitor<'de> for Object {
    type Value = Vec<(String, Content<'de>)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::with_capacity(OWN.len());
        while let Some(name) = map.next_key::<String>()? {
            let content = if name == VALUE { Content::Hidden(map.next_value()?) } else { Content::Json(map.next_value()?) };
            pairs.push((name, content));
        }
        Ok(pairs)
    }
}

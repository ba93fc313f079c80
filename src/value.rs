//! Picks the wanted value out of a secret, by key or by JSON pointer, and decodes it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind, Problem, RequestInfo};
use crate::host::Host;
use crate::secret::Secret;
use crate::text::{MAX_LISTED, character, is_blank, nearest, shown_path};
use crate::vault;

/// Which value, and how it is written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Selector {
    pub(crate) target: Target,
    /// The value is base64 of the text that is wanted.
    pub(crate) base64: bool,
    /// White space and other characters around the value that cannot be seen are dropped.
    pub(crate) trim: bool,
}

/// A name in the secret.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// The name of a key.
    Key(String),
    /// A JSON pointer (RFC 6901).
    Pointer(String),
}

impl Selector {
    /// The value out of `data`, the JSON that holds the keys of the secret at `location`. Never empty.
    pub(crate) fn extract(&self, data: &str, location: &RequestInfo, host: &dyn Host) -> Result<Secret, Error> {
        let (name, value) = match &self.target {
            Target::Key(key) => (key, child(children(data).unwrap_or_default(), key, location)?),
            Target::Pointer(pointer) => (pointer, at(data, pointer, location)?),
        };
        let unusable = |problem| ErrorKind::ValueUnusable { key: name.clone(), problem }.at(location);
        let text = self.trimmed(self.decode(value).map_err(unusable)?);
        if let Some(oddities) = oddities(text.expose()) {
            host.warn(&format!(
                "The value of key {} at {} {oddities}, and is used as it is; if the login fails, store it again without that \
                 (printf instead of echo), or write \"trim\":true, which leaves out what is at the edges",
                shown_path(name),
                location
            ));
        }
        if text.expose().is_empty() {
            return Err(unusable(Problem::new("is an empty text", "write the password there (vault kv patch …)")));
        }
        Ok(text)
    }

    /// Whether `value` is what a read of `json` gives.
    pub(crate) fn matches(&self, json: &str, value: &Secret) -> bool {
        self.decode(json).is_ok_and(|text| self.trimmed(text).expose() == value.expose())
    }

    /// The text that has to be written for `value` to be read; the error is about `value`.
    pub(crate) fn to_store(&self, value: &Secret) -> Result<Secret, &'static str> {
        if self.trim && value.expose() != value.expose().trim_matches(is_blank) {
            return Err("has white space around it, which \"trim\" would remove at each read: leave out one of the two");
        }
        if self.base64 && value.expose().contains('\0') {
            return Err("holds NUL (U+0000), which is refused where \"encoding\" is base64: no password holds it");
        }
        // Room for all of it at once, so that no copy is left behind.
        let mut stored = String::with_capacity(value.expose().len() * 4 / 3 + 4);
        if self.base64 {
            base64::engine::general_purpose::STANDARD.encode_string(value.expose(), &mut stored);
        } else {
            stored.push_str(value.expose());
        }
        Ok(Secret::new(stored))
    }

    fn decode(&self, json: &str) -> Result<Secret, Problem> {
        let text = text_of(json, matches!(self.target, Target::Pointer(_)))?;
        if self.base64 { decoded(&text) } else { Ok(text) }
    }

    fn trimmed(&self, text: Secret) -> Secret {
        if self.trim { Secret::new(text.expose().trim_matches(is_blank).to_owned()) } else { text }
    }
}

/// What looks like a mistake in a password, in words: an edge that cannot be seen, and NUL, which databases do not take.
fn oddities(value: &str) -> Option<String> {
    let edge = |c: Option<char>, words: &str| c.filter(|c| is_blank(*c)).map(|c| format!("{words} {}", character(c)));
    let inside = value.trim_matches(is_blank).contains('\0').then(|| format!("holds {}", character('\0')));
    let found = [edge(value.chars().next(), "begins with"), inside, edge(value.chars().next_back(), "ends with")];
    found.into_iter().flatten().reduce(|words, more| format!("{words} and {more}"))
}

/// The value that `pointer` points to. It walks the text, so that a number keeps its digits.
fn at<'a>(data: &'a str, pointer: &str, location: &RequestInfo) -> Result<&'a str, Error> {
    let mut walked = String::new();
    pointer.split('/').skip(1).try_fold(data, |json, token| {
        let children = children(json).ok_or_else(|| {
            let what = "is neither an object nor an array, and the pointer leads on into it";
            let problem = Problem::new(what, "shorten \"pointer\"");
            ErrorKind::ValueUnusable { key: walked.clone(), problem }.at(location)
        })?;
        let above = std::mem::take(&mut walked);
        let pointer_to = |name: &str| format!("{above}/{}", name.replace('~', "~0").replace('/', "~1"));
        walked = pointer_to(&token.replace("~1", "/").replace("~0", "~"));
        let named = children.into_iter().map(|(name, value)| (pointer_to(&name), value));
        child(named.collect(), &walked, location)
    })
}

/// The value of that name.
fn child<'a>(children: Vec<(String, &'a RawValue)>, target: &str, location: &RequestInfo) -> Result<&'a str, Error> {
    if let Some((_, value)) = children.iter().find(|(name, _)| name == target) {
        return Ok(value.get());
    }
    let names: Vec<String> = children.into_iter().map(|(name, _)| name).collect();
    let nearest = nearest(target, names.iter().map(String::as_str)).map(str::to_owned);
    let count = names.len();
    let names = names.into_iter().take(MAX_LISTED).collect();
    Err(ErrorKind::KeyMissing { key: target.to_owned(), names, count, nearest }.at(location))
}

/// What an object or an array holds, by name or index; `None` for anything else.
pub(crate) fn children(json: &str) -> Option<Vec<(String, &RawValue)>> {
    match json.as_bytes().first()? {
        b'{' => {
            let object: BTreeMap<String, &RawValue> = serde_json::from_str(json).ok()?;
            Some(object.into_iter().collect())
        }
        b'[' => {
            let items: Vec<&RawValue> = serde_json::from_str(json).ok()?;
            Some(items.into_iter().enumerate().map(|(index, item)| (index.to_string(), item)).collect())
        }
        _ => None,
    }
}

/// A text as it is, a number or truth value as it is written. Objects and arrays only where they were pointed at.
fn text_of(json: &str, pointed: bool) -> Result<Secret, Problem> {
    match json.as_bytes().first() {
        Some(b'"') => vault::secret_string(json).ok_or_else(|| "is no valid JSON string".into()),
        Some(b'0'..=b'9' | b'-' | b't' | b'f') => Ok(Secret::new(json.to_owned())),
        Some(b'n') => Err(Problem::new("is null", "write the password there (vault kv patch …)")),
        _ if pointed => Ok(Secret::new(json.to_owned())),
        Some(b'[') => Err(Problem::new("is a JSON array, and one text is wanted", "point to an item with \"pointer\"")),
        _ => Err(Problem::new(
            "is a JSON object, and one text is wanted",
            "point to a value in it with \"pointer\", or store the password under a key of its own",
        )),
    }
}

/// RFC 4648, with or without padding; line breaks, which many tools put in, are skipped.
fn decoded(text: &Secret) -> Result<Secret, Problem> {
    const BASE64: GeneralPurpose =
        GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent));
    let compact: Zeroizing<String> = Zeroizing::new(text.expose().split_ascii_whitespace().collect());
    let bytes = Zeroizing::new(
        BASE64
            .decode(compact.as_bytes())
            .map_err(|_| Problem::new("is not base64", "leave \"encoding\" out, or store it encoded"))?,
    );
    if is_utf16(&bytes) {
        return Err(Problem::new(
            "is base64 of UTF-16 text, as Windows tools write it",
            "encode the UTF-8 bytes of the password (PowerShell: [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes(…)))",
        ));
    }
    if bytes.contains(&0) {
        return Err(Problem::new(
            "is base64 of bytes with NUL (0x00) among them, which no password holds",
            "store the password itself",
        ));
    }
    let text = str::from_utf8(&bytes)
        .map_err(|_| Problem::from("is base64 of bytes that are no UTF-8 text, which a password must be"))?;
    Ok(Secret::new(text.to_owned()))
}

/// Whether the bytes are UTF-16: by their byte order mark, or because at least every second character would be of the Latin
/// alphabet, whose upper byte is 0.
fn is_utf16(bytes: &[u8]) -> bool {
    let latin = |upper: usize| {
        let zeros = bytes.iter().skip(upper).step_by(2).filter(|byte| **byte == 0).count();
        let other_zeros = bytes.iter().skip(1 - upper).step_by(2).filter(|byte| **byte == 0).count();
        zeros > 0 && zeros * 4 >= bytes.len() && other_zeros == 0
    };
    let marked = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    bytes.len().is_multiple_of(2) && (marked || latin(0) || latin(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::RequestInfo;

    #[test]
    fn numbers_and_truth_values_keep_their_text_and_objects_must_be_pointed_at() {
        let text = |json: &str, pointed| text_of(json, pointed).map(|secret| secret.expose().to_owned());
        assert_eq!(text("1.50e3", false).unwrap(), "1.50e3");
        assert_eq!(text("12345678901234567890123", false).unwrap(), "12345678901234567890123");
        assert_eq!(text("true", false).unwrap(), "true");
        assert_eq!(text("\"a\\nb\\u0000\\ud83d\\ude00\"", false).unwrap(), "a\nb\0😀");
        assert!(text("null", true).unwrap_err().what.starts_with("is null"));
        assert!(text("{}", false).unwrap_err().what.starts_with("is a JSON object"));
        assert!(text("[1]", false).unwrap_err().what.starts_with("is a JSON array"));
        assert_eq!(text("{\"a\":[1]}", true).unwrap(), "{\"a\":[1]}");
    }

    #[test]
    fn a_pointer_walks_objects_and_arrays_and_a_failure_names_what_is_there() {
        let location = RequestInfo::new("GET", "").of_secret("secret", "a");
        let data = r#"{"a/b":[{"c~d":1.50},"text"],"":{"":2}}"#;
        let found = |pointer| at(data, pointer, &location).map(str::to_owned);
        assert_eq!(found("/a~1b/0/c~0d").unwrap(), "1.50");
        assert_eq!(found("/a~1b/0/c~d").unwrap(), "1.50");
        assert_eq!(found("//").unwrap(), "2");
        let failure = |pointer| found(pointer).unwrap_err().to_string();
        assert!(failure("/a~1b/00").contains("\"/a~1b/0\" and \"/a~1b/1\""), "{}", failure("/a~1b/00"));
        assert!(failure("/a~1b/-").contains("no key \"/a~1b/-\""));
        assert!(failure("/a~1c").contains("did you mean \"/a~1b\"?"));
        assert!(failure("/a~1b/1/c").contains("key \"/a~1b/1\" at"), "{}", failure("/a~1b/1/c"));
        assert!(failure("/a~1b/1/c").contains("is neither an object nor an array"));
    }

    #[test]
    fn a_value_is_what_a_read_gives() {
        let selector = |base64, trim| Selector { target: Target::Key("k".to_owned()), base64, trim };
        let is = |selector: Selector, json: &str, value: &str| selector.matches(json, &Secret::new(value.to_owned()));
        assert!(is(selector(false, false), "\"a\\u0062\"", "ab") && is(selector(false, false), "5432", "5432"));
        assert!(!is(selector(false, false), "null", "null") && !is(selector(false, false), "\" ab\"", "ab"));
        assert!(is(selector(false, true), "\" ab\"", "ab") && is(selector(true, true), "\"YWIK\"", "ab"));
        assert!(!is(selector(true, false), "\"ab!\"", "ab!"));
        for (selector, value) in
            [(selector(false, false), " a\n\0"), (selector(true, false), "zażółć\u{a0}"), (selector(true, true), "a b")]
        {
            let value = Secret::new(value.to_owned());
            let stored = selector.to_store(&value).map_err(str::to_owned).unwrap();
            assert!(selector.matches(&serde_json::to_string(stored.expose()).unwrap(), &value));
        }
        assert!(selector(false, true).to_store(&Secret::new("a\u{feff}".to_owned())).is_err());
        assert!(selector(true, false).to_store(&Secret::new("a\0b".to_owned())).is_err());
    }

    #[test]
    fn base64_is_decoded_with_and_without_padding() {
        let decode = |text: &str| decoded(&Secret::new(text.to_owned())).map(|secret| secret.expose().to_owned());
        assert_eq!(decode("cGE=").unwrap(), "pa");
        assert_eq!(decode("cGE").unwrap(), "pa");
        assert_eq!(decode("cGFz\nc3c=\n").unwrap(), "passw");
        assert!(decode("p@").unwrap_err().what.starts_with("is not base64"));
        assert!(decode("gICA").unwrap_err().what.contains("no UTF-8 text"));
    }

    #[test]
    fn what_looks_like_text_in_base64_and_is_none_is_named() {
        let problem = |bytes: &[u8]| {
            let text = base64::engine::general_purpose::STANDARD.encode(bytes);
            decoded(&Secret::new(text)).err().map(|problem| problem.what).unwrap_or_default()
        };
        let utf16 = |text: &str| text.encode_utf16().collect::<Vec<u16>>();
        for text in ["password", "pässwörd", "p", "pa-zażółć", "pass\u{4e2d}"] {
            let little: Vec<u8> = utf16(text).iter().flat_map(|unit| unit.to_le_bytes()).collect();
            let big: Vec<u8> = utf16(text).iter().flat_map(|unit| unit.to_be_bytes()).collect();
            for bytes in [little, big] {
                assert!(problem(&bytes).contains("UTF-16"), "{text}: {}", problem(&bytes));
            }
        }
        assert!(problem(b"\xff\xfe\x2d\x4e").contains("UTF-16") && problem(b"\xfe\xff\x4e\x2d").contains("UTF-16"));
        for binary in [&b"pass\0"[..], b"\0", b"\0\0", b"a\0\0\0", b"ab\0cdefghijklmnopq"] {
            assert!(problem(binary).contains("NUL (0x00)"), "{binary:?}: {}", problem(binary));
        }
        assert_eq!(problem("päss\u{feff}\n".as_bytes()), "");
    }

    #[test]
    fn an_edge_that_cannot_be_seen_is_named() {
        assert_eq!(oddities("pass word"), None);
        assert_eq!(oddities("").as_deref(), None);
        assert_eq!(oddities(" a").as_deref(), Some("begins with a space (U+0020)"));
        assert_eq!(oddities("a\r\n").as_deref(), Some("ends with a line break (U+000A)"));
        assert_eq!(
            oddities("\u{feff}a\0b\u{200b}").as_deref(),
            Some("begins with a byte order mark (U+FEFF) and holds NUL (U+0000) and ends with a zero-width space (U+200B)")
        );
        assert_eq!(oddities("a\0").as_deref(), Some("ends with NUL (U+0000)"));
    }
}

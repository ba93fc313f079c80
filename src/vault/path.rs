//! Paths of Vault's API.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::text::{character, invisible};

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
    /// rewrite them, each in its own way. So are control characters, which Vault answers with an empty 400, and others that
    /// cannot be seen, which are pasted by mistake and end in a 404 that nobody understands.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if let Some(c) = text.chars().find(|c| invisible(*c).is_some()) {
            return Err(format!("holds {}", character(c)));
        }
        let begins_with = |scheme: &str| text.get(..scheme.len()).is_some_and(|text| text.eq_ignore_ascii_case(scheme));
        if begins_with("http://") || begins_with("https://") {
            return Err("is a whole address: leave out its scheme and host".to_owned());
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

    /// The path without `data/` in front, if it has that.
    pub(crate) fn without_data(&self) -> Option<Self> {
        let (plain, encoded) = (self.plain.strip_prefix("data/")?, self.encoded.strip_prefix("data/")?);
        Some(Self { plain: plain.to_owned(), encoded: encoded.to_owned() })
    }
}

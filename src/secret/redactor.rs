//! Hides the credentials that went out from the words that come back, in whatever form a peer quotes them.

use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use zeroize::Zeroizing;

/// What stands in a message where a peer quoted a secret.
const HIDDEN: &str = "[hidden]";

/// A shorter credential is hidden only where it stands alone: "a" is in every word.
const MIN_WITHIN_WORDS: usize = 4;

/// A part of a credential that is hidden by itself is at least this long.
const MIN_PART: usize = 8;

/// The same of a JWT, whose parts are longer.
const MIN_JWT_PART: usize = 16;

/// The credentials of the requests so far.
#[derive(Default)]
pub(crate) struct Redactor(Mutex<Vec<Zeroizing<String>>>);

/// A credential, or a part of one, in one form. What a peer escapes of it, for a URL, JSON or HTML, is found as well.
struct Form {
    bytes: Zeroizing<Vec<u8>>,
    /// Whether what it is within is base64 too, and goes with it.
    base64: bool,
}

impl Redactor {
    /// Hides `credential` from now on.
    pub(crate) fn add(&self, credential: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !credential.is_empty() && !known.iter().any(|known| known.as_str() == credential) {
            known.push(Zeroizing::new(credential.to_owned()));
        }
    }

    /// Hides the value of a header, such as `Bearer TOKEN` or `Basic BASE64`, and what it is made of.
    pub(crate) fn add_header(&self, value: &str) {
        self.add(value);
        for part in value.split_whitespace().filter(|part| part.len() >= MIN_PART && part.len() < value.len()) {
            self.add(part);
            let pair = STANDARD.decode(part).ok().and_then(|pair| String::from_utf8(pair).ok()).map(Zeroizing::new);
            if let Some((user, password)) = pair.as_ref().and_then(|pair| pair.split_once(':')) {
                self.add(user);
                self.add(password);
            }
        }
    }

    /// `text` with everything that is to be hidden replaced.
    pub(crate) fn redact(&self, text: &str) -> String {
        let forms = self.forms();
        let mut hidden = String::with_capacity(text.len());
        let (mut at, mut copied) = (0, 0);
        while at < text.len() {
            let found = forms.iter().find_map(|form| Some((form, form.end_of_match(text.as_bytes(), at)?)));
            match found.filter(|(_, end)| text.is_char_boundary(at) && text.is_char_boundary(*end)) {
                Some((form, mut end)) => {
                    let mut start = at;
                    if form.base64 {
                        let is_base64 = |b: &u8| b.is_ascii_alphanumeric() || b"+/-_=".contains(b);
                        let bytes = text.as_bytes();
                        start -=
                            bytes.get(copied..start).map_or(0, |before| before.iter().rev().take_while(|b| is_base64(b)).count());
                        end += bytes.get(end..).map_or(0, |after| after.iter().take_while(|b| is_base64(b)).count());
                    }
                    hidden.push_str(text.get(copied..start).unwrap_or_default());
                    hidden.push_str(HIDDEN);
                    (at, copied) = (end, end);
                }
                None => at += 1,
            }
        }
        hidden.push_str(text.get(copied..).unwrap_or_default());
        hidden
    }

    /// Every form of every credential, the longest first.
    fn forms(&self) -> Vec<Form> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut forms = Vec::new();
        for credential in known.iter() {
            let plain = |text: &str| Form { bytes: Zeroizing::new(text.as_bytes().to_vec()), base64: false };
            forms.push(plain(credential));
            forms.extend(
                credential.split('.').filter(|part| part.len() >= MIN_JWT_PART && part.len() < credential.len()).map(plain),
            );
            forms.extend(Form::in_base64(credential));
        }
        forms.sort_by_key(|form| std::cmp::Reverse(form.bytes.len()));
        forms
    }
}

impl Form {
    /// What of base64 shows that `text` is in it, wherever it begins.
    fn in_base64(text: &str) -> Vec<Self> {
        let mut forms = Vec::new();
        for offset in 0..3 {
            let mut padded = Zeroizing::new(vec![0; offset]);
            padded.extend_from_slice(text.as_bytes());
            let encoded = Zeroizing::new(STANDARD_NO_PAD.encode(padded.as_slice()));
            // Without the characters at both ends that depend on what is beside it.
            let first = (offset * 8).div_ceil(6);
            let end = padded.len() * 8 / 6;
            let Some(sure) = encoded.as_bytes().get(first..end).filter(|sure| sure.len() >= MIN_PART) else { continue };
            forms.push(Self { bytes: Zeroizing::new(sure.to_vec()), base64: true });
            if sure.iter().any(|b| b"+/".contains(b)) {
                let for_url = sure.iter().map(|b| match b {
                    b'+' => b'-',
                    b'/' => b'_',
                    other => *other,
                });
                forms.push(Self { bytes: Zeroizing::new(for_url.collect()), base64: true });
            }
        }
        forms
    }

    /// Where the form ends in `text`, if it begins at `at`.
    fn end_of_match(&self, text: &[u8], at: usize) -> Option<usize> {
        let rest = text.get(at..)?;
        let first = self.bytes.first()?;
        let begin = rest.first()?;
        if begin != first && !b"\\%&+".contains(begin) {
            return None;
        }
        let end = if rest.starts_with(&self.bytes) { at + self.bytes.len() } else { self.end_of_escaped(text, at)? };
        let alone = |neighbour: Option<&u8>| neighbour.is_none_or(|b| !b.is_ascii_alphanumeric());
        let before = at.checked_sub(1).and_then(|before| text.get(before));
        (self.bytes.len() >= MIN_WITHIN_WORDS || (alone(before) && alone(text.get(end)))).then_some(end)
    }

    /// The same where characters are escaped.
    fn end_of_escaped(&self, text: &[u8], mut at: usize) -> Option<usize> {
        let mut wanted = self.bytes.as_slice();
        while let Some(first) = wanted.first() {
            let rest = text.get(at..)?;
            let slashes = |bytes: &[u8]| bytes.iter().take_while(|b| **b == b'\\').count();
            if *first == b'\\' && slashes(rest) >= slashes(wanted) {
                // However often they were doubled; the last one may belong to the escape of what follows.
                wanted = wanted.get(slashes(wanted)..)?;
                let last = slashes(rest) - 1;
                let of_next = rest.get(last..).and_then(escaped).is_some_and(|(character, _)| wanted.starts_with(&character));
                at += if of_next && last > 0 { last } else { last + 1 };
            } else if let Some((character, length)) = escaped(rest)
                && let Some(left) = wanted.strip_prefix(character.as_slice())
            {
                (wanted, at) = (left, at + length);
            } else if rest.first()? == first || (*first == b' ' && rest.first()? == &b'+') {
                wanted = wanted.get(1..)?;
                at += 1;
            } else {
                return None;
            }
        }
        Some(at)
    }
}

/// What the escape at the beginning of `text` stands for, and how long the escape is.
fn escaped(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    let hex = |digits: Option<&[u8]>| u32::from_str_radix(std::str::from_utf8(digits?).ok()?, 16).ok();
    let utf8 = |character: char| character.to_string().into_bytes();
    match text.first()? {
        b'%' => Some((vec![u8::try_from(hex(text.get(1..3))?).ok()?], 3)),
        b'\\' => {
            // Each JSON text within a JSON text doubles the backslashes.
            let slashes = text.iter().take_while(|b| **b == b'\\').count();
            let unit = |at: usize| (text.get(at) == Some(&b'u')).then(|| hex(text.get(at + 1..at + 5)))?;
            let simple = |character: u8| Some((vec![character], slashes + 1));
            match text.get(slashes) {
                Some(b'u') => {
                    let high = unit(slashes)?;
                    let after = slashes + 5;
                    let more = text.get(after..)?.iter().take_while(|b| **b == b'\\').count();
                    let low = unit(after + more).filter(|low| more > 0 && (0xdc00..0xe000).contains(low));
                    match (char::from_u32(high), low) {
                        (Some(character), _) => Some((utf8(character), after)),
                        (None, Some(low)) => {
                            let pair = char::decode_utf16([u16::try_from(high).ok()?, u16::try_from(low).ok()?]).next()?.ok()?;
                            Some((utf8(pair), after + more + 5))
                        }
                        (None, None) => None,
                    }
                }
                Some(quoted @ (b'"' | b'/' | b'\'')) => simple(*quoted),
                Some(b'n') => simple(b'\n'),
                Some(b'r') => simple(b'\r'),
                Some(b't') => simple(b'\t'),
                Some(b'b') => simple(8),
                Some(b'f') => simple(12),
                _ => (slashes > 1).then(|| (vec![b'\\'], 2)),
            }
        }
        b'&' => {
            const NAMED: [(&[u8], u8); 5] =
                [(b"&lt;", b'<'), (b"&gt;", b'>'), (b"&amp;", b'&'), (b"&quot;", b'"'), (b"&apos;", b'\'')];
            if let Some((name, character)) = NAMED.iter().find(|(name, _)| text.starts_with(name)) {
                return Some((vec![*character], name.len()));
            }
            let end = text.iter().take(10).position(|b| *b == b';')?;
            let number = std::str::from_utf8(text.get(1..end)?).ok()?.strip_prefix('#')?;
            let number = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            Some((utf8(char::from_u32(number.ok()?)?), end + 1))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redact(credentials: &[&str], text: &str) -> String {
        let redactor = Redactor::default();
        credentials.iter().for_each(|credential| redactor.add(credential));
        redactor.redact(text)
    }

    #[test]
    fn a_credential_is_hidden_in_every_form_that_a_peer_may_quote_it_in() {
        let credential = "pa<ss>&\"w\\ö/😀 =1";
        let json = serde_json::to_string(credential).unwrap();
        let json = json.trim_matches('"');
        let forms = [
            credential.to_owned(),
            json.to_owned(),
            // Go's encoder, and one that writes ASCII only.
            json.replace('<', "\\u003c").replace('>', "\\u003E").replace('&', "\\u0026"),
            json.replace('ö', "\\u00f6").replace('😀', "\\ud83d\\ude00").replace('/', "\\/"),
            // JSON within JSON.
            serde_json::to_string(json).unwrap().trim_matches('"').to_owned(),
            serde_json::to_string(&json.replace('<', "\\u003c")).unwrap().trim_matches('"').to_owned(),
            percent_encoding::utf8_percent_encode(credential, percent_encoding::NON_ALPHANUMERIC).to_string(),
            percent_encoding::utf8_percent_encode(credential, percent_encoding::NON_ALPHANUMERIC).to_string().to_lowercase(),
            credential.replace(' ', "+"),
            credential.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&#62;").replace('"', "&#x22;"),
        ];
        for form in &forms {
            assert_eq!(redact(&[credential], &format!("bad: {form}!")), "bad: [hidden]!", "{form}");
        }
    }

    #[test]
    fn base64_that_holds_a_credential_is_hidden_whole() {
        let credential = "canary?>canary~~ü";
        for before in ["", "u", "us", "user:", "{\"a\":\""] {
            for after in ["", "\"", "\"}", ":xyz"] {
                let standard = STANDARD.encode(format!("{before}{credential}{after}"));
                for encoded in
                    [standard.clone(), standard.replace('+', "-").replace('/', "_"), standard.trim_end_matches('=').to_owned()]
                {
                    assert_eq!(redact(&[credential], &format!("got <{encoded}>")), "got <[hidden]>", "{encoded}");
                }
                let escaped = standard.replace('/', "\\/").replace('+', "%2B");
                assert!(redact(&[credential], &escaped).contains("[hidden]"), "{escaped}");
            }
        }
    }

    #[test]
    fn a_header_is_hidden_with_its_parts() {
        let redactor = Redactor::default();
        redactor.add_header(&format!("Basic {}", STANDARD.encode("proxy-user:canary-password")));
        redactor.add_header("Bearer canary-token");
        let echoed =
            format!("user proxy-user, canary-password; {} and canary-token", STANDARD.encode("proxy-user:canary-password"));
        assert_eq!(redactor.redact(&echoed), "user [hidden], [hidden]; [hidden] and [hidden]");
    }

    #[test]
    fn a_part_of_a_jwt_is_hidden_too() {
        let jwt = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJlLWNhbmFyeQ";
        assert_eq!(redact(&[jwt], "got eyJzdWIiOiJjYW5hcnkifQ."), "got [hidden].");
    }

    #[test]
    fn a_short_credential_does_not_blacken_the_words_around_it() {
        assert_eq!(redact(&["e"], "permission denied: e, %65"), "permission denied: [hidden], [hidden]");
        assert_eq!(redact(&["1"], "1 error, status 401"), "[hidden] error, status 401");
        assert_eq!(redact(&[""], "abc"), "abc");
        assert_eq!(redact(&["ab", "abcd"], "xabcdx ab"), "x[hidden]x [hidden]");
    }

    #[test]
    fn odd_escapes_are_no_harm() {
        for text in [
            "%",
            "%2",
            "%zz",
            "\\",
            "\\\\",
            "\\u",
            "\\u12",
            "\\ud83d",
            "\\ud83d\\",
            "\\ud83d\\u0041",
            "&",
            "&#",
            "&#;",
            "&#x;",
            "&#xffffffff;",
            "ö%",
            "\\ö",
        ] {
            assert_eq!(redact(&["%\\&canary"], text), text);
        }
    }
}

//! A file of `java.util.Properties`, with the place of each value, so that one value is replaced and every other byte stays.
//! Source: <https://docs.oracle.com/javase/8/docs/api/java/util/Properties.html#load-java.io.Reader->.

use std::ops::Range;

use zeroize::Zeroizing;

/// One entry.
pub(crate) struct Entry {
    pub(crate) key: String,
    /// What Java reads.
    pub(crate) value: Zeroizing<String>,
    /// Where the value stands, escapes and continued lines included; empty after a key without a value.
    pub(crate) range: Range<usize>,
    /// Whether anything separates the key from the value; a key alone on its line has nothing.
    pub(crate) separated: bool,
    /// Where the entry begins.
    pub(crate) start: usize,
}

/// The entries in their order. Of a key that is there twice Java takes the last.
///
/// Bytes beyond ASCII are read as UTF-8 where the whole file is UTF-8, as the products do today, else as ISO 8859-1.
pub(crate) fn entries(content: &[u8]) -> Vec<Entry> {
    let is_utf8 = std::str::from_utf8(content).is_ok();
    let mut reader = Reader { content, at: 0, is_utf8 };
    if content.starts_with(b"\xef\xbb\xbf") {
        reader.at = 3;
    }
    std::iter::from_fn(|| reader.entry()).collect()
}

/// `text` as the value of an entry, readable in every encoding.
pub(crate) fn escaped(text: &str) -> Zeroizing<String> {
    let mut escaped = Zeroizing::new(String::with_capacity(text.len() * 6));
    for (i, c) in text.chars().enumerate() {
        match c {
            ' ' if i == 0 => escaped.push_str("\\ "),
            '\\' => escaped.push_str("\\\\"),
            '\t' => escaped.push_str("\\t"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\u{c}' => escaped.push_str("\\f"),
            ' '..='~' => escaped.push(c),
            other => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    escaped.push_str(&format!("\\u{unit:04X}"));
                }
            }
        }
    }
    escaped
}

/// Whether the last line ends with a backslash, so that what is added would belong to it.
pub(crate) fn goes_on_at_its_end(content: &[u8]) -> bool {
    let line = content.strip_suffix(b"\n").unwrap_or(content);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    line.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

struct Reader<'a> {
    content: &'a [u8],
    at: usize,
    is_utf8: bool,
}

/// A character, or a UTF-16 unit of an escape.
enum Unit {
    Bytes(u8),
    Escaped(u16),
}

impl Reader<'_> {
    fn entry(&mut self) -> Option<Entry> {
        loop {
            self.skip(is_blank);
            match self.peek()? {
                b'\n' | b'\r' => self.at += 1,
                b'#' | b'!' => self.skip(|b| b != b'\n' && b != b'\r'),
                _ => break,
            }
        }
        let begin = self.at;
        let key = self.text(|b| is_blank(b) || b == b'=' || b == b':').0;
        let separator = self.at;
        self.skip_blanks_and_continuations();
        if matches!(self.peek(), Some(b'=' | b':')) {
            self.at += 1;
            self.skip_blanks_and_continuations();
        }
        let separated = self.at > separator;
        let start = self.at;
        let (value, end) = self.text(|_| false);
        Some(Entry { key: key.to_string(), value, range: start..end, separated, start: begin })
    }

    /// Reads up to the end of the logical line, or to a character that ends it; where that is.
    fn text(&mut self, ends: impl Fn(u8) -> bool) -> (Zeroizing<String>, usize) {
        let mut units = Zeroizing::new(Vec::new());
        let mut bytes = Zeroizing::new(Vec::new());
        let mut text = Zeroizing::new(String::with_capacity(64));
        while let Some(byte) = self.peek() {
            let unit = match byte {
                b'\n' | b'\r' => break,
                b'\\' => match self.escape() {
                    Some(unit) => unit,
                    None => continue,
                },
                b if ends(b) => break,
                b => {
                    self.at += 1;
                    Unit::Bytes(b)
                }
            };
            match unit {
                Unit::Bytes(byte) => {
                    flush_units(&mut units, &mut text);
                    bytes.push(byte);
                }
                Unit::Escaped(unit) => {
                    self.flush_bytes(&mut bytes, &mut text);
                    units.push(unit);
                }
            }
        }
        flush_units(&mut units, &mut text);
        self.flush_bytes(&mut bytes, &mut text);
        (text, self.at)
    }

    /// What a backslash begins; `None` for a line that goes on.
    fn escape(&mut self) -> Option<Unit> {
        self.at += 1;
        let byte = self.peek()?;
        self.at += 1;
        Some(match byte {
            b'\r' | b'\n' => {
                if byte == b'\r' && self.peek() == Some(b'\n') {
                    self.at += 1;
                }
                self.skip(is_blank);
                return None;
            }
            b't' => Unit::Escaped(9),
            b'n' => Unit::Escaped(10),
            b'r' => Unit::Escaped(13),
            b'f' => Unit::Escaped(12),
            b'u' => {
                let digits = self.content.get(self.at..self.at + 4).and_then(|digits| std::str::from_utf8(digits).ok());
                match digits.and_then(|digits| u16::from_str_radix(digits, 16).ok()) {
                    Some(unit) => {
                        self.at += 4;
                        Unit::Escaped(unit)
                    }
                    // Java refuses the file; what is meant is a `u`.
                    None => Unit::Bytes(b'u'),
                }
            }
            other => Unit::Bytes(other),
        })
    }

    fn flush_bytes(&self, bytes: &mut Vec<u8>, text: &mut String) {
        if self.is_utf8 {
            text.push_str(&String::from_utf8_lossy(bytes));
        } else {
            text.extend(bytes.iter().map(|byte| char::from(*byte)));
        }
        bytes.clear();
    }

    fn skip_blanks_and_continuations(&mut self) {
        loop {
            self.skip(is_blank);
            match self.content.get(self.at..) {
                Some([b'\\', b'\r', b'\n', ..]) => self.at += 3,
                Some([b'\\', b'\n' | b'\r', ..]) => self.at += 2,
                _ => return,
            }
        }
    }

    fn skip(&mut self, skipped: impl Fn(u8) -> bool) {
        while self.peek().is_some_and(&skipped) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.content.get(self.at).copied()
    }
}

fn flush_units(units: &mut Vec<u16>, text: &mut String) {
    text.extend(char::decode_utf16(units.drain(..)).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\x0c')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &str) -> Vec<(String, String)> {
        entries(content.as_bytes()).into_iter().map(|entry| (entry.key, entry.value.to_string())).collect()
    }

    #[test]
    fn entries_are_read_as_java_reads_them() {
        for (content, key, value) in [
            ("a=b", "a", "b"),
            ("  a : b ", "a", "b "),
            ("a b", "a", "b"),
            ("a", "a", ""),
            ("a=\\\n   b\\\r\n\tc", "a", "bc"),
            ("a\\=\\:\\ b = c\\\\", "a=: b", "c\\"),
            ("a=\\u0041\\n\\ud83d\\ude00", "a", "A\n😀"),
            ("# x\n! y\n\n a=b#c", "a", "b#c"),
            ("a==b", "a", "=b"),
            ("\u{feff}a=é", "a", "é"),
            ("a=\\z", "a", "z"),
            ("a \\\n = b", "a", "b"),
        ] {
            assert_eq!(read(content), [(key.to_owned(), value.to_owned())], "{content:?}");
        }
        assert_eq!(read("a=1\r\nb=2\rc=3\n").len(), 3);
        assert_eq!(*entries(b"a=\xe9").remove(0).value, "é");
        assert_eq!(read("# only\n"), []);
    }

    #[test]
    fn a_value_stands_where_its_range_says() {
        for content in ["x=1\na = old\\\n  er\nb=2\n", "x=1\r\na:older\r\nb=2", "a\told\\er"] {
            let entry = entries(content.as_bytes()).into_iter().find(|entry| entry.key == "a").unwrap();
            let replaced = format!("{}new{}", &content[..entry.range.start], &content[entry.range.end..]);
            assert_eq!(read(&replaced).iter().find(|(key, _)| key == "a").unwrap().1, "new", "{content:?}");
            assert_eq!(read(&replaced).len(), read(content).len());
        }
    }

    #[test]
    fn what_is_escaped_is_read_as_it_was() {
        for text in ["plain", " a b ", "{\"path\":\"a\\\\b\"}", "é\n\t😀\u{0}", "#!=:"] {
            assert_eq!(read(&format!("k={}", *escaped(text)))[0].1, text, "{text:?}");
            assert!(escaped(text).is_ascii());
        }
    }
}

//! The XML files of Jira, Confluence, Bamboo and Crowd, with the place of each text, so that one is replaced and every other
//! byte stays.

use std::ops::Range;

use quick_xml::events::Event;
use quick_xml::reader::Reader;
use zeroize::Zeroizing;

/// An element that holds text only.
pub(crate) struct Element {
    /// The names of the elements around it and its own, with slashes between; a `property` is called by its attribute `name`,
    /// as in `property[hibernate.connection.password]`.
    pub(crate) path: String,
    /// What the product reads.
    pub(crate) value: Zeroizing<String>,
    /// Where the text stands, between the tags.
    pub(crate) range: Range<usize>,
    /// Where the whole element stands.
    pub(crate) element: Range<usize>,
}

/// The elements that hold text, in their order. The error says at which byte the file is broken.
pub(crate) fn elements(content: &[u8]) -> Result<Vec<Element>, String> {
    let is_utf8 = std::str::from_utf8(content).is_ok();
    // Tags are ASCII. What else there is does not matter for where they stand, and may be of any encoding.
    let masked: Zeroizing<String> =
        Zeroizing::new(content.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { '?' }).collect());
    let mut reader = Reader::from_str(&masked);
    let mut found = Vec::new();
    // The name of each open element, where it begins, where its content begins, and whether it holds other elements.
    let mut open: Vec<(String, usize, usize, bool)> = Vec::new();
    loop {
        let before = position(&reader);
        // The parser's own words may quote the file.
        let event = reader.read_event().map_err(|_| format!("it is not well-formed XML near byte {}", position(&reader)))?;
        match event {
            Event::Start(start) => {
                if let Some((.., parent)) = open.last_mut() {
                    *parent = true;
                }
                let name = start.name().as_ref().to_owned();
                let attribute = start.try_get_attribute("name").ok().flatten();
                let name = match attribute {
                    Some(attribute) => format!("{name}[{}]", attribute.value),
                    None => name,
                };
                open.push((name, before, position(&reader), false));
            }
            Event::End(_) => {
                let path = open.iter().map(|(name, ..)| name.as_str()).collect::<Vec<_>>().join("/");
                if let Some((_, element, start, false)) = open.pop() {
                    let raw = content.get(start..before).unwrap_or_default();
                    let value = text(raw, is_utf8);
                    found.push(Element { path, value, range: start..before, element: element..position(&reader) });
                }
            }
            Event::Empty(_) => {
                if let Some((.., parent)) = open.last_mut() {
                    *parent = true;
                }
            }
            Event::Eof if open.is_empty() => return Ok(found),
            Event::Eof => return Err("it is not well-formed XML: an element is not closed".to_owned()),
            _ => {}
        }
    }
}

/// `text` between tags, readable in every encoding.
pub(crate) fn escaped(text: &str) -> Zeroizing<String> {
    let mut escaped = Zeroizing::new(String::with_capacity(text.len() * 10));
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            ' '..='~' => escaped.push(c),
            other => escaped.push_str(&format!("&#{};", u32::from(other))),
        }
    }
    escaped
}

/// The text of an element's content: comments left out, CDATA as it is, entities resolved.
fn text(raw: &[u8], is_utf8: bool) -> Zeroizing<String> {
    let raw: Zeroizing<String> = Zeroizing::new(match std::str::from_utf8(raw) {
        Ok(text) if is_utf8 => text.to_owned(),
        _ => raw.iter().map(|byte| char::from(*byte)).collect(),
    });
    let mut text = Zeroizing::new(String::with_capacity(raw.len()));
    let mut rest = raw.as_str();
    while !rest.is_empty() {
        if let Some((inside, after)) = rest.strip_prefix("<![CDATA[").and_then(|rest| rest.split_once("]]>")) {
            text.push_str(inside);
            rest = after;
        } else if let Some((_, after)) = rest.strip_prefix("<!--").and_then(|rest| rest.split_once("-->")) {
            rest = after;
        } else {
            let end = rest.get(1..).and_then(|tail| tail.find('<')).map_or(rest.len(), |at| at + 1);
            let (plain, after) = rest.split_at(end);
            match quick_xml::escape::unescape(plain) {
                Ok(plain) => text.push_str(&plain),
                // An entity of the file's own, which the products do not have.
                Err(_) => text.push_str(plain),
            }
            rest = after;
        }
    }
    text
}

fn position(reader: &Reader<&[u8]>) -> usize {
    usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "<?xml version=\"1.0\"?>\n<a>\n <!-- x -->\n <b>1 &amp; &#233;</b>\n <property name=\"p.q\">v</property>\n \
                        <c/><d><![CDATA[a<b]]></d><e></e>\n</a>\n";

    fn read(content: &str) -> Vec<(String, String)> {
        elements(content.as_bytes()).unwrap().into_iter().map(|found| (found.path, found.value.to_string())).collect()
    }

    #[test]
    fn texts_are_read_with_their_entities() {
        let wanted = [("a/b", "1 & é"), ("a/property[p.q]", "v"), ("a/d", "a<b"), ("a/e", "")];
        assert_eq!(read(FILE), wanted.map(|(path, value)| (path.to_owned(), value.to_owned())));
    }

    #[test]
    fn a_text_stands_where_its_range_says() {
        for found in elements(FILE.as_bytes()).unwrap() {
            let text = "n&w <é>";
            let replaced = format!("{}{}{}", &FILE[..found.range.start], *escaped(text), &FILE[found.range.end..]);
            let read = read(&replaced);
            assert_eq!(read.iter().find(|(path, _)| *path == found.path).unwrap().1, text);
            assert_eq!(read.len(), 4);
        }
    }

    #[test]
    fn a_broken_file_is_refused_without_a_word_of_it() {
        for content in ["<a><b>canary</a>", "<a>canary", "<a b=canary></c>"] {
            let error = elements(content.as_bytes()).err().unwrap();
            assert!(!error.contains("canary"), "{error}");
        }
    }
}

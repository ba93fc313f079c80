//! Words of others made fit for a one-line message, and lists and suggestions in it. All of it is bounded: in what it gives and in
//! the work that it takes, since names and answers may be those of a hostile server.

use std::fmt::{self, Write as _};

/// The characters of a name that are shown.
const MAX_SHOWN: usize = 80;

/// The names in a list, and the bytes after which no further one is added.
pub(crate) const MAX_LISTED: usize = 20;
const MAX_LIST: usize = 1500;

/// The names that are compared for a suggestion, and the bytes of one: comparing takes the product of both lengths.
const MAX_CANDIDATES: usize = 2000;
const MAX_COMPARED: usize = 128;

/// `text` on one line: control characters and runs of white space become one space, and what is beyond `max`
/// characters becomes "…".
pub(crate) fn one_line(text: &str, max: usize) -> String {
    join_lines([text], max)
}

/// The same for several texts, with "; " between them. Reads no more of them than about ten times `max` characters.
pub(crate) fn join_lines<'a>(texts: impl IntoIterator<Item = &'a str>, max: usize) -> String {
    let mut line = String::new();
    let mut count = 0;
    let mut read = 0;
    let mut space = "";
    for text in texts {
        for c in text.chars() {
            read += 1;
            if count >= max || read > 10 * max + 100 {
                return line + "…";
            }
            if c.is_whitespace() || is_unprintable(c) {
                if space.is_empty() {
                    space = " ";
                }
                continue;
            }
            if !line.is_empty() {
                line.push_str(space);
                count += space.len();
                if count >= max {
                    return line + "…";
                }
            }
            space = "";
            line.push(c);
            count += 1;
        }
        space = "; ";
    }
    line
}

/// `text` with no more than `max` bytes, the last of which are "…" if it was longer.
pub(crate) fn cut(mut text: String, max: usize) -> String {
    if text.len() > max {
        let end = (0..=max.saturating_sub('…'.len_utf8())).rev().find(|end| text.is_char_boundary(*end));
        text.truncate(end.unwrap_or(0));
        text.push('…');
    }
    text
}

/// The text with a space for each character that would break or reorder its line.
pub(crate) fn printable(text: &str) -> String {
    text.replace(is_unprintable, " ")
}

/// A name in quotes, so that what is shown is what is there: invisible characters and those that end a line or a quote are written
/// as escapes (`\u{200b}`), a blank at the edge stands before the quote, and what is beyond 80 characters becomes "…".
pub(crate) fn shown(name: &str) -> Shown<'_> {
    Shown { name, max: MAX_SHOWN }
}

/// The same for a path, which may have 300 characters.
pub(crate) fn shown_path(path: &str) -> Shown<'_> {
    Shown { name: path, max: 300 }
}

/// The path of a file with a credential, as [`shown_path`]; where its content stands in its place, only that.
pub(crate) fn shown_file(path: &str) -> String {
    if is_content(path) { "(its content, where a path belongs)".to_owned() } else { shown_path(path).to_string() }
}

/// Whether a text is what a file with a credential holds (several lines, PEM, JSON, a section of AWS's files, a JWT, a token of Vault)
/// rather than its path. No message may quote it then.
fn is_content(path: &str) -> bool {
    let begins = ["{", "[", "eyJ", "hvs."].iter().any(|begin| path.trim_start().starts_with(begin));
    begins || ["\n", "\r", "-----"].iter().any(|part| path.contains(part))
}

/// A name that is displayed as [`shown`] says.
pub(crate) struct Shown<'a> {
    name: &'a str,
    max: usize,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for c in self.name.chars().take(self.max) {
            match c {
                '\'' => f.write_char(c)?,
                c => write!(f, "{}", c.escape_debug())?,
            }
        }
        f.write_str(if self.name.chars().nth(self.max).is_some() { "…\"" } else { "\"" })
    }
}

/// Control characters, and those that reorder or break a line in a terminal (bidirectional controls, line separators).
pub(crate) fn is_unprintable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The name of a character that a reader does not see, or takes for a plain space; `None` for the plain space itself and for
/// all that is seen. Neither are the joiners and selectors that an emoji may end with.
pub(crate) fn invisible(c: char) -> Option<&'static str> {
    Some(match c {
        '\0' => "NUL",
        '\t' => "a tab",
        '\n' => "a line break",
        '\r' => "a carriage return",
        '\u{a0}' | '\u{2007}' | '\u{202f}' => "a no-break space",
        '\u{ad}' => "a soft hyphen",
        '\u{feff}' => "a byte order mark",
        '\u{200b}' => "a zero-width space",
        '\u{200c}' | '\u{200d}' | '\u{2060}' => "a zero-width joiner or non-joiner",
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            "a mark of the writing direction"
        }
        '\u{34f}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180e}'
        | '\u{2061}'..='\u{2065}'
        | '\u{206a}'..='\u{206f}'
        | '\u{2800}'
        | '\u{3164}'
        | '\u{ffa0}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0001}' => "an invisible character",
        _ if c.is_control() => "a control character",
        ' ' => return None,
        _ if c.is_whitespace() => "a space or line break of a special kind",
        _ => return None,
    })
}

/// A character as a message names it, such as `a no-break space (U+00A0)`.
pub(crate) fn character(c: char) -> String {
    let name = if c == ' ' { "a space" } else { invisible(c).unwrap_or("a character") };
    format!("{name} (U+{:04X})", u32::from(c))
}

/// Whether a password that begins or ends with this character was most likely stored by mistake.
pub(crate) fn is_blank(c: char) -> bool {
    c == ' ' || invisible(c).is_some()
}

/// `"a", "b" and "c"`; of more than twenty names, or of very long ones, only how many more there are.
pub(crate) fn list(names: &[impl AsRef<str>]) -> String {
    list_of(names, names.len())
}

/// The same for the first of `count` names.
pub(crate) fn list_of(names: &[impl AsRef<str>], count: usize) -> String {
    let mut text = String::new();
    for (position, name) in names.iter().take(MAX_LISTED).enumerate() {
        if text.len() > MAX_LIST {
            return format!("{text} and {} more", count - position);
        }
        let last = position + 1 == count;
        text.push_str(if position == 0 {
            ""
        } else if last {
            " and "
        } else {
            ", "
        });
        text.push_str(&shown(name.as_ref()).to_string());
    }
    let listed = names.len().min(MAX_LISTED);
    if count > listed && listed > 0 { format!("{text} and {} more", count - listed) } else { text }
}

/// The name among `known` that `wrong` was most likely meant to be, if any is near. Only the first two thousand names are compared,
/// and very long ones are not.
pub(crate) fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if wrong.len() > MAX_COMPARED {
        return None;
    }
    let wrong = wrong.to_lowercase();
    known
        .into_iter()
        .take(MAX_CANDIDATES)
        .filter(|name| name.len() <= MAX_COMPARED)
        .map(|name| (strsim::jaro_winkler(&wrong, &name.to_lowercase()), name))
        .filter(|(likeness, _)| *likeness >= 0.8)
        // Of equals the first.
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn a_message_stays_on_one_line_and_within_its_length() {
        assert_eq!(one_line("1 error occurred:\n\t* permission denied\n\n", 80), "1 error occurred: * permission denied");
        assert_eq!(one_line("a\u{202e}b\u{0}c", 80), "a b c");
        assert_eq!(one_line("äöü", 2), "äö…");
        assert_eq!(one_line("äö", 2), "äö");
        assert_eq!(join_lines(["a\n", " b", "", "c"], 80), "a; b; c");
        assert_eq!(cut("äöü".to_owned(), 6), "äöü");
        assert_eq!(cut("äöüx".to_owned(), 6), "ä…");
    }

    #[test]
    fn a_name_is_shown_as_it_is() {
        for (name, expected) in [
            ("password ", r#""password ""#),
            ("pass\u{200b}word", r#""pass\u{200b}word""#),
            ("no\u{a0}break", r#""no\u{a0}break""#),
            ("\u{feff}key", r#""\u{feff}key""#),
            ("a\nb\t\"c\"\u{0}\u{1b}", r#""a\nb\t\"c\"\0\u{1b}""#),
            ("l'été", r#""l'été""#),
            ("ab\u{202e}c\u{ad}\u{200e}\u{2028}\u{2066}", r#""ab\u{202e}c\u{ad}\u{200e}\u{2028}\u{2066}""#),
        ] {
            assert_eq!(shown(name).to_string(), expected, "{name:?}");
        }
        assert_eq!(shown(&"x".repeat(100)).to_string(), format!("\"{}…\"", "x".repeat(80)));
    }

    #[test]
    fn lists_read_as_a_person_would_write_them() {
        let none: [&str; 0] = [];
        assert_eq!(list(&none), "");
        assert_eq!(list(&["a"]), "\"a\"");
        assert_eq!(list(&["a", "b"]), "\"a\" and \"b\"");
        assert_eq!(list(&["a", "b", "c"]), "\"a\", \"b\" and \"c\"");
        let many: Vec<String> = (0..25).map(|i| i.to_string()).collect();
        assert!(list(&many).ends_with("\"18\", \"19\" and 5 more"));
        assert_eq!(list_of(&["a", "b"], 7), "\"a\", \"b\" and 5 more");
    }

    #[test]
    fn what_cannot_be_seen_has_a_name() {
        for (c, name) in [
            (' ', "a space (U+0020)"),
            ('\u{a0}', "a no-break space (U+00A0)"),
            ('\u{feff}', "a byte order mark (U+FEFF)"),
            ('\u{7f}', "a control character (U+007F)"),
            ('\u{3000}', "a space or line break of a special kind (U+3000)"),
        ] {
            assert!(is_blank(c) && character(c) == name, "{}", character(c));
        }
        for seen in ['a', 'é', '\u{301}', '😀', '\u{fe0f}', '\u{fffd}', '-'] {
            assert!(!is_blank(seen), "{seen:?}");
        }
    }

    #[test]
    fn a_near_name_is_found_and_a_far_one_is_not() {
        assert_eq!(nearest("Pasword", ["username", "password"]), Some("password"));
        assert_eq!(nearest("endpont", ["mount", "endpoint"]), Some("endpoint"));
        assert_eq!(nearest("xyz", ["mount", "endpoint"]), None);
    }

    /// Without bounds this would take hours: each comparison of two such names takes ten seconds.
    #[test]
    fn names_and_answers_of_any_size_cost_next_to_nothing() {
        let start = Instant::now();
        let name = "ü".repeat(60_000);
        assert_eq!(nearest(&name, std::iter::repeat_n(name.as_str(), 2_000_000)), None);
        assert_eq!(nearest("password", std::iter::repeat_n(name.as_str(), 2_000_000)), None);
        let near = "p".repeat(MAX_COMPARED);
        assert!(nearest(&near, std::iter::repeat_n(near.as_str(), 2_000_000)).is_some());
        let names = vec![name.as_str(); 2_000_000];
        assert!(list(&names).len() < 8192);
        let invisible = "\u{e0001}".repeat(60_000);
        assert!(list(&vec![invisible.as_str(); 1000]).len() < 3 * MAX_LIST);
        let answer = " \n".repeat(15_000_000);
        for _ in 0..100 {
            assert_eq!(one_line(&answer, 300), "…");
        }
        // A second on an idle machine.
        assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    }
}

//! Words of others made fit for a one-line message, and lists and suggestions in it.

/// `text` on one line: control characters and runs of white space become one space, and what is beyond `most`
/// characters becomes "…".
pub(crate) fn one_line(text: &str, most: usize) -> String {
    let mut line = String::with_capacity(text.len().min(most));
    let words = text.split(|c: char| c.is_whitespace() || is_unprintable(c)).filter(|word| !word.is_empty());
    for (i, word) in words.enumerate() {
        if i > 0 {
            line.push(' ');
        }
        line.push_str(word);
    }
    match line.char_indices().nth(most) {
        Some((end, _)) => {
            line.truncate(end);
            line + "…"
        }
        None => line,
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
        '\u{180e}' | '\u{2061}'..='\u{2064}' | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{2800}' => {
            "an invisible character"
        }
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

/// A name as it is, in quotes: what cannot be seen is escaped (`"password\u{200b}"`), and what is beyond `most` characters
/// becomes "…".
pub(crate) fn quoted(name: &str, most: usize) -> String {
    match name.char_indices().nth(most) {
        Some((end, _)) => format!("{:?}", format!("{}…", name.get(..end).unwrap_or_default())),
        None => format!("{name:?}"),
    }
}

/// `"a", "b" and "c"`; from the twentieth name on only how many more there are.
pub(crate) fn list(names: &[impl AsRef<str>]) -> String {
    const MOST: usize = 20;
    let quoted: Vec<String> = names.iter().take(MOST).map(|name| quoted(name.as_ref(), 80)).collect();
    match (quoted.as_slice(), names.len()) {
        ([], _) => String::new(),
        ([one], 1) => one.clone(),
        (some, all) if all > MOST => format!("{} and {} more", some.join(", "), all - MOST),
        ([most @ .., last], _) => format!("{} and {last}", most.join(", ")),
    }
}

/// The name among `known` that `wrong` was most likely meant to be, if any is near.
pub(crate) fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = wrong.to_lowercase();
    known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&wrong, &name.to_lowercase()), name))
        .filter(|(likeness, _)| *likeness >= 0.8)
        // Of equals the first.
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_stays_on_one_line_and_within_its_length() {
        assert_eq!(one_line("1 error occurred:\n\t* permission denied\n\n", 80), "1 error occurred: * permission denied");
        assert_eq!(one_line("a\u{202e}b\u{0}c", 80), "a b c");
        assert_eq!(one_line("äöü", 2), "äö…");
        assert_eq!(one_line("äö", 2), "äö");
    }

    #[test]
    fn lists_read_as_a_person_would_write_them() {
        assert_eq!(list(&["a"]), "\"a\"");
        assert_eq!(list(&["a", "b", "c"]), "\"a\", \"b\" and \"c\"");
        let many: Vec<String> = (0..25).map(|i| i.to_string()).collect();
        assert!(list(&many).ends_with("\"19\" and 5 more"));
    }

    #[test]
    fn a_name_is_listed_as_it_is() {
        assert_eq!(
            list(&["password ", "pass\u{200b}word", "a\u{a0}b\n\"", "zażółć"]),
            r#""password ", "pass\u{200b}word", "a\u{a0}b\n\"" and "zażółć""#
        );
        assert_eq!(list(&["ä".repeat(81)]), format!("\"{}…\"", "ä".repeat(80)));
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
}

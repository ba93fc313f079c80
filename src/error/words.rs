//! Parts of messages: lists, suggestions, and words of a shell.

use crate::text::list;

pub(super) fn policies_known(policies: &Option<Vec<String>>) -> String {
    match policies {
        Some(names) if !names.is_empty() => format!("its policies are {}", list(names)),
        Some(_) => "it has no policies".to_owned(),
        None => "its policies are not known (it may not look itself up)".to_owned(),
    }
}

pub(super) fn keys_there(names: &[String]) -> String {
    match names {
        [] => "no keys at all".to_owned(),
        names => format!("the keys {}", list(names)),
    }
}

pub(super) fn suggestion(nearest: Option<&str>) -> String {
    nearest.map(|name| format!(" (did you mean {name:?}?)")).unwrap_or_default()
}

/// `text` as one word of a POSIX shell, so that a command in a message can be pasted.
pub(super) fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/_-.@%+:,=".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

//! Parts of messages: places, lists, suggestions, and words of a shell.

use std::fmt;

use url::Url;

use crate::error::{Denied, DeniedHint, RequestInfo, SecretLocation, copied};
use crate::text::{list, list_of, shown, shown_path};

/// Where it failed, as far as that is known.
#[derive(Clone, Copy)]
pub(super) struct Place<'a>(pub(super) Option<&'a RequestInfo>);

impl<'a> Place<'a> {
    fn secret(self) -> Option<&'a SecretLocation> {
        self.0?.secret.as_ref()
    }

    pub(super) fn mount(self) -> &'a str {
        self.secret().map_or("", |secret| secret.mount.as_str())
    }

    pub(super) fn path(self) -> &'a str {
        self.secret().map_or("", |secret| secret.path.as_str())
    }

    /// What to write where mount and path look copied; else empty.
    pub(super) fn copied(self) -> String {
        let Some(SecretLocation { mount, path }) = copied::meant(self.mount(), self.path()) else { return String::new() };
        format!(
            "write \"mount\":{}, \"path\":{}: the text has an address of Vault's API or user interface, or the mount twice; otherwise ",
            shown_path(&mount),
            shown_path(&path)
        )
    }

    /// What to say where the port is that which the nodes of a cluster use among themselves; else empty.
    pub(super) fn cluster_port(self) -> &'static str {
        let port = self.0.and_then(|at| Url::parse(&at.url).ok()).and_then(|url| url.port());
        match port {
            Some(8201) => {
                "8201 is usually the port that the nodes of a Vault cluster use among themselves: write the API port (usually 8200) into \
                 \"endpoint\"; otherwise "
            }
            _ => "",
        }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(at) => at.fmt(f),
            None => f.write_str("an unknown address"),
        }
    }
}

impl Denied {
    pub(super) fn hint_words(&self) -> String {
        match &self.hint {
            None => String::new(),
            Some(DeniedHint::Conditional) => {
                "; they allow it to read this path, but only response-wrapped (min_wrapping_ttl), which \
                                              this server cannot unwrap, or only under further conditions"
                    .to_owned()
            }
            Some(DeniedHint::Template(value)) => format!(
                "; its login has the value {}, and OpenBao 2.6 and later put no value with \"/\", \"*\" or \"+\" into a policy's template \
                 ({{{{identity…}}}}), newer versions of Vault none with \"*\" or \"+\"",
                shown(value)
            ),
            Some(DeniedHint::NearestMount(name)) => format!("; it can see the mount {}: did you mean this one?", shown(name)),
        }
    }
}

pub(super) fn policies_known(policies: Option<&[String]>) -> String {
    match policies {
        Some([]) => "it has no policies".to_owned(),
        Some(names) => format!("its policies are {}", list(names)),
        None => "its policies are not known (it is not allowed to look itself up)".to_owned(),
    }
}

pub(super) fn versions_known(readable: &[u64]) -> String {
    if readable.is_empty() {
        return String::new();
    }
    let numbers: Vec<String> = readable.iter().map(u64::to_string).collect();
    format!("; versions that can be read: {}", numbers.join(", "))
}

/// `names` are the first of `count` keys.
pub(super) fn keys_there(names: &[String], count: usize) -> String {
    match names {
        [] => "no keys at all".to_owned(),
        names => format!("the keys {}", list_of(names, count)),
    }
}

pub(super) fn suggestion(nearest: Option<&str>) -> String {
    nearest.map(|name| format!(" (did you mean {}?)", shown(name))).unwrap_or_default()
}

/// `text` as one word of a POSIX shell, so that a command in a message can be pasted. Of a very long one there is only "…": a
/// command with half a path is wrong.
pub(super) fn shell_word(text: &str) -> String {
    const MAX_WORD: usize = 500;
    if text.len() > MAX_WORD {
        return "…".to_owned();
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "/_-.@%+:,=".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

//! Text that must not be seen: tokens, JWTs, passwords, values read from Vault.

mod redactor;

use zeroize::Zeroizing;

pub(crate) use redactor::Redactor;

/// A secret text. Its memory is overwritten when it is dropped.
///
/// It has no `Debug`, `Display`, `Clone` or `Serialize` on purpose: a message that would show a secret does not
/// compile. [`Secret::expose`] is the one way out, easy to find in a review.
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes ownership of a secret text.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself, for the place that needs it and nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// `text` without this secret, in whatever form it stands there: for words that a peer sent and that a message quotes.
    pub(crate) fn redact_in(&self, text: &str) -> String {
        let redactor = Redactor::default();
        redactor.add(self.expose());
        redactor.redact(text)
    }
}

/// Says which calls share something, a login for example. Its parts may be credentials: no `Debug`, and its memory is wiped.
#[derive(PartialEq, Eq)]
pub(crate) struct Key(Zeroizing<String>);

impl Key {
    /// A key of these parts. Each stands behind its length, so that no content of one part can pass for two.
    pub(crate) fn new<'a>(parts: impl IntoIterator<Item = &'a str, IntoIter: Clone>) -> Self {
        let parts = parts.into_iter();
        // Room for all of it at once, so that no copy is left behind. A length has at most twenty digits.
        let mut key = Zeroizing::new(String::with_capacity(parts.clone().map(|part| part.len() + 21).sum()));
        for part in parts {
            key.push_str(&part.len().to_string());
            key.push(':');
            key.push_str(part);
        }
        Self(key)
    }

    /// This key below another one.
    pub(crate) fn below(&self, parent: &Self) -> Self {
        Self::new([parent.0.as_str(), self.0.as_str()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_that_echoes_the_token_does_not_get_it_into_a_message() {
        let token = Secret::new("s.canary".to_owned());
        assert_eq!(token.redact_in("bad header: s.canary!"), "bad header: [hidden]!");
    }

    #[test]
    fn a_part_of_a_jwt_is_hidden_too() {
        let jwt = Secret::new("eyJhbGciOiJub25lIn0.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJlLWNhbmFyeQ".to_owned());
        assert_eq!(jwt.redact_in("got eyJzdWIiOiJjYW5hcnkifQ."), "got [hidden].");
    }

    #[test]
    fn no_content_of_a_part_can_forge_a_key() {
        let alphabet = ["", ":", "1", "1:", "\0", "0:", "a", "1:a", "2::"];
        let mut seen: Vec<(Vec<&str>, Key)> = Vec::new();
        for a in alphabet {
            for b in alphabet {
                for parts in [vec![a], vec![a, b], vec![a, b, a], vec![b, a, "", b]] {
                    let key = Key::new(parts.iter().copied());
                    for (other, known) in &seen {
                        assert_eq!(*known == key, *other == parts, "{other:?} {parts:?}");
                    }
                    seen.push((parts, key));
                }
            }
        }
    }

    #[test]
    fn an_empty_secret_hides_nothing() {
        assert_eq!(Secret::new(String::new()).redact_in("abc"), "abc");
    }
}

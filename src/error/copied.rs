//! Mounts and paths that were copied from a page of Vault's user interface or from a URL of its API.

use crate::error::SecretLocation;

/// What was most likely meant, where mount or path have a part that belongs to a URL and not to the secret's place.
///
/// Sources: <https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2>; the addresses that the user interface shows are
/// `/ui/vault/secrets/MOUNT/show/PATH`, and since Vault 1.15 `/ui/vault/secrets/MOUNT/kv/PATH/details`.
pub(super) fn meant(mount: &str, path: &str) -> Option<SecretLocation> {
    let page = |text| without(text, "/").strip_prefix("ui/vault/secrets/").map(|rest| rest.split('?').next().unwrap_or(rest));
    let api = without(mount, "v1/");
    let stem = page(api).unwrap_or(api);
    let stem = ["/data", "/metadata"].iter().find_map(|end| stem.strip_suffix(end)).unwrap_or(stem);
    let mut meant = SecretLocation { mount: stem.to_owned(), path: path.to_owned() };
    if let Some((mount, path)) = page(without(path, "v1/")).and_then(of_page) {
        meant = SecretLocation { mount, path };
    } else if let Some(rest) = without(path, "v1/").strip_prefix(stem).and_then(|rest| rest.strip_prefix('/')) {
        let rest = without(without(rest, "data/"), "metadata/");
        meant.path = rest.to_owned();
    }
    let differs = meant.mount != mount || meant.path != path;
    (differs && !meant.mount.is_empty() && !meant.path.is_empty()).then_some(meant)
}

/// Mount and path in the rest of a page's address.
fn of_page(rest: &str) -> Option<(String, String)> {
    let (at, word) = ["/show/", "/kv/", "/edit/", "/list/"].iter().filter_map(|word| Some((rest.find(word)?, *word))).min()?;
    let (mount, path) = (rest.get(..at)?, rest.get(at + word.len()..)?);
    let ends = ["/details", "/edit", "/metadata", "/paths", "/secret"];
    let path = ends.iter().find_map(|end| path.strip_suffix(end)).filter(|_| word == "/kv/").unwrap_or(path);
    // A path within a path of the user interface.
    Some((mount.to_owned(), path.replace("%2F", "/").replace("%2f", "/")))
}

fn without<'a>(text: &'a str, prefix: &str) -> &'a str {
    text.strip_prefix(prefix).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant_by(mount: &str, path: &str) -> Option<(String, String)> {
        meant(mount, path).map(|SecretLocation { mount, path }| (mount, path))
    }

    #[test]
    fn what_was_copied_from_the_api_or_a_page_is_recognised() {
        for (mount, path) in [
            ("secret", "v1/secret/data/app/db"),
            ("secret", "secret/data/app/db"),
            ("secret", "secret/metadata/app/db"),
            ("secret", "secret/app/db"),
            ("secret", "ui/vault/secrets/secret/show/app/db"),
            ("secret", "ui/vault/secrets/secret/kv/app%2Fdb/details?version=2"),
            ("secret", "ui/vault/secrets/secret/kv/app%2Fdb"),
            ("secret", "ui/vault/secrets/secret/edit/app/db"),
            ("v1/secret", "app/db"),
            ("secret/data", "app/db"),
            ("v1/secret/data", "app/db"),
            ("ui/vault/secrets/secret", "app/db"),
            ("ui/vault/secrets/secret", "ui/vault/secrets/secret/show/app/db"),
        ] {
            assert_eq!(meant_by(mount, path), Some(("secret".to_owned(), "app/db".to_owned())), "{mount} {path}");
        }
        assert_eq!(meant_by("secret", "ui/vault/secrets/team/kv2/show/db"), Some(("team/kv2".to_owned(), "db".to_owned())));
        assert_eq!(meant_by("kv", "kv/kv/db"), Some(("kv".to_owned(), "kv/db".to_owned())));
    }

    #[test]
    fn an_ordinary_place_is_left_alone() {
        for (mount, path) in [
            ("secret", "app/db"),
            ("secret", "data/db"),
            ("secret", "secrets/db"),
            ("secret", "secret"),
            ("secret", "secret/"),
            ("secret", "app/secret/data/db"),
            ("v1", "db"),
            ("data", "db"),
            ("ui", "vault/db"),
            ("secret", "ui/vault/secrets/secret"),
            ("", ""),
        ] {
            assert_eq!(meant_by(mount, path), None, "{mount} {path}");
        }
    }
}

//! Whether the files of a configuration have changed since they were read.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The files that a configuration was read from, and those whose absence it rests on, as they were then.
#[derive(Debug, Default)]
pub(crate) struct Files(Vec<(PathBuf, Option<Stamp>)>);

/// When a file was written, and how long it is.
type Stamp = (SystemTime, u64);

impl Files {
    /// To be called before the file is read, so that a change while it is read counts.
    pub(super) fn watch(&mut self, path: impl AsRef<Path>) {
        let path = path.as_ref();
        self.0.push((path.to_owned(), stamp(path)));
    }

    /// Whether a file was changed, replaced, made or removed since.
    pub(crate) fn changed(&self) -> bool {
        self.0.iter().any(|(path, then)| stamp(path) != *then)
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    // Follows links: Kubernetes updates a mounted secret by pointing a link elsewhere.
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

/// Whether a text is PEM text or base64 of a certificate or a key rather than a path.
pub(super) fn is_content(text: &str) -> bool {
    // DER begins with a SEQUENCE, which is an M in base64. A path of such letters alone, neither absolute nor with a dot, is no path.
    let is_base64 = || {
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte.is_ascii_whitespace() || b"+/=\\".contains(&byte);
        text.trim_start().starts_with('M') && text.len() >= 40 && text.bytes().all(is_letter)
    };
    let is_text = ["-----", "BEGIN ", "END ", "\n", "\r", "\\n"].iter().any(|part| text.contains(part));
    is_text || is_base64() || text.len() > 4096
}

/// A path in a message, quoted; where a key or a certificate itself stands in its place, only that.
pub(super) fn shown(path: &str) -> String {
    if is_content(path) { "(a key or a certificate, where a path belongs)".to_owned() } else { format!("{path:?}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::tests::Directory;

    #[test]
    fn a_change_a_removal_and_an_appearance_are_noticed() {
        let directory = Directory::new();
        let there = directory.file("there.pem", "1");
        let missing = directory.path("missing.pem");
        let mut files = Files::default();
        files.watch(&there);
        files.watch(&missing);
        assert!(!files.changed());

        directory.file("there.pem", "12");
        assert!(files.changed());
        directory.file("there.pem", "1");
        let mut files = Files::default();
        files.watch(&there);
        files.watch(&missing);
        directory.file("missing.pem", "");
        assert!(files.changed());
        fs::remove_file(missing).unwrap();
        assert!(!files.changed());
        fs::remove_file(there).unwrap();
        assert!(files.changed());
    }
}

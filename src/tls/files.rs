//! Whether the files of a configuration have changed since they were read.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The files that a configuration was read from, and those whose absence it rests on, as they were then.
#[derive(Debug, Default)]
pub(crate) struct Files(Vec<(PathBuf, Option<Stamp>)>);

/// When a file was written, how long it is, and which file it is: another one may have the same time and length, as in the layers
/// of an image or after `rsync -t`.
type Stamp = (SystemTime, u64, [i128; 4]);

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
    Some((metadata.modified().ok()?, metadata.len(), identity(&metadata)))
}

/// The device, the file's number on it, and when its content or its number of names last changed, which no tool can set.
#[cfg(unix)]
fn identity(metadata: &fs::Metadata) -> [i128; 4] {
    use std::os::unix::fs::MetadataExt as _;
    [metadata.dev().into(), metadata.ino().into(), metadata.ctime().into(), metadata.ctime_nsec().into()]
}

#[cfg(not(unix))]
fn identity(_: &fs::Metadata) -> [i128; 4] {
    [0; 4]
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

    #[cfg(unix)]
    #[test]
    fn another_file_of_the_same_length_and_time_is_noticed() {
        let directory = Directory::new();
        let path = directory.file("ca.pem", "one");
        let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1);
        let set_time = |path: &str| fs::File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
        set_time(&path);
        let mut files = Files::default();
        files.watch(&path);
        assert!(!files.changed());
        // As by rsync -t, and as by a link that leads elsewhere.
        let beside = directory.file("beside", "two");
        set_time(&beside);
        fs::rename(beside, &path).unwrap();
        assert!(files.changed());
        // In place.
        let mut files = Files::default();
        files.watch(&path);
        std::thread::sleep(std::time::Duration::from_millis(20));
        fs::write(&path, "six").unwrap();
        set_time(&path);
        assert!(files.changed());
    }
}

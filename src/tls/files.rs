//! Whether the files of a configuration have changed since they were read.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use once_cell::sync::OnceCell;
use zeroize::Zeroizing;

use crate::file::{Problem, Workers, read_regular};

/// The files that a configuration was read from, and those whose absence it rests on, as they were then.
#[derive(Debug)]
pub(crate) struct Files {
    seen: Vec<Seen>,
    /// Until when files are waited for.
    deadline: Instant,
    workers: Workers,
    mounts: OnceCell<Arc<Mounts>>,
}

#[derive(Debug, Clone)]
struct Seen {
    path: PathBuf,
    stamp: Option<Stamp>,
    /// It lies on a disk of this machine, or in its memory: whatever uses the machine waits for that.
    local: bool,
}

/// When a file was written, how long it is, and which file it is: another one may have the same time and length, as in the layers
/// of an image or after `rsync -t`.
type Stamp = (SystemTime, u64, [i128; 4]);

/// How long a look at files takes at most that were read already; they are taken for unchanged then.
const LOOK: Duration = Duration::from_secs(2);

/// What `VAULT_CLIENT_TIMEOUT=0` leaves for a file.
const ONE_TRY: Duration = Duration::from_secs(30);

impl Default for Files {
    fn default() -> Self {
        Self::within(Duration::ZERO, &Workers::default())
    }
}

impl Files {
    /// Files that are waited for so long, all together, on these threads.
    pub(super) fn within(limit: Duration, workers: &Workers) -> Self {
        let limit = if limit.is_zero() { ONE_TRY } else { limit };
        Self { seen: Vec::new(), deadline: Instant::now() + limit, workers: workers.clone(), mounts: OnceCell::new() }
    }

    /// Reads a file, and remembers it.
    pub(super) fn read(&mut self, path: impl AsRef<Path>, max_bytes: usize) -> Result<Zeroizing<Vec<u8>>, Problem> {
        let path = path.as_ref().to_owned();
        let mounts = self.mounts();
        let read = move || {
            // Before it is read, so that a change while it is read counts.
            let seen = Seen::new(path, &mounts);
            let content = read_regular(&seen.path, max_bytes);
            (seen, content)
        };
        let (seen, content) = self.do_in_time(read)?;
        self.seen.push(seen);
        content
    }

    /// Reads the files in a directory, and remembers them and the directory. Links are followed: a directory made by openssl rehash
    /// or mounted by Kubernetes has nothing else.
    pub(super) fn read_directory(&mut self, path: &Path, max_files: usize, max_bytes: usize) -> Result<Vec<Content>, Problem> {
        let (path, mounts) = (path.to_owned(), self.mounts());
        let (seen, contents) = self.do_in_time(move || read_all(path, &mounts, max_files, max_bytes))??;
        self.seen.extend(seen);
        Ok(contents)
    }

    /// Does what uses the file system, within the time that is left.
    pub(super) fn do_in_time<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        Ok(self.workers.within(self.deadline, &|| false, work)?)
    }

    fn mounts(&self) -> Arc<Mounts> {
        Arc::clone(self.mounts.get_or_init(|| Arc::new(Mounts::read())))
    }

    /// Whether a file was changed, replaced, made or removed since.
    pub(crate) fn changed(&self) -> bool {
        if self.seen.iter().any(|seen| seen.local && seen.changed()) {
            return true;
        }
        let away: Vec<Seen> = self.seen.iter().filter(|seen| !seen.local).cloned().collect();
        if away.is_empty() {
            return false;
        }
        self.workers.within(Instant::now() + LOOK, &|| false, move || away.iter().any(Seen::changed)).unwrap_or(false)
    }
}

/// A file and what is in it.
type Content = (PathBuf, Result<Zeroizing<Vec<u8>>, Problem>);

fn read_all(path: PathBuf, mounts: &Mounts, max_files: usize, max_bytes: usize) -> io::Result<(Vec<Seen>, Vec<Content>)> {
    let entries = fs::read_dir(&path)?;
    let mut seen = vec![Seen::new(path, mounts)];
    let mut contents = Vec::new();
    for entry in entries.flatten().take(max_files).filter(|entry| entry.path().is_file()) {
        seen.push(Seen::new(entry.path(), mounts));
        contents.push((entry.path(), read_regular(entry.path(), max_bytes)));
    }
    Ok((seen, contents))
}

impl Seen {
    fn new(path: PathBuf, mounts: &Mounts) -> Self {
        Self { stamp: stamp(&path), local: mounts.is_local(&path), path }
    }

    fn changed(&self) -> bool {
        stamp(&self.path) != self.stamp
    }
}

/// The numbers of the devices whose file systems need no server and no other program.
#[derive(Debug)]
struct Mounts(Vec<String>);

#[cfg(target_os = "linux")]
impl Mounts {
    fn read() -> Self {
        const LOCAL: [&str; 12] =
            ["btrfs", "erofs", "ext2", "ext3", "ext4", "f2fs", "overlay", "ramfs", "squashfs", "tmpfs", "xfs", "zfs"];
        // Source: proc_pid_mountinfo(5): the third field is the device; the type follows a dash.
        let device_of = |line: &str| {
            let kind = line.split(' ').skip_while(|field| *field != "-").nth(1)?;
            line.split(' ').nth(2).filter(|_| LOCAL.contains(&kind)).map(str::to_owned)
        };
        Self(fs::read_to_string("/proc/self/mountinfo").unwrap_or_default().lines().filter_map(device_of).collect())
    }

    /// Whether a file, or the directory where it would be, lies on one of them.
    fn is_local(&self, path: &Path) -> bool {
        use std::os::unix::fs::MetadataExt as _;
        let there = fs::metadata(path).ok().or_else(|| fs::metadata(path.parent()?).ok());
        there.is_some_and(|there| self.0.contains(&format!("{}:{}", libc::major(there.dev()), libc::minor(there.dev()))))
    }
}

#[cfg(not(target_os = "linux"))]
impl Mounts {
    fn read() -> Self {
        Self(Vec::new())
    }

    fn is_local(&self, _: &Path) -> bool {
        self.0.is_empty()
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

    impl Files {
        fn watch(&mut self, path: &str) {
            drop(self.read(path, 100));
        }
    }

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

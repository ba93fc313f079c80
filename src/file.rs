//! Files that settings name, read within bounds: regular files only, whole, and never more than a limit.

mod worker;

use std::fmt;
use std::fs::{self, File, FileType, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::time::SystemTime;

use zeroize::Zeroizing;

pub(crate) use crate::file::worker::{Stopped, Workers};

use crate::resource::Resource;

/// How often a file is read that changes while it is read.
const MAX_READS: usize = 5;

/// Why a file cannot be read. What it displays completes `The file "…" `, and never quotes the file's content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Problem {
    /// There is no such file, or a directory above it is missing.
    #[error("does not exist")]
    Missing,
    /// This process may not read it, or not search a directory above it.
    #[error("may not be read by the user of this process")]
    Denied,
    /// It is a directory.
    #[error("is a directory")]
    Directory,
    /// It is a pipe, a socket or a device, in words.
    #[error("is {0}, not a regular file")]
    NotRegular(&'static str),
    /// It has more bytes than the limit.
    #[error("is larger than {}", Size(*.max_bytes))]
    TooLarge {
        /// The limit.
        max_bytes: usize,
    },
    /// Its length or its time changed during each of several reads.
    #[error("changes while it is read")]
    Changing,
    /// Its file system did not answer in time.
    #[error("cannot be read: its file system does not answer")]
    StandsStill,
    /// The process has nothing left of what it takes to read it.
    #[error("cannot be read: {}", .0.words())]
    UsedUp(Resource),
    /// The system's reason.
    #[error("cannot be read ({0})")]
    Unreadable(String),
}

impl Problem {
    /// What the process has none left of, where that is why.
    pub(crate) fn used_up(&self) -> Option<Resource> {
        match self {
            Self::UsedUp(resource) => Some(*resource),
            _ => None,
        }
    }

    /// What the administrator can do about it: the rest of a sentence after `What to do: `.
    pub(crate) fn advice(&self) -> &'static str {
        match self {
            Self::Missing => "put it there, or correct the path",
            Self::Denied => "let the user of this process read the file and search the directories above it",
            Self::Directory => "name the file in it",
            Self::NotRegular(_) => {
                "write the content into a file and name that: a pipe or a device could keep the server from starting"
            }
            Self::TooLarge { .. } => "name the file that holds only what is needed",
            Self::Changing => "replace the file in one step: write a new one beside it and rename it",
            Self::StandsStill => {
                "check the mount (a network share whose server is away, a stopped FUSE program; try: findmnt -T FILE)"
            }
            Self::UsedUp(resource) => resource.advice(),
            Self::Unreadable(_) => "check the file and its file system",
        }
    }
}

impl From<Stopped> for Problem {
    fn from(_: Stopped) -> Self {
        Self::StandsStill
    }
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        if let Some(resource) = Resource::from_error(&error) {
            return Self::UsedUp(resource);
        }
        match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => Self::Missing,
            ErrorKind::PermissionDenied => Self::Denied,
            ErrorKind::IsADirectory => Self::Directory,
            // The system's own words for a number: they quote neither path nor content.
            _ => Self::Unreadable(error.to_string()),
        }
    }
}

/// A number of bytes, for example `64 KiB`.
struct Size(usize);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const KIB: usize = 1024;
        const MIB: usize = 1024 * KIB;
        match self.0 {
            size if size >= MIB && size.is_multiple_of(MIB) => write!(f, "{} MiB", size / MIB),
            size if size >= KIB && size.is_multiple_of(KIB) => write!(f, "{} KiB", size / KIB),
            size => write!(f, "{size} bytes"),
        }
    }
}

/// The content of the regular file at `path`, links followed, if it has at most `max_bytes`. The buffer is wiped when it is dropped,
/// and no other copy is left in memory.
///
/// It does not wait for a pipe's writer, and it does not read pipes, sockets and devices: what can be read only once cannot be read
/// again for the next login. `/dev/fd/N` and `/dev/stdin` are read where they lead to a regular file. A file that is written to
/// meanwhile is read again, so that no half of it is taken for the whole.
pub(crate) fn read_regular(path: impl AsRef<Path>, max_bytes: usize) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let path = path.as_ref();
    // Before it is opened: to open a device may already do something.
    check_regular(fs::metadata(path)?.file_type())?;
    for _ in 0..MAX_READS {
        let file = open(path)?;
        let before = file.metadata()?;
        check_regular(before.file_type())?;
        let content = read(&file, before.len(), max_bytes)?;
        if stamp(&before) == stamp(&file.metadata()?) {
            return Ok(content);
        }
    }
    Err(Problem::Changing)
}

#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    // Somebody may put a pipe there between the look and the opening.
    OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).open(path)
}

fn check_regular(kind: FileType) -> Result<(), Problem> {
    if kind.is_file() {
        return Ok(());
    }
    if kind.is_dir() {
        return Err(Problem::Directory);
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        if kind.is_fifo() {
            return Err(Problem::NotRegular("a pipe"));
        }
        if kind.is_socket() {
            return Err(Problem::NotRegular("a socket"));
        }
    }
    Err(Problem::NotRegular("a device"))
}

fn stamp(metadata: &Metadata) -> (u64, Option<SystemTime>) {
    (metadata.len(), metadata.modified().ok())
}

/// Reads to the end. `expected` is what the system says of the length: 0 for files of `/proc`.
fn read(mut file: &File, expected: u64, max_bytes: usize) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let too_large = || Problem::TooLarge { max_bytes };
    let expected = usize::try_from(expected).ok().filter(|expected| *expected <= max_bytes).ok_or_else(too_large)?;
    // One byte more than there should be: to see the end, and to see more than the limit.
    let mut content = zeroed(expected.max(511) + 1)?;
    let mut length = 0;
    loop {
        let Some(room) = content.get_mut(length..).filter(|room| !room.is_empty()) else {
            // The old buffer is wiped, not left behind by growing.
            let mut larger = zeroed(content.len() * 2)?;
            larger.iter_mut().zip(content.iter()).for_each(|(new, old)| *new = *old);
            content = larger;
            continue;
        };
        match file.read(room) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
        if length > max_bytes {
            return Err(too_large());
        }
    }
    content.truncate(length);
    Ok(content)
}

fn zeroed(length: usize) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let mut buffer = Vec::new();
    buffer.try_reserve_exact(length).map_err(|_| Problem::UsedUp(Resource::Memory))?;
    buffer.resize(length, 0);
    Ok(Zeroizing::new(buffer))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::io::Write as _;
    use std::os::fd::AsRawFd as _;
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::os::unix::net::UnixListener;
    use std::process::Command;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use super::*;
    use crate::tls::tests::Directory;

    /// Fails where a read waits.
    fn read(path: &str, max_bytes: usize) -> Result<Vec<u8>, Problem> {
        let (sender, receiver) = mpsc::channel();
        let path = path.to_owned();
        thread::spawn(move || sender.send(read_regular(path, max_bytes).map(|content| content.to_vec())));
        receiver.recv_timeout(Duration::from_secs(10)).expect("the read does not end")
    }

    #[test]
    fn a_file_is_read_up_to_its_limit_and_not_beyond() {
        let directory = Directory::new();
        for length in [0, 1, 511, 512, 513, 1_023, 1_024, 70_000] {
            let content: Vec<u8> = (0..length).map(|i| i as u8).collect();
            let path = directory.file("file", &content);
            assert_eq!(read(&path, length), Ok(content.clone()), "{length}");
            assert_eq!(read(&path, 100_000), Ok(content), "{length}");
            if length > 0 {
                assert_eq!(read(&path, length - 1), Err(Problem::TooLarge { max_bytes: length - 1 }), "{length}");
            }
        }
    }

    #[test]
    fn what_is_no_regular_file_is_named_and_never_waited_for() {
        let directory = Directory::new();
        let (pipe, socket, linked) = (directory.path("pipe"), directory.path("socket"), directory.path("linked"));
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let _listener = UnixListener::bind(&socket).unwrap();
        symlink(&pipe, &linked).unwrap();
        for (path, expected) in [
            (pipe.as_str(), Problem::NotRegular("a pipe")),
            (&linked, Problem::NotRegular("a pipe")),
            (&socket, Problem::NotRegular("a socket")),
            ("/dev/zero", Problem::NotRegular("a device")),
            ("/dev/null", Problem::NotRegular("a device")),
            ("/", Problem::Directory),
            ("/nowhere/file", Problem::Missing),
            ("/dev/null/file", Problem::Missing),
            ("", Problem::Missing),
        ] {
            assert_eq!(read(path, 1_000), Err(expected), "{path}");
        }
        let (reader, mut writer) = io::pipe().unwrap();
        writer.write_all(b"content").unwrap();
        assert_eq!(read(&format!("/dev/fd/{}", reader.as_raw_fd()), 1_000), Err(Problem::NotRegular("a pipe")));
    }

    #[test]
    fn a_pipe_that_replaces_the_file_after_the_look_is_not_waited_for() {
        let directory = Directory::new();
        let pipe = directory.path("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || sender.send(open(Path::new(&pipe)).map(|file| file.metadata().unwrap().file_type())));
        let kind = receiver.recv_timeout(Duration::from_secs(10)).expect("to open a pipe waits for its writer").unwrap();
        assert_eq!(check_regular(kind), Err(Problem::NotRegular("a pipe")));
    }

    #[test]
    fn an_open_file_is_read_by_its_number_and_a_file_of_proc_without_a_length() {
        let directory = Directory::new();
        let file = File::open(directory.file("file", "content")).unwrap();
        assert_eq!(read(&format!("/dev/fd/{}", file.as_raw_fd()), 1_000), Ok(b"content".to_vec()));
        #[cfg(target_os = "linux")]
        {
            assert!(read("/proc/self/status", 100_000).unwrap().len() > 100);
            assert_eq!(read("/proc/self/status", 100), Err(Problem::TooLarge { max_bytes: 100 }));
        }
    }

    #[test]
    fn a_file_that_grows_has_an_end() {
        let directory = Directory::new();
        let path = directory.file("log", "");
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut file = OpenOptions::new().append(true).open(&path).unwrap();
                while !stop.load(Ordering::Relaxed) {
                    file.write_all(&[b'x'; 4_096]).unwrap();
                }
            });
            thread::sleep(Duration::from_millis(20));
            let outcome = read(&path, 100_000);
            stop.store(true, Ordering::Relaxed);
            assert!(matches!(outcome, Err(Problem::TooLarge { .. } | Problem::Changing)), "{outcome:?}");
        });
    }

    #[test]
    fn half_a_file_is_never_taken_for_the_whole() {
        let directory = Directory::new();
        let path = directory.file("token", "first");
        let stop = AtomicBool::new(false);
        let whole = [vec![b'a'; 3_000], vec![b'b'; 5_000]];
        fs::write(&path, &whole[0]).unwrap();
        thread::scope(|scope| {
            scope.spawn(|| {
                for content in whole.iter().cycle() {
                    // As an editor or an agent replaces it.
                    let beside = directory.file("beside", content);
                    fs::rename(beside, &path).unwrap();
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                }
            });
            let mut read_whole = 0;
            for _ in 0..2_000 {
                if let Ok(content) = read_regular(&path, 100_000) {
                    assert!(whole.contains(&content), "{} bytes", content.len());
                    read_whole += 1;
                }
            }
            stop.store(true, Ordering::Relaxed);
            assert!(read_whole > 1_000, "{read_whole}");
        });
    }

    #[test]
    fn what_is_denied_is_said() {
        let directory = Directory::new();
        let path = directory.file("file", "content");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
        // root may read everything.
        let expected = if File::open(&path).is_ok() { Ok(b"content".to_vec()) } else { Err(Problem::Denied) };
        assert_eq!(read(&path, 1_000), expected);
        let denied: Problem = io::Error::from(ErrorKind::PermissionDenied).into();
        assert_eq!(denied, Problem::Denied);
    }

    #[test]
    fn a_problem_is_said_in_words_that_follow_the_file() {
        assert_eq!(Problem::TooLarge { max_bytes: 64 * 1_024 }.to_string(), "is larger than 64 KiB");
        assert_eq!(Problem::TooLarge { max_bytes: 4 << 20 }.to_string(), "is larger than 4 MiB");
        assert_eq!(Problem::TooLarge { max_bytes: 1_000 }.to_string(), "is larger than 1000 bytes");
        assert_eq!(Problem::NotRegular("a pipe").to_string(), "is a pipe, not a regular file");
    }
}

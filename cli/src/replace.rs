//! Replaces a file: at every moment there is the old one or the new one, whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes `content` to `path`, in the place of what may be there, with mode, owner and SELinux label of the file `model`. No link
/// is followed.
///
/// # Errors
///
/// What the system says; what was there is then as it was.
pub(crate) fn write_as(model: &Path, path: &Path, content: &[u8]) -> io::Result<()> {
    let temporary = Temporary::beside(path)?;
    {
        let mut file = temporary.create()?;
        copy_rights(model, &temporary.0, &file)?;
        file.write_all(content)?;
        file.sync_all()?;
    }
    fs::rename(&temporary.0, path)?;
    std::mem::forget(temporary);
    sync_folder(path);
    Ok(())
}

/// Whether the file that `path` names could be replaced, as far as that can be known without writing to it.
///
/// # Errors
///
/// What the system says.
pub(crate) fn check(path: &Path) -> io::Result<()> {
    let path = path.canonicalize()?;
    let temporary = Temporary::beside(&path)?;
    copy_rights(&path, &temporary.0, &temporary.create()?)
}

/// A file that is removed unless it took the place of the other.
struct Temporary(PathBuf);

impl Temporary {
    fn beside(path: &Path) -> io::Result<Self> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy().into_owned();
        Ok(Self(path.with_file_name(format!(".{name}.vault-cipher-{}", std::process::id()))))
    }

    /// Closed to others from the beginning.
    fn create(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&self.0)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(unix)]
fn copy_rights(from: &Path, to: &Path, file: &File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};

    let (old, new) = (fs::metadata(from)?, file.metadata()?);
    if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
        fchown(file, Some(old.uid()), Some(old.gid())).map_err(|e| {
            io::Error::new(
                e.kind(),
                format!("the new file cannot be given to the owner of the old one: run this as that user or root ({e})"),
            )
        })?;
    }
    // After the owner, which takes set-user bits away.
    file.set_permissions(old.permissions())?;
    copy_label(from, to);
    Ok(())
}

#[cfg(not(unix))]
fn copy_rights(from: &Path, _: &Path, file: &File) -> io::Result<()> {
    file.set_permissions(fs::metadata(from)?.permissions())
}

/// SELinux's label, where there is one. Without the right to set it the new file has the folder's, as any editor's would.
#[cfg(target_os = "linux")]
fn copy_label(from: &Path, to: &Path) {
    const LABEL: &str = "security.selinux";
    let mut label = [0_u8; 512];
    if let Ok(length) = rustix::fs::getxattr(from, LABEL, &mut label[..])
        && let Some(label) = label.get(..length)
    {
        let _ = rustix::fs::setxattr(to, LABEL, label, rustix::fs::XattrFlags::empty());
    }
}

#[cfg(all(unix, not(target_os = "linux")))]
fn copy_label(_: &Path, _: &Path) {}

/// After a power failure the folder must know the new file; not every file system can be asked for it.
fn sync_folder(path: &Path) {
    if let Some(folder) = path.parent().and_then(|folder| File::open(folder).ok()) {
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("vault-cipher-replace-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn a_file_is_replaced_with_its_mode() {
        let folder = folder("mode");
        let file = folder.join("a.properties");
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        let copy = folder.join("copy");
        for path in [&copy, &file] {
            check(&file).unwrap();
            write_as(&file, path, b"new").unwrap();
            assert_eq!(fs::read(path).unwrap(), b"new");
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o7777, 0o640);
        }
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2, "a temporary file is left");
    }

    #[test]
    fn what_cannot_be_replaced_stays_as_it_is() {
        let folder = folder("missing");
        let none = folder.join("none");
        assert!(check(&none).is_err() && write_as(&none, &none, b"x").is_err());
        // Something is at the temporary file's place.
        let file = folder.join("b");
        fs::write(&file, "old").unwrap();
        fs::create_dir_all(folder.join(format!(".b.vault-cipher-{}", std::process::id()))).unwrap();
        assert!(check(&file).is_err() && write_as(&file, &file, b"new").is_err());
        assert_eq!(fs::read(&file).unwrap(), b"old");
    }
}

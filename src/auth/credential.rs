//! Credentials in files: read anew at each login, trimmed, and never shown.

use std::fs::File;
use std::io::{ErrorKind, Read};

use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind as Kind, Problem};
use crate::host::Host;
use crate::secret::Secret;
use crate::settings::{Setting, Sources, Value};

/// A token has a hundred bytes, a JWT one or two thousand.
const MAX: u64 = 64 * 1024;

/// A credential that stands in `setting` itself or in the file that `in_file` names. `what` is both in words: the
/// credential with its article, and the file without.
pub(super) fn find(
    setting: &Setting,
    in_file: &Setting,
    (what, file_what): (&'static str, &'static str),
    method: &'static str,
    sources: Sources<'_>,
) -> Result<(Secret, Value), Error> {
    if let Some(value) = setting.find(sources)? {
        return Ok((Secret::new(value.trimmed().to_owned()), value));
    }
    let Some(file) = in_file.find(sources)? else {
        let places = format!("{}, or a file with it: {}", setting.places(), in_file.places());
        return Err(Kind::NotConfigured { method, what, places }.into());
    };
    let secret = read(&file, file_what)?;
    warn_if_others_may_read(&file, file_what, sources.host);
    Ok((secret, file))
}

/// Why a credential's file has none.
pub(super) enum Unreadable {
    Missing,
    Denied,
    Directory,
    Other(std::io::Error),
    TooLarge,
    NotText,
    Empty,
}

/// The content of a credential's file, trimmed.
pub(super) fn content(path: &str) -> Result<Secret, Unreadable> {
    // Room for all of it at once, so that no copy is left behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX as usize + 1));
    File::open(path).and_then(|f| f.take(MAX + 1).read_to_end(&mut bytes)).map_err(|e| match e.kind() {
        ErrorKind::NotFound => Unreadable::Missing,
        ErrorKind::PermissionDenied => Unreadable::Denied,
        ErrorKind::IsADirectory => Unreadable::Directory,
        _ => Unreadable::Other(e),
    })?;
    if bytes.len() as u64 > MAX {
        return Err(Unreadable::TooLarge);
    }
    match str::from_utf8(&bytes).map(str::trim) {
        Ok("") => Err(Unreadable::Empty),
        Ok(text) => Ok(Secret::new(text.to_owned())),
        Err(_) => Err(Unreadable::NotText),
    }
}

/// Reads the file that `file` names.
pub(super) fn read(file: &Value, what: &'static str) -> Result<Secret, Error> {
    let failed = |problem: &str, advice: &str| {
        let problem = Problem::new(problem, advice);
        Error::from(Kind::File { what, path: file.trimmed().to_owned(), origin: file.origin.to_string(), problem })
    };
    content(file.trimmed()).map_err(|why| match why {
        Unreadable::Missing => failed("does not exist", "put it there, or correct the path"),
        Unreadable::Denied => {
            failed("may not be read by the user of this process", "make that user its owner (chown, chmod 600)")
        }
        Unreadable::Directory => failed("is a directory", "name the file in it"),
        Unreadable::Other(e) => failed(&format!("cannot be read: {e}"), "check it"),
        Unreadable::TooLarge => failed("is larger than 64 KiB", "name the file that holds the credential and nothing else"),
        Unreadable::NotText => failed("is not UTF-8 text", "name the file that holds the credential and nothing else"),
        Unreadable::Empty => failed("is empty", "see why whoever writes it did not"),
    })
}

/// The content of a file as a token that goes into an HTTP header.
pub(super) fn token(content: Secret, file: &Value, what: &'static str) -> Result<Secret, Error> {
    match content.expose().bytes().position(|b| !b.is_ascii_graphic()) {
        None => Ok(content),
        Some(at) => {
            let problem = Problem::new(
                format!("holds no token: byte {} is not a visible ASCII character", at + 1),
                "name the file that holds the token and nothing else",
            );
            Err(Kind::File { what, path: file.trimmed().to_owned(), origin: file.origin.to_string(), problem }.into())
        }
    }
}

/// A credential's file is for its owner, and perhaps for a group.
pub(super) fn warn_if_others_may_read(file: &Value, what: &str, host: &dyn Host) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(file.trimmed()).map(|metadata| metadata.permissions().mode()).unwrap_or_default();
        if mode & 0o004 != 0 {
            host.warn(&format!("Every user of this machine may read the {what} {:?}; chmod o-r mends it", file.trimmed()));
        }
    }
}

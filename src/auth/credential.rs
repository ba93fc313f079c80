//! Credentials in files: read again at each login, waited for when they come late, trimmed, and never shown.

use crate::auth::Context;
use crate::cloud::Search;
use crate::error::{Error, ErrorKind, Problem, Tries};
use crate::file::{self, read_regular};
use crate::resource::Resource;
use crate::secret::Secret;
use crate::settings::{IN_QUOTES, Origin, Setting, Value, is_in_quotes};
use crate::text::{character, invisible, shown_file};

/// A token has a hundred bytes, a JWT one or two thousand.
const MAX_BYTES: usize = 64 * 1024;

/// A credential that stands in a setting or in a file, and what messages call both.
pub(super) struct Credential {
    pub(super) setting: &'static Setting,
    pub(super) in_file: &'static Setting,
    /// With its article, such as `the role-id`.
    pub(super) what: &'static str,
    /// Without, such as `role-id file`.
    pub(super) file: &'static str,
    /// A password may hold any character; all others are words of visible ones.
    pub(super) any_character: bool,
}

impl Credential {
    /// The credential, and where it stands; `None` when it is set nowhere.
    pub(super) fn find(&self, context: &Context<'_>) -> Result<Option<(Secret, Value)>, Error> {
        let (secret, value) = match (self.setting.find(context.sources)?, self.in_file.find(context.sources)?) {
            (Some(value), _) => (Secret::new(value.trimmed().to_owned()), value),
            (None, Some(file)) => {
                let secret = read(&file, self.file, context)?;
                warn_if_others_may_read(&file, self.file, context);
                (secret, file)
            }
            (None, None) => return Ok(None),
        };
        if !self.any_character {
            check(&secret).map_err(|problem| value.refuse(problem))?;
        }
        Ok(Some((secret, value)))
    }

    /// The credential, without which `method` cannot log in.
    pub(super) fn require(&self, method: &'static str, context: &Context<'_>) -> Result<(Secret, Value), Error> {
        self.find(context)?.ok_or_else(|| self.missing(method))
    }

    /// The error that it is set nowhere.
    pub(super) fn missing(&self, method: &'static str) -> Error {
        let places = format!("{}, or a file with it: {}", self.setting.places(), self.in_file.places());
        ErrorKind::NotConfigured { method, what: self.what, places }.into()
    }
}

/// The search for the identity that a cloud gives to this machine.
pub(super) fn search<'a>(context: &Context<'a>, method: &'static str) -> Search<'a> {
    let context = *context;
    Search::new(context.client, context.sources, method, Box::new(move |file, what| read(file, what, &context)))
}

/// Refuses what a credential does not hold, and what somebody pasted or quoted by mistake.
fn check(secret: &Secret) -> Result<(), Problem> {
    if is_in_quotes(secret.expose()) {
        return Err(IN_QUOTES.into());
    }
    match secret.expose().chars().find(|c| invisible(*c).is_some()) {
        Some(c) => Err(Problem::new(format!("it holds {}", character(c)), "write it again without that")),
        None => Ok(()),
    }
}

/// Why a credential's file has none. What it displays completes `The file "…" `.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreadable {
    #[error("{0}")]
    File(file::Problem),
    #[error("is UTF-16 text, as some Windows tools write it")]
    Utf16,
    #[error("is not UTF-8 text")]
    NotText,
    #[error("is empty")]
    Empty,
}

impl Unreadable {
    /// Whether the file may be written yet, by an agent for one.
    fn may_pass(&self) -> bool {
        matches!(self, Self::File(file::Problem::Missing | file::Problem::Changing) | Self::Empty)
    }

    /// What the process has none left of, where that is why.
    fn used_up(&self) -> Option<Resource> {
        match self {
            Self::File(problem) => problem.used_up(),
            _ => None,
        }
    }

    /// What the administrator can do about it.
    pub(super) fn advice(&self) -> &'static str {
        match self {
            Self::File(file::Problem::Denied) => {
                "make the user of this process its owner (chown, chmod 600); in a pod set fsGroup, and for a Secret defaultMode: 0440"
            }
            Self::File(problem) => problem.advice(),
            Self::Utf16 => "save it as UTF-8 (PowerShell: Set-Content -Encoding ascii)",
            Self::NotText => "name the file that holds the credential and nothing else",
            Self::Empty => "see why the program that writes it did not",
        }
    }
}

/// The content of a credential's file: trimmed, without a byte order mark. Waits for the file system as long as there is time.
fn content(path: &str, context: &Context<'_>) -> Result<Result<Secret, Unreadable>, Error> {
    let path = path.to_owned();
    let bytes = context.client.read_in_time(move || read_regular(path, MAX_BYTES))?;
    Ok(bytes.map_err(Unreadable::File).and_then(|bytes| of_bytes(&bytes)))
}

fn of_bytes(bytes: &[u8]) -> Result<Secret, Unreadable> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(Unreadable::Utf16);
    }
    let text = str::from_utf8(bytes).map_err(|_| Unreadable::NotText)?;
    match text.trim_start_matches('\u{feff}').trim() {
        "" => Err(Unreadable::Empty),
        text => Ok(Secret::new(text.to_owned())),
    }
}

/// Reads the file that `file` names. One that is not there yet, or is empty, is waited for: an agent or a kubelet may be about to
/// write it. Not where nobody named it: the kubelet mounts its own files before it starts a container.
pub(super) fn read(file: &Value, what: &'static str, context: &Context<'_>) -> Result<Secret, Error> {
    read_with(file, what, context, |why| why.advice().to_owned())
}

/// The same with other advice.
pub(super) fn read_with(
    file: &Value,
    what: &'static str,
    context: &Context<'_>,
    advice: impl Fn(&Unreadable) -> String,
) -> Result<Secret, Error> {
    let mut patience = context.client.patience();
    loop {
        let why = match content(file.trimmed(), context)? {
            Ok(content) => return Ok(content),
            Err(why) => why,
        };
        let waits = why.may_pass() && file.origin != Origin::Default;
        if waits && patience.wait(format!("The {what} {} (from {}) {why}", shown_file(file.trimmed()), file.origin))? {
            continue;
        }
        let tries = patience
            .tries()
            .map(|Tries { count, time }| format!(", after {count} tries in {:.0} s", time.as_secs_f32()))
            .unwrap_or_default();
        let problem = Problem::new(format!("{why}{tries}"), advice(&why)).because(why.used_up());
        return Err(failed(file, what, problem));
    }
}

/// The error that the file cannot be used.
pub(super) fn failed(file: &Value, what: &'static str, problem: impl Into<Problem>) -> Error {
    let (path, origin) = (file.trimmed().to_owned(), file.origin.to_string());
    ErrorKind::File { what, path, origin, problem: problem.into() }.into()
}

/// The content of a file as a token that goes into an HTTP header.
pub(super) fn token(content: Secret, file: &Value, what: &'static str) -> Result<Secret, Error> {
    if is_in_quotes(content.expose()) {
        return Err(failed(file, what, ("holds quotes around the token", "remove them")));
    }
    match content.expose().bytes().position(|b| !b.is_ascii_graphic()) {
        None => Ok(content),
        Some(at) => Err(failed(
            file,
            what,
            (
                format!("holds no token: byte {} is not a visible ASCII character", at + 1),
                "name the file that holds the token and nothing else",
            ),
        )),
    }
}

/// A credential's file is for its owner, and perhaps for a group.
#[cfg_attr(not(unix), expect(unused_variables, reason = "files have a mode on Unix only"))]
pub(super) fn warn_if_others_may_read(file: &Value, what: &str, context: &Context<'_>) {
    if context.again {
        return;
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;

        use crate::text::shown_path;

        let path = file.trimmed().to_owned();
        let mode = context.client.read_in_time(move || Ok(std::fs::metadata(path)?.permissions().mode()));
        if matches!(mode, Ok(Ok(mode)) if mode & 0o004 != 0) {
            context.sources.host.warn(&format!(
                "Every user of this machine may read the {what} {}; chmod o-r fixes it, and for a \
                 Kubernetes Secret fsGroup and defaultMode: 0440",
                shown_path(file.trimmed())
            ));
        }
    }
}

//! The operating system's certificates.

use std::env;
use std::path::Path;

use rustls::pki_types::CertificateDer;

use crate::error::{Error, ErrorKind, Problem};
use crate::host::Host;
use crate::tls::files::{Files, shown};
use crate::tls::named;

const FILE: &str = "SSL_CERT_FILE";
const DIRECTORIES: &str = "SSL_CERT_DIR";

/// The certificates that the operating system trusts, or those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name in their place; at least one.
pub(super) fn certificates(host: &dyn Host, files: &mut Files) -> Result<Vec<CertificateDer<'static>>, Error> {
    let environment = host.environment();
    let (file, directories) = (environment.variable(FILE), environment.variable(DIRECTORIES));
    let (found, why) = if file.is_none() && directories.is_none() {
        let found = files.do_in_time(rustls_native_certs::load_native_certs);
        let found = found.map_err(|problem| refuse(Problem::new(format!("they {problem}"), problem.advice())))?;
        let why = found.errors.first().map_or_else(|| "there are none".to_owned(), |error| reason(&error.kind));
        (found.certs, why)
    } else {
        let mut found = Vec::new();
        if let Some(file) = file.map(Path::new) {
            found.extend(named::one_of_many(file, files.read(file, named::MAX_BYTES), FILE, host));
        }
        for directory in directories.iter().flat_map(env::split_paths).filter(|path| !path.as_os_str().is_empty()) {
            match files.read_directory(&directory, named::MAX_FILES, named::MAX_BYTES) {
                Ok(contents) => {
                    let named = contents.into_iter().filter(|(path, _)| is_named_by_hash(path));
                    found.extend(named.flat_map(|(path, content)| named::one_of_many(&path, content, DIRECTORIES, host)));
                }
                Err(problem) => {
                    let shown = shown(&directory.to_string_lossy());
                    host.warn(&format!("The directory {shown} of {DIRECTORIES} {problem}. What to do: {}", problem.advice()));
                }
            }
        }
        (found, format!("{FILE} and {DIRECTORIES} name none"))
    };
    if found.is_empty() {
        let problem = Problem::new(
            format!("none can be read ({why})"),
            "install them (Debian, Red Hat: package ca-certificates), or name the CA's certificate in VAULT_CACERT",
        );
        return Err(refuse(problem));
    }
    Ok(found)
}

fn refuse(problem: Problem) -> Error {
    ErrorKind::TrustStore { store: "the operating system's certificates".to_owned(), problem }.into()
}

/// Whether openssl finds a certificate in a directory under this name: eight hexadecimal digits, a dot and a number.
fn is_named_by_hash(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.split_once('.'));
    name.is_some_and(|(hash, number)| {
        hash.len() == 8 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) && number.parse::<u8>().is_ok()
    })
}

/// Why a file of the operating system cannot be read. The library's own words for broken PEM text quote it, and it may be a key.
fn reason(kind: &rustls_native_certs::ErrorKind) -> String {
    match kind {
        rustls_native_certs::ErrorKind::Io { inner, path } => format!("{}: {inner}", path.display()),
        rustls_native_certs::ErrorKind::Pem(_) => "a file has broken PEM text".to_owned(),
        _ => "the system refuses them".to_owned(),
    }
}

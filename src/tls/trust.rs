//! The union of all that is trusted: what the JVM trusts, and what the administrator names besides.

use rustls::pki_types::CertificateDer;

use crate::error::{Error, ErrorKind, Problem};
use crate::host::Host;
use crate::settings::Value;
use crate::tls::anchors::{Added, Anchors};
use crate::tls::files::Files;
use crate::tls::key_store::jvm;
use crate::tls::options::Options;
use crate::tls::{named, system};

/// All that is trusted.
pub(super) struct Trusted {
    pub(super) anchors: Anchors,
    /// Those of them that settings name, which the JVM does not know.
    pub(super) named: Vec<CertificateDer<'static>>,
    pub(super) trust: Trust,
}

/// Where the certificates to trust come from.
#[derive(Debug, Clone)]
pub(super) struct Trust {
    /// The stores and files, how many certificates each has and why it is used.
    pub(super) words: String,
    /// How a certificate is added.
    pub(super) import: String,
}

/// Reads all that is trusted.
pub(super) fn read(host: &dyn Host, options: &Options, files: &mut Files) -> Result<Trusted, Error> {
    let mut anchors = Anchors::default();
    let mut words = Vec::new();
    // First what was named on purpose: a mistake there is always an error.
    for Named { certificates, source } in named(host, options, files)? {
        let added = anchors.add(certificates);
        if added.usable == 0 {
            let problem = Problem::new("none of its certificates can be read", "check them with openssl x509 -text");
            return Err(ErrorKind::TrustStore { store: source, problem }.into());
        }
        anchors.note_source(&source);
        words.push(count(added, &source));
    }
    let mut without_jvm = String::new();
    let named = anchors.certificates().to_vec();
    let by_variable = "name its PEM file in VAULT_CACERT";
    let import = match jvm::read(host, files) {
        Ok(store) => {
            anchors.extend(store.anchors);
            anchors.note_source(&store.words);
            words.insert(0, store.words);
            format!("{}, or {by_variable}", store.import)
        }
        // No CA bundle on the machine, or a broken one, does not stop a server whose CA is known.
        Err(error) if !anchors.is_empty() => {
            without_jvm = format!(", but not the JVM's trust store ({})", error.statement());
            by_variable.to_owned()
        }
        Err(error) => return Err(error),
    };
    Ok(Trusted { anchors, named, trust: Trust { words: words.join(", and ") + &without_jvm, import } })
}

struct Named {
    certificates: Vec<CertificateDer<'static>>,
    source: String,
}

fn named(host: &dyn Host, options: &Options, files: &mut Files) -> Result<Vec<Named>, Error> {
    let in_file = |setting: &Value| format!("{:?} ({})", setting.text.as_str(), setting.origin);
    let mut named = Vec::new();
    if let Some(setting) = &options.ca_file {
        named.push(Named { certificates: named::file(setting, "CA certificate file", files)?, source: in_file(setting) });
    }
    if let Some(setting) = &options.ca_bytes {
        named.push(Named { certificates: named::text(setting)?, source: setting.origin.to_string() });
    }
    if let Some(setting) = &options.ca_path {
        named.push(Named {
            certificates: named::directory(setting, "CA certificate directory", host, files)?,
            source: in_file(setting),
        });
    }
    if options.system_roots {
        let source = "the operating system".to_owned();
        named.push(Named { certificates: system::certificates(host, files)?, source });
    }
    Ok(named)
}

fn count(Added { usable, unusable }: Added, source: &str) -> String {
    let plural = if usable == 1 { "" } else { "s" };
    match unusable {
        0 => format!("{usable} certificate{plural} of {source}"),
        _ => format!("{usable} certificate{plural} (and {unusable} that cannot be read) of {source}"),
    }
}

//! The server's own certificate: its names and its key.

use std::borrow::Cow;

use rustls::pki_types::{CertificateDer, ServerName};
use webpki::EndEntityCert;

use crate::tls::x509::without_critical;

/// A server's certificate as webpki can read it, for its names and its key: whether it may have the critical extensions that webpki does
/// not know has been judged.
pub(super) fn readable<'a>(certificate: &'a CertificateDer<'a>) -> Cow<'a, CertificateDer<'a>> {
    match EndEntityCert::try_from(certificate) {
        Err(webpki::Error::UnsupportedCriticalExtension) => {
            without_critical(certificate).map_or(Cow::Borrowed(certificate), |der| Cow::Owned(der.into()))
        }
        _ => Cow::Borrowed(certificate),
    }
}

/// Whether a server's certificate is for this name.
pub(super) fn check_name(server: &CertificateDer<'_>, name: &ServerName<'_>) -> Result<(), webpki::Error> {
    EndEntityCert::try_from(&*readable(server))?.verify_is_valid_for_subject_name(name)
}

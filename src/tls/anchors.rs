//! The certificates to trust: as webpki wants them, and whole.

use std::collections::HashSet;

use rustls::pki_types::{CertificateDer, TrustAnchor};
use webpki::anchor_from_trusted_cert;

/// Certificates to trust, each once.
#[derive(Default)]
pub(super) struct Anchors {
    /// Name, key and name constraints of each certificate.
    trusted: Vec<TrustAnchor<'static>>,
    /// The certificates themselves, in the same order.
    certificates: Vec<CertificateDer<'static>>,
    known: HashSet<CertificateDer<'static>>,
    /// Where they come from, in words, each with how many certificates there were up to its last one.
    sources: Vec<(String, usize)>,
}

/// How many certificates were added, and how many cannot be read.
#[derive(Clone, Copy)]
pub(super) struct Added {
    pub(super) usable: usize,
    pub(super) unusable: usize,
}

impl Anchors {
    /// Adds those that can be read. One that is there already counts as added.
    pub(super) fn add<'a>(&mut self, certificates: impl IntoIterator<Item = CertificateDer<'a>>) -> Added {
        let mut added = Added { usable: 0, unusable: 0 };
        for certificate in certificates {
            let Ok(anchor) = anchor_from_trusted_cert(&certificate).map(|anchor| anchor.to_owned()) else {
                added.unusable += 1;
                continue;
            };
            added.usable += 1;
            let certificate = certificate.into_owned();
            if self.known.insert(certificate.clone()) {
                self.trusted.push(anchor);
                self.certificates.push(certificate);
            }
        }
        added
    }

    /// Adds all of another one.
    pub(super) fn extend(&mut self, other: Self) {
        for (anchor, certificate) in other.trusted.into_iter().zip(other.certificates) {
            if self.known.insert(certificate.clone()) {
                self.trusted.push(anchor);
                self.certificates.push(certificate);
            }
        }
    }

    /// Notes where all that was added since the last note comes from.
    pub(super) fn note_source(&mut self, source: &str) {
        self.sources.push((source.to_owned(), self.certificates.len()));
    }

    /// Where this very certificate comes from, in words: the first of several sources.
    pub(super) fn source(&self, certificate: &CertificateDer<'_>) -> Option<&str> {
        let at = self.certificates.iter().position(|known| known == certificate)?;
        self.sources.iter().find(|(_, end)| at < *end).map(|(source, _)| source.as_str())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.certificates.is_empty()
    }

    /// As webpki wants them.
    pub(super) fn trusted(&self) -> &[TrustAnchor<'static>] {
        &self.trusted
    }

    /// The certificates, whole.
    pub(super) fn certificates(&self) -> &[CertificateDer<'static>] {
        &self.certificates
    }

    /// Whether this very certificate is among them, byte for byte.
    pub(super) fn contains(&self, certificate: &CertificateDer<'_>) -> bool {
        self.known.contains(certificate)
    }

    /// The certificate of one of [`Self::trusted`].
    pub(super) fn certificate(&self, anchor: &TrustAnchor<'_>) -> Option<&CertificateDer<'static>> {
        let at = self.trusted.iter().position(|known| std::ptr::eq(known, anchor))?;
        self.certificates.get(at)
    }
}

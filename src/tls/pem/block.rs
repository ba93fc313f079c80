//! The blocks of PEM text, and what can be wrong with one.

use std::fmt;
use std::ops::Range;

/// What a block holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tls) enum Kind {
    /// `CERTIFICATE`, and `X509 CERTIFICATE` of old.
    Certificate,
    /// `TRUSTED CERTIFICATE`: a certificate with openssl's marks of what it is trusted for.
    TrustedCertificate,
    /// `PRIVATE KEY`: PKCS #8.
    Pkcs8,
    /// `ENCRYPTED PRIVATE KEY`: PKCS #8 under a password.
    EncryptedPkcs8,
    /// `RSA PRIVATE KEY`: PKCS #1.
    Pkcs1,
    /// `EC PRIVATE KEY`: SEC 1.
    Sec1,
    /// A key that is encrypted in the way of old: its block has headers.
    EncryptedOfOld,
    /// Something else, by its name.
    Other(&'static str),
}

impl Kind {
    pub(super) fn from_label(label: &str) -> Self {
        match label {
            "CERTIFICATE" | "X509 CERTIFICATE" => Self::Certificate,
            "TRUSTED CERTIFICATE" => Self::TrustedCertificate,
            "PRIVATE KEY" => Self::Pkcs8,
            "ENCRYPTED PRIVATE KEY" => Self::EncryptedPkcs8,
            "RSA PRIVATE KEY" => Self::Pkcs1,
            "EC PRIVATE KEY" => Self::Sec1,
            "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => Self::Other("CERTIFICATE REQUEST"),
            "PUBLIC KEY" | "RSA PUBLIC KEY" => Self::Other("PUBLIC KEY"),
            "PKCS7" | "CMS" => Self::Other("PKCS7"),
            "X509 CRL" => Self::Other("X509 CRL"),
            "DSA PRIVATE KEY" => Self::Other("DSA PRIVATE KEY"),
            "OPENSSH PRIVATE KEY" => Self::Other("OPENSSH PRIVATE KEY"),
            "EC PARAMETERS" => Self::Other("EC PARAMETERS"),
            "DH PARAMETERS" => Self::Other("DH PARAMETERS"),
            // Its letters may be anything, a part of a key for example.
            _ => Self::Other("another kind"),
        }
    }

    /// The label, as messages say it.
    pub(in crate::tls) fn name(self) -> &'static str {
        match self {
            Self::Certificate => "CERTIFICATE",
            Self::TrustedCertificate => "TRUSTED CERTIFICATE",
            Self::Pkcs8 => "PRIVATE KEY",
            Self::EncryptedPkcs8 => "ENCRYPTED PRIVATE KEY",
            Self::Pkcs1 => "RSA PRIVATE KEY",
            Self::Sec1 => "EC PRIVATE KEY",
            Self::EncryptedOfOld => "PRIVATE KEY with Proc-Type",
            Self::Other(name) => name,
        }
    }
}

/// What is wrong with PEM text, and in which line (from 1). Displayed, it completes `PEM text …`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tls) struct Problem {
    pub(super) wrong: Wrong,
    pub(super) line: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    Label,
    NoEnd,
    OtherEnd,
    NoBegin,
    NotBase64,
    Empty,
    NotUtf16,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.line;
        match self.wrong {
            Wrong::Label => write!(f, "whose BEGIN or END line in line {line} is not a name between twice five dashes"),
            Wrong::NoEnd => write!(f, "whose block that begins in line {line} has no END line"),
            Wrong::OtherEnd => write!(f, "whose END line in line {line} names another kind than its BEGIN line"),
            Wrong::NoBegin => write!(f, "with an END line in line {line} that has no BEGIN line"),
            Wrong::NotBase64 => write!(f, "that is not base64 in line {line}"),
            Wrong::Empty => write!(f, "whose block that begins in line {line} is empty"),
            Wrong::NotUtf16 => f.write_str("in a broken UTF-16 encoding"),
        }
    }
}

/// A block, by its place in the text.
pub(super) struct Block {
    pub(super) kind: Kind,
    pub(super) line: usize,
    pub(super) body: Range<usize>,
}

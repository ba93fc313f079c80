//! The key store format of the JDK up to version 8 (JKS), and JCEKS, which differs in its magic number only as far as
//! certificates go. Read by hand because the whole store must cost less than a millisecond, a file that lies about its
//! lengths must not make the JVM allocate them, and without a password Java reads the store unchecked.

use std::collections::HashSet;

use aws_lc_rs::digest::{Context, Digest, SHA1_FOR_LEGACY_USE_ONLY as SHA1};
use zeroize::Zeroizing;

use crate::tls::x509::der::{OCTETS, OID, SEQUENCE, value};

const MAGIC_JKS: [u8; 4] = 0xfeed_feed_u32.to_be_bytes();
const MAGIC_JCEKS: [u8; 4] = 0xcece_cece_u32.to_be_bytes();
/// Stands between the password and the store in the digest at the end. The JDK's own words.
const WHITENER: &[u8] = b"Mighty Aphrodite";
const DIGEST: usize = 20;
/// OID 1.3.6.1.4.1.42.2.17.1.1: the JDK's own encryption of private keys.
const KEY_PROTECTOR: &[u8] = b"\x2b\x06\x01\x04\x01\x2a\x02\x11\x01\x01";

const PRIVATE_KEY: u32 = 1;
const TRUSTED_CERTIFICATE: u32 = 2;

/// What stands under one alias. Everything borrows from the file.
#[derive(Debug, PartialEq)]
pub(in crate::tls) enum Entry<'a> {
    /// A certificate to trust, DER.
    Trusted(&'a [u8]),
    /// A private key with its certificate chain, DER, the key's own certificate first.
    Key {
        /// The key, encrypted with a password (an `EncryptedPrivateKeyInfo`).
        protected: &'a [u8],
        /// The chain.
        chain: Vec<&'a [u8]>,
    },
}

impl<'a> Entry<'a> {
    /// Its certificates, the own one first.
    pub(in crate::tls) fn certificates(&self) -> &[&'a [u8]] {
        match self {
            Self::Trusted(certificate) => std::slice::from_ref(certificate),
            Self::Key { chain, .. } => chain,
        }
    }
}

/// Why a store cannot be read.
#[derive(Debug, PartialEq)]
pub(in crate::tls) enum Problem {
    /// It ends too early or breaks the format.
    Damaged,
    /// The digest does not fit: another password, or the file was changed.
    Password,
    /// A version or a kind of entry that is not known.
    Unknown(String),
}

/// "JKS" or "JCEKS" when `file` begins like one.
pub(in crate::tls) fn kind(file: &[u8]) -> Option<&'static str> {
    match file.first_chunk() {
        Some(&MAGIC_JKS) => Some("JKS"),
        Some(&MAGIC_JCEKS) => Some("JCEKS"),
        _ => None,
    }
}

/// What is in a store.
#[derive(Debug, PartialEq)]
pub(in crate::tls) struct Store<'a> {
    pub(in crate::tls) entries: Vec<Entry<'a>>,
    /// Whether a name is there twice, or one that Java writes in small letters and so would not find: then it passes over entries.
    pub(in crate::tls) has_odd_names: bool,
}

/// Every entry of the store. Without a password its integrity is not checked, as in Java.
pub(in crate::tls) fn read<'a>(file: &'a [u8], password: Option<&str>) -> Result<Store<'a>, Problem> {
    let (content, digest) = file.split_last_chunk::<DIGEST>().ok_or(Problem::Damaged)?;
    let mut rest = Cursor(content);
    rest.take(MAGIC_JKS.len())?;
    let version = rest.number()?;
    if !matches!(version, 1 | 2) {
        return Err(Problem::Unknown(format!("version {version}")));
    }
    let count = rest.number()?;
    let mut entries = Vec::new();
    let mut names = HashSet::new();
    let mut has_odd_names = false;
    for _ in 0..count {
        let (name, entry) = rest.entry(version)?;
        has_odd_names |= std::str::from_utf8(name).ok().is_none_or(|name| name.to_lowercase() != name) || !names.insert(name);
        entries.push(entry);
    }
    if !rest.0.is_empty() {
        return Err(Problem::Damaged);
    }
    match password {
        Some(password) if digest_of(password, content).as_ref() != digest => Err(Problem::Password),
        _ => Ok(Store { entries, has_odd_names }),
    }
}

fn digest_of(password: &str, content: &[u8]) -> Digest {
    sum(&[&utf16(password), WHITENER, content])
}

fn sum(parts: &[&[u8]]) -> Digest {
    let mut sum = Context::new(&SHA1);
    parts.iter().for_each(|part| sum.update(part));
    sum.finish()
}

/// The private key of an entry (PKCS #8), taken out of its protection. JCEKS protects its keys in another way.
///
/// The protected text is a salt, the key under a stream of SHA-1 sums (each of the password and the sum before, the
/// first of the password and the salt), and the sum of the password and the key.
pub(in crate::tls) fn unprotect(protected: &[u8], password: &str) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let (algorithm, text) = protected_text(protected).ok_or(Problem::Damaged)?;
    if algorithm != KEY_PROTECTOR {
        return Err(Problem::Unknown("the encryption of its key".to_owned()));
    }
    let (salt, text) = text.split_first_chunk::<DIGEST>().ok_or(Problem::Damaged)?;
    let (text, check) = text.split_last_chunk::<DIGEST>().ok_or(Problem::Damaged)?;

    let password = utf16(password);
    let mut key = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut last = sum(&[&password, salt]);
    for block in text.chunks(DIGEST) {
        key.extend(block.iter().zip(last.as_ref()).map(|(byte, mask)| byte ^ mask));
        last = sum(&[&password, last.as_ref()]);
    }
    if sum(&[&password, &key]).as_ref() == check { Ok(key) } else { Err(Problem::Password) }
}

/// `EncryptedPrivateKeyInfo ::= SEQUENCE { SEQUENCE { algorithm OID, … }, OCTET STRING }`
fn protected_text(protected: &[u8]) -> Option<(&[u8], &[u8])> {
    let (info, _) = value(SEQUENCE, protected)?;
    let (algorithm, info) = value(SEQUENCE, info)?;
    let (algorithm, _) = value(OID, algorithm)?;
    let (text, _) = value(OCTETS, info)?;
    Some((algorithm, text))
}

/// The password as the JDK feeds it to SHA-1: every UTF-16 unit, high byte first.
fn utf16(password: &str) -> Zeroizing<Vec<u8>> {
    // The most it can need, so that no half-filled buffer is left behind by growing.
    let mut bytes = Zeroizing::new(Vec::with_capacity(password.len() * 2));
    for unit in password.encode_utf16() {
        bytes.extend_from_slice(&unit.to_be_bytes());
    }
    bytes
}

struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Problem> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Problem::Damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    fn number(&mut self) -> Result<u32, Problem> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or(Problem::Damaged)?;
        self.0 = rest;
        Ok(u32::from_be_bytes(*bytes))
    }

    /// Bytes after their length in four bytes.
    fn block(&mut self) -> Result<&'a [u8], Problem> {
        let length = self.number()?;
        self.take(usize::try_from(length).map_err(|_| Problem::Damaged)?)
    }

    /// A string after its length in two bytes, in the JVM's modified UTF-8.
    fn text(&mut self) -> Result<&'a [u8], Problem> {
        let (length, rest) = self.0.split_first_chunk().ok_or(Problem::Damaged)?;
        self.0 = rest;
        self.take(u16::from_be_bytes(*length).into())
    }

    fn certificate(&mut self, version: u32) -> Result<&'a [u8], Problem> {
        // Version 1 knew X.509 only and wrote no type.
        if version != 1 && !matches!(self.text()?, b"X.509" | b"X509") {
            return Err(Problem::Unknown("a certificate that is not X.509".to_owned()));
        }
        self.block()
    }

    /// An entry after its name.
    fn entry(&mut self, version: u32) -> Result<(&'a [u8], Entry<'a>), Problem> {
        let kind = self.number()?;
        let name = self.text()?;
        self.take(8)?; // when it was made
        match kind {
            TRUSTED_CERTIFICATE => Ok((name, Entry::Trusted(self.certificate(version)?))),
            PRIVATE_KEY => {
                let protected = self.block()?;
                let mut chain = Vec::new();
                for _ in 0..self.number()? {
                    chain.push(self.certificate(version)?);
                }
                Ok((name, Entry::Key { protected, chain }))
            }
            // JCEKS has secret keys as serialised Java objects, whose end only Java can find.
            other => Err(Problem::Unknown(format!("entry of kind {other}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(entries: &[(u32, &[u8])], password: &str) -> Vec<u8> {
        let mut file = MAGIC_JKS.to_vec();
        file.extend(2_u32.to_be_bytes());
        file.extend((entries.len() as u32).to_be_bytes());
        for (kind, rest) in entries {
            file.extend(kind.to_be_bytes());
            file.extend(b"\0\x05alias");
            file.extend([0; 8]);
            file.extend(*rest);
        }
        let digest = digest_of(password, &file);
        file.extend(digest.as_ref());
        file
    }

    const CERTIFICATE: &[u8] = b"\0\x05X.509\0\0\0\x03abc";

    #[test]
    fn certificates_and_keys_are_found() {
        let key = [b"\0\0\0\x02kk\0\0\0\x01".as_slice(), CERTIFICATE].concat();
        let file = store(&[(2, CERTIFICATE), (1, &key)], "pässword");
        let entries = vec![Entry::Trusted(b"abc"), Entry::Key { protected: b"kk", chain: vec![b"abc"] }];
        assert_eq!(read(&file, Some("pässword")), Ok(Store { entries, has_odd_names: true }), "both have one name");
        assert_eq!(kind(&file), Some("JKS"));
    }

    #[test]
    fn the_password_matters_only_when_there_is_one() {
        let file = store(&[(2, CERTIFICATE)], "right");
        assert_eq!(read(&file, Some("wrong")), Err(Problem::Password));
        assert_eq!(read(&file, None).map(|store| (store.entries.len(), store.has_odd_names)), Ok((1, false)));
    }

    #[test]
    fn a_changed_byte_is_noticed_with_a_password() {
        let mut file = store(&[(2, CERTIFICATE)], "right");
        let last_of_certificate = file.len() - DIGEST - 1;
        file[last_of_certificate] ^= 1;
        assert_eq!(read(&file, Some("right")), Err(Problem::Password));
    }

    #[test]
    fn a_file_cut_anywhere_is_damaged_and_never_a_panic() {
        let file = store(&[(2, CERTIFICATE), (2, CERTIFICATE)], "right");
        for length in 0..file.len() {
            assert!(read(&file[..length], None).is_err(), "cut at {length}");
        }
    }

    #[test]
    fn a_length_that_lies_allocates_nothing() {
        let key = b"\0\0\0\x02kk\xff\xff\xff\xff".as_slice();
        assert_eq!(read(&store(&[(1, key)], ""), None), Err(Problem::Damaged));
        assert_eq!(read(&store(&[(2, b"\0\x05X.509\xff\xff\xff\xffabc")], ""), None), Err(Problem::Damaged));
    }

    #[test]
    fn what_only_java_can_read_is_said() {
        assert_eq!(read(&store(&[(3, b"")], ""), None), Err(Problem::Unknown("entry of kind 3".to_owned())));
    }
}

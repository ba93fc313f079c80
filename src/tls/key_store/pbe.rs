//! Encryption and integrity under a password, as PKCS #12 files have them: RFC 7292 (the old ways), RFC 8018 (PBES2). What
//! else there is (scrypt, AES-GCM, PBMAC1) no JDK up to 25 writes; Java is asked for it.

use std::num::NonZeroU32;

use aws_lc_rs::cipher::{AES_128, AES_192, AES_256, Algorithm, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::{digest, hmac, pbkdf2};
use cbc::Decryptor;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockCipherDecrypt, BlockModeDecrypt, KeyInit, KeyIvInit};
use des::TdesEde3;
use rc2::Rc2;
use zeroize::Zeroizing;

use crate::tls::x509::der::{self, INTEGER, NULL, OCTETS, SEQUENCE, only, value};

// OIDs, each the content of its DER value.
const SHA1_AND_TRIPLE_DES: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x03";
const SHA1_AND_RC2_40: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x06";
const PBES2: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d";
const PBKDF2: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c";
const HMAC_SHA1: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x02\x07";
const HMAC_SHA256: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x02\x09";
const HMAC_SHA384: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x02\x0a";
const HMAC_SHA512: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x02\x0b";
const AES_128_CBC: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x01\x02";
const AES_192_CBC: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x01\x16";
const AES_256_CBC: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x01\x2a";
const TRIPLE_DES_CBC: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x03\x07";
const SHA1: &[u8] = b"\x2b\x0e\x03\x02\x1a";
const SHA224: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02\x04";
const SHA256: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02\x01";
const SHA384: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02\x02";
const SHA512: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02\x03";

/// Two hundred times what the JDK and openssl write, which takes about a second. More keeps a server from its start.
const MAX_ITERATIONS: u32 = 2_000_000;

/// The shortest salt that Java takes.
const MIN_SALT: usize = 8;

/// How many iterations of a digest one file may still ask for, all of its parts together.
#[derive(Clone, Copy)]
pub(in crate::tls) struct Effort(u32);

impl Effort {
    pub(in crate::tls) fn new() -> Self {
        Self(MAX_ITERATIONS)
    }

    /// Takes the number in an INTEGER.
    fn take(&mut self, count: &[u8]) -> Result<u32, Problem> {
        let count = der::small(count).filter(|count| *count > 0).ok_or(Problem::Damaged)?;
        self.0 = self.0.checked_sub(count).ok_or(Problem::Unsupported)?;
        Ok(count)
    }
}

/// Why a store cannot be read.
#[derive(Debug, PartialEq)]
pub(in crate::tls) enum Problem {
    /// The password does not open it.
    Password,
    /// It is encrypted, and there is no password.
    PasswordMissing,
    /// An encryption that is not supported.
    Unsupported,
    /// It ends too early or breaks the format.
    Damaged,
}

/// What a derived key is for: RFC 7292, appendix B.3.
#[derive(Clone, Copy)]
enum Purpose {
    Key = 1,
    Iv = 2,
    Mac = 3,
}

/// Checks the digest of `content` under the password: `SEQUENCE { SEQUENCE { algorithm, digest }, salt, iterations DEFAULT 1 }`.
pub(in crate::tls) fn check(mac: &[u8], content: &[u8], password: &str, effort: &mut Effort) -> Result<(), Problem> {
    let parts = || {
        let (info, mac) = value(SEQUENCE, mac)?;
        let (salt, count) = value(OCTETS, mac)?;
        let count = if count.is_empty() { &[1] } else { only(INTEGER, count)? };
        let (algorithm, digest) = value(SEQUENCE, info)?;
        Some((der::oid(algorithm)?, only(OCTETS, digest)?, salt, count))
    };
    let ((algorithm, parameters), digest, salt, count) = parts().ok_or(Problem::Damaged)?;
    let (hash, hmac) = match algorithm {
        SHA1 => (&digest::SHA1_FOR_LEGACY_USE_ONLY, hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
        SHA224 => (&digest::SHA224, hmac::HMAC_SHA224),
        SHA256 => (&digest::SHA256, hmac::HMAC_SHA256),
        SHA384 => (&digest::SHA384, hmac::HMAC_SHA384),
        SHA512 => (&digest::SHA512, hmac::HMAC_SHA512),
        _ => return Err(Problem::Unsupported),
    };
    check_parameters(parameters, salt)?;
    let count = effort.take(count)?;
    let key = derived(hash, Purpose::Mac, password, salt, count, hash.output_len());
    hmac::verify(&hmac::Key::new(hmac, &key), content, digest).map_err(|_| Problem::Password)
}

/// What Java asks of a digest and a salt.
fn check_parameters(of_digest: &[u8], salt: &[u8]) -> Result<(), Problem> {
    let is_none = of_digest.is_empty() || only(NULL, of_digest).is_some_and(<[u8]>::is_empty);
    if is_none && salt.len() >= MIN_SALT { Ok(()) } else { Err(Problem::Unsupported) }
}

/// The private key (PKCS #8) in an `EncryptedPrivateKeyInfo ::= SEQUENCE { algorithm SEQUENCE, OCTET STRING }`.
pub(in crate::tls) fn decrypt_key(info: &[u8], password: &str, effort: &mut Effort) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let parts = || {
        let (info, _) = value(SEQUENCE, info)?;
        let (algorithm, info) = value(SEQUENCE, info)?;
        Some((algorithm, value(OCTETS, info)?.0))
    };
    let (algorithm, encrypted) = parts().ok_or(Problem::Damaged)?;
    let key = decrypt(algorithm, encrypted, password, effort)?;
    // Of 256 wrong passwords one gives a padding that looks right.
    match value(SEQUENCE, &key) {
        Some((_, [])) => Ok(key),
        _ => Err(Problem::Password),
    }
}

/// Decrypts what `algorithm` (`OID, parameters`) encrypted.
pub(in crate::tls) fn decrypt(
    algorithm: &[u8],
    encrypted: &[u8],
    password: &str,
    effort: &mut Effort,
) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let (kind, parameters) = der::oid(algorithm).ok_or(Problem::Damaged)?;
    if !matches!(kind, PBES2 | SHA1_AND_TRIPLE_DES | SHA1_AND_RC2_40) {
        return Err(Problem::Unsupported);
    }
    let parameters = only(SEQUENCE, parameters).ok_or(Problem::Damaged)?;
    if kind == PBES2 {
        return pbes2(parameters, encrypted, password, effort);
    }
    let (salt, count) = value(OCTETS, parameters).ok_or(Problem::Damaged)?;
    check_parameters(&[], salt)?;
    let count = effort.take(only(INTEGER, count).ok_or(Problem::Damaged)?)?;
    let derive = |purpose, length| derived(&digest::SHA1_FOR_LEGACY_USE_ONLY, purpose, password, salt, count, length);
    let iv = derive(Purpose::Iv, 8);
    match kind {
        SHA1_AND_TRIPLE_DES => cbc::<TdesEde3>(&derive(Purpose::Key, 24), &iv, encrypted),
        _ => cbc::<Rc2>(&derive(Purpose::Key, 5), &iv, encrypted),
    }
}

/// `SEQUENCE { PBKDF2, SEQUENCE { salt, iterations, length OPTIONAL, prf SEQUENCE DEFAULT HMAC-SHA1 } }, SEQUENCE { cipher, iv }`
fn pbes2(parameters: &[u8], encrypted: &[u8], password: &str, effort: &mut Effort) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let parts = || {
        let (derivation, scheme) = value(SEQUENCE, parameters)?;
        Some((der::oid(derivation)?, der::oid(only(SEQUENCE, scheme)?)?))
    };
    let ((derivation, of_derivation), (scheme, iv)) = parts().ok_or(Problem::Damaged)?;
    let (algorithm, length) = match scheme {
        AES_128_CBC => (Some(&AES_128), 16),
        AES_192_CBC => (Some(&AES_192), 24),
        AES_256_CBC => (Some(&AES_256), 32),
        TRIPLE_DES_CBC => (None, 24),
        _ => return Err(Problem::Unsupported),
    };
    if derivation != PBKDF2 {
        return Err(Problem::Unsupported);
    }
    let parts = || {
        let (salt, rest) = value(OCTETS, only(SEQUENCE, of_derivation)?)?;
        let (count, rest) = value(INTEGER, rest)?;
        let (key_length, rest) = der::optional(INTEGER, rest);
        let prf = if rest.is_empty() { (HMAC_SHA1, rest) } else { der::oid(only(SEQUENCE, rest)?)? };
        Some((salt, count, key_length, prf, only(OCTETS, iv)?))
    };
    let (salt, count, key_length, (prf, of_prf), iv) = parts().ok_or(Problem::Damaged)?;
    let prf = match prf {
        HMAC_SHA1 => pbkdf2::PBKDF2_HMAC_SHA1,
        HMAC_SHA256 => pbkdf2::PBKDF2_HMAC_SHA256,
        HMAC_SHA384 => pbkdf2::PBKDF2_HMAC_SHA384,
        HMAC_SHA512 => pbkdf2::PBKDF2_HMAC_SHA512,
        _ => return Err(Problem::Unsupported),
    };
    check_parameters(of_prf, salt)?;
    if key_length.is_some_and(|said| der::small(said).and_then(|said| usize::try_from(said).ok()) != Some(length)) {
        return Err(Problem::Unsupported);
    }
    let count = NonZeroU32::new(effort.take(count)?).ok_or(Problem::Damaged)?;
    let mut key = Zeroizing::new(vec![0; length]);
    pbkdf2::derive(prf, count, salt, password.as_bytes(), &mut key);
    match algorithm {
        Some(algorithm) => aes(algorithm, &key, iv, encrypted),
        None => cbc::<TdesEde3>(&key, iv, encrypted),
    }
}

fn aes(algorithm: &'static Algorithm, key: &[u8], iv: &[u8], encrypted: &[u8]) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let iv = <[u8; 16]>::try_from(iv).map_err(|_| Problem::Damaged)?;
    let key = UnboundCipherKey::new(algorithm, key).and_then(PaddedBlockDecryptingKey::cbc_pkcs7);
    let key = key.map_err(|_| Problem::Unsupported)?;
    let mut plain = Zeroizing::new(encrypted.to_vec());
    // The padding tells a wrong password, where there is no digest.
    let length = key.decrypt(&mut plain, DecryptionContext::Iv128(FixedLength::from(iv))).map_err(|_| Problem::Password)?.len();
    plain.truncate(length);
    Ok(plain)
}

fn cbc<C: BlockCipherDecrypt + KeyInit>(key: &[u8], iv: &[u8], encrypted: &[u8]) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let cipher = Decryptor::<C>::new_from_slices(key, iv).map_err(|_| Problem::Damaged)?;
    let mut plain = Zeroizing::new(encrypted.to_vec());
    let length = cipher.decrypt_padded::<Pkcs7>(&mut plain).map_err(|_| Problem::Password)?.len();
    plain.truncate(length);
    Ok(plain)
}

/// RFC 7292, appendix B.2.
fn derived(
    hash: &'static digest::Algorithm,
    purpose: Purpose,
    password: &str,
    salt: &[u8],
    count: u32,
    length: usize,
) -> Zeroizing<Vec<u8>> {
    let block = hash.block_len();
    let whole = |text: &[u8]| text.len().div_ceil(block) * block;
    let password = bmp(password);
    // One block after the other: the salt, then the password, each repeated to whole blocks.
    let mut input = Zeroizing::new(Vec::with_capacity(whole(salt) + whole(&password)));
    input.extend(salt.iter().cycle().take(whole(salt)));
    input.extend(password.iter().cycle().take(whole(&password)));

    let mut key = Zeroizing::new(Vec::with_capacity(length + hash.output_len()));
    while key.len() < length {
        let mut context = digest::Context::new(hash);
        context.update(&vec![purpose as u8; block]);
        context.update(&input);
        let mut sum = context.finish();
        for _ in 1..count {
            sum = digest::digest(hash, sum.as_ref());
        }
        key.extend_from_slice(sum.as_ref());
        for block in input.chunks_mut(block) {
            add(block, sum.as_ref());
        }
    }
    key.truncate(length);
    key
}

/// Adds `sum`, repeated to its length, and one to a number of `block`'s length.
fn add(block: &mut [u8], sum: &[u8]) {
    let mut carry = 1;
    let repeated: Vec<u8> = sum.iter().cycle().take(block.len()).copied().collect();
    for (digit, other) in block.iter_mut().zip(repeated).rev() {
        let total = u16::from(*digit) + u16::from(other) + carry;
        *digit = total as u8;
        carry = total >> 8;
    }
}

/// The password as the old ways feed it to their digest: every UTF-16 unit, high byte first, and a zero at the end.
fn bmp(password: &str) -> Zeroizing<Vec<u8>> {
    // The most it can need, so that no half-filled buffer is left behind by growing.
    let mut bytes = Zeroizing::new(Vec::with_capacity(password.len() * 2 + 2));
    for unit in password.encode_utf16() {
        bytes.extend_from_slice(&unit.to_be_bytes());
    }
    bytes.extend_from_slice(&[0, 0]);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with: openssl kdf -keylen 24 -kdfopt digest:SHA1 … -kdfopt id:1 PKCS12KDF, which knows the same examples as others.
    #[test]
    fn the_old_derivation_is_that_of_others() {
        let derive = |hash, purpose, length| {
            let key = derived(hash, purpose, "smeg", b"\x0a\x58\xcf\x64\x53\x0d\x82\x3f", 1, length);
            key.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        };
        let sha1 = &digest::SHA1_FOR_LEGACY_USE_ONLY;
        assert_eq!(derive(sha1, Purpose::Key, 24), "8aaae6297b6cb04642ab5b077851284eb7128f1a2a7fbca3");
        assert_eq!(derive(sha1, Purpose::Iv, 8), "79993dfe048d3b76");
    }
}

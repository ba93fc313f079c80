//! The extensions of a certificate that say what it may be used for.

use crate::tls::x509::der::{self, BITS, BOOLEAN, OCTETS, OID, SEQUENCE, value};
use crate::tls::x509::{Certificate, EXTENSIONS, Extension, oid};

/// Context-specific tags of an authority key identifier.
const KEY_ID: u8 = 0x80;
const AUTHORITY: u8 = 0xa1;
const SERIAL: u8 = 0x82;

/// The bits of a key usage, the first one is 0.
const DIGITAL_SIGNATURE: usize = 0;
const KEY_CERT_SIGN: usize = 5;
/// The bit of a Netscape certificate type.
const SSL_SERVER: usize = 1;

impl<'a> Certificate<'a> {
    /// The extension with this OID.
    pub(in crate::tls) fn extension(&self, id: &[u8]) -> Option<Extension<'a>> {
        self.extensions.iter().find(|extension| extension.id == id).copied()
    }

    /// Whether it says that it is a CA's: `SEQUENCE { cA BOOLEAN DEFAULT FALSE, … }`.
    pub(in crate::tls) fn is_ca(&self) -> bool {
        let constraints = self.extension(oid::BASIC_CONSTRAINTS).and_then(|extension| value(SEQUENCE, extension.content));
        constraints.is_some_and(|(constraints, _)| value(BOOLEAN, constraints).is_some_and(|(ca, _)| ca != [0]))
    }

    /// Whether its key may sign certificates: always where it does not say.
    pub(in crate::tls) fn may_sign_certificates(&self) -> bool {
        self.has_bit(oid::KEY_USAGE, KEY_CERT_SIGN)
    }

    /// Whether its key may sign handshakes, as all of today's do: always where it does not say.
    pub(in crate::tls) fn may_sign_handshakes(&self) -> bool {
        self.has_bit(oid::KEY_USAGE, DIGITAL_SIGNATURE)
    }

    /// Whether its Netscape certificate type, if there is one, is that of a server.
    pub(in crate::tls) fn is_netscape_server(&self) -> bool {
        self.has_bit(oid::NETSCAPE_CERT_TYPE, SSL_SERVER)
    }

    /// Whether this bit is set in a BIT STRING (its first byte counts the unused bits at the end); true without the extension.
    fn has_bit(&self, id: &[u8], bit: usize) -> bool {
        let Some(extension) = self.extension(id) else { return true };
        let bits = value(BITS, extension.content).and_then(|(bits, _)| bits.get(1..)).unwrap_or_default();
        bits.get(bit / 8).is_some_and(|byte| byte & (0x80 >> (bit % 8)) != 0)
    }

    /// Whether its extended key usage, if there is one, allows TLS servers: serverAuth, any, or one of the two of old that Java
    /// takes as well (server gated cryptography).
    pub(in crate::tls) fn is_for_servers(&self) -> bool {
        const FOR_SERVERS: [&[u8]; 4] = [oid::SERVER_AUTH, oid::ANY_USAGE, oid::MICROSOFT_SGC, oid::NETSCAPE_SGC];
        let Some(extension) = self.extension(oid::EXTENDED_KEY_USAGE) else { return true };
        let usages = value(SEQUENCE, extension.content).and_then(|(usages, _)| der::all(OID, usages)).unwrap_or_default();
        usages.iter().any(|usage| FOR_SERVERS.contains(usage))
    }

    /// Whether what it says of its issuer's key fits `issuer`: the key's identifier, and the serial number of its certificate.
    /// `SEQUENCE { [0] key OPTIONAL, [1] issuer OPTIONAL, [2] serial OPTIONAL }`
    pub(in crate::tls) fn names_as_issuer(&self, issuer: &Certificate<'_>) -> bool {
        let Some(extension) = self.extension(oid::AUTHORITY_KEY_IDENTIFIER) else { return true };
        let Some((authority, _)) = value(SEQUENCE, extension.content) else { return false };
        let (key, authority) = der::optional(KEY_ID, authority);
        let (_, authority) = der::optional(AUTHORITY, authority);
        let (serial, _) = der::optional(SERIAL, authority);
        let known = issuer.extension(oid::SUBJECT_KEY_IDENTIFIER).and_then(|extension| value(OCTETS, extension.content));
        let fits = |said: Option<&[u8]>, is: Option<&[u8]>| said.is_none_or(|said| is.is_none_or(|is| is == said));
        fits(key, known.map(|(known, _)| known)) && fits(serial, Some(issuer.serial))
    }
}

/// The certificate with the same extensions, none of them critical. Its signature does not fit any more: for names and the key only, once
/// the whole chain was judged.
pub(in crate::tls) fn without_critical(der: &[u8]) -> Option<Vec<u8>> {
    let (tbs, signature) = value(SEQUENCE, der::only(SEQUENCE, der)?)?;
    let mut rest = tbs;
    let (extensions, before) = loop {
        let (tag, content, after) = der::any(rest)?;
        if tag == EXTENSIONS {
            break (content, tbs.get(..tbs.len() - rest.len())?);
        }
        rest = after;
    };
    let extension = |extension: &[u8]| {
        let (id, rest) = der::oid(extension)?;
        let (_, content) = der::optional(BOOLEAN, rest);
        Some(der::wrap(SEQUENCE, &[&der::wrap(OID, id), content].concat()))
    };
    let extensions =
        der::all(SEQUENCE, der::only(SEQUENCE, extensions)?)?.into_iter().map(extension).collect::<Option<Vec<_>>>()?;
    let extensions = der::wrap(EXTENSIONS, &der::wrap(SEQUENCE, &extensions.concat()));
    let tbs = der::wrap(SEQUENCE, &[before, &extensions].concat());
    Some(der::wrap(SEQUENCE, &[&tbs, signature].concat()))
}

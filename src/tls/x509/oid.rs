//! Object identifiers (the content of their DER value), and what they are called.

pub(in crate::tls) const RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
pub(in crate::tls) const DSA: &[u8] = b"\x2a\x86\x48\xce\x38\x04\x01";
pub(in crate::tls) const EC: &[u8] = b"\x2a\x86\x48\xce\x3d\x02\x01";
pub(in crate::tls) const P256: &[u8] = b"\x2a\x86\x48\xce\x3d\x03\x01\x07";
pub(in crate::tls) const P384: &[u8] = b"\x2b\x81\x04\x00\x22";
pub(in crate::tls) const P521: &[u8] = b"\x2b\x81\x04\x00\x23";
pub(in crate::tls) const ED25519: &[u8] = b"\x2b\x65\x70";
pub(in crate::tls) const SERVER_AUTH: &[u8] = b"\x2b\x06\x01\x05\x05\x07\x03\x01";
pub(in crate::tls) const ANY_USAGE: &[u8] = b"\x55\x1d\x25\x00";
/// 1.3.6.1.4.1.311.10.3.3
pub(in crate::tls) const MICROSOFT_SGC: &[u8] = b"\x2b\x06\x01\x04\x01\x82\x37\x0a\x03\x03";
/// 2.16.840.1.113730.4.1
pub(in crate::tls) const NETSCAPE_SGC: &[u8] = b"\x60\x86\x48\x01\x86\xf8\x42\x04\x01";
/// 2.16.840.1.113730.1.1
pub(in crate::tls) const NETSCAPE_CERT_TYPE: &[u8] = b"\x60\x86\x48\x01\x86\xf8\x42\x01\x01";

// Extensions of certificates, 2.5.29.N.
pub(in crate::tls) const SUBJECT_KEY_IDENTIFIER: &[u8] = b"\x55\x1d\x0e";
pub(in crate::tls) const KEY_USAGE: &[u8] = b"\x55\x1d\x0f";
pub(in crate::tls) const BASIC_CONSTRAINTS: &[u8] = b"\x55\x1d\x13";
pub(in crate::tls) const NAME_CONSTRAINTS: &[u8] = b"\x55\x1d\x1e";
pub(in crate::tls) const CRL_DISTRIBUTION_POINTS: &[u8] = b"\x55\x1d\x1f";
pub(in crate::tls) const AUTHORITY_KEY_IDENTIFIER: &[u8] = b"\x55\x1d\x23";
pub(in crate::tls) const POLICY_CONSTRAINTS: &[u8] = b"\x55\x1d\x24";
pub(in crate::tls) const EXTENDED_KEY_USAGE: &[u8] = b"\x55\x1d\x25";
pub(in crate::tls) const INHIBIT_ANY_POLICY: &[u8] = b"\x55\x1d\x36";
pub(in crate::tls) const SUBJECT_ALTERNATIVE_NAME: &[u8] = b"\x55\x1d\x11";

/// What [`signature`] calls RSA with PSS padding.
pub(in crate::tls) const RSASSA_PSS: &str = "rsassa-pss";

/// The algorithms that sign certificates, today's and those of old, which are met among the refused ones.
const SIGNATURES: [(&[u8], &str); 16] = [
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x02", "md2WithRSAEncryption"),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04", "md5WithRSAEncryption"),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05", "sha1WithRSAEncryption"),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a", RSASSA_PSS),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b", "sha256WithRSAEncryption"),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c", "sha384WithRSAEncryption"),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d", "sha512WithRSAEncryption"),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0e", "sha224WithRSAEncryption"),
    (b"\x2a\x86\x48\xce\x38\x04\x03", "dsa-with-SHA1"),
    (b"\x2a\x86\x48\xce\x3d\x04\x01", "ecdsa-with-SHA1"),
    (b"\x2a\x86\x48\xce\x3d\x04\x03\x01", "ecdsa-with-SHA224"),
    (b"\x2a\x86\x48\xce\x3d\x04\x03\x02", "ecdsa-with-SHA256"),
    (b"\x2a\x86\x48\xce\x3d\x04\x03\x03", "ecdsa-with-SHA384"),
    (b"\x2a\x86\x48\xce\x3d\x04\x03\x04", "ecdsa-with-SHA512"),
    (b"\x2b\x65\x70", "ed25519"),
    (b"\x2b\x65\x71", "ed448"),
];

/// The parts of a name, abbreviated as openssl does.
const ATTRIBUTES: [(&[u8], &str); 16] = [
    (b"\x55\x04\x03", "CN"),
    (b"\x55\x04\x04", "SN"),
    (b"\x55\x04\x05", "serialNumber"),
    (b"\x55\x04\x06", "C"),
    (b"\x55\x04\x07", "L"),
    (b"\x55\x04\x08", "ST"),
    (b"\x55\x04\x09", "street"),
    (b"\x55\x04\x0a", "O"),
    (b"\x55\x04\x0b", "OU"),
    (b"\x55\x04\x0c", "title"),
    (b"\x55\x04\x2a", "GN"),
    (b"\x55\x04\x2e", "dnQualifier"),
    (b"\x55\x04\x61", "organizationIdentifier"),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01", "Email"),
    (b"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01", "UID"),
    (b"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19", "DC"),
];

/// For example `sha256WithRSAEncryption`.
pub(in crate::tls) fn signature(oid: &[u8]) -> String {
    called(&SIGNATURES, oid)
}

/// For example `CN`.
pub(in crate::tls) fn attribute(oid: &[u8]) -> String {
    called(&ATTRIBUTES, oid)
}

fn called(names: &[(&[u8], &str)], oid: &[u8]) -> String {
    names.iter().find(|(known, _)| *known == oid).map_or_else(|| dotted(oid), |(_, name)| (*name).to_owned())
}

/// `1.2.840.113549`. The first two numbers share the first one of the encoding.
fn dotted(oid: &[u8]) -> String {
    let mut numbers = Vec::new();
    let mut number: u64 = 0;
    for byte in oid {
        number = number << 7 | u64::from(byte & 0x7f);
        if *byte < 0x80 {
            if numbers.is_empty() {
                let first = (number / 40).min(2);
                numbers.push(first);
                number -= first * 40;
            }
            numbers.push(number);
            number = 0;
        }
    }
    numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_ones_have_names_and_others_numbers() {
        assert_eq!(signature(b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05"), "sha1WithRSAEncryption");
        assert_eq!(attribute(b"\x55\x04\x03"), "CN");
        assert_eq!(attribute(b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x08"), "1.2.840.113549.1.9.8");
        assert_eq!(attribute(b"\x60\x86\x48\x01"), "2.16.840.1");
        assert_eq!(attribute(b"\x88\x37\x03"), "2.999.3");
        assert_eq!(attribute(b""), "");
    }
}

//! As much DER as certificates and key stores need: one value taken off the front, one put together. As strict as Java's own reader.

pub(in crate::tls) const BOOLEAN: u8 = 0x01;
pub(in crate::tls) const INTEGER: u8 = 0x02;
pub(in crate::tls) const BITS: u8 = 0x03;
pub(in crate::tls) const OCTETS: u8 = 0x04;
pub(in crate::tls) const NULL: u8 = 0x05;
pub(in crate::tls) const OID: u8 = 0x06;
pub(in crate::tls) const UTF8_STRING: u8 = 0x0c;
pub(in crate::tls) const PRINTABLE_STRING: u8 = 0x13;
pub(in crate::tls) const UTC_TIME: u8 = 0x17;
pub(in crate::tls) const GENERALIZED_TIME: u8 = 0x18;
pub(in crate::tls) const BMP_STRING: u8 = 0x1e;
pub(in crate::tls) const SEQUENCE: u8 = 0x30;
pub(in crate::tls) const SET: u8 = 0x31;
pub(in crate::tls) const EXPLICIT_0: u8 = 0xa0;

/// The content of the DER value with this tag at the beginning of `bytes`, and what follows it.
pub(in crate::tls) fn value(tag: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (found, content, rest) = any(bytes)?;
    (found == tag).then_some((content, rest))
}

/// The tag and the content of the DER value at the beginning of `bytes`, and what follows it. `None` where Java, too, reads no DER:
/// a length that could be shorter, a tag of more than one byte.
pub(in crate::tls) fn any(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, bytes) = bytes.split_first()?;
    if tag & 0x1f == 0x1f {
        return None;
    }
    let (&length, bytes) = bytes.split_first()?;
    let (length, bytes) = if length < 0x80 {
        (length.into(), bytes)
    } else {
        // 0x80 alone is BER's "until the end mark"; four bytes of length are more than any key store.
        let (digits, bytes) =
            bytes.split_at_checked(usize::from(length & 0x7f)).filter(|(digits, _)| (1..=4).contains(&digits.len()))?;
        if matches!(digits, [0, ..] | [0..=0x7f]) {
            return None;
        }
        (digits.iter().fold(0, |length, &digit| length << 8 | usize::from(digit)), bytes)
    };
    let (content, rest) = bytes.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// The content of the value with this tag, if the next one has it, and what follows.
pub(in crate::tls) fn optional(tag: u8, bytes: &[u8]) -> (Option<&[u8]>, &[u8]) {
    value(tag, bytes).map_or((None, bytes), |(content, rest)| (Some(content), rest))
}

/// The content of the value with this tag that is all of `bytes`.
pub(in crate::tls) fn only(tag: u8, bytes: &[u8]) -> Option<&[u8]> {
    value(tag, bytes).filter(|(_, rest)| rest.is_empty()).map(|(content, _)| content)
}

/// The OID at the beginning of `bytes`, and what follows it. `None` where it is cut or has a number that could be shorter.
pub(in crate::tls) fn oid(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    value(OID, bytes).filter(|(id, _)| {
        let ends = |byte: &u8| *byte < 0x80;
        let begins = std::iter::once(true).chain(id.iter().map(ends));
        id.last().is_some_and(ends) && id.iter().zip(begins).all(|(byte, begins)| !begins || *byte != 0x80)
    })
}

/// Whether `bytes` are whole values, and where they are of other values, these as well.
pub(in crate::tls) fn is_well_formed(mut bytes: &[u8], depth: usize) -> bool {
    const CONSTRUCTED: u8 = 0x20;
    while !bytes.is_empty() {
        let Some((tag, content, rest)) = any(bytes) else { return false };
        if tag & CONSTRUCTED != 0 && (depth == 0 || !is_well_formed(content, depth - 1)) {
            return false;
        }
        bytes = rest;
    }
    true
}

/// The contents of values that all have this tag.
pub(in crate::tls) fn all(tag: u8, mut bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let (content, rest) = value(tag, bytes)?;
        found.push(content);
        bytes = rest;
    }
    Some(found)
}

/// The number in an INTEGER that is neither negative nor large.
pub(in crate::tls) fn small(integer: &[u8]) -> Option<u32> {
    match integer {
        [first, ..] if *first >= 0x80 => None,
        [0, digits @ ..] | digits if (1..=4).contains(&digits.len()) => {
            Some(digits.iter().fold(0, |number, &digit| number << 8 | u32::from(digit)))
        }
        [0] => Some(0),
        _ => None,
    }
}

/// `content` as one DER value with this tag.
pub(in crate::tls) fn wrap(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let digits: Vec<u8> = length.into_iter().skip_while(|&digit| digit == 0).collect();
    let mut wrapped = vec![tag];
    match digits.as_slice() {
        [] => wrapped.push(0),
        [short] if *short < 0x80 => wrapped.push(*short),
        // At most eight digits: the length of a slice.
        digits => {
            wrapped.push(0x80 | digits.len() as u8);
            wrapped.extend(digits);
        }
    }
    wrapped.extend(content);
    wrapped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrapped_can_be_unwrapped() {
        for length in [0, 1, 127, 128, 255, 256, 65_535, 65_536] {
            let content = vec![7; length];
            assert_eq!(value(OCTETS, &wrap(OCTETS, &content)), Some((content.as_slice(), [].as_slice())), "{length}");
        }
    }

    #[test]
    fn small_numbers_are_read_and_others_are_none() {
        for (integer, number) in
            [(&b"\0"[..], 0), (b"\x7f", 127), (b"\0\x80", 128), (b"\x27\x10", 10_000), (b"\0\xff\0\0\0", 0xff00_0000)]
        {
            assert_eq!(small(integer), Some(number));
        }
        for integer in [&b""[..], b"\x80", b"\x01\0\0\0\0"] {
            assert_eq!(small(integer), None);
        }
    }

    #[test]
    fn several_values_are_read_and_one_of_another_kind_is_none() {
        assert_eq!(all(OCTETS, b"\x04\x01a\x04\0"), Some(vec![&b"a"[..], b""]));
        assert_eq!(all(OCTETS, b"\x04\x01a\x02\x01a"), None);
        assert_eq!(optional(OCTETS, b"\x04\x01ab"), (Some(&b"a"[..]), &b"b"[..]));
        assert_eq!((only(OCTETS, b"\x04\x01a"), only(OCTETS, b"\x04\x01ab")), (Some(&b"a"[..]), None));
        assert_eq!(optional(OID, b"\x04\x01ab"), (None, &b"\x04\x01ab"[..]));
    }

    #[test]
    fn an_oid_has_numbers_that_end_and_begin_with_no_empty_digit() {
        assert_eq!(oid(b"\x06\x03\x2a\x86\x48ab"), Some((&b"\x2a\x86\x48"[..], &b"ab"[..])));
        for wrong in [&b"\x06\0"[..], b"\x06\x02\x2a\x86", b"\x06\x03\x2a\x80\x48", b"\x06\x02\x80\x01", b"\x04\x01a"] {
            assert_eq!(oid(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn values_within_values_are_looked_at_too() {
        assert!(is_well_formed(b"\x30\x03\x04\x01a\x02\x01\x05", 1));
        assert!(!is_well_formed(b"\x30\x03\x04\x02a\x02\x01\x05", 1));
        assert!(!is_well_formed(b"\x30\x03\x04\x01a", 0));
    }

    #[test]
    fn a_value_that_is_cut_or_of_indefinite_length_is_none() {
        assert_eq!(value(SEQUENCE, b"\x30\x03ab"), None);
        assert_eq!(value(SEQUENCE, b"\x30\x80ab\0\0"), None);
        assert_eq!(value(SEQUENCE, b"\x30\x89aaaaaaaaaaaa"), None);
        assert_eq!(value(SEQUENCE, b"\x30\x81\x01a"), None);
        assert_eq!(value(SEQUENCE, b"\x30\x82\0\x01a"), None);
        assert_eq!(any(b"\x1f\x01a"), None);
        assert_eq!(value(SEQUENCE, b"\x04\x00"), None);
        assert_eq!(value(SEQUENCE, b""), None);
    }
}

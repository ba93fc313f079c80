//! As much DER as the key stores need: one value taken off the front, one put together.

pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTETS: u8 = 0x04;
pub(super) const OID: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const EXPLICIT_0: u8 = 0xa0;

/// The content of the DER value with this tag at the beginning of `bytes`, and what follows it.
pub(super) fn value(tag: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&found, bytes) = bytes.split_first()?;
    if found != tag {
        return None;
    }
    let (&length, bytes) = bytes.split_first()?;
    if length < 0x80 {
        return bytes.split_at_checked(length.into());
    }
    // 0x80 alone is BER's "until the end mark"; four bytes of length are more than any key store.
    let (digits, bytes) =
        bytes.split_at_checked(usize::from(length & 0x7f)).filter(|(digits, _)| (1..=4).contains(&digits.len()))?;
    bytes.split_at_checked(digits.iter().fold(0, |length, &digit| length << 8 | usize::from(digit)))
}

/// `content` as one DER value with this tag.
pub(super) fn wrap(tag: u8, content: &[u8]) -> Vec<u8> {
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
    fn a_value_that_is_cut_or_of_indefinite_length_is_none() {
        assert_eq!(value(SEQUENCE, b"\x30\x03ab"), None);
        assert_eq!(value(SEQUENCE, b"\x30\x80ab\0\0"), None);
        assert_eq!(value(SEQUENCE, b"\x30\x89aaaaaaaaaaaa"), None);
        assert_eq!(value(SEQUENCE, b"\x04\x00"), None);
        assert_eq!(value(SEQUENCE, b""), None);
    }
}

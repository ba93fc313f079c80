//! PEM text as people have it: certificates and keys between BEGIN and END lines, whatever stands around them.
//!
//! Read here because a reader of a library names what is wrong by quoting it, and that may be a private key: a problem here has a
//! line and never a byte of the text. Line breaks may be missing or written as `\n`, an END line may be glued to the next BEGIN line,
//! a byte order mark or UTF-16 is understood, and no block is lost without a word.

mod block;
mod scan;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use block::{Block, Wrong};
pub(super) use block::{Kind, Problem};
use scan::{Scan, find, lines, plain};

const BASE64: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent));

/// PEM text, taken apart. The text is wiped when this is dropped: there may be a private key in it.
pub(super) struct Pem {
    text: Zeroizing<Vec<u8>>,
    blocks: Vec<Block>,
    broken: Vec<Problem>,
}

impl Pem {
    /// Finds the blocks. What is broken is remembered, and the rest found all the same.
    pub(super) fn parse(text: &[u8]) -> Self {
        let (text, unreadable) = match plain(text) {
            Ok(text) => (text, None),
            Err(problem) => (Zeroizing::default(), Some(problem)),
        };
        let mut pem = Self { text, blocks: Vec::new(), broken: unreadable.into_iter().collect() };
        let mut scan = Scan::new(&pem.text);
        while let Some(found) = scan.next_block() {
            match found {
                Ok(block) => pem.blocks.push(block),
                Err(problem) => pem.broken.push(problem),
            }
        }
        pem
    }

    /// Each block: its kind, its line, and what it holds or what is wrong with it.
    pub(super) fn blocks(&self) -> impl Iterator<Item = (Kind, usize, Result<Zeroizing<Vec<u8>>, Problem>)> {
        self.blocks.iter().map(|block| (block.kind, block.line, self.decode(block)))
    }

    /// Whether there is a private key, or what is left of one.
    pub(super) fn holds_key(&self) -> bool {
        find(&self.text, b"PRIVATE KEY").is_some()
    }

    /// The kinds of its blocks, in their order.
    pub(super) fn kinds(&self) -> impl Iterator<Item = Kind> {
        self.blocks.iter().map(|block| block.kind)
    }

    /// What is wrong outside of the blocks that were found.
    pub(super) fn broken(&self) -> &[Problem] {
        &self.broken
    }

    fn decode(&self, block: &Block) -> Result<Zeroizing<Vec<u8>>, Problem> {
        let body = self.text.get(block.body.clone()).unwrap_or_default();
        let mut letters = Zeroizing::new(Vec::with_capacity(body.len()));
        letters.extend(body.iter().filter(|byte| !byte.is_ascii_whitespace()));
        if letters.is_empty() {
            return Err(Problem { wrong: Wrong::Empty, line: block.line });
        }
        // The most it can need: an error must not leave a part of a key behind.
        let mut content = Zeroizing::new(vec![0; letters.len()]);
        match BASE64.decode_slice(&*letters, &mut content) {
            Ok(length) => {
                content.truncate(length);
                Ok(content)
            }
            Err(_) => {
                let foreign = body.iter().position(|byte| {
                    !byte.is_ascii_whitespace() && !byte.is_ascii_alphanumeric() && !matches!(byte, b'+' | b'/' | b'=')
                });
                // Where each letter is a good one, something is missing at the end.
                let before = body.get(..foreign.unwrap_or(body.len())).unwrap_or_default();
                Err(Problem { wrong: Wrong::NotBase64, line: block.line + lines(before.trim_ascii_end()) })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The kinds that are found, what they hold, and what is wrong.
    type Found = (Vec<(Kind, Result<Vec<u8>, String>)>, Vec<String>);

    fn read(text: impl AsRef<[u8]>) -> Found {
        let pem = Pem::parse(text.as_ref());
        let words = |problem: Problem| problem.to_string();
        let blocks = pem.blocks().map(|(kind, _, content)| (kind, content.map(|content| content.to_vec()).map_err(words)));
        (blocks.collect(), pem.broken().iter().copied().map(words).collect())
    }

    const TWO: &str = "-----BEGIN CERTIFICATE-----\nYWJj\nZGVm\n-----END CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\na2V5\n\
                       -----END PRIVATE KEY-----\n";

    fn both() -> Found {
        (vec![(Kind::Certificate, Ok(b"abcdef".to_vec())), (Kind::Pkcs8, Ok(b"key".to_vec()))], Vec::new())
    }

    #[test]
    fn text_is_read_in_every_form_that_people_have() {
        let utf16 = |bom: char, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            bom.to_string().encode_utf16().chain(TWO.encode_utf16()).flat_map(bytes).collect()
        };
        let forms: [(&str, Vec<u8>); 15] = [
            ("as it is", TWO.into()),
            ("with other line breaks", TWO.replace('\n', "\r\n").into()),
            ("with those of old", TWO.replace('\n', "\r").into()),
            ("in one line", TWO.replace('\n', " ").into()),
            ("without any break", TWO.replace('\n', "").into()),
            ("with a literal line break", TWO.replace('\n', "\\n").into()),
            ("with two", TWO.replace('\n', "\\r\\n").into()),
            ("glued", TWO.replace("-----\n-----", "----------").into()),
            ("glued with common dashes", TWO.replace("-----\n-----", "-----").into()),
            ("indented", TWO.replace('\n', "\n\t  ").into()),
            ("with text around", format!("Bag Attributes\n  friendlyName: x\n--\n{TWO}\n-------- end").into()),
            ("with a byte order mark", format!("\u{feff}{TWO}").into()),
            ("in UTF-16, low byte first", utf16('\u{feff}', u16::to_le_bytes)),
            ("in UTF-16, high byte first", utf16('\u{feff}', u16::to_be_bytes)),
            ("of old", TWO.replace("CERTIFICATE", "X509 CERTIFICATE").into()),
        ];
        for (name, text) in forms {
            assert_eq!(read(text), both(), "{name}");
        }
        let without_mark: Vec<u8> = TWO.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(read(without_mark), both());
    }

    #[test]
    fn a_key_with_headers_is_told_from_one_without() {
        let text = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\na2V5\n-----END RSA PRIVATE KEY-----\n";
        assert_eq!(read(text).0, [(Kind::EncryptedOfOld, Ok(b"key".to_vec()))]);
        let text = text.replace('\n', "\r\n").replace("Proc-Type: 4,ENCRYPTED", "Comment: x");
        assert_eq!(read(text).0, [(Kind::Pkcs1, Ok(b"key".to_vec()))]);
    }

    #[test]
    fn what_is_broken_is_said_with_its_line_and_the_rest_is_read() {
        let good = (Kind::Certificate, Ok(b"abc".to_vec()));
        let block = "-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----\n";
        for (broken, expected) in [
            ("-----BEGIN PRIVATE KEY-----\nYWJj\n", "whose block that begins in line 4 has no END line"),
            ("YWJj\n-----END PRIVATE KEY-----\n", "with an END line in line 5 that has no BEGIN line"),
            (
                "-----BEGIN PRIVATE KEY-----\nYWJj\n-----END EC KEY-----\n",
                "whose END line in line 6 names another kind than its BEGIN line",
            ),
            (
                "-----BEGIN PRIVATE KEYMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj\n",
                "whose BEGIN or END line in line 4 is not a name between twice five dashes",
            ),
        ] {
            let (blocks, problems) = read(format!("{block}{broken}{block}"));
            assert_eq!(blocks.iter().filter(|found| **found == good).count(), 2, "{broken}: {blocks:?}");
            assert_eq!(problems[0], expected, "{broken}");
        }
        for (body, expected) in [
            ("YWJj\nYW!j\n", "that is not base64 in line 3"),
            ("YWJj\nY\n", "that is not base64 in line 3"),
            ("\n \n", "whose block that begins in line 1 is empty"),
        ] {
            let text = format!("-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n{block}");
            assert_eq!(read(text).0, [(Kind::Certificate, Err(expected.to_owned())), good.clone()], "{body}");
        }
    }

    #[test]
    fn a_long_row_of_dashes_and_a_text_without_blocks_are_nothing() {
        assert_eq!(read("-".repeat(100_000)), (Vec::new(), Vec::new()));
        assert_eq!(read(""), (Vec::new(), Vec::new()));
        assert_eq!(read(b"\xff\xfe\x00"), (Vec::new(), vec!["in a broken UTF-16 encoding".to_owned()]));
    }
}

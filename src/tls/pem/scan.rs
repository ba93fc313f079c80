//! Where the blocks of PEM text begin and end.

use std::ops::Range;

use zeroize::Zeroizing;

use crate::tls::pem::block::{Block, Kind, Problem, Wrong};

const DASHES: &str = "-----";
const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";

/// The longest label that is known has 21 letters.
const MAX_LABEL: usize = 40;

/// The text in ASCII or UTF-8, with line breaks for `\n`.
pub(super) fn plain(text: &[u8]) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let text = match text {
        [0xef, 0xbb, 0xbf, rest @ ..] => Zeroizing::new(rest.to_vec()),
        [0xff, 0xfe, rest @ ..] => from_utf16(rest, u16::from_le_bytes)?,
        [0xfe, 0xff, rest @ ..] => from_utf16(rest, u16::from_be_bytes)?,
        [b'-', 0, b'-', 0, ..] => from_utf16(text, u16::from_le_bytes)?,
        [0, b'-', 0, b'-', ..] => from_utf16(text, u16::from_be_bytes)?,
        text => Zeroizing::new(text.to_vec()),
    };
    if !text.contains(&b'\\') {
        return Ok(text);
    }
    // A backslash is no letter of PEM: what a shell or a JSON text left of a line break.
    let mut broken = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.as_slice();
    while let Some((&first, after)) = rest.split_first() {
        match rest {
            [b'\\', b'n', after @ ..] => {
                broken.push(b'\n');
                rest = after;
            }
            [b'\\', b'r', after @ ..] => rest = after,
            _ => {
                broken.push(first);
                rest = after;
            }
        }
    }
    Ok(broken)
}

fn from_utf16(bytes: &[u8], unit: impl Fn([u8; 2]) -> u16) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let mut text = Zeroizing::new(Vec::with_capacity(bytes.len() * 2));
    for letter in char::decode_utf16(pairs.iter().copied().map(unit)) {
        let letter = letter.map_err(|_| Problem { wrong: Wrong::NotUtf16, line: 1 })?;
        text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
    }
    if rest.is_empty() { Ok(text) } else { Err(Problem { wrong: Wrong::NotUtf16, line: 1 }) }
}

/// Goes through a text from block to block.
pub(super) struct Scan<'a> {
    text: &'a [u8],
    /// Where the next block is looked for.
    at: usize,
    /// The line of the byte up to which lines were counted.
    line: usize,
    counted: usize,
}

impl<'a> Scan<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0, line: 1, counted: 0 }
    }

    /// The next block, or what is broken in place of one; none at the end.
    pub(super) fn next_block(&mut self) -> Option<Result<Block, Problem>> {
        loop {
            let marker = self.find(DASHES, self.at)?;
            if self.starts_with(marker, BEGIN) {
                return Some(self.block(marker));
            }
            if self.starts_with(marker, END) {
                self.at = marker + END.len();
                return Some(Err(self.problem(Wrong::NoBegin, marker)));
            }
            // One dash further: a row of dashes may end with those of a BEGIN line.
            self.at = marker + 1;
        }
    }

    /// The block whose BEGIN line begins at `begin`.
    fn block(&mut self, begin: usize) -> Result<Block, Problem> {
        let from = begin + BEGIN.len();
        self.at = from;
        let label_end = self.find(DASHES, from).filter(|end| end - from <= MAX_LABEL);
        let Some((label, body)) = label_end.and_then(|end| Some((self.label(from..end)?, end + DASHES.len()))) else {
            return Err(self.problem(Wrong::Label, begin));
        };
        self.at = body;
        let Some(end) = self.find(DASHES, body).filter(|&end| self.starts_with(end, END)) else {
            return Err(self.problem(Wrong::NoEnd, begin));
        };
        let from = end + END.len();
        let label_end = self.find(DASHES, from).filter(|end| end - from <= MAX_LABEL);
        let label_found = label_end.and_then(|end| self.label(from..end));
        // The dashes of this END line may be those of the next BEGIN line as well.
        self.at = label_end.map_or(from, |end| {
            let after = end + DASHES.len();
            if self.starts_with(after, "BEGIN ") { end } else { after }
        });
        match label_found {
            Some(found) if found == label => {}
            Some(_) => return Err(self.problem(Wrong::OtherEnd, end)),
            None => return Err(self.problem(Wrong::Label, end)),
        }
        let line = self.line_of(begin);
        let (kind, body) = self.without_headers(Kind::from_label(label), body..end);
        Ok(Block { kind, line: line + lines(self.text.get(begin..body.start).unwrap_or_default()), body })
    }

    /// The body after its headers: lines with a colon, up to an empty line.
    fn without_headers(&self, kind: Kind, body: Range<usize>) -> (Kind, Range<usize>) {
        let text = self.text.get(body.clone()).unwrap_or_default();
        if !text.contains(&b':') {
            return (kind, body);
        }
        let encrypted = find(text, b"ENCRYPTED").is_some();
        let blank = find(text, b"\n\n").map(|at| at + 2).or_else(|| find(text, b"\n\r\n").map(|at| at + 3));
        let kind = if encrypted { Kind::EncryptedOfOld } else { kind };
        (kind, body.start + blank.unwrap_or(0)..body.end)
    }

    fn label(&self, range: Range<usize>) -> Option<&'a str> {
        let label = std::str::from_utf8(self.text.get(range)?).ok()?;
        label.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b' ')).then_some(label)
    }

    fn starts_with(&self, at: usize, marker: &str) -> bool {
        self.text.get(at..).is_some_and(|text| text.starts_with(marker.as_bytes()))
    }

    fn find(&self, marker: &str, from: usize) -> Option<usize> {
        find(self.text.get(from..)?, marker.as_bytes()).map(|at| from + at)
    }

    fn problem(&mut self, wrong: Wrong, at: usize) -> Problem {
        Problem { wrong, line: self.line_of(at) }
    }

    /// The line of the byte at `at`. Asked in the order of the text, it counts each line once.
    fn line_of(&mut self, at: usize) -> usize {
        self.line += lines(self.text.get(self.counted..at).unwrap_or_default());
        self.counted = self.counted.max(at);
        self.line
    }
}

pub(super) fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

pub(super) fn lines(text: &[u8]) -> usize {
    text.iter().filter(|byte| **byte == b'\n').count()
}

//! Changed inputs for parsers, the same in every run. Shared by the unit tests of the library and of the tool.

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

/// A sequence of numbers that is the same in every run (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    /// The seed with a few bytes changed, or cut, or with a part of it or of another one put in.
    fn changed(&mut self, seed: &[u8], other: &[u8]) -> Vec<u8> {
        let mut input = seed.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(input.len().max(1)).min(input.len());
            let byte = self.below(256) as u8;
            if at == input.len() {
                input.push(byte);
                continue;
            }
            match self.below(8) {
                0 => input[at] = byte,
                1 => input[at] ^= 1 << self.below(8),
                2 => input[at] = [0, 0x7f, 0x80, 0x81, 0x84, 0xff, b'\n', b'\\'][self.below(8)],
                3 => input.truncate(at + 1),
                4 => input.extend_from_within(at..),
                5 => drop(input.remove(at)),
                6 if !other.is_empty() => {
                    let begin = self.below(other.len());
                    let end = (begin + 1 + self.below(40)).min(other.len());
                    input.splice(at..at, other[begin..end].iter().copied());
                }
                _ => input.insert(at, byte),
            }
        }
        input
    }
}

/// The files of a folder, at least one, in the order of their names.
pub(super) fn seeds(folder: &Path) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    files.into_iter().map(|file| fs::read(file).unwrap()).collect()
}

/// Calls `parse` with each seed and with `rounds` changed ones; how many calls that were. An input that fails is shown.
pub(super) fn all(seeds: &[Vec<u8>], rounds: usize, parse: fn(&[u8])) -> usize {
    let parse = |input: &[u8]| {
        assert!(catch_unwind(|| parse(input)).is_ok(), "the input was b\"{}\"", input.escape_ascii());
    };
    let mut numbers = Numbers(0x5eed_5eed_5eed_5eed);
    seeds.iter().for_each(|seed| parse(seed));
    for round in 0..rounds {
        let other = numbers.below(seeds.len());
        parse(&numbers.changed(&seeds[round % seeds.len()], &seeds[other]));
    }
    seeds.len() + rounds
}

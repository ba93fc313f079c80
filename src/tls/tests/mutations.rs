//! Every parser of ours over changed input, always the same: none panics or hangs.

use std::fs;

use super::{Directory, ca, run};
use crate::tls::key_store::{keys, trusted};
use crate::tls::pem::Pem;
use crate::tls::x509::{Certificate, Facts, trusted_for_servers};

const ROUNDS: usize = 4_000;

/// A sequence of numbers that is the same in every run (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    /// The seed with a few bytes changed, or cut, or with a part of it doubled.
    fn changed(&mut self, seed: &[u8]) -> Vec<u8> {
        let mut input = seed.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(input.len());
            match self.below(6) {
                0 => input[at] = self.below(256) as u8,
                1 => input[at] ^= 1 << self.below(8),
                2 => input[at] = [0, 0x7f, 0x80, 0x81, 0x84, 0xff][self.below(6)],
                3 => input.truncate(at + 1),
                4 => input.extend_from_within(at..),
                _ => input.insert(at, self.below(256) as u8),
            }
        }
        input
    }
}

#[test]
fn no_parser_panics_on_changed_input() {
    let directory = Directory::new();
    let ca = ca("Company CA");
    let (pem, key) = (directory.file("ca.pem", ca.pem()), directory.file("ca.key", ca.key().serialize_pem()));
    let (p12, jks) = (directory.path("store.p12"), directory.path("store.jks"));
    let plain = ["-keypbe", "NONE", "-certpbe", "NONE", "-nomac", "-passout", "pass:x"];
    run("openssl", &[&["pkcs12", "-export", "-inkey", &key, "-in", &pem, "-out", &p12][..], &plain].concat());
    run(
        "keytool",
        &["-importcert", "-noprompt", "-file", &pem, "-keystore", &jks, "-storetype", "JKS", "-storepass", "right-one"],
    );
    let mut numbers = Numbers(0x5eed_5eed_5eed_5eed);
    for seed in
        [ca.der().to_vec(), fs::read(pem).unwrap(), fs::read(key).unwrap(), fs::read(p12).unwrap(), fs::read(jks).unwrap()]
    {
        for _ in 0..ROUNDS {
            let input = numbers.changed(&seed);
            Pem::parse(&input).blocks().for_each(drop);
            let _ = (Certificate::from_der(&input).is_some(), Facts::from_der(&input).is_some());
            let _ = trusted_for_servers(&input);
            let _ = (trusted(&input, None).is_ok(), keys(&input, None).is_ok());
        }
    }
    println!("changed inputs: {}", 5 * ROUNDS);
}

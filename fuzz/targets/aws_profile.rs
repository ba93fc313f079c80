#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| vault_cipher::parsers::aws_profile(input));

//! Every parser over its seeds in `fuzz/seeds`, over what is made at run time, and over changes of both: always the same.

use std::path::Path;
use std::time::Instant;

use crate::parsers::ALL;
use crate::tls::tests::seeds;

#[path = "../../tests/rust/support/changes.rs"]
mod changes;

const SEEDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/seeds");

#[test]
fn no_parser_panics_on_changed_input() {
    let made = seeds();
    for (name, parse) in ALL {
        let mut seeds = changes::seeds(&Path::new(SEEDS).join(name));
        seeds.extend(made.iter().filter(|(parser, _)| *parser == name).map(|(_, seed)| seed.clone()));
        let begin = Instant::now();
        let count = changes::all(&seeds, 12_000, parse);
        println!("{name}: {} seeds, {count} inputs in {:?}", seeds.len(), begin.elapsed());
    }
}

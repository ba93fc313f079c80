//! Every reader over its seeds in `fuzz/seeds` and over changes of them: always the same.

use std::path::Path;
use std::time::Instant;

use super::ALL;

#[path = "../../../../tests/rust/support/changes.rs"]
mod changes;

const SEEDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/seeds");

#[test]
fn no_reader_panics_on_changed_input() {
    for (name, parse) in ALL {
        let seeds = changes::seeds(&Path::new(SEEDS).join(name));
        let begin = Instant::now();
        let count = changes::all(&seeds, 12_000, parse);
        println!("{name}: {} seeds, {count} inputs in {:?}", seeds.len(), begin.elapsed());
    }
}

//! What users rely on is compared with a committed list: `tests/compatibility/names.txt`. RELEASING.md says what a change of it means
//! for the version. `UPDATE=1 cargo test compatibility` writes it.

use std::path::Path;

use crate::auth::METHODS;
use crate::error::CODES;
use crate::reference::fields::{COMMAND, OWN};
use crate::settings;
use crate::vault::Engine;

#[test]
fn compatibility_with_the_committed_names() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compatibility/names.txt");
    let names = names();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, format!("{}\n", names.join("\n"))).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap();
    let gone: Vec<&str> = committed.lines().filter(|line| !names.iter().any(|name| name == line)).collect();
    let new: Vec<&String> = names.iter().filter(|name| !committed.lines().any(|line| line == *name)).collect();
    assert!(
        gone.is_empty() && new.is_empty(),
        "gone or changed, which breaks what users have: {gone:#?}\nnew: {new:#?}\n\
         See RELEASING.md. If this is wanted: UPDATE=1 cargo test compatibility"
    );
}

/// One line for each name, sorted by kind and name.
fn names() -> Vec<String> {
    let mut names: Vec<String> = OWN.iter().chain(&COMMAND).map(|field| format!("field {field}")).collect();
    for setting in settings::ALL {
        names.extend(setting.field.map(|name| format!("field {name}")));
        names.extend(setting.variables.iter().map(|name| format!("variable {name}, default {}", setting.default)));
        names.extend(setting.property.map(|name| format!("property {name}, default {}", setting.default)));
    }
    names.extend(METHODS.iter().map(|method| format!("authenticationType {}", method.name)));
    names.extend(Engine::ALL.iter().map(|(name, _)| format!("engine {name}")));
    // Its words may change, its meaning may not.
    names.extend(CODES.iter().map(|row| format!("code {}", row.code)));
    names.sort();
    names.dedup();
    names
}

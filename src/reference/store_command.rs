//! The command to store a secret: a text that is handed to the vendor's tool, with the secret in it. In the configuration it
//! would stand in the clear.

use crate::secret::Secret;
use crate::value::{Selector, Target};
use crate::vault::Engine;

use crate::reference::fields::{COMMAND, Fields, OVERWRITE, STORE, VALUE};

/// What is to be stored, and under which condition.
pub(crate) struct StoreCommand {
    /// The name in the secret.
    pub(crate) key: String,
    /// What a later read must give.
    pub(crate) value: Secret,
    /// The value as it is written: encoded where the text says so.
    pub(crate) stored: Secret,
    /// Whether another value that is there already may be replaced.
    pub(crate) overwrite: bool,
    /// The text for the configuration: the same without the secret.
    pub(crate) text: String,
}

/// Notes a command to store in a text that only says where a secret is.
pub(super) fn refuse(fields: &mut Fields<'_>) {
    if fields.has(VALUE) {
        fields.problems.push(format!(
            "\"{VALUE}\" is a secret in the clear, in a configuration that others may read: remove it, with \"{STORE}\" and \
             \"{OVERWRITE}\", and change that password; only the vendor's tool with -m encrypt takes such a text, and prints the one \
             that belongs here"
        ));
    }
    for name in [STORE, OVERWRITE] {
        if fields.has(name) && !fields.has(VALUE) {
            fields.problems.push(format!("\"{name}\" is for the vendor's tool with -m encrypt only: remove it"));
        }
    }
}

/// The parts of a command that the fields hold: value, overwrite. Problems are noted.
pub(super) fn find(fields: &mut Fields<'_>) -> Option<(Secret, bool)> {
    let store = fields.flag(STORE);
    let overwrite = fields.flag(OVERWRITE);
    let value = fields.secret();
    match (fields.has(STORE), store) {
        (true, Some(true)) if !fields.has(VALUE) => {
            fields.problems.push(format!("\"{VALUE}\" is missing: the secret that is to be stored"));
        }
        (true, Some(false)) => fields.problems.push(format!("\"{STORE}\" must be true, or left out")),
        (false, _) => {
            for name in [VALUE, OVERWRITE] {
                if fields.has(name) {
                    fields
                        .problems
                        .push(format!("\"{name}\" is there without \"{STORE}\":true, which says that it is to be stored"));
                }
            }
        }
        _ => {}
    }
    Some((value?, overwrite.unwrap_or(false)))
}

/// The command, unless a reference with this engine, version and selector is for reading only. Problems are noted.
pub(super) fn for_reference(
    (engine, version, selector): (Option<Engine>, Option<u64>, &Selector),
    (value, overwrite): (Secret, bool),
    fields: &mut Fields<'_>,
) -> Option<StoreCommand> {
    let problems = &mut fields.problems;
    if engine == Some(Engine::Generic) {
        problems.push("\"engine\":\"generic\" cannot be stored to: only KV can".to_owned());
    }
    if version.is_some() {
        problems.push("\"version\" cannot be stored to, since storing makes a new version: leave it out".to_owned());
    }
    let key = match &selector.target {
        Target::Key(key) => Some(key.clone()),
        Target::Pointer(_) => {
            problems.push("a pointer cannot be stored to: write the name of a key in \"key\"".to_owned());
            None
        }
    };
    let stored = selector.to_store(&value).map_err(|problem| problems.push(format!("\"{VALUE}\" {problem}"))).ok();
    let text = fields.without(&COMMAND);
    fields.problems.is_empty().then_some(())?;
    Some(StoreCommand { key: key?, value, stored: stored?, overwrite, text })
}

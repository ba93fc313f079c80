//! What the core may ask of the process it lives in. The only way back from Rust to its caller.

use std::ffi::OsString;

use once_cell::sync::OnceCell;
use zeroize::Zeroize;

use crate::secret::Secret;

/// The process around the library: the JVM in production, a map in tests.
pub trait Host {
    /// The environment variable `name`, `None` when it is not set. Of ours, those are known that were set at the first question:
    /// Java cannot change the environment.
    fn variable(&self, name: &str) -> Option<OsString> {
        if is_ours(name) && !ours_in_the_environment().iter().any(|set| set == name) {
            return None;
        }
        std::env::var_os(name)
    }

    /// The Java system property `name`, `None` when it is not set or may not be read.
    fn property(&self, name: &str) -> Option<String>;

    /// Everything that can be set outside of the text, in one: what was found out about a text is kept, and counts for as long as
    /// this is the same. `None`: nothing is kept.
    fn surroundings(&self) -> Option<Secret> {
        None
    }

    /// The certificates (DER) that the JVM's own trust manager accepts as issuers: for trust stores that only Java can
    /// read. Takes Java a third of a second.
    ///
    /// # Errors
    ///
    /// Why they cannot be had, in Java's words.
    fn trusted_certificates(&self) -> Result<Vec<Vec<u8>>, String> {
        Err("it was not asked".to_owned())
    }

    /// Tells the administrator something that does not stop the work: one line, never a secret.
    fn warn(&self, message: &str);

    /// Whether the calling thread was asked to stop (Java's `Thread.interrupt`).
    fn interrupted(&self) -> bool;

    /// Starts the keeper: a thread that calls [`crate::keep`] until there is nothing left to keep. False if there can be none;
    /// then nothing is kept beyond the call.
    fn keep(&self) -> bool {
        false
    }
}

/// The prefixes of the variables that `settings` knows.
const OURS: [&str; 3] = ["SECRET_STORE_", "VAULT_", "BAO_"];

fn is_ours(name: &str) -> bool {
    OURS.iter().any(|prefix| name.starts_with(prefix))
}

/// The names of our variables that are set: usually a few of a hundred that are asked for at each call, and each question takes
/// the system a walk through the whole environment.
fn ours_in_the_environment() -> &'static [String] {
    static NAMES: OnceCell<Vec<String>> = OnceCell::new();
    NAMES.get_or_init(|| {
        let names = std::env::vars_os().filter_map(|(name, value)| {
            // It may be a token.
            value.into_encoded_bytes().zeroize();
            name.into_string().ok().filter(|name| is_ours(name))
        });
        names.collect()
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use std::cell::RefCell;
    use std::collections::HashMap;

    use super::*;
    use crate::settings;

    /// A host of two maps: nothing of the process that runs the tests shows through.
    #[derive(Default)]
    pub(crate) struct MapHost {
        variables: HashMap<String, OsString>,
        properties: HashMap<String, String>,
        pub(crate) warnings: RefCell<Vec<String>>,
    }

    impl MapHost {
        pub(crate) fn with_variable(mut self, name: &str, value: &str) -> Self {
            self.variables.insert(name.to_owned(), value.into());
            self
        }

        pub(crate) fn with_property(mut self, name: &str, value: &str) -> Self {
            self.properties.insert(name.to_owned(), value.to_owned());
            self
        }
    }

    impl Host for MapHost {
        fn variable(&self, name: &str) -> Option<OsString> {
            self.variables.get(name).cloned()
        }

        fn property(&self, name: &str) -> Option<String> {
            assert!(settings::is_property(name) || name == "java.home", "{name} is no part of the surroundings");
            self.properties.get(name).cloned()
        }

        fn warn(&self, message: &str) {
            self.warnings.borrow_mut().push(message.to_owned());
        }

        fn interrupted(&self) -> bool {
            false
        }
    }
}

//! What the core may ask of the process it lives in. The only way back from Rust to its caller.

use std::ffi::OsString;

/// The process around the library: the JVM in production, a map in tests.
pub trait Host {
    /// The environment variable `name`, `None` when it is not set.
    fn variable(&self, name: &str) -> Option<OsString> {
        std::env::var_os(name)
    }

    /// The Java system property `name`, `None` when it is not set or may not be read.
    fn property(&self, name: &str) -> Option<String>;

    /// Tells the administrator something that does not stop the work: one line, never a secret.
    fn warn(&self, message: &str);

    /// Whether the calling thread was asked to stop (Java's `Thread.interrupt`).
    fn interrupted(&self) -> bool;
}

//! What the core may ask of the process it lives in. The only way back from Rust to its caller.

use std::ffi::{OsStr, OsString};
use std::sync::Arc;

use zeroize::{Zeroize, Zeroizing};

use crate::event::Event;

/// The process around the library: the JVM in production, a map in tests.
///
/// The methods may run any code of the host: a log handler may read a secret in turn. No lock of this library is held while
/// one of them runs.
pub trait Host {
    /// What the process was started with. The same during one call.
    fn environment(&self) -> &Environment;

    /// The certificates (DER) that the JVM's own trust manager accepts as issuers: for trust stores that only Java can
    /// read. Takes Java a third of a second.
    ///
    /// # Errors
    ///
    /// Why they cannot be read, in Java's words.
    fn trusted_certificates(&self) -> Result<Vec<Vec<u8>>, String> {
        Err("it was not asked".to_owned())
    }

    /// Asks the JVM's own trust managers whether they trust a server with this chain of certificates (DER, the server's own first),
    /// where they trust the certificates `named` (DER) as well. The name of the server is not checked. Takes Java up to half a second.
    ///
    /// # Errors
    ///
    /// Why they do not, in Java's words.
    fn trusts_chain(&self, chain: &[Vec<u8>], named: &[Vec<u8>]) -> Result<(), String> {
        let _ = (chain, named);
        Err("it was not asked".to_owned())
    }

    /// Tells the administrator something that does not stop the work: one line, never a secret.
    fn warn(&self, message: &str);

    /// Whether [`Self::event`] does something: what an event needs is computed only then.
    fn wants_events(&self) -> bool {
        false
    }

    /// Tells a step that was taken, for debug logging. On the calling thread.
    fn event(&self, event: &Event<'_>) {
        let _ = event;
    }

    /// Whether the calling thread was asked to stop (Java's `Thread.interrupt`).
    fn interrupted(&self) -> bool;

    /// Starts the keeper: a thread that calls [`crate::Service::maintain`] until nothing is left to do. False if there can be
    /// none; then nothing is retained beyond the call.
    fn start_keeper(&self) -> bool {
        false
    }
}

/// What the process was started with, as far as it counts here: environment variables and Java system properties. Values may
/// be credentials: there is no `Debug`, and the memory is wiped.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment {
    variables: Arc<Vec<Variable>>,
    properties: Vec<(String, Zeroizing<String>)>,
}

/// An environment variable.
#[derive(Clone, PartialEq, Eq)]
struct Variable {
    name: String,
    value: OsString,
}

/// The environment variables of this process that count here.
pub(crate) struct Variables(Arc<Vec<Variable>>);

impl Variables {
    pub(crate) fn of_process() -> Self {
        let all = std::env::vars_os().filter_map(|(name, value)| {
            let variable = Variable { name: name.into_string().ok()?, value };
            Some(variable).filter(|variable| counts(&variable.name))
        });
        Self(Arc::new(all.collect()))
    }
}

impl Drop for Variable {
    fn drop(&mut self) {
        std::mem::take(&mut self.value).into_encoded_bytes().zeroize();
    }
}

impl Environment {
    /// The environment of this process, with these system properties.
    pub fn of_process(properties: impl IntoIterator<Item = (String, Zeroizing<String>)>) -> Self {
        Self::new(&Variables::of_process(), properties)
    }

    pub(crate) fn new(variables: &Variables, properties: impl IntoIterator<Item = (String, Zeroizing<String>)>) -> Self {
        Self { variables: Arc::clone(&variables.0), properties: properties.into_iter().collect() }
    }

    /// The same with this variable.
    #[must_use]
    pub fn with_variable(mut self, name: &str, value: impl Into<OsString>) -> Self {
        let variables = Arc::make_mut(&mut self.variables);
        variables.retain(|variable| variable.name != name);
        variables.push(Variable { name: name.to_owned(), value: value.into() });
        self
    }

    /// The same with this system property.
    #[must_use]
    pub fn with_property(mut self, name: &str, value: &str) -> Self {
        self.properties.retain(|(known, _)| known != name);
        self.properties.push((name.to_owned(), Zeroizing::new(value.to_owned())));
        self
    }

    /// The names of the environment variables and system properties that are set and count here.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let variables = self.variables.iter().map(|variable| variable.name.as_str()).filter(|name| counts(name));
        variables.chain(self.properties.iter().map(|(name, _)| name.as_str()))
    }

    /// The environment variable `name`, `None` when it is not set.
    pub fn variable(&self, name: &str) -> Option<&OsStr> {
        self.variables.iter().find(|variable| variable.name == name).map(|variable| variable.value.as_os_str())
    }

    /// The Java system property `name`, `None` when it is not set or may not be read.
    pub fn property(&self, name: &str) -> Option<&str> {
        self.properties.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The beginnings of the names of the variables that are looked at: ours, Vault's, OpenBao's, proxies', the clouds', and where
/// the operating system's certificates are. An environment may hold others, which are not copied.
const PREFIXES: [&str; 15] = [
    "SECRET_STORE_",
    "VAULT_",
    "BAO_",
    "HTTP_",
    "HTTPS_",
    "ALL_",
    "NO_",
    "http_",
    "https_",
    "all_",
    "no_",
    "AWS_",
    "GCE_",
    "GOOGLE_",
    "AZURE_",
];

/// The same, whole names.
const NAMES: [&str; 9] = [
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
    "MSI_ENDPOINT",
    "MSI_SECRET",
    "HOME",
    "USERPROFILE",
    "CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS",
];

fn counts(name: &str) -> bool {
    PREFIXES.iter().any(|prefix| name.starts_with(prefix)) || NAMES.contains(&name)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::cell::RefCell;

    use super::*;

    /// A host of maps: nothing of the process that runs the tests shows through.
    #[derive(Default)]
    pub(crate) struct MapHost {
        environment: Environment,
        pub(crate) warnings: RefCell<Vec<String>>,
        pub(crate) events: RefCell<Vec<String>>,
    }

    impl MapHost {
        pub(crate) fn with_variable(self, name: &str, value: &str) -> Self {
            assert!(counts(name), "{name} is not among the variables that are looked at");
            Self { environment: self.environment.with_variable(name, value), ..self }
        }

        pub(crate) fn with_property(self, name: &str, value: &str) -> Self {
            Self { environment: self.environment.with_property(name, value), ..self }
        }
    }

    impl Host for MapHost {
        fn environment(&self) -> &Environment {
            &self.environment
        }

        fn warn(&self, message: &str) {
            self.warnings.borrow_mut().push(message.to_owned());
        }

        fn wants_events(&self) -> bool {
            true
        }

        fn event(&self, event: &Event<'_>) {
            self.events.borrow_mut().push(event.to_string());
        }

        fn interrupted(&self) -> bool {
            false
        }
    }

    #[test]
    fn environments_are_equal_when_everything_that_counts_is() {
        let one = Environment::default().with_variable("VAULT_ADDR", "a").with_property("java.home", "/j");
        let same = Environment::default().with_variable("VAULT_ADDR", "b").with_variable("VAULT_ADDR", "a");
        assert!(one != same && one == same.with_property("java.home", "/j"));
        assert_eq!(one.variable("VAULT_ADDR"), Some(OsStr::new("a")));
        assert_eq!((one.variable("VAULT_TOKEN"), one.property("java.home"), one.property("x")), (None, Some("/j"), None));
    }

    #[test]
    fn every_variable_of_a_setting_is_looked_at() {
        for name in crate::settings::ALL.iter().flat_map(|setting| setting.variables) {
            assert!(counts(name), "{name}");
        }
    }
}

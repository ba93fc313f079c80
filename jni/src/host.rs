//! The JVM as the core's host, on the thread that called.

use std::cell::{Cell, OnceCell};

use jni::jni_str;
use vault_cipher::{Environment, Error, Event, Host};
use zeroize::Zeroizing;

use crate::SERVICE;
use crate::exchange::{Exchange, append, parts};

/// The bytes of a line in the log.
const MAX_LINE: usize = 8 * 1024;

/// The names of the system properties that count, with line breaks between.
pub(crate) fn property_names() -> String {
    let names: Vec<&str> = vault_cipher::property_names().chain(["java.home"]).collect();
    names.join("\n")
}

/// The JVM. What is asked of it are static methods of the class that declares the native methods: it is at hand, whatever the
/// class loaders.
pub(crate) struct Jvm<'exchange, 'call, 'local> {
    exchange: &'exchange Exchange<'call, 'local>,
    /// As it was when the call first asked.
    environment: OnceCell<Environment>,
    /// Whether the log takes the steps, as it was then.
    logs_steps: Cell<bool>,
}

impl<'exchange, 'call, 'local> Jvm<'exchange, 'call, 'local> {
    pub(crate) fn new(exchange: &'exchange Exchange<'call, 'local>) -> Self {
        Self { exchange, environment: OnceCell::new(), logs_steps: Cell::new(false) }
    }

    /// Asks Java what is set.
    ///
    /// # Errors
    ///
    /// When that throws: the call must not go on as if nothing were set. It throws the same.
    pub(crate) fn ask_environment(&self) -> Result<(), Error> {
        self.environment();
        if self.exchange.has_thrown() { Err(Error::internal("the system properties are not known")) } else { Ok(()) }
    }

    /// The system properties that count and are set, and whether the log takes steps. All at once: each crossing takes a microsecond, and
    /// there are ninety of them.
    fn properties(&self) -> Vec<(String, Zeroizing<String>)> {
        self.logs_steps.set(self.exchange.ask(jni_str!("properties")).unwrap_or(false));
        let answer = self.exchange.take().unwrap_or_default();
        let mut texts = parts(&answer).map(|part| String::from_utf8_lossy(part).into_owned());
        std::iter::from_fn(|| texts.next().zip(texts.next())).map(|(name, value)| (name, Zeroizing::new(value))).collect()
    }
}

/// What of a message goes into the log.
fn start_of(message: &str) -> &str {
    let end = (0..=message.len().min(MAX_LINE)).rev().find(|end| message.is_char_boundary(*end)).unwrap_or(0);
    message.get(..end).unwrap_or_default()
}

impl Host for Jvm<'_, '_, '_> {
    fn environment(&self) -> &Environment {
        self.environment.get_or_init(|| SERVICE.environment(self.properties()))
    }

    fn trusted_certificates(&self) -> Result<Vec<Vec<u8>>, String> {
        let readable = self.exchange.ask(jni_str!("trustedCertificates")).ok_or("Java gave no answer")?;
        let answer = self.exchange.take().ok_or("Java gave no answer")?;
        if readable {
            Ok(parts(&answer).map(<[u8]>::to_vec).collect())
        } else {
            Err(String::from_utf8_lossy(&answer).into_owned())
        }
    }

    fn trusts_chain(&self, chain: &[Vec<u8>], named: &[Vec<u8>]) -> Result<(), String> {
        let mut question = Vec::new();
        chain.iter().for_each(|certificate| append(&mut question, certificate));
        append(&mut question, &[]);
        named.iter().for_each(|certificate| append(&mut question, certificate));
        if self.exchange.tell_bytes(jni_str!("trustsChain"), &question).ok_or("Java gave no answer")? {
            return Ok(());
        }
        let answer = self.exchange.take().ok_or("Java gave no answer")?;
        Err(String::from_utf8_lossy(&answer).into_owned())
    }

    fn warn(&self, message: &str) {
        self.exchange.tell(jni_str!("warn"), start_of(message));
    }

    fn wants_events(&self) -> bool {
        self.logs_steps.get()
    }

    fn event(&self, event: &Event<'_>) {
        if self.wants_events() {
            self.exchange.tell(jni_str!("step"), start_of(&event.to_string()));
        }
    }

    fn start_keeper(&self) -> bool {
        self.exchange.ask(jni_str!("startKeeper")).unwrap_or(false)
    }

    /// True as well after a call-back threw: the call comes to its end and throws that.
    fn interrupted(&self) -> bool {
        self.exchange.ask(jni_str!("interrupted")).unwrap_or(true)
    }
}

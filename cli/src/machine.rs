//! What the tool needs of the process it runs in: a JVM, or none.

use std::cell::{Cell, RefCell};
use std::io::Write;

use vault_cipher::{Environment, Host, Secret};
use zeroize::Zeroizing;

/// The process around the tool.
pub trait Machine {
    /// What this process was started with.
    fn environment(&self) -> Environment;

    /// The certificates (DER) that the JVM's own trust manager accepts as issuers.
    ///
    /// # Errors
    ///
    /// Why they cannot be read.
    fn trusted_certificates(&self) -> Result<Vec<Vec<u8>>, String> {
        Err("no JVM runs here".to_owned())
    }

    /// Whether the JVM's own trust managers trust a server with this chain, where they trust `named` as well (both DER).
    ///
    /// # Errors
    ///
    /// Why they do not.
    fn trusts_chain(&self, chain: &[Vec<u8>], named: &[Vec<u8>]) -> Result<(), String> {
        let _ = (chain, named);
        Err("no JVM runs here".to_owned())
    }

    /// What another cipher class makes of its text.
    ///
    /// # Errors
    ///
    /// Why there is no value, in words that hold neither text nor value.
    fn decrypt(&self, class: &str, text: &str) -> Result<Zeroizing<String>, String> {
        let _ = text;
        Err(format!(
            "the class {class} can be loaded by a JVM only: use java -cp with its jar, or write the plain password first"
        ))
    }

    /// Logs in to a database through the product's driver.
    fn log_in(&self, login: &DatabaseLogin<'_>) -> DatabaseOutcome {
        let _ = login;
        DatabaseOutcome::Unknown("no JVM runs here; use java -jar vault-cipher.jar".to_owned())
    }

    /// Facts about the JVM and our jar, in words, for the report; empty without a JVM.
    fn java(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A login to a database.
pub struct DatabaseLogin<'a> {
    /// The JDBC URL.
    pub url: &'a str,
    /// The user.
    pub user: &'a str,
    /// The password that came out of Vault.
    pub password: &'a str,
    /// The driver's class.
    pub driver: &'a str,
    /// The installation directory whose libraries hold the driver.
    pub libraries: Option<&'a str>,
}

/// What became of it.
pub enum DatabaseOutcome {
    /// The database accepts it.
    Accepted,
    /// It does not, in the driver's words; with the SQL state.
    Refused(String, String),
    /// It was not asked.
    Unknown(String),
}

/// The server's process as the library sees it: its environment, on this machine.
pub(crate) struct ToolHost<'a> {
    machine: &'a dyn Machine,
    environment: Environment,
    warnings: RefCell<Vec<String>>,
    /// How many warnings were passed on.
    passed: Cell<usize>,
}

impl<'a> ToolHost<'a> {
    pub(crate) fn new(machine: &'a dyn Machine, environment: Environment) -> Self {
        Self { machine, environment, warnings: RefCell::default(), passed: Cell::new(0) }
    }

    /// The administrator's own token, where the tool was started with one.
    pub(crate) fn administrator(&self) -> Option<Secret> {
        let environment = self.machine.environment();
        let token = environment.variable("VAULT_TOKEN")?.to_str()?.trim();
        (!token.is_empty()).then(|| Secret::new(token.to_owned()))
    }

    /// The warnings since the last question.
    pub(crate) fn take_warnings(&self) -> Vec<String> {
        let warnings = self.warnings.borrow();
        let new = warnings.get(self.passed.get()..).unwrap_or_default().to_vec();
        self.passed.set(warnings.len());
        new
    }

    /// Whether the JVM that runs the tool trusts what the server's JVM trusts, so that it may answer in its place.
    fn of_this_jvm(&self) -> Result<(), String> {
        const TRUST: [&str; 4] =
            ["java.home", "javax.net.ssl.trustStore", "javax.net.ssl.trustStoreType", "javax.net.ssl.trustStorePassword"];
        let own = self.machine.environment();
        match TRUST.iter().find(|name| own.property(name) != self.environment.property(name)) {
            None => Ok(()),
            Some(name) => Err(format!("not asked, because the server's {name} is not that of this JVM: run this with it")),
        }
    }

    /// Prints the new warnings.
    pub(crate) fn pass_on(&self, out: &mut dyn Write) -> Result<(), String> {
        self.take_warnings()
            .iter()
            .try_for_each(|warning| writeln!(out, "warning: {warning}"))
            .map_err(|e| format!("the output cannot be written: {e}"))
    }
}

impl Host for ToolHost<'_> {
    fn environment(&self) -> &Environment {
        &self.environment
    }

    fn trusted_certificates(&self) -> Result<Vec<Vec<u8>>, String> {
        self.of_this_jvm()?;
        self.machine.trusted_certificates()
    }

    fn trusts_chain(&self, chain: &[Vec<u8>], named: &[Vec<u8>]) -> Result<(), String> {
        self.of_this_jvm()?;
        self.machine.trusts_chain(chain, named)
    }

    fn warn(&self, message: &str) {
        self.warnings.borrow_mut().push(message.to_owned());
    }

    fn interrupted(&self) -> bool {
        false
    }
}

//! The JVM as the machine of the command-line tool.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;

use jni::jni_str;
use vault_cipher::{Environment, Host};
use vault_cipher_cli::{Call, DatabaseLogin, DatabaseOutcome, Machine};
use zeroize::Zeroizing;

use crate::exchange::{Exchange, parts};
use crate::host::Jvm;

/// A command that came to no end.
const FAILED: i32 = 2;

/// Runs the command whose arguments Java has framed; its exit status.
pub(crate) fn run(framed: &[u8], exchange: &Exchange<'_, '_>) -> i32 {
    let mut texts = parts(framed).map(|part| String::from_utf8_lossy(part).into_owned());
    let jar = texts.next().filter(|jar| !jar.is_empty()).map(PathBuf::from);
    let call = Call { arguments: texts.map(OsString::from).collect(), jar: jar.as_deref() };
    let machine = JvmMachine(exchange);
    let work = std::panic::AssertUnwindSafe(|| vault_cipher_cli::run(call, &machine, &mut Output(exchange)));
    std::panic::catch_unwind(work).map_or(FAILED, i32::from)
}

/// Java's standard output.
struct Output<'a, 'call, 'local>(&'a Exchange<'call, 'local>);

impl Write for Output<'_, '_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.tell_bytes(jni_str!("print"), bytes) {
            Some(true) => Ok(bytes.len()),
            _ => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct JvmMachine<'a, 'call, 'local>(&'a Exchange<'call, 'local>);

impl JvmMachine<'_, '_, '_> {
    /// What a method leaves in the slot, and what it returns.
    fn ask(&self, method: &'static jni::strings::JNIStr, question: &str) -> Option<(bool, Zeroizing<String>)> {
        let succeeded = self.0.tell(method, question)?;
        let answer = self.0.take()?;
        Some((succeeded, Zeroizing::new(String::from_utf8_lossy(&answer).into_owned())))
    }
}

impl Machine for JvmMachine<'_, '_, '_> {
    fn environment(&self) -> Environment {
        Jvm::new(self.0).environment().clone()
    }

    fn trusted_certificates(&self) -> Result<Vec<Vec<u8>>, String> {
        Jvm::new(self.0).trusted_certificates()
    }

    fn trusts_chain(&self, chain: &[Vec<u8>], named: &[Vec<u8>]) -> Result<(), String> {
        Jvm::new(self.0).trusts_chain(chain, named)
    }

    fn decrypt(&self, class: &str, text: &str) -> Result<Zeroizing<String>, String> {
        match self.ask(jni_str!("decrypt"), &Zeroizing::new(format!("{class}\n{text}"))) {
            Some((true, value)) => Ok(value),
            Some((false, why)) => Err(why.to_string()),
            None => Err("Java gave no answer".to_owned()),
        }
    }

    fn log_in(&self, login: &DatabaseLogin<'_>) -> DatabaseOutcome {
        let DatabaseLogin { url, user, password, driver, libraries } = login;
        let question = Zeroizing::new([*url, user, password, driver, libraries.unwrap_or_default()].join("\n"));
        let Some((_, answer)) = self.ask(jni_str!("logIn"), &question) else {
            return DatabaseOutcome::Unknown("Java gave no answer".to_owned());
        };
        match answer.split_once(' ') {
            None => DatabaseOutcome::Accepted,
            Some(("refused", rest)) => {
                let (state, words) = rest.split_once(' ').unwrap_or((rest, ""));
                DatabaseOutcome::Refused(words.to_owned(), state.to_owned())
            }
            Some((_, why)) => DatabaseOutcome::Unknown(why.to_owned()),
        }
    }

    fn java(&self) -> Vec<String> {
        let facts = self.ask(jni_str!("facts"), "").map(|(_, facts)| facts);
        facts.map(|facts| facts.lines().map(str::to_owned).collect()).unwrap_or_default()
    }
}

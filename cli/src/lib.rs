//! The command-line tool: `java -jar vault-cipher.jar COMMAND`, or the program `vault-cipher` where no JVM runs. Arguments and
//! facts go in, a report comes out; what only a JVM knows is asked of [`Machine`].

mod args;
mod doctor;
mod explain;
mod eyes;
mod help;
mod install;
mod java;
mod machine;
mod product;
mod protect;
mod replace;
mod report;

use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::path::Path;

use args::{Command, Usage};
// Only tests and `fuzz/` see it.
pub use machine::{DatabaseLogin, DatabaseOutcome, Machine};
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub use product::parsers;

/// A command that failed.
const FAILED: u8 = 2;

/// A command line that cannot be used (`EX_USAGE` of sysexits.h).
const USAGE: u8 = 64;

/// How the tool was called.
pub struct Call<'a> {
    /// The arguments, without the program's name.
    pub arguments: Vec<OsString>,
    /// Our jar, which `install` copies and `doctor` lets the server's Java load.
    pub jar: Option<&'a Path>,
}

/// Does what the arguments say, and returns the exit status.
pub fn run(call: Call<'_>, machine: &dyn Machine, out: &mut dyn Write) -> u8 {
    let Call { arguments, jar } = call;
    let command = match args::parse(arguments) {
        Ok(command) => command,
        Err(Usage(problem)) => {
            let _ = writeln!(out, "vault-cipher: {problem}. See --help.");
            return USAGE;
        }
    };
    let outcome = match &command {
        Command::Help(name) => print(out, &help::help(name.as_deref())),
        Command::Version => print(out, concat!("vault-cipher ", env!("CARGO_PKG_VERSION"), "\n")),
        Command::Doctor(doctor) => {
            return match doctor::doctor(doctor, jar, machine, shows_colours(), out) {
                Ok(exit) => exit,
                // Nobody reads it any more.
                Err(_) => FAILED,
            };
        }
        Command::Explain(subject, product) => explain::explain(subject, product.as_deref(), machine, out),
        Command::Protect(protect) => protect::protect(protect, machine, out),
        Command::Unprotect { file, property, yes, dry_run } => {
            protect::unprotect(file, property.as_deref(), (*yes, *dry_run), machine, out)
        }
        Command::Install { product, folder } => install::install(*product, folder, jar, out),
        Command::Uninstall { product, folder } => install::uninstall(*product, folder, out),
        Command::Completions(shell) => match help::completions(shell) {
            Some(script) => print(out, &script),
            None => Err("completions are for bash, zsh and fish".to_owned()),
        },
    };
    match outcome {
        Ok(()) => 0,
        Err(problem) => {
            let _ = writeln!(out, "vault-cipher: {problem}");
            FAILED
        }
    }
}

/// Whether standard output is a terminal that shows colours, and `NO_COLOR` is not set (<https://no-color.org>). The JVM is not
/// asked: from 22 to 24 it has a console also where there is no terminal. A console of Windows may not know the escape sequences.
fn shows_colours() -> bool {
    let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    cfg!(unix) && !unwanted && std::io::stdout().is_terminal()
}

fn print(out: &mut dyn Write, text: &str) -> Result<(), String> {
    out.write_all(text.as_bytes()).map_err(|e| format!("the output cannot be written: {e}"))
}

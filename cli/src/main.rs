//! The program for machines where no JVM runs.

use std::io::{self, Write};
use std::process::ExitCode;

use vault_cipher::Environment;
use vault_cipher_cli::{Call, Machine, run};

/// A process without a JVM.
struct Process;

impl Machine for Process {
    fn environment(&self) -> Environment {
        let environment = Environment::of_process([]);
        // The trust store is that of the Java that the shell would start.
        match std::env::var("JAVA_HOME") {
            Ok(home) => environment.with_property("java.home", &home),
            Err(_) => environment,
        }
    }
}

fn main() -> ExitCode {
    let mut out = io::stdout();
    let call = Call { arguments: std::env::args_os().skip(1).collect(), jar: None };
    let exit = run(call, &Process, &mut out);
    // A reader that has gone needs no word.
    let _ = out.flush();
    ExitCode::from(exit)
}

//! What a terminal gets and what a pipe gets: the same, but for colours.

#![cfg(unix)]
#![expect(clippy::expect_used, reason = "a test stops at the first surprise")]

use std::net::TcpListener;
use std::process::{Command, Stdio};

/// Runs a program on a new pseudo-terminal, and passes on what it prints.
const ON_A_TERMINAL: &str = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";

/// What doctor prints about a server that is not there, with every time as `0 ms`; and the exit status.
fn doctor(terminal: bool, variables: &[(&str, &str)], port: u16) -> (String, Option<i32>) {
    let tool = env!("CARGO_BIN_EXE_vault-cipher");
    let mut command = Command::new(if terminal { "python3" } else { tool });
    if terminal {
        command.args(["-c", ON_A_TERMINAL, tool]);
    }
    let text = format!(r#"{{"mount":"secret","path":"app","key":"k","endpoint":"http://127.0.0.1:{port}","timeout":0}}"#);
    command.args(["doctor", &text]).stdin(Stdio::null());
    command.env_remove("NO_COLOR").env("SECRET_STORE_VAULT_TOKEN", "s.none").envs(variables.iter().copied());
    let output = command.output().expect("the tool runs");
    let printed = String::from_utf8(output.stdout).expect("text").replace("\r\n", "\n");
    (printed.lines().map(without_time).collect::<Vec<_>>().join("\n"), output.status.code())
}

fn without_time(line: &str) -> String {
    let Some((before, after)) = line.split_once(" ms  ") else { return line.to_owned() };
    format!("{} 0 ms  {after}", before.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end())
}

#[test]
fn a_terminal_gets_colours_and_nothing_else_is_different() {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
    let (pipe, exit) = doctor(false, &[], port);
    assert!(exit == Some(2) && pipe.contains("fail connect") && !pipe.contains('\u{1b}'), "{pipe}");
    let (terminal, exit) = doctor(true, &[], port);
    assert!(exit == Some(2) && terminal.contains("\u{1b}[31mfail\u{1b}[0m connect"), "{terminal}");
    let plain = ["32", "33", "31", "90", "0"].iter().fold(terminal, |text, code| text.replace(&format!("\u{1b}[{code}m"), ""));
    assert_eq!(plain, pipe);
    assert_eq!(doctor(true, &[("NO_COLOR", "1")], port), (pipe.clone(), Some(2)));
    // https://no-color.org: an empty value counts as none.
    assert!(doctor(true, &[("NO_COLOR", "")], port).0.contains('\u{1b}'));
}

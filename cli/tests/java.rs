//! `doctor --java`: what a Java that does not run is called. What a real one says of the jar is tested by ServerJavaTest.java.

#![cfg(unix)]
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test stops at the first surprise")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// What the check `java` finds, with these contents of a Java's program.
fn java(name: &str, program: &[u8], options: &[&str]) -> Value {
    let home = home(name, program);
    let check = check(&home, options);
    fs::remove_dir_all(home).expect("the folder");
    check
}

fn home(name: &str, program: &[u8]) -> PathBuf {
    let home = std::env::temp_dir().join(format!("vault-cipher-java-{}-{name}", std::process::id()));
    fs::create_dir_all(home.join("bin")).expect("a folder");
    fs::write(home.join("bin/java"), program).expect("a program");
    fs::set_permissions(home.join("bin/java"), fs::Permissions::from_mode(0o755)).expect("its mode");
    home
}

fn check(java: &Path, options: &[&str]) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vault-cipher"));
    command.args(["doctor", "--json", "--only", "java", "--java"]).arg(java).args(options).arg("no text");
    let output = command.output().expect("the tool runs");
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    report["checks"][0].clone()
}

fn assert_fails(check: &Value, problem: &str) {
    assert_eq!((&check["name"], &check["status"]), (&"java".into(), &"fail".into()), "{check}");
    assert!(check["text"].as_str().is_some_and(|text| text.contains(problem)), "{check}");
    assert!(check["advice"].as_str().is_some_and(|advice| !advice.is_empty()), "{check}");
}

/// The header of an ELF program.
fn elf(bits: u8, machine: u8) -> Vec<u8> {
    let mut header = vec![0; 64];
    header[..4].copy_from_slice(b"\x7fELF");
    (header[4], header[5], header[6], header[16], header[18], header[20]) = (bits, 1, 1, 2, machine, 1);
    header
}

#[test]
fn a_java_that_does_not_run_here_is_named_with_the_reason() {
    assert_fails(&check(Path::new("/no/such/java"), &[]), "there is no /no/such/java");
    assert_fails(&check(Path::new("/etc"), &[]), "there is no /etc/bin/java");
    // IBM's mainframes: no machine that runs this test.
    assert_fails(&java("s390", &elf(2, 22), &[]), "it is a program for machine 22 of ELF, 64 bits");
    assert_fails(&java("text", b"\x00\x01\x02\x03 no program at all", &[]), "it is a program for another system");
    assert_fails(&java("loader", b"#!/no/such/loader/of/it\n", &[]), "does not start here");
    assert_fails(
        &java("fails", b"#!/bin/sh\necho 'Unrecognized option: --x' >&2\nexit 1\n", &[]),
        "does not run: Unrecognized option: --x",
    );
    assert_fails(&java("silent", b"#!/bin/sh\nexit 1\n", &[]), "does not run: it says nothing");
    assert_fails(&java("hangs", b"#!/bin/sh\nexec sleep 60\n", &["--timeout", "1"]), "did not end within");
    let old = b"#!/bin/sh\nprintf '    java.specification.version = 1.7\\n    java.version = 1.7.0_80\\n' >&2\nexit 1\n";
    assert_fails(&java("old", old, &[]), "Java 1.7.0_80 of ");
    let home = home("closed", b"#!/bin/sh\n");
    fs::set_permissions(home.join("bin/java"), fs::Permissions::from_mode(0o644)).expect("its mode");
    assert_fails(&check(&home, &[]), "may not be started");
    fs::remove_dir_all(home).expect("the folder");
}

#[test]
fn without_a_jar_the_servers_java_is_still_named() {
    let good =
        b"#!/bin/sh\nprintf '    java.specification.version = 21\\n    java.version = 21.0.8\\n    os.arch = amd64\\n' >&2\n";
    let check = java("good", good, &[]);
    assert_eq!(check["status"], "skip", "{check}");
    assert!(
        check["text"].as_str().is_some_and(|text| text.contains("Java 21.0.8 (amd64)") && text.contains("there is no jar")),
        "{check}"
    );
}

#[test]
fn java_gets_no_token_and_prints_none() {
    let nosy = b"#!/bin/sh\nenv >&2\nexit 1\n";
    let home = home("nosy", nosy);
    let mut command = Command::new(env!("CARGO_BIN_EXE_vault-cipher"));
    command.args(["doctor", "--only", "java", "--java"]).arg(&home).arg("no text").env("VAULT_TOKEN", "canary");
    let output = command.env("JAVA_TOOL_OPTIONS", "-Dcanary=canary").output().expect("the tool runs");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    fs::remove_dir_all(home).expect("the folder");
    assert!(printed.contains("fail java") && !printed.contains("canary"), "{printed}");
}

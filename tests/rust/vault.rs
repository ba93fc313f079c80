//! The crate's public function against a real Vault. What a host sees is tested through Java; this is what a contributor
//! runs in a second after a change.

mod support;

use std::thread;

use support::{Process, VaultServer};
use vault_cipher::{Error, ErrorKind, Secret, Service};

/// Each test has one of its own.
fn resolve(text: &str, process: &Process) -> Result<Secret, Error> {
    Service::new().resolve(text, process)
}

#[test]
fn a_secret_is_read_with_a_token() {
    let vault = VaultServer::start();
    let password = support::random();
    vault.write("secret/data/app", &format!("{{\"data\":{{\"password\":\"{password}\",\"port\":5432}}}}"));
    let process = Process::with_token(vault.root_token());

    let value = resolve(&vault.text("secret", "app", "password"), &process).map_err(|e| e.to_string()).unwrap();
    assert!(value.expose() == password, "another value came back");
    let value = resolve(&vault.text("secret", "app", "port"), &process).map_err(|e| e.to_string()).unwrap();
    assert!(value.expose() == "5432", "a number is not its JSON text");
    assert_eq!(process.warnings(), Vec::<String>::new());
}

#[test]
fn threads_read_at_the_same_time() {
    let vault = VaultServer::start();
    let secrets: Vec<String> = (0..16).map(|_| support::random()).collect();
    for (i, secret) in secrets.iter().enumerate() {
        vault.write(&format!("secret/data/app{i}"), &format!("{{\"data\":{{\"password\":\"{secret}\"}}}}"));
    }
    thread::scope(|scope| {
        for (i, secret) in secrets.iter().enumerate() {
            let vault = &vault;
            scope.spawn(move || {
                let process = Process::with_token(vault.root_token());
                for _ in 0..20 {
                    let value = resolve(&vault.text("secret", &format!("app{i}"), "password"), &process);
                    assert!(value.map_err(|e| e.to_string()).unwrap().expose() == secret, "another thread's value");
                }
            });
        }
    });
}

#[test]
fn each_kind_of_absence_is_its_own_error() {
    let vault = VaultServer::start();
    vault.write("secret/data/app", "{\"data\":{\"password\":\"x\"}}");
    let process = Process::with_token(vault.root_token());
    let error = |mount, path, key| resolve(&vault.text(mount, path, key), &process).err().expect("there is nothing");

    assert!(
        matches!(error("secret", "app", "pasword").kind(), ErrorKind::KeyMissing { nearest: Some(near), .. } if near == "password")
    );
    assert!(matches!(error("secret", "ap", "password").kind(), ErrorKind::SecretMissing));
    assert!(matches!(error("secrets", "app", "password").kind(), ErrorKind::MountUnknown { .. }));
    vault.request("DELETE", "secret/data/app", "");
    assert!(matches!(error("secret", "app", "password").kind(), ErrorKind::SecretDeleted { version: 1, .. }));
    vault.write("secret/destroy/app", "{\"versions\":[1]}");
    assert!(matches!(error("secret", "app", "password").kind(), ErrorKind::SecretDestroyed { version: 1, .. }));
    let stranger = Process::with_token("s.nobody");
    let refused = resolve(&vault.text("secret", "app", "password"), &stranger).err().expect("the token is not valid");
    assert!(matches!(refused.kind(), ErrorKind::TokenRefused { .. }), "{refused}");
    assert!(!refused.to_string().contains("s.nobody"), "the token is in the message");
}

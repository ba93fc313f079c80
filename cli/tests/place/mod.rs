//! A folder with a product's file, a real Vault, and the tool.

#![expect(clippy::expect_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::json;

use crate::support::VaultServer;

pub(crate) struct Place {
    pub(crate) vault: VaultServer,
    pub(crate) folder: PathBuf,
}

impl Place {
    pub(crate) fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("vault-cipher-protect-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        Self { vault: VaultServer::start(), folder }
    }

    pub(crate) fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.folder.join(name);
        fs::write(&path, content).expect("a file");
        path
    }

    pub(crate) fn text(&self, path: &str) -> String {
        json!({"mount": "secret", "path": path, "key": "password", "endpoint": self.vault.endpoint(), "timeout": 5}).to_string()
    }

    pub(crate) fn tool(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vault-cipher"));
        command.env_clear().args(arguments);
        // The administrator writes with the one, the server reads with the other.
        command.env("VAULT_TOKEN", self.vault.root_token()).env("SECRET_STORE_VAULT_TOKEN", self.vault.root_token());
        command
    }

    pub(crate) fn protect(&self, file: &Path, text: &str) -> Output {
        self.tool(&["protect", "--file", file.to_str().expect("a path"), "--text", text]).output().expect("the tool runs")
    }

    pub(crate) fn unprotect(&self, file: &Path) -> Output {
        self.tool(&["unprotect", "--yes", "--file", file.to_str().expect("a path")]).output().expect("the tool runs")
    }
}

pub(crate) fn words(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

//! `doctor` on broken set-ups, against a real Vault: each is named by its own code. The table in docs/doctor.md is made of them
//! (`UPDATE=1 cargo test -p vault-cipher-cli --test doctor`).

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test stops at the first surprise")]

#[expect(dead_code, reason = "the tool is a process of its own")]
#[path = "../../tests/rust/support/mod.rs"]
mod support;

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use serde_json::{Value, json};
use support::{VaultServer, random};

/// A set-up that is broken.
struct Broken {
    /// What is wrong, for the page.
    what: &'static str,
    /// The text, or what stands in the file instead of it.
    text: String,
    variables: Vec<(&'static str, String)>,
    /// The check that fails.
    check: &'static str,
    /// The code of its message; `None` for what doctor says itself.
    code: Option<&'static str>,
}

/// The servers and secrets that the set-ups share.
struct World {
    vault: VaultServer,
    folder: PathBuf,
    password: String,
    closed: u16,
    page: u16,
    silent: u16,
}

impl World {
    fn new() -> Self {
        let vault = VaultServer::start();
        let password = random();
        vault.write(
            "secret/data/app",
            &json!({"data": {"password": password, "plain": "p@ss word!", "empty": "", "null": null, "object": {"a": 1}}})
                .to_string(),
        );
        vault.write("secret/data/gone", "{\"data\":{\"password\":\"x\"}}");
        vault.request("DELETE", "secret/data/gone", "");
        vault.write("secret/data/burnt", "{\"data\":{\"password\":\"x\"}}");
        vault.write("secret/destroy/burnt", "{\"versions\":[1]}");
        vault.write("sys/mounts/old", "{\"type\":\"kv\",\"options\":{\"version\":\"1\"}}");
        vault.write("old/app", "{\"password\":\"x\"}");
        vault.write("sys/policies/acl/none", "{\"policy\":\"path \\\"other/*\\\" { capabilities = [\\\"read\\\"] }\"}");
        vault.write(
            "auth/token/create",
            &json!({"id": "without-rights-0123456789", "policies": ["none"], "ttl": "1h"}).to_string(),
        );
        vault.write("sys/auth/approle", "{\"type\":\"approle\"}");
        vault.write("auth/approle/role/app", "{\"token_policies\":\"none\"}");
        vault.write("sys/auth/userpass", "{\"type\":\"userpass\"}");
        let folder = std::env::temp_dir().join(format!("vault-cipher-doctor-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("not.pem"), "no certificate").expect("a file");
        fs::write(folder.join("empty"), "").expect("a file");
        let closed = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
        let page = serve(|mut stream| {
            let _ = stream.read(&mut [0; 4096]);
            let page = "<html><title>ACME login</title></html>";
            let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{page}", page.len());
        });
        let silent = serve(|mut stream| {
            let mut all = Vec::new();
            let _ = stream.read_to_end(&mut all);
        });
        Self { vault, folder, password, closed, page, silent }
    }

    fn text(&self, changes: &Value) -> String {
        let mut text =
            json!({"mount": "secret", "path": "app", "key": "password", "endpoint": self.vault.endpoint(), "timeout": 3});
        for (name, value) in changes.as_object().expect("an object") {
            match value {
                Value::Null => drop(text.as_object_mut().expect("an object").remove(name)),
                value => text[name] = value.clone(),
            }
        }
        text.to_string()
    }

    fn file(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    fn all(&self) -> Vec<Broken> {
        let root = || vec![("SECRET_STORE_VAULT_TOKEN", self.vault.root_token().to_owned())];
        let set = |what, changes: Value, check, code| Broken {
            what,
            text: self.text(&changes),
            variables: root(),
            check,
            code: Some(code),
        };
        let local = |port: u16, scheme: &str| format!("{scheme}://127.0.0.1:{port}");
        let token = |what, token: &str, check, code| Broken {
            variables: vec![("SECRET_STORE_VAULT_TOKEN", token.to_owned())],
            ..set(what, json!({}), check, code)
        };
        let approle = |what, variables: Vec<(&'static str, String)>, check, code| Broken {
            variables,
            ..set(what, json!({"authenticationType": "APPROLE"}), check, code)
        };
        let with = |broken: Broken, name, value: &str| {
            let variables = broken.variables.into_iter().chain([(name, value.to_owned())]).collect();
            Broken { variables, ..broken }
        };
        let https = self.vault.endpoint().replace("http:", "https:");
        vec![
            Broken { text: "s3cret".to_owned(), ..set("the plain password is still there", json!({}), "text", "VC1001") },
            set("a field is missing", json!({"key": null}), "text", "VC1001"),
            set("a field is misspelt", json!({"pth": "x"}), "text", "VC1001"),
            set("the endpoint is no address", json!({"endpoint": "vault:8200"}), "text", "VC1001"),
            set("the path has an empty segment", json!({"path": "a//b"}), "text", "VC1001"),
            set("a time that is none", json!({"timeout": "soon"}), "trust", "VC1101"),
            with(set("headers that are not JSON", json!({}), "trust", "VC1101"), "VAULT_HEADERS", "X-Team: dba"),
            Broken { variables: Vec::new(), ..set("no token is set", json!({}), "login", "VC1102") },
            token("the token has a line break inside", "s.abc\ndef", "login", "VC1101"),
            token("the token is wrong", "s.0123456789abcdef01234567", "read", "VC1602"),
            token("the policies do not allow it", "without-rights-0123456789", "read", "VC1701"),
            set("the token's file is missing", json!({"tokenFile": "/nonexistent/token"}), "login", "VC1201"),
            set("the token's file is a directory", json!({"tokenFile": self.folder}), "login", "VC1201"),
            set("the token's file is empty", json!({"tokenFile": self.file("empty")}), "login", "VC1201"),
            set("there is no such mount", json!({"mount": "sekret"}), "read", "VC1706"),
            set("there is no such secret", json!({"path": "ap"}), "read", "VC1702"),
            set("the secret has no such key", json!({"key": "pasword"}), "read", "VC1801"),
            set("the value is null", json!({"key": "null"}), "read", "VC1802"),
            set("the value is empty", json!({"key": "empty"}), "read", "VC1802"),
            set("the value is an object", json!({"key": "object"}), "read", "VC1802"),
            set("the value is not base64", json!({"encoding": "base64", "key": "plain"}), "read", "VC1802"),
            set("the version was deleted", json!({"path": "gone"}), "read", "VC1704"),
            set("the version was destroyed", json!({"path": "burnt"}), "read", "VC1705"),
            set("there is no such version", json!({"version": 7}), "read", "VC1703"),
            set("the engine is another version", json!({"engine": "kv1"}), "read", "VC1707"),
            set("nothing listens there", json!({"endpoint": local(self.closed, "http")}), "connect", "VC1402"),
            set("the host name is wrong", json!({"endpoint": "http://vault.invalid:8200"}), "name", "VC1401"),
            set("https to a server that speaks http", json!({"endpoint": https}), "tls", "VC1302"),
            set("something else answers", json!({"endpoint": local(self.page, "http")}), "read", "VC1501"),
            set("the server says nothing", json!({"endpoint": local(self.silent, "http")}), "read", "VC1404"),
            set("the CA's file is missing", json!({"caCert": "/nonexistent/ca.pem", "endpoint": https}), "trust", "VC1201"),
            set("the CA's file is no certificate", json!({"caCert": self.file("not.pem"), "endpoint": https}), "trust", "VC1201"),
            with(
                set("a client certificate without its key", json!({"endpoint": https}), "trust", "VC1201"),
                "VAULT_CLIENT_CERT",
                &self.file("not.pem"),
            ),
            set("the namespace does not exist", json!({"namespace": "nowhere"}), "read", "VC1603"),
            approle("AppRole without a role-id", Vec::new(), "login", "VC1102"),
            approle(
                "AppRole with a wrong secret-id",
                vec![("SECRET_STORE_VAULT_ROLE_ID", "wrong".to_owned()), ("SECRET_STORE_VAULT_SECRET_ID", "wrong".to_owned())],
                "login",
                "VC1601",
            ),
            set("Kubernetes outside of a pod", json!({"authenticationType": "KUBERNETES", "role": "app"}), "login", "VC1201"),
        ]
    }
}

fn serve(answer: impl Fn(TcpStream) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its port").port();
    thread::spawn(move || listener.incoming().flatten().for_each(&answer));
    port
}

fn doctor(broken: &Broken) -> (String, Option<i32>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vault-cipher"));
    command.env_clear().args(["doctor", "--json", "--timeout", "6", &broken.text]);
    // The trust store of some Java.
    command.env("JAVA_HOME", java_home());
    command.envs(broken.variables.iter().map(|(name, value)| (name, value)));
    let output = command.output().expect("the tool runs");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    (String::from_utf8(output.stdout).expect("text"), output.status.code())
}

/// A folder with an empty trust store in PEM is none that Java knows: the JDK's own is found by its compiler.
fn java_home() -> PathBuf {
    if let Some(home) = std::env::var_os("JAVA_HOME") {
        return home.into();
    }
    let java = fs::canonicalize("/usr/bin/java").expect("a Java: set JAVA_HOME");
    java.ancestors().nth(2).map(Path::to_owned).expect("its home")
}

#[test]
fn each_broken_set_up_is_named_by_its_own_code() {
    let world = World::new();
    let mut rows = String::new();
    for broken in world.all() {
        let (output, exit) = doctor(&broken);
        let report: Value = serde_json::from_str(&output).unwrap_or_else(|_| panic!("{}: no JSON", broken.what));
        let checks = report["checks"].as_array().expect("checks");
        let failed = checks.iter().find(|check| check["status"] == "fail");
        let failed = failed.unwrap_or_else(|| panic!("{}: nothing failed: {output}", broken.what));
        assert_eq!(failed["name"], broken.check, "{}: {failed}", broken.what);
        assert_eq!(failed["code"].as_str(), broken.code, "{}: {failed}", broken.what);
        assert_eq!((exit, report["exit"].as_i64()), (Some(2), Some(2)), "{}", broken.what);
        assert!(failed["advice"].as_str().is_some_and(|advice| !advice.is_empty()), "{}: {failed}", broken.what);
        for secret in [&world.password, "s3cret", world.vault.root_token()] {
            assert!(!output.contains(secret), "{}: a secret is in the output", broken.what);
        }
        rows.push_str(&format!("| {} | `{}` | {} |\n", broken.what, broken.check, broken.code.unwrap_or("")));
    }
    compare(&rows);
}

/// The table in docs/doctor.md.
fn compare(rows: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/doctor.md");
    let page = fs::read_to_string(&path).expect("docs/doctor.md");
    let (begin, end) = ("<!-- broken set-ups: begin -->\n", "<!-- broken set-ups: end -->");
    let (before, rest) = page.split_once(begin).expect("the mark of the table's beginning");
    let (_, after) = rest.split_once(end).expect("the mark of the table's end");
    let table = format!("\n| What is wrong | Check that fails | Code |\n|---|---|---|\n{rows}\n");
    let wanted = format!("{before}{begin}{table}{end}{after}");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, wanted).expect("docs/doctor.md can be written");
    } else {
        assert!(page == wanted, "docs/doctor.md is out of date: UPDATE=1 cargo test -p vault-cipher-cli --test doctor");
    }
}

#[test]
fn a_good_set_up_is_good_and_its_value_is_looked_at() {
    let world = World::new();
    let good = |changes: Value| {
        let variables = vec![("SECRET_STORE_VAULT_TOKEN", world.vault.root_token().to_owned())];
        doctor(&Broken { what: "good", text: world.text(&changes), variables, check: "", code: None })
    };
    let (output, exit) = good(json!({}));
    assert_eq!(exit, Some(0), "{output}");
    assert!(!output.contains(&world.password) && output.contains("version 1 of"), "{output}");
    world.vault.write("secret/data/odd", &json!({"data": {"password": "canary-1\n", "quoted": "\"canary-2\""}}).to_string());
    for key in ["password", "quoted"] {
        let (output, exit) = good(json!({"path": "odd", "key": key}));
        assert!(exit == Some(0) && output.contains("\"warn\"") && !output.contains("canary"), "{output}");
    }
}

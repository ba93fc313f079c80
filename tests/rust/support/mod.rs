//! A real Vault on loopback, and a process to call from.

#![expect(clippy::expect_used, clippy::panic, reason = "a fixture may stop the test at the first surprise")]

use std::cell::RefCell;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use vault_cipher::{Environment, Host};

/// A Vault in dev mode (`VAULT_BIN`), stopped when dropped.
pub(crate) struct VaultServer {
    server: Child,
    address: String,
    root_token: String,
}

impl VaultServer {
    /// Starts one on a free port with a random root token.
    pub(crate) fn start() -> Self {
        let binary =
            std::env::var_os("VAULT_BIN").expect("VAULT_BIN must name a Vault or OpenBao binary: tests/servers/build.sh vault");
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
            let address = format!("127.0.0.1:{port}");
            let root_token = random();
            let server = Command::new(&binary)
                .args(["server", "-dev", "-dev-no-store-token", &format!("-dev-listen-address={address}")])
                .env("BAO_DEV_ROOT_TOKEN_ID", &root_token)
                .env("VAULT_DEV_ROOT_TOKEN_ID", &root_token)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("VAULT_BIN can be started");
            let mut vault = Self { server, address, root_token };
            if vault.is_ready() {
                return vault;
            }
            // The port, or the one after it, was taken meanwhile: once more.
        }
        panic!("Vault does not start");
    }

    fn is_ready(&mut self) -> bool {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(30) {
            if self.server.try_wait().expect("its state is known").is_some() {
                return false;
            }
            // The mount of the KV engine comes a moment after the port opens.
            if self.exchange("GET", "sys/internal/ui/mounts/secret", "").is_some_and(|answer| answer.starts_with("HTTP/1.1 200"))
            {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }

    /// The token that may do everything.
    pub(crate) fn root_token(&self) -> &str {
        &self.root_token
    }

    /// Its address.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The text that names a value on this server.
    pub(crate) fn text(&self, mount: &str, path: &str, key: &str) -> String {
        let endpoint = self.endpoint();
        format!("{{\"mount\":\"{mount}\",\"path\":\"{path}\",\"key\":\"{key}\",\"endpoint\":\"{endpoint}\",\"timeout\":5}}")
    }

    /// Writes, as root.
    pub(crate) fn write(&self, api_path: &str, json: &str) {
        self.request("POST", api_path, json);
    }

    /// Any request, as root; it must succeed.
    pub(crate) fn request(&self, method: &str, api_path: &str, json: &str) {
        let answer = self.exchange(method, api_path, json).unwrap_or_default();
        let status = answer.lines().next().unwrap_or_default().to_owned();
        assert!(status.starts_with("HTTP/1.1 20"), "{method} {api_path}: {status}");
    }

    fn exchange(&self, method: &str, api_path: &str, json: &str) -> Option<String> {
        let mut connection = TcpStream::connect(&self.address).ok()?;
        let (address, token, length) = (&self.address, &self.root_token, json.len());
        write!(
            connection,
            "{method} /v1/{api_path} HTTP/1.1\r\nHost: {address}\r\nX-Vault-Token: {token}\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n{json}"
        )
        .ok()?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer).ok()?;
        Some(answer)
    }
}

impl Drop for VaultServer {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// A process with one environment variable, the token, and nothing else.
pub(crate) struct Process {
    environment: Environment,
    warnings: RefCell<Vec<String>>,
}

impl Process {
    pub(crate) fn with_token(token: &str) -> Self {
        Self {
            environment: Environment::default().with_variable("SECRET_STORE_VAULT_TOKEN", token),
            warnings: RefCell::default(),
        }
    }

    /// What it was warned of.
    pub(crate) fn warnings(&self) -> Vec<String> {
        self.warnings.borrow().clone()
    }
}

impl Host for Process {
    fn environment(&self) -> &Environment {
        &self.environment
    }

    fn warn(&self, message: &str) {
        self.warnings.borrow_mut().push(message.to_owned());
    }

    fn interrupted(&self) -> bool {
        false
    }
}

/// A random name: 32 hexadecimal digits from the system.
pub(crate) fn random() -> String {
    let mut bytes = [0_u8; 16];
    std::fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes)).expect("random bytes");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

//! Certificates made at run time, stores made by keytool and openssl, and servers on loopback.

mod archives;
mod differential;
mod encryptions;
mod handshakes;
mod identities;
mod leaks;
mod oddities;
mod offers;
mod options;
mod stores;

use std::error::Error as StdError;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use std::{fs, thread};

use rcgen::{BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use super::anchors::Anchors;
use super::rules::Rules;
use super::trust::Trust;
use super::verifier::Verifier;
use crate::settings::{Origin, Value};

/// The verdict in words.
pub(super) fn verdict(error: &(dyn StdError + 'static)) -> Option<String> {
    super::verdict(error).map(|problem| problem.to_string())
}

/// A directory that goes away with the test.
pub(crate) struct Directory(PathBuf);

impl Directory {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("vault-cipher-tls-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What the parsers of certificates, keys and key stores are tried with, besides `fuzz/seeds`, where no private key belongs.
pub(crate) fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let directory = Directory::new();
    let ca = ca("Company CA");
    let (pem, key) = (directory.file("ca.pem", ca.pem()), directory.file("ca.key", ca.key().serialize_pem()));
    let (plain, encrypted, jks) = (directory.path("plain.p12"), directory.path("encrypted.p12"), directory.path("store.jks"));
    let export = ["pkcs12", "-export", "-inkey", &key, "-in", &pem, "-passout", "pass:right-one"];
    run("openssl", &[&export[..], &["-keypbe", "NONE", "-certpbe", "NONE", "-nomac", "-out", &plain]].concat());
    run("openssl", &[&export[..], &["-iter", "1", "-out", &encrypted]].concat());
    let store = ["-keystore", &jks, "-storetype", "JKS", "-storepass", "right-one"];
    run("keytool", &[&["-genkeypair", "-alias", "own", "-keyalg", "EC", "-dname", "CN=own"], &store[..]].concat());
    let read = |path: &str| fs::read(path).unwrap();
    vec![
        ("x509", ca.der().to_vec()),
        ("pem", [read(&pem), read(&key)].concat()),
        ("key_store", read(&plain)),
        ("key_store", read(&encrypted)),
        ("key_store", read(&jks)),
    ]
}

/// Runs a tool of the machine; its failure is the test's.
pub(super) fn run(program: impl AsRef<Path>, arguments: &[&str]) -> String {
    let output = Command::new(program.as_ref()).args(arguments).output();
    let output =
        output.unwrap_or_else(|error| panic!("{}: {error}; the tests need keytool and openssl", program.as_ref().display()));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{arguments:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// The JDKs to try: `JDKS` ("17=/path 25=/path"), otherwise the one whose `java` is on the path.
pub(super) fn jdks() -> Vec<PathBuf> {
    if let Ok(jdks) = std::env::var("JDKS") {
        return jdks.split_whitespace().map(|jdk| PathBuf::from(jdk.split_once('=').unwrap().1)).collect();
    }
    let output = Command::new("java").args(["-XshowSettings:properties", "-version"]).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    let home = text.lines().find_map(|line| line.trim().strip_prefix("java.home = ")).unwrap();
    vec![PathBuf::from(home)]
}

pub(super) type Ca = CertifiedIssuer<'static, KeyPair>;

/// What all certificates here begin with: this common name and these alternative names.
pub(super) fn params(common_name: &str, names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params
}

pub(super) fn ca_params(common_name: &str) -> CertificateParams {
    let mut params = params(common_name, &[]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

pub(super) fn ca(common_name: &str) -> Ca {
    CertifiedIssuer::self_signed(ca_params(common_name), KeyPair::generate().unwrap()).unwrap()
}

/// What a server shows, and the key it has.
pub(super) struct Identity {
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: KeyPair,
}

impl Identity {
    pub(super) fn new(certificate: &Certificate, key: KeyPair) -> Self {
        Self { chain: vec![certificate.der().clone()], key }
    }

    pub(super) fn issued(ca: &Ca, params: &CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        Self::new(&params.signed_by(&key, ca).unwrap(), key)
    }

    pub(super) fn self_signed(params: &CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        Self::new(&params.self_signed(&key).unwrap(), key)
    }

    pub(super) fn with(mut self, intermediate: &Ca) -> Self {
        self.chain.push(intermediate.der().clone());
        self
    }

    pub(super) fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key.serialize_der()).into()
    }
}

/// A client that trusts `trusted`.
pub(super) fn client(trusted: &[&CertificateDer<'static>]) -> ClientConfig {
    let mut anchors = Anchors::default();
    anchors.add(trusted.iter().map(|certificate| (*certificate).clone()));
    let trust = Trust {
        words: format!("trust store test ({} certificates)", trusted.len()),
        import: "keytool -importcert test".to_owned(),
    };
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = Verifier::new(anchors, trust, None, Arc::default(), Rules::default(), &provider);
    super::for_rustls(provider, |config| config.dangerous().with_custom_certificate_verifier(Arc::new(verifier))).unwrap()
}

/// A TLS server that says "ok" to one client.
pub(super) fn server(config: ServerConfig) -> u16 {
    let config = Arc::new(config);
    peer(move |socket| {
        let mut tls = StreamOwned::new(ServerConnection::new(config).unwrap(), socket);
        let mut byte = [0];
        tls.read_exact(&mut byte)?;
        tls.write_all(b"ok")?;
        tls.conn.send_close_notify();
        tls.flush()
    })
}

/// Something that serves one connection its own way.
pub(super) fn peer(serve: impl FnOnce(TcpStream) -> io::Result<()> + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let (socket, _) = listener.accept().unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        // A client that hangs up is what most tests are about.
        let _ = serve(socket);
    });
    port
}

/// A server that shows `identity`, whatever rustls thinks of it.
pub(super) fn server_config(identity: &Identity) -> ServerConfig {
    let key = aws_lc_rs::sign::any_supported_type(&identity.private_key()).unwrap();
    let certified = CertifiedKey::new(identity.chain.clone(), key);
    ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)))
}

/// Connects, sends a byte, expects "ok".
pub(super) fn connect(client: ClientConfig, name: &str, port: u16) -> Result<(), io::Error> {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let socket = TcpStream::connect(("127.0.0.1", port))?;
    socket.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut tls = StreamOwned::new(ClientConnection::new(Arc::new(client), name).unwrap(), socket);
    tls.write_all(b"x")?;
    let mut answer = String::new();
    tls.read_to_string(&mut answer)?;
    assert_eq!(answer, "ok");
    Ok(())
}

/// A server that accepts only clients with a certificate of `ca`.
pub(super) fn mutual(identity: &Identity, ca: &Ca, version: &'static rustls::SupportedProtocolVersion) -> ServerConfig {
    let mut roots = RootCertStore::empty();
    roots.add(ca.der().clone()).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap();
    ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(identity.chain.clone(), identity.private_key())
        .unwrap()
}

/// A setting as it would be found.
pub(super) fn value(text: &str) -> Value {
    Value { text: text.to_owned().into(), origin: Origin::Variable("VAULT_TEST") }
}

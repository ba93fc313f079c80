//! Servers of openssl with which there is nothing in common, and the words for each.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use super::{Directory, client, connect, run, verdict};
use crate::tls::crypto::offer;
use rustls::pki_types::CertificateDer;

const HOST: &str = "vault.example.com";
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/tls.md");

/// `openssl s_server`, ended with the test.
struct Server {
    process: Child,
    port: u16,
}

impl Server {
    fn start(directory: &Directory, options: &[&str]) -> Self {
        let (key, certificate) = (directory.path("server.key"), directory.path("server.pem"));
        let mut process = Command::new("openssl")
            .args(["s_server", "-accept", "127.0.0.1:0", "-naccept", "1", "-key", &key, "-cert", &certificate])
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let out = BufReader::new(process.stdout.take().unwrap());
        let accept = out.lines().map_while(Result::ok).find(|line| line.starts_with("ACCEPT ")).expect("openssl does not listen");
        let port = accept.rsplit(':').next().unwrap().parse().unwrap();
        Self { process, port }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A server's key and certificate, itself trusted.
fn certificate(directory: &Directory, key: &[&str]) -> CertificateDer<'static> {
    let (path, der) = (directory.path("server.pem"), directory.path("server.der"));
    let key_path = directory.path("server.key");
    let name = format!("subjectAltName=DNS:{HOST}");
    let new = ["req", "-x509", "-nodes", "-keyout", &key_path, "-out", &path, "-subj", "/CN=vault", "-addext", &name];
    run("openssl", &[&new, key].concat());
    run("openssl", &["x509", "-in", &path, "-outform", "der", "-out", &der]);
    fs::read(der).unwrap().into()
}

#[test]
fn where_nothing_is_in_common_the_message_says_what_is_offered() {
    const P256: &[&str] = &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
    const RSA: &[&str] = &["-newkey", "rsa:2048"];
    const PSS: &[&str] = &["-newkey", "rsa-pss"];
    const ED448: &[&str] = &["-newkey", "ed448"];
    const OLD: &str = "DEFAULT@SECLEVEL=0";
    let cases: [(&str, &[&str], &[&str]); 9] = [
        ("ciphers without forward secrecy", RSA, &["-tls1_2", "-cipher", "AES128-GCM-SHA256"]),
        ("ciphers of DHE", RSA, &["-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256"]),
        ("ciphers with CBC", P256, &["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256"]),
        ("CCM in TLS 1.3", P256, &["-tls1_3", "-ciphersuites", "TLS_AES_128_CCM_SHA256"]),
        ("a group in TLS 1.3", P256, &["-tls1_3", "-groups", "secp521r1"]),
        ("a group in TLS 1.2", P256, &["-tls1_2", "-groups", "secp521r1"]),
        ("an RSA-PSS key", PSS, &[]),
        ("an Ed448 key", ED448, &[]),
        ("TLS 1.1", P256, &["-tls1_1", "-cipher", OLD]),
    ];
    let made = [P256, RSA, PSS, ED448].map(|key| {
        let directory = Directory::new();
        let trusted = certificate(&directory, key);
        (key, directory, trusted)
    });
    for (name, key, options) in cases {
        let (_, directory, trusted) = made.iter().find(|(made, ..)| *made == key).unwrap();
        let server = Server::start(directory, options);
        let words = verdict(&connect(client(&[trusted]), HOST, server.port).expect_err(name)).unwrap();
        println!("{name}: {words}");
        let expected =
            [&offer(), "in common", "What to do: let Vault or the balancer in front of it allow one of each (tls_min_version"];
        assert!(expected.iter().all(|part| words.contains(part)), "{name}: {words}");
    }
    // The same server with a key of today: the test can tell the difference.
    let [(_, directory, trusted), ..] = &made;
    let server = Server::start(directory, &["-rev"]);
    if let Err(error) = connect(client(&[trusted]), HOST, server.port) {
        assert_eq!(verdict(&error), None, "{error}");
    }
}

#[test]
fn the_page_lists_what_is_offered() {
    let page = fs::read_to_string(PAGE).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    let offer = offer();
    assert!(page.contains(&offer), "docs/tls.md lacks: {offer}");
}

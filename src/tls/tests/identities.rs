//! Who a client says it is, to servers that ask.

use std::fs;

use rcgen::{ExtendedKeyUsagePurpose, KeyPair};
use rustls::ClientConfig;
use rustls::version::{TLS12, TLS13};

use super::{Ca, Directory, Identity, ca, connect, mutual, params, run, server, value, verdict};
use crate::file::Workers;
use crate::host::tests::MapHost;
use crate::tls::{self, Options};

const NAME: &str = "vault.example.com";
const STORE: &str = "javax.net.ssl.keyStore";
const PASSWORD: &str = "javax.net.ssl.keyStorePassword";
const SECRET: &str = "pass-of-store";

/// A server's CA, a clients' CA, and a client's certificate and key in files.
struct Setting {
    directory: Directory,
    servers: Ca,
    clients: Ca,
    certificate: String,
    key: String,
}

impl Setting {
    fn new() -> Self {
        let (directory, servers, clients) = (Directory::new(), ca("Servers CA"), ca("Clients CA"));
        let (certificate, key) = client_files(&directory, &clients, "client");
        Self { directory, servers, clients, certificate, key }
    }

    /// Options that trust the servers' CA, and show these files.
    fn options(&self, certificate: Option<&str>, key: Option<&str>) -> Options {
        let ca_bytes = Some(value(&self.servers.pem()));
        Options { ca_bytes, client_cert: certificate.map(value), client_key: key.map(value), ..Options::default() }
    }

    /// A key store with the client's certificate.
    fn store(&self, name: &str, kind: &str) -> String {
        let p12 = self.directory.path("client.p12");
        let pass = format!("pass:{SECRET}");
        run("openssl", &["pkcs12", "-export", "-in", &self.certificate, "-inkey", &self.key, "-out", &p12, "-passout", &pass]);
        let store = self.directory.path(name);
        let from = ["-importkeystore", "-srckeystore", &p12, "-srcstoretype", "PKCS12", "-srcstorepass", SECRET];
        run("keytool", &[from.as_slice(), &["-destkeystore", &store, "-deststoretype", kind, "-deststorepass", SECRET]].concat());
        store
    }

    fn accepted(&self, config: &ClientConfig) -> Result<(), String> {
        for version in [&TLS12, &TLS13] {
            let identity = Identity::issued(&self.servers, &params("vault", &[NAME]));
            let port = server(mutual(&identity, &self.clients, version));
            connect(config.clone(), NAME, port).map_err(|error| verdict(&error).unwrap())?;
        }
        Ok(())
    }
}

/// A client's certificate and key, as PEM files.
fn client_files(directory: &Directory, ca: &Ca, name: &str) -> (String, String) {
    let mut params = params(name, &[]);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, ca).unwrap();
    (directory.file(&format!("{name}.pem"), certificate.pem()), directory.file(&format!("{name}.key"), key.serialize_pem()))
}

fn bare() -> MapHost {
    MapHost::default().with_property("java.home", "/nowhere")
}

fn config(host: &MapHost, options: &Options) -> ClientConfig {
    tls::client(host, options, &Workers::default()).map_err(|error| error.to_string()).unwrap().config
}

fn refused(options: &Options) -> String {
    let words = tls::client(&bare(), options, &Workers::default()).err().expect("the settings were accepted").to_string();
    assert_eq!(words.matches("What to do: ").count(), 1, "{words}");
    words
}

#[test]
fn a_pem_certificate_is_shown_with_a_key_of_every_format() {
    let setting = Setting::new();
    let options = setting.options(Some(&setting.certificate), Some(&setting.key));
    assert_eq!(setting.accepted(&config(&bare(), &options)), Ok(())); // PKCS #8

    let sec1 = setting.directory.path("sec1.key");
    run("openssl", &["ec", "-in", &setting.key, "-out", &sec1]);
    assert!(fs::read_to_string(&sec1).unwrap().contains("BEGIN EC PRIVATE KEY"));
    assert_eq!(setting.accepted(&config(&bare(), &setting.options(Some(&setting.certificate), Some(&sec1)))), Ok(()));

    let both = fs::read_to_string(&setting.key).unwrap() + &fs::read_to_string(&setting.certificate).unwrap();
    let both = setting.directory.file("both.pem", both);
    assert_eq!(setting.accepted(&config(&bare(), &setting.options(Some(&both), None))), Ok(()));

    // An RSA key as PKCS #1.
    let key = setting.directory.path("rsa.key");
    run("openssl", &["genrsa", "-traditional", "-out", &key, "2048"]);
    assert!(fs::read_to_string(&key).unwrap().contains("BEGIN RSA PRIVATE KEY"));
    let pkcs8 = setting.directory.path("rsa.pkcs8");
    run("openssl", &["pkcs8", "-topk8", "-nocrypt", "-in", &key, "-out", &pkcs8]);
    let pair = KeyPair::from_pem(&fs::read_to_string(pkcs8).unwrap()).unwrap();
    let certificate = params("rsa client", &[]).signed_by(&pair, &setting.clients).unwrap();
    let certificate = setting.directory.file("rsa.pem", certificate.pem());
    assert_eq!(setting.accepted(&config(&bare(), &setting.options(Some(&certificate), Some(&key)))), Ok(()));
}

#[test]
fn a_pkcs12_file_is_shown() {
    let setting = Setting::new();
    let store = setting.store("client-java.p12", "PKCS12");
    let mut options = setting.options(Some(&store), None);
    let words = refused(&options);
    assert!(words.contains("is not usable: it is encrypted, and no password is set"), "{words}");
    options.client_password = Some(value("wrong"));
    let words = refused(&options);
    assert!(words.contains("is not usable: its password is wrong"), "{words}");
    options.client_password = Some(value(SECRET));
    assert_eq!(setting.accepted(&config(&bare(), &options)), Ok(()));
}

#[test]
fn the_key_store_of_the_jvm_is_used() {
    let setting = Setting::new();
    for kind in ["JKS", "PKCS12"] {
        let store = setting.store(&format!("jvm.{kind}"), kind);
        let host = bare().with_property(STORE, &store).with_property(PASSWORD, SECRET);
        assert_eq!(setting.accepted(&config(&host, &setting.options(None, None))), Ok(()), "{kind}");
        assert_eq!(host.warnings.take(), Vec::<String>::new());
    }
}

#[test]
fn a_key_store_of_the_jvm_that_cannot_be_used_is_a_warning() {
    let setting = Setting::new();
    let jks = setting.store("jvm.jks", "JKS");
    let p12 = setting.store("jvm.p12", "PKCS12");
    // In a JKS store a key can have a password of its own, which the JVM's key manager cannot be told.
    let own_password = setting.store("own-password.jks", "JKS");
    let keypasswd = ["-keypasswd", "-alias", "1", "-keystore", &own_password, "-storepass", SECRET, "-keypass", SECRET];
    run("keytool", &[keypasswd.as_slice(), &["-new", "another-one"]].concat());
    let cases: [(&[(&str, &str)], &str); 7] = [
        (&[(STORE, &own_password), (PASSWORD, SECRET)], "its password is wrong, or the file was changed"),
        (&[(STORE, &jks), (PASSWORD, "wrong")], "its password is wrong, or the file was changed"),
        (&[(STORE, &p12), (PASSWORD, "wrong")], "its password is wrong, or the file was changed"),
        (&[(STORE, &p12)], "it is encrypted, and no password is set"),
        (&[(STORE, "/nowhere/client.jks"), (PASSWORD, SECRET)], "it does not exist"),
        (&[(STORE, "NONE"), (PASSWORD, SECRET)], "it is no file"),
        (
            &[(STORE, &jks), ("javax.net.ssl.keyStoreType", "PKCS11")],
            "type \"PKCS11\" (system property javax.net.ssl.keyStoreType)",
        ),
    ];
    for (properties, expected) in cases {
        let host = properties.iter().fold(bare(), |host, (name, value)| host.with_property(name, value));
        let refused = setting.accepted(&config(&host, &setting.options(None, None))).unwrap_err();
        assert!(refused.contains("it asks for a client certificate (mutual TLS), and none was sent"), "{refused}");
        let warnings = host.warnings.take();
        assert!(matches!(warnings.as_slice(), [one] if one.contains(expected) && one.contains("What to do: ")), "{warnings:?}");
        assert!(!warnings.concat().contains(SECRET));
    }
}

#[test]
fn of_several_keys_that_of_the_ca_that_the_server_names_is_shown() {
    let setting = Setting::new();
    let store = setting.store("several.jks", "JKS");
    for (name, ca) in [("before", ca("Another CA")), ("yet-another", ca("Yet Another CA"))] {
        let (certificate, key) = client_files(&setting.directory, &ca, name);
        let p12 = setting.directory.path(&format!("{name}.p12"));
        let pass = format!("pass:{SECRET}");
        run(
            "openssl",
            &["pkcs12", "-export", "-name", name, "-in", &certificate, "-inkey", &key, "-out", &p12, "-passout", &pass],
        );
        let from = ["-importkeystore", "-srckeystore", &p12, "-srcstorepass", SECRET];
        run(
            "keytool",
            &[from.as_slice(), &["-destkeystore", &store, "-deststoretype", "JKS", "-deststorepass", SECRET]].concat(),
        );
    }
    let host = bare().with_property(STORE, &store).with_property(PASSWORD, SECRET);
    assert_eq!(setting.accepted(&config(&host, &setting.options(None, None))), Ok(()));
}

#[test]
fn a_certificate_of_another_ca_is_not_accepted_and_the_verdict_says_so() {
    let setting = Setting::new();
    let (certificate, key) = client_files(&setting.directory, &ca("Another CA"), "stranger");
    let words = setting.accepted(&config(&bare(), &setting.options(Some(&certificate), Some(&key)))).unwrap_err();
    assert!(words.contains("and none was sent, or not one that it accepts"), "{words}");
}

#[test]
fn a_pair_that_cannot_be_used_is_an_error_that_names_the_file() {
    let setting = Setting::new();
    let (certificate, key) = (setting.certificate.as_str(), setting.key.as_str());
    let (_, other) = client_files(&setting.directory, &setting.clients, "other");
    let encrypted = setting.directory.path("encrypted.key");
    run("openssl", &["pkcs8", "-topk8", "-in", key, "-out", &encrypted, "-passout", "pass:x"]);
    let cases = [
        (Some(certificate), Some(other.as_str()), "client key file", "does not belong to the client certificate"),
        (
            Some(certificate),
            Some(encrypted.as_str()),
            "client key file",
            "holds a private key that is encrypted, and no password is set",
        ),
        (Some(certificate), Some(certificate), "client key file", "holds no private key as PEM text"),
        (
            Some(certificate),
            None,
            "client certificate file",
            "holds no private key. What to do: name the key's file in VAULT_CLIENT_KEY",
        ),
        (Some(key), Some(key), "client certificate file", "holds no certificate as PEM text"),
        (Some("/nowhere"), Some(key), "client certificate file", "does not exist. What to do: "),
        (Some(certificate), Some("/nowhere"), "client key file", "does not exist. What to do: "),
        (
            None,
            Some(key),
            "environment variable VAULT_TEST",
            "no client certificate is set. What to do: set VAULT_CLIENT_CERT, too",
        ),
    ];
    for (certificate, key, what, expected) in cases {
        let words = refused(&setting.options(certificate, key));
        assert!(words.contains(what) && words.contains(expected), "{words}");
    }
}

#[test]
fn an_encrypted_pem_key_is_read_with_its_password() {
    let setting = Setting::new();
    let (key, out) = (setting.key.as_str(), setting.directory.path("encrypted.key"));
    let pass = format!("pass:{SECRET}");
    let options = |certificate: &str, key: Option<&str>, password: Option<&str>| Options {
        client_password: password.map(value),
        ..setting.options(Some(certificate), key)
    };
    let refused_with = |password: Option<&str>| refused(&options(&setting.certificate, Some(&out), password));
    for how in [
        &["-v2", "aes-256-cbc"][..],
        &["-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA1"],
        &["-v2", "des3"],
        &["-v2", "aes-192-cbc", "-v2prf", "hmacWithSHA512"],
        &["-v1", "PBE-SHA1-3DES"],
    ] {
        run("openssl", &[&["pkcs8", "-topk8", "-in", key, "-out", &out, "-passout", &pass], how].concat());
        let whole = options(&setting.certificate, Some(&out), Some(SECRET));
        assert_eq!(setting.accepted(&config(&bare(), &whole)), Ok(()), "{how:?}");
        assert!(refused_with(Some("wrong")).contains("the password is not its own. What to do: set environment"), "{how:?}");
        assert!(refused_with(None).contains("that is encrypted, and no password is set. What to do: set environment"), "{how:?}");
    }
    // The encrypted key before its certificate, in one file.
    let both = fs::read_to_string(&out).unwrap() + &fs::read_to_string(&setting.certificate).unwrap();
    let both = setting.directory.file("both.pem", both);
    assert_eq!(setting.accepted(&config(&bare(), &options(&both, None, Some(SECRET)))), Ok(()));
    assert!(refused(&options(&both, None, None)).contains("holds a private key that is encrypted, and no password is set"));

    run("openssl", &["pkcs8", "-topk8", "-scrypt", "-in", key, "-out", &out, "-passout", &pass]);
    assert!(refused_with(Some(SECRET)).contains("with an encryption that is not supported. What to do: encrypt it again"));
    run("openssl", &["ec", "-in", key, "-aes256", "-out", &out, "-passout", &pass]);
    assert!(
        refused_with(Some(SECRET)).contains("that is encrypted in the way of old (Proc-Type). What to do: write it as PKCS #8")
    );
}

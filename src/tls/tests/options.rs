//! What the settings add to what the JVM trusts.

use std::fs;

use rustls::pki_types::CertificateDer;

use super::{Ca, Directory, Identity, ca, connect, params, run, server, server_config, value, verdict};
use crate::file::Workers;
use crate::host::tests::MapHost;
use crate::host::{Environment, Host};
use crate::settings::Origin;
use crate::tls::{self, Options, Tls};

const STORE: &str = "javax.net.ssl.trustStore";
const NAME: &str = "vault.example.com";

/// A JVM without any trust store.
fn bare() -> MapHost {
    MapHost::default().with_property("java.home", "/nowhere")
}

/// A JVM that trusts `ca`.
fn jvm(directory: &Directory, ca: &Ca) -> MapHost {
    let (pem, store) = (directory.file("jvm.pem", ca.pem()), directory.path("jvm.jks"));
    let arguments =
        ["-importcert", "-noprompt", "-file", &pem, "-keystore", &store, "-storetype", "JKS", "-storepass", "right-one"];
    run("keytool", &arguments);
    bare().with_property(STORE, &store)
}

fn client(host: &dyn Host, options: &Options) -> Tls {
    tls::client(host, options, &Workers::default()).map_err(|error| error.to_string()).unwrap()
}

fn refused(host: &dyn Host, options: &Options) -> String {
    let words = tls::client(host, options, &Workers::default()).err().expect("the settings were accepted").to_string();
    assert_eq!(words.matches("What to do: ").count(), 1, "{words}");
    words
}

fn reaches(tls: &Tls, ca: &Ca) -> bool {
    let port = server(server_config(&Identity::issued(ca, &params("vault", &[NAME]))));
    connect(tls.config.clone(), NAME, port).is_ok()
}

#[test]
fn named_certificates_are_trusted_besides_those_of_the_jvm() {
    let directory = Directory::new();
    let (first, second, third, fourth, other) = (ca("First"), ca("Second"), ca("Third"), ca("Fourth"), ca("Other"));
    let file = directory.file("ca.pem", second.pem());
    let path = directory.path("cas");
    fs::create_dir(&path).unwrap();
    fs::write(format!("{path}/fourth.pem"), fourth.pem()).unwrap();
    fs::write(format!("{path}/abcdef01.0"), fourth.pem()).unwrap();
    fs::write(format!("{path}/README"), "no certificate").unwrap();
    let host = jvm(&directory, &first);
    let options = Options {
        ca_file: Some(value(&file)),
        ca_bytes: Some(value(&third.pem())),
        ca_path: Some(value(&path)),
        ..Options::default()
    };
    let tls = client(&host, &options);
    for (ca, name) in [(&first, "JVM"), (&second, "file"), (&third, "bytes"), (&fourth, "directory")] {
        assert!(reaches(&tls, ca), "{name}");
    }
    assert!(!reaches(&tls, &other));
    let store = directory.path("jvm.jks");
    assert_eq!(
        tls.trust,
        format!(
            "trust store {store} (JKS, 1 certificate, from system property {STORE}), and 1 certificate of {file:?} (environment variable \
             VAULT_TEST), and 1 certificate of environment variable VAULT_TEST, and 1 certificate of {path:?} (environment variable \
             VAULT_TEST)"
        )
    );
}

#[test]
fn a_known_ca_needs_no_store_of_the_jvm() {
    let directory = Directory::new();
    let ca = ca("Company CA");
    let options = Options { ca_file: Some(value(&directory.file("ca.pem", ca.pem()))), ..Options::default() };

    let tls = client(&bare(), &options);
    assert!(reaches(&tls, &ca));
    assert!(
        tls.trust.contains(", but not the JVM's trust store (The certificates that this JVM trusts cannot be read"),
        "{}",
        tls.trust
    );

    let broken = bare().with_property(STORE, &directory.file("broken.jks", "garbage"));
    assert!(reaches(&client(&broken, &options), &ca));
    assert!(refused(&broken, &Options::default()).contains("neither a JKS nor a PKCS12 key store"));
}

#[test]
fn a_refusal_names_every_source() {
    let directory = Directory::new();
    let file = directory.file("ca.pem", ca("Company CA").pem());
    let tls = client(&jvm(&directory, &ca("JVM CA")), &Options { ca_file: Some(value(&file)), ..Options::default() });
    let port = server(server_config(&Identity::issued(&ca("Other CA"), &params("vault", &[NAME]))));
    let words = verdict(&connect(tls.config, NAME, port).unwrap_err()).unwrap();
    assert!(words.contains(&format!("and 1 certificate of {file:?} (environment variable VAULT_TEST)")), "{words}");
    assert!(words.contains("or name its PEM file in VAULT_CACERT; then restart"), "{words}");
}

#[test]
fn what_cannot_be_used_is_an_error_that_names_setting_and_file() {
    let directory = Directory::new();
    let file = |text: &str| Options { ca_file: Some(value(text)), ..Options::default() };
    let empty = directory.path("cas");
    fs::create_dir(&empty).unwrap();
    let broken = "-----BEGIN CERTIFICATE-----\nnot base64!\n-----END CERTIFICATE-----\n";
    let not_der = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let cases = [
        (file("/nowhere/ca.pem"), "file \"/nowhere/ca.pem\" (from environment variable VAULT_TEST) does not exist. What to do: "),
        (file(&directory.file("empty", "")), "holds no certificate as PEM text"),
        (file(&directory.file("broken", broken)), "holds PEM text that is not base64 in line 2"),
        (file(&directory.file("not-der", not_der)), "none of its certificates can be read"),
        (
            Options { ca_bytes: Some(value("x")), ..Options::default() },
            "environment variable VAULT_TEST cannot be used: holds no",
        ),
        (Options { ca_path: Some(value("/nowhere")), ..Options::default() }, "directory \"/nowhere\" (from environment variable"),
        (Options { ca_path: Some(value(&empty)), ..Options::default() }, "has no PEM file with a certificate"),
        (
            Options { server_name: Some(value("https://x")), ..file(&directory.file("ca", ca("CA").pem())) },
            "neither a host name nor",
        ),
    ];
    for (options, expected) in cases {
        let words = refused(&bare(), &options);
        assert!(words.contains(expected), "{words}");
    }
}

#[test]
fn the_operating_system_is_trusted_when_asked_for() {
    let tls = client(&bare(), &Options { system_roots: true, ..Options::default() });
    let count: usize = tls.trust.split(' ').next().unwrap().parse().unwrap();
    assert!(count > 10 && tls.trust.contains(" certificates of the operating system"), "{}", tls.trust);
}

#[cfg(unix)]
#[test]
fn files_that_stand_for_the_operating_systems_are_regular_ones() {
    let directory = Directory::new();
    let (first, second) = (ca("First"), ca("Second"));
    let (file, pipe, cas) = (directory.file("ca.pem", first.pem()), directory.path("pipe"), directory.path("cas"));
    run("mkfifo", &[&pipe]);
    fs::create_dir(&cas).unwrap();
    fs::write(format!("{cas}/01234567.0"), second.pem()).unwrap();
    fs::write(format!("{cas}/other.pem"), ca("Other").pem()).unwrap();
    let options = || Options { system_roots: true, ..Options::default() };

    let host = bare().with_variable("SSL_CERT_FILE", &file).with_variable("SSL_CERT_DIR", &format!("/nowhere:{cas}"));
    let tls = client(&host, &options());
    assert!(tls.trust.starts_with("2 certificates of the operating system"), "{}", tls.trust);
    assert!(reaches(&tls, &first) && reaches(&tls, &second));
    let warnings = host.warnings.take();
    assert!(matches!(warnings.as_slice(), [one] if one.contains("\"/nowhere\" of SSL_CERT_DIR does not exist")), "{warnings:?}");

    let host = bare().with_variable("SSL_CERT_FILE", &pipe);
    let words = refused(&host, &options());
    assert!(words.contains("the operating system's certificates: none can be read"), "{words}");
    assert!(host.warnings.take().concat().contains("of SSL_CERT_FILE is a pipe, not a regular file"), "{words}");
}

#[test]
fn the_name_to_check_can_be_another_one() {
    let directory = Directory::new();
    let ca = ca("Company CA");
    let options = |name: &str| Options {
        ca_file: Some(value(&directory.file("ca.pem", ca.pem()))),
        server_name: Some(value(name)),
        ..Options::default()
    };
    let port = || server(server_config(&Identity::issued(&ca, &params("vault", &[NAME]))));
    connect(client(&bare(), &options(NAME)).config, "127.0.0.1", port()).unwrap();
    let error = connect(client(&bare(), &options("other.example.com")).config, NAME, port()).unwrap_err();
    assert!(verdict(&error).unwrap().contains("is not valid for \"other.example.com\""));
}

#[test]
fn not_checking_is_said_every_time() {
    let host = bare();
    let options = Options { skip_verify: Some(Origin::Variable("VAULT_SKIP_VERIFY")), ..Options::default() };
    let tls = client(&host, &options);
    let mut expired = params("vault", &["other.example.com"]);
    expired.not_after = rcgen::date_time_ymd(2020, 2, 29);
    let port = server(server_config(&Identity::self_signed(&expired)));
    connect(tls.config, NAME, port).unwrap();
    assert_eq!(tls.trust, "anybody: certificates are not checked (environment variable VAULT_SKIP_VERIFY)");
    let warnings = host.warnings.take();
    assert!(
        matches!(warnings.as_slice(), [one] if one.contains("because environment variable VAULT_SKIP_VERIFY says so")),
        "{warnings:?}"
    );
}

#[test]
fn a_changed_file_is_noticed() {
    let directory = Directory::new();
    let file = directory.file("ca.pem", ca("First").pem());
    let host = jvm(&directory, &ca("JVM CA"));
    let tls = client(&host, &Options { ca_file: Some(value(&file)), ..Options::default() });
    assert!(!tls.files.changed());
    directory.file("ca.pem", ca("Second, with a longer name").pem());
    assert!(tls.files.changed());

    let tls = client(&host, &Options::default());
    assert!(!tls.files.changed());
    directory.file("jvm.jks", "another");
    assert!(tls.files.changed());
}

/// A JVM whose trust store only Java can read.
struct Provider {
    environment: Environment,
    certificates: Result<Vec<CertificateDer<'static>>, &'static str>,
}

fn provider(certificates: Result<Vec<CertificateDer<'static>>, &'static str>) -> Provider {
    let environment = Environment::default()
        .with_property(STORE, "NONE")
        .with_property("javax.net.ssl.trustStoreType", "PKCS11")
        .with_property("java.home", "/nowhere");
    Provider { environment, certificates }
}

impl Host for Provider {
    fn environment(&self) -> &Environment {
        &self.environment
    }

    fn trusted_certificates(&self) -> Result<Vec<Vec<u8>>, String> {
        let bytes = |certificates: &Vec<CertificateDer<'_>>| certificates.iter().map(|der| der.to_vec()).collect();
        self.certificates.as_ref().map(bytes).map_err(|&reason| reason.to_owned())
    }

    fn warn(&self, message: &str) {
        panic!("{message}");
    }

    fn interrupted(&self) -> bool {
        false
    }
}

#[test]
fn what_only_java_can_read_is_read_through_java() {
    let ca = ca("Token CA");
    let tls = client(&provider(Ok(vec![ca.der().clone()])), &Options::default());
    assert!(reaches(&tls, &ca));
    assert!(
        tls.trust
            .ends_with("type \"PKCS11\", from system property javax.net.ssl.trustStoreType (read through Java, 1 certificate)")
    );

    assert!(refused(&provider(Ok(Vec::new())), &Options::default()).contains("Java finds no certificate in it"));
    let words = refused(&provider(Err("no such\ntoken")), &Options::default());
    assert!(words.contains("; Java itself says: no such token. What to do: "), "{words}");
}

/// A file that never ends, or whose end nobody writes, must not keep a server from its start.
#[cfg(unix)]
#[test]
fn a_pipe_and_an_endless_file_are_refused_at_once() {
    let directory = Directory::new();
    let (pipe, cas) = (directory.path("pipe"), directory.path("cas"));
    fs::create_dir(&cas).unwrap();
    run("mkfifo", &[&pipe]);
    run("mkfifo", &[&format!("{cas}/pipe.pem")]);
    let ca = directory.file("ca.pem", ca("Company CA").pem());
    for (path, expected) in [(pipe.as_str(), "is a pipe, not a regular file"), ("/dev/zero", "is a device, not a regular file")] {
        let with = |options: Options| Options { ca_bytes: Some(value(&fs::read_to_string(&ca).unwrap())), ..options };
        for options in [
            Options { ca_file: Some(value(path)), ..Options::default() },
            with(Options { client_cert: Some(value(path)), ..Options::default() }),
            with(Options { client_cert: Some(value(&ca)), client_key: Some(value(path)), ..Options::default() }),
        ] {
            let words = refused(&bare(), &options);
            assert!(words.contains(expected), "{words}");
        }
        let store = refused(&bare().with_property(STORE, path), &Options::default());
        assert!(store.contains(&format!("{path:?} of system property {STORE} {expected}")), "{store}");
    }
    assert!(
        refused(&bare(), &Options { ca_path: Some(value(&cas)), ..Options::default() })
            .contains("has no PEM file with a certificate")
    );
}

#[test]
fn pem_text_is_read_as_people_have_it() {
    let directory = Directory::new();
    let (first, second) = (ca("First"), ca("Second"));
    let glued = format!("{}{}", first.pem().trim_end(), second.pem());
    let trusted = directory.path("trusted.pem");
    run("openssl", &["x509", "-in", &directory.file("first.pem", first.pem()), "-trustout", "-out", &trusted]);
    for (name, text) in [
        ("glued", glued.clone()),
        ("literal line breaks", glued.replace('\n', "\\n")),
        ("with a byte order mark", format!("\u{feff}{glued}")),
        ("X509 CERTIFICATE", glued.replace("CERTIFICATE", "X509 CERTIFICATE")),
        ("TRUSTED CERTIFICATE", fs::read_to_string(&trusted).unwrap() + &second.pem()),
    ] {
        let options = Options { ca_file: Some(value(&directory.file("ca.pem", &text))), ..Options::default() };
        let tls = client(&bare(), &options);
        assert!(reaches(&tls, &first) && reaches(&tls, &second), "{name}");
        let options = Options { ca_bytes: Some(value(&text)), ..Options::default() };
        assert!(reaches(&client(&bare(), &options), &second), "{name}");
    }
    // openssl's own mark that it is not for servers.
    run("openssl", &["x509", "-in", &directory.path("first.pem"), "-addtrust", "clientAuth", "-out", &trusted]);
    let words = refused(&bare(), &Options { ca_file: Some(value(&trusted)), ..Options::default() });
    assert!(words.contains("whose TRUSTED CERTIFICATE in line 1 is not trusted for TLS servers"), "{words}");
    run("openssl", &["x509", "-in", &directory.path("first.pem"), "-addreject", "serverAuth", "-out", &trusted]);
    assert!(
        refused(&bare(), &Options { ca_file: Some(value(&trusted)), ..Options::default() }).contains("is not trusted for TLS")
    );
}

#[test]
fn a_broken_block_in_a_directory_is_warned_of_and_the_rest_is_trusted() {
    let directory = Directory::new();
    let (first, second) = (ca("First"), ca("Second"));
    let cas = directory.path("cas");
    fs::create_dir(&cas).unwrap();
    let broken = format!("{}-----BEGIN CERTIFICATE-----\nnot base64!\n-----END CERTIFICATE-----\n{}", first.pem(), second.pem());
    fs::write(format!("{cas}/both.pem"), broken).unwrap();
    let host = bare();
    let tls = client(&host, &Options { ca_path: Some(value(&cas)), ..Options::default() });
    assert!(reaches(&tls, &first) && reaches(&tls, &second));
    let line = first.pem().lines().count() + 2;
    let warnings = host.warnings.take();
    assert!(
        matches!(warnings.as_slice(), [one] if one.contains("both.pem") && one.contains(&format!("is not base64 in line {line}"))),
        "{warnings:?}"
    );
}

//! Trust stores as the JDK and openssl make them.

use std::fs;
use std::path::Path;

use super::{Directory, ca, client, connect, jdks, params, run, server, server_config};
use crate::file::Workers;
use crate::host::tests::MapHost;
use crate::tls::tests::Identity;
use crate::tls::{self, Options, Tls};
use crate::{Error, Host};

const STORE: &str = "javax.net.ssl.trustStore";
const TYPE: &str = "javax.net.ssl.trustStoreType";
const PASSWORD: &str = "javax.net.ssl.trustStorePassword";

fn host(properties: &[(&str, &str)]) -> MapHost {
    properties.iter().fold(MapHost::default(), |host, (name, value)| host.with_property(name, value))
}

fn trusting(host: &dyn Host) -> Result<Tls, Error> {
    tls::client(host, &Options::default(), &Workers::default())
}

/// Files and passwords of one test.
struct Stores {
    directory: Directory,
    certificate: String,
    identity: Identity,
}

impl Stores {
    fn new() -> Self {
        let directory = Directory::new();
        let ca = ca("Stores Test CA");
        let certificate = directory.file("ca.pem", ca.pem());
        let identity = Identity::issued(&ca, &params("server", &["vault.example.com"]));
        Self { directory, certificate, identity }
    }

    /// A store with the CA, made by keytool.
    fn keytool(&self, name: &str, password: &str, more: &[&str]) -> String {
        let path = self.directory.path(name);
        let mut arguments = vec!["-importcert", "-noprompt", "-alias", "own ca", "-file", &self.certificate];
        arguments.extend(["-keystore", &path, "-storepass", password]);
        arguments.extend(more);
        run("keytool", &arguments);
        path
    }

    /// The words of the trust store, after a handshake with a server of the CA in it.
    fn accepted(&self, properties: &[(&str, &str)]) -> String {
        let tls = trusting(&host(properties)).map_err(|error| error.to_string()).unwrap();
        let port = server(server_config(&self.identity));
        connect(tls.config, "vault.example.com", port).unwrap();
        tls.trust
    }
}

fn refused(host: &MapHost) -> String {
    match trusting(host) {
        Err(error) if matches!(error.kind(), crate::ErrorKind::TrustStore { .. }) => error.to_string(),
        Err(other) => panic!("{other}"),
        Ok(tls) => panic!("{}", tls.trust),
    }
}

fn refused_with(properties: &[(&str, &str)]) -> String {
    let words = refused(&host(properties).with_property("java.home", "/nowhere"));
    assert!(words.contains("What to do: "), "{words}");
    assert!(!words.contains('\n'), "{words}");
    words
}

#[test]
fn the_default_store_of_each_jdk_is_read_whole() {
    for home in jdks() {
        let keytool = home.join("bin").join("keytool");
        let listed = run(keytool, &["-list", "-cacerts", "-storepass", "changeit", "-J-Duser.language=en"]);
        let count = listed.lines().filter(|line| line.contains("trustedCertEntry")).count();
        assert!(count > 50, "{listed}");

        let home = home.to_str().unwrap();
        let tls = trusting(&host(&[("java.home", home)])).map_err(|error| error.to_string()).unwrap();
        let cacerts = Path::new(home).join("lib").join("security").join("cacerts");
        let expected = format!("trust store {} (", cacerts.display());
        assert!(tls.trust.starts_with(&expected), "{}", tls.trust);
        assert!(tls.trust.ends_with(&format!(", {count} certificates, the JDK's default)")), "{}", tls.trust);
    }
}

#[test]
fn jks_is_read_with_and_without_password() {
    let stores = Stores::new();
    let path = stores.keytool("trust.jks", "right-one", &["-storetype", "JKS"]);

    let words = format!("trust store {path} (JKS, 1 certificate, from system property {STORE})");
    assert_eq!(stores.accepted(&[("java.home", "/nowhere"), (STORE, &path)]), words);
    assert_eq!(stores.accepted(&[("java.home", "/nowhere"), (STORE, &path), (PASSWORD, "right-one")]), words);
    assert_eq!(stores.accepted(&[("java.home", "/nowhere"), (STORE, &path), (PASSWORD, ""), (TYPE, "pkcs12")]), words);

    let words = refused_with(&[(STORE, &path), (PASSWORD, "wrong-one")]);
    assert!(words.contains(&format!("trust store {path} (JKS, from system property {STORE})")), "{words}");
    assert!(
        words
            .contains(&format!("its password is wrong, or the file was changed. What to do: correct system property {PASSWORD}")),
        "{words}"
    );
    assert!(!words.contains("wrong-one"), "{words}");
}

#[test]
fn a_store_is_left_to_java_where_the_type_is_another_one() {
    let stores = Stores::new();
    for (kind, types) in
        [("JCEKS", &["", "JKS", "PKCS12"][..]), ("PKCS12", &["JCEKS", "CaseExactJKS"]), ("JKS", &["caseexactjks"])]
    {
        let path = stores.keytool(kind, "right-one", &["-storetype", kind]);
        for named in types {
            let mut properties = vec![(STORE, path.as_str()), (PASSWORD, "right-one")];
            if !named.is_empty() {
                properties.push((TYPE, named));
            }
            let words = refused_with(&properties);
            assert!(words.contains(&format!("a {kind} file of the type that")), "{kind} {named}: {words}");
            assert!(words.contains("Java itself says: "), "{kind} {named}: {words}");
        }
    }
    let path = stores.directory.path("JCEKS");
    stores.accepted(&[("java.home", "/nowhere"), (STORE, &path), (PASSWORD, "right-one"), (TYPE, "jceks")]);
}

#[test]
fn pkcs12_is_read_in_every_encryption() {
    let stores = Stores::new();
    let plain = ["-J-Dkeystore.pkcs12.certProtectionAlgorithm=NONE", "-J-Dkeystore.pkcs12.macAlgorithm=NONE"];
    let only_mac = ["-J-Dkeystore.pkcs12.certProtectionAlgorithm=NONE"];
    let cases: [(&str, &[&str], bool); 4] = [
        ("current", &[], false),
        ("legacy", &["-J-Dkeystore.pkcs12.legacy"], false),
        ("plain", &plain, true),
        ("mac", &only_mac, true),
    ];
    for (name, options, readable_without) in cases {
        let path = stores.keytool(name, "right-one", &[&["-storetype", "PKCS12"], options].concat());
        let words = format!("trust store {path} (PKCS12, 1 certificate, from system property {STORE})");
        let with = [("java.home", "/nowhere"), (STORE, &path), (PASSWORD, "right-one"), (TYPE, "JKS")];
        assert_eq!(stores.accepted(&with), words, "{name}");

        let without = [("java.home", "/nowhere"), (STORE, path.as_str())];
        if readable_without {
            assert_eq!(stores.accepted(&without), words, "{name}");
        } else {
            let refused = refused_with(&without);
            assert!(
                refused.contains(&format!(
                    "it is encrypted, and no password is set. What to do: set its password with -D{PASSWORD}="
                )),
                "{name}: {refused}"
            );
            let refused = refused_with(&[(STORE, &path), (PASSWORD, "wrong-one")]);
            assert!(refused.contains("its password is wrong"), "{name}: {refused}");
        }
    }
}

#[test]
fn the_own_certificate_of_a_key_is_trusted_as_in_java() {
    let stores = Stores::new();
    for (kind, name) in [("JKS", "key.jks"), ("PKCS12", "key.p12")] {
        let path = stores.directory.path(name);
        let subject = ["-genkeypair", "-alias", "vault", "-keyalg", "EC", "-dname", "CN=vault", "-ext", "san=dns:localhost"];
        let store = ["-storetype", kind, "-keystore", &path, "-storepass", "right-one"];
        run("keytool", &[subject.as_slice(), &store].concat());
        let tls = trusting(&host(&[("java.home", "/nowhere"), (STORE, &path), (PASSWORD, "right-one")]));
        assert!(tls.map_err(|error| error.to_string()).unwrap().trust.contains(&format!("({kind}, 1 certificate, ")), "{kind}");
    }
}

#[test]
fn certificates_that_openssl_did_not_mark_as_trusted_are_not_and_the_message_says_why() {
    let stores = Stores::new();
    let path = stores.directory.path("openssl.p12");
    let arguments = ["pkcs12", "-export", "-nokeys", "-in", &stores.certificate, "-out", &path, "-passout", "pass:right-one"];
    run("openssl", &arguments);
    let words = refused_with(&[(STORE, &path), (PASSWORD, "right-one")]);
    assert!(words.contains("none of its 1 certificates is marked as trusted, so Java trusts none of them"), "{words}");
    assert!(words.contains(&format!("keytool -importcert -alias vault-ca -file ca.pem -keystore {path}")), "{words}");
}

#[test]
fn a_file_that_is_no_store_is_said_to_be_what_it_is() {
    let directory = Directory::new();
    let cases: [(&str, &[u8], &str); 6] = [
        ("empty", b"", "the file is empty"),
        ("text", b"hello", "the file is neither a JKS nor a PKCS12 key store"),
        ("pem", b"-----BEGIN CERTIFICATE-----\n", "it is PEM text, not a Java key store"),
        ("cut", b"\xfe\xed\xfe\xed\0\0\0\x02\0\0\0\x01", "the file is damaged"),
        ("sequence", b"\x30\x03\x02\x01\x03", "the file is damaged"),
        ("none", b"\xfe\xed\xfe\xed\0\0\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "it holds no certificate"),
    ];
    for (name, content, expected) in cases {
        let path = directory.file(name, content);
        let words = refused_with(&[(STORE, &path)]);
        assert!(words.contains(expected), "{name}: {words}");
        assert!(words.contains(&path), "{name}: {words}");
    }
}

#[test]
fn a_named_store_that_is_no_file_is_passed_over_as_in_java_but_not_silently() {
    let stores = Stores::new();
    let home = stores.directory.path("home");
    let security = Path::new(&home).join("lib").join("security");
    fs::create_dir_all(&security).unwrap();
    let jks = stores.keytool("trust.jks", "right-one", &["-storetype", "JKS"]);
    fs::copy(jks, security.join("cacerts")).unwrap();

    for named in ["/nowhere/trust.jks", &home, ""] {
        let host = self::host(&[("java.home", home.as_str()), (STORE, named)]);
        let trust = trusting(&host).map_err(|error| error.to_string()).unwrap().trust;
        let expected = format!("the JDK's default, because {named:?} of system property {STORE} is no readable file)");
        assert!(trust.ends_with(&expected), "{trust}");
        let warnings = host.warnings.take();
        assert!(
            matches!(warnings.as_slice(), [one] if one.contains(&format!("{named:?}")) && one.contains("What to do")),
            "{warnings:?}"
        );
    }

    let host = self::host(&[("java.home", home.as_str())]);
    assert!(trusting(&host).map_err(|error| error.to_string()).unwrap().trust.ends_with("the JDK's default)"));
    assert_eq!(host.warnings.take(), Vec::<String>::new());
}

#[test]
fn jssecacerts_comes_before_cacerts() {
    let stores = Stores::new();
    let home = stores.directory.path("home");
    let security = Path::new(&home).join("lib").join("security");
    fs::create_dir_all(&security).unwrap();
    fs::write(security.join("cacerts"), b"garbage").unwrap();
    let jks = stores.keytool("trust.jks", "right-one", &["-storetype", "JKS"]);
    fs::copy(jks, security.join("jssecacerts")).unwrap();
    assert!(stores.accepted(&[("java.home", &home)]).ends_with("jssecacerts of the JDK)"));
}

#[test]
fn no_store_at_all_is_an_error_that_names_every_place() {
    let words = refused_with(&[]);
    let cacerts = Path::new("/nowhere").join("lib").join("security").join("cacerts");
    assert!(words.contains(&format!("trust store {} (the JDK's default): it does not exist", cacerts.display())), "{words}");
    let words = refused_with(&[(STORE, "/nowhere/trust.jks")]);
    assert!(words.contains(&format!("and \"/nowhere/trust.jks\" of system property {STORE} does not exist")), "{words}");
    let words = refused(&MapHost::default());
    assert!(words.contains("java.home"), "{words}");
}

#[test]
fn stores_that_only_java_can_read_are_said_to_be_so() {
    let cases = [
        ([(STORE, "NONE"), (TYPE, "JKS")], "trust store NONE, from system property javax.net.ssl.trustStore: a store that is no"),
        (
            [(STORE, "NONE"), (TYPE, "Windows-ROOT")],
            "trust store NONE, from system property javax.net.ssl.trustStore, type \"Windows-ROOT\", from system property \
             javax.net.ssl.trustStoreType: a store that is no JKS or PKCS12 file cannot be read without Java",
        ),
        ([(STORE, "/x"), (TYPE, "BCFKS")], "trust store /x, from system property javax.net.ssl.trustStore, type \"BCFKS\", from"),
    ];
    for (properties, expected) in cases {
        let words = refused_with(&properties);
        assert!(words.contains(expected) && words.contains("; Java itself says: it was not asked. What to do: "), "{words}");
    }
}

#[test]
fn plain_http_needs_no_file_and_trusts_nobody() {
    let ca = ca("CA");
    let port = server(server_config(&Identity::issued(&ca, &params("server", &["localhost"]))));
    let error = connect(tls::without_trust().map_err(|error| error.to_string()).unwrap().config, "localhost", port).unwrap_err();
    assert!(error.to_string().contains("UnknownIssuer"), "{error}");
    // The same server with its CA trusted: the test can tell the difference.
    let port = server(server_config(&Identity::issued(&ca, &params("server", &["localhost"]))));
    connect(client(&[ca.der()]), "localhost", port).unwrap();
}

/// A budget of twenty times what an optimised build needs: it is there to notice a certificate parser on this path.
#[test]
fn the_default_store_costs_next_to_nothing() {
    let home = jdks().remove(0);
    let host = self::host(&[("java.home", home.to_str().unwrap())]);
    let fastest = (0..20)
        .map(|_| {
            let begin = std::time::Instant::now();
            assert!(trusting(&host).is_ok());
            begin.elapsed()
        })
        .min()
        .unwrap();
    println!("trust store and TLS configuration: {fastest:?}");
    assert!(fastest.as_millis() < 20, "{fastest:?}");
}

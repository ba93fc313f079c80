//! Whom a client accepts, and the words for whom it does not.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{
    CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair, PKCS_ECDSA_P521_SHA512, PKCS_ED25519,
    date_time_ymd,
};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, ServerConfig};

use super::{Ca, Identity, ca, ca_params, client, connect, mutual, params, peer, server, server_config, verdict};

const HOST: &str = "vault.example.com";

fn accepts(trusted: &[&CertificateDer<'static>], identity: &Identity, name: &str) {
    let port = server(server_config(identity));
    if let Err(error) = connect(client(trusted), name, port) {
        panic!("{name}: {:?}", verdict(&error));
    }
}

/// The verdict on a server that is refused.
fn refuses(trusted: &[&CertificateDer<'static>], identity: &Identity, name: &str) -> String {
    words(client(trusted), name, server(server_config(identity)))
}

fn words(client: ClientConfig, name: &str, port: u16) -> String {
    let error = connect(client, name, port).expect_err("the connection was accepted");
    let words = verdict(&error).unwrap_or_else(|| panic!("no verdict on {error:?}"));
    assert_eq!(words.matches("What to do: ").count(), 1, "{words}");
    assert!(!words.contains('\n'), "{words}");
    println!("{words}");
    words
}

fn has(words: &str, parts: &[&str]) {
    for part in parts {
        assert!(words.contains(part), "{part:?} is missing in: {words}");
    }
}

fn good() -> CertificateParams {
    params("vault", &[HOST, "*.wild.example.com", "127.0.0.1", "::1"])
}

fn issued_by(issuer: &Ca, name: &str) -> Ca {
    CertifiedIssuer::signed_by(ca_params(name), KeyPair::generate().unwrap(), issuer).unwrap()
}

#[test]
fn a_server_of_a_trusted_ca_is_accepted_by_each_of_its_names() {
    let ca = ca("Company CA");
    let identity = Identity::issued(&ca, &good());
    for name in [HOST, "VAULT.Example.COM", "a.wild.example.com", "127.0.0.1", "::1"] {
        accepts(&[ca.der()], &identity, name);
    }
}

#[test]
fn keys_of_every_current_kind_are_accepted() {
    for algorithm in [&PKCS_ED25519, &PKCS_ECDSA_P521_SHA512] {
        let ca = CertifiedIssuer::self_signed(ca_params("Company CA"), KeyPair::generate_for(algorithm).unwrap()).unwrap();
        let key = KeyPair::generate_for(algorithm).unwrap();
        let identity = Identity::new(&good().signed_by(&key, &ca).unwrap(), key);
        accepts(&[ca.der()], &identity, HOST);
    }
}

#[test]
fn tls_1_2_is_spoken_too() {
    let ca = ca("Company CA");
    let identity = Identity::issued(&ca, &good());
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(identity.chain.clone(), identity.private_key())
        .unwrap();
    connect(client(&[ca.der()]), HOST, server(config)).unwrap();
}

#[test]
fn an_unknown_ca_is_named_with_the_certificate_and_the_store() {
    let words = refuses(&[ca("Other CA").der()], &Identity::issued(&ca("Company CA"), &good()), HOST);
    has(
        &words,
        &[
            "no certificate in the trust store is that of the issuer \"CN=Company CA\"",
            "The server's certificate: subject \"CN=vault\", issuer \"CN=Company CA\", names \"vault.example.com\", \
             \"*.wild.example.com\", \"127.0.0.1\" and \"::1\", valid from 1975-01-01 00:00:00 UTC to 4096-01-01 00:00:00 UTC",
            "checked against trust store test (1 certificates)",
            "What to do: import the certificate of this CA: keytool -importcert test; then restart",
            "Vault does not send the intermediate certificate",
        ],
    );
}

#[test]
fn an_intermediate_is_used_and_missed() {
    let root = ca("Root CA");
    let intermediate = issued_by(&root, "Intermediate CA");
    let leaf = || Identity::issued(&intermediate, &good());
    accepts(&[root.der()], &leaf().with(&intermediate), HOST);
    accepts(&[intermediate.der()], &leaf(), HOST);
    // What lies above a trusted certificate does not matter.
    accepts(&[intermediate.der()], &leaf().with(&intermediate).with(&root), HOST);

    let words = refuses(&[root.der()], &leaf(), HOST);
    has(&words, &["is that of the issuer \"CN=Intermediate CA\"", "put it below the server's own one in Vault's tls_cert_file"]);
    let words = refuses(&[ca("Other CA").der()], &leaf().with(&intermediate), HOST);
    has(&words, &["is that of the issuer \"CN=Root CA\"", "of this CA, or of its root"]);
    let words = refuses(&[ca("Other CA").der()], &leaf().with(&intermediate).with(&root), HOST);
    has(&words, &["is that of the issuer \"CN=Root CA\"", "What to do: import the certificate of this CA: keytool"]);
}

#[test]
fn a_ca_with_a_new_key_is_recognised() {
    let words = refuses(&[ca("Company CA").der()], &Identity::issued(&ca("Company CA"), &good()), HOST);
    has(&words, &["the trust store has a certificate of \"CN=Company CA\", but it did not sign", "it seems to have a new key"]);
}

#[test]
fn an_expired_certificate_is_refused_with_its_date_and_the_clock() {
    let ca = ca("Company CA");
    let mut params = good();
    params.not_after = date_time_ymd(2020, 2, 29);
    let words = refuses(&[ca.der()], &Identity::issued(&ca, &params), HOST);
    has(
        &words,
        &["the server's certificate expired on 2020-02-29 00:00:00 UTC, and this machine's clock says 20", "What to do: renew"],
    );
}

#[test]
fn an_expired_intermediate_is_told_from_an_expired_server() {
    let root = ca("Root CA");
    let mut params = ca_params("Old CA");
    params.not_after = date_time_ymd(2020, 2, 29);
    let old = CertifiedIssuer::signed_by(params, KeyPair::generate().unwrap(), &root).unwrap();
    let words = refuses(&[root.der()], &Identity::issued(&old, &good()).with(&old), HOST);
    has(&words, &["the CA certificate \"CN=Old CA\" that the server sent expired on 2020-02-29"]);
}

#[test]
fn a_certificate_of_the_future_is_refused() {
    let ca = ca("Company CA");
    let mut params = good();
    params.not_before = date_time_ymd(2999, 1, 1);
    let words = refuses(&[ca.der()], &Identity::issued(&ca, &params), HOST);
    has(&words, &["the server's certificate is not valid before 2999-01-01 00:00:00 UTC, and this machine's clock says 20"]);
}

#[test]
fn a_wrong_name_is_refused_and_the_right_ones_told() {
    let ca = ca("Company CA");
    let identity = Identity::issued(&ca, &good());
    let words = refuses(&[ca.der()], &identity, "vault.internal");
    has(
        &words,
        &[
            "the server's certificate is not valid for \"vault.internal\"",
            "let \"endpoint\" use one of its names, or have a certificate issued with the subject alternative name DNS:vault.internal",
        ],
    );
    // A wildcard stands for one label, and a name in the certificate never for an address.
    refuses(&[ca.der()], &identity, "a.b.wild.example.com");
    has(&refuses(&[ca.der()], &identity, "127.0.0.2"), &["subject alternative name IP:127.0.0.2"]);
}

#[test]
fn a_common_name_alone_does_not_count() {
    let ca = ca("Company CA");
    let words = refuses(&[ca.der()], &Identity::issued(&ca, &params(HOST, &[])), HOST);
    has(&words, &["it has no subject alternative names, and a common name alone does not count", "no names, valid from"]);
}

#[test]
fn a_server_certificate_that_is_itself_in_the_store_is_accepted() {
    let leaf = Identity::self_signed(&good());
    accepts(&[&leaf.chain[0]], &leaf, HOST);

    let mut as_ca = good();
    as_ca.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let as_ca = Identity::self_signed(&as_ca);
    accepts(&[&as_ca.chain[0]], &as_ca, HOST);

    let issued = Identity::issued(&ca("Company CA"), &good());
    accepts(&[&issued.chain[0]], &issued, HOST);
}

#[test]
fn another_certificate_with_the_subject_and_key_of_one_in_the_store_is_a_stranger() {
    // Otherwise the holder of one trusted certificate's key could be every server.
    let leaf = Identity::self_signed(&good());
    let other = params("vault", &["other.example.com"]).self_signed(&leaf.key).unwrap();
    let renewed = {
        let mut renewed = good();
        renewed.not_before = date_time_ymd(2000, 1, 1);
        renewed.self_signed(&leaf.key).unwrap()
    };
    for trusted in [&other, &renewed] {
        let words = refuses(&[trusted.der()], &leaf, HOST);
        has(&words, &["the certificate of the trust store that signed the chain is not that of a CA"]);
    }
    // The holder of app1's key is no Vault, whatever signed the certificate.
    let app = Identity::issued(&ca("Company CA"), &params("app1", &["app1.example.com"]));
    let forged = params("app1", &[HOST]).signed_by(&app.key, &ca("Forger's CA")).unwrap();
    let forged = Identity::new(&forged, KeyPair::from_pem(&app.key.serialize_pem()).unwrap());
    has(
        &refuses(&[&app.chain[0]], &forged, HOST),
        &["no certificate in the trust store is that of the issuer \"CN=Forger's CA\""],
    );
    // Nor may it sign for Vault.
    let signed =
        good().signed_by(&leaf.key, &rcgen::Issuer::from_params(&params("app1", &["app1.example.com"]), &app.key)).unwrap();
    let signed = Identity::new(&signed, KeyPair::from_pem(&leaf.key.serialize_pem()).unwrap());
    has(
        &refuses(&[&app.chain[0]], &signed, HOST),
        &["that signed the chain is not that of a CA (basicConstraints CA:TRUE is missing)"],
    );
}

#[test]
fn being_in_the_store_helps_neither_another_key_nor_a_wrong_name_nor_an_old_date() {
    let leaf = Identity::self_signed(&good());
    let other = Identity::self_signed(&good());
    let words = refuses(&[&other.chain[0]], &leaf, HOST);
    has(&words, &["the server's certificate is self-signed and not in the trust store", "after comparing its fingerprint"]);

    has(&refuses(&[&leaf.chain[0]], &leaf, "vault.internal"), &["is not valid for \"vault.internal\""]);

    let mut old = good();
    old.not_after = date_time_ymd(2020, 2, 29);
    let old = Identity::self_signed(&old);
    has(&refuses(&[&old.chain[0]], &old, HOST), &["the server's certificate expired on 2020-02-29"]);
    let mut new = good();
    new.not_before = date_time_ymd(2999, 1, 1);
    let new = Identity::self_signed(&new);
    has(&refuses(&[&new.chain[0]], &new, HOST), &["the server's certificate is not valid before 2999-01-01"]);
}

#[test]
fn a_certificate_in_the_store_without_its_key_opens_nothing() {
    let leaf = Identity::self_signed(&good());
    let thief = Identity { chain: leaf.chain.clone(), key: KeyPair::generate().unwrap() };
    let words = refuses(&[&leaf.chain[0]], &thief, HOST);
    has(&words, &["the server could not prove that its certificate is its own"]);
}

#[test]
fn a_certificate_for_another_purpose_is_refused() {
    let ca = ca("Company CA");
    let mut params = good();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    has(&refuses(&[ca.der()], &Identity::issued(&ca, &params), HOST), &["its extended key usage lacks serverAuth"]);
}

#[test]
fn a_ca_certificate_as_server_certificate_is_named() {
    let root = ca("Root CA");
    let mut params = good();
    params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    has(&refuses(&[root.der()], &Identity::issued(&root, &params), HOST), &["is that of a CA (basicConstraints CA:TRUE)"]);
}

#[test]
fn a_server_that_wants_a_client_certificate_is_recognised() {
    let ca = ca("Company CA");
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let config = mutual(&Identity::issued(&ca, &good()), &ca, version);
        let words = words(client(&[ca.der()]), HOST, server(config));
        has(&words, &["it asks for a client certificate (mutual TLS), and none was sent", "VAULT_CLIENT_CERT"]);
    }
}

#[test]
fn plain_http_on_the_port_is_recognised() {
    let port = peer(|mut socket| {
        socket.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n400 Bad Request")?;
        std::thread::sleep(Duration::from_millis(200)); // an early close would be a reset
        Ok(())
    });
    let words = words(client(&[ca("CA").der()]), HOST, port);
    has(&words, &["what the server sends is not TLS", "it probably listens for plain HTTP", "use http:// in \"endpoint\""]);
}

#[test]
fn alerts_are_said_in_words() {
    let cases: [(u8, &str); 6] = [
        (40, "HandshakeFailure: client and server have no TLS version, cipher, group or signature in common"),
        (70, "ProtocolVersion: client and server have no TLS version"),
        (112, "UnrecognisedName: it knows no server of this name"),
        (80, "InternalError: the port that the nodes of a Vault cluster use among themselves does that. What to do: check"),
        (10, "UnexpectedMessage. What to do: see Vault's log"),
        (120, "the server does not speak HTTP/1.1 on this TLS port"),
    ];
    for (alert, expected) in cases {
        let port = peer(move |mut socket| {
            let mut hello = [0; 64];
            std::io::Read::read_exact(&mut socket, &mut hello)?;
            socket.write_all(&[21, 3, 3, 0, 2, 2, alert])?;
            std::thread::sleep(Duration::from_millis(200));
            Ok(())
        });
        has(&words(client(&[ca("CA").der()]), HOST, port), &[expected]);
    }
}

/// As the crate itself connects: the verdict must be found in the chain of the HTTP library's error.
fn request(client: ClientConfig, port: u16) -> reqwest::Error {
    let client = reqwest::Client::builder().tls_backend_preconfigured(client).build().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(client.get(format!("https://localhost:{port}/")).send()).expect_err("the request was answered")
}

#[test]
fn the_verdict_is_found_below_the_error_of_the_http_library() {
    let other = ca("Other CA");
    let port = server(server_config(&Identity::issued(&ca("Company CA"), &params("vault", &["localhost"]))));
    let words = verdict(&request(client(&[other.der()]), port)).unwrap();
    has(&words, &["no certificate in the trust store is that of the issuer \"CN=Company CA\""]);

    let port = peer(|mut socket| {
        socket.write_all(b"SSH-2.0-OpenSSH_9.2\r\n")?;
        std::thread::sleep(Duration::from_millis(200));
        Ok(())
    });
    has(&verdict(&request(client(&[other.der()]), port)).unwrap(), &["what the server sends is not TLS"]);

    let port = peer(|mut socket| std::io::Read::read(&mut socket, &mut [0; 4096]).map(drop));
    let words = verdict(&request(client(&[other.der()]), port)).unwrap();
    has(&words, &["the server closed the connection during the TLS handshake", "What to do: "]);
}

#[test]
fn what_is_not_tls_has_no_verdict() {
    let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
    assert_eq!(verdict(&refused), None);
    let closed_later = std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "peer closed connection");
    assert_eq!(verdict(&closed_later), None);
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    assert_eq!(verdict(&request(client(&[ca("CA").der()]), unused)), None);
}

//! Certificates that nobody should have, but somebody does, and the words for each.

use rcgen::{
    CertificateParams, CertifiedIssuer, CustomExtension, DnType, DnValue, GeneralSubtree, Issuer, KeyPair, NameConstraints,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::{Directory, Identity, ca, ca_params, client, connect, params, run, server, server_config, verdict};
use crate::tls::trust::Trust;
use crate::tls::verdict::Verdict;

const HOST: &str = "vault.example.com";

fn refuses(trusted: &CertificateDer<'static>, identity: &Identity, expected: &str) {
    let port = server(server_config(identity));
    let words = verdict(&connect(client(&[trusted]), HOST, port).expect_err("the connection was accepted")).unwrap();
    assert!(words.contains(expected), "{words}");
    assert_eq!(words.matches("What to do: ").count(), 1, "{words}");
}

fn good() -> CertificateParams {
    params("vault", &[HOST])
}

/// A CA and a server certificate made by openssl, each in its own way.
struct Made {
    ca: CertificateDer<'static>,
    server: Identity,
}

fn openssl(ca_bits: &str, sign: &[&str]) -> Made {
    let directory = Directory::new();
    let [ca_key, ca, key, request, certificate] =
        ["ca.key", "ca.pem", "server.key", "server.csr", "server.pem"].map(|name| directory.path(name));
    let extensions = directory.file("extensions", format!("subjectAltName=DNS:{HOST}\n"));
    let new_ca = format!("rsa:{ca_bits}");
    run("openssl", &["req", "-x509", "-newkey", &new_ca, "-nodes", "-keyout", &ca_key, "-out", &ca, "-subj", "/CN=Old CA"]);
    run("openssl", &["req", "-newkey", "rsa:2048", "-nodes", "-keyout", &key, "-out", &request, "-subj", "/CN=vault"]);
    let mut issue = vec!["x509", "-req", "-in", &request, "-CA", &ca, "-CAkey", &ca_key, "-CAcreateserial", "-out", &certificate];
    issue.extend(sign.iter().map(|&word| if word == "EXTENSIONS" { extensions.as_str() } else { word }));
    run("openssl", &issue);
    let read = |path: &str| std::fs::read_to_string(path).unwrap();
    let der = |path: &str| CertificateDer::from_pem_slice(read(path).as_bytes()).unwrap();
    let server = Identity { chain: vec![der(&certificate)], key: KeyPair::from_pem(&read(&key)).unwrap() };
    Made { ca: der(&ca), server }
}

#[test]
fn an_rsa_ca_of_openssl_is_accepted() {
    let made = openssl("2048", &["-extfile", "EXTENSIONS"]);
    connect(client(&[&made.ca]), HOST, server(server_config(&made.server))).unwrap();
}

#[test]
fn a_ca_with_a_short_key_is_named() {
    let made = openssl("1024", &["-extfile", "EXTENSIONS"]);
    refuses(&made.ca, &made.server, "the CA \"CN=Old CA\" has an RSA key of 1024 bits, which is too weak to be trusted");
}

#[test]
fn a_server_with_a_short_key_is_named() {
    // No TLS library of today serves such a key: the certificate alone must do.
    let directory = Directory::new();
    let (key, certificate) = (directory.path("key"), directory.path("cert"));
    run(
        "openssl",
        &["req", "-x509", "-newkey", "rsa:1024", "-nodes", "-keyout", &key, "-out", &certificate, "-subj", "/CN=vault"],
    );
    let trust = Trust { words: "trust store test".to_owned(), import: String::new() };
    let der = CertificateDer::from_pem_slice(&std::fs::read(certificate).unwrap()).unwrap();
    let words = Verdict::of_weak_key(&der, &trust).unwrap().to_string();
    assert!(
        words.starts_with("the server's certificate has an RSA key of 1024 bits, which is too weak to be accepted. "),
        "{words}"
    );
    assert!(Verdict::of_weak_key(&Identity::self_signed(&good()).chain[0], &trust).is_none());
}

#[test]
fn a_sha_1_signature_is_named() {
    let made = openssl("2048", &["-extfile", "EXTENSIONS", "-sha1"]);
    refuses(&made.ca, &made.server, "signed in a way that is not accepted (the chain has sha1WithRSAEncryption)");
}

#[test]
fn a_certificate_of_version_1_is_named() {
    let made = openssl("2048", &[]);
    refuses(&made.ca, &made.server, "has the format X.509 version 1, without names and extensions");
}

#[test]
fn a_name_in_another_encoding_is_told_from_an_unknown_ca() {
    let named = |name: DnValue| {
        let mut params = ca_params("");
        params.distinguished_name.push(DnType::CommonName, name);
        params
    };
    let key = KeyPair::generate().unwrap();
    let trusted = named(DnValue::Utf8String("Company CA".to_owned())).self_signed(&key).unwrap();
    let issuing = CertifiedIssuer::self_signed(named(DnValue::PrintableString("Company CA".try_into().unwrap())), key).unwrap();
    let expected = "has a certificate of \"CN=Company CA\", but with its name written in another encoding";
    refuses(trusted.der(), &Identity::issued(&issuing, &good()), expected);
}

#[test]
fn a_name_that_the_ca_may_not_issue_is_told() {
    let mut params = ca_params("Constrained CA");
    let permitted_subtrees = vec![GeneralSubtree::DnsName("other.example.com".to_owned())];
    params.name_constraints = Some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() });
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    refuses(ca.der(), &Identity::issued(&ca, &good()), "is outside of what its CA may issue (name constraints)");
}

#[test]
fn a_certificate_issued_by_no_ca_is_told() {
    let root = ca("Root CA");
    let (key, params) = (KeyPair::generate().unwrap(), params("no CA", &[]));
    let no_ca = params.signed_by(&key, &root).unwrap();
    let mut identity = {
        let server_key = KeyPair::generate().unwrap();
        let certificate = good().signed_by(&server_key, &Issuer::from_params(&params, &key)).unwrap();
        Identity::new(&certificate, server_key)
    };
    identity.chain.push(no_ca.der().clone());
    refuses(root.der(), &identity, "sent as that of a CA is not one (basicConstraints CA:TRUE is missing)");
}

#[test]
fn an_unknown_critical_extension_is_told() {
    let ca = ca("Company CA");
    let mut params = good();
    let mut extension = CustomExtension::from_oid_content(&[1, 2, 3, 4, 5], vec![5, 0]);
    extension.set_criticality(true);
    params.custom_extensions.push(extension);
    refuses(ca.der(), &Identity::issued(&ca, &params), "has a critical extension that is not known");
}

#[test]
fn the_key_of_a_constrained_ca_opens_no_other_name() {
    let mut params = ca_params("Constrained CA");
    let permitted_subtrees = vec![GeneralSubtree::DnsName("example.org".to_owned())];
    params.name_constraints = Some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() });
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let mut around = good();
    around.distinguished_name = rcgen::DistinguishedName::new();
    around.distinguished_name.push(DnType::CommonName, "Constrained CA");
    let key = KeyPair::from_pem(&ca.key().serialize_pem()).unwrap();
    let around = Identity::new(&around.self_signed(&key).unwrap(), key);
    refuses(ca.der(), &around, "is outside of what its CA may issue (name constraints)");
}

//! No broken form of a private key gets into a message, wherever it stands.

use std::fs;

use rcgen::KeyPair;

use super::{Directory, ca, value};
use crate::file::Workers;
use crate::host::tests::MapHost;
use crate::tls::{self, Options};

/// A key in PEM text, broken in every way that was met or can be thought of.
pub(super) fn broken_forms(pem: &str) -> Vec<(&'static str, Vec<u8>)> {
    let lines: Vec<&str> = pem.lines().collect();
    let body = lines[1..lines.len() - 1].concat();
    let utf16: Vec<u8> = pem.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut cut_utf16 = vec![0xff, 0xfe];
    cut_utf16.extend(&utf16[..utf16.len() - 1]);
    let text = |text: String| text.into_bytes();
    vec![
        ("whole", text(pem.to_owned())),
        ("literal line breaks", text(pem.replace('\n', "\\n"))),
        ("literal line breaks, cut", text(pem.replace('\n', "\\n")[..pem.len() - 20].to_owned())),
        ("in one line", text(pem.replace('\n', " "))),
        ("without line breaks", text(pem.replace('\n', ""))),
        ("BEGIN line runs into the base64", text(pem.replacen("-----\n", "", 1))),
        ("BEGIN line with fewer dashes", text(pem.replacen("-----\n", "--\n", 1))),
        ("without BEGIN line", text(lines[1..].join("\n"))),
        ("without END line", text(lines[..lines.len() - 1].join("\n"))),
        ("without both", text(lines[1..lines.len() - 1].join("\n"))),
        ("base64 alone", text(body.clone())),
        ("base64 cut", text(body[..body.len() - 3].to_owned())),
        ("base64 with a literal line break", text(format!("{}\\n{}", &body[..30], &body[30..]))),
        ("another END line", text(pem.replace("END PRIVATE", "END RSA PRIVATE"))),
        ("a foreign letter", text(pem.replace(&body[20..40], &format!("{}!{}", &body[20..30], &body[30..40])))),
        ("cut in the middle", text(pem[..pem.len() / 2].to_owned())),
        ("quoted", text(format!("\"{}\"", pem.trim_end()))),
        ("quoted in each line", text(lines.iter().map(|line| format!("\"{line}\"\n")).collect())),
        ("another kind", text(pem.replace("PRIVATE KEY", "RSA PRIVATE KEY"))),
        ("an unknown kind", text(pem.replace("PRIVATE KEY", &format!("PRIVATE {}", body[..24].to_uppercase())))),
        ("doubled", text(pem.replace("-----\n", "----------\n"))),
        ("UTF-16 cut", cut_utf16),
        ("with zeros", pem.bytes().flat_map(|byte| [byte, 0]).collect()),
        ("reversed lines", text(lines.iter().rev().map(|line| format!("{line}\n")).collect())),
        ("after a certificate without END line", text(format!("-----BEGIN CERTIFICATE-----\nMIIB\n{pem}"))),
        ("with a header", text(pem.replacen("-----\n", "-----\nComment: x\n", 1))),
        ("as JSON", text(format!("{{\"key\":\"{}\"}}", pem.replace('\n', "\\n")))),
        ("as base64 of base64", {
            use base64::Engine as _;
            text(base64::engine::general_purpose::STANDARD.encode(pem))
        }),
    ]
}

/// Fails where eight letters of the key stand in the message, as text, as decimal bytes or in hexadecimal.
fn assert_silent(message: &str, pem: &str, what: &str) {
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    for piece in body.as_bytes().windows(8) {
        let decimal = piece.iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
        let hexadecimal = piece.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        for form in [std::str::from_utf8(piece).unwrap(), &decimal, &hexadecimal] {
            assert!(!message.contains(form), "{what} shows a part of the key");
        }
    }
}

#[test]
fn no_broken_form_of_a_key_gets_into_a_message() {
    let directory = Directory::new();
    let pem = KeyPair::generate().unwrap().serialize_pem();
    let ca = ca("Company CA").pem();
    let certificate = directory.file("client.pem", &ca);
    let bytes = |text: &str| Some(value(text));
    let mut refused = 0;
    for (form, content) in broken_forms(&pem) {
        let file = directory.file("key.pem", &content);
        let cas = directory.path("cas");
        fs::create_dir_all(&cas).unwrap();
        fs::write(format!("{cas}/key.pem"), &content).unwrap();
        let text = String::from_utf8_lossy(&content).into_owned();
        let places: Vec<(&str, Options)> = vec![
            ("caCert", Options { ca_file: bytes(&file), ..Options::default() }),
            ("caCertBytes", Options { ca_bytes: bytes(&text), ..Options::default() }),
            ("caPath", Options { ca_path: bytes(&cas), ..Options::default() }),
            ("clientCert", Options { ca_bytes: bytes(&ca), client_cert: bytes(&file), ..Options::default() }),
            (
                "clientKey",
                Options {
                    ca_bytes: bytes(&ca),
                    client_cert: bytes(&certificate),
                    client_key: bytes(&file),
                    ..Options::default()
                },
            ),
            // The content where the path should be.
            ("caCert itself", Options { ca_file: bytes(&text), ..Options::default() }),
            ("caPath itself", Options { ca_path: bytes(&text), ..Options::default() }),
            ("clientCert itself", Options { ca_bytes: bytes(&ca), client_cert: bytes(&text), ..Options::default() }),
            (
                "clientKey itself",
                Options {
                    ca_bytes: bytes(&ca),
                    client_cert: bytes(&certificate),
                    client_key: bytes(&text),
                    ..Options::default()
                },
            ),
            ("tlsServerName", Options { ca_bytes: bytes(&ca), server_name: bytes(&text), ..Options::default() }),
        ];
        for (place, options) in places {
            let host = MapHost::default().with_property("java.home", "/nowhere");
            let outcome = tls::client(&host, &options, &Workers::default());
            let message = outcome.err().map(|error| error.to_string());
            refused += usize::from(message.is_some());
            // A whole key beside another certificate is no error of its form.
            let all = message.into_iter().chain(host.warnings.take());
            all.for_each(|message| assert_silent(&message, &pem, &format!("{form} as {place}")));
        }
        for store in ["javax.net.ssl.trustStore", "javax.net.ssl.keyStore"] {
            for path in [&file, &text] {
                let host = MapHost::default().with_property("java.home", "/nowhere").with_property(store, path);
                let options = Options { ca_bytes: bytes(&ca), ..Options::default() };
                let message = tls::client(&host, &options, &Workers::default())
                    .map(|tls| tls.trust)
                    .unwrap_or_else(|error| error.to_string());
                assert_silent(&message, &pem, &format!("{form} as {store}"));
                host.warnings.take().iter().for_each(|message| assert_silent(message, &pem, &format!("{form} as {store}")));
            }
        }
        // What is named in place of the operating system's certificates.
        for variable in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
            for path in [&file, &cas, &text] {
                let host = MapHost::default().with_property("java.home", "/nowhere").with_variable(variable, path);
                let options = Options { ca_bytes: bytes(&ca), system_roots: true, ..Options::default() };
                let message = tls::client(&host, &options, &Workers::default())
                    .map(|tls| tls.trust)
                    .unwrap_or_else(|error| error.to_string());
                assert_silent(&message, &pem, &format!("{form} as {variable}"));
                host.warnings.take().iter().for_each(|message| assert_silent(message, &pem, &format!("{form} as {variable}")));
            }
        }
    }
    assert!(refused > 200, "{refused}");
}

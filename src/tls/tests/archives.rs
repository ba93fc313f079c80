//! Trust stores put together by hand, as no tool makes them but somebody may: whom they make Java trust, and us.

use std::collections::BTreeSet;
use std::time::Instant;

use rcgen::CertifiedIssuer;

use super::{Ca, Directory, ca, jdks, run};
use crate::tls::key_store::{Problem, trusted};
use crate::tls::x509::Facts;
use crate::tls::x509::der::{BMP_STRING, EXPLICIT_0, INTEGER, NULL, OCTETS, OID, SEQUENCE, SET, UTF8_STRING, wrap};

const JUDGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/java/dev/vaultcipher/tls/TrustAnchors.java");

const PKCS7_DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
const X509: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x16\x01";
const FRIENDLY_NAME: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x14";
const LOCAL_KEY_ID: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x15";
const TRUSTED: &[u8] = b"\x60\x86\x48\x01\x86\xf9\x66\xad\xca\x7b\x01\x01";
const ANY: &[u8] = b"\x55\x1d\x25\x00";
const SERVER_AUTH: &[u8] = b"\x2b\x06\x01\x05\x05\x07\x03\x01";

// Kinds of bags: the last number of their OIDs.
const PLAIN_KEY: u8 = 1;
const KEY: u8 = 2;
const CERTIFICATE: u8 = 3;
const SECRET: u8 = 5;

fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    wrap(SEQUENCE, &parts.concat())
}

fn attribute(kind: &[u8], values: &[u8]) -> Vec<u8> {
    sequence(&[&wrap(OID, kind), &wrap(SET, values)])
}

fn name(text: &str) -> Vec<u8> {
    let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    attribute(FRIENDLY_NAME, &wrap(BMP_STRING, &units))
}

fn id(id: &[u8]) -> Vec<u8> {
    attribute(LOCAL_KEY_ID, &wrap(OCTETS, id))
}

fn trust() -> Vec<u8> {
    attribute(TRUSTED, &wrap(OID, ANY))
}

fn bag(kind: u8, content: &[u8], attributes: &[Vec<u8>]) -> Vec<u8> {
    let oid = wrap(OID, &[b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01", &[kind][..]].concat());
    let attributes = if attributes.is_empty() { Vec::new() } else { wrap(SET, &attributes.concat()) };
    sequence(&[&oid, &wrap(EXPLICIT_0, content), &attributes])
}

fn certificate(der: &[u8], attributes: &[Vec<u8>]) -> Vec<u8> {
    let content = sequence(&[&wrap(OID, X509), &wrap(EXPLICIT_0, &wrap(OCTETS, der))]);
    bag(CERTIFICATE, &content, attributes)
}

/// An encrypted key, of which nobody has the password.
fn key(attributes: &[Vec<u8>]) -> Vec<u8> {
    bag(KEY, &sequence(&[&sequence(&[&wrap(OID, X509)]), &wrap(OCTETS, b"?")]), attributes)
}

fn data(content: &[u8]) -> Vec<u8> {
    sequence(&[&wrap(OID, PKCS7_DATA), &wrap(EXPLICIT_0, &wrap(OCTETS, content))])
}

/// A store without integrity; each part is a list of bags.
fn store(parts: &[&[Vec<u8>]]) -> Vec<u8> {
    let parts: Vec<u8> = parts.iter().flat_map(|bags| data(&wrap(SEQUENCE, &bags.concat()))).collect();
    sequence(&[&wrap(INTEGER, &[3]), &data(&wrap(SEQUENCE, &parts))])
}

/// A JKS store; each entry is a certificate to trust under a name.
fn jks(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut file = [0xfeed_feed_u32, 2, entries.len() as u32].map(u32::to_be_bytes).concat();
    for (name, der) in entries {
        file.extend([&2_u32.to_be_bytes()[..], &(name.len() as u16).to_be_bytes(), name.as_bytes(), &[0; 8]].concat());
        file.extend([b"\0\x05X.509", &(der.len() as u32).to_be_bytes()[..], der].concat());
    }
    file.extend([0; 20]);
    file
}

/// Who decides: we, or Java because we ask it.
#[derive(Debug, PartialEq)]
enum By {
    Us,
    Java,
}

fn ours(file: &[u8]) -> Option<BTreeSet<String>> {
    match trusted(file, None) {
        Ok(found) => Some(found.certificates.iter().map(|der| Facts::from_der(der).unwrap().subject).collect()),
        Err(Problem::Unsupported(_) | Problem::Damaged(_)) => None,
        Err(other) => panic!("{other}"),
    }
}

/// A certificate of a key that few know: Java refuses the whole store.
fn unusual(directory: &Directory) -> Vec<u8> {
    let (key, out) = (directory.path("unusual.key"), directory.path("unusual.der"));
    let new = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp256k1", "-nodes", "-subj", "/CN=unusual"];
    run("openssl", &[&new[..], &["-keyout", &key, "-outform", "der", "-out", &out]].concat());
    std::fs::read(out).unwrap()
}

fn cases(a: &Ca, b: &Ca, unusual: &[u8]) -> Vec<(&'static str, By, Vec<u8>)> {
    let (a, b) = (a.der().as_ref(), b.der().as_ref());
    let marked = |der: &[u8], text: &str| certificate(der, &[name(text), trust()]);
    let long = |file: &[u8]| {
        // One more byte of length than is needed.
        let at = file.windows(3).position(|bytes| bytes[0] == SEQUENCE && bytes[1] == 0x82).unwrap();
        let mut longer = file.to_vec();
        longer.splice(at + 1..at + 2, [0x83, 0]);
        longer
    };
    let both = [key(&[name("own"), id(b"1")]), certificate(a, &[name("own"), id(b"1")])];
    let with_mac = |tag: u8| {
        let file = store(&[&[marked(a, "a")]]);
        let (pfx, _) = crate::tls::x509::der::value(SEQUENCE, &file).unwrap();
        sequence(&[pfx, &wrap(tag, b"\x02\x01\x05")])
    };
    vec![
        ("a key with its certificate", By::Us, store(&[&both])),
        ("a key under a password that nobody has", By::Us, store(&[&[key(&[id(b"1")])], &[certificate(a, &[id(b"1")])]])),
        (
            "a plain key with its certificate",
            By::Us,
            store(&[&[bag(PLAIN_KEY, b"\x05\0", &[id(b"1")]), certificate(a, &[id(b"1")])]]),
        ),
        ("no identifiers, the key first", By::Us, store(&[&[key(&[])], &[certificate(a, &[]), certificate(b, &[])]])),
        ("no identifiers, the certificate first", By::Us, store(&[&[certificate(a, &[])], &[key(&[])]])),
        ("no identifiers, all in one part", By::Us, store(&[&[key(&[]), certificate(a, &[])]])),
        ("no identifiers, two keys", By::Us, store(&[&[key(&[]), key(&[])], &[certificate(a, &[])]])),
        (
            "no identifiers, one name",
            By::Us,
            store(&[&[certificate(a, &[name("own")]), certificate(b, &[name("OWN")]), key(&[name("Own")])]]),
        ),
        (
            "two certificates with one identifier",
            By::Us,
            store(&[&[key(&[id(b"1")]), certificate(a, &[id(b"1")]), certificate(b, &[id(b"1")])]]),
        ),
        (
            "two certificates with one identifier, the first with the name",
            By::Us,
            store(&[&[
                key(&[name("own"), id(b"1")]),
                certificate(a, &[name("own"), id(b"1")]),
                certificate(b, &[name("other"), id(b"1")]),
            ]]),
        ),
        (
            "a marked certificate with the key's identifier",
            By::Us,
            store(&[&[
                key(&[name("own"), id(b"1")]),
                certificate(a, &[name("a"), id(b"1"), trust()]),
                certificate(b, &[id(b"2")]),
            ]]),
        ),
        ("two marked certificates", By::Us, store(&[&[marked(a, "a"), marked(b, "b")]])),
        ("two marked certificates without names", By::Us, store(&[&[certificate(a, &[trust()]), certificate(b, &[trust()])]])),
        ("a name that looks like that of one without", By::Us, store(&[&[marked(a, "1"), certificate(b, &[trust()])]])),
        ("two marked certificates of one name", By::Us, store(&[&[marked(a, "a"), marked(b, "a")]])),
        ("two marked certificates of one name in another case", By::Us, store(&[&[marked(a, "Ä"), marked(b, "ä")]])),
        ("a key and a marked certificate of one name", By::Us, store(&[&[marked(a, "own")], &both])),
        ("a marked certificate and a key of one name", By::Us, store(&[&both, &[marked(b, "own")]])),
        ("two keys of one name", By::Us, store(&[&both, &[key(&[name("own"), id(b"2")]), certificate(b, &[id(b"2")])]])),
        (
            "a secret of the name of a certificate",
            By::Us,
            store(&[&[
                marked(a, "a"),
                marked(b, "b"),
                bag(SECRET, &sequence(&[&wrap(OID, X509), &wrap(EXPLICIT_0, &wrap(OCTETS, b"?"))]), &[name("a"), id(b"3")]),
            ]]),
        ),
        ("marked for servers only", By::Us, store(&[&[certificate(a, &[attribute(TRUSTED, &wrap(OID, SERVER_AUTH))])]])),
        ("a name twice in one bag", By::Us, store(&[&[certificate(a, &[name("a"), name("b"), trust()]), marked(b, "b")]])),
        (
            "a name of another type",
            By::Java,
            store(&[&[certificate(a, &[attribute(FRIENDLY_NAME, &wrap(UTF8_STRING, b"a")), trust()])]]),
        ),
        (
            "a name of half a letter",
            By::Java,
            store(&[&[certificate(a, &[attribute(FRIENDLY_NAME, &wrap(BMP_STRING, b"a")), trust()])]]),
        ),
        (
            "an identifier of another type",
            By::Java,
            store(&[&[certificate(a, &[attribute(LOCAL_KEY_ID, &wrap(INTEGER, b"1")), trust()])]]),
        ),
        ("a mark of another type", By::Java, store(&[&[certificate(a, &[attribute(TRUSTED, &wrap(OCTETS, ANY))])]])),
        ("a mark with a broken usage", By::Java, store(&[&[certificate(a, &[attribute(TRUSTED, &wrap(OID, b"\x80"))])]])),
        ("a mark without usages", By::Java, store(&[&[certificate(a, &[attribute(TRUSTED, b"")])]])),
        ("an unknown attribute", By::Us, store(&[&[certificate(a, &[attribute(X509, &wrap(NULL, b"")), trust()])]])),
        ("an unknown attribute that is broken", By::Java, store(&[&[certificate(a, &[attribute(X509, b"\x17\x01a"), trust()])]])),
        ("an attribute that is none", By::Java, store(&[&[certificate(a, &[wrap(OCTETS, b"a"), trust()])]])),
        ("an unknown bag", By::Us, store(&[&[bag(9, b"\x05\0", &[name("a"), trust()]), marked(b, "b")]])),
        ("a certificate that is none", By::Java, store(&[&[marked(b"\x30\0", "a"), marked(b, "b")]])),
        ("an unmarked certificate that is none", By::Java, store(&[&[certificate(b"", &[]), marked(b, "b")]])),
        ("a certificate with a key of an unusual kind", By::Java, store(&[&[marked(unusual, "a"), marked(b, "b")]])),
        ("a certificate with more behind it", By::Java, store(&[&[marked(&[a, b"?"].concat(), "a")]])),
        ("a length that could be shorter", By::Java, long(&store(&[&[marked(a, "a")]]))),
        ("a broken digest", By::Us, with_mac(SEQUENCE)),
        ("another tag where the digest stands", By::Java, with_mac(SET)),
        ("JKS", By::Us, jks(&[("a", a), ("b", b)])),
        ("JKS, one name twice", By::Java, jks(&[("a", a), ("a", b)])),
        ("JKS, a name in capitals", By::Java, jks(&[("A", a), ("b", b)])),
        ("JKS, a name in other letters", By::Us, jks(&[("ä", a), ("b", b)])),
        ("JKS, a certificate that is none", By::Java, jks(&[("a", b"?"), ("b", b)])),
        ("JKS, a certificate with a key of an unusual kind", By::Java, jks(&[("a", unusual), ("b", b)])),
    ]
}

#[test]
fn an_odd_store_makes_us_trust_whom_it_makes_java_trust() {
    let directory = Directory::new();
    let (a, b): (Ca, Ca) = (ca("a"), ca("b"));
    let cases = cases(&a, &b, &unusual(&directory));
    let paths: Vec<String> = cases.iter().enumerate().map(|(at, (.., file))| directory.file(&at.to_string(), file)).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let mut differ = Vec::new();
    for home in jdks() {
        let java =
            run(home.join("bin").join("java"), &[&["-Xshare:auto", "-XX:TieredStopAtLevel=1", JUDGE], &paths[..]].concat());
        assert_eq!(java.lines().count(), cases.len(), "{java}");
        for ((name, by, file), java) in cases.iter().zip(java.lines()) {
            let ours = ours(file);
            let words = ours.as_ref().map(|names| names.iter().map(String::as_str).collect::<Vec<_>>().join(" "));
            if ours.is_none() != (*by == By::Java) || words.as_ref().is_some_and(|words| words != java) {
                differ.push(format!("{name}: we {words:?}, Java {java:?} ({})", home.display()));
            }
        }
    }
    println!("odd stores: {} compared, {} left to Java", cases.len(), cases.iter().filter(|(_, by, _)| *by == By::Java).count());
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

#[test]
fn many_keys_cost_a_trust_store_nothing() {
    let ca: CertifiedIssuer<'_, _> = ca("a");
    let bags: Vec<Vec<u8>> = (0..1_000_u16)
        .flat_map(|number| [key(&[id(&number.to_be_bytes())]), certificate(ca.der(), &[id(&number.to_be_bytes())])])
        .collect();
    let file = store(&[&bags]);
    let begin = Instant::now();
    assert_eq!(trusted(&file, None).unwrap().certificates.len(), 1_000);
    println!("a store of 1000 keys: {:?}", begin.elapsed());
}

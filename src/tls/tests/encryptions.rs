//! PKCS #12 files in every encryption that openssl makes.

use std::fs;

use rcgen::KeyPair;

use super::{Ca, Directory, ca, ca_params, params, run};
use crate::tls::key_store::{Problem, keys, pbe, trusted};
use crate::tls::x509::der::{OCTETS, SEQUENCE, value};

const SECRET: &str = "right-one";

/// A key with its certificate and that of the CA, as PEM files.
struct Pair {
    directory: Directory,
    ca: Ca,
    key: KeyPair,
    certificate: rcgen::Certificate,
}

impl Pair {
    fn new() -> Self {
        let (directory, ca, key) = (Directory::new(), ca("Clients CA"), KeyPair::generate().unwrap());
        let certificate = params("client", &[]).signed_by(&key, &ca).unwrap();
        directory.file("key.pem", key.serialize_pem());
        directory.file("client.pem", certificate.pem());
        directory.file("ca.pem", ca.pem());
        Self { directory, ca, key, certificate }
    }

    fn store(&self, options: &[&str]) -> Vec<u8> {
        let [key, certificate, ca, out] = ["key.pem", "client.pem", "ca.pem", "out.p12"].map(|name| self.directory.path(name));
        let pass = format!("pass:{SECRET}");
        let files = ["pkcs12", "-export", "-inkey", &key, "-in", &certificate, "-certfile", &ca, "-out", &out, "-passout", &pass];
        run("openssl", &[files.as_slice(), options].concat());
        fs::read(out).unwrap()
    }
}

#[test]
fn each_is_opened_by_its_password_only() {
    let pair = Pair::new();
    let chain = [pair.certificate.der().clone(), pair.ca.der().clone()];
    let algorithms = ["AES-128-CBC", "AES-192-CBC", "AES-256-CBC", "DES-EDE3-CBC", "PBE-SHA1-3DES", "PBE-SHA1-RC2-40"];
    let macs = ["SHA1", "SHA224", "SHA256", "SHA384", "SHA512", "none"];
    for (algorithm, mac) in algorithms.into_iter().zip(macs) {
        let mut options = vec!["-keypbe", algorithm, "-certpbe", algorithm];
        options.extend(if mac == "none" { ["-nomac", "-legacy"] } else { ["-macalg", mac] });
        let file = pair.store(&options);

        let found = keys(&file, Some(SECRET)).map_err(|problem| format!("{algorithm}, {mac}: {problem}")).unwrap();
        assert_eq!(found.len(), 1, "{algorithm}, {mac}");
        assert_eq!(found[0].chain, chain, "{algorithm}, {mac}");
        assert_eq!(found[0].key.secret_der(), pair.key.serialize_der(), "{algorithm}, {mac}");

        // Without a digest one wrong password in 256 unpads by chance; then the rest is no DER.
        let refused = keys(&file, Some("wrong-one")).err().unwrap();
        assert!(matches!(refused, Problem::Password) || mac == "none", "{algorithm}, {mac}: {refused}");
        assert!(matches!(keys(&file, None), Err(Problem::PasswordMissing)) || mac == "none", "{algorithm}, {mac}");
        // Without a digest openssl encrypts the key only, of which a trust store needs nothing.
        let trusted = trusted(&file, None).map(|found| found.certificates.len());
        assert!(
            matches!((&trusted, mac), (Err(Problem::PasswordMissing), _) | (Ok(1), "none")),
            "{algorithm}, {mac}: {trusted:?}"
        );
    }
}

/// Of 256 wrong passwords one gives a padding that looks right: eight of these here.
#[test]
fn two_thousand_wrong_passwords_of_a_key_are_said_to_be_wrong() {
    let pair = Pair::new();
    let (key, out) = (pair.directory.path("key.pem"), pair.directory.path("encrypted.der"));
    let pass = format!("pass:{SECRET}");
    for encryption in [["-v2", "aes-256-cbc", "-iter", "1"], ["-v1", "PBE-SHA1-3DES", "-iter", "1"]] {
        let files = ["pkcs8", "-topk8", "-in", &key, "-outform", "der", "-out", &out, "-passout", &pass];
        run("openssl", &[files.as_slice(), &encryption].concat());
        let file = fs::read(&out).unwrap();
        let open = |password: &str| pbe::decrypt_key(&file, password, &mut pbe::Effort::new());
        assert_eq!(open(SECRET).unwrap().as_slice(), pair.key.serialize_der());
        let outcomes: Vec<_> = (0..2000).map(|number| open(&format!("wrong-{number}"))).collect();
        let opened = outcomes.iter().filter(|outcome| **outcome != Err(pbe::Problem::Password)).count();
        // Once in eight thousand runs what comes out looks like the beginning of a key as well.
        assert!(opened <= 1, "{encryption:?}: {opened} are not said to be wrong");
    }
}

#[test]
fn what_would_take_minutes_or_is_not_known_is_left_to_java() {
    let pair = Pair::new();
    // Each part alone is allowed.
    let many = pair.store(&["-nomac", "-iter", "1000001"]);
    assert!(matches!(keys(&many, Some(SECRET)), Err(Problem::Unsupported(_))));
    assert!(trusted(&many, Some(SECRET)).is_ok());

    let (key, out) = (pair.directory.path("key.pem"), pair.directory.path("scrypt.der"));
    let pass = format!("pass:{SECRET}");
    run(
        "openssl",
        &["pkcs8", "-topk8", "-scrypt", "-scrypt_N", "16", "-in", &key, "-outform", "der", "-out", &out, "-passout", &pass],
    );
    let file = fs::read(out).unwrap();
    let (info, _) = value(SEQUENCE, &file).unwrap();
    let (algorithm, info) = value(SEQUENCE, info).unwrap();
    let (encrypted, _) = value(OCTETS, info).unwrap();
    assert_eq!(pbe::decrypt(algorithm, encrypted, SECRET, &mut pbe::Effort::new()).unwrap_err(), pbe::Problem::Unsupported);
}

#[test]
fn a_file_cut_anywhere_is_damaged_and_never_a_panic() {
    let pair = Pair::new();
    let file = pair.store(&["-keypbe", "NONE", "-certpbe", "NONE", "-nomac"]);
    assert_eq!(keys(&file, None).unwrap().len(), 1);
    for length in 1..file.len() {
        assert!(matches!(keys(&file[..length], None), Err(Problem::Damaged(_))), "cut at {length}");
    }
}

#[test]
fn a_circle_of_issuers_ends() {
    let pair = Pair::new();
    // Two CAs that issued each other's certificate: both names are there, and no end.
    let (one, other) = (ca_params("One"), ca_params("Other"));
    let keys_of = [KeyPair::generate().unwrap(), KeyPair::generate().unwrap()];
    let by_other = rcgen::Issuer::from_params(&other, &keys_of[1]);
    let by_one = rcgen::Issuer::from_params(&one, &keys_of[0]);
    let circle = [one.signed_by(&keys_of[0], &by_other).unwrap(), other.signed_by(&keys_of[1], &by_one).unwrap()];
    let leaf = params("client", &[]).signed_by(&pair.key, &by_one).unwrap();
    pair.directory.file("client.pem", leaf.pem());
    pair.directory.file("ca.pem", circle.iter().map(|certificate| certificate.pem()).collect::<String>());
    let found = keys(&pair.store(&[]), Some(SECRET)).unwrap();
    assert_eq!(found[0].chain, [leaf.der().clone(), circle[0].der().clone(), circle[1].der().clone()]);
}

#[test]
fn what_java_does_not_take_from_a_store_is_not_trusted() {
    let pair = Pair::new();
    // A key that is not encrypted is none to Java, so its certificate is not trusted.
    let plain = pair.store(&["-keypbe", "NONE", "-certpbe", "NONE"]);
    assert_eq!(trusted(&plain, Some(SECRET)).map(|found| found.certificates.len()).ok(), Some(0));
    let file = pair.store(&[]);
    assert_eq!(trusted(&file, Some(SECRET)).map(|found| found.certificates.len()).ok(), Some(1));
    // The certificates alone are wanted: plain ones need no password, whatever that of the key.
    let beside = pair.store(&["-certpbe", "NONE"]);
    assert_eq!(trusted(&beside, None).map(|found| found.certificates.len()).ok(), Some(1));
    // Another version, and another tag where the digest stands: else the store would be read unchecked.
    let (pfx, _) = value(SEQUENCE, &file).unwrap();
    let (_, rest) = value(0x02, pfx).unwrap();
    let (_, mac) = value(SEQUENCE, rest).unwrap();
    for (at, byte) in [(file.len() - rest.len() - 1, 4), (file.len() - mac.len(), 0x31)] {
        let mut changed = file.clone();
        changed[at] = byte;
        assert!(matches!(trusted(&changed, Some(SECRET)), Err(Problem::Damaged(_))), "byte {at}");
    }
}

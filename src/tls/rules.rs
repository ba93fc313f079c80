//! What the JDK's own configuration has against certificates: the list `lib/security/blocked.certs`, and the disabled algorithms of
//! `java.security`. What JDKs come with rules out nothing that is accepted here; administrators may add to it.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use rustls::pki_types::CertificateDer;

use crate::host::Host;
use crate::tls::files::Files;
use crate::tls::policy::Doubt;
use crate::tls::x509::Certificate;

/// The system property that names a file with more security properties.
pub(in crate::tls) const MORE: &str = "java.security.properties";

const OF_PATHS: &str = "jdk.certpath.disabledAlgorithms";
const OF_TLS: &str = "jdk.tls.disabledAlgorithms";

const OF_SYSTEM: &str = "/etc/crypto-policies/back-ends/java.config";

/// Twenty times what JDKs have.
const MAX_BYTES: usize = 1024 * 1024;

/// What is accepted here anyway: keys as long as these.
const MIN_RSA_BITS: usize = 2048;
const MIN_EC_BITS: usize = 256;

/// Algorithms that are never accepted here.
const NEVER_ACCEPTED: [&str; 22] = [
    "MD2",
    "MD4",
    "MD5",
    "SHA1",
    "SHA-1",
    "SHA224",
    "MD2withRSA",
    "MD5withRSA",
    "SHA1withRSA",
    "SHA1withECDSA",
    "SHA1withDSA",
    "DSA",
    "DH",
    "SSLv3",
    "TLSv1",
    "TLSv1.1",
    "RC4",
    "DES",
    "3DES_EDE_CBC",
    "anon",
    "NULL",
    "ECDH",
];

/// The rules of one JDK.
#[derive(Debug, Default, PartialEq)]
pub(in crate::tls) struct Rules {
    /// SHA-256 sums of certificates.
    blocked: HashSet<Vec<u8>>,
    /// Shorter keys are disabled, in bits.
    min_rsa_bits: usize,
    min_ec_bits: usize,
    /// Whether there are others, of which only Java knows what they mean.
    are_for_java: bool,
}

impl Rules {
    /// Reads the files of the JDK that runs this; without them there are no rules.
    pub(in crate::tls) fn read(host: &dyn Host, files: &mut Files) -> Self {
        let mut rules = Self::default();
        let environment = host.environment();
        let Some(home) = environment.property("java.home").map(PathBuf::from) else { return rules };
        let mut text = |path: &Path| files.read(path, MAX_BYTES).map(|content| String::from_utf8_lossy(&content).into_owned());
        let old = home.join("lib").join("security");
        for name in ["blocked.certs", "blacklisted.certs"] {
            rules.block(&text(&old.join(name)).unwrap_or_default());
        }
        let more = environment.property(MORE);
        let mut properties = HashMap::new();
        if !more.is_some_and(|more| more.starts_with('=')) {
            let current = text(&home.join("conf").join("security").join("java.security"));
            rules.are_for_java |=
                add(&current.or_else(|_| text(&old.join("java.security"))).unwrap_or_default(), &mut properties);
        }
        // The OpenJDK of Red Hat: what update-crypto-policies sets.
        if properties.get("security.useSystemPropertiesFile").is_some_and(|use_it| use_it == "true") {
            rules.are_for_java |= add(&text(Path::new(OF_SYSTEM)).unwrap_or_default(), &mut properties);
        }
        if let Some(more) = more.map(|more| more.trim_start_matches('=')) {
            match text(Path::new(more.strip_prefix("file:").unwrap_or(more))) {
                Ok(text) => rules.are_for_java |= add(&text, &mut properties),
                // An address, from which Java may have read something.
                Err(_) => rules.are_for_java = true,
            }
        }
        rules.disable(&properties);
        rules
    }

    /// Adds the sums of a list: a line each, in hexadecimal digits.
    fn block(&mut self, list: &str) {
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        let sums = list.lines().map(|line| line.trim().as_bytes().chunks(2).map(byte).collect::<Option<Vec<_>>>());
        self.blocked.extend(sums.flatten().filter(|sum| sum.len() == SHA256.output_len()));
    }

    fn disable(&mut self, properties: &HashMap<String, String>) {
        for of in [OF_PATHS, OF_TLS] {
            let mut entries: Vec<&str> = properties.get(of).into_iter().flat_map(|list| list.split(',')).map(str::trim).collect();
            let included = |entry: &&str| properties.get(entry.strip_prefix("include ")?.trim());
            let more: Vec<&str> = entries.iter().filter_map(included).flat_map(|list| list.split(',')).map(str::trim).collect();
            entries.retain(|entry| !entry.starts_with("include "));
            for entry in entries.into_iter().chain(more).filter(|entry| !is_harmless(entry)) {
                match entry.split_whitespace().collect::<Vec<_>>()[..] {
                    ["RSA", "keySize", "<", bits] => {
                        self.min_rsa_bits = bits.parse().unwrap_or(usize::MAX).max(self.min_rsa_bits)
                    }
                    ["EC", "keySize", "<", bits] => self.min_ec_bits = bits.parse().unwrap_or(usize::MAX).max(self.min_ec_bits),
                    // Which ciphers and versions the JVM's own connections may have is no matter of trust.
                    _ => self.are_for_java |= of == OF_PATHS,
                }
            }
        }
    }

    /// Whether a path from the server's certificate to that of the trust store is as they allow.
    pub(in crate::tls) fn check<'a>(&self, path: impl Iterator<Item = &'a CertificateDer<'a>>) -> Result<(), Doubt> {
        for der in path {
            if !self.blocked.is_empty() && self.blocked.contains(digest(&SHA256, der).as_ref()) {
                return Err(Doubt::Blocked);
            }
            let certificate = Certificate::from_der(der).ok_or(Doubt::Unreadable)?;
            if certificate.rsa_bits().is_some_and(|bits| bits < self.min_rsa_bits)
                || certificate.curve_bits().is_some_and(|bits| bits < self.min_ec_bits)
            {
                return Err(Doubt::KeyDisabled);
            }
        }
        if self.are_for_java { Err(Doubt::AlgorithmsDisabled) } else { Ok(()) }
    }
}

/// Whether an entry rules out only what is not accepted here.
fn is_harmless(entry: &str) -> bool {
    let mut words = entry.split_whitespace();
    let algorithm = words.next().unwrap_or_default();
    let size = |least: usize| {
        let words: Vec<&str> = words.collect();
        matches!(words[..], ["keySize", "<", bits, ..] if bits.parse().is_ok_and(|bits: usize| bits <= least))
    };
    match algorithm {
        "" => true,
        "RSA" => size(MIN_RSA_BITS),
        "EC" => size(MIN_EC_BITS),
        name => NEVER_ACCEPTED.iter().any(|known| known.eq_ignore_ascii_case(name)) || is_other_curve(entry),
    }
}

/// Whether this is an elliptic curve other than the three that are accepted here.
fn is_other_curve(name: &str) -> bool {
    let others = ["sect", "secp1", "secp224", "secp256k1", "c2tnb", "prime192", "prime239", "brainpool"];
    let name = name.strip_prefix("X9.62 ").unwrap_or(name);
    others.iter().any(|other| name.starts_with(other))
}

/// Adds the properties of a file; a line may go on in the next one. True if it includes others.
fn add(text: &str, properties: &mut HashMap<String, String>) -> bool {
    let mut includes = false;
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let mut line = line.trim().to_owned();
        if line.starts_with(['#', '!']) {
            continue;
        }
        while let Some(begin) = line.strip_suffix('\\') {
            line = begin.to_owned() + lines.next().unwrap_or_default().trim();
        }
        includes |= line.starts_with("include ");
        if let Some((name, value)) = line.split_once(['=', ':']) {
            properties.insert(name.trim().to_owned(), value.trim().to_owned());
        }
    }
    includes
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::host::tests::MapHost;
    use crate::tls::tests::{Ca, Directory, ca, jdks};

    fn rules(properties: &str) -> Rules {
        let mut found = HashMap::new();
        let mut rules = Rules { are_for_java: add(properties, &mut found), ..Rules::default() };
        rules.disable(&found);
        rules
    }

    #[test]
    fn what_each_jdk_comes_with_rules_out_nothing_and_blocks_some() {
        for home in jdks() {
            let host = MapHost::default().with_property("java.home", home.to_str().unwrap());
            let rules = Rules::read(&host, &mut Files::default());
            assert!(rules.blocked.len() > 30, "{}: {}", home.display(), rules.blocked.len());
            assert_eq!(Rules { blocked: HashSet::new(), ..rules }, Rules::default(), "{}", home.display());
        }
    }

    #[test]
    fn the_curves_that_older_jdks_disable_are_none_of_ours() {
        let curves = "secp112r1, secp192k1, secp224r1, secp256k1, sect113r1, sect571r1, X9.62 c2tnb191v1, X9.62 prime192v2, \\\n X9.62 \
                      prime239v1, brainpoolP256r1, brainpoolP512r1";
        let list = "MD5, RSA keySize < 1024, EC keySize < 224, include jdk.disabled.namedCurves, SHA1 usage SignedJAR & denyAfter 2019-01-01";
        let properties = format!("jdk.disabled.namedCurves = {curves}\n{OF_PATHS}={list}\n{OF_TLS}={list}\n");
        assert_eq!(rules(&properties), Rules::default());
    }

    #[test]
    fn a_blocked_certificate_and_a_short_key_are_found_on_the_path() {
        let (one, other) = (ca("One"), ca("Other"));
        let sum: String = digest(&SHA256, one.der()).as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
        let mut rules = Rules::default();
        rules.block(&format!("Algorithm=SHA-256\n{sum}\n"));
        let check = |rules: &Rules, path: [&Ca; 2]| rules.check(path.into_iter().map(|one| one.der()));
        assert_eq!(check(&rules, [&other, &other]), Ok(()));
        assert_eq!(check(&rules, [&other, &one]), Err(Doubt::Blocked));
        let rules = Rules { min_ec_bits: 384, ..Rules::default() };
        assert_eq!(check(&rules, [&other, &one]), Err(Doubt::KeyDisabled));
        let rules = Rules { min_rsa_bits: 3072, ..Rules::default() };
        assert_eq!(check(&rules, [&other, &one]), Ok(()));
    }

    #[test]
    fn what_an_administrator_adds_counts() {
        let nothing = Rules::default();
        for harmless in [
            "",
            "MD5, RSA keySize < 2048",
            "SHA1 jdkCA & usage TLSServer, \\\n  EC keySize < 224",
            "include curves\ncurves=secp256k1",
        ] {
            assert_eq!(rules(&format!("{OF_PATHS}={harmless}")), nothing, "{harmless}");
        }
        assert_eq!(rules(&format!("# {OF_PATHS}=SHA256\n")), nothing);
        assert_eq!(rules(&format!("{OF_TLS}=TLSv1.2, ECDHE")), nothing);
        for list in [OF_PATHS, OF_TLS] {
            assert_eq!(rules(&format!("{list} = MD5, RSA keySize < 3072")).min_rsa_bits, 3072);
            assert_eq!(rules(&format!("{list} = MD5, \\\n EC keySize < 384\n")).min_ec_bits, 384);
        }
        for unknown in
            ["SHA256withECDSA", "secp256r1", "EC", "RSA keySize < 3072 & usage TLSServer", "include curves\ncurves=secp256r1"]
        {
            assert!(rules(&format!("{OF_PATHS}=MD5, {unknown}")).are_for_java, "{unknown}");
        }
        assert!(rules("include other.security").are_for_java);
    }

    #[test]
    fn the_files_that_java_reads_are_read() {
        let directory = Directory::new();
        let more = directory.file("more", format!("{OF_PATHS}=EC keySize < 384"));
        let conf = Path::new(&directory.path("home")).join("conf").join("security");
        fs::create_dir_all(&conf).unwrap();
        fs::write(conf.join("java.security"), format!("{OF_PATHS}=RSA keySize < 3072")).unwrap();
        let host = || MapHost::default().with_property("java.home", &directory.path("home"));
        let read = |host: MapHost| Rules::read(&host, &mut Files::default());
        assert_eq!((read(host()).min_rsa_bits, read(host()).min_ec_bits), (3072, 0));
        assert_eq!(read(host().with_property(MORE, &more)).min_ec_bits, 384);
        assert_eq!(read(host().with_property(MORE, &format!("={more}"))).min_rsa_bits, 0);
        assert!(read(host().with_property(MORE, "http://example.com/security")).are_for_java);
    }
}

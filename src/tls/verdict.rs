//! Why a server's certificate is refused, in words for the administrator, and whether the JVM may judge otherwise.

use std::error::Error as StdError;
use std::fmt;

use rustls::pki_types::{CertificateDer, ServerName, UnixTime};

use crate::error::Problem;
use crate::time::UtcTime;
use crate::tls::anchors::Anchors;
use crate::tls::appeal::Appeal;
use crate::tls::policy::{Doubt, MAX_CHAIN};
use crate::tls::server::check_name;
use crate::tls::trust::Trust;
use crate::tls::x509::{self, Certificate, Facts, oid};

const GOOD_KEY: &str = "with a key of type RSA (2048 to 8192 bits), P-256, P-384, P-521 or Ed25519";

/// Why a server's certificate was refused and what to do. Travels inside rustls' error.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) problem: Problem,
    /// The chain, where the JVM may judge otherwise.
    pub(super) appeal: Option<Appeal>,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(f)
    }
}

impl StdError for Verdict {}

/// Why a chain is refused.
#[derive(Debug)]
pub(super) enum Reason {
    /// What webpki says.
    Pki(webpki::Error),
    /// What Java asks beyond webpki.
    Doubt(Doubt),
    /// The extended key usage of the server's certificate is another one.
    NotForServers,
    /// The server sent more certificates than Java takes.
    TooLong,
}

impl From<webpki::Error> for Reason {
    fn from(error: webpki::Error) -> Self {
        Self::Pki(error)
    }
}

/// A refused certificate, with all that is known when it is refused.
pub(super) struct Refused<'a> {
    pub(super) reason: Reason,
    pub(super) server: &'a CertificateDer<'a>,
    pub(super) intermediates: &'a [CertificateDer<'a>],
    pub(super) name: &'a ServerName<'a>,
    pub(super) now: UnixTime,
    pub(super) anchors: &'a Anchors,
    pub(super) trust: &'a Trust,
}

impl Verdict {
    /// The verdict on a certificate with a key that the TLS library does not use; `None` when the key is not the reason.
    pub(super) fn of_weak_key(server: &CertificateDer<'_>, trust: &Trust) -> Option<Self> {
        let server = Facts::from_der(server)?;
        let why = format!("the server's certificate has {}, which is too weak to be accepted", server.weak_key.as_ref()?);
        Some(Self::about(&server, &why, &trust.words, &format!("give Vault's listener a certificate {GOOD_KEY}")))
    }

    fn about(server: &Facts, why: &str, trust: &str, todo: &str) -> Self {
        let what = format!("{why}. The server's certificate: {server}; checked against {trust}");
        Self { problem: Problem::new(what, todo), appeal: None }
    }
}

impl Refused<'_> {
    /// In words, with the chain where Java is to be asked.
    pub(super) fn verdict(&self, appeal: Option<Appeal>) -> Verdict {
        let trust = &self.trust.words;
        let Some(server) = Facts::from_der(self.server) else {
            let what = format!("the server's certificate cannot be read; {trust}");
            return Verdict { problem: Problem::new(what, "check it with: openssl s_client -connect HOST:PORT"), appeal: None };
        };
        let (why, todo) = self.why(&server);
        Verdict { appeal, ..Verdict::about(&server, &why, trust, &todo) }
    }

    /// What is wrong, as a clause.
    pub(super) fn clause(&self) -> String {
        Facts::from_der(self.server).map_or_else(|| "it cannot be read".to_owned(), |server| self.why(&server).0)
    }

    /// Whether the JVM is to be asked: the reason is one that webpki does not know or does not check, never a signature, a date, a name
    /// or a weak key; and what Java does not check is right.
    pub(super) fn java_may_know_more(&self) -> bool {
        let on_the_list = match &self.reason {
            // The JVM's trust manager does not look at the rules for TLS.
            Reason::Doubt(doubt) => *doubt != Doubt::KeyDisabled,
            Reason::NotForServers | Reason::TooLong => false,
            Reason::Pki(error) => match error {
                webpki::Error::UnsupportedCriticalExtension
                | webpki::Error::CaUsedAsEndEntity
                | webpki::Error::EmptyEkuExtension
                | webpki::Error::PathLenConstraintViolated
                | webpki::Error::MaximumPathDepthExceeded
                | webpki::Error::MaximumPathBuildCallsExceeded
                | webpki::Error::MaximumSignatureChecksExceeded
                | webpki::Error::MaximumNameConstraintComparisonsExceeded
                | webpki::Error::UnsupportedNameType => true,
                webpki::Error::UnknownIssuer => self.issuer_may_be_known(),
                // The signature of one of two certificates of one name, where the path with the other one is too long for webpki.
                webpki::Error::InvalidSignatureForPublicKey => self.has_namesakes(),
                // Java knows those on directory names.
                webpki::Error::NameConstraintViolation => {
                    self.sent().any(|certificate| certificate.extension(oid::NAME_CONSTRAINTS).is_some())
                }
                webpki::Error::UnsupportedSignatureAlgorithmContext(_)
                | webpki::Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => {
                    self.facts().any(|facts| facts.signature == oid::RSASSA_PSS)
                }
                _ => false,
            },
        };
        on_the_list && self.is_sound()
    }

    /// Whether Java may find an issuer where webpki finds none: it compares names as text, and does not count a CA's certificate for its
    /// own next key as a further CA.
    fn issuer_may_be_known(&self) -> bool {
        let Some(last) = self.last() else { return false };
        let anchors = self.anchors.trusted();
        self.has_namesakes() || (last.namesake_of_issuer(anchors).is_none() && last.is_named_alike(anchors))
    }

    /// Whether the server sent two CA certificates of one name: that of an old key and that of its next one.
    fn has_namesakes(&self) -> bool {
        let sent: Vec<_> = self.sent().collect();
        sent.iter().enumerate().any(|(at, one)| sent.iter().skip(at + 1).any(|other| other.subject == one.subject))
    }

    /// Whether all is right that Java does not check: the name, the handshake, strong keys, and the name constraints of a trusted CA,
    /// which no chain below it may escape.
    fn is_sound(&self) -> bool {
        let Some(server) = Certificate::from_der(self.server) else { return false };
        let named = check_name(self.server, self.name);
        let constrains = |issuer: &[u8]| {
            self.anchors.trusted().iter().any(|anchor| anchor.subject.as_ref() == issuer && anchor.name_constraints.is_some())
        };
        let is_constrained = constrains(server.issuer) || self.sent().any(|certificate| constrains(certificate.issuer));
        let in_date = server.check_dates(self.now).is_ok();
        in_date && named.is_ok() && !is_constrained && self.facts().all(|facts| facts.weak_key.is_none())
    }

    fn sent(&self) -> impl Iterator<Item = Certificate<'_>> {
        self.intermediates.iter().filter_map(|der| Certificate::from_der(der))
    }

    /// The server's certificate and the intermediates in words.
    fn facts(&self) -> impl Iterator<Item = Facts> {
        std::iter::once(self.server).chain(self.intermediates).filter_map(|der| Facts::from_der(der))
    }

    /// The certificate that is as far up as the names lead.
    fn last(&self) -> Option<Facts> {
        let server = Facts::from_der(self.server)?;
        let chain: Vec<Facts> = self.intermediates.iter().filter_map(|der| Facts::from_der(der)).collect();
        Some(top(&server, &chain).clone())
    }

    /// What is wrong and what to do.
    fn why(&self, server: &Facts) -> (String, String) {
        let of_ca = "have the certificates issued again without that (openssl x509 -text shows it)";
        match &self.reason {
            Reason::Doubt(doubt) => (doubt.to_string(), doubt_advice(*doubt).unwrap_or(of_ca).to_owned()),
            Reason::NotForServers => (
                "the server's certificate is not meant for a server: its extended key usage lacks serverAuth".to_owned(),
                "give Vault's listener a certificate with the extended key usage serverAuth".to_owned(),
            ),
            Reason::TooLong => (
                format!("the server sent {} certificates, and Java takes {MAX_CHAIN} at most", self.intermediates.len() + 1),
                "remove from Vault's tls_cert_file what does not belong to the chain".to_owned(),
            ),
            Reason::Pki(error) => self.why_of_webpki(error, server),
        }
    }

    fn why_of_webpki(&self, error: &webpki::Error, server: &Facts) -> (String, String) {
        match error {
            webpki::Error::CertExpired { .. } => {
                self.out_of_date(server, "expired on", |facts, now| (facts.ends < now).then_some(facts.ends))
            }
            webpki::Error::CertNotValidYet { .. } => {
                self.out_of_date(server, "is not valid before", |facts, now| (now < facts.begins).then_some(facts.begins))
            }
            webpki::Error::CertNotValidForName(_) => self.other_name(server),
            webpki::Error::UnknownIssuer | webpki::Error::InvalidSignatureForPublicKey => self.unknown_issuer(server),
            webpki::Error::UnsupportedSignatureAlgorithmContext(_)
            | webpki::Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => self.unsupported(server),
            webpki::Error::CaUsedAsEndEntity if server.self_issued => self.unknown_issuer(server),
            webpki::Error::CaUsedAsEndEntity => (
                "the server's certificate is that of a CA (basicConstraints CA:TRUE), not of a server".to_owned(),
                format!("give Vault's listener a certificate with CA:FALSE, or trust this one itself: {}", self.trust.import),
            ),
            webpki::Error::UnsupportedCertVersion => (
                "the server's certificate has the format X.509 version 1, without names and extensions".to_owned(),
                "give Vault's listener a certificate of version 3 with subject alternative names".to_owned(),
            ),
            webpki::Error::EndEntityUsedAsCa => (
                "a certificate that the server sent as that of a CA is not one (basicConstraints CA:TRUE is missing)".to_owned(),
                "put the CA's own certificate below the server's one in Vault's tls_cert_file".to_owned(),
            ),
            webpki::Error::UnsupportedCriticalExtension => (
                "a certificate has a critical extension that is not known".to_owned(),
                "have it issued without that extension, or with it not critical (openssl x509 -text shows it)".to_owned(),
            ),
            webpki::Error::PathLenConstraintViolated => (
                "a CA in the chain may not issue further CAs, or not so many below each other (path length), and did".to_owned(),
                "have the server's certificate issued by the CA above".to_owned(),
            ),
            webpki::Error::NameConstraintViolation => (
                "a name of the server's certificate is outside of what its CA may issue (name constraints)".to_owned(),
                "have the certificate issued for allowed names only, or by another CA".to_owned(),
            ),
            webpki::Error::MaximumPathDepthExceeded => (
                "the chain has more intermediate CAs than are checked".to_owned(),
                "import the certificate of one of the lower CAs".to_owned(),
            ),
            // The variants hold names of kinds, numbers and times.
            other => self.other(&format!("{other:?}")),
        }
    }

    fn out_of_date(
        &self,
        server: &Facts,
        verb: &str,
        wrong_date: impl Fn(&Facts, UtcTime) -> Option<UtcTime>,
    ) -> (String, String) {
        let Some(now) = x509::at(self.now) else { return self.other("the clock of this machine is unusable") };
        let clock = format!("this machine's clock says {now}");
        if let Some(date) = wrong_date(server, now) {
            let why = format!("the server's certificate {verb} {date}, and {clock}");
            return (
                why,
                "renew the certificate of Vault's listener (tls_cert_file), or correct this machine's clock".to_owned(),
            );
        }
        let of_ca = |der: &CertificateDer<'_>| Facts::from_der(der).and_then(|ca| Some((wrong_date(&ca, now)?, ca)));
        match self.intermediates.iter().find_map(of_ca) {
            Some((date, ca)) => (
                format!("the CA certificate \"{}\" that the server sent {verb} {date}, and {clock}", ca.subject),
                "replace it in Vault's tls_cert_file by the CA's current one, or correct this machine's clock".to_owned(),
            ),
            None => self.other("a date in the chain is wrong"),
        }
    }

    fn other_name(&self, server: &Facts) -> (String, String) {
        let host = self.name.to_str();
        let kind = if matches!(self.name, ServerName::IpAddress(_)) { "IP" } else { "DNS" };
        let issue = format!("have a certificate issued with the subject alternative name {kind}:{host}");
        match server.names.as_slice() {
            [] => (
                format!(
                    "the server's certificate is not valid for \"{host}\": it has no subject alternative names, and a common name \
                     alone does not count{}",
                    if kind == "DNS" { " (Java still takes it, Vault's own tools do not)" } else { "" }
                ),
                issue,
            ),
            _ => (
                format!("the server's certificate is not valid for \"{host}\""),
                format!("let \"endpoint\" use one of its names, or {issue}"),
            ),
        }
    }

    fn unknown_issuer(&self, server: &Facts) -> (String, String) {
        let import = &self.trust.import;
        if server.self_issued {
            return (
                "the server's certificate is self-signed and not in the trust store".to_owned(),
                format!("import it, after comparing its fingerprint on Vault's machine: {import}; then restart"),
            );
        }
        let chain: Vec<Facts> = self.intermediates.iter().filter_map(|der| Facts::from_der(der)).collect();
        let last = top(server, &chain);
        if let Some(weak) = chain.iter().find_map(|ca| ca.weak_key.as_deref()) {
            return too_weak(&last.issuer, weak);
        }
        if let Some(anchor) = last.namesake_of_issuer(self.anchors.trusted()) {
            return match x509::weak_anchor(anchor) {
                Some(weak) => too_weak(&last.issuer, &weak),
                None => (
                    format!("the trust store has a certificate of \"{}\", but it did not sign what the server sent", last.issuer),
                    format!("import the CA's current certificate (it seems to have a new key): {import}; then restart"),
                ),
            };
        }
        if last.is_named_alike(self.anchors.trusted()) {
            return (
                format!(
                    "the trust store has a certificate of \"{}\", but with its name written in another encoding",
                    last.issuer
                ),
                format!("import the certificate that the CA issues with today: {import}; then restart"),
            );
        }
        let why = format!("no certificate in the trust store is that of the issuer \"{}\"", last.issuer);
        let todo = match chain.as_slice() {
            // A root that the server sent, too, is not one that we may take.
            _ if last.self_issued => format!("import the certificate of this CA: {import}; then restart"),
            [] => format!(
                "import the certificate of this CA: {import}; then restart. If its root is there already, Vault does not send the \
                 intermediate certificate: put it below the server's own one in Vault's tls_cert_file"
            ),
            _ => format!("import the certificate of this CA, or of its root: {import}; then restart"),
        };
        (why, todo)
    }

    fn unsupported(&self, server: &Facts) -> (String, String) {
        let chain = self.intermediates.iter().filter_map(|der| Facts::from_der(der));
        let mut signatures: Vec<String> = chain.map(|ca| ca.signature).collect();
        signatures.insert(0, server.signature.clone());
        signatures.dedup();
        (
            format!("a certificate is signed in a way that is not accepted (the chain has {})", signatures.join(", ")),
            "have it issued with SHA-256 or better, and a key of type RSA (2048 to 8192 bits), P-256, P-384, P-521 or Ed25519"
                .to_owned(),
        )
    }

    fn other(&self, reason: &str) -> (String, String) {
        (
            format!("the server's certificate is not accepted ({reason})"),
            "check the certificate of Vault's listener and those that issued it (openssl x509 -text)".to_owned(),
        )
    }
}

/// The certificate in `chain` that is as far up from `server` as the names lead.
fn top<'a>(server: &'a Facts, chain: &'a [Facts]) -> &'a Facts {
    let mut top = server;
    for _ in chain {
        match chain.iter().find(|ca| !top.self_issued && ca.subject == top.issuer) {
            Some(issuer) => top = issuer,
            None => break,
        }
    }
    top
}

/// What to do about a doubt, where that is not to have the certificates issued again.
fn doubt_advice(doubt: Doubt) -> Option<&'static str> {
    match doubt {
        Doubt::AnchorIsNoCa => Some("import the certificate of a CA; that of a server is trusted for this server only"),
        Doubt::ServerMayNotSign => Some("give Vault's listener a certificate whose key usage has digitalSignature"),
        Doubt::NetscapeCertType => Some("give Vault's listener a certificate for servers"),
        _ => None,
    }
}

fn too_weak(ca: &str, weak: &str) -> (String, String) {
    (
        format!("the CA \"{ca}\" has {weak}, which is too weak to be trusted"),
        format!("have the certificate issued by a CA {GOOD_KEY}"),
    )
}

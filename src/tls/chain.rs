//! What a server's chain is, and which trusted certificate ends it, in words: for `doctor`. Nothing here decides whom to trust.

use std::time::{SystemTime, UNIX_EPOCH};

use rustls::pki_types::{CertificateDer, UnixTime};

use crate::tls::Tls;
use crate::tls::x509::Facts;

const SECONDS_A_DAY: i64 = 86_400;

/// A chain in words.
pub(crate) struct ChainInWords {
    /// Each certificate with its end, and what ends the chain.
    pub(crate) words: String,
    /// The certificate that ends first, and in how many days; negative: that long ago.
    pub(crate) first_to_end: Option<(String, i64)>,
}

impl Tls {
    /// The chain that a server sent, its own certificate first, and what makes it trusted.
    pub(crate) fn describe_chain(&self, sent: &[CertificateDer<'_>]) -> ChainInWords {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok();
        let days = |facts: &Facts| {
            let now = i64::try_from(now?.as_secs()).ok()?;
            Some((facts.ends.unix() - now).div_euclid(SECONDS_A_DAY))
        };
        let end = |facts: &Facts| {
            let left = days(facts).map(|days| format!(" ({days} days left)")).unwrap_or_default();
            format!("valid until {}{left}", facts.ends)
        };
        let mut chain: Vec<Facts> = sent.iter().filter_map(|der| Facts::from_der(der)).collect();
        let Some(server) = chain.first() else {
            let words = "the server sent no certificate that can be read".to_owned();
            return ChainInWords { words, first_to_end: None };
        };
        let names = if server.names.is_empty() { "no names".to_owned() } else { server.names.join(", ") };
        let mut words = format!("certificate for {names}, issued by {:?}, {}", server.issuer, end(server));
        for issuer in chain.iter().skip(1) {
            words.push_str(&format!("; sent with it {:?}, {}", issuer.subject, end(issuer)));
        }
        match self.anchor(sent, now.map(UnixTime::since_unix_epoch)) {
            Anchor::Found(anchor, source) => {
                let anchor = Facts::from_der(&anchor);
                if let Some(anchor) = &anchor {
                    words.push_str(&format!("; trusted by {:?}, {}, of {source}", anchor.subject, end(anchor)));
                }
                chain.extend(anchor);
            }
            Anchor::OfJava => words.push_str("; trusted by the JVM's own trust manager"),
            Anchor::NotChecked => words.push_str("; not checked"),
        }
        let first_to_end =
            chain.iter().filter_map(|facts| Some((facts.subject.clone(), days(facts)?))).min_by_key(|(_, days)| *days);
        ChainInWords { words, first_to_end }
    }

    fn anchor(&self, sent: &[CertificateDer<'_>], now: Option<UnixTime>) -> Anchor {
        let (Some(verifier), Some(now), Some((server, intermediates))) = (&self.verifier, now, sent.split_first()) else {
            return Anchor::NotChecked;
        };
        match verifier.anchor(server, intermediates, now) {
            Some((anchor, source)) => Anchor::Found(anchor, source),
            None => Anchor::OfJava,
        }
    }
}

/// What ends a chain that was accepted.
enum Anchor {
    /// A trusted certificate, and where it comes from.
    Found(CertificateDer<'static>, String),
    /// This side finds none, so that the JVM accepted the chain.
    OfJava,
    NotChecked,
}

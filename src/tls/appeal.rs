//! Chains that the JVM itself is to judge. The verifier runs where Java cannot be asked, so it leaves the chain here; after the
//! handshake has failed Java is asked, and its consent counts for exactly this chain and name.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustls::pki_types::{CertificateDer, ServerName};

use crate::host::Host;

/// How long Java's consent counts: a certificate may expire, and a trust store may change.
const MAX_AGE: Duration = Duration::from_secs(60 * 60);

/// More chains than a server meets in an hour.
const MAX_ENTRIES: usize = 32;

/// A chain as a server sent it, its own certificate first, and the name that it was checked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chain {
    certificates: Vec<CertificateDer<'static>>,
    name: ServerName<'static>,
}

impl Chain {
    pub(super) fn new(server: &CertificateDer<'_>, intermediates: &[CertificateDer<'_>], name: &ServerName<'_>) -> Self {
        let certificates = std::iter::once(server).chain(intermediates).map(|der| der.clone().into_owned()).collect();
        Self { certificates, name: name.to_owned() }
    }
}

/// The chains that Java accepted.
#[derive(Default)]
pub(super) struct Approvals(Mutex<Vec<(Chain, Instant)>>);

impl Approvals {
    /// Whether Java accepted exactly this chain for this name, not long ago.
    pub(super) fn contain(&self, chain: &Chain) -> bool {
        self.lock().iter().any(|(known, since)| since.elapsed() < MAX_AGE && known == chain)
    }

    fn add(&self, chain: Chain) {
        let mut approvals = self.lock();
        approvals.retain(|(known, since)| since.elapsed() < MAX_AGE && *known != chain);
        if approvals.len() == MAX_ENTRIES {
            approvals.remove(0);
        }
        approvals.push((chain, Instant::now()));
    }

    /// Held for a comparison only, never while Java is asked.
    fn lock(&self) -> MutexGuard<'_, Vec<(Chain, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A chain that was refused, and that the JVM may judge otherwise.
#[derive(Debug, Clone)]
pub(super) struct Appeal {
    pub(super) chain: Chain,
    /// Why it was refused, as a clause.
    pub(super) why: String,
}

impl Appeal {
    /// Asks the JVM's trust managers whether they trust the chain, besides their own certificates for `named`. Where they do, it counts
    /// from now on. Costs Java up to half a second.
    ///
    /// # Errors
    ///
    /// Why Java does not trust it, in its words.
    pub(super) fn ask(self, host: &dyn Host, named: &[CertificateDer<'_>], approvals: &Approvals) -> Result<(), String> {
        let start = Instant::now();
        let der = |certificates: &[CertificateDer<'_>]| certificates.iter().map(|der| der.to_vec()).collect::<Vec<_>>();
        host.trusts_chain(&der(&self.chain.certificates), &der(named))?;
        host.warn(&format!(
            "The TLS certificate of {:?} is accepted because the JVM's own trust manager accepts it, which was asked in {} ms; \
             vault-cipher alone does not: {}. What to do: nothing, or have the certificates issued without that",
            self.chain.name.to_str(),
            start.elapsed().as_millis(),
            self.why
        ));
        approvals.add(self.chain);
        Ok(())
    }
}

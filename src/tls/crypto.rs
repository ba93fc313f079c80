//! The provider of cryptography, and what it offers in a handshake.

use std::sync::Arc;

use once_cell::sync::OnceCell;
use rustls::crypto::{CryptoProvider, aws_lc_rs};

/// The one provider of cryptography: AWS-LC.
pub(super) fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceCell<Arc<CryptoProvider>> = OnceCell::new();
    PROVIDER.get_or_init(|| Arc::new(aws_lc_rs::default_provider())).clone()
}

/// What a client offers in each handshake, as a clause.
pub(super) fn offer() -> String {
    let provider = provider();
    let ciphers = provider.cipher_suites.iter().map(|suite| format!("{:?}", suite.suite()).replacen("TLS13_", "TLS_", 1));
    let groups = provider.kx_groups.iter().map(|group| format!("{:?}", group.name()));
    let signatures =
        provider.signature_verification_algorithms.supported_schemes().into_iter().map(|scheme| format!("{scheme:?}"));
    format!(
        "offered are TLS 1.2 and 1.3, the ciphers {}, the groups {}, and the signatures {}",
        ciphers.collect::<Vec<_>>().join(", "),
        groups.collect::<Vec<_>>().join(", "),
        signatures.collect::<Vec<_>>().join(", ")
    )
}

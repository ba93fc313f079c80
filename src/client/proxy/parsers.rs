//! The parsers of what proxies need as one function of any text; see [`crate::parsers`].

use url::Url;

use crate::client::proxy::{bypass, refusal};

/// The lists of hosts that are reached without a proxy, and the answer of a proxy that opens no tunnel.
pub(crate) fn proxy(input: &str) {
    for target in ["https://vault.example.com:8200", "https://127.0.0.1", "https://[2001:db8::1]:8200", "http://localhost"] {
        let Ok(target) = Url::parse(target) else { continue };
        let _ = bypass::no_proxy(input, &target);
        let _ = bypass::non_proxy_hosts(input, &target);
    }
    let _ = refusal::is_enough(input.as_bytes());
    let _ = refusal::refusal(input);
}

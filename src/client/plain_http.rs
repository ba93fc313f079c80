//! The warning that the way to Vault is not encrypted.

use url::Url;

use crate::client::connections::Connections;
use crate::client::proxy;
use crate::host::Host;

/// Warns once in a process.
pub(super) fn warn_of_plain_http(url: &Url, shared: &Connections, host: &dyn Host) {
    if let Some(warning) = warning_of_plain_http(url)
        && shared.first_plain_http()
    {
        host.warn(&warning);
    }
}

/// `None` where no other machine can listen: on loopback and with TLS.
fn warning_of_plain_http(url: &Url) -> Option<String> {
    (url.scheme() == "http" && !proxy::is_loopback(url)).then(|| {
        format!(
            "The connection to Vault at {} is not encrypted: anybody on the network between this machine and Vault can read the token and the \
             secrets. What to do: give Vault's listener a certificate (tls_cert_file, tls_key_file) and write https:// in \"endpoint\"",
            url.origin().ascii_serialization()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_warned_of_unless_it_stays_on_this_machine() {
        let warning = |url| warning_of_plain_http(&Url::parse(url).unwrap());
        for url in ["http://vault.example.com:8200/v1/x", "http://10.0.0.1/v1/x", "http://[fd00::1]:8200/v1/x"] {
            let warning = warning(url).unwrap();
            let origin = url.strip_suffix("/v1/x").unwrap();
            assert!(warning.starts_with(&format!("The connection to Vault at {origin} is not encrypted")), "{warning}");
        }
        for url in ["http://127.0.0.1:8200/v1/x", "http://127.1.2.3/v1/x", "http://[::1]:8200/v1/x", "http://localhost/v1/x"] {
            assert_eq!(warning(url), None, "{url}");
        }
        assert_eq!(warning("https://vault.example.com:8200/v1/x"), None);
    }
}

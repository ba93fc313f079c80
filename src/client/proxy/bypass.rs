//! Which hosts are reached without the proxy: `NO_PROXY` as Go reads it, `http.nonProxyHosts` as Java does.

use std::net::IpAddr;

use ipnet::IpNet;
use url::Url;

/// The JVM's value of `http.nonProxyHosts` where it is not set.
pub(super) const JVM_DEFAULT: &str = "localhost|127.*|[::1]|0.0.0.0|[::0]";

/// Whether `target` is on this machine. The proxy of an environment never leads back to it.
pub(in crate::client) fn is_loopback(target: &Url) -> bool {
    match address(target) {
        Some(address) => address.is_loopback(),
        None => target.host_str() == Some("localhost"),
    }
}

/// `NO_PROXY`: entries with commas between; `*`, an address, a network (CIDR), or a domain that stands for itself and
/// what is below it (with a dot in front only for what is below it). Domains and addresses may have a port.
pub(super) fn no_proxy(list: &str, target: &Url) -> bool {
    let Some(host) = target.host_str() else { return false };
    let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.').to_ascii_lowercase();
    let port = target.port_or_known_default();
    list.split(',').map(|entry| entry.trim().to_ascii_lowercase()).filter(|entry| !entry.is_empty()).any(|entry| {
        if entry == "*" {
            return true;
        }
        if let Ok(network) = entry.parse::<IpNet>() {
            return address(target).is_some_and(|address| network.contains(&address));
        }
        let (name, wanted_port) = split_port(&entry);
        if wanted_port.is_some() && wanted_port != port {
            return false;
        }
        if let Ok(wanted) = name.parse::<IpAddr>() {
            return address(target) == Some(wanted);
        }
        match name.strip_prefix('*').unwrap_or(name).strip_prefix('.') {
            Some(domain) => host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')),
            None => host == name || host.strip_suffix(name).is_some_and(|rest| rest.ends_with('.')),
        }
    })
}

/// `http.nonProxyHosts`: patterns with `|` between; a `*` may stand at the beginning or the end.
pub(super) fn non_proxy_hosts(patterns: &str, target: &Url) -> bool {
    let Some(host) = target.host_str() else { return false };
    let host = host.to_ascii_lowercase();
    patterns.split('|').map(|pattern| pattern.trim().to_ascii_lowercase()).filter(|pattern| !pattern.is_empty()).any(|pattern| {
        match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
            (Some(""), _) => true,
            (Some(rest), Some(_)) => host.contains(rest.trim_end_matches('*')),
            (Some(end), None) => host.ends_with(end),
            (None, Some(start)) => host.starts_with(start),
            (None, None) => host == pattern,
        }
    })
}

fn address(target: &Url) -> Option<IpAddr> {
    target.host_str()?.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// `host:port`, `[v6]:port` or neither.
fn split_port(entry: &str) -> (&str, Option<u16>) {
    if let Some(rest) = entry.strip_prefix('[') {
        return match rest.split_once(']') {
            Some((host, port)) => (host, port.strip_prefix(':').and_then(|port| port.parse().ok())),
            None => (entry, None),
        };
    }
    match entry.rsplit_once(':') {
        // More than one colon: an IPv6 address without brackets.
        Some((host, _)) if host.contains(':') => (entry, None),
        Some((host, port)) => (host, port.parse().ok()),
        None => (entry, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn no_proxy_is_read_as_go_reads_it() {
        for (list, target, exempt) in [
            ("example.com", "https://example.com", true),
            ("example.com", "https://vault.example.com:8200", true),
            ("example.com", "https://notexample.com", false),
            (".example.com", "https://example.com", false),
            (".example.com", "https://vault.example.com", true),
            ("*.example.com", "https://vault.example.com", true),
            ("EXAMPLE.com", "https://Vault.Example.COM", true),
            ("a.b, vault:8200", "https://vault:8200", true),
            ("vault:8201", "https://vault:8200", false),
            ("vault:443", "https://vault", true),
            ("10.0.0.0/8", "https://10.1.2.3:8200", true),
            ("10.0.0.0/8", "https://11.1.2.3", false),
            ("10.0.0.0/8", "https://vault.example.com", false),
            ("fd00::/8", "https://[fd00::1]:8200", true),
            ("10.1.2.3", "https://10.1.2.3", true),
            ("10.1.2.3:8201", "https://10.1.2.3:8200", false),
            ("[fd00::1]:8200", "https://[fd00::1]:8200", true),
            ("fd00::1", "https://[fd00::1]:8200", true),
            ("*", "https://vault", true),
            ("", "https://vault", false),
            (" , ", "https://vault", false),
        ] {
            assert_eq!(no_proxy(list, &url(target)), exempt, "{list} {target}");
        }
    }

    #[test]
    fn non_proxy_hosts_are_read_as_java_reads_them() {
        for (patterns, target, exempt) in [
            (JVM_DEFAULT, "https://localhost:8200", true),
            (JVM_DEFAULT, "https://127.0.0.1:8200", true),
            (JVM_DEFAULT, "https://[::1]:8200", true),
            (JVM_DEFAULT, "https://vault", false),
            ("*.example.com|vault", "https://a.example.com", true),
            ("*.example.com|vault", "https://example.com", false),
            ("*.example.com|vault", "https://VAULT", true),
            ("10.*", "https://10.1.2.3", true),
            ("*", "https://vault", true),
            ("*vault*", "https://my.vault.example", true),
        ] {
            assert_eq!(non_proxy_hosts(patterns, &url(target)), exempt, "{patterns} {target}");
        }
    }

    #[test]
    fn the_environments_proxy_never_leads_back_to_this_machine() {
        for target in ["http://localhost:1", "http://127.9.9.9", "http://[::1]:2"] {
            assert!(is_loopback(&url(target)), "{target}");
        }
        assert!(!is_loopback(&url("http://vault")));
    }
}

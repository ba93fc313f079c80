//! Why a proxy opens no tunnel, in its own words. The HTTP library says only that it does not, and drops the proxy's answer; so the
//! proxy is asked once more.

use std::sync::Arc;

use rustls::ClientConfig;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use url::Url;
use zeroize::Zeroizing;

use crate::client::direct;
use crate::client::dns::Lookups;
use crate::client::proxy::Proxy;
use crate::error::Unreachable;
use crate::vault::foreign;

/// More than the title of any error page needs.
const MAX_ANSWER: usize = 16 * 1024;

impl Proxy {
    /// What the proxy says to a tunnel to the server of `target`; `None` when it cannot be found out.
    pub(in crate::client) async fn refusal(
        &self,
        target: &Url,
        tls: &Arc<ClientConfig>,
        lookups: &Lookups,
    ) -> Option<Unreachable> {
        let authority = format!("{}:{}", target.host_str()?, target.port_or_known_default()?);
        let authorization = self.authorization();
        let authorization =
            authorization.as_ref().map_or(["", "", ""], |value| ["Proxy-Authorization: ", value.expose(), "\r\n"]);
        let request = ["CONNECT ", &authority, " HTTP/1.1\r\nHost: ", &authority, "\r\n"];
        let request = Zeroizing::new([&request[..], &authorization[..], &["Connection: close\r\n\r\n"]].concat().concat());
        let mut stream = direct::open(self.url(), tls, lookups).await.ok()?;
        stream.write_all(request.as_bytes()).await.ok()?;
        stream.flush().await.ok()?;
        let mut answer = Vec::new();
        while !is_enough(&answer) && matches!(stream.read_buf(&mut answer).await, Ok(1..)) {}
        refusal(&self.redact_in(&String::from_utf8_lossy(&answer)))
    }
}

/// A tunnel that is opened after all ends with the head; a page's title is all that is wanted of it.
pub(super) fn is_enough(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer).to_ascii_lowercase();
    answer.len() >= MAX_ANSWER
        || text.starts_with("http/1.1 2")
        || text.contains("</title")
        || text.contains("\r\ncontent-length: 0\r\n")
}

/// What an answer means that opens no tunnel; `None` for one that does, or that is none yet.
pub(super) fn refusal(answer: &str) -> Option<Unreachable> {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    let not_http = || Some(Unreachable::Proxy { reason: "its answer is not HTTP".to_owned() });
    if head.is_empty() {
        return None;
    }
    let Some(status) = head.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1)?.get(..3)?.parse::<u16>().ok()) else {
        return not_http();
    };
    let content_type = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-type").then(|| value.trim())
    });
    let answer = format!("{status}, {}", foreign(content_type, body.as_bytes()));
    match status {
        200..=299 => None,
        // Some say 401 to a wrong password.
        401 | 407 => Some(Unreachable::ProxyCredentials { answer }),
        400..=499 => Some(Unreachable::ProxyForbids { answer }),
        _ => Some(Unreachable::Proxy { reason: answer }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_read_from_its_status_and_its_page() {
        let page = "Content-Type: text/html\r\n\r\n<html><title>Denied by ACME</title>";
        let forbids = refusal(&format!("HTTP/1.0 403 Filtered\r\n{page}")).unwrap();
        let said = "403, text/html, a page titled \"Denied by ACME\"".to_owned();
        assert_eq!(forbids, Unreachable::ProxyForbids { answer: said });
        assert!(!forbids.may_pass());
        let wants = refusal("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").unwrap();
        assert!(matches!(&wants, Unreachable::ProxyCredentials { answer } if answer.starts_with("407, ")) && !wants.may_pass());
        let failed = refusal(&format!("HTTP/1.1 502 Bad\r\n{page}")).unwrap();
        assert!(matches!(failed, Unreachable::Proxy { .. }) && failed.may_pass());
        assert!(matches!(refusal("+OK\r\n\r\n"), Some(Unreachable::Proxy { .. })));
        for no_refusal in ["HTTP/1.1 200 Connection established\r\n\r\n", "HTTP/1.1 200\r\n\r\n", ""] {
            assert_eq!(refusal(no_refusal), None, "{no_refusal}");
        }
    }
}

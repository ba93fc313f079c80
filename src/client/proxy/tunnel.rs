//! A tunnel through a proxy (CONNECT), and why it opened none, in its own words.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use url::Url;
use zeroize::Zeroizing;

use super::Proxy;
use crate::client::failure::Failure;
use crate::client::wire::Stream;
use crate::error::Unreachable;
use crate::vault::foreign;

/// More than the title of any error page needs.
const MAX_ANSWER: usize = 16 * 1024;

/// The limit for the rest of a proxy's page, once it has said that it opens no tunnel.
const PAGE_TIMEOUT: Duration = Duration::from_secs(2);

impl Proxy {
    /// Lets the proxy connect to the server of `target`. What follows on the stream is between this process and the server.
    pub(in crate::client) async fn tunnel(&self, target: &Url, mut stream: Box<dyn Stream>) -> Result<Box<dyn Stream>, Failure> {
        let port = target.port_or_known_default().ok_or(Failure::Internal("the URL has no port"))?;
        let authority = format!("{}:{port}", target.host_str().unwrap_or_default());
        let authorization = self.authorization();
        let authorization =
            authorization.as_ref().map_or(["", "", ""], |value| ["Proxy-Authorization: ", value.expose(), "\r\n"]);
        let request = ["CONNECT ", &authority, " HTTP/1.1\r\nHost: ", &authority, "\r\n"];
        let request = Zeroizing::new([&request[..], &authorization[..], &["\r\n"]].concat().concat());
        let broken = |e: std::io::Error| Failure::Tunnel(Unreachable::Proxy { reason: e.to_string() });
        stream.write_all(request.as_bytes()).await.map_err(broken)?;
        stream.flush().await.map_err(broken)?;

        let mut answer = Vec::new();
        while head_end(&answer).is_none()
            && answer.len() < MAX_ANSWER
            && read_more(&mut stream, &mut answer).await.map_err(broken)?
        {}
        let Some(refusal) = refusal(&self.redact_in(&String::from_utf8_lossy(&answer))) else {
            // Nobody speaks before the client does with TLS, so nothing may follow.
            return match head_end(&answer) {
                Some(end) if end == answer.len() => Ok(stream),
                Some(_) => Err(unusable("it sent more than an answer")),
                None => Err(unusable("its answer is not whole")),
            };
        };
        // What is missing of its page is only a title.
        let rest = async { while !is_enough(&answer) && matches!(read_more(&mut stream, &mut answer).await, Ok(true)) {} };
        let _ = tokio::time::timeout(PAGE_TIMEOUT, rest).await;
        Err(Failure::Tunnel(self::refusal(&self.redact_in(&String::from_utf8_lossy(&answer))).unwrap_or(refusal)))
    }
}

fn unusable(reason: &str) -> Failure {
    Failure::Tunnel(Unreachable::Proxy { reason: reason.to_owned() })
}

/// False at the end.
async fn read_more(stream: &mut Box<dyn Stream>, answer: &mut Vec<u8>) -> std::io::Result<bool> {
    Ok(stream.read_buf(answer).await? > 0)
}

/// Where the head ends.
fn head_end(answer: &[u8]) -> Option<usize> {
    answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").map(|at| at + 4)
}

/// A page's title is all that is wanted of it.
fn is_enough(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer).to_ascii_lowercase();
    answer.len() >= MAX_ANSWER || text.contains("</title") || text.contains("\r\ncontent-length: 0\r\n")
}

/// What an answer means that opens no tunnel; `None` for one that does, or that is none yet.
fn refusal(answer: &str) -> Option<Unreachable> {
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

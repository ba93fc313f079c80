//! Why a proxy opened no tunnel. The HTTP library says only that it did not, and drops the proxy's answer; so the proxy is
//! asked once more, in plain sight. Not over TLS: hardly any proxy is reached that way.

use std::io;

use reqwest::Url;
use tokio::net::TcpStream;

use super::Proxy;
use crate::error::Unreachable;
use crate::vault::foreign;

/// More than the title of any error page needs.
const MOST: usize = 16 * 1024;

impl Proxy {
    /// What the proxy says to a tunnel to `target`; `None` when it cannot be found out.
    pub(in crate::client) async fn refusal(&self, target: &str) -> Option<Unreachable> {
        let proxy = Url::parse(&self.address).ok().filter(|url| url.scheme() == "http")?;
        let target = Url::parse(target).ok()?;
        let authority = format!("{}:{}", target.host_str()?, target.port_or_known_default()?);
        let authorization = self.authorization().map(|value| format!("Proxy-Authorization: {value}\r\n")).unwrap_or_default();
        let request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n{authorization}Connection: close\r\n\r\n");
        let host = proxy.host_str()?.trim_start_matches('[').trim_end_matches(']');
        let stream = TcpStream::connect((host, proxy.port_or_known_default()?)).await.ok()?;
        let mut request = zeroize::Zeroizing::new(request.into_bytes());
        while !request.is_empty() {
            stream.writable().await.ok()?;
            match stream.try_write(&request) {
                Ok(written) => drop(request.drain(..written)),
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return None,
            }
        }
        verdict(&self.redact_in(&String::from_utf8_lossy(&read(&stream).await)))
    }
}

/// The answer up to its end, or up to the end of its title.
async fn read(stream: &TcpStream) -> Vec<u8> {
    let mut answer = Vec::new();
    while answer.len() < MOST && !is_enough(&answer) && stream.readable().await.is_ok() {
        match stream.try_read_buf(&mut answer) {
            Ok(0) => break,
            Err(e) if e.kind() != io::ErrorKind::WouldBlock => break,
            _ => {}
        }
    }
    answer
}

/// A tunnel that is open after all ends with the head; a page's title is all that is wanted of it.
fn is_enough(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer).to_ascii_lowercase();
    text.contains("</title") || text.starts_with("http/1.1 2") || text.contains("\r\ncontent-length: 0\r\n")
}

fn verdict(answer: &str) -> Option<Unreachable> {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    let status: u16 = head.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    let content_type = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-type").then(|| value.trim())
    });
    let answer = format!("{status}, {}", foreign(content_type, body.as_bytes()));
    match status {
        // Some say 401 to a wrong password.
        401 | 407 => Some(Unreachable::ProxyCredentials { answer }),
        400..=499 => Some(Unreachable::ProxyForbids { answer }),
        300..=599 => Some(Unreachable::Proxy { reason: answer }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_read_from_its_status_and_its_page() {
        let page = "Content-Type: text/html\r\n\r\n<html><title>Denied by ACME</title>";
        let forbids = verdict(&format!("HTTP/1.0 403 Filtered\r\n{page}")).unwrap();
        let said = "403, text/html, a page titled \"Denied by ACME\"".to_owned();
        assert_eq!(forbids, Unreachable::ProxyForbids { answer: said });
        assert!(!forbids.may_pass());
        let wants = verdict("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").unwrap();
        assert!(matches!(&wants, Unreachable::ProxyCredentials { answer } if answer.starts_with("407, ")) && !wants.may_pass());
        let failed = verdict(&format!("HTTP/1.1 502 Bad\r\n{page}")).unwrap();
        assert!(matches!(failed, Unreachable::Proxy { .. }) && failed.may_pass());
        for no_refusal in ["HTTP/1.1 200 Connection established\r\n\r\n", "", "HTTP/1.1", "+OK\r\n\r\n"] {
            assert_eq!(verdict(no_refusal), None, "{no_refusal}");
        }
    }
}

//! Which outcomes are worth another try. How long to wait is `backoff`'s.

use std::time::{Duration, SystemTime};

use crate::client::ApiResponse;
use crate::error::{Error, ErrorKind};
use crate::text::one_line;
use crate::vault::Meaning;

/// Another try may succeed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Retry {
    /// Why this one did not, in words.
    pub(super) reason: String,
    /// The wait that the server asks for.
    pub(super) after: Option<Duration>,
    /// Too many ask at once.
    pub(super) limited: bool,
    /// It passes within this time, or not at all.
    pub(super) only_for: Option<Duration>,
}

/// While a leader is elected, a standby names the one that is gone, at an address that may be none of ours; so does one that
/// never forwards. An election takes 2 to 15 s, by the `performance_multiplier` of Vault's raft storage.
const ELECTION: Duration = Duration::from_secs(20);

/// Whether to try again. As the official client (connection failures, 412, 429, 5xx except 501), and a KV upgrade's
/// passing 400; never a certificate's error, a proxy's refusal, a 403 or a 404, and not a 500 that rejects a login's token.
pub(super) fn classify(outcome: &Result<ApiResponse, Error>) -> Option<Retry> {
    match outcome {
        Err(error) => {
            let only_for = match error.kind() {
                ErrorKind::Unreachable(why) if why.may_pass() => None,
                ErrorKind::NoLeader { .. } => None,
                ErrorKind::Redirected { why, .. } if why.by_standby() => Some(ELECTION),
                _ => return None,
            };
            Some(Retry { reason: error.statement(), after: None, limited: false, only_for })
        }
        Ok(response) => of_reply(response),
    }
}

/// Whether another node of the cluster may answer what this one did not. 472 and 473 are a secondary's.
pub(super) fn another_node_may_do_better(outcome: &Result<ApiResponse, Error>) -> bool {
    match outcome {
        Err(error) => {
            matches!(error.kind(), ErrorKind::Unreachable(_) | ErrorKind::Redirected { .. } | ErrorKind::NoLeader { .. })
        }
        Ok(response) => matches!(response.status, 472 | 473 | 500..=599) && !response.refuses_for_good,
    }
}

fn of_reply(response: &ApiResponse) -> Option<Retry> {
    let meaning = || response.meaning();
    let at = &response.at.url;
    let reason = match response.status {
        412 => format!("the Vault node at {at} has not caught up with the cluster (412)"),
        400 => match meaning() {
            Meaning::Refused(said)
                if said.contains("Upgrading from non-versioned") || said.contains("Waiting for the primary") =>
            {
                format!("the KV engine at {at} is being upgraded (400)")
            }
            _ => return None,
        },
        501 => return None,
        472 | 473 => format!("the Vault node at {at} is a secondary ({})", response.status),
        429 | 500..=599 if !response.refuses_for_good => match meaning() {
            Meaning::Uninitialised => return None,
            Meaning::Sealed => format!("Vault is sealed (503 at {at})"),
            Meaning::NoLeader(_) => format!("the Vault cluster has no active node ({} at {at})", response.status),
            Meaning::RateLimited(_) => format!("Vault's rate limit is reached (429 at {at})"),
            Meaning::Refused(said) => format!("Vault answered {} at {at}: {}", response.status, one_line(&said, 120)),
            _ => format!("{} from something in front of Vault at {at}", response.status),
        },
        _ => return None,
    };
    let after = response.retry_after.as_deref().filter(|_| matches!(response.status, 429 | 503));
    let after = after.and_then(|value| retry_after(value, SystemTime::now()));
    Some(Retry { reason, after, limited: response.status == 429, only_for: None })
}

/// RFC 9110, 10.2.3: seconds, or a date. A date in the past is no wait at all.
fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    match value.trim().parse::<u32>() {
        Ok(seconds) => Some(Duration::from_secs(u64::from(seconds))),
        Err(_) => Some(httpdate::parse_http_date(value.trim()).ok()?.duration_since(now).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::RequestInfo;

    fn response(status: u16, url: &str, body: &str, retry_after: Option<&str>) -> Result<ApiResponse, Error> {
        Ok(ApiResponse {
            at: RequestInfo::new("GET", url),
            status,
            content_type: Some("application/json".to_owned()),
            body: zeroize::Zeroizing::new(body.as_bytes().to_vec()),
            location: None,
            retry_after: retry_after.map(str::to_owned),
            refuses_for_good: false,
        })
    }

    #[test]
    fn what_passes_is_tried_again_and_what_does_not_is_not() {
        for (status, body, again) in [
            (412, "{\"errors\":[]}", true),
            (429, "{\"errors\":[\"rate limit quota exceeded\"]}", true),
            (500, "{\"errors\":[\"internal error\"]}", true),
            (502, "<html>", true),
            (503, "{\"errors\":[\"Vault is sealed\"]}", true),
            (473, "{\"errors\":[]}", true),
            (400, "{\"errors\":[\"Upgrading from non-versioned to versioned data. This backend will be unavailable\"]}", true),
            (400, "{\"errors\":[\"missing role\"]}", false),
            (403, "{\"errors\":[\"permission denied\"]}", false),
            (404, "{\"errors\":[]}", false),
            (501, "", false),
            (503, "{\"errors\":[\"server is not initialized\"]}", false),
            (200, "{}", false),
        ] {
            assert_eq!(classify(&response(status, "http://v/v1/x", body, None)).is_some(), again, "{status} {body}");
        }
        let wrong_issuer = "{\"errors\":[\"claim \\\"iss\\\" is invalid\"]}";
        let refused = || response(500, "http://v/v1/auth/kubernetes/login", wrong_issuer, None);
        assert!(classify(&refused()).is_some() && another_node_may_do_better(&refused()));
        let for_good = || refused().map(|response| ApiResponse { refuses_for_good: true, ..response });
        assert!(classify(&for_good()).is_none() && !another_node_may_do_better(&for_good()));
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let now = httpdate::parse_http_date("Mon, 23 Nov 2026 12:00:00 GMT").unwrap();
        assert_eq!(retry_after("7", now), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("Mon, 23 Nov 2026 12:00:09 GMT", now), Some(Duration::from_secs(9)));
        assert_eq!(retry_after("Mon, 23 Nov 2026 11:00:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", now), None);
        let asked = classify(&response(503, "http://v/v1/x", "{\"errors\":[]}", Some("3"))).unwrap();
        assert_eq!(asked.after, Some(Duration::from_secs(3)));
        let not_asked = classify(&response(500, "http://v/v1/x", "{\"errors\":[]}", Some("3"))).unwrap();
        assert_eq!(not_asked.after, None);
    }
}

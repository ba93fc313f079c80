//! Signature version 4 of the one request that proves who we are: `GetCallerIdentity` of STS. Vault sends it on.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::{digest, hmac};
use serde::Serializer as _;

use crate::cloud::aws::credentials::Credentials;
use crate::cloud::aws::region::sts_host;
use crate::error::Error;
use crate::secret::Secret;
use crate::time::UtcTime;

/// Of the body of every request to STS.
pub(super) const CONTENT_TYPE: &str = "application/x-www-form-urlencoded; charset=utf-8";

/// The header that binds a request to one Vault.
const SERVER_ID: &str = "x-vault-aws-iam-server-id";

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// A request that is ready to be sent on.
pub(crate) struct SignedRequest {
    pub(crate) url: String,
    pub(crate) body: &'static str,
    /// In the order of their names; the signature is the last.
    pub(crate) headers: Vec<(&'static str, Secret)>,
    /// What of it must not show: a peer may quote the headers.
    pub(crate) hidden: Vec<Secret>,
}

impl SignedRequest {
    /// The headers as Vault takes them: a JSON object of lists.
    pub(crate) fn headers_as_json(&self) -> Result<Secret, Error> {
        // A value has no character that JSON writes as more than two.
        let room = self.headers.iter().map(|(name, value)| name.len() + 2 * value.expose().len() + 8).sum::<usize>() + 2;
        let mut json = Vec::with_capacity(room);
        let headers = self.headers.iter().map(|(name, value)| (*name, [value.expose()]));
        let written = serde_json::Serializer::new(&mut json).collect_map(headers);
        match (written, String::from_utf8(json)) {
            (Ok(()), Ok(json)) => Ok(Secret::new(json)),
            _ => Err(Error::internal("the signed request cannot be written as JSON")),
        }
    }
}

/// The signed request: "who am I", of the STS of this region, for the Vault with this server id.
pub(crate) fn caller_identity(
    credentials: &Credentials,
    region: &str,
    server_id: Option<&str>,
    now: SystemTime,
) -> Result<SignedRequest, Error> {
    const BODY: &str = "Action=GetCallerIdentity&Version=2011-06-15";
    let time = timestamp(now)?;
    let host = sts_host(region);
    let plain = |text: &str| Secret::new(text.to_owned());
    let mut headers = vec![("content-type", plain(CONTENT_TYPE)), ("host", plain(&host)), ("x-amz-date", plain(&time))];
    if let Some(token) = &credentials.session_token {
        headers.push(("x-amz-security-token", plain(token.expose())));
    }
    if let Some(id) = server_id {
        headers.push((SERVER_ID, plain(id)));
    }
    let signed = Canonical { method: "POST", path: "/", query: "", headers: &headers, body: BODY };
    let authorization = signed.authorization(credentials, &time, region, "sts");
    let mut hidden: Vec<Secret> = credentials.session_token.iter().map(|token| plain(token.expose())).collect();
    if let Some(signature) = authorization.expose().split("Signature=").nth(1) {
        hidden.push(plain(signature));
    }
    headers.push(("authorization", authorization));
    Ok(SignedRequest { url: format!("https://{host}/"), body: BODY, headers, hidden })
}

/// For example `20150830T123600Z`.
fn timestamp(now: SystemTime) -> Result<String, Error> {
    let seconds = now.duration_since(UNIX_EPOCH).ok().and_then(|time| i64::try_from(time.as_secs()).ok());
    let time =
        seconds.and_then(UtcTime::from_unix).ok_or_else(|| Error::internal("the clock of this machine is not in this era"))?;
    Ok(time.rfc3339().replace(['-', ':'], ""))
}

/// What of a request is signed. All headers are.
struct Canonical<'a> {
    method: &'a str,
    path: &'a str,
    query: &'a str,
    /// In the order of their names, in lower case.
    headers: &'a [(&'static str, Secret)],
    body: &'a str,
}

impl Canonical<'_> {
    /// The header `Authorization`.
    fn authorization(&self, credentials: &Credentials, time: &str, region: &str, service: &str) -> Secret {
        let day = time.get(..8).unwrap_or_default();
        let scope = format!("{day}/{region}/{service}/aws4_request");
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");
        let to_sign = format!("{ALGORITHM}\n{time}\n{scope}\n{}", sha256(self.text(&names).expose()));
        let first = Secret::new(format!("AWS4{}", credentials.key.expose()));
        let mut key = hmac_sha256(first.expose().as_bytes(), day);
        for part in [region, service, "aws4_request"] {
            key = hmac_sha256(key.as_ref(), part);
        }
        let signature = hex(hmac_sha256(key.as_ref(), &to_sign).as_ref());
        let id = &credentials.key_id;
        Secret::new(format!("{ALGORITHM} Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}"))
    }

    fn text(&self, names: &str) -> Secret {
        let Self { method, path, query, headers, body } = self;
        let headers: String = headers.iter().map(|(name, value)| format!("{name}:{}\n", value.expose().trim())).collect();
        Secret::new(format!("{method}\n{path}\n{query}\n{headers}\n{names}\n{}", sha256(body)))
    }
}

fn hmac_sha256(key: &[u8], text: &str) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes())
}

fn sha256(text: &str) -> String {
    hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn credentials(session_token: Option<&str>) -> Credentials {
        Credentials {
            key_id: "AKIDEXAMPLE".to_owned(),
            key: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned()),
            session_token: session_token.map(|token| Secret::new(token.to_owned())),
            source: String::new(),
            region: None,
        }
    }

    const TIME: &str = "20150830T123600Z";

    fn noon() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_440_938_160)
    }

    fn signature(canonical: &Canonical<'_>, service: &str) -> String {
        let authorization = canonical.authorization(&credentials(None), TIME, "us-east-1", service);
        authorization.expose().split("Signature=").nth(1).unwrap().to_owned()
    }

    /// The vectors that AWS publishes: the test suite `aws-sig-v4-test-suite` (get-vanilla, post-x-www-form-urlencoded,
    /// post-sts-header-before), and the example of the IAM user guide (ListUsers).
    #[test]
    fn the_signatures_are_those_of_awss_own_examples() {
        let plain = |text: &str| Secret::new(text.to_owned());
        let host = || ("host", plain("example.amazonaws.com"));
        let date = || ("x-amz-date", plain(TIME));
        let vanilla = Canonical { method: "GET", path: "/", query: "", headers: &[host(), date()], body: "" };
        assert_eq!(signature(&vanilla, "service"), "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
        let form = [("content-type", plain("application/x-www-form-urlencoded")), host(), date()];
        let form = Canonical { method: "POST", path: "/", query: "", headers: &form, body: "Param1=value1" };
        assert_eq!(signature(&form, "service"), "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a");
        let token = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUu\
                     wthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQ\
                     cHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR\
                     /oLxBA==";
        let session = [host(), date(), ("x-amz-security-token", plain(token))];
        let session = Canonical { method: "POST", path: "/", query: "", headers: &session, body: "" };
        assert_eq!(signature(&session, "service"), "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead");
        let list = [("content-type", plain(CONTENT_TYPE)), ("host", plain("iam.amazonaws.com")), date()];
        let query = "Action=ListUsers&Version=2010-05-08";
        let list = Canonical { method: "GET", path: "/", query, headers: &list, body: "" };
        assert_eq!(signature(&list, "iam"), "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
    }

    #[test]
    fn the_request_names_the_regions_sts_the_vault_and_the_time_and_hides_what_proves_it() {
        let signed = caller_identity(&credentials(Some("canary/token+==")), "eu-central-1", Some("vault.example.com"), noon());
        let signed = signed.unwrap();
        assert_eq!(signed.url, "https://sts.eu-central-1.amazonaws.com/");
        let headers: serde_json::Value = serde_json::from_str(signed.headers_as_json().unwrap().expose()).unwrap();
        assert_eq!(headers["host"][0], "sts.eu-central-1.amazonaws.com");
        assert_eq!(headers["x-amz-date"][0], TIME);
        assert_eq!(headers["x-amz-security-token"][0], "canary/token+==");
        assert_eq!(headers["x-vault-aws-iam-server-id"][0], "vault.example.com");
        let authorization = headers["authorization"][0].as_str().unwrap();
        assert!(
            authorization.starts_with(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/eu-central-1/sts/aws4_request, \
                 SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-vault-aws-iam-server-id, Signature="
            ),
            "{authorization}"
        );
        assert!(signed.hidden.iter().any(|secret| secret.expose() == "canary/token+=="));
        assert!(signed.hidden.iter().any(|secret| authorization.ends_with(secret.expose())));
        let global = caller_identity(&credentials(None), "us-east-1", None, noon()).unwrap();
        assert_eq!((global.url.as_str(), global.headers.len()), ("https://sts.amazonaws.com/", 4));
        // A signature is for one region, one Vault and one second.
        let of = |region, id, now| {
            caller_identity(&credentials(None), region, id, now).unwrap().headers.pop().unwrap().1.expose().to_owned()
        };
        let all = [
            of("eu-central-1", None, noon()),
            of("eu-west-1", None, noon()),
            of("eu-central-1", Some("a"), noon()),
            of("eu-central-1", None, noon() + Duration::from_secs(1)),
        ];
        for (i, one) in all.iter().enumerate() {
            assert!(all.iter().skip(i + 1).all(|other| other != one));
        }
    }
}

//! AWS's Security Token Service: who the keys belong to, and keys for a token that AWS trusts.
//! Source: <https://docs.aws.amazon.com/STS/latest/APIReference/welcome.html>.

use percent_encoding::utf8_percent_encode;

use crate::client::{WebPeer, WebRequest, WebResponse};
use crate::cloud::aws::credentials::Credentials;
use crate::cloud::aws::region::{GLOBAL_REGION, is_region, sts_host};
use crate::cloud::aws::sign::{self, SignedRequest};
use crate::cloud::{Search, UNRESERVED, https_or_loopback, refusal};
use crate::error::Error;
use crate::secret::Secret;
use crate::settings::{
    AWS_ENDPOINT_URL_STS, AWS_REGION, AWS_ROLE_ARN, AWS_ROLE_SESSION_NAME, AWS_WEB_IDENTITY_TOKEN_FILE, Value,
};
use crate::text::{one_line, shown_file};

/// Where this machine itself asks STS.
fn sts_address(search: &Search<'_>, region: &str) -> Result<String, Error> {
    match AWS_ENDPOINT_URL_STS.find(search.sources)? {
        Some(value) => https_or_loopback(&value).map(str::to_owned),
        None => Ok(format!("https://{}", sts_host(region))),
    }
}

/// Who the keys belong to, by AWS itself: the ARN, or why AWS does not say it.
pub(crate) fn arn(search: &Search<'_>, region: &str, signed: &SignedRequest) -> Result<String, String> {
    let address = sts_address(search, region).map_err(|error| error.statement())?;
    let hidden: Vec<&Secret> = signed.hidden.iter().collect();
    let headers: Vec<(&str, &str)> = signed.headers.iter().map(|(name, value)| (*name, value.expose())).collect();
    let body = Secret::new(signed.body.to_owned());
    let request = WebRequest { method: "POST", url: &address, headers: &headers, body: Some((&body, sign::CONTENT_TYPE)) };
    let response = search.ask(&request, WebPeer::Service).map_err(|error| error.statement())??;
    match element(response.text(), "Arn") {
        Some(arn) if response.status == 200 => Ok(one_line(arn, 200)),
        _ => Err(sts_words(&response, &hidden)),
    }
}

/// STS's own code and words. Never all of it: it quotes what it was sent.
fn sts_words(response: &WebResponse, hidden: &[&Secret]) -> String {
    let text = response.text();
    match (element(text, "Code"), element(text, "Message")) {
        (Some(code), Some(message)) => {
            // The request that STS would have signed stands behind the first sentence.
            let message = message.split("The Canonical String").next().unwrap_or_default();
            let message = hidden.iter().fold(message.to_owned(), |said, secret| secret.redact_in(&said));
            format!("{} {}: {}", response.status, one_line(code, 60), one_line(&message, 200))
        }
        _ => refusal(response, hidden),
    }
}

/// The content of the first element of this name in an answer of STS, as it stands.
fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let start = xml.find(&format!("<{name}>"))? + name.len() + 2;
    let rest = xml.get(start..)?;
    rest.get(..rest.find(&format!("</{name}>"))?)
}

/// IRSA, and every other pod or job with a token that AWS trusts.
pub(super) fn from_web_identity(search: &Search<'_>) -> Result<Option<Credentials>, Error> {
    const SOURCE: &str = "the web identity token (AWS_WEB_IDENTITY_TOKEN_FILE)";
    let (file, role) = (AWS_WEB_IDENTITY_TOKEN_FILE.find(search.sources)?, AWS_ROLE_ARN.find(search.sources)?);
    let (Some(file), Some(role)) = (&file, &role) else {
        if let Some(file) = file {
            let advice = "set AWS_ROLE_ARN to the role that the token may assume";
            return Err(search.failed(format!("{SOURCE} {}", shown_file(file.trimmed())), "AWS_ROLE_ARN is not set", advice));
        }
        search.pass(SOURCE, "not set");
        return Ok(None);
    };
    web_identity(search, SOURCE, file, role.trimmed(), None).map(Some)
}

/// Exchanges a token for the keys of a role.
/// Source: <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html>.
pub(super) fn web_identity(
    search: &Search<'_>,
    source: &str,
    file: &Value,
    role: &str,
    region: Option<String>,
) -> Result<Credentials, Error> {
    let token = search.read(file, "web identity token file")?;
    let session = AWS_ROLE_SESSION_NAME.find_or(search.sources, "vault-cipher")?;
    let body = Secret::new(format!(
        "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn={}&RoleSessionName={}&WebIdentityToken={}",
        utf8_percent_encode(role, UNRESERVED),
        utf8_percent_encode(session.trimmed(), UNRESERVED),
        utf8_percent_encode(token.expose(), UNRESERVED)
    ));
    let asked = match AWS_REGION.find(search.sources)? {
        Some(value) => Some(value.trimmed().to_owned()),
        None => region.clone(),
    };
    let address = sts_address(search, &asked.filter(|region| is_region(region)).unwrap_or_else(|| GLOBAL_REGION.to_owned()))?;
    let request = WebRequest { method: "POST", url: &address, headers: &[], body: Some((&body, sign::CONTENT_TYPE)) };
    let source = format!("{source} {} as {role}", shown_file(file.trimmed()));
    let response = search.ask(&request, WebPeer::Service)?.map_err(|why| {
        search.failed(
            &source,
            format!("{address} gave no answer: {why}"),
            "let this machine reach STS, or set AWS_ENDPOINT_URL_STS",
        )
    })?;
    let text = response.text();
    let (id, key, session_token) =
        (element(text, "AccessKeyId"), element(text, "SecretAccessKey"), element(text, "SessionToken"));
    match (response.status, id, key, session_token) {
        (200, Some(id), Some(key), Some(session_token)) => Ok(Credentials {
            key_id: id.to_owned(),
            key: Secret::new(key.to_owned()),
            session_token: Some(Secret::new(session_token.to_owned())),
            source,
            region,
        }),
        _ => {
            let said = sts_words(&response, &[&token]);
            Err(search.failed(
                source,
                format!("{address} did not take the token: {said}"),
                "let the role trust the token's issuer and subject (sts:AssumeRoleWithWebIdentity in its trust policy), with the audience \
                 sts.amazonaws.com",
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_is_found_as_it_stands() {
        let xml = "<A><Code>InvalidClientTokenId</Code><Message>The security token is invalid.</Message></A>";
        assert_eq!(element(xml, "Code"), Some("InvalidClientTokenId"));
        assert_eq!(element(xml, "Arn"), None);
        assert_eq!(element("<Code>cut", "Code"), None);
        assert_eq!(element("", "Code"), None);
    }

    #[test]
    fn what_sts_quotes_of_the_request_does_not_show() {
        let token = Secret::new("canary/session+token==".to_owned());
        let body = "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>The request signature does not match canary/session+token==.\
                    \n\nThe Canonical String for this request should have been\n'POST x-amz-security-token:canary'</Message></Error></ErrorResponse>";
        let response = WebResponse { status: 403, body: body.as_bytes().to_vec().into() };
        assert_eq!(sts_words(&response, &[&token]), "403 SignatureDoesNotMatch: The request signature does not match [hidden].");
    }
}

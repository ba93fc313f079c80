//! AWS: where the credentials of a machine are, and the signature that proves them.
//! Sources: <https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html>,
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>.

mod credentials;
mod profile;
mod region;
mod sign;
mod sts;

#[cfg(any(test, fuzzing))]
pub(crate) use profile::parsers;

use percent_encoding::utf8_percent_encode;
use url::Url;

use crate::client::{WebPeer, WebRequest};
use crate::cloud::{Search, UNRESERVED, address, checked, member, refusal};
use crate::error::{Error, Unreachable};
use crate::secret::Secret;
use crate::settings::{
    AWS_ACCESS_KEY_ID, AWS_CONTAINER_AUTHORIZATION_TOKEN, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE,
    AWS_CONTAINER_CREDENTIALS_FULL_URI, AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, AWS_EC2_METADATA_DISABLED,
    AWS_EC2_METADATA_SERVICE_ENDPOINT, AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE, AWS_REGION, AWS_SECRET_ACCESS_KEY,
    AWS_SESSION_TOKEN,
};
pub(crate) use credentials::Credentials;
use credentials::is_visible;
pub(crate) use region::sts_host;
use region::{GLOBAL_REGION, is_region};
pub(crate) use sign::caller_identity;
pub(crate) use sts::arn;

/// Where the containers' services are.
const CONTAINER_HOST: &str = "http://169.254.170.2";
/// Where plain HTTP is no danger: ECS's, EKS's.
const CONTAINER_HOSTS: [&str; 4] = ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]", "localhost"];

/// Looks at one source; `None` where it is not set.
type Source = fn(&Search<'_>) -> Result<Option<Credentials>, Error>;

/// The credentials of this machine: the first source that is set.
pub(crate) fn credentials(search: &Search<'_>) -> Result<Credentials, Error> {
    const SOURCES: [Source; 5] = [from_environment, profile::find, sts::from_web_identity, from_container, from_instance];
    for source in SOURCES {
        let Some(found) = source(search)? else { continue };
        if !found.are_visible() {
            let what = "they are no keys: they hold other than visible ASCII characters";
            return Err(search.failed(found.source, what, "set the keys themselves, without quotes or line breaks"));
        }
        return Ok(Credentials { source: search.won(&found.source), ..found });
    }
    Err(search.nothing(
        "give this machine a role: an instance profile (EC2), a task role (ECS), or a service account with a role (EKS Pod Identity \
         or IRSA); or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    ))
}

/// The region whose STS is asked, and where the region stands.
pub(crate) fn region(search: &Search<'_>, credentials: &Credentials) -> Result<(String, String), Error> {
    let (region, origin) = match AWS_REGION.find(search.sources)? {
        Some(value) => {
            let region = value.trimmed().to_owned();
            if !is_region(&region) {
                return Err(value.refuse(("it is not the name of a region", "write it as eu-central-1")));
            }
            (region, value.origin.to_string())
        }
        None => match credentials.region.clone().filter(|region| is_region(region)) {
            Some(region) => (region, "where the credentials are".to_owned()),
            None => (GLOBAL_REGION.to_owned(), "the default".to_owned()),
        },
    };
    Ok((region, origin))
}

fn from_environment(search: &Search<'_>) -> Result<Option<Credentials>, Error> {
    const SOURCE: &str = "the environment variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
    let (id, key) = (AWS_ACCESS_KEY_ID.find(search.sources)?, AWS_SECRET_ACCESS_KEY.find(search.sources)?);
    match (id, key) {
        (Some(id), Some(key)) => Ok(Some(Credentials {
            key_id: id.trimmed().to_owned(),
            key: Secret::new(key.trimmed().to_owned()),
            session_token: AWS_SESSION_TOKEN.find(search.sources)?.map(|token| Secret::new(token.trimmed().to_owned())),
            source: SOURCE.to_owned(),
            region: None,
        })),
        (None, None) => {
            search.pass(SOURCE, "not set");
            Ok(None)
        }
        _ => Err(search.failed(SOURCE, "only one of the two is set", "set both, or neither")),
    }
}

/// ECS and EKS Pod Identity.
/// Source: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html>.
fn from_container(search: &Search<'_>) -> Result<Option<Credentials>, Error> {
    const SOURCE: &str = "the container's service (AWS_CONTAINER_CREDENTIALS_…_URI)";
    let (address, path) = if let Some(relative) = AWS_CONTAINER_CREDENTIALS_RELATIVE_URI.find(search.sources)? {
        let path = relative.trimmed();
        if !path.starts_with('/') {
            return Err(relative.refuse(("it is not a path", "let ECS set it")));
        }
        // It is known to this container only.
        (format!("{CONTAINER_HOST}{path}"), Some(Secret::new(path.trim_start_matches('/').to_owned())))
    } else if let Some(full) = AWS_CONTAINER_CREDENTIALS_FULL_URI.find(search.sources)? {
        checked(&full, &CONTAINER_HOSTS)?;
        (full.trimmed().to_owned(), None)
    } else {
        search.pass(SOURCE, "not set");
        return Ok(None);
    };
    let token = match AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE.find(search.sources)? {
        Some(file) => Some(search.read(&file, "container authorization token file")?),
        None => AWS_CONTAINER_AUTHORIZATION_TOKEN.find(search.sources)?.map(|token| Secret::new(token.trimmed().to_owned())),
    };
    if let Some(token) = token.as_ref().filter(|token| !is_visible(token.expose())) {
        let what = format!(
            "its authorization token of {} bytes is none: it holds other than visible ASCII characters",
            token.expose().len()
        );
        return Err(search.failed(SOURCE, what, "name the file that holds the token and nothing else"));
    }
    let headers: Vec<(&str, &str)> = token.iter().map(|token| ("authorization", token.expose())).collect();
    let request = WebRequest { method: "GET", url: &address, headers: &headers, body: None };
    let origin = Url::parse(&address).map(|url| url.origin().ascii_serialization()).unwrap_or_default();
    let source = format!("the container's service {origin}");
    let failed = |what: String| {
        let advice = "check the task's role (ECS), or the pod identity association and its agent (EKS: aws eks \
                      list-pod-identity-associations)";
        search.failed(&source, what, advice)
    };
    let response = search.ask(&request, WebPeer::Metadata)?.map_err(|why| failed(format!("gave no answer: {why}")))?;
    let hidden: Vec<&Secret> = token.iter().chain(&path).collect();
    keys(&source, response.text())
        .filter(|_| response.status == 200)
        .ok_or_else(|| {
            failed(if response.status == 200 { "its answer holds no keys".to_owned() } else { refusal(&response, &hidden) })
        })
        .map(Some)
}

/// The keys in a container's or an instance's answer.
fn keys(source: &str, json: &str) -> Option<Credentials> {
    Some(Credentials {
        key_id: member(json, "AccessKeyId")?.expose().to_owned(),
        key: member(json, "SecretAccessKey")?,
        session_token: member(json, "Token"),
        source: source.to_owned(),
        region: None,
    })
}

/// The instance's metadata service, version 2: a session token first, with which everything else is asked.
/// Source: <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html>.
fn from_instance(search: &Search<'_>) -> Result<Option<Credentials>, Error> {
    const SOURCE: &str = "the instance's metadata service";
    const NO_ROLE: &str = "the instance has no role; attach one: aws ec2 associate-iam-instance-profile";
    const HOPS: &str = "it gives no session token; in a container the hop limit of the instance has to be 2: aws ec2 \
                        modify-instance-metadata-options --http-put-response-hop-limit 2 --instance-id ID";
    if AWS_EC2_METADATA_DISABLED.find(search.sources)?.is_some_and(|value| value.trimmed().eq_ignore_ascii_case("true")) {
        search.pass(SOURCE, "AWS_EC2_METADATA_DISABLED is true");
        return Ok(None);
    }
    let address = metadata_address(search)?;
    let source = format!("{SOURCE} {address}");
    let ttl = [("x-aws-ec2-metadata-token-ttl-seconds", "300")];
    let request = WebRequest { method: "PUT", url: &format!("{address}/latest/api/token"), headers: &ttl, body: None };
    let token = match search.client.fetch(&request, WebPeer::Metadata, search.sources)? {
        Err(why) => {
            // It was reached, and its answer was not.
            let hops = if matches!(why, Unreachable::Timeout { .. }) { format!(": {HOPS}") } else { String::new() };
            search.pass(&source, format!("{}{hops}", why.brief()));
            return Ok(None);
        }
        Ok(response) if response.status == 200 && is_visible(response.text()) => Secret::new(response.text().to_owned()),
        Ok(response) => {
            search.pass(&source, refusal(&response, &[]));
            return Ok(None);
        }
    };
    let headers = [("x-aws-ec2-metadata-token", token.expose())];
    let get = |path: &str| {
        let request =
            WebRequest { method: "GET", url: &format!("{address}/latest/meta-data/{path}"), headers: &headers, body: None };
        search.ask(&request, WebPeer::Metadata)
    };
    const CREDENTIALS: &str = "iam/security-credentials/";
    let role = match get(CREDENTIALS)? {
        Ok(response) if response.status == 200 => response.text().lines().next().unwrap_or_default().trim().to_owned(),
        Ok(response) if response.status == 404 => String::new(),
        Ok(response) => {
            return Err(search.failed(source, refusal(&response, &[&token]), "check the instance's metadata options"));
        }
        Err(why) => return Err(search.failed(source, why, "check the instance's metadata options")),
    };
    if role.is_empty() {
        search.pass(&source, NO_ROLE);
        return Ok(None);
    }
    let of_role = format!("{source}, role {role}");
    let response = get(&format!("{CREDENTIALS}{}", utf8_percent_encode(&role, UNRESERVED)))?
        .map_err(|why| search.failed(&of_role, why, "check the instance's metadata options"))?;
    let found = keys(&of_role, response.text()).filter(|_| response.status == 200);
    let found = found.ok_or_else(|| {
        let what = if response.status == 200 { "its answer holds no keys".to_owned() } else { refusal(&response, &[&token]) };
        search.failed(&of_role, what, "let EC2 assume the role: its trust policy must name ec2.amazonaws.com")
    })?;
    let region = match get("placement/region")? {
        Ok(response) if response.status == 200 => Some(response.text().trim().to_owned()),
        _ => None,
    };
    Ok(Some(Credentials { region, ..found }))
}

fn metadata_address(search: &Search<'_>) -> Result<String, Error> {
    if let Some(endpoint) = AWS_EC2_METADATA_SERVICE_ENDPOINT.find(search.sources)? {
        return address(&endpoint).map(str::to_owned);
    }
    let mode = AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE.find(search.sources)?;
    let ipv6 = mode.is_some_and(|mode| mode.trimmed().eq_ignore_ascii_case("ipv6"));
    Ok(if ipv6 { "http://[fd00:ec2::254]" } else { "http://169.254.169.254" }.to_owned())
}

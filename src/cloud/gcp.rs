//! Google Cloud: a JWT that says who this machine, or its service account, is.
//! Source: <https://developer.hashicorp.com/vault/docs/auth/gcp>.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::utf8_percent_encode;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;

use crate::client::{WebPeer, WebRequest};
use crate::cloud::{Search, UNRESERVED, https_or_loopback, member, refusal};
use crate::error::Error;
use crate::secret::Secret;
use crate::settings::{GCE_METADATA_HOST, GCP_IAM_ENDPOINT, GOOGLE_APPLICATION_CREDENTIALS, Value};
use crate::text::{one_line, shown_file};

/// A JWT, and where it comes from.
pub(crate) struct Token {
    pub(crate) jwt: Secret,
    /// What made it, and what had nothing before it.
    pub(crate) source: String,
}

/// How long a JWT of a service account is valid, in seconds: the role's default limit is 900.
const VALID_FOR: u64 = 600;

const METADATA_HOST: &str = "metadata.google.internal";
const METADATA_FLAVOR: [(&str, &str); 1] = [("metadata-flavor", "Google")];
const IAM_ENDPOINT: &str = "https://iamcredentials.googleapis.com";

/// Whether a key file is set, which comes first as in Google's own libraries.
pub(crate) fn has_key_file(search: &Search<'_>) -> Result<bool, Error> {
    Ok(GOOGLE_APPLICATION_CREDENTIALS.find(search.sources)?.is_some())
}

/// A JWT that a service account signs: with the key in a file, or by Google's IAM.
pub(crate) fn signed_by_account(search: &Search<'_>, audience: &str) -> Result<Token, Error> {
    const SOURCE: &str = "the key file (GOOGLE_APPLICATION_CREDENTIALS)";
    match GOOGLE_APPLICATION_CREDENTIALS.find(search.sources)? {
        Some(file) => by_key_file(search, &file, audience),
        None => {
            search.pass(SOURCE, "not set");
            by_iam(search, audience)
        }
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map(|time| time.as_secs()).unwrap_or_default()
}

fn claims(account: &str, audience: &str) -> String {
    let now = now();
    serde_json::json!({"iss": account, "sub": account, "aud": audience, "iat": now, "exp": now + VALID_FOR}).to_string()
}

/// Source: <https://google.aip.dev/auth/4112>.
fn by_key_file(search: &Search<'_>, file: &Value, audience: &str) -> Result<Token, Error> {
    const ADVICE: &str = "name the key file of a service account (gcloud iam service-accounts keys create)";
    let source = format!("the key file {} ({})", shown_file(file.trimmed()), file.origin);
    let failed = |what: String| search.failed(&source, what, ADVICE);
    let json = search.read(file, "Google Cloud key file")?;
    match member(json.expose(), "type") {
        Some(kind) => match kind.expose() {
            "service_account" => {}
            "authorized_user" => return Err(failed("it is the log-in of a person (authorized_user)".to_owned())),
            "external_account" => {
                let what = "it is of workload identity federation (external_account) and has no key";
                let advice =
                    "give Vault the token itself, with authenticationType JWT or AWS, or name the key file of a service account";
                return Err(search.failed(&source, what, advice));
            }
            other => return Err(failed(format!("it is of the type {:?}, which has no key", one_line(other, 40)))),
        },
        None => return Err(failed("it is no JSON object with a type".to_owned())),
    }
    let (Some(account), Some(pem)) = (member(json.expose(), "client_email"), member(json.expose(), "private_key")) else {
        return Err(failed("it lacks client_email or private_key".to_owned()));
    };
    let der = PrivatePkcs8KeyDer::from_pem_slice(pem.expose().as_bytes());
    let key = der.ok().and_then(|der| RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).ok());
    let key = key.ok_or_else(|| failed("its private_key is no RSA key in PEM".to_owned()))?;
    let id = member(json.expose(), "private_key_id").map(|id| id.expose().to_owned());
    let header = serde_json::json!({"alg": "RS256", "typ": "JWT", "kid": id}).to_string();
    let content = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims(account.expose(), audience)));
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), content.as_bytes(), &mut signature)
        .map_err(|_| Error::internal("a JWT cannot be signed"))?;
    Ok(Token { jwt: Secret::new(format!("{content}.{}", URL_SAFE_NO_PAD.encode(signature))), source: search.won(&source) })
}

/// Source: <https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/signJwt>.
fn by_iam(search: &Search<'_>, audience: &str) -> Result<Token, Error> {
    const ADVICE: &str = "give the service account the role roles/iam.serviceAccountTokenCreator on itself, and enable the API \
                          iamcredentials.googleapis.com";
    let metadata = address(search)?;
    let from = format!("the metadata server {metadata}");
    let asked = |path: &str| -> Result<Secret, Error> {
        let url = format!("{metadata}/computeMetadata/v1/instance/service-accounts/default/{path}");
        ask_metadata(search, &url, &from).map(|answer| answer.1)
    };
    let account = asked("email")?;
    let token = asked("token")?;
    let token = member(token.expose(), "access_token")
        .ok_or_else(|| search.failed(&from, "its answer holds no access token", "check the scopes of the instance"))?;
    let endpoint = match GCP_IAM_ENDPOINT.find(search.sources)? {
        Some(value) => https_or_loopback(&value)?.to_owned(),
        None => IAM_ENDPOINT.to_owned(),
    };
    let url = format!("{endpoint}/v1/projects/-/serviceAccounts/{}:signJwt", utf8_percent_encode(account.expose(), UNRESERVED));
    let body = Secret::new(serde_json::json!({"payload": claims(account.expose(), audience)}).to_string());
    let bearer = Secret::new(format!("Bearer {}", token.expose()));
    let headers = [("authorization", bearer.expose())];
    let request = WebRequest { method: "POST", url: &url, headers: &headers, body: Some((&body, "application/json")) };
    let source = format!("IAM's signJwt for {}", one_line(account.expose(), 100));
    let response = search
        .ask(&request, WebPeer::Service)?
        .map_err(|why| search.failed(&source, format!("{endpoint} gave no answer: {why}"), "let this machine reach it"))?;
    match member(response.text(), "signedJwt") {
        Some(jwt) if response.status == 200 => Ok(Token { jwt, source: search.won(&source) }),
        _ => Err(search.failed(source, refusal(&response, &[&token]), ADVICE)),
    }
}

/// The identity token of the instance, or of the pod's service account.
/// Source: <https://cloud.google.com/compute/docs/instances/verifying-instance-identity>.
pub(crate) fn of_instance(search: &Search<'_>, audience: &str) -> Result<Token, Error> {
    let metadata = address(search)?;
    let url = format!(
        "{metadata}/computeMetadata/v1/instance/service-accounts/default/identity?audience={}&format=full",
        utf8_percent_encode(audience, UNRESERVED)
    );
    let source = format!("the metadata server {metadata}");
    let (_, jwt) = ask_metadata(search, &url, &source)?;
    Ok(Token { jwt, source: search.won(&source) })
}

fn ask_metadata(search: &Search<'_>, url: &str, source: &str) -> Result<(u16, Secret), Error> {
    const NOWHERE: &str = "run this server on Google Cloud with a service account, or set GOOGLE_APPLICATION_CREDENTIALS";
    const NO_ACCOUNT: &str = "give the instance a service account (gcloud compute instances set-service-account), or the pod's \
                              Kubernetes service account one (GKE workload identity)";
    let request = WebRequest { method: "GET", url, headers: &METADATA_FLAVOR, body: None };
    match search.ask(&request, WebPeer::Metadata)? {
        Ok(response) if response.status == 200 && !response.text().trim().is_empty() => {
            Ok((response.status, Secret::new(response.text().trim().to_owned())))
        }
        Ok(response) => Err(search.failed(source, refusal(&response, &[]), NO_ACCOUNT)),
        Err(why) => Err(search.failed(source, why, NOWHERE)),
    }
}

fn address(search: &Search<'_>) -> Result<String, Error> {
    let host = GCE_METADATA_HOST.find_or(search.sources, METADATA_HOST)?;
    let name = host.trimmed();
    if name.contains(['/', '?', '#', '@', ' ']) {
        return Err(host.refuse(("it is not a host with or without a port", "write it as metadata.google.internal")));
    }
    Ok(format!("http://{name}"))
}

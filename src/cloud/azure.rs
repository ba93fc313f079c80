//! Azure: an access token of a managed identity, and which virtual machine this is.
//! Sources: <https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token>,
//! <https://learn.microsoft.com/azure/app-service/overview-managed-identity>,
//! <https://azure.github.io/azure-workload-identity/docs/>.

use percent_encoding::utf8_percent_encode;

use crate::client::{WebPeer, WebRequest};
use crate::cloud::{Search, UNRESERVED, address, https_or_loopback, member, object, refusal};
use crate::error::Error;
use crate::secret::Secret;
use crate::settings::{
    AZURE_AUTHORITY_HOST, AZURE_CLIENT_ID, AZURE_FEDERATED_TOKEN_FILE, AZURE_POD_IDENTITY_AUTHORITY_HOST, AZURE_TENANT_ID,
    IDENTITY_ENDPOINT, IDENTITY_HEADER,
};
use crate::text::shown_file;

/// A token, and where it comes from.
pub(crate) struct Token {
    pub(crate) jwt: Secret,
    /// What gave it, and what had nothing before it.
    pub(crate) source: String,
    /// Where this machine is a virtual machine: the fields of the login that name it.
    pub(crate) machine: Vec<(&'static str, String)>,
}

const FORM: &str = "application/x-www-form-urlencoded";
const METADATA: [(&str, &str); 1] = [("metadata", "true")];
const ASSIGN: &str = "assign a managed identity to this machine (az vm identity assign, az webapp identity assign), and set \
                      azureClientId where it has several";

/// A token for `resource`: the first source that is set.
pub(crate) fn token(search: &Search<'_>, resource: &str) -> Result<Token, Error> {
    if let Some(token) = of_workload(search, resource)? {
        return Ok(token);
    }
    if let Some(token) = of_app_service(search, resource)? {
        return Ok(token);
    }
    of_machine(search, resource)
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

fn of_workload(search: &Search<'_>, resource: &str) -> Result<Option<Token>, Error> {
    const SOURCE: &str = "the workload identity (AZURE_FEDERATED_TOKEN_FILE)";
    let Some(file) = AZURE_FEDERATED_TOKEN_FILE.find(search.sources)? else {
        search.pass(SOURCE, "not set");
        return Ok(None);
    };
    let source = format!("the workload identity, token {}", shown_file(file.trimmed()));
    let (Some(client), Some(tenant)) = (AZURE_CLIENT_ID.find(search.sources)?, AZURE_TENANT_ID.find(search.sources)?) else {
        let advice = "label the pod azure.workload.identity/use, so that both are set, or set them";
        return Err(search.failed(source, "AZURE_CLIENT_ID or AZURE_TENANT_ID is not set", advice));
    };
    let assertion = search.read(&file, "federated token file")?;
    let authority = match AZURE_AUTHORITY_HOST.find(search.sources)? {
        Some(value) => https_or_loopback(&value)?.to_owned(),
        None => "https://login.microsoftonline.com".to_owned(),
    };
    let url = format!("{authority}/{}/oauth2/v2.0/token", encoded(tenant.trimmed()));
    let body = Secret::new(format!(
        "grant_type=client_credentials&client_id={}&scope={}&client_assertion_type={}&client_assertion={}",
        encoded(client.trimmed()),
        encoded(&format!("{}/.default", resource.trim_end_matches('/'))),
        encoded("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        encoded(assertion.expose())
    ));
    let request = WebRequest { method: "POST", url: &url, headers: &[], body: Some((&body, FORM)) };
    let response = search
        .ask(&request, WebPeer::Service)?
        .map_err(|why| search.failed(&source, format!("{authority} gave no answer: {why}"), "let this machine reach it"))?;
    match member(response.text(), "access_token") {
        Some(jwt) if response.status == 200 => Ok(Some(Token { jwt, source: search.won(&source), machine: Vec::new() })),
        _ => Err(search.failed(
            source,
            refusal(&response, &[&assertion]),
            "add a federated credential with the token's issuer and subject to the identity (az identity federated-credential create)",
        )),
    }
}

fn of_app_service(search: &Search<'_>, resource: &str) -> Result<Option<Token>, Error> {
    const SOURCE: &str = "App Service (IDENTITY_ENDPOINT and IDENTITY_HEADER)";
    let (endpoint, header) = match (IDENTITY_ENDPOINT.find(search.sources)?, IDENTITY_HEADER.find(search.sources)?) {
        (Some(endpoint), Some(header)) => (endpoint, header),
        (endpoint, header) => {
            search.pass(
                SOURCE,
                match (endpoint, header) {
                    // Azure Arc wants a file of the machine's root to be read.
                    (Some(_), _) => "IDENTITY_HEADER is not set, as on a server of Azure Arc, which is not supported",
                    (None, Some(_)) => "IDENTITY_ENDPOINT is not set",
                    (None, None) => "not set",
                },
            );
            return Ok(None);
        }
    };
    let url = with_query(address(&endpoint)?, "2019-08-01", resource, search)?;
    let header = header.into_token()?;
    let request = WebRequest { method: "GET", url: &url, headers: &[("x-identity-header", header.expose())], body: None };
    let source = format!("App Service at {}", endpoint.trimmed());
    let response =
        search.ask(&request, WebPeer::Metadata)?.map_err(|why| search.failed(&source, format!("no answer: {why}"), ASSIGN))?;
    match member(response.text(), "access_token") {
        Some(jwt) if response.status == 200 => Ok(Some(Token { jwt, source: search.won(&source), machine: Vec::new() })),
        _ => Err(search.failed(source, refusal(&response, &[&header]), ASSIGN)),
    }
}

fn of_machine(search: &Search<'_>, resource: &str) -> Result<Token, Error> {
    let host = match AZURE_POD_IDENTITY_AUTHORITY_HOST.find(search.sources)? {
        Some(value) => address(&value)?.to_owned(),
        None => "http://169.254.169.254".to_owned(),
    };
    let source = format!("the instance's metadata service {host}");
    let url = with_query(&format!("{host}/metadata/identity/oauth2/token"), "2018-02-01", resource, search)?;
    let request = WebRequest { method: "GET", url: &url, headers: &METADATA, body: None };
    let response = match search.ask(&request, WebPeer::Metadata)? {
        Ok(response) => response,
        Err(why) => {
            search.pass(&source, why);
            return Err(search.nothing(ASSIGN));
        }
    };
    let jwt = member(response.text(), "access_token").filter(|_| response.status == 200);
    let jwt = jwt.ok_or_else(|| search.failed(&source, refusal(&response, &[]), ASSIGN))?;
    Ok(Token { jwt, source: search.won(&source), machine: machine(search, &host)? })
}

/// What a role may be bound to besides the identity. A machine that does not know it logs in all the same.
fn machine(search: &Search<'_>, host: &str) -> Result<Vec<(&'static str, String)>, Error> {
    let url = format!("{host}/metadata/instance?api-version=2021-02-01");
    let request = WebRequest { method: "GET", url: &url, headers: &METADATA, body: None };
    let Ok(response) = search.ask(&request, WebPeer::Metadata)? else { return Ok(Vec::new()) };
    let compute = object(response.text(), "compute").filter(|_| response.status == 200).unwrap_or_default();
    let found = |name: &str| member(compute, name).map(|text| text.expose().to_owned());
    let machine = match found("vmScaleSetName") {
        Some(name) => Some(("vmss_name", name)),
        None => found("name").map(|name| ("vm_name", name)),
    };
    let place = [("subscription_id", "subscriptionId"), ("resource_group_name", "resourceGroupName")];
    let place = place.into_iter().filter_map(|(field, name)| Some((field, found(name)?)));
    Ok(place.chain(machine).collect())
}

fn with_query(address: &str, version: &str, resource: &str, search: &Search<'_>) -> Result<String, Error> {
    let client = AZURE_CLIENT_ID.find(search.sources)?.map(|id| format!("&client_id={}", encoded(id.trimmed())));
    let client = client.unwrap_or_default();
    Ok(format!("{address}?api-version={version}&resource={}{client}", encoded(resource)))
}

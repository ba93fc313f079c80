//! The identity that a cloud gives to a machine: where it is looked for, in the order of the cloud's own SDKs, and what was found.

pub(crate) mod aws;
pub(crate) mod azure;
pub(crate) mod gcp;

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};
use serde::Deserialize;
use serde_json::value::RawValue;
use url::{Host, Url};
use zeroize::Zeroizing;

use crate::client::{Client, WebPeer, WebRequest, WebResponse};
use crate::error::{Error, ErrorKind, Problem, Unreachable};
use crate::file;
use crate::secret::Secret;
use crate::settings::{Sources, Value};
use crate::text::one_line;
use crate::vault;

/// What need not be encoded in a form, and in a segment of a path.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Reads the file of a credential, which is called so in messages: as every file with a credential of a login.
pub(crate) type ReadFile<'a> = dyn Fn(&Value, &'static str) -> Result<Secret, Error> + 'a;

/// What the search for an identity has at hand, and what it saw so far.
pub(crate) struct Search<'a> {
    pub(crate) client: &'a Client<'a>,
    pub(crate) sources: Sources<'a>,
    read: Box<ReadFile<'a>>,
    /// The authentication method.
    method: &'static str,
    /// The sources that had nothing, in their order, each with the reason.
    looked: RefCell<Vec<String>>,
}

impl<'a> Search<'a> {
    pub(crate) fn new(client: &'a Client<'a>, sources: Sources<'a>, method: &'static str, read: Box<ReadFile<'a>>) -> Self {
        Self { client, sources, read, method, looked: RefCell::default() }
    }

    /// The content of a file that holds a credential.
    fn read(&self, file: &Value, what: &'static str) -> Result<Secret, Error> {
        (self.read)(file, what)
    }

    /// All bytes of a file, within the time for everything.
    fn read_whole(&self, path: &str, max_bytes: usize) -> Result<Result<Zeroizing<Vec<u8>>, file::Problem>, Error> {
        let path = path.to_owned();
        self.client.read_in_time(move || file::read_regular(path, max_bytes))
    }

    /// This source has nothing.
    fn pass(&self, source: &str, why: impl AsRef<str>) {
        self.looked.borrow_mut().push(format!("{source}: {}", why.as_ref()));
    }

    /// The sources that had nothing, for a message; empty if there are none.
    fn looked(&self) -> String {
        self.looked.borrow().join("; ")
    }

    /// What a message says of the source that has the identity.
    fn won(&self, source: &str) -> String {
        match self.looked() {
            looked if looked.is_empty() => format!("{source}, which comes first"),
            looked => format!("{source}; before it were looked at: {looked}"),
        }
    }

    /// The error that `source`, which is set, gives no identity. The sources after it are not asked, as in the cloud's SDKs:
    /// they would be somebody else.
    fn failed(&self, source: impl Into<String>, what: impl Into<String>, advice: impl Into<String>) -> Error {
        let problem = Problem::new(what, advice);
        ErrorKind::NoIdentity { method: self.method, source: Some(source.into()), looked: self.looked.borrow().clone(), problem }
            .into()
    }

    /// The error that no source has an identity.
    fn nothing(&self, advice: impl Into<String>) -> Error {
        let problem = Problem::new("", advice);
        ErrorKind::NoIdentity { method: self.method, source: None, looked: self.looked.borrow().clone(), problem }.into()
    }

    /// Asks a metadata address or a service.
    fn ask(&self, request: &WebRequest<'_>, peer: WebPeer) -> Result<Result<WebResponse, String>, Error> {
        Ok(self.client.fetch(request, peer, self.sources)?.map_err(|why| match why {
            Unreachable::Tls(problem) => format!("TLS failed: {}", problem.what),
            why => why.brief(),
        }))
    }
}

/// A text in a JSON object of a metadata address or a service.
fn member(json: &str, name: &str) -> Option<Secret> {
    vault::secret_string(object(json, name)?).filter(|text| !text.expose().is_empty())
}

/// A member of a JSON object, as JSON.
fn object<'a>(json: &'a str, name: &str) -> Option<&'a str> {
    #[derive(Deserialize)]
    struct Object<'a>(#[serde(borrow)] HashMap<Cow<'a, str>, &'a RawValue>);
    let Object(members) = serde_json::from_str(json).ok()?;
    members.get(name).map(|member| member.get())
}

/// The address of a service, without slashes at its end.
fn address(value: &Value) -> Result<&str, Error> {
    parsed(value).map(|_| value.trimmed().trim_end_matches('/'))
}

fn parsed(value: &Value) -> Result<Url, Error> {
    Url::parse(value.trimmed())
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))
        .ok_or_else(|| value.refuse(("it is not a URL that begins with http:// or https://", "correct it")))
}

/// The address of a service to which a credential is sent: plain HTTP only on this machine, and at `hosts`.
fn checked<'a>(value: &'a Value, hosts: &[&str]) -> Result<&'a str, Error> {
    let url = parsed(value)?;
    let is_near = match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    if url.scheme() == "https" || is_near || hosts.contains(&url.host_str().unwrap_or_default()) {
        return address(value);
    }
    Err(value.refuse(("credentials would go there without encryption", "write an https:// address")))
}

/// The same for every service that is not on this machine.
fn https_or_loopback(value: &Value) -> Result<&str, Error> {
    checked(value, &[])
}

/// What an answer other than the expected one says, without what it may hold of a credential.
fn refusal(response: &WebResponse, hidden: &[&Secret]) -> String {
    if (300..400).contains(&response.status) {
        return format!("it answered {}, a redirect, which is not followed", response.status);
    }
    let said = hidden.iter().fold(response.text().to_owned(), |said, secret| secret.redact_in(&said));
    match one_line(&said, 300) {
        said if said.is_empty() => format!("it answered {}", response.status),
        said => format!("it answered {}: {said}", response.status),
    }
}

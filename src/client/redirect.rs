//! Where a redirect may lead. A standby that cannot forward a request names the active node with a 307; everything else
//! that redirects is a proxy's login page or worse. The request's credentials are sent along, which is why there are rules.

use percent_encoding::percent_decode_str;
use url::Url;

use crate::client::ApiResponse;
use crate::client::connection::Connection;
use crate::client::options::Options;
use crate::error::{Error, ErrorKind, NotFollowed};

/// The URL to send the same request to, once.
pub(super) fn target(
    response: &ApiResponse,
    api_path: &str,
    options: &Options,
    connections: &[Connection],
) -> Result<Url, Error> {
    let from = Url::parse(&response.at.url).map_err(|_| Error::internal("the URL of the request is not valid"))?;
    let to = response.location.as_deref().and_then(|location| from.join(location).ok());
    let refuse = |to, why| Err(ErrorKind::Redirected { to, why }.at(&response.at));
    let Some(to) = to else {
        return refuse(None, NotFollowed::NoAddress);
    };
    let named = to.origin().ascii_serialization();
    // Decoded: servers encode the same path in different ways.
    let decoded = |path: &str| percent_decode_str(path).collect::<Vec<u8>>();
    let same_path = decoded(to.path()).ends_with(&decoded(&format!("/v1/{}", api_path.split('?').next().unwrap_or(api_path))));
    if !matches!(response.status, 301 | 302 | 307 | 308) || !same_path {
        return refuse(Some(named), NotFollowed::OtherPath);
    }
    if !options.follow_redirects {
        return refuse(Some(named), NotFollowed::Disabled);
    }
    if from.scheme() == "https" && to.scheme() != "https" {
        return refuse(Some(named), NotFollowed::Downgrade);
    }
    let known = same_origin(&from, &to) || connections.iter().any(|connection| connection.is_origin(&to));
    if known || options.redirect_hosts.iter().any(|host| names(host, &to)) {
        return Ok(to);
    }
    refuse(Some(named), NotFollowed::UnknownHost { from: from.origin().ascii_serialization() })
}

/// The error of a redirect that came instead of an answer after one was followed.
pub(super) fn second(response: ApiResponse) -> Error {
    let to = Url::parse(&response.at.url).ok().zip(response.location).and_then(|(from, location)| from.join(&location).ok());
    let to = to.map(|to| to.origin().ascii_serialization());
    ErrorKind::Redirected { to, why: NotFollowed::Second }.at(response.at)
}

fn same_origin(a: &Url, b: &Url) -> bool {
    a.scheme() == b.scheme() && a.host_str() == b.host_str() && a.port_or_known_default() == b.port_or_known_default()
}

/// Whether `host` or `host:port` names the URL's host.
fn names(allowed: &str, url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let with_port = url.port_or_known_default().map(|port| format!("{host}:{port}"));
    allowed == host || Some(allowed) == with_port.as_deref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_allowed_host_is_named_with_or_without_its_port() {
        let url = Url::parse("https://b.example:8200/v1/x").unwrap();
        assert!(names("b.example", &url) && names("b.example:8200", &url));
        assert!(!names("b.example:8201", &url) && !names("example", &url) && !names("a.b.example", &url));
        assert!(same_origin(&Url::parse("https://b.example:443/").unwrap(), &Url::parse("https://b.example/x").unwrap()));
    }
}

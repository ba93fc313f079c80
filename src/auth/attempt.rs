//! A login that is ready to be sent, and what its refusal means.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serializer as _;

use crate::auth::{Login, TokenInfo};
use crate::client::{ApiRequest, ApiResponse, Client, InlineLogin};
use crate::diagnosis;
use crate::error::{Error, ErrorKind, Problem, Provider};
use crate::secret::Secret;
use crate::settings::{AUTH_MOUNT, AUTH_NAMESPACE};
use crate::text::shown_path;
use crate::vault::{self, Meaning};

const SECOND_FACTOR: &str = "leave this login out of what asks for the second factor (MFA; try: vault list \
                             identity/mfa/login-enforcement), by its accessors, groups or entities, or mount an auth method \
                             for servers that is not among them";

/// A login that is ready to be sent.
pub(super) struct Attempt {
    pub(super) api_path: String,
    /// The fields of its body, by name.
    pub(super) fields: Vec<(&'static str, Secret)>,
    /// The one of them that is a credential, which a peer may echo.
    pub(super) credential: Option<&'static str>,
    /// What messages call the token.
    pub(super) origin: String,
    /// Whether these words of a 500 refuse it for good, so that another try would use up the budget for nothing.
    pub(super) is_final: fn(&str) -> bool,
    /// The error when Vault refuses it.
    pub(super) explain: Box<dyn Fn(Refused<'_>) -> Error>,
}

/// Why a login was refused.
pub(super) struct Refused<'a> {
    pub(super) response: &'a ApiResponse,
    pub(super) said: &'a str,
    /// It is the 403 that says nothing but "permission denied".
    pub(super) bare: bool,
    pub(super) api_path: &'a str,
    pub(super) client: &'a Client<'a>,
}

impl Attempt {
    /// Posts it. The body is wiped with its secret.
    pub(super) fn send(&self, client: &Client<'_>) -> Result<Login, Error> {
        let fields: Vec<(&str, &str)> = self.fields.iter().map(|(name, value)| (*name, value.expose())).collect();
        let body = body(&fields)?;
        let credential = self.fields.iter().find(|(name, _)| Some(*name) == self.credential).map(|(_, value)| value);
        let response = client.send(&ApiRequest::login(&self.api_path, &body, credential, self.is_final))?;
        let refused =
            |said: &str, bare| (self.explain)(Refused { response: &response, said, bare, api_path: &self.api_path, client });
        match response.meaning() {
            Meaning::Success(envelope) => {
                let auth = envelope.auth.ok_or_else(|| {
                    response.lacks(match envelope.wrap_info {
                        Some(_) => "it is response-wrapped: something in between adds X-Vault-Wrap-TTL to logins",
                        None => "it holds no \"auth\"",
                    })
                })?;
                if auth.mfa_requirement.is_some() {
                    let said = "it wants multi-factor authentication, which a server cannot give";
                    return Err(match refused(said, false).into_parts() {
                        (ErrorKind::LoginRefused { method, status, answer, presented, .. }, Some(at)) => {
                            let cause = Problem::new("", SECOND_FACTOR);
                            ErrorKind::LoginRefused { method, status, answer, presented, cause }.at(at)
                        }
                        (kind, _) => kind.into(),
                    });
                }
                let info = TokenInfo {
                    ttl: auth.lease_duration.filter(|seconds| *seconds > 0).map(vault::seconds),
                    uses: auth.num_uses.filter(|uses| *uses > 0),
                    renewable: auth.renewable.unwrap_or(false),
                    batch: auth.token_type.as_deref() == Some("batch"),
                };
                let token = vault::secret_string(auth.client_token.get()).filter(|token| !token.expose().is_empty());
                let token = token.ok_or_else(|| response.lacks("\"auth.client_token\" is not a token"))?;
                Ok(Login { token: Some(token), origin: self.origin.clone(), info: Some(info), provider: Provider::Fixed })
            }
            Meaning::NotAccepted | Meaning::Denied => Err(refused("permission denied", true)),
            Meaning::Refused(said) if said == "namespace not found" => Err(ErrorKind::NamespaceUnknown.at(&response.at)),
            Meaning::NoRoute => Err(refused("no handler for route", false)),
            Meaning::Refused(said) => Err(refused(&said, false)),
            other => Err(diagnosis::failed(&response, other, client)),
        }
    }

    /// The login as headers of another request.
    pub(super) fn inline(self) -> Result<InlineLogin, Error> {
        let parameters = self.fields.iter().map(|(name, value)| {
            let parameter = body(&[("key", name), ("value", value.expose())])?;
            let mut encoded = String::with_capacity(parameter.expose().len() * 4 / 3 + 4);
            URL_SAFE_NO_PAD.encode_string(parameter.expose(), &mut encoded);
            Ok((*name, Secret::new(encoded)))
        });
        let parameters = parameters.collect::<Result<_, Error>>()?;
        Ok(InlineLogin { api_path: self.api_path, parameters, origin: self.origin })
    }
}

/// A wrong issuer (Vault before 1.9), an auth method without a configuration, an auth method of another kind.
pub(super) fn refuses_for_good(said: &str) -> bool {
    ["claim", "could not load backend configuration", "missing role_id"].iter().any(|words| said.contains(words))
}

/// For the methods that refuse a login with a 500: it is final unless it tells of the network or of Vault itself.
pub(super) fn unless_it_may_pass(said: &str) -> bool {
    !may_pass(said)
}

/// Whether Vault's words tell of a failure between Vault and the service that it asks, or in Vault itself.
pub(super) fn may_pass(said: &str) -> bool {
    const PASSING: [&str; 12] = [
        "internal error",
        "context deadline exceeded",
        "context canceled",
        "dial tcp",
        "connection refused",
        "connection reset",
        "timeout",
        "no such host",
        "EOF",
        "local node not active",
        "read-only storage",
        "readonly storage",
    ];
    PASSING.iter().any(|words| said.contains(words))
        || [" 429 ", " 500 ", " 502 ", " 503 ", " 504 "].iter().any(|status| said.contains(status))
}

/// A method whose login is refused in words that need no more explanation than this.
pub(super) struct Plain {
    pub(super) method: &'static str,
    pub(super) mount: String,
    /// Who asked: role or user name, never a credential.
    pub(super) who: String,
    /// What is likely wrong when Vault refuses with these words what was presented.
    pub(super) cause: fn(&str) -> &'static str,
}

impl Plain {
    pub(super) fn attempt(
        self,
        api_path: String,
        fields: Vec<(&'static str, Secret)>,
        credential: Option<&'static str>,
    ) -> Attempt {
        let Self { method, mount, who, .. } = &self;
        let origin = format!("the {method} login ({who}, auth mount {})", shown_path(mount));
        Attempt {
            api_path,
            fields,
            credential,
            origin,
            is_final: refuses_for_good,
            explain: Box::new(move |refused| self.refused(refused)),
        }
    }

    fn refused(&self, Refused { response, said, bare, .. }: Refused<'_>) -> Error {
        let Self { method, mount, who, cause } = self;
        let cause = cause(said);
        let elsewhere = format!(
            "there is no {method} auth method at {} (try: vault auth list): set {}; or it is in another namespace: set {}",
            shown_path(mount),
            AUTH_MOUNT.places(),
            AUTH_NAMESPACE.places()
        );
        let causes = if bare || said.contains("no handler for route") {
            format!("(1) {elsewhere}; (2) {cause}")
        } else {
            format!("(1) {cause}; (2) {elsewhere}")
        };
        ErrorKind::LoginRefused {
            method,
            status: response.status,
            answer: said.to_owned(),
            presented: format!("with {who} at auth mount {}", shown_path(mount)),
            cause: Problem::new("", format!("most likely cause first: {causes}")),
        }
        .at(&response.at)
    }
}

/// A JSON object of texts, one of which may be a credential: written into one buffer with room for all of it, so that no
/// copy is left behind.
pub(crate) fn body(fields: &[(&str, &str)]) -> Result<Secret, Error> {
    // The longest escape, \u0000, has six bytes.
    let room = fields.iter().map(|(name, text)| 6 * (name.len() + text.len()) + 8).sum::<usize>() + 2;
    let mut json = Vec::with_capacity(room);
    let written = serde_json::Serializer::new(&mut json).collect_map(fields.iter().copied());
    let text = String::from_utf8(json).map(Secret::new);
    match (written, text) {
        (Ok(()), Ok(text)) => Ok(text),
        _ => Err(Error::internal("the login cannot be written as JSON")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_json_whatever_the_credential_and_never_outgrows_its_buffer() {
        let credential = "\u{0}\"\\\n😀".repeat(100);
        let body = body(&[("role", "app"), ("jwt", &credential)]).map_err(|e| e.to_string()).unwrap();
        let read: std::collections::BTreeMap<String, String> = serde_json::from_str(body.expose()).unwrap();
        assert!(read["role"] == "app" && read["jwt"] == credential);
        assert!(body.expose().len() <= 6 * ("rolejwtapp".len() + credential.len()) + 18);
        assert_eq!(super::body(&[]).map_err(|e| e.to_string()).unwrap().expose(), "{}");
    }
}

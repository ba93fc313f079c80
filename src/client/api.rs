//! Requests to Vault's API and answers to them.

use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind, RequestInfo};
use crate::secret::Secret;
use crate::vault::{self, Meaning};

/// One request to Vault's API.
#[derive(Clone, Copy)]
pub(crate) struct ApiRequest<'a> {
    /// Below `/v1/`, encoded.
    pub(super) api_path: &'a str,
    pub(super) token: Option<&'a Secret>,
    /// The JSON body of a POST, and the credential in it, which a peer may echo.
    pub(super) post: Option<(&'a Secret, Option<&'a Secret>)>,
    /// Whether it belongs to the login, whose namespace may be another.
    pub(super) login: bool,
    /// Whether these words of a 500 refuse it for good.
    pub(super) is_final: fn(&str) -> bool,
    /// What else must not show where the peer quotes what it was sent.
    pub(super) hidden: &'a [Secret],
    /// The login that goes along.
    pub(super) inline: Option<&'a InlineLogin>,
}

impl<'a> ApiRequest<'a> {
    /// Reads something.
    pub(crate) fn get(api_path: &'a str, token: Option<&'a Secret>) -> Self {
        Self { api_path, token, post: None, login: false, inline: None, hidden: &[], is_final: |_| false }
    }

    /// Logs in, with `credential` somewhere in `body`. A 500 whose words `is_final` knows refuses the login for good.
    pub(crate) fn login(api_path: &'a str, body: &'a Secret, credential: Option<&'a Secret>, is_final: fn(&str) -> bool) -> Self {
        Self { api_path, token: None, post: Some((body, credential)), login: true, inline: None, hidden: &[], is_final }
    }

    /// The same with further credentials that must not show.
    pub(crate) fn hiding(self, hidden: &'a [Secret]) -> Self {
        Self { hidden, ..self }
    }

    /// Unwraps what the token wraps.
    pub(crate) fn unwrap(token: &'a Secret, body: &'a Secret) -> Self {
        Self {
            api_path: "sys/wrapping/unwrap",
            token: Some(token),
            post: Some((body, None)),
            login: true,
            inline: None,
            hidden: &[],
            is_final: |_| false,
        }
    }

    /// Revokes the token, which was obtained by a login.
    /// Source: <https://developer.hashicorp.com/vault/api-docs/auth/token#revoke-a-token-self>.
    pub(crate) fn revoke(token: &'a Secret, nothing: &'a Secret) -> Self {
        Self {
            api_path: "auth/token/revoke-self",
            token: Some(token),
            post: Some((nothing, None)),
            login: true,
            inline: None,
            hidden: &[],
            is_final: |_| false,
        }
    }

    /// Renews the token. Source: <https://developer.hashicorp.com/vault/api-docs/auth/token#renew-a-token-self>.
    pub(crate) fn renew(token: &'a Secret, nothing: &'a Secret) -> Self {
        Self {
            api_path: "auth/token/renew-self",
            token: Some(token),
            post: Some((nothing, None)),
            login: true,
            inline: None,
            hidden: &[],
            is_final: |_| false,
        }
    }

    /// Renews a lease. Source: <https://developer.hashicorp.com/vault/api-docs/system/leases#renew-lease>.
    pub(crate) fn renew_lease(token: &'a Secret, body: &'a Secret) -> Self {
        Self {
            api_path: "sys/leases/renew",
            token: Some(token),
            post: Some((body, None)),
            login: false,
            inline: None,
            hidden: &[],
            is_final: |_| false,
        }
    }

    /// Writes `body`, with `value` somewhere in it.
    pub(crate) fn write(api_path: &'a str, token: Option<&'a Secret>, body: &'a Secret, value: &'a Secret) -> Self {
        Self { api_path, token, post: Some((body, Some(value))), login: false, inline: None, hidden: &[], is_final: |_| false }
    }

    /// Asks something that is too long for a path.
    pub(crate) fn question(api_path: &'a str, body: &'a Secret, token: Option<&'a Secret>) -> Self {
        Self { api_path, token, post: Some((body, None)), login: false, inline: None, hidden: &[], is_final: |_| false }
    }

    /// The credentials of the request.
    pub(super) fn credentials(&self) -> impl Iterator<Item = &'a Secret> {
        let inline = self.inline.into_iter().flat_map(|inline| inline.parameters.iter().map(|(_, value)| value));
        let further = self.inline.map_or(self.hidden, |inline| &inline.hidden);
        self.token.into_iter().chain(self.post.and_then(|(_, credential)| credential)).chain(inline).chain(further)
    }

    /// Whether an answer with this status and body refuses the login for good.
    pub(super) fn is_refused_for_good(&self, status: u16, body: &[u8]) -> bool {
        self.login && status == 500 && (self.is_final)(&String::from_utf8_lossy(body))
    }

    /// The same with this login, unless it is a login itself.
    pub(super) fn with_inline<'b>(&'b self, inline: Option<&'b InlineLogin>) -> ApiRequest<'b> {
        ApiRequest { inline: inline.filter(|_| !self.login), ..*self }
    }
}

/// A whole answer.
pub(crate) struct ApiResponse {
    pub(crate) at: RequestInfo,
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Zeroizing<Vec<u8>>,
    pub(super) location: Option<String>,
    pub(super) retry_after: Option<String>,
    /// It refuses a login for good, whatever its status says.
    pub(super) refuses_for_good: bool,
}

/// OpenBao's inline authentication: a login within the request that needs it, which leaves no token behind.
/// Source: <https://openbao.org/docs/auth/#inline-authentication>.
pub(crate) struct InlineLogin {
    /// The login's path below `/v1/`, encoded.
    pub(crate) api_path: String,
    /// By name; each is the base64 of a JSON object with its name and value.
    pub(crate) parameters: Vec<(&'static str, Secret)>,
    /// What else must not show: what the parameters encode.
    pub(crate) hidden: Vec<Secret>,
    /// What messages call the login.
    pub(crate) origin: String,
}

impl ApiResponse {
    /// What the answer means.
    pub(crate) fn meaning(&self) -> Meaning<'_> {
        vault::meaning(self.status, self.content_type.as_deref(), &self.body)
    }

    /// The answer cannot be understood.
    pub(crate) fn lacks(&self, problem: &str) -> Error {
        ErrorKind::BadAnswer { problem: problem.to_owned() }.at(&self.at)
    }
}

//! What a login with a JWT presents, compared with what the role wants: for `doctor`. Vault decides; this only names differences.
//!
//! Sources: <https://developer.hashicorp.com/vault/api-docs/auth/kubernetes#create-update-role>,
//! <https://developer.hashicorp.com/vault/api-docs/auth/jwt#create-update-role>.

use std::time::SystemTime;

use serde_json::{Map, Value};

use crate::client::Client;
use crate::diagnosis;
use crate::jwt::{self, Claims, Validity};
use crate::secret::Secret;
use crate::text::{list, one_line};
use crate::vault::ApiPath;

/// A JWT that a login presents, and to whom.
pub(crate) struct PresentedJwt {
    pub(super) mount: ApiPath,
    /// `None`: the role that is the method's default.
    pub(super) role: Option<String>,
    pub(super) jwt: Secret,
    pub(super) claims: Claims,
}

impl PresentedJwt {
    /// What the token says, with its times compared with this machine's clock.
    pub(crate) fn says(&self) -> String {
        self.claims.describe(SystemTime::now())
    }

    /// The path of the role, in words; `None` for the method's default role.
    pub(crate) fn role_in_words(&self) -> Option<String> {
        Some(format!("auth/{}/role/{}", self.mount.plain, self.role.as_ref()?))
    }

    /// Every difference between the token and the role, as far as Vault shows the role to this token; `None`: it does not.
    pub(crate) fn differences(&self, token: &Secret, client: &Client<'_>) -> Option<Vec<String>> {
        let role = ApiPath::parse(self.role.as_ref()?).ok()?;
        let role = diagnosis::role(&format!("auth/{}/role/{}", self.mount.encoded, role.encoded), token, client)?;
        Some(differences(&role, &self.claims, |name| jwt::claim_value(self.jwt.expose(), name), SystemTime::now()))
    }
}

fn differences(
    role: &Map<String, Value>,
    claims: &Claims,
    claim: impl Fn(&str) -> Option<Value>,
    now: SystemTime,
) -> Vec<String> {
    let mut found = Vec::new();
    let mut compare = |what: &str, field: &str, has: &[&str], globs: bool| {
        let wanted = texts(role.get(field));
        let fits = |wanted: &String| has.iter().any(|has| if globs { matches_glob(wanted, has) } else { wanted == has });
        if !wanted.is_empty() && !wanted.iter().any(fits) {
            let has = if has.is_empty() { "none".to_owned() } else { quoted(has) };
            found.push(format!("{what}: the token has {has}, the role wants {} ({field})", quoted(&wanted)));
        }
    };
    let one = |claim: &Option<String>| claim.clone().into_iter().collect::<Vec<_>>();
    let (account, namespace, subject) = (one(&claims.service_account), one(&claims.namespace), one(&claims.subject));
    let audiences: Vec<&str> = claims.audiences.iter().map(String::as_str).collect();
    compare("service account", "bound_service_account_names", &borrowed(&account), true);
    // A selector may admit the namespace by its labels, which only the cluster knows.
    if texts(role.get("bound_service_account_namespace_selector")).is_empty() {
        compare("namespace", "bound_service_account_namespaces", &borrowed(&namespace), true);
    }
    compare("audience", "audience", &audiences, false);
    compare("audience", "bound_audiences", &audiences, false);
    compare("subject", "bound_subject", &borrowed(&subject), false);
    let binds_audiences = role.get("bound_audiences").is_some_and(|bound| texts(Some(bound)).is_empty());
    if binds_audiences && !audiences.is_empty() {
        found.push(format!("audience: the token has {}, and the role binds none (bound_audiences)", quoted(&audiences)));
    }
    let globs = role.get("bound_claims_type").and_then(Value::as_str) == Some("glob");
    for (name, wanted) in role.get("bound_claims").and_then(Value::as_object).into_iter().flatten() {
        let (wanted, has) = (texts(Some(wanted)), texts(claim(name).as_ref()));
        let fits = |wanted: &String| has.iter().any(|has| if globs { matches_glob(wanted, has) } else { wanted == has });
        if !wanted.iter().any(fits) {
            let has = if has.is_empty() { "none".to_owned() } else { quoted(&has) };
            let name = one_line(name, 80);
            found.push(format!("claim {name:?}: the token has {has}, the role wants {} (bound_claims)", quoted(&wanted)));
        }
    }
    if let Some(name) = role.get("user_claim").and_then(Value::as_str)
        && claim(name).is_none()
    {
        found.push(format!(
            "claim {:?}: the token has none, and the role takes the user's name from it (user_claim)",
            one_line(name, 80)
        ));
    }
    match claims.validity(now) {
        Validity::Valid => {}
        Validity::Expired => found.push("time: the token has expired".to_owned()),
        Validity::NotYetValid => found.push("time: the token is from the future".to_owned()),
    }
    found
}

fn borrowed(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

/// A text, or the texts of a list; numbers and truth values as they are written. Nothing is empty.
fn texts(value: Option<&Value>) -> Vec<String> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    };
    let texts = match value {
        Some(Value::Array(values)) => values.iter().filter_map(text).collect(),
        value => value.and_then(text).into_iter().collect::<Vec<_>>(),
    };
    texts.into_iter().filter(|text| !text.is_empty()).collect()
}

fn quoted(texts: &[impl AsRef<str>]) -> String {
    list(&texts.iter().map(|text| one_line(text.as_ref(), 120)).collect::<Vec<_>>())
}

/// As Vault matches: `*` stands for any text.
fn matches_glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    fn compared(role: &str, claims: &str) -> Vec<String> {
        let Value::Object(role) = serde_json::from_str(role).unwrap() else { panic!("no object") };
        let jwt = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims));
        let parsed = Claims::parse(&jwt).unwrap();
        differences(&role, &parsed, |name| jwt::claim_value(&jwt, name), SystemTime::now())
    }

    #[test]
    fn a_glob_stands_for_any_text() {
        for (pattern, text, wanted) in [
            ("*", "", true),
            ("*", "app", true),
            ("app", "app", true),
            ("app", "apps", false),
            ("app-*", "app-1", true),
            ("*-app", "my-app", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxc", false),
            ("ab*ba", "aba", false),
            ("", "", true),
        ] {
            assert_eq!(matches_glob(pattern, text), wanted, "{pattern} {text}");
        }
    }

    #[test]
    fn every_difference_is_named_and_what_fits_is_not() {
        let claims =
            r#"{"sub":"system:serviceaccount:team:app","aud":["vault"],"exp":99999999999,"groups":["a","b"],"nested":{"id":7}}"#;
        let kubernetes = |names: &str, namespaces: &str, audience: &str| {
            compared(
                &format!(
                    r#"{{"bound_service_account_names":[{names:?}],"bound_service_account_namespaces":[{namespaces:?}],"audience":{audience:?}}}"#
                ),
                claims,
            )
        };
        assert!(kubernetes("app", "*", "").is_empty());
        assert!(kubernetes("a*", "team", "vault").is_empty());
        assert_eq!(
            kubernetes("bitbucket", "other", "https://x"),
            [
                "service account: the token has \"app\", the role wants \"bitbucket\" (bound_service_account_names)",
                "namespace: the token has \"team\", the role wants \"other\" (bound_service_account_namespaces)",
                "audience: the token has \"vault\", the role wants \"https://x\" (audience)",
            ]
        );
        let fits = r#"{"bound_audiences":["vault","x"],"bound_claims":{"groups":"b","/nested/id":["7"]},"user_claim":"sub"}"#;
        assert_eq!(compared(fits, claims), Vec::<String>::new());
        let differs = r#"{"bound_audiences":[],"bound_subject":"me","bound_claims":{"project":"x"},"user_claim":"email"}"#;
        let found = compared(differs, claims).join("; ");
        for part in ["the role binds none", "wants \"me\"", "claim \"project\": the token has none", "user_claim"] {
            assert!(found.contains(part), "{part}: {found}");
        }
        assert_eq!(compared("{}", r#"{"sub":"x","exp":5}"#), ["time: the token has expired"]);
        assert_eq!(compared("{}", r#"{"sub":"x","nbf":99999999999}"#), ["time: the token is from the future"]);
    }
}

//! Why Vault refused a Kubernetes login, most likely cause first, each with the command that fixes it.
//!
//! Vault looks at the token in this order: role, then (from its claims alone) service account, namespace, audience and times,
//! last a TokenReview at the Kubernetes API server. Each step but the last has an answer of its own. Everything that can go
//! wrong with the last, and a mount that does not exist, is one bare `permission denied`.

use std::time::SystemTime;

use crate::error::Problem;
use crate::jwt::{Claims, Validity};

/// A refused login, as far as it can be known on this side.
pub(crate) struct Refusal<'a> {
    /// What Vault said, on one line.
    pub(crate) answer: &'a str,
    pub(crate) role: &'a str,
    /// The auth method's mount path, without slashes around it and without `auth/`.
    pub(crate) mount: &'a str,
    /// Whether a Kubernetes auth method is mounted there. An empty login tells: Vault answers it with `missing role` then.
    pub(crate) mounted: Option<bool>,
    pub(crate) claims: &'a Claims,
    pub(crate) now: SystemTime,
}

impl Refusal<'_> {
    /// The cause as far as it is known, and what to do.
    pub(crate) fn cause(&self) -> Problem {
        let says = |text: &str| self.answer.contains(text);
        let read_role = format!("vault read auth/{}/role/{}", self.mount, self.role);
        let account = self.claims.service_account.as_deref().unwrap_or("NAME");
        let namespace = self.claims.namespace.as_deref().unwrap_or("NAMESPACE");

        if says("service account name not authorized") {
            Problem::new(
                format!("The role is not for service account \"{account}\""),
                format!(
                    "see bound_service_account_names in '{read_role}' and add it there, or let the pod run as a service account that is \
                     named there (serviceAccountName)"
                ),
            )
        } else if says("namespace not authorized") {
            Problem::new(
                format!("The role is not for namespace \"{namespace}\""),
                format!(
                    "see bound_service_account_namespaces in '{read_role}' and add it there, or run the pod in a namespace that is named \
                     there"
                ),
            )
        } else if says("invalid role name") {
            Problem::new(
                "This mount has no such role",
                format!(
                    "compare with 'vault list auth/{mount}/role' and correct SECRET_STORE_VAULT_KUBE_AUTH_ROLE, or create it: vault write \
                     auth/{mount}/role/{role} bound_service_account_names={account} bound_service_account_namespaces={namespace} \
                     token_policies=POLICY",
                    mount = self.mount,
                    role = self.role
                ),
            )
        } else if says("(aud)") || says("claim \"aud\"") {
            Problem::new(
                "The role wants another audience",
                format!(
                    "compare with audience in '{read_role}' and correct it, or mount a projected token with that audience \
                     (volumes.projected.sources.serviceAccountToken.audience) and name its file in \
                     SECRET_STORE_VAULT_KUBE_AUTH_JWT_PATH"
                ),
            )
        } else if says("(iss)") || says("claim \"iss\"") {
            Problem::new(
                "Vault expects another issuer",
                format!(
                    "compare with issuer in 'vault read auth/{0}/config'; correct it, or turn the check off: vault write auth/{0}/config \
                     disable_iss_validation=true and the other fields as they are",
                    self.mount
                ),
            )
        } else if says("could not load backend configuration") {
            Problem::new("The auth method is not configured", self.write_config())
        } else if says("missing role") || says("missing jwt") {
            Problem::new(
                "The login reached Vault without its fields",
                "check any proxy or balancer between this machine and Vault",
            )
        } else if says("(exp)") || says("token is expired") || self.claims.validity(self.now) == Validity::Expired {
            EXPIRED.into()
        } else if says("(nbf)") || says("(iat)") || self.claims.validity(self.now) == Validity::NotYetValid {
            NOT_YET_VALID.into()
        } else if self.mounted == Some(false) {
            let (what, advice) = self.no_mount();
            Problem::new(what, advice)
        } else {
            self.token_review(&read_role, account, namespace)
        }
    }

    fn no_mount(&self) -> (String, String) {
        let what = format!("No Kubernetes auth method is mounted at \"{}\"", self.mount);
        let advice = format!(
            "compare with 'vault auth list' (in the same namespace) and correct SECRET_STORE_VAULT_KUBE_AUTH_PATH, or enable it: vault \
             auth enable -path={} kubernetes",
            self.mount
        );
        (what, advice)
    }

    /// The names and times that Vault checks itself are right, or it would have said so: the API server did not confirm it.
    fn token_review(&self, read_role: &str, account: &str, namespace: &str) -> Problem {
        let mut causes = Vec::new();
        if self.mounted.is_none() {
            let (what, advice) = self.no_mount();
            causes.push(format!("{what}: {advice}"));
        }
        causes.push(format!(
            "Vault's reviewer token (token_reviewer_jwt) has expired or its service account is gone: {}",
            self.write_config()
        ));
        causes.push(
            "the reviewer's service account may not review tokens: kubectl create clusterrolebinding vault-token-reviewer \
             --clusterrole=system:auth-delegator --serviceaccount=NAMESPACE:NAME"
                .to_owned(),
        );
        causes.push(format!(
            "Vault cannot reach the Kubernetes API server or does not trust its certificate: see kubernetes_host and \
             kubernetes_ca_cert in 'vault read auth/{}/config'",
            self.mount
        ));
        causes.push(match &self.claims.pod {
            Some(pod) => format!(
                "the pod or the service account was deleted or created again, or the token was altered or is another cluster's: \
                 kubectl -n {namespace} get pod/{pod} serviceaccount/{account}"
            ),
            None => format!(
                "the service account was deleted or created again, or the token was altered or is another cluster's: \
                 kubectl -n {namespace} get serviceaccount/{account}"
            ),
        });
        causes.push(format!("the role is for other addresses (token_bound_cidrs): {read_role}"));
        let causes: Vec<String> = causes.iter().zip(1..).map(|(cause, number)| format!("({number}) {cause}")).collect();
        Problem::new(
            "Vault says no more than that; its own log at level debug does",
            format!("most likely cause first: {}", causes.join("; ")),
        )
    }

    /// Writing the configuration replaces all of it, so the command names every field that matters.
    fn write_config(&self) -> String {
        format!(
            "vault write auth/{}/config kubernetes_host=https://HOST:PORT kubernetes_ca_cert=@ca.crt token_reviewer_jwt=@reviewer.jwt",
            self.mount
        )
    }
}

const EXPIRED: (&str, &str) = (
    "The token has expired",
    "let SECRET_STORE_VAULT_KUBE_AUTH_JWT_PATH name the file that the kubelet renews (not a copy of it, nor a subPath mount), and \
     compare the clocks of this machine, of Vault and of the cluster",
);
const NOT_YET_VALID: (&str, &str) = (
    "The token is from the future",
    "correct the clock of this machine, of Vault or of the cluster (NTP): they must not differ by more than a minute",
);

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    const NOW: u64 = 1_795_435_200;

    #[test]
    fn an_answer_with_a_reason_leads_to_that_cause_alone() {
        for (answer, cause, command) in [
            ("service account name not authorized", "not for service account \"app\"", "vault read auth/k8s/role/sample"),
            ("namespace not authorized", "not for namespace \"demo\"", "vault read auth/k8s/role/sample"),
            ("invalid role name \"sample\"", "no such role", "vault list auth/k8s/role"),
            (
                "invalid audience (aud) claim: audience claim does not match any expected audience",
                "another audience",
                "vault read auth/k8s/role/sample",
            ),
            ("invalid issuer (iss) claim", "another issuer", "vault write auth/k8s/config disable_iss_validation=true"),
            ("claim \"iss\" is invalid", "another issuer", "vault read auth/k8s/config"),
            ("invalid expiration time (exp) claim: token is expired", "expired", "SECRET_STORE_VAULT_KUBE_AUTH_JWT_PATH"),
            ("invalid not before (nbf) claim: token not yet valid", "from the future", "clock"),
            ("could not load backend configuration", "not configured", "vault write auth/k8s/config kubernetes_host="),
            ("missing role", "without its fields", "between this machine and Vault"),
        ] {
            let advice = advice(answer, Some(true), &claims());
            assert!(advice.contains(cause), "{answer}: {advice}");
            assert!(advice.contains(command), "{answer}: {advice}");
            assert_eq!(advice.matches("What to do:").count(), 1, "{answer}: {advice}");
            assert!(!advice.contains("(1)"), "{answer}: {advice}");
        }
    }

    #[test]
    fn a_bare_refusal_lists_the_causes_of_a_failed_review_in_order() {
        let advice = advice("permission denied", Some(true), &Claims { pod: Some("web-0".to_owned()), ..claims() });
        assert_in_order(
            &advice,
            &[
                "(1) ",
                "vault write auth/k8s/config ",
                "(2) ",
                "system:auth-delegator",
                "(3) ",
                "vault read auth/k8s/config",
                "(4) ",
                "kubectl -n demo get pod/web-0 serviceaccount/app",
                "(5) ",
                "vault read auth/k8s/role/sample",
            ],
        );
        assert!(!advice.contains("vault auth list"), "{advice}");
    }

    #[test]
    fn a_mount_that_does_not_exist_is_the_only_cause_when_known_and_the_first_when_not() {
        let known = advice("permission denied", Some(false), &claims());
        assert_in_order(&known, &["No Kubernetes auth method", "vault auth list", "vault auth enable -path=k8s kubernetes"]);
        assert!(!known.contains("system:auth-delegator"), "{known}");
        assert_in_order(&advice("permission denied", None, &claims()), &["(1) No Kubernetes", "vault auth list", "(2) ", "(6) "]);
    }

    #[test]
    fn the_clock_explains_a_bare_refusal_of_an_expired_or_future_token() {
        let second = i64::try_from(NOW).unwrap();
        let expired = Claims { expires_at: Some(second - 300), ..claims() };
        assert!(advice("permission denied", None, &expired).starts_with("The token has expired."));
        let future = Claims { not_before: Some(second + 300), ..claims() };
        assert!(advice("permission denied", None, &future).starts_with("The token is from the future."));
    }

    #[test]
    fn unknown_names_are_left_for_the_reader_to_fill_in() {
        let words = advice("permission denied", Some(true), &Claims::default());
        assert!(words.contains("kubectl -n NAMESPACE get serviceaccount/NAME"), "{words}");
    }

    fn advice(answer: &str, mounted: Option<bool>, claims: &Claims) -> String {
        let now = UNIX_EPOCH + Duration::from_secs(NOW);
        Refusal { answer, role: "sample", mount: "k8s", mounted, claims, now }.cause().to_string()
    }

    fn claims() -> Claims {
        Claims { namespace: Some("demo".to_owned()), service_account: Some("app".to_owned()), ..Claims::default() }
    }

    fn assert_in_order(text: &str, parts: &[&str]) {
        let mut rest = text;
        for part in parts {
            let (_, after) = rest.split_once(part).unwrap_or_else(|| panic!("{part:?} is missing or too early in {text}"));
            rest = after;
        }
    }
}

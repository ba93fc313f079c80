//! What stands outside the text: the environment first, then a Java system property, then a default. Every value
//! remembers where it came from, so that a message can say so.

use std::fmt;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::host::Host;
use crate::secret::Secret;

/// A setting's two names.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) variable: &'static str,
    pub(crate) property: &'static str,
}

/// A Vault token, for `authenticationType` `TOKEN`.
pub(crate) const TOKEN: Setting = Setting { variable: "SECRET_STORE_VAULT_TOKEN", property: "secret.store.vault.token" };
/// The role of the Kubernetes auth method.
pub(crate) const KUBERNETES_ROLE: Setting =
    Setting { variable: "SECRET_STORE_VAULT_KUBE_AUTH_ROLE", property: "secret.store.vault.kube.auth.role" };
/// The mount path of the Kubernetes auth method; default `kubernetes`.
pub(crate) const KUBERNETES_MOUNT: Setting =
    Setting { variable: "SECRET_STORE_VAULT_KUBE_AUTH_PATH", property: "secret.store.vault.kube.auth.path" };
/// The file that holds the service account's token.
pub(crate) const KUBERNETES_JWT_FILE: Setting =
    Setting { variable: "SECRET_STORE_VAULT_KUBE_AUTH_JWT_PATH", property: "secret.store.vault.kube.auth.jwt.path" };
/// The time limit of one request in all; default 60 s, as the official client's.
pub(crate) const CLIENT_TIMEOUT: Setting =
    Setting { variable: "VAULT_CLIENT_TIMEOUT", property: "secret.store.vault.client.timeout" };

/// Where a value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    Variable(&'static str),
    Property(&'static str),
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::Property(name) => write!(f, "system property {name}"),
            Self::Default => f.write_str("the default"),
        }
    }
}

/// A value and where it stands.
pub(crate) struct Value {
    pub(crate) text: Zeroizing<String>,
    pub(crate) origin: Origin,
}

impl Value {
    /// The error that this value cannot be used.
    pub(crate) fn refuse(&self, problem: impl Into<String>) -> Error {
        Error::Setting { origin: self.origin.to_string(), problem: problem.into() }
    }

    /// This value as a credential that goes into an HTTP header: trimmed, visible ASCII only.
    ///
    /// A trailing newline is the most common mistake with tokens (`echo TOKEN > file`), and no token has white space.
    pub(crate) fn into_token(self) -> Result<Secret, Error> {
        let token = self.text.trim();
        match token.bytes().position(|b| !b.is_ascii_graphic()) {
            None => Ok(Secret::new(token.to_owned())),
            Some(at) => Err(self.refuse(format!(
                "a token consists of visible ASCII characters only, and the one at byte {} (of {}) is not. What to do: set the token \
                 itself, without quotes, blanks or line breaks",
                at + 1,
                token.len()
            ))),
        }
    }
}

impl Setting {
    /// The value, if the setting is set. A value of white space only counts as not set, as in the official client.
    pub(crate) fn find(&self, host: &dyn Host) -> Result<Option<Value>, Error> {
        if let Some(raw) = host.variable(self.variable) {
            let origin = Origin::Variable(self.variable);
            let text = raw.into_string().map(Zeroizing::new).map_err(|_| Error::Setting {
                origin: origin.to_string(),
                problem: "it is not valid UTF-8. What to do: set it again".to_owned(),
            })?;
            if !text.trim().is_empty() {
                return Ok(Some(Value { text, origin }));
            }
        }
        let text = host.property(self.property).map(Zeroizing::new).filter(|text| !text.trim().is_empty());
        Ok(text.map(|text| Value { text, origin: Origin::Property(self.property) }))
    }

    /// The value, or `default`.
    pub(crate) fn find_or(&self, host: &dyn Host, default: &str) -> Result<Value, Error> {
        Ok(self.find(host)?.unwrap_or_else(|| Value { text: Zeroizing::new(default.to_owned()), origin: Origin::Default }))
    }

    /// The value, or the error that `method` needs it.
    pub(crate) fn require(&self, host: &dyn Host, method: &'static str, what: &'static str) -> Result<Value, Error> {
        let missing = Error::NotConfigured { method, what, variable: self.variable, property: self.property };
        self.find(host)?.ok_or(missing)
    }
}

/// The time limit of one request in all.
pub(crate) fn client_timeout(host: &dyn Host) -> Result<Duration, Error> {
    const DEFAULT: Duration = Duration::from_secs(60);
    let Some(value) = CLIENT_TIMEOUT.find(host)? else { return Ok(DEFAULT) };
    match duration(&value.text) {
        Some(limit) if !limit.is_zero() => Ok(limit),
        _ => Err(value.refuse("it is not a time. What to do: write seconds (60) or a time with its unit (500ms, 90s, 2m)")),
    }
}

/// A time as the official client reads it: a bare number is seconds; else a number and `ms`, `s`, `m` or `h`.
/// At most a day: whoever writes more has another unit in mind.
fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits)?;
    let number: f64 = number.parse().ok()?;
    let seconds = match unit {
        "ms" => number / 1000.0,
        "" | "s" => number,
        "m" => number * 60.0,
        "h" => number * 3600.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(seconds).ok().filter(|time| *time <= Duration::from_secs(24 * 3600))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::tests::MapHost;

    #[test]
    fn the_environment_comes_before_the_property() {
        let host = MapHost::default().with_variable(TOKEN.variable, "a").with_property(TOKEN.property, "b");
        let value = TOKEN.find(&host).unwrap().unwrap();
        assert_eq!((value.text.as_str(), value.origin), ("a", Origin::Variable("SECRET_STORE_VAULT_TOKEN")));
    }

    #[test]
    fn an_empty_variable_counts_as_not_set() {
        let host = MapHost::default().with_variable(TOKEN.variable, " \n").with_property(TOKEN.property, "b");
        let value = TOKEN.find(&host).unwrap().unwrap();
        assert_eq!((value.text.as_str(), value.origin), ("b", Origin::Property("secret.store.vault.token")));
        assert!(TOKEN.find(&MapHost::default()).unwrap().is_none());
    }

    #[test]
    fn a_token_is_trimmed_and_its_wrong_byte_is_named_without_showing_it() {
        let value = |text: &str| Value { text: Zeroizing::new(text.to_owned()), origin: Origin::Variable("V") };
        assert_eq!(value(" s.abc\r\n").into_token().ok().unwrap().expose(), "s.abc");
        let error = value("s.canary\nx").into_token().err().unwrap().to_string();
        assert!(error.starts_with("environment variable V is not usable: ") && error.contains("byte 9 (of 10)"), "{error}");
        assert!(!error.contains("canary"), "{error}");
    }

    #[test]
    fn times_are_read_as_the_official_client_reads_them() {
        for (text, want) in [("60", 60_000), ("30s", 30_000), ("1m", 60_000), ("250ms", 250), ("1.5", 1500), (" 2 ", 2000)] {
            assert_eq!(duration(text), Some(Duration::from_millis(want)), "{text}");
        }
        for text in ["", "s", "-1", "5x", "1e9", "99h", "1.2.3", "60 s"] {
            assert_eq!(duration(text), None, "{text}");
        }
        let host = MapHost::default().with_variable("VAULT_CLIENT_TIMEOUT", "soon");
        assert!(client_timeout(&host).err().unwrap().to_string().contains("environment variable VAULT_CLIENT_TIMEOUT"));
    }
}

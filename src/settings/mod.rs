//! Settings: the text first, then the environment, then a Java system property, then a default. Every value remembers
//! where it came from, so that a message can say so.

#[cfg(test)]
mod page;
mod table;

use std::fmt;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind, Problem};
use crate::host::Host;
use crate::secret::Secret;

pub(crate) use table::*;

/// The JVM's own properties that say something about the connection as well.
const OF_THE_JVM: [&str; 16] = [
    "javax.net.ssl.trustStore",
    "javax.net.ssl.trustStoreType",
    "javax.net.ssl.trustStorePassword",
    "javax.net.ssl.keyStore",
    "javax.net.ssl.keyStoreType",
    "javax.net.ssl.keyStorePassword",
    "http.proxyHost",
    "http.proxyPort",
    "http.proxyUser",
    "http.proxyPassword",
    "http.nonProxyHosts",
    "https.proxyHost",
    "https.proxyPort",
    "https.proxyUser",
    "https.proxyPassword",
    "java.security.properties",
];

/// For tests, which need not wait then: how many milliseconds our clock is ahead of the system's.
pub(crate) const TEST_CLOCK: &str = "dev.vaultcipher.test.clock";

/// The names of all system properties that count.
pub fn properties() -> impl Iterator<Item = &'static str> {
    ALL.iter().filter_map(|setting| setting.property).chain(OF_THE_JVM).chain([TEST_CLOCK])
}

/// What is set, by name and origin: our settings, and the JVM's properties that count.
pub(crate) fn all_set(sources: Sources<'_>) -> Vec<(&'static str, String)> {
    let ours = ALL.iter().filter_map(|setting| {
        let value = setting.find(sources).ok()??;
        Some((setting.name(), value.origin.to_string()))
    });
    let of_the_jvm = OF_THE_JVM.into_iter().filter(|name| sources.host.environment().property(name).is_some());
    ours.chain(of_the_jvm.map(|name| (name, "system property".to_owned()))).collect()
}

/// A setting's names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    /// The field of the text; `None` for a credential, which must not stand in a configuration file.
    pub(crate) field: Option<&'static str>,
    /// The environment variables, the first one that is set counts: OpenBao's name comes before Vault's.
    pub(crate) variables: &'static [&'static str],
    /// The Java system property; `None` for the official client's variables that have a setting of our own beside them.
    pub(crate) property: Option<&'static str>,
    /// What counts where it is not set, as docs/settings.md says it.
    #[cfg(test)]
    pub(crate) default: &'static str,
    /// What docs/settings.md says of it.
    #[cfg(test)]
    pub(crate) meaning: &'static str,
    /// Whether it is a secret by itself.
    pub(crate) credential: bool,
}

/// Where a value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    Field(&'static str),
    Variable(&'static str),
    Property(&'static str),
    /// The shared files of AWS's own tools.
    AwsProfile(&'static str),
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => write!(f, "field \"{name}\" of the text"),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::Property(name) => write!(f, "system property {name}"),
            Self::AwsProfile(name) => write!(f, "{name} of the AWS profile"),
            Self::Default => f.write_str("the default"),
        }
    }
}

/// What a value is looked for in: the text's optional fields and the host.
#[derive(Clone, Copy)]
pub(crate) struct Sources<'a> {
    /// The optional fields of the text, by name; each value as text.
    pub(crate) fields: &'a [(&'static str, String)],
    pub(crate) host: &'a dyn Host,
}

/// A value and where it stands.
#[derive(PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) text: Zeroizing<String>,
    pub(crate) origin: Origin,
}

impl Setting {
    /// The value, if the setting is set. A value of white space only counts as not set, as in the official client.
    pub(crate) fn find(&self, sources: Sources<'_>) -> Result<Option<Value>, Error> {
        let filled = |text: &String| !text.trim().is_empty();
        let value = |text: String, origin| Some(Value { text: Zeroizing::new(text), origin });
        if let Some((name, text)) = sources.fields.iter().find(|(name, text)| Some(*name) == self.field && filled(text)) {
            return Ok(value(text.clone(), Origin::Field(name)));
        }
        for &variable in self.variables {
            let Some(raw) = sources.host.environment().variable(variable) else { continue };
            let origin = Origin::Variable(variable);
            let text = raw.to_str().map(str::to_owned).ok_or_else(|| ErrorKind::Setting {
                origin: origin.to_string(),
                problem: Problem::new("it is not valid UTF-8", "set it again"),
            })?;
            if filled(&text) {
                return value(text, origin).map(|value| self.checked(value)).transpose();
            }
        }
        let Some(property) = self.property else { return Ok(None) };
        let text = sources.host.environment().property(property).map(str::to_owned).filter(filled);
        text.and_then(|text| value(text, Origin::Property(property))).map(|value| self.checked(value)).transpose()
    }

    /// What is set outside of the text, unless it shows that it did not arrive as it was written.
    fn checked(&self, value: Value) -> Result<Value, Error> {
        if matches!(value.origin, Origin::Property(_)) && value.text.contains(char::REPLACEMENT_CHARACTER) {
            return Err(value.refuse((
                "it holds U+FFFD, which Java puts in place of what it cannot decode",
                "start the JVM in a UTF-8 locale (LANG=C.UTF-8), or write the value with ASCII characters only",
            )));
        }
        // A password may well begin and end with quotes.
        if is_in_quotes(value.trimmed()) && ![&PASSWORD, &CLIENT_CERT_PASSWORD].contains(&self) {
            return Err(value.refuse(IN_QUOTES));
        }
        Ok(value)
    }

    /// The value, or `default`.
    pub(crate) fn find_or(&self, sources: Sources<'_>, default: &str) -> Result<Value, Error> {
        let default = || Value { text: Zeroizing::new(default.to_owned()), origin: Origin::Default };
        Ok(self.find(sources)?.unwrap_or_else(default))
    }

    /// The value, or the error that `method` needs it.
    pub(crate) fn require(&self, sources: Sources<'_>, method: &'static str, what: &'static str) -> Result<Value, Error> {
        self.find(sources)?.ok_or_else(|| ErrorKind::NotConfigured { method, what, places: self.places() }.into())
    }

    /// What a report calls it: the text's field, or the last of the variables.
    pub(crate) fn name(&self) -> &'static str {
        self.field.unwrap_or_else(|| self.variable())
    }

    /// The environment variable that a message names: Vault's own rather than its twin.
    pub(crate) fn variable(&self) -> &'static str {
        self.variables.last().copied().unwrap_or_default()
    }

    /// Everywhere that the setting can stand, in words.
    pub(crate) fn places(&self) -> String {
        let field = self.field.map(|field| format!("field \"{field}\" of the text, ")).unwrap_or_default();
        let property = self.property.map(|property| format!(" or system property {property}")).unwrap_or_default();
        format!("{field}environment variable {}{property}", self.variables.join(" or "))
    }
}

impl Value {
    /// The text without white space around it.
    pub(crate) fn trimmed(&self) -> &str {
        self.text.trim()
    }

    /// The error that this value cannot be used.
    pub(crate) fn refuse(&self, problem: impl Into<Problem>) -> Error {
        ErrorKind::Setting { origin: self.origin.to_string(), problem: problem.into() }.into()
    }

    /// This value as a credential that goes into an HTTP header: trimmed, visible ASCII only.
    ///
    /// A trailing newline is the most common mistake with tokens (`echo TOKEN > file`), and no token has white space.
    pub(crate) fn into_token(self) -> Result<Secret, Error> {
        let token = self.trimmed();
        match token.bytes().position(|b| !b.is_ascii_graphic()) {
            None => Ok(Secret::new(token.to_owned())),
            Some(at) => Err(self.refuse((
                format!(
                    "a token consists of visible ASCII characters only, and the one at byte {} (of {}) is not",
                    at + 1,
                    token.len()
                ),
                "set the token itself, without quotes, blanks or line breaks",
            ))),
        }
    }

    /// A time as the official client reads it: a bare number is seconds; else numbers with units, such as `1m30s`.
    pub(crate) fn duration(&self) -> Result<Duration, Error> {
        duration(self.trimmed()).ok_or_else(|| {
            self.refuse(("it is not a time of at most a day", "write seconds (60), or a time with its unit (500ms, 90s, 1m30s)"))
        })
    }

    /// A truth value as the official client reads it (Go's `strconv.ParseBool`).
    pub(crate) fn flag(&self) -> Result<bool, Error> {
        match self.trimmed() {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
            _ => Err(self.refuse(("it is neither true nor false", "write true or false"))),
        }
    }

    /// A whole number.
    pub(crate) fn count(&self) -> Result<u32, Error> {
        self.trimmed().parse().map_err(|_| self.refuse(("it is not a whole number from 0 up", "write one")))
    }
}

/// What is wrong with a value in quotes.
pub(crate) const IN_QUOTES: (&str, &str) =
    ("it is in quotes, which became a part of the value: 'docker run --env-file' keeps them, for example", "remove the quotes");

/// Whether the text begins and ends with the same quote.
pub(crate) fn is_in_quotes(text: &str) -> bool {
    ['"', '\''].into_iter().any(|quote| text.len() > 1 && text.starts_with(quote) && text.ends_with(quote))
}

/// A bare number of seconds, or numbers with units, one after the other (`1m30s`), as Go's `time.ParseDuration` reads them; `d`
/// is a day, as in Vault's own settings. At most a day: a longer one is meant in another unit.
fn duration(text: &str) -> Option<Duration> {
    const UNITS: [(&str, f64); 9] = [
        ("ns", 1e-9),
        ("us", 1e-6),
        ("µs", 1e-6),
        ("μs", 1e-6),
        ("ms", 1e-3),
        ("s", 1.0),
        ("m", 60.0),
        ("h", 3600.0),
        ("d", 86_400.0),
    ];
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || b == b'.').then(|| text.parse::<f64>().ok())?;
    let mut seconds = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (value, more) = rest.split_at_checked(digits)?;
        let (unit, more) = more.split_at_checked(more.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(more.len()))?;
        seconds += match UNITS.iter().find(|(name, _)| *name == unit) {
            Some((_, factor)) => number(value)? * factor,
            None if unit.is_empty() && value.len() == text.len() => number(value)?,
            None => return None,
        };
        rest = more;
    }
    let time = Duration::try_from_secs_f64(seconds).ok().filter(|time| *time <= Duration::from_secs(24 * 3600));
    time.filter(|_| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::tests::MapHost;

    fn value(text: &str) -> Value {
        Value { text: Zeroizing::new(text.to_owned()), origin: Origin::Variable("V") }
    }

    fn found(setting: &Setting, fields: &[(&'static str, String)], host: &MapHost) -> Option<(String, Origin)> {
        setting.find(Sources { fields, host }).unwrap().map(|value| (value.text.to_string(), value.origin))
    }

    #[test]
    fn the_text_comes_before_the_environment_and_that_before_the_property() {
        let host = MapHost::default()
            .with_variable("VAULT_NAMESPACE", "vault")
            .with_variable("BAO_NAMESPACE", "bao")
            .with_property("secret.store.vault.namespace", "property");
        let fields = [("namespace", "text".to_owned())];
        assert_eq!(found(&NAMESPACE, &fields, &host), Some(("text".to_owned(), Origin::Field("namespace"))));
        assert_eq!(found(&NAMESPACE, &[], &host), Some(("bao".to_owned(), Origin::Variable("BAO_NAMESPACE"))));
        let host = MapHost::default().with_property("secret.store.vault.namespace", "property");
        assert_eq!(
            found(&NAMESPACE, &[], &host),
            Some(("property".to_owned(), Origin::Property("secret.store.vault.namespace")))
        );
        assert_eq!(found(&NAMESPACE, &[], &MapHost::default()), None);
    }

    #[test]
    fn an_empty_variable_counts_as_not_set() {
        let host =
            MapHost::default().with_variable("SECRET_STORE_VAULT_TOKEN", " \n").with_property("secret.store.vault.token", "b");
        assert_eq!(found(&TOKEN, &[], &host), Some(("b".to_owned(), Origin::Property("secret.store.vault.token"))));
    }

    #[test]
    fn what_did_not_arrive_as_it_was_written_is_refused() {
        let refused = |setting: &Setting, host: &MapHost| {
            setting.find(Sources { fields: &[], host }).err().map(|error| error.to_string()).unwrap_or_default()
        };
        for (setting, name) in
            [(&TOKEN, "SECRET_STORE_VAULT_TOKEN"), (&ADDRESS, "VAULT_ADDR"), (&ROLE_ID, "SECRET_STORE_VAULT_ROLE_ID")]
        {
            for quoted in ["\"canary\"", " 'canary'\n", "\"\""] {
                let error = refused(setting, &MapHost::default().with_variable(name, quoted));
                assert!(error.contains(name) && error.contains("remove the quotes") && !error.contains("canary"), "{error}");
            }
            assert_eq!(refused(setting, &MapHost::default().with_variable(name, "'a\"")), "");
        }
        assert_eq!(refused(&PASSWORD, &MapHost::default().with_variable("SECRET_STORE_VAULT_PASSWORD", "'canary'")), "");
        let error = refused(&USERNAME, &MapHost::default().with_property("secret.store.vault.username", "can\u{fffd}ry"));
        assert!(error.contains("system property secret.store.vault.username") && error.contains("U+FFFD"), "{error}");
    }

    #[test]
    fn a_token_is_trimmed_and_its_wrong_byte_is_named_without_showing_it() {
        assert_eq!(value(" s.abc\r\n").into_token().ok().unwrap().expose(), "s.abc");
        let error = value("s.canary\nx").into_token().err().unwrap().to_string();
        assert!(error.starts_with("environment variable V cannot be used: ") && error.contains("byte 9 (of 10)"), "{error}");
        assert!(!error.contains("canary"), "{error}");
    }

    #[test]
    fn times_are_read_as_the_official_client_reads_them() {
        for (text, want) in [
            ("60", 60_000),
            ("30s", 30_000),
            ("1m", 60_000),
            ("250ms", 250),
            ("1.5", 1500),
            (" 2 ", 2000),
            ("0", 0),
            ("1m30s", 90_000),
            ("1h0m0s", 3_600_000),
            ("0h1m0.5s", 60_500),
            ("2000us", 2),
            ("1d", 86_400_000),
            (".5s", 500),
        ] {
            assert_eq!(value(text).duration().unwrap(), Duration::from_millis(want), "{text}");
        }
        for text in
            ["s", "-1", "5x", "1e9", "99h", "1.2.3", "60 s", "1m30", "30m1", "m30s", "1m-5s", "1.s.s", ".", "inf", "NaN", "1M"]
        {
            let error = value(text).duration().err().unwrap().to_string();
            assert!(error.contains("environment variable V cannot be used"), "{text}: {error}");
        }
    }

    #[test]
    fn flags_and_counts_are_read_or_refused() {
        assert!(value("True").flag().unwrap() && !value("f").flag().unwrap());
        assert!(value("yes").flag().is_err() && value("tRUE").flag().is_err());
        assert_eq!(value("3").count().unwrap(), 3);
        assert!(value("-1").count().is_err() && value("two").count().is_err());
    }

    #[test]
    fn no_credential_can_stand_in_the_text_and_no_variable_is_there_twice() {
        let credentials: Vec<&Setting> = ALL.iter().filter(|setting| setting.credential).collect();
        assert!(credentials.contains(&&TOKEN) && credentials.contains(&&PASSWORD));
        for credential in credentials {
            assert_eq!(credential.field, None, "{credential:?}");
        }
        let mut names: Vec<&str> =
            ALL.iter().flat_map(|setting| setting.variables.iter().copied().chain(setting.property)).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}

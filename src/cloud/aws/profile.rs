//! The shared credentials and configuration files of AWS's own tools.
//! Source: <https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html>.

#[cfg(any(test, fuzzing))]
pub(crate) mod parsers;

use std::path::Path;

use crate::cloud::Search;
use crate::cloud::aws::credentials::Credentials;
use crate::cloud::aws::region::is_region;
use crate::cloud::aws::sts::web_identity;
use crate::error::{Error, ErrorKind};
use crate::file::Problem;
use crate::secret::Secret;
use crate::settings::{AWS_CONFIG_FILE, AWS_PROFILE, AWS_SHARED_CREDENTIALS_FILE, Origin, Setting, Value};
use crate::text::one_line;

/// A file with keys of several accounts.
const MAX_FILE: usize = 256 * 1024;

const SOURCE: &str = "the shared credentials file";

const TOKEN_FILE: &str = "web_identity_token_file";

/// The keys of a profile that say that its credentials come from elsewhere, from where we do not get them.
const ELSEWHERE: [(&str, &str); 4] = [
    ("credential_process", "they come from a program, and vault-cipher starts none"),
    ("sso_session", "they come from a log-in of a person (SSO)"),
    ("sso_account_id", "they come from a log-in of a person (SSO)"),
    ("sso_start_url", "they come from a log-in of a person (SSO)"),
];

/// What to do where the credentials come from elsewhere.
const ADVICE: &str = "give this machine a role instead, or write the keys of a user into the profile";

/// The credentials of the profile that AWS_PROFILE names, or of the profile "default".
pub(super) fn find(search: &Search<'_>) -> Result<Option<Credentials>, Error> {
    let named = AWS_PROFILE.find(search.sources)?;
    let name = named.as_ref().map_or("default", Value::trimmed);
    let credentials = load(search, &AWS_SHARED_CREDENTIALS_FILE, "credentials")?;
    let config = load(search, &AWS_CONFIG_FILE, "config")?;
    let in_config = if name == "default" { name.to_owned() } else { format!("profile {name}") };
    let value = |key: &str| {
        let in_file = |file: &Option<File>, section: &str| file.as_ref().and_then(|file| file.value(section, key));
        in_file(&credentials, name).or_else(|| in_file(&config, &in_config))
    };
    let files: Vec<String> = [&credentials, &config].into_iter().flatten().map(|file| format!("{:?}", file.path)).collect();
    let places = if files.is_empty() { SOURCE.to_owned() } else { format!("the profile {name:?} of {}", files.join(" and ")) };
    let region = value("region").map(|region| region.expose().to_owned()).filter(|region| is_region(region));
    let role = value("role_arn");
    if let Some(role) = &role {
        // Before the keys, which may be there for the other role to be assumed with.
        let by = value("source_profile").map(|name| format!("the profile {:?}", one_line(name.expose(), 60)));
        let by = by.or_else(|| Some(format!("the credentials of {}", one_line(value("credential_source")?.expose(), 60))));
        if let Some(by) = by {
            let what = format!("the role {} is assumed by {by}, which vault-cipher does not do", one_line(role.expose(), 200));
            return Err(search.failed(places, what, ADVICE));
        }
    }
    match (value("aws_access_key_id"), value("aws_secret_access_key")) {
        (Some(id), Some(key)) => {
            return Ok(Some(Credentials {
                key_id: id.expose().to_owned(),
                key,
                session_token: value("aws_session_token"),
                source: places,
                region,
            }));
        }
        (None, None) => {}
        _ => {
            let what = "it has only one of aws_access_key_id and aws_secret_access_key";
            return Err(search.failed(places, what, "write both"));
        }
    }
    if let (Some(token), Some(role)) = (value(TOKEN_FILE), &role) {
        let file = Value { text: token.expose().to_owned().into(), origin: Origin::AwsProfile(TOKEN_FILE) };
        return web_identity(search, &format!("{places}, web identity token"), &file, role.expose(), region).map(Some);
    }
    if let Some((_, why)) = ELSEWHERE.iter().find(|(key, _)| value(key).is_some()) {
        return Err(search.failed(places, format!("it has no keys: {why}"), ADVICE));
    }
    if role.is_some() {
        let what = "it names a role (role_arn) and nothing that may assume it";
        return Err(search.failed(places, what, "add web_identity_token_file, or remove role_arn"));
    }
    if let Some(named) = &named {
        let what = if files.is_empty() {
            format!("there is no file with the profile {name:?} that {} names", named.origin)
        } else {
            format!("it has no keys, and {} names it", named.origin)
        };
        return Err(search.failed(places, what, "correct AWS_PROFILE, or remove it"));
    }
    search.pass(&places, if files.is_empty() { "there is none" } else { "no keys in it" });
    Ok(None)
}

/// A file with profiles.
struct File {
    path: String,
    text: Secret,
}

/// The file that `setting` names, or that of this name in the home directory; `None` where there is none.
fn load(search: &Search<'_>, setting: &Setting, name: &str) -> Result<Option<File>, Error> {
    let set = setting.find(search.sources)?;
    let (path, origin) = match &set {
        Some(value) => (value.trimmed().to_owned(), value.origin),
        None => {
            let environment = search.sources.host.environment();
            let home = |name| Some((Path::new(environment.variable(name)?), Origin::Variable(name)));
            let Some((home, origin)) = home("HOME").or_else(|| home("USERPROFILE")) else { return Ok(None) };
            (home.join(".aws").join(name).to_string_lossy().into_owned(), origin)
        }
    };
    match search.read_whole(&path, MAX_FILE)? {
        Ok(bytes) => {
            let text = Secret::new(String::from_utf8_lossy(&bytes).into_owned());
            Ok(Some(File { path, text }))
        }
        // The home directory may be another user's.
        Err(Problem::Missing | Problem::Denied) if set.is_none() => Ok(None),
        Err(problem) => {
            Err(ErrorKind::File { what: "AWS credentials file", path, origin: origin.to_string(), problem: problem.into() }
                .into())
        }
    }
}

impl File {
    /// The value of a key in a section.
    fn value(&self, section: &str, key: &str) -> Option<Secret> {
        let mut within = false;
        for line in self.text.expose().lines() {
            // What is indented belongs to the key above.
            if line.starts_with([' ', '\t', '#', ';']) {
                continue;
            }
            let line = line.trim_end();
            if let Some(header) = line.strip_prefix('[') {
                let header = header.split(']').next().unwrap_or_default();
                within = header.split_whitespace().eq(section.split_whitespace());
                continue;
            }
            let Some((name, value)) = line.split_once('=').filter(|_| within) else { continue };
            if name.trim().eq_ignore_ascii_case(key) {
                let value = value.split(" #").next().unwrap_or_default().split(" ;").next().unwrap_or_default().trim();
                return Some(Secret::new(value.to_owned())).filter(|value| !value.expose().is_empty());
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_that_of_its_own_profile() {
        let text = "# keys\n[default]\naws_access_key_id = A\naws_secret_access_key=B+/=  # a comment\ns3 =\n  aws_session_token = no\n\
                    [ prod ]\nAWS_ACCESS_KEY_ID=C\r\nregion = \n[profile other]\nregion=eu-west-1\n";
        let file = File { path: String::new(), text: Secret::new(text.to_owned()) };
        let value = |section, key| file.value(section, key).map(|value| value.expose().to_owned());
        assert_eq!(value("default", "aws_access_key_id").as_deref(), Some("A"));
        assert_eq!(value("default", "aws_secret_access_key").as_deref(), Some("B+/="));
        assert_eq!(value("default", "aws_session_token"), None);
        assert_eq!(value("prod", "aws_access_key_id").as_deref(), Some("C"));
        assert_eq!(value("prod", "aws_secret_access_key"), None);
        assert_eq!(value("prod", "region"), None);
        assert_eq!(value("profile other", "region").as_deref(), Some("eu-west-1"));
        assert_eq!(value("other", "region"), None);
    }
}

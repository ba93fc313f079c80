//! A plain secret that a host passes to be stored: a template, the text that the configuration is to hold, says where it goes.
//! The host keeps the finished text in place of the secret.

use std::fmt::Write as _;

use crate::error::{Error, ErrorKind, NotStored};
use crate::host::Host;
use crate::reference::fields::Fields;
use crate::reference::store_command::{self, StoreCommand};
use crate::reference::{SecretReference, divided};
use crate::secret::Secret;
use crate::settings::{STORE_TEXT, Sources};

/// What stands in the template's `path` for a name that no other secret has.
const PLACEHOLDER: &str = "{random}";

impl SecretReference {
    /// Reads a text that may hold a secret that is to be stored, or is one itself.
    pub(crate) fn parse_store_command(text: &str, host: &dyn Host) -> Result<(Self, Option<StoreCommand>), Error> {
        if is_plain(text) {
            return from_template(text, host).map(|(reference, command)| (reference, Some(command)));
        }
        let (prefix, json) = divided(text);
        let mut fields = Fields::read(json)?;
        let command = store_command::find(&mut fields);
        let reference = Self::from_fields(&mut fields, host)?;
        let command = reference.as_ref().zip(command).and_then(|(reference, command)| {
            let Self { engine, version, selector, .. } = reference;
            store_command::for_reference((*engine, *version, selector), command, &mut fields)
        });
        match reference {
            Some(reference) if fields.problems.is_empty() => {
                Ok((reference, command.map(|command| StoreCommand { text: format!("{prefix}{}", command.text), ..command })))
            }
            _ => Err(ErrorKind::Text { problems: fields.problems }.into()),
        }
    }
}

/// Whether this is a secret, and no text that says where one is. A secret that begins with a brace is not told from a text with a
/// mistake in it, and is refused as one.
fn is_plain(text: &str) -> bool {
    !text.trim().is_empty() && !text.trim_start().starts_with('{')
}

/// The command to store `secret` where the template says.
fn from_template(secret: &str, host: &dyn Host) -> Result<(SecretReference, StoreCommand), Error> {
    let Some(template) = STORE_TEXT.find(Sources { fields: &[], host })? else {
        return Err(ErrorKind::NotStored(NotStored::NoTemplate { places: STORE_TEXT.places() }).into());
    };
    let refused = |problems: Vec<String>| {
        let advice = "write the text that the configuration is to hold: {\"mount\":\"secret\",\"path\":\"bitbucket/{random}\",\
                      \"key\":\"password\",\"endpoint\":\"https://vault.example.com:8200\"}";
        template.refuse((problems.join("; "), advice))
    };
    let (prefix, json) = divided(&template.text);
    let mut fields = Fields::read(json).map_err(|error| match error.kind() {
        ErrorKind::Text { problems } => refused(problems.clone()),
        _ => error,
    })?;
    store_command::refuse(&mut fields);
    fields.replace("path", PLACEHOLDER, &random()?);
    let reference = SecretReference::from_fields(&mut fields, host)?;
    let value = Secret::new(secret.to_owned());
    let command = reference.as_ref().and_then(|reference| {
        let SecretReference { engine, version, selector, .. } = reference;
        store_command::for_reference((*engine, *version, selector), (value, false), &mut fields)
    });
    match (reference, command) {
        (Some(reference), Some(command)) if fields.problems.is_empty() => {
            Ok((reference, StoreCommand { text: format!("{prefix}{}", command.text), ..command }))
        }
        _ => Err(refused(fields.problems)),
    }
}

/// A name of 128 random bits.
fn random() -> Result<String, Error> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Error::internal("there are no random numbers"))?;
    Ok(bytes.iter().fold(String::with_capacity(32), |mut name, byte| {
        let _ = write!(name, "{byte:02x}"); // writing to a String cannot fail
        name
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::tests::MapHost;

    const TEMPLATE: &str = r#"{ENC}{"mount":"secret","path":"app/{random}","key":"password","endpoint":"http://127.0.0.1:1"}"#;

    fn template(text: &str) -> MapHost {
        MapHost::default().with_variable("SECRET_STORE_VAULT_STORE_TEXT", text)
    }

    #[test]
    fn a_secret_is_told_from_a_text() {
        assert!(is_plain("canary") && is_plain(" canary}") && is_plain("\"{\""));
        assert!(!is_plain("") && !is_plain(" \n") && !is_plain(" {\"mount\"") && !is_plain("{ENC}canary"));
    }

    #[test]
    fn each_secret_gets_a_path_of_its_own_and_stays_as_it_is() {
        let host = template(TEMPLATE);
        let stored = |secret: &str| from_template(secret, &host).unwrap();
        let (reference, first) = stored(" canary\n");
        assert_eq!((first.value.expose(), first.stored.expose(), first.overwrite), (" canary\n", " canary\n", false));
        assert_eq!(first.text, TEMPLATE.replace("app/{random}", &reference.path.plain));
        let name = reference.path.plain.strip_prefix("app/").unwrap();
        assert!(name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit()), "{name}");
        assert_ne!(first.text, stored(" canary\n").1.text);
        SecretReference::parse(&first.text, &host).unwrap();
    }

    #[test]
    fn a_template_that_cannot_be_used_names_its_place_and_never_the_secret() {
        let refused = |host: &MapHost| from_template("canary", host).err().unwrap().to_string();
        assert!(refused(&MapHost::default()).contains("SECRET_STORE_VAULT_STORE_TEXT"), "{}", refused(&MapHost::default()));
        for (wrong, part) in [
            ("secret/app", "it is not a JSON object"),
            (r#"{"mount":"secret"}"#, "\"path\" is missing; \"key\" is missing"),
            (r#"{"mount":"m","path":"p","pointer":"/k","endpoint":"http://v"}"#, "a pointer cannot be stored to"),
            (r#"{"mount":"m","path":"p","key":"k","endpoint":"http://v","store":true}"#, "\"store\" is for the vendor's tool"),
            (r#"{"mount":"m","path":"p/{random}/..","key":"k","endpoint":"http://v"}"#, "holds the segment \"..\""),
        ] {
            let message = refused(&template(wrong));
            assert!(message.starts_with("environment variable SECRET_STORE_VAULT_STORE_TEXT cannot be used: "), "{message}");
            assert!(message.contains(part) && !message.contains("canary"), "{message}");
        }
    }
}

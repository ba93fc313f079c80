//! The text from the server's configuration: one JSON object that says where the secret is. Parsed once into types that
//! cannot be wrong; every problem of it is found before anything else happens.

#[cfg(test)]
mod compatibility;
mod fields;
#[cfg(test)]
mod pages;
mod store_command;
mod store_template;

use crate::auth::{METHODS, Method};
use crate::client::Endpoint;
use crate::error::{Error, ErrorKind};
use crate::host::Host;
use crate::secret::Key;
use crate::settings::{self, ADDRESS, AGENT_ADDRESS, Sources};
use crate::text::{list, nearest, shown};
use crate::value::{Selector, Target};
use crate::vault::{ApiPath, Engine};

use fields::Fields;
pub(crate) use store_command::StoreCommand;

/// Where the secret is, and how to log in to get it.
pub(crate) struct SecretReference {
    pub(crate) mount: ApiPath,
    pub(crate) path: ApiPath,
    pub(crate) selector: Selector,
    /// Which engine is at the mount; `None`: found out.
    pub(crate) engine: Option<Engine>,
    /// The version of a KV v2 secret; `None`: the newest.
    pub(crate) version: Option<u64>,
    /// At least one; several are nodes of one cluster.
    pub(crate) endpoints: Vec<Endpoint>,
    /// The authentication method.
    pub(crate) method: &'static Method,
    /// The optional fields that are settings, each as text.
    pub(crate) settings: Vec<(&'static str, String)>,
}

impl SecretReference {
    /// Reads the text. `{ENC}` in front is what Bitbucket itself strips. The host is asked for Vault's address where the
    /// text has none.
    pub(crate) fn parse(text: &str, host: &dyn Host) -> Result<Self, Error> {
        let (_, json) = divided(text);
        let mut fields = Fields::read(json)?;
        store_command::refuse(&mut fields);
        let reference = Self::from_fields(&mut fields, host)?;
        reference.filter(|_| fields.problems.is_empty()).ok_or(ErrorKind::Text { problems: fields.problems }.into())
    }

    /// The request that the fields make; `None` after a problem was noted.
    fn from_fields(fields: &mut Fields<'_>, host: &dyn Host) -> Result<Option<Self>, Error> {
        let mount = fields.required("mount", ApiPath::parse);
        let path = fields.required("path", ApiPath::parse);
        let selector = selector(fields);
        let engine = fields.optional("engine", |name| named(name, &Engine::ALL));
        let version = fields.optional("version", version);
        if version.is_some() && matches!(engine, Some(Engine::Kv1 | Engine::Generic)) {
            fields.problems.push("\"version\" is for KV version 2 only".to_owned());
        }
        let endpoints = endpoints(fields, host)?;
        let method = fields.has("authenticationType").then(|| fields.optional("authenticationType", method));
        let method = method.unwrap_or_else(|| METHODS.first());
        let settings = fields.settings();

        Ok(match (mount, path, selector, endpoints, method) {
            (Some(mount), Some(path), Some(selector), Some(endpoints), Some(method)) => {
                Some(Self { mount, path, selector, engine, version, endpoints, method, settings })
            }
            _ => None,
        })
    }

    /// Everything that a login depends on: references with the same one share it.
    pub(crate) fn identity(&self, host: &dyn Host) -> Result<Key, Error> {
        let names: Vec<String> = self.endpoints.iter().map(Endpoint::name).collect();
        let mut set = Vec::new();
        for (number, setting) in settings::ALL.iter().enumerate() {
            if let Some(value) = setting.find(self.sources(host))? {
                set.push((number.to_string(), value.text));
            }
        }
        let count = names.len().to_string();
        let endpoints = names.iter().map(String::as_str);
        let settings = set.iter().flat_map(|(number, value)| [number.as_str(), value.as_str()]);
        Ok(Key::new([self.method.name, &count].into_iter().chain(endpoints).chain(settings)))
    }

    /// What is read with the login of this identity: references with the same one share it.
    pub(crate) fn location(&self, identity: &Key) -> Key {
        let Self { mount, path, engine, version, .. } = self;
        Key::new([mount.plain.as_str(), &path.plain, &format!("{engine:?}"), &format!("{version:?}")]).below(identity)
    }

    /// What this request's settings are looked for in.
    pub(crate) fn sources<'a>(&'a self, host: &'a dyn Host) -> Sources<'a> {
        Sources { fields: &self.settings, host }
    }
}

/// The text's `{ENC}`, if it has that, and its JSON.
fn divided(text: &str) -> (&'static str, &str) {
    const MARK: &str = "{ENC}";
    let text = text.trim();
    text.strip_prefix(MARK).map_or(("", text), |json| (MARK, json.trim_start()))
}

/// The field `endpoint` (a text, or an array of texts), else the address that the official client would use.
fn endpoints(fields: &mut Fields<'_>, host: &dyn Host) -> Result<Option<Vec<Endpoint>>, Error> {
    if fields.has("endpoint") {
        let parsed = fields.texts("endpoint", Endpoint::parse);
        return Ok(Some(parsed).filter(|endpoints| !endpoints.is_empty()));
    }
    let sources = Sources { fields: &[], host };
    let address = match AGENT_ADDRESS.find(sources)? {
        Some(address) => Some(address),
        None => ADDRESS.find(sources)?,
    };
    let Some(address) = address else {
        fields.problems.push("\"endpoint\" is missing, and VAULT_ADDR is not set".to_owned());
        return Ok(None);
    };
    let parse = |one: &str| Endpoint::parse(one.trim()).map(|endpoint| endpoint.from(address.origin));
    let parsed: Result<Vec<_>, _> = address.text.split(',').map(parse).collect();
    parsed.map(Some).map_err(|problem| address.refuse(format!("it {problem}")))
}

/// Which value: `key`, or `pointer` (`secretPointer` in the vendor's store for another service).
fn selector(fields: &mut Fields<'_>) -> Option<Selector> {
    let given: Vec<&str> = ["key", "pointer", "secretPointer"].into_iter().filter(|name| fields.has(name)).collect();
    let wanted = match given.as_slice() {
        ["pointer" | "secretPointer"] => fields.optional(given.first().copied()?, |text| match text {
            text if text.starts_with('/') => Ok(Target::Pointer(text.to_owned())),
            _ => Err("must be a JSON pointer, which begins with \"/\"".to_owned()),
        }),
        [] | ["key"] => fields.required("key", |key| Ok(Target::Key(key.to_owned()))),
        several => {
            fields.problems.push(format!("of {} only one can be there", list(several)));
            None
        }
    };
    let base64 = fields.optional("encoding", |name| named(name, &[("base64", true), ("none", false)]));
    let trim = fields.flag("trim");
    Some(Selector { target: wanted?, base64: base64.unwrap_or(false), trim: trim.unwrap_or(false) })
}

fn version(text: &str) -> Result<u64, String> {
    text.parse().ok().filter(|version| *version > 0).ok_or_else(|| "must be a whole number from 1 up".to_owned())
}

fn method(name: &str) -> Result<&'static Method, String> {
    let methods: Vec<(&str, &'static Method)> = METHODS.iter().map(|method| (method.name, method)).collect();
    named(name, &methods)
}

/// One of several names.
fn named<T: Copy>(name: &str, known: &[(&str, T)]) -> Result<T, String> {
    let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
    known.iter().find(|(known, _)| *known == name).map(|(_, meaning)| *meaning).ok_or_else(|| {
        let near = nearest(name, names.iter().copied()).map(|near| format!(" (did you mean \"{near}\"?)")).unwrap_or_default();
        format!("must be one of {}, but is {}{near}", list(&names), shown(name))
    })
}

#[cfg(test)]
mod tests;

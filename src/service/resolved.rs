//! What a text means where everything that is set is as it is: found out once, and retained for the same text again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::client::{Cluster, Connections, Endpoint};
use crate::error::{Error, ErrorKind};
use crate::event::Event;
use crate::host::{Environment, Host};
use crate::reference::SecretReference;
use crate::resource::{Resource, has_memory};
use crate::secret::{Key, Secret};
use crate::settings::{self, CACHE_TIME, INLINE_LOGIN};

/// How long a secret that was read serves, unless it is set: a start-up's properties are read within a moment.
const DEFAULT_CACHE_TIME: Duration = Duration::from_secs(5);

/// A server has a handful of properties; more are the tests of a lifetime.
const MAX_ENTRIES: usize = 64;

/// All that can be known before Vault is asked.
pub(super) struct Resolved {
    pub(super) reference: Arc<SecretReference>,
    pub(super) cluster: Cluster,
    /// What its login depends on: those with the same one share it.
    pub(super) identity: Arc<Key>,
    /// The same with what is read: those with the same one share the secret.
    pub(super) location: Arc<Key>,
    /// How long a secret that was read serves.
    pub(super) cached: Duration,
    /// Whether login and read are to be one request.
    pub(super) inline: bool,
}

impl Resolved {
    /// With the settings as they are now.
    pub(super) fn new(reference: SecretReference, connections: &Connections, host: &dyn Host) -> Result<Self, Error> {
        let sources = reference.sources(host);
        let cached = CACHE_TIME.find(sources)?.map(|value| value.duration()).transpose()?;
        let cluster = Cluster::new(&reference.endpoints, sources, connections)?;
        let identity = reference.identity(host)?;
        let inline = INLINE_LOGIN.find(sources)?.map(|value| value.flag()).transpose()?;
        Ok(Self {
            cluster,
            location: Arc::new(reference.location(&identity)),
            identity: Arc::new(identity),
            cached: cached.unwrap_or(DEFAULT_CACHE_TIME),
            inline: inline.unwrap_or(false),
            reference: Arc::new(reference),
        })
    }
}

/// What the first call for a text takes at most, in bytes: trust stores, the first handshake, the answer, each several times.
const MEMORY: usize = 1 << 20;

/// Refuses to begin where the memory would not suffice.
pub(super) fn require_memory() -> Result<(), Error> {
    if has_memory(MEMORY) {
        return Ok(());
    }
    let what = "No request to Vault is begun".to_owned();
    Err(ErrorKind::UsedUp { resource: Resource::Memory, what }.into())
}

/// Tells what a text asks for, and what else is set.
fn tell(reference: &SecretReference, host: &dyn Host) {
    if !host.wants_events() {
        return;
    }
    host.event(&Event::Library { version: env!("CARGO_PKG_VERSION") });
    let endpoints: Vec<String> = reference.endpoints.iter().map(Endpoint::name).collect();
    let SecretReference { mount, path, method, .. } = reference;
    host.event(&Event::Text { mount: &mount.plain, path: &path.plain, method: method.name, endpoints: &endpoints });
    for (name, origin) in settings::all_set(reference.sources(host)) {
        host.event(&Event::Setting { name, origin: &origin });
    }
}

/// What was found out, by text and environment.
pub(super) struct ResolvedTexts(Mutex<Vec<Entry>>);

struct Entry {
    text: Secret,
    environment: Environment,
    resolved: Arc<Resolved>,
}

impl ResolvedTexts {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// What `text` means.
    pub(super) fn get(&self, text: &str, connections: &Connections, host: &dyn Host) -> Result<Arc<Resolved>, Error> {
        let environment = host.environment();
        let is_it = |entry: &&Entry| entry.text.expose() == text && entry.environment == *environment;
        let known = self.lock().iter().find(is_it).map(|entry| Arc::clone(&entry.resolved));
        if let Some(resolved) = known.filter(|resolved| resolved.cluster.is_current()) {
            return Ok(resolved);
        }
        require_memory()?;
        let reference = SecretReference::parse(text, host)?;
        tell(&reference, host);
        let resolved = Arc::new(Resolved::new(reference, connections, host)?);
        let entry =
            Entry { text: Secret::new(text.to_owned()), environment: environment.clone(), resolved: Arc::clone(&resolved) };
        let mut entries = self.lock();
        entries.retain(|entry| entry.text.expose() != text);
        if entries.len() == MAX_ENTRIES {
            entries.remove(0);
        }
        entries.push(entry);
        Ok(resolved)
    }

    /// Forgets everything: it holds credentials.
    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::tests::MapHost;

    const CACHE_TIME_PROPERTY: &str = "secret.store.vault.cache.time";

    fn text(path: &str) -> String {
        format!(r#"{{"mount":"secret","path":"{path}","key":"k","endpoint":"http://127.0.0.1:1","tokenFile":"x"}}"#)
    }

    #[test]
    fn the_same_text_is_understood_once_until_something_else_is_set() {
        let (texts, connections) = (ResolvedTexts::new(), Connections::new());
        let get = |path: &str, host: &MapHost| texts.get(&text(path), &connections, host);
        let host = MapHost::default();
        let first = get("a", &host).unwrap();
        assert!(Arc::ptr_eq(&first, &get("a", &host).unwrap()));
        assert!(!Arc::ptr_eq(&first, &get("b", &host).unwrap()));
        assert_eq!(first.cached, DEFAULT_CACHE_TIME);
        let seven = MapHost::default().with_property(CACHE_TIME_PROPERTY, "7");
        assert_eq!(get("a", &seven).unwrap().cached, Duration::from_secs(7));
        assert!(get("a", &MapHost::default().with_property(CACHE_TIME_PROPERTY, "soon")).is_err());
        assert_eq!(get("a", &host).unwrap().cached, DEFAULT_CACHE_TIME);
        texts.clear();
        assert!(!Arc::ptr_eq(&first, &get("a", &host).unwrap()));
    }

    #[test]
    fn a_field_that_holds_a_separator_does_not_pass_for_two() {
        let (connections, host) = (Connections::new(), MapHost::default());
        let resolved = |mount: &str, path: &str, role: &str| {
            let text = serde_json::json!({"mount": mount, "path": path, "key": "k", "endpoint": "http://127.0.0.1:1",
                "role": role, "authenticationType": "CERT"});
            Resolved::new(SecretReference::parse(&text.to_string(), &host).unwrap(), &connections, &host).unwrap()
        };
        let parts = ["a", "a:1", "1:a", "a/b", "b", "2:a", "None", "a4:None"];
        let mut seen: Vec<([&str; 3], Arc<Key>, Arc<Key>)> = Vec::new();
        for n in 0..parts.len().pow(3) {
            let part = |of: usize| parts[n / parts.len().pow(u32::try_from(of).unwrap()) % parts.len()];
            let fields = [part(0), part(1), part(2)];
            let [mount, path, role] = fields;
            let Resolved { identity, location, .. } = resolved(mount, path, role);
            for (other, known_identity, known_location) in &seen {
                assert_eq!(identity == *known_identity, other[2] == role, "{other:?} {fields:?}");
                assert!(location != *known_location, "{other:?} {fields:?}");
            }
            seen.push((fields, identity, location));
        }
    }
}

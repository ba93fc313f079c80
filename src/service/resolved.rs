//! What a text means where everything that is set is as it is: found out once, and kept for the same text again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::client::Cluster;
use crate::error::Error;
use crate::host::Host;
use crate::reference::SecretReference;
use crate::secret::Secret;
use crate::settings::{CACHE_TIME, INLINE_LOGIN};

/// How long a secret that was read serves, unless it is set: a start-up's properties are read within a moment.
const CACHED: Duration = Duration::from_secs(5);

/// A server has a handful of properties; more are the tests of a lifetime.
const MAX_ENTRIES: usize = 64;

/// All that can be known before Vault is asked.
pub(super) struct Resolved {
    pub(super) reference: Arc<SecretReference>,
    pub(super) cluster: Cluster,
    /// Who shares its login.
    pub(super) identity: Secret,
    /// How long a secret that was read serves.
    pub(super) cached: Duration,
    /// Whether login and read are to be one request.
    pub(super) inline: bool,
}

/// A resolved, and what it was made of.
struct Kept {
    text: Secret,
    surroundings: Secret,
    resolved: Arc<Resolved>,
}

static PLANS: Mutex<Vec<Kept>> = Mutex::new(Vec::new());

impl Resolved {
    /// The resolved for this text.
    pub(super) fn of(text: &str, host: &dyn Host) -> Result<Arc<Self>, Error> {
        let Some(surroundings) = host.surroundings() else {
            return Self::make(SecretReference::parse(text, host)?, host).map(Arc::new);
        };
        let is_it = |kept: &Kept| kept.text.expose() == text && kept.surroundings.expose() == surroundings.expose();
        let known = plans().iter().find(|kept| is_it(kept)).map(|kept| Arc::clone(&kept.resolved));
        if let Some(resolved) = known.filter(|resolved| resolved.cluster.is_current()) {
            return Ok(resolved);
        }
        let resolved = Arc::new(Self::make(SecretReference::parse(text, host)?, host)?);
        let mut plans = plans();
        plans.retain(|kept| kept.text.expose() != text);
        if plans.len() == MAX_ENTRIES {
            plans.remove(0);
        }
        plans.push(Kept { text: Secret::new(text.to_owned()), surroundings, resolved: Arc::clone(&resolved) });
        Ok(resolved)
    }

    /// The resolved for this request.
    pub(super) fn make(reference: SecretReference, host: &dyn Host) -> Result<Self, Error> {
        let sources = reference.sources(host);
        let cached = CACHE_TIME.find(sources)?.map(|value| value.duration()).transpose()?;
        let cluster = Cluster::new(&reference.endpoints, reference.sources(host))?;
        let identity = reference.identity(host)?;
        let inline = INLINE_LOGIN.find(sources)?.map(|value| value.flag()).transpose()?;
        Ok(Self {
            cluster,
            identity,
            cached: cached.unwrap_or(CACHED),
            inline: inline.unwrap_or(false),
            reference: Arc::new(reference),
        })
    }
}

/// Forgets all plans: they hold credentials.
pub(super) fn clear() {
    plans().clear();
}

fn plans() -> MutexGuard<'static, Vec<Kept>> {
    PLANS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    /// A host whose surroundings change.
    struct Changing(RefCell<Option<String>>);

    impl Host for Changing {
        fn variable(&self, _: &str) -> Option<std::ffi::OsString> {
            None
        }

        fn property(&self, name: &str) -> Option<String> {
            self.0.borrow().clone().filter(|_| name == "secret.store.vault.cache.time")
        }

        fn surroundings(&self) -> Option<Secret> {
            Some(Secret::new(self.0.borrow().clone().unwrap_or_default()))
        }

        fn warn(&self, _: &str) {}

        fn interrupted(&self) -> bool {
            false
        }
    }

    #[test]
    fn the_same_text_is_understood_once_until_something_else_is_set() {
        let host = Changing(RefCell::new(None));
        let text = |path: &str| {
            format!(r#"{{"mount":"secret","path":"{path}","key":"k","endpoint":"http://127.0.0.1:1","tokenFile":"x"}}"#)
        };
        let first = Resolved::of(&text("a"), &host).unwrap();
        assert!(Arc::ptr_eq(&first, &Resolved::of(&text("a"), &host).unwrap()));
        assert!(!Arc::ptr_eq(&first, &Resolved::of(&text("b"), &host).unwrap()));
        assert_eq!(first.cached, CACHED);
        *host.0.borrow_mut() = Some("7".to_owned());
        assert_eq!(Resolved::of(&text("a"), &host).unwrap().cached, Duration::from_secs(7));
        *host.0.borrow_mut() = Some("soon".to_owned());
        assert!(Resolved::of(&text("a"), &host).is_err());
        *host.0.borrow_mut() = None;
        assert_eq!(Resolved::of(&text("a"), &host).unwrap().cached, CACHED);
        clear();
        assert!(!Arc::ptr_eq(&first, &Resolved::of(&text("a"), &host).unwrap()));
    }
}

//! What Vault has: secrets engines and leases.

use std::time::Duration;

use crate::secret::Secret;

/// Which engine is at the mount: the field `engine`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    /// KV version 2.
    Kv2,
    /// KV version 1.
    Kv1,
    /// Any path that can be read: dynamic and static credentials, the cubbyhole.
    Generic,
}

impl Engine {
    /// Each by its name in the text.
    pub(crate) const ALL: [(&str, Self); 3] = [("kv2", Self::Kv2), ("kv1", Self::Kv1), ("generic", Self::Generic)];
}

/// A lease, as Vault grants it.
pub(crate) struct Lease {
    pub(crate) id: Secret,
    /// How long it lasts from the answer on, unless it is renewed.
    pub(crate) ttl: Duration,
    pub(crate) renewable: bool,
}

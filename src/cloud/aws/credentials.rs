//! The keys that requests to AWS are signed with.

use crate::secret::Secret;

/// Keys, and where they come from.
pub(crate) struct Credentials {
    /// It is no secret: it stands in AWS's logs, and in the signature.
    pub(crate) key_id: String,
    pub(crate) key: Secret,
    /// Temporary keys have one.
    pub(crate) session_token: Option<Secret>,
    /// What has them, and what had nothing before it.
    pub(crate) source: String,
    /// The region that the source names.
    pub(crate) region: Option<String>,
}

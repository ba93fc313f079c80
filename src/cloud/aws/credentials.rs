//! The keys that requests to AWS are signed with.

use crate::secret::Secret;

/// Keys, and where they come from.
pub(crate) struct Credentials {
    /// It is no secret: it stands in AWS's logs, and in the signature.
    pub(crate) key_id: String,
    pub(crate) key: Secret,
    /// Temporary keys have one.
    pub(crate) session_token: Option<Secret>,
    /// What has them; of those that were found also what had nothing before it.
    pub(crate) source: String,
    /// The region that the source names.
    pub(crate) region: Option<String>,
}

impl Credentials {
    /// Whether all of them can stand in a header.
    pub(super) fn are_visible(&self) -> bool {
        let session_token = self.session_token.as_ref().map(Secret::expose);
        [Some(self.key_id.as_str()), Some(self.key.expose()), session_token].into_iter().flatten().all(is_visible)
    }
}

/// Visible ASCII characters, and nothing else.
pub(super) fn is_visible(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic())
}

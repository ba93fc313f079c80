//! The parser of the shared files as one function of any text; see [`crate::parsers`].

use crate::cloud::aws::profile::File;
use crate::secret::Secret;

/// A shared credentials or configuration file, of which a few values are wanted.
pub(crate) fn profile(input: &str) {
    let file = File { path: String::new(), text: Secret::new(input.to_owned()) };
    for section in ["default", "profile prod"] {
        for key in ["aws_access_key_id", "aws_secret_access_key", "region"] {
            let Some(value) = file.value(section, key) else { continue };
            let text = value.expose();
            assert!(!text.is_empty() && text.trim() == text && !text.contains('\n'), "a value is a part of one line");
        }
    }
}

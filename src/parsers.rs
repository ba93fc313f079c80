//! Each parser of ours as a function of any bytes, for the fuzz targets (`fuzz/`) and the fixed-seed run below. None may panic, or take
//! longer than its input is long.

use std::str::from_utf8;
use std::time::UNIX_EPOCH;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::client;
use crate::cloud::aws;
use crate::error::RequestInfo;
use crate::host::{Environment, Host};
use crate::jwt::Claims;
use crate::reference::SecretReference;
use crate::value::{Selector, Target};
use crate::vault::{Meaning, meaning};

pub use crate::tls::parsers::{key_store, pem, x509};

/// A parser: its name, which is that of its fuzz target and of the folder of its seeds, and the function.
pub type Parser = (&'static str, fn(&[u8]));

/// All parsers.
pub const ALL: [Parser; 8] = [
    ("text", text),
    ("answer", answer),
    ("jwt", jwt),
    ("pem", pem),
    ("key_store", key_store),
    ("x509", x509),
    ("proxy", proxy),
    ("aws_profile", aws_profile),
];

/// The statuses of Vault's answers that are told apart.
const STATUSES: [u16; 16] = [200, 204, 307, 400, 403, 404, 405, 412, 429, 472, 473, 500, 501, 502, 503, 504];

/// A process without variables and properties, whose warnings are dropped.
struct Nobody(Environment);

impl Host for Nobody {
    fn environment(&self) -> &Environment {
        &self.0
    }

    fn warn(&self, message: &str) {
        assert!(!message.contains('\n'), "a warning has one line");
    }

    fn interrupted(&self) -> bool {
        false
    }
}

/// The text of the configuration: the secret that is meant, or the secret that is to be stored.
pub fn text(input: &[u8]) {
    let Ok(text) = from_utf8(input) else { return };
    let host = Nobody(Environment::default().with_variable("VAULT_ADDR", "https://vault.example.com:8200"));
    let errors = [SecretReference::parse(text, &host).err(), SecretReference::parse_store_command(text, &host).err()];
    for error in errors.into_iter().flatten() {
        assert!(!error.to_string().contains('\n'), "a message has one line");
    }
}

/// An answer of Vault: the first byte chooses its status, the rest is the body. Of a secret one value is taken out.
pub fn answer(input: &[u8]) {
    let Some((&first, body)) = input.split_first() else { return };
    let Some(&status) = STATUSES.get(usize::from(first & 0x0f)) else { return };
    let content_type = (first & 0x80 == 0).then_some("application/json");
    let Meaning::Success(envelope) = meaning(status, content_type, body) else { return };
    let Some(data) = envelope.data else { return };
    let host = Nobody(Environment::default());
    for target in [Target::Key("password".to_owned()), Target::Pointer("/data/password".to_owned())] {
        let selector = Selector { target, base64: first & 0x40 != 0, trim: first & 0x20 != 0 };
        if let Ok(value) = selector.extract(data.get(), &RequestInfo::new("GET", "https://vault.example.com/v1/secret"), &host) {
            assert!(!value.expose().is_empty(), "a password is never empty");
        }
    }
}

/// A JWT, and any JSON as the claims of one.
pub fn jwt(input: &[u8]) {
    let token = String::from_utf8_lossy(input);
    let claims = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(input));
    for token in [&*token, &claims] {
        if let Ok(claims) = Claims::parse(token) {
            let _ = claims.validity(UNIX_EPOCH);
            assert!(!claims.describe(UNIX_EPOCH).contains('\n'), "a message has one line");
        }
    }
}

/// The lists of hosts that are reached without a proxy, and a proxy's refusal.
pub fn proxy(input: &[u8]) {
    client::parsers::proxy(&String::from_utf8_lossy(input));
}

/// AWS's shared credentials and configuration files.
pub fn aws_profile(input: &[u8]) {
    aws::parsers::profile(&String::from_utf8_lossy(input));
}

#[cfg(test)]
mod tests;

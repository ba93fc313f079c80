//! A token that Vault does not accept yet: an agent that starts together with this server has not logged in, or has not written its
//! file again.

use std::sync::Arc;

use crate::auth::Login;
use crate::engine::SecretData;
use crate::error::{Error, ErrorKind, Provider};
use crate::service::read::Session;
use crate::service::tokens::ObtainedToken;

impl Session<'_> {
    /// After Vault refused a token that another program provides: the file is read again, and the agent asked again, as long as
    /// there is time. A policy's denial passes only with another token; that is looked for once.
    pub(super) fn read_later(&self, refused_token: Arc<ObtainedToken>, refused: Error) -> Result<SecretData, Error> {
        let by_policy = matches!(refused.kind(), ErrorKind::Denied(_));
        let mut at_once = match refused_token.login.provider {
            Provider::File => true,
            Provider::Agent if !by_policy => false,
            Provider::Agent | Provider::Fixed | Provider::Login => return Err(refused),
        };
        self.again.set(true);
        let mut patience = self.client.patience();
        let mut last = (refused_token, refused);
        loop {
            if !at_once && (by_policy || !patience.wait(last.1.statement())?) {
                let mut error = last.1;
                if let (Some(at), Some(tries)) = (error.at_mut(), patience.tries()) {
                    at.tries = Some(tries);
                }
                return Err(error);
            }
            at_once = false;
            let (token, _) = self.token()?;
            if token.login.provider == Provider::File && is_the_same(&token.login, &last.0.login) {
                continue;
            }
            match self.read_with(&token) {
                Err(error) if matches!(error.kind(), ErrorKind::TokenRefused { .. }) => last = (token, error),
                other => return other,
            }
        }
    }
}

fn is_the_same(one: &Login, other: &Login) -> bool {
    one.token.as_ref().map(|token| token.expose()) == other.token.as_ref().map(|token| token.expose())
}

//! `RADIUS`: a user of a RADIUS server.
//! Source: <https://developer.hashicorp.com/vault/api-docs/auth/radius#login>.

use crate::auth::password::{ONLY_A_PLUGIN, Users};
use crate::auth::{Attempt, Context};
use crate::error::Error;

pub(super) const NAME: &str = "RADIUS";

pub(super) fn attempt(context: &Context<'_>) -> Result<Attempt<'static>, Error> {
    let users = Users {
        method: NAME,
        locks_out: false,
        may_lack: Some(ONLY_A_PLUGIN),
        cause: |said| match said {
            _ if said.contains("access denied by the authentication server") => {
                "the user name or the password is wrong, or the RADIUS server refuses this user"
            }
            _ => {
                "Vault gets no answer from the RADIUS server: see that it runs, and check \"host\", \"port\" and \"secret\" in \
                 'vault read auth/MOUNT/config'"
            }
        },
    };
    users.attempt(context)
}

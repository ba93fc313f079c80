//! The other use case: a secret is stored, and read back as the server will read it.

use crate::auth::Login;
use crate::engine::{self, Outcome};
use crate::error::{Error, ErrorKind, NotStored, Provider, ReadBack};
use crate::host::Host;
use crate::reference::{SecretReference, StoreCommand};
use crate::secret::Secret;
use crate::service::Service;
use crate::service::read::Session;
use crate::service::resolved::{Resolved, require_memory};
use crate::settings::OFFICIAL_TOKEN;

impl Service {
    /// Stores the secret that `text` holds, if it has `"store":true` and a `"value"`, and returns the text for the configuration;
    /// any other text is returned as it is after its secret was read. A plain secret is stored where `SECRET_STORE_VAULT_STORE_TEXT`
    /// says, and the text that leads to it is returned.
    ///
    /// # Errors
    ///
    /// Every failure is an [`Error`] that says whether anything was written.
    pub fn store(&self, text: &str, host: &dyn Host) -> Result<String, Error> {
        self.set_clock(host);
        let (reference, command) = SecretReference::parse_store_command(text, host)?;
        let Some(command) = command else { return self.resolve(text, host).map(|_| text.to_owned()) };
        require_memory()?;
        let resolved = Resolved::new(reference, &self.connections, host)?;
        self.call(host, || write(self, &resolved, command, host))
    }
}

/// Writes with the login of the start-up, or the administrator's own. What was read before does not count, or go on to count.
fn write(service: &Service, resolved: &Resolved, command: StoreCommand, host: &dyn Host) -> Result<String, Error> {
    let session = Session::new(service, resolved, host);
    let reference = &resolved.reference;
    let write = |login: &Login| engine::write(reference, &command, login, session.client(), host);
    let Outcome { location, written, version } = match administrator(reference, host)? {
        Some(login) => write(&login)?,
        None => write(&session.token()?.0.login)?,
    };
    service.secrets.clear();
    let why = match read_back(&session, resolved, version, host) {
        Ok(value) if value.expose() == command.value.expose() => return Ok(command.text),
        Ok(_) => ReadBack::OtherValue,
        Err(error) => ReadBack::Failed(Box::new(error)),
    };
    Err(NotStored::NotReadBack { written, why, text: command.text }.at(location))
}

/// The value as the server will read it. A standby may answer with an older version for a moment: that is waited for.
fn read_back(session: &Session<'_>, resolved: &Resolved, version: Option<u64>, host: &dyn Host) -> Result<Secret, Error> {
    let mut patience = session.client().patience();
    loop {
        let found = session.read();
        let behind = match (&found, version) {
            (Ok(found), Some(version)) => found.version().is_ok_and(|there| there < version).then_some(&found.location),
            (Err(error), Some(version)) => error.at().filter(|_| match error.kind() {
                ErrorKind::SecretMissing => true,
                ErrorKind::SecretDeleted { version: there, .. } | ErrorKind::SecretDestroyed { version: there, .. } => {
                    *there < version
                }
                _ => false,
            }),
            _ => None,
        };
        if let (Some(at), Some(version)) = (behind, version) {
            let reason = format!(
                "Version {version} of the secret was written, and the node of Vault that answers does not have it yet ({at})"
            );
            if patience.wait(reason)? {
                continue;
            }
        }
        let found = found?;
        return resolved.reference.selector.extract(found.data(), &found.location, host);
    }
}

/// The administrator's own token, where it is set as for the official client. Else the server's login has to do.
fn administrator(reference: &SecretReference, host: &dyn Host) -> Result<Option<Login>, Error> {
    let Some(token) = OFFICIAL_TOKEN.find(reference.sources(host))? else { return Ok(None) };
    let origin = token.origin.to_string();
    Ok(Some(Login::given(token.into_token()?, origin, Provider::Fixed)))
}

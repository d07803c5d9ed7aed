//! From a method to its mechanism: the one place that knows them all.

use super::basic::Basic;
use super::error::Error;
use super::mechanism::{Logon, Mechanism};
use super::windows::Windows;
use crate::secret::Secret;
use crate::target::{AuthMethod, Credential};

/// A fresh context for one connection to `host`; `workstation` is the name that its events shall show for us.
///
/// # Errors
/// [`Error::UserName`].
pub fn mechanism(
    method: AuthMethod,
    credential: &Credential,
    host: &str,
    workstation: &str,
) -> Result<Box<dyn Mechanism>, Error> {
    let empty = Secret::new(String::new());
    let password = credential.password.as_ref().unwrap_or(&empty);
    let logon = Logon { user: &credential.user, password, host, workstation };
    Ok(match method {
        AuthMethod::Basic => Box::new(Basic::new(&credential.user, password)),
        AuthMethod::Negotiate => Box::new(Windows::negotiate(&logon)?),
        AuthMethod::Ntlm => Box::new(Windows::ntlm(&logon)?),
    })
}

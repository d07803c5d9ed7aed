//! From a method to its mechanism: the one place that knows them all.

use super::basic::Basic;
use super::error::Error;
use super::mechanism::{Logon, Mechanism};
use super::windows::Windows;
use crate::target::{AuthMethod, Credential};

/// A fresh context for one connection to `host`; `workstation` is the name that its events shall show for us.
///
/// # Errors
/// [`Error::UserName`], or [`Error::NotProving`] for what the method does not take as a proof.
pub fn mechanism(
    method: AuthMethod,
    credential: &Credential,
    host: &str,
    workstation: &str,
) -> Result<Box<dyn Mechanism>, Error> {
    let what = credential.kind();
    let password = credential.password().ok_or(Error::NotProving { method: method.name(), what })?;
    let user = credential.user();
    let logon = Logon { user, password, host, workstation };
    Ok(match method {
        AuthMethod::Basic => Box::new(Basic::new(user, password)),
        AuthMethod::Negotiate => Box::new(Windows::negotiate(&logon)?),
        AuthMethod::Ntlm => Box::new(Windows::ntlm(&logon)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_method_does_not_take_is_refused_and_not_passed_over() {
        let ticket = Credential::Ticket { user: "ada@CONTOSO.COM".to_owned() };
        for credential in [ticket, Credential::of("ada", None)] {
            for method in [AuthMethod::Negotiate, AuthMethod::Ntlm, AuthMethod::Basic] {
                let refused = mechanism(method, &credential, "web01", "psfleet").err();
                let expected = Error::NotProving { method: method.name(), what: credential.kind() };
                assert_eq!(refused, Some(expected));
            }
        }
    }
}

//! What keeps CredSSP from going on, with the next step. What the host says of the account counts as a refused
//! credential, and so does any status that we do not know.

use crate::auth::CredSspFault as Fault;
use crate::outcome::Reason;
use crate::transport::Error;

/// What switches CredSSP on at a host.
pub(super) const SWITCH_ON: &str =
    "as an administrator there: Enable-WSManCredSSP -Role Server; or log on without it, by --auth negotiate";

/// A logon that ends.
pub(super) fn credssp(fault: &Fault) -> Error {
    let (reason, hint) = match fault {
        Fault::Status(status) => return refused(*status, fault),
        Fault::OldVersion(_) => (
            Reason::AuthMethod,
            "install the updates of May 2018 or later there (Windows clients refuse such hosts too), or use --auth \
             negotiate",
        ),
        Fault::OtherKey => (
            Reason::Protocol,
            "no password was handed over; look for who answers at this address, such as a proxy or a load balancer",
        ),
        Fault::NoTls => (
            Reason::Tls,
            "it needs TLS 1.2 with ECDHE and AES-GCM, switched on for servers in Schannel there; Windows Server 2012 \
             R2 and older have none for RSA certificates: use --auth negotiate",
        ),
        _ => (
            Reason::Protocol,
            "see the System event log there (source Schannel); --auth negotiate logs on without CredSSP",
        ),
    };
    Error::new(reason, fault.to_string()).with_hint(hint)
}

/// A logon that the host has refused by a status.
fn refused(status: u32, fault: &Fault) -> Error {
    let (reason, hint) = match status {
        0xC000_005E | 0x8009_0311 => {
            let error = Error::new(Reason::ServerFault, fault.to_string()).retryable().behind_proof();
            return error.with_hint("the host needs to reach a domain controller: nltest /sc_verify:DOMAIN there");
        }
        0xC000_0072 | 0xC000_0193 | 0xC000_0234 => {
            (Reason::AccountLocked, "an administrator can unlock or enable it: Unlock-ADAccount, Enable-ADAccount")
        }
        0xC000_0133 | 0x8009_0324 => (
            Reason::ClockSkew,
            "the host's clock differs from the domain's by more than five minutes: w32tm /resync there",
        ),
        0x8009_035E => (
            Reason::AuthMethod,
            "see 'Credentials Delegation' in the policies of the host and of the domain; or use --auth negotiate",
        ),
        0xC000_0071 | 0xC000_0224 => {
            (Reason::LogonDenied, "change the password first: on a machine of the domain, or by kpasswd user@REALM")
        }
        _ => (Reason::LogonDenied, "check user and password; the Security event log there says more (event 4625)"),
    };
    Error::new(reason, fault.to_string()).with_hint(hint)
}

#[cfg(test)]
mod tests {
    use super::{Fault, credssp};
    use crate::outcome::Reason;

    #[test]
    fn the_breaker_counts_what_is_said_of_the_account() {
        for (fault, reason, counts) in [
            (Fault::Status(0xC000_006D), Reason::LogonDenied, true),
            (Fault::Status(0x8009_030C), Reason::LogonDenied, true),
            (Fault::Status(0xC000_0234), Reason::AccountLocked, true),
            (Fault::Status(0x8009_0001), Reason::LogonDenied, true),
            (Fault::Status(0xC000_005E), Reason::ServerFault, false),
            (Fault::Status(0xC000_0133), Reason::ClockSkew, false),
            (Fault::Status(0x8009_035E), Reason::AuthMethod, false),
            (Fault::OldVersion(3), Reason::AuthMethod, false),
            (Fault::OtherKey, Reason::Protocol, false),
            (Fault::NoTls, Reason::Tls, false),
            (Fault::Tls("x".to_owned()), Reason::Protocol, false),
        ] {
            let error = credssp(&fault);
            assert_eq!((error.reason, error.is_credential_refused()), (reason, counts), "{error}");
            assert!(error.hint.is_some(), "{error}");
        }
    }
}

//! What the library's faults mean: by kind, then by krb5's own numbers, then by its words. Minor codes are numbers of
//! the process, and krb5's own reach us only where a credential is acquired for one mechanism.

use psfleet_gssapi::{Fault, Major};

/// Why Kerberos does not go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KerberosFault {
    /// The library is not installed, or cannot be loaded.
    #[error("Kerberos is not installed on this machine ({0})")]
    NoLibrary(String),
    /// The user has no ticket.
    #[error("there is no Kerberos ticket: {0}")]
    NoTicket(String),
    /// The user's ticket has expired.
    #[error("the Kerberos ticket has expired")]
    TicketExpired,
    /// The user's ticket may not be handed on to a host, which is what delegation does.
    #[error("the host cannot act as the user elsewhere: the KDC gave a ticket that may not be forwarded")]
    NotForwardable,
    /// Somebody's clock is wrong.
    #[error("the clocks differ by more than Kerberos allows")]
    ClockSkew,
    /// The KDC knows no server of this name.
    #[error("the KDC knows no server {0}")]
    UnknownServer(String),
    /// The host is addressed by a number, or as this machine.
    #[error("the host is addressed as '{0}', which no KDC knows")]
    NoName(String),
    /// The password, or the key of the keytab, is wrong.
    #[error("the KDC refused the password or key: {0}")]
    WrongPassword(String),
    /// The password is right, and must be changed first.
    #[error("the password has expired")]
    PasswordExpired,
    /// The account is locked, disabled or expired.
    #[error("the account is locked or disabled: {0}")]
    Locked(String),
    /// The KDC knows no user of this name.
    #[error("the KDC does not know the user: {0}")]
    UnknownUser(String),
    /// No KDC answers, or none is known for the realm.
    #[error("no KDC can be reached: {0}")]
    NoKdc(String),
    /// The server cannot read our ticket: another account has its name.
    #[error("the host cannot read the ticket: its name belongs to another account")]
    WrongServer,
    /// The token is bound to another TLS channel than the server's.
    #[error("the logon is bound to another TLS channel than the host's")]
    OtherChannel,
    /// Whatever else the library says.
    #[error("Kerberos does not go on: {0}")]
    Other(String),
}

/// The first of krb5's error codes (`ERROR_TABLE_BASE_krb5`); RFC 4120's follow it by their own numbers.
const BASE: u32 = 2_529_638_912;

impl KerberosFault {
    /// What a fault of the library means; `server` is whose ticket was asked for.
    pub(super) fn of(fault: &Fault, server: Option<&str>) -> Self {
        tracing::debug!(?fault, "Kerberos fails");
        let text = || fault.text.clone();
        let says = |part: &str| fault.text.contains(part);
        match fault.minor.wrapping_sub(BASE) {
            _ if fault.major == Major::BadBindings => Self::OtherChannel,
            6 => Self::UnknownUser(text()),
            // Of both an acceptor and a KDC: the name is of the side that was asked for.
            7 => Self::UnknownServer(named(server)),
            18 => Self::Locked(text()),
            23 => Self::PasswordExpired,
            24 | 31 => Self::WrongPassword(text()),
            32 => Self::TicketExpired,
            37 => Self::ClockSkew,
            41 => Self::WrongServer,
            156 => Self::NoKdc(text()),
            _ if says("Clock skew") => Self::ClockSkew,
            // Of hosts alone: theirs is another account's ticket, or an older key.
            35 | 44 | 45 => Self::WrongServer,
            _ if says("ticket isn't for us") || says("Key version is not available") => Self::WrongServer,
            _ if says("not found in Kerberos database") && says("Server ") => Self::UnknownServer(named(server)),
            _ if says("not found in Kerberos database") => Self::UnknownUser(text()),
            _ if says("Preauthentication failed") || says("Decrypt integrity check failed") && server.is_none() => {
                Self::WrongPassword(text())
            }
            _ if says("credentials have been revoked") => Self::Locked(text()),
            _ if says("Password has expired") => Self::PasswordExpired,
            _ if says("Ticket expired") || fault.major == Major::CredentialExpired => Self::TicketExpired,
            _ if says("Cannot contact any KDC") || says("Cannot find KDC") || says("Cannot resolve") => {
                Self::NoKdc(text())
            }
            _ if says("default realm") => Self::NoKdc(text()),
            _ if says("Message stream modified") || says("Decrypt integrity check failed") => Self::WrongServer,
            _ if fault.major == Major::NoCredential => Self::NoTicket(text()),
            _ => Self::Other(text()),
        }
    }

    /// Whether it is what a KDC says of the account, which stays as it is until somebody changes that.
    pub(super) fn is_of_account(&self) -> bool {
        matches!(self, Self::WrongPassword(_) | Self::PasswordExpired | Self::Locked(_) | Self::UnknownUser(_))
    }

    /// Whether another mechanism may be tried: not where the account itself was refused, which a second attempt would
    /// only refuse again.
    pub(in crate::auth) fn leaves_another(&self) -> bool {
        !matches!(self, Self::WrongPassword(_) | Self::PasswordExpired | Self::Locked(_) | Self::OtherChannel)
    }
}

/// The server without the sign of the realm that nobody named.
fn named(server: Option<&str>) -> String {
    server.unwrap_or_default().trim_end_matches('@').to_owned()
}

#[cfg(test)]
mod tests {
    use psfleet_gssapi::{Fault, Major};

    use super::{BASE, KerberosFault};

    #[test]
    fn what_the_library_says_has_a_meaning() {
        let of = |major, minor, text: &str| {
            let fault = Fault { major, minor, text: text.to_owned(), reply: None };
            KerberosFault::of(&fault, Some("HTTP/web01@"))
        };
        let other = Major::Other;
        assert_eq!(of(other, 100_001, "Server HTTP/web01@R not found in Kerberos database"), {
            KerberosFault::UnknownServer("HTTP/web01".to_owned())
        });
        assert_eq!(of(other, 100_002, "Clock skew too great"), KerberosFault::ClockSkew);
        assert_eq!(of(other, 100_001, "Ticket expired"), KerberosFault::TicketExpired);
        assert_eq!(of(Major::BadBindings, 1, "x"), KerberosFault::OtherChannel);
        assert_eq!(of(other, BASE + 41, "Message stream modified"), KerberosFault::WrongServer);
        for (minor, text) in [(BASE + 24, "x"), (7, "Preauthentication failed")] {
            let fault = of(Major::NoCredential, minor, text);
            assert_eq!(fault, KerberosFault::WrongPassword(text.to_owned()));
            assert!(!fault.leaves_another());
        }
        for text in ["Cannot contact any KDC for realm 'R'", "Configuration file does not specify default realm"] {
            let fault = of(Major::NoCredential, 5, text);
            assert!(matches!(fault, KerberosFault::NoKdc(_)) && fault.leaves_another(), "{text}");
        }
        assert!(matches!(of(Major::NoCredential, 5, "No credentials cache found"), KerberosFault::NoTicket(_)));
    }
}

//! What keeps Kerberos from going on, with the next step. Only what a KDC says of the account itself counts as a
//! refused credential: clocks, names and missing tickets say nothing about a password.

use crate::auth::KerberosFault as Fault;
use crate::outcome::Reason;
use crate::transport::Error;

/// A logon that ends before the host has seen a proof, or by what the host says of it.
pub(super) fn kerberos(fault: &Fault, by_host: bool) -> Error {
    let (reason, hint) = match fault {
        Fault::NoLibrary(_) => (
            Reason::AuthMethod,
            "install MIT's library (Debian, Ubuntu: apt install libgssapi-krb5-2; Fedora, RHEL: dnf install \
             krb5-libs), or use --auth ntlm",
        ),
        Fault::NoTicket(_) => (
            Reason::NoTicket,
            "get one with kinit user@REALM (klist shows what there is), name its cache with --ccache, or give a \
             keytab with --keytab, or a password with --ask-pass",
        ),
        Fault::TicketExpired => {
            (Reason::NoTicket, "get a new one with kinit user@REALM; klist shows until when it is good")
        }
        Fault::NotForwardable => (
            Reason::NoTicket,
            "get one that may be: kinit -f user@REALM, or forwardable = true under [libdefaults] of /etc/krb5.conf for \
             passwords and keytabs; the account must not be marked 'sensitive and cannot be delegated'",
        ),
        Fault::ClockSkew if by_host => (
            Reason::ClockSkew,
            "the host's clock differs from ours by more than five minutes: w32tm /resync there, chronyc makestep here",
        ),
        Fault::ClockSkew => (
            Reason::ClockSkew,
            "this machine's clock differs from the KDC's by more than five minutes: set it with chronyc makestep",
        ),
        Fault::UnknownServer(_) => (
            Reason::UnknownSpn,
            "address the host by its full name; setspn -Q HTTP/host on a domain member shows who has the name, and \
             --spn gives another (WSMAN, or HTTP/host)",
        ),
        Fault::NoName(_) => {
            (Reason::UnknownSpn, "address the host by its full name, or give that with --spn HTTP/host.contoso.com")
        }
        Fault::WrongPassword(_) => (Reason::LogonDenied, "check user and password, or make the keytab anew"),
        Fault::PasswordExpired => (Reason::LogonDenied, "change the password first: kpasswd user@REALM"),
        Fault::Locked(_) => {
            (Reason::AccountLocked, "an administrator of the domain can unlock it: Unlock-ADAccount user")
        }
        Fault::UnknownUser(_) => (
            Reason::LogonDenied,
            "give the user as user@REALM, with the realm that has the account; it may differ from the suffix of a UPN",
        ),
        Fault::NoKdc(_) => (
            Reason::NoKdc,
            "DNS must have _kerberos._udp.REALM, or /etc/krb5.conf the realm with its kdc, and port 88 must be open; \
             kinit user@REALM tries the same",
        ),
        Fault::WrongServer => (
            Reason::TicketRefused,
            "setspn -Q HTTP/host shows the account; --spn WSMAN asks for the host's own, and klist purge drops old tickets",
        ),
        Fault::OtherChannel => (
            Reason::TicketRefused,
            "a proxy that terminates TLS may stand in between: use the host's own address and port",
        ),
        _ => (Reason::Protocol, "KRB5_TRACE=/dev/stderr shows what the library does"),
    };
    Error::new(reason, fault.to_string()).with_hint(hint)
}

/// No answer of a KDC within the time that connecting may take.
pub(super) fn late() -> Error {
    kerberos(&Fault::NoKdc("no answer within the connect timeout".to_owned()), false)
}

/// The host answered a ticket that it was sent with 401, and nothing else.
pub(super) fn ticket_refused(over_tls: bool) -> Error {
    let message = "access denied (Kerberos): the KDC knows the user, but the host refused the ticket";
    let hint = if over_tls {
        "the host's clock may be wrong, the user may not log on there, or a proxy that terminates TLS stands in between"
    } else {
        "the host's clock may be wrong, the user may not log on there, or the name belongs to another account \
         (setspn -Q HTTP/host; --spn WSMAN asks for the host's own)"
    };
    Error::new(Reason::TicketRefused, message).with_hint(hint)
}

/// The host has let us in without proving that it is the one that the ticket is for.
pub(super) fn unproven_host() -> Error {
    Error::new(Reason::Protocol, "the host accepted the ticket, but did not prove that it can read it")
        .with_hint("something between us and the host may answer in its place")
}

#[cfg(test)]
mod tests {
    use super::{Fault, kerberos, late, ticket_refused};

    /// What a KDC says of the account counts as a refused credential, and nothing else does.
    #[test]
    fn the_breaker_counts_what_is_said_of_the_account() {
        let text = || "x".to_owned();
        for (fault, counts) in [
            (Fault::WrongPassword(text()), true),
            (Fault::PasswordExpired, true),
            (Fault::Locked(text()), true),
            (Fault::UnknownUser(text()), true),
            (Fault::ClockSkew, false),
            (Fault::UnknownServer(text()), false),
            (Fault::NoName(text()), false),
            (Fault::NoTicket(text()), false),
            (Fault::TicketExpired, false),
            (Fault::NotForwardable, false),
            (Fault::NoKdc(text()), false),
            (Fault::NoLibrary(text()), false),
            (Fault::WrongServer, false),
            (Fault::OtherChannel, false),
            (Fault::Other(text()), false),
        ] {
            for by_host in [false, true] {
                let error = kerberos(&fault, by_host);
                assert_eq!(error.is_credential_refused(), counts, "{error}");
                assert!(error.hint.is_some() && !error.retryable, "{error}");
            }
        }
        assert!(!late().is_credential_refused() && !ticket_refused(true).is_credential_refused());
    }
}

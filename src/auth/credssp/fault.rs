//! Why a logon by CredSSP does not go on.

use rustls::{AlertDescription, PeerIncompatible};

/// Why CredSSP does not go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CredSspFault {
    /// The host says no, by a status of Windows.
    #[error("the host refuses the logon: {}", status(*.0))]
    Status(u32),
    /// The host speaks a version whose proof can be passed on by somebody in between (CVE-2018-0886).
    #[error(
        "the host speaks CredSSP version {0}, which does not keep others from passing the logon on (CVE-2018-0886)"
    )]
    OldVersion(u32),
    /// The host sees another TLS than we do.
    #[error("the host has proved another TLS key than the one that we see: somebody is in between")]
    OtherKey,
    /// Both sides have no version of TLS or no cipher suite in common.
    #[error("the host and psfleet have no TLS 1.2 in common for CredSSP")]
    NoTls,
    /// The TLS of CredSSP breaks off.
    #[error("the TLS of CredSSP breaks off: {0}")]
    Tls(String),
}

impl CredSspFault {
    /// What a fault of TLS means.
    pub(super) fn of_tls(error: &rustls::Error) -> Self {
        tracing::debug!(%error, "the TLS of CredSSP fails");
        match error {
            rustls::Error::AlertReceived(
                AlertDescription::HandshakeFailure
                | AlertDescription::ProtocolVersion
                | AlertDescription::InsufficientSecurity,
            )
            | rustls::Error::PeerIncompatible(
                PeerIncompatible::ServerDoesNotSupportTls12Or13
                | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
            ) => Self::NoTls,
            rustls::Error::AlertReceived(alert) => {
                Self::Tls(format!("the host sends alert number {}", u8::from(*alert)))
            }
            rustls::Error::InvalidCertificate(_) => Self::Tls("the host's certificate cannot be used".to_owned()),
            rustls::Error::DecryptError => Self::Tls("a record was altered, or comes out of order".to_owned()),
            _ => Self::Tls("what the host sends breaks the protocol".to_owned()),
        }
    }
}

/// A status by its name, as far as logons have one. A host sends NTSTATUS values, and those of SSPI.
fn status(code: u32) -> String {
    let name = match code {
        0xC000_005E => "no domain controller can be reached from there",
        0xC000_0064 => "it knows no such user",
        0xC000_006A | 0xC000_006D | 0x8009_030C => "the user or the password is wrong",
        0xC000_006E => "the account is restricted",
        0xC000_006F => "the account may not log on at this hour",
        0xC000_0070 => "the account may not log on from here",
        0xC000_0071 => "the password has expired",
        0xC000_0072 => "the account is disabled",
        0xC000_0133 | 0x8009_0324 => "the clocks differ by more than Kerberos allows",
        0xC000_015B => "the user may not log on there in this way",
        0xC000_0193 => "the account has expired",
        0xC000_0224 => "the password must be changed first",
        0xC000_0234 => "the account is locked out",
        0x8009_0302 => "it does not take what it was sent",
        0x8009_0308 => "it cannot read what it was sent",
        0x8009_0311 => "no authority can be reached from there",
        0x8009_035E => "its policy forbids that credentials are delegated",
        _ => return format!("status 0x{code:08X}"),
    };
    format!("{name} (0x{code:08X})")
}

#[cfg(test)]
mod tests {
    use rustls::{AlertDescription, Error, PeerIncompatible};

    use super::CredSspFault;

    #[test]
    fn a_tls_that_cannot_be_agreed_on_is_told_from_one_that_breaks() {
        for (error, is_none) in [
            (Error::AlertReceived(AlertDescription::ProtocolVersion), true),
            (Error::PeerIncompatible(PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig), true),
            (Error::AlertReceived(AlertDescription::InternalError), false),
            (Error::DecryptError, false),
        ] {
            assert_eq!(CredSspFault::of_tls(&error) == CredSspFault::NoTls, is_none, "{error}");
        }
    }

    #[test]
    fn statuses_are_shown_in_words_and_numbers() {
        let shown = CredSspFault::Status(0xC000_0234).to_string();
        assert_eq!(shown, "the host refuses the logon: the account is locked out (0xC0000234)");
        assert!(CredSspFault::Status(0x1234).to_string().ends_with(": status 0x00001234"));
    }
}

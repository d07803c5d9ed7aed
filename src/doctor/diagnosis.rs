//! From a run's reason to the cause behind it.

use super::cause::Cause;
use super::stage::Stage;
use crate::outcome::Reason;
use crate::target::{AuthMethod, Endpoint, Tls};
use crate::transport::Outlook;

impl Cause {
    /// The cause behind a run's reason at a stage, for a host that is reached like this.
    pub fn of(reason: Reason, endpoint: &Endpoint, stage: Stage) -> Option<Self> {
        let is_silent = matches!(reason, Reason::ConnectTimeout | Reason::Network);
        // What is behind a bastion was not seen to be there.
        let is_behind = matches!(endpoint, Endpoint::Winrm(winrm) if !winrm.jump.is_empty());
        let is_connected = !is_behind && !matches!(stage, Stage::Way(Outlook::Dns | Outlook::Tcp));
        match endpoint {
            // No firewall lets a connection through and swallows what comes over it.
            Endpoint::Winrm(_) if is_silent && is_connected => Some(Self::NoStart),
            Endpoint::Ssh(_) if is_silent && is_connected => None,
            Endpoint::Winrm(winrm) if winrm.auth == AuthMethod::CredSsp && reason == Reason::AuthMethod => {
                Some(Self::CredSsp)
            }
            Endpoint::Winrm(winrm) => over_winrm(reason, winrm.tls != Tls::Off, winrm.is_clear()),
            Endpoint::Ssh(_) => over_ssh(reason),
            Endpoint::Local(_) => None,
        }
    }
}

fn over_winrm(reason: Reason, over_tls: bool, is_clear: bool) -> Option<Cause> {
    Some(match reason {
        Reason::Dns => Cause::Dns,
        Reason::Refused if over_tls => Cause::NoTlsListener,
        Reason::Refused => Cause::NoListener,
        Reason::ConnectTimeout | Reason::Network => Cause::Firewall,
        Reason::TlsExpired | Reason::TlsName => Cause::Certificate,
        Reason::TlsUntrusted => Cause::Untrusted,
        Reason::Tls => Cause::Tls,
        Reason::NotWinrm => Cause::NotWinrm,
        Reason::AuthMethod if is_clear => Cause::Unencrypted,
        Reason::AuthMethod => Cause::Mechanism,
        Reason::LogonDenied => Cause::LogonDenied,
        Reason::AccountLocked => Cause::AccountLocked,
        Reason::UnknownSpn | Reason::TicketRefused => Cause::Spn,
        Reason::EndpointDenied => Cause::EndpointDenied,
        Reason::NoEndpoint => Cause::NoEndpoint,
        Reason::Quota => Cause::Quota,
        Reason::OpenTimeout | Reason::ServerFault => Cause::NoStart,
        _ => return None,
    })
}

fn over_ssh(reason: Reason) -> Option<Cause> {
    Some(match reason {
        Reason::Dns => Cause::Dns,
        Reason::Refused => Cause::NoSshd,
        Reason::ConnectTimeout | Reason::Network => Cause::SshFirewall,
        Reason::HostKey => Cause::HostKey,
        Reason::LogonDenied | Reason::AuthMethod => Cause::SshLogon,
        Reason::AccountLocked => Cause::AccountLocked,
        Reason::NoPowershell => Cause::NoPowershell,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_leads_to_causes_with_a_remedy() {
        let ways = [(false, false), (true, false), (false, true)];
        let found = Reason::ALL.iter().flat_map(|&reason| {
            ways.iter().filter_map(move |&(tls, clear)| over_winrm(reason, tls, clear)).chain(over_ssh(reason))
        });
        assert!(found.into_iter().all(|cause| !cause.code().is_empty()));
        assert_eq!(over_winrm(Reason::Refused, true, false), Some(Cause::NoTlsListener));
        assert_eq!(over_winrm(Reason::AuthMethod, false, true), Some(Cause::Unencrypted));
        assert_eq!(over_winrm(Reason::CredentialTripped, false, false), None);
    }
}

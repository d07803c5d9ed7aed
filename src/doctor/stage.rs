//! The stages of the way to a host and into its PowerShell.

use crate::outcome::Reason;
use crate::transport::Outlook;

/// A stage, in the order in which they are passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// One that is seen without a logon.
    Way(Outlook),
    /// The SSH bastions before the host.
    Bastion,
    /// The Kerberos ticket for the host.
    Ticket,
    /// The logon.
    Logon,
    /// The shell, with PowerShell in it.
    Shell,
    /// The subsystem of an SSH server.
    Subsystem,
    /// A pipeline that says what PowerShell it is, and whose.
    Pipeline,
    /// The quotas of WinRM.
    Quotas,
}

impl Stage {
    /// Its word in JSON and in the report.
    pub fn word(self) -> &'static str {
        match self {
            Self::Way(Outlook::Dns) => "dns",
            Self::Way(Outlook::Tcp) => "tcp",
            Self::Way(Outlook::Tls) => "tls",
            Self::Way(Outlook::Identify) => "identify",
            Self::Way(Outlook::Mechanisms) => "mechanisms",
            Self::Way(Outlook::Clock) => "clock",
            Self::Way(Outlook::HostKey) => "host_key",
            Self::Way(Outlook::Methods) => "methods",
            Self::Bastion => "bastion",
            Self::Ticket => "ticket",
            Self::Logon => "logon",
            Self::Shell => "shell",
            Self::Subsystem => "subsystem",
            Self::Pipeline => "pipeline",
            Self::Quotas => "quotas",
        }
    }

    /// Where a session that could not be opened has failed, when the way to it was seen to be open.
    pub fn of_session(reason: Reason) -> Self {
        use Reason::{EndpointDenied, NoEndpoint, NoPowershell, OpenTimeout, Protocol, Quota, ServerFault};
        use Reason::{NoKdc, NoTicket, UnknownSpn};
        match reason {
            NoKdc | NoTicket | UnknownSpn => Self::Ticket,
            EndpointDenied
            | NoEndpoint
            | NoPowershell
            | OpenTimeout
            | Protocol
            | Quota
            | ServerFault
            | Reason::LinkBroken => Self::Shell,
            Reason::Bastion => Self::Bastion,
            _ => Self::Logon,
        }
    }
}

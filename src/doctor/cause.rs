//! What is wrong with a host, by what can be done about it there.

/// A cause with a remedy. Several reasons of a run may have the same cause, and one reason a different cause over each
/// transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cause {
    /// The name has no address.
    Dns,
    /// WinRM does not listen.
    NoListener,
    /// WinRM does not listen with TLS.
    NoTlsListener,
    /// No answer from WinRM's port.
    Firewall,
    /// The certificate of the listener is of no use, or will not be for long.
    Certificate,
    /// The certificate of the listener is good, and nobody here trusts it.
    Untrusted,
    /// No TLS in common.
    Tls,
    /// Something else listens there.
    NotWinrm,
    /// The mechanism is switched off there.
    Mechanism,
    /// Messages that are not sealed are refused.
    Unencrypted,
    /// The logon is refused.
    LogonDenied,
    /// The account is locked or disabled.
    AccountLocked,
    /// The account may not use the endpoint.
    EndpointDenied,
    /// There is no such endpoint.
    NoEndpoint,
    /// A quota is used up.
    Quota,
    /// A quota is so low that it will be used up.
    QuotaLow,
    /// PowerShell does not start in time, or WinRM is overloaded.
    NoStart,
    /// The clock is wrong.
    Clock,
    /// No SSH server listens.
    NoSshd,
    /// No answer from the SSH server's port.
    SshFirewall,
    /// The key of the SSH server is not the one that is known.
    HostKey,
    /// The SSH server refuses the user.
    SshLogon,
    /// The SSH server starts no PowerShell.
    NoPowershell,
    /// The SSH server starts PowerShell by a command alone.
    NoSubsystem,
}

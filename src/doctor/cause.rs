//! What is wrong with a host, by what can be done about it there.

use crate::outcome::codes;

codes! {
    /// A cause with a remedy. Several reasons of a run may have the same cause, and one reason a different cause over each
    /// transport.
    ///
    /// The code is also the name of its fix script.
    Cause {
        /// The name has no address.
        Dns = "dns",
        /// WinRM does not listen.
        NoListener = "no_listener",
        /// WinRM does not listen with TLS.
        NoTlsListener = "no_tls_listener",
        /// No answer from WinRM's port.
        Firewall = "firewall",
        /// The certificate of the listener is of no use, or will not be for long.
        Certificate = "certificate",
        /// The certificate of the listener is good, and nobody here trusts it.
        Untrusted = "untrusted",
        /// No TLS in common.
        Tls = "tls",
        /// Something else listens there.
        NotWinrm = "not_winrm",
        /// The mechanism is switched off there.
        Mechanism = "mechanism",
        /// CredSSP is switched off there, or its TLS.
        CredSsp = "credssp",
        /// Messages that are not sealed are refused.
        Unencrypted = "unencrypted",
        /// The logon is refused.
        LogonDenied = "logon_denied",
        /// The account is locked or disabled.
        AccountLocked = "account_locked",
        /// No ticket that the host can read is to be had for its name.
        Spn = "spn",
        /// The account may not use the endpoint.
        EndpointDenied = "endpoint_denied",
        /// There is no such endpoint.
        NoEndpoint = "no_endpoint",
        /// A quota is used up.
        Quota = "quota",
        /// A quota is so low that it will be used up.
        QuotaLow = "quota_low",
        /// PowerShell does not start in time, or WinRM is overloaded.
        NoStart = "no_start",
        /// The clock is wrong.
        Clock = "clock",
        /// No SSH server listens.
        NoSshd = "no_sshd",
        /// No answer from the SSH server's port.
        SshFirewall = "ssh_firewall",
        /// The key of the SSH server is not the one that is known.
        HostKey = "host_key",
        /// The SSH server refuses the user.
        SshLogon = "ssh_logon",
        /// The SSH server starts no PowerShell.
        NoPowershell = "no_powershell",
        /// The SSH server starts PowerShell by a command alone.
        NoSubsystem = "no_subsystem",
    }
}

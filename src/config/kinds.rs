//! Settings that are one of a few words.

/// How to reach a target; `auto` is an inventory's key, else the URL's scheme, else WinRM. Never probed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Not said here.
    Auto,
    /// PSRP over WSMan.
    Winrm,
    /// PSRP over SSH.
    Ssh,
    /// A PowerShell started on this machine.
    Local,
}

/// What to do with sealed NTLM over plain HTTP to a name that is not in `trusted_hosts`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Untrusted {
    /// Go on, with one warning a run.
    Allow,
    /// Refuse, as WSMan does.
    Refuse,
}

/// Whether NTLM may be used at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ntlm {
    /// Where Kerberos cannot be had, or it is asked for.
    Allow,
    /// Never.
    Refuse,
}

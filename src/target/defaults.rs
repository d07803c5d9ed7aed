//! What an endpoint has where nobody says otherwise.

use super::AuthMethod;

/// The port of SSH.
pub const SSH_PORT: u16 = 22;
/// The subsystem of PowerShell in an SSH server.
pub const SUBSYSTEM: &str = "powershell";
/// What starts PowerShell where an SSH server has no such subsystem.
pub const EXEC: &str = "pwsh -sshs -NoLogo -NoProfile";
/// The PowerShell of this machine.
pub const PWSH: &str = "pwsh";
/// The path of WSMan's URL.
pub const WSMAN_PATH: &str = "/wsman";
/// The session configuration of Windows PowerShell.
pub const CONFIGURATION_NAME: &str = "Microsoft.PowerShell";

/// How WinRM logs on.
pub const AUTH: AuthMethod = AuthMethod::Negotiate;
/// Whether WinRM goes over HTTPS.
pub const TLS: bool = false;
/// Whether a password may go over plain HTTP.
pub const ALLOW_UNENCRYPTED: bool = false;

/// The port of WinRM, over HTTPS or without.
pub fn winrm_port(tls: bool) -> u16 {
    if tls { 5986 } else { 5985 }
}

//! The table of remedies: what a cause calls for, and the commands to run on the host.
//!
//! Commands are for Windows PowerShell 5.1 and later, one statement or two a line, and safe to run twice. Those of SSH
//! are for PowerShell on Linux as well, which has no `ProgramData`. `{users}` stands for a list of the users that are
//! meant.

use super::cause::Cause;

/// What is to be done about a cause: the next step, where a run has no hint of its own, and the commands.
pub(super) type Remedy = (&'static str, &'static [&'static str]);

/// Service, listener, firewall rule and endpoints in one: see the page on Enable-PSRemoting in the docs.
const ENABLE: &str = "Enable-PSRemoting -SkipNetworkProfileCheck -Force";
const SERVICE: &str = "Set-Service -Name WinRM -StartupType Automatic";
const LISTENERS: &str = "winrm enumerate winrm/config/listener";
const TLS_FIREWALL: &str = "if (-not (Get-NetFirewallRule -Name WINRM-HTTPS-In-TCP -ErrorAction SilentlyContinue)) \
                            { New-NetFirewallRule -Name WINRM-HTTPS-In-TCP -DisplayName 'WinRM (HTTPS-In)' -Direction \
                            Inbound -Protocol TCP -LocalPort 5986 -Action Allow | Out-Null }";
const NAMES: &str = "$names = @($env:COMPUTERNAME, [Net.Dns]::GetHostEntry('').HostName) | Select-Object -Unique";
const FIND_CERTIFICATE: &str = "$certificate = Get-ChildItem Cert:\\LocalMachine\\My -SSLServerAuthentication | \
                                Where-Object { $held = $_.DnsNameList.Unicode; $_.HasPrivateKey -and $_.NotAfter -gt \
                                (Get-Date).AddDays(30) -and -not ($names | Where-Object { $held -notcontains $_ }) } | \
                                Sort-Object NotAfter -Descending | Select-Object -First 1";
const MAKE_CERTIFICATE: &str = "if (-not $certificate) { $certificate = New-SelfSignedCertificate -DnsName $names \
                                -CertStoreLocation Cert:\\LocalMachine\\My }";
const DROP_LISTENER: &str = "Get-ChildItem WSMan:\\localhost\\Listener | Where-Object Keys -contains \
                             'Transport=HTTPS' | Remove-Item -Recurse -Force";
const MAKE_LISTENER: &str = "New-Item -Path WSMan:\\localhost\\Listener -Transport HTTPS -Address * \
                             -CertificateThumbPrint $certificate.Thumbprint -Force | Out-Null";
/// The quotas of service and shells, and those of the endpoint, of which the lower one counts. Zero is no limit, and stays.
/// WinRM is not restarted: that would end the session of whoever runs this over WinRM.
const RAISE: &[&str] = &[
    "$at = @('Service', 'Shell') + @(Get-ChildItem WSMan:\\localhost\\Plugin -ErrorAction SilentlyContinue | Where-Object Name -like \
     '*powershell*' | ForEach-Object { \"Plugin\\$($_.Name)\\Quotas\" })",
    "$least = @{ MaxMemoryPerShellMB = 4096; MaxProcessesPerShell = 100; MaxShells = 300; MaxShellsPerUser = 100; \
     MaxConcurrentUsers = 100; MaxConcurrentOperations = 4000; MaxConcurrentOperationsPerUser = 4000; \
     MaxConcurrentCommandsPerShell = 1000; IdleTimeout = 7200000; IdleTimeoutms = 7200000 }",
    "$waits = $false",
    "foreach ($container in $at) { foreach ($name in $least.Keys) { $path = \"WSMan:\\localhost\\$container\\$name\"; $now = \
     (Get-Item $path -ErrorAction SilentlyContinue).Value; if ($now -and [long]$now -ne 0 -and [long]$now -lt \
     $least[$name]) { Set-Item $path $least[$name] -Force -WarningAction SilentlyContinue; if ($container -like \
     'Plugin*') { $waits = $true } } } }",
    "if ($waits) { Write-Warning 'quotas of endpoints count once WinRM has been restarted, which ends all its sessions: \
     Restart-Service WinRM' }",
];
const SUBSYSTEM: &[&str] = &[
    "$config = if ($env:ProgramData) { \"$env:ProgramData\\ssh\\sshd_config\" } else { '/etc/ssh/sshd_config' }",
    "$pwsh = (Get-Command pwsh -CommandType Application -ErrorAction Stop | Select-Object -First 1).Source",
    "if ($pwsh -match ' ') { $pwsh = (New-Object -ComObject Scripting.FileSystemObject).GetFile($pwsh).ShortPath }",
    "$lines = @(Get-Content $config)",
    "if (-not ($lines -match '^\\s*Subsystem\\s+powershell\\s')) { Set-Content $config (@(\"Subsystem powershell $pwsh \
     -sshs -NoLogo -NoProfile\") + $lines) }",
    "if ($env:ProgramData) { Restart-Service sshd } else { systemctl reload $(if (Test-Path /etc/debian_version) { 'ssh' } \
     else { 'sshd' }) }",
];
const SSH_FIREWALL: &str = "if (-not $env:ProgramData) { if (Get-Command firewall-cmd -ErrorAction SilentlyContinue) { \
                            firewall-cmd --permanent --add-service=ssh; firewall-cmd --reload } elseif (Get-Command ufw \
                            -ErrorAction SilentlyContinue) { ufw allow 22/tcp } } elseif (-not (Get-NetFirewallRule -Name \
                            OpenSSH-Server-In-TCP -ErrorAction SilentlyContinue)) { New-NetFirewallRule -Name \
                            OpenSSH-Server-In-TCP -DisplayName 'OpenSSH Server (sshd)' -Direction Inbound -Protocol TCP \
                            -LocalPort 22 -Action Allow | Out-Null }";
/// How the server is.
const SSHD: &str = "if ($env:ProgramData) { Get-Service sshd } else { systemctl status --no-pager $(if (Test-Path \
                    /etc/debian_version) { 'ssh' } else { 'sshd' }) }";

/// The remedy of a cause.
pub(super) const fn remedy(cause: Cause) -> Remedy {
    match cause {
        Cause::Dns => (
            "have the host register its name, or give it an address in the inventory",
            &[
                "Register-DnsClient",
                "Get-DnsClient | Select-Object InterfaceAlias, ConnectionSpecificSuffix, RegisterThisConnectionsAddress",
            ],
        ),
        Cause::NoListener => ("enable remoting on the host", &[SERVICE, ENABLE, LISTENERS]),
        Cause::NoTlsListener => (
            "give WinRM an HTTPS listener with a certificate, or use --no-tls, which seals messages over port 5985",
            &[SERVICE, ENABLE, NAMES, FIND_CERTIFICATE, MAKE_CERTIFICATE, DROP_LISTENER, MAKE_LISTENER, TLS_FIREWALL],
        ),
        Cause::Firewall => (
            "let WinRM through the firewall of the host and those on the way",
            &[
                "Get-NetFirewallRule -Name WINRM-HTTP-In-TCP* | Enable-NetFirewallRule",
                TLS_FIREWALL,
                "Get-Service WinRM",
            ],
        ),
        Cause::Certificate => (
            "give the HTTPS listener a certificate for the host's name that is valid for long enough",
            &[NAMES, FIND_CERTIFICATE, MAKE_CERTIFICATE, DROP_LISTENER, MAKE_LISTENER],
        ),
        Cause::Untrusted => (
            "save the certificate that the host prints to a file, and give that with --ca",
            &[
                "$listener = Get-ChildItem WSMan:\\localhost\\Listener | Where-Object Keys -contains 'Transport=HTTPS' | \
             Select-Object -First 1",
                "$thumbprint = (Get-ChildItem $listener.PSPath | Where-Object Name -eq CertificateThumbprint).Value",
                "$certificate = Get-Item \"Cert:\\LocalMachine\\My\\$($thumbprint -replace ' ')\"",
                "'-----BEGIN CERTIFICATE-----', [Convert]::ToBase64String($certificate.RawData, 'InsertLineBreaks'), \
             '-----END CERTIFICATE-----'",
            ],
        ),
        Cause::Tls => (
            "switch TLS 1.2 on for servers, and restart the host",
            &[
                "$key = 'HKLM:\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.2\\Server'",
                "if (-not (Test-Path $key)) { New-Item $key -Force | Out-Null }",
                "New-ItemProperty $key -Name Enabled -Value 1 -PropertyType DWord -Force | Out-Null",
                "New-ItemProperty $key -Name DisabledByDefault -Value 0 -PropertyType DWord -Force | Out-Null",
                "Get-WinEvent -FilterHashtable @{ LogName = 'System'; ProviderName = 'Schannel' } -MaxEvents 5 -ErrorAction \
             SilentlyContinue",
            ],
        ),
        Cause::NotWinrm => (
            "see who listens on the port, and where WinRM does",
            &[
                "Get-NetTCPConnection -State Listen -LocalPort 80, 443, 5985, 5986 -ErrorAction SilentlyContinue | \
             Select-Object LocalAddress, LocalPort, OwningProcess",
                LISTENERS,
                ENABLE,
            ],
        ),
        Cause::Mechanism => (
            "allow Negotiate there, which is the default, or choose a mechanism that it offers with --auth",
            &[
                "Set-Item WSMan:\\localhost\\Service\\Auth\\Negotiate $true -Force",
                "Set-Item WSMan:\\localhost\\Service\\Auth\\Kerberos $true -Force",
                "winrm get winrm/config/service/auth",
            ],
        ),
        Cause::CredSsp => (
            "allow CredSSP there, by which the host gets the password itself, or use --auth negotiate",
            &[
                "Enable-WSManCredSSP -Role Server -Force",
                "Get-WSManCredSSP",
                "Get-WinEvent -FilterHashtable @{ LogName = 'System'; ProviderName = 'Schannel' } -MaxEvents 5 -ErrorAction \
             SilentlyContinue",
            ],
        ),
        Cause::Unencrypted => (
            "use --auth negotiate, or --tls; to send the password in the clear, --trusted-hosts and --allow-unencrypted are \
         needed here, and this there",
            &[
                "Set-Item WSMan:\\localhost\\Service\\Auth\\Basic $true -Force",
                "Set-Item WSMan:\\localhost\\Service\\AllowUnencrypted $true -Force",
            ],
        ),
        Cause::LogonDenied => (
            "check user and password; the host's log of failed logons has the exact cause, and its clock may be wrong",
            &[
                "Get-WinEvent -FilterHashtable @{ LogName = 'Security'; Id = 4625 } -MaxEvents 5 -ErrorAction \
             SilentlyContinue | Format-List TimeCreated, Message",
                "w32tm /query /status",
            ],
        ),
        Cause::AccountLocked => (
            "unlock or enable the account: these do it for local ones, Unlock-ADAccount and Enable-ADAccount for a domain's",
            &[
                "foreach ($user in {users}) { $domain, $name = \".\\$user\".Split('\\')[-2, -1]; if ($user -match '@' -or \
             $domain -notin '.', $env:COMPUTERNAME) { Write-Warning \"$user is no local account, and is left alone\"; \
             continue }; if (Get-LocalUser -Name $name -ErrorAction SilentlyContinue) { Enable-LocalUser -Name $name; \
             net user $name /active:yes } }",
            ],
        ),
        Cause::Spn => (
            "address the host by its own full name, or have that name registered for its account, and for no other",
            &[
                "$name = [Net.Dns]::GetHostEntry('').HostName",
                "setspn -Q \"HTTP/$name\"; setspn -Q \"HOST/$name\"",
                "setspn -L $env:COMPUTERNAME",
                "setspn -S \"HOST/$name\" $env:COMPUTERNAME",
                "w32tm /query /status",
            ],
        ),
        Cause::EndpointDenied => (
            "put the account into 'Remote Management Users' there; a local administrator needs LocalAccountTokenFilterPolicy",
            &[
                "foreach ($user in {users}) { if (-not (Get-LocalGroupMember -SID S-1-5-32-580 -Member $user -ErrorAction \
             SilentlyContinue)) { Add-LocalGroupMember -SID S-1-5-32-580 -Member $user } }",
                "foreach ($user in {users}) { $domain, $name = \".\\$user\".Split('\\')[-2, -1]; if ($user -match '@' -or \
             $domain -notin '.', $env:COMPUTERNAME) { Write-Warning \"$user is no local account, and needs no policy\"; \
             continue }; if (Get-LocalUser -Name $name -ErrorAction SilentlyContinue) { New-ItemProperty \
             HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System -Name LocalAccountTokenFilterPolicy \
             -Value 1 -PropertyType DWord -Force | Out-Null } }",
                "Get-PSSessionConfiguration | Format-List Name, Permission",
            ],
        ),
        Cause::NoEndpoint => (
            "register the endpoint there, or name another with --configuration-name",
            &[ENABLE, "Get-PSSessionConfiguration | Format-List Name, PSVersion, Permission"],
        ),
        Cause::Quota => {
            ("close sessions that are left over (psfleet session clean closes ours), or raise the quota", RAISE)
        }
        Cause::QuotaLow => ("raise the quota before it is used up", RAISE),
        Cause::NoStart => (
            "see what the host's PowerShell processes do; a restart of WinRM ends all its sessions",
            &[
                "Get-Process wsmprovhost -ErrorAction SilentlyContinue | Select-Object Id, StartTime, WorkingSet64",
                "Get-WinEvent -LogName Microsoft-Windows-WinRM/Operational -MaxEvents 10 -ErrorAction SilentlyContinue",
                "Restart-Service WinRM",
            ],
        ),
        Cause::Clock => (
            "set the clock: Kerberos allows 5 minutes, and certificates are judged by it",
            &[
                "Set-Service W32Time -StartupType Automatic",
                "Start-Service W32Time",
                "w32tm /resync /rediscover",
                "w32tm /query /status",
            ],
        ),
        Cause::NoSshd => (
            "install and start an SSH server there",
            &[
                "if (-not $env:ProgramData) { if (-not (Test-Path /usr/sbin/sshd)) { if (Test-Path /etc/debian_version) { \
             apt-get install -y openssh-server } else { dnf install -y openssh-server } } } elseif \
             ((Get-WindowsCapability -Online -Name OpenSSH.Server~~~~0.0.1.0).State -ne 'Installed') { \
             Add-WindowsCapability -Online -Name OpenSSH.Server~~~~0.0.1.0 | Out-Null }",
                "if ($env:ProgramData) { Set-Service sshd -StartupType Automatic; Start-Service sshd } else { systemctl \
             enable --now $(if (Test-Path /etc/debian_version) { 'ssh' } else { 'sshd' }) }",
                SSH_FIREWALL,
            ],
        ),
        Cause::SshFirewall => ("let SSH through the firewall of the host and those on the way", &[SSH_FIREWALL, SSHD]),
        Cause::HostKey => (
            "compare the fingerprint with those that the host prints",
            &["Get-ChildItem $(if ($env:ProgramData) { \"$env:ProgramData\\ssh\" } else { '/etc/ssh' }) -Filter \
           ssh_host_*_key.pub | ForEach-Object { ssh-keygen -lf $_.FullName }"],
        ),
        Cause::SshLogon => (
            "put the public key into authorized_keys there: of Windows' administrators, the file that only they may write",
            &[
                "$keys = if ($env:ProgramData) { \"$env:ProgramData\\ssh\\administrators_authorized_keys\" } else { \
             \"$HOME/.ssh/authorized_keys\" }",
                "if (-not (Test-Path $keys)) { New-Item $keys -ItemType File -Force | Out-Null }",
                "if ($env:ProgramData) { icacls $keys /inheritance:r /grant '*S-1-5-32-544:F' /grant '*S-1-5-18:F' } else { \
             chmod 700 (Split-Path $keys); chmod 600 $keys }",
                "Get-Content $keys | ssh-keygen -lf -",
            ],
        ),
        Cause::NoPowershell => ("install PowerShell 7 there, and name it as a subsystem in sshd_config", SUBSYSTEM),
        Cause::NoSubsystem => (
            "name PowerShell as a subsystem in sshd_config: then a profile of the user's shell cannot get in between",
            SUBSYSTEM,
        ),
    }
}

# Old protocols and whether the host speaks them: SMB 1, SSL, TLS before 1.2, an object for each.
#
# Sources: learn.microsoft.com, Get-SmbServerConfiguration; Transport Layer Security (TLS) registry settings (Enabled,
# DisabledByDefault); Protocols in TLS/SSL (Schannel SSP): without a key the system's default counts. SSL 2.0 and 3.0 are off since
# Windows Server 2016 (build 14393), TLS 1.0 and 1.1 since Windows Server 2025 (techcommunity.microsoft.com, "TLS 1.0 and TLS 1.1
# soon to be disabled in Windows": systems that were on the market keep theirs).
param(
    # Server, Client, or both: the sides of TLS that are looked at.
    [string[]] $Sides = @('Server')
)

if (-not (Test-Path -Path 'HKLM:\SYSTEM\CurrentControlSet\Control')) {
    return [pscustomobject]@{ Unknown = 'There is no registry on this host.' }
}

if (Get-Command -Name Get-SmbServerConfiguration -ErrorAction SilentlyContinue) {
    try {
        $server = Get-SmbServerConfiguration -ErrorAction Stop
        $state = 'off'
        if ($server.EnableSMB1Protocol) {
            $state = 'on'
        }
        [pscustomobject]@{ Protocol = 'SMB 1'; State = $state; Because = 'the configuration of the SMB server' }
    } catch {
        [pscustomobject]@{ Unknown = "The SMB server cannot be asked for: $($_.Exception.Message)" }
    }
} else {
    [pscustomobject]@{ Unknown = 'There is no Get-SmbServerConfiguration on this host.' }
}

$version = 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion'
$build = [int] (Get-ItemProperty -Path $version -ErrorAction SilentlyContinue).CurrentBuildNumber
if ($build -eq 0) {
    return [pscustomobject]@{ Unknown = 'The registry does not tell the build of Windows.' }
}
$root = 'HKLM:\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols'
# From which build on a protocol is off by itself.
$defaults = @(@('SSL 2.0', 14393), @('SSL 3.0', 14393), @('TLS 1.0', 26100), @('TLS 1.1', 26100))
foreach ($default in $defaults) {
    foreach ($side in $Sides) {
        $isOn = $build -lt $default[1]
        $because = "the default of build $build"
        $key = Get-ItemProperty -Path "$root\$($default[0])\$side" -ErrorAction SilentlyContinue
        if ($key -and $null -ne $key.Enabled) {
            # On is 1, or all bits.
            $isOn = $key.Enabled -ne 0
            $because = 'Enabled in the registry'
        }
        if ($key -and $key.DisabledByDefault -eq 1) {
            $isOn = $false
            $because = 'DisabledByDefault in the registry'
        }
        $state = 'off'
        if ($isOn) {
            $state = 'on'
        }
        [pscustomobject]@{ Protocol = "$($default[0]) $side"; State = $state; Because = $because }
    }
}

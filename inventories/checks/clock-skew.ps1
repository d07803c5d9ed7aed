# How far the clock is from that of a time server, asked by NTP, which takes the way there and back into account: one object.
#
# Sources: learn.microsoft.com, Windows Time service tools and settings (w32tm /stripchart, /query /source); Maximum tolerance for
# computer clock synchronization (Kerberos refuses more than five minutes).
param(
    # The server to compare with. Without one it is the host's own time source, or a controller of its domain.
    [string] $Server = ''
)

if (-not (Get-Command -Name w32tm -ErrorAction SilentlyContinue)) {
    return [pscustomobject]@{ Unknown = 'There is no w32tm on this host.' }
}

$reference = $Server
if (-not $reference) {
    # Names only: a host without a source says so in words, in its own language.
    $source = [string] (w32tm /query /source 2>$null | Select-Object -First 1)
    $source = ($source -split ',')[0].Trim()
    if ($source -match '^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$') {
        $reference = $source
    }
}
if (-not $reference -and (Get-Command -Name Get-CimInstance -ErrorAction SilentlyContinue)) {
    $computer = Get-CimInstance -ClassName Win32_ComputerSystem -ErrorAction SilentlyContinue
    if ($computer -and $computer.PartOfDomain) {
        $reference = $computer.Domain
    }
}
if (-not $reference) {
    return [pscustomobject]@{ Unknown = 'The host has no time source and no domain: name a server with the parameter Server.' }
}
if ($reference -in $env:COMPUTERNAME, "$env:COMPUTERNAME.$env:USERDNSDOMAIN") {
    return [pscustomobject]@{ Unknown = 'The host is its own time source: name another server with the parameter Server.' }
}

$lines = @(w32tm /stripchart "/computer:$reference" /samples:1 /dataonly 2>&1)
$offset = $null
foreach ($line in $lines) {
    if ([string] $line -match ',\s*([+-]\d+)[.,](\d+)s') {
        $offset = [double] "$($Matches[1]).$($Matches[2])"
    }
}
if ($null -eq $offset) {
    $said = [string] ($lines | Select-Object -Last 1)
    return [pscustomobject]@{ Unknown = "$reference did not answer by NTP (UDP port 123): $($said.Trim())" }
}
[pscustomobject]@{
    Seconds       = [math]::Round([math]::Abs($offset), 3)
    # How much must be added to this host's clock.
    OffsetSeconds = [math]::Round($offset, 3)
    Reference     = $reference
}

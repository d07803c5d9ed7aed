# How long ago the host was started: one object.
#
# Source: learn.microsoft.com, Win32_OperatingSystem class (LastBootUpTime and LocalDateTime, which are dates by CIM). Both are
# taken from the host's own clock, so that a clock that is off changes nothing.
param()

if (-not (Get-Command -Name Get-CimInstance -ErrorAction SilentlyContinue)) {
    return [pscustomobject]@{ Unknown = 'There is no Get-CimInstance on this host.' }
}
try {
    $system = Get-CimInstance -ClassName Win32_OperatingSystem -Property LastBootUpTime, LocalDateTime -ErrorAction Stop
} catch {
    return [pscustomobject]@{ Unknown = "Win32_OperatingSystem gave no answer: $($_.Exception.Message)" }
}
if ($null -eq $system.LastBootUpTime) {
    return [pscustomobject]@{ Unknown = 'Win32_OperatingSystem does not tell when the host was started.' }
}
[pscustomobject]@{
    Days   = [math]::Round(($system.LocalDateTime - $system.LastBootUpTime).TotalDays, 1)
    Booted = $system.LastBootUpTime.ToString('yyyy-MM-dd HH:mm')
}

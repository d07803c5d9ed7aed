# Automatic services that do not run, an object for each.
#
# Sources: learn.microsoft.com, Win32_Service class (StartMode, State, ExitCode); Service Trigger Events and
# HKLM\SYSTEM\CurrentControlSet\Services Registry Tree (TriggerInfo, DelayedAutostart, and names with _ and a logon's number for the
# services of a user); System Error Codes: 1077 is ERROR_SERVICE_NEVER_STARTED.
param(
    # Names, with wildcards, of services that may rest: they start, do their work and end.
    [string[]] $Ignore = @('edgeupdate', 'gupdate', 'GoogleUpdater*', 'MapsBroker', 'clr_optimization_*', 'RemoteRegistry', 'WbioSrvc'),
    # Names, with wildcards, of services whose stop is critical.
    [string[]] $Critical = @()
)

if (-not (Get-Command -Name Get-CimInstance -ErrorAction SilentlyContinue)) {
    return [pscustomobject]@{ Unknown = 'There is no Get-CimInstance on this host.' }
}
try {
    $stopped = @(Get-CimInstance -ClassName Win32_Service -Filter "StartMode = 'Auto' AND State <> 'Running'" -ErrorAction Stop)
} catch {
    return [pscustomobject]@{ Unknown = "Win32_Service gave no answer: $($_.Exception.Message)" }
}

foreach ($service in $stopped) {
    $name = $service.Name
    $key = "HKLM:\SYSTEM\CurrentControlSet\Services\$name"
    $isIgnored = @($Ignore | Where-Object { $name -like $_ }).Count -gt 0
    $isOfUser = $name -match '_[0-9a-f]{4,}$'
    # What Windows starts when it is needed, and what starts some minutes after the system, may end by itself. It did if
    # it left no error; 1077 says that it was not started since the system was.
    $delayed = Get-ItemProperty -Path $key -Name DelayedAutostart -ErrorAction SilentlyContinue
    $mayRest = (Test-Path -Path "$key\TriggerInfo") -or ($delayed -and $delayed.DelayedAutostart -eq 1)
    if ($isIgnored -or $isOfUser -or ($mayRest -and $service.ExitCode -in 0, 1077)) {
        continue
    }
    $severity = 'warning'
    if (@($Critical | Where-Object { $name -like $_ }).Count -gt 0) {
        $severity = 'critical'
    }
    [pscustomobject]@{
        Name        = $name
        DisplayName = $service.DisplayName
        State       = $service.State
        ExitCode    = $service.ExitCode
        Severity    = $severity
    }
}

# How many errors the logs took in the last hours, and which came most often: one object.
#
# Sources: learn.microsoft.com, Get-WinEvent (FilterHashtable; levels 1 and 2 are critical and error; NoMatchingEventsFound is its
# error for an empty answer); "DCOM event ID 10016 is logged in Windows" says that those may be ignored.
param(
    # Logs that are read.
    [string[]] $Logs = @('System', 'Application'),
    # How far to look back.
    [int] $Hours = 24,
    # Providers with their event's number, with wildcards, that do not count.
    [string[]] $Ignore = @('Microsoft-Windows-DistributedCOM 10016'),
    # More are not read: a log that overflows holds up neither the host nor the check.
    [int] $Most = 500
)

if (-not (Get-Command -Name Get-WinEvent -ErrorAction SilentlyContinue)) {
    return [pscustomobject]@{ Unknown = 'There is no Get-WinEvent on this host.' }
}
$filter = @{ LogName = $Logs; Level = 1, 2; StartTime = (Get-Date).AddHours(-$Hours) }
$events = @()
try {
    $events = @(Get-WinEvent -FilterHashtable $filter -MaxEvents $Most -ErrorAction Stop)
} catch {
    if ($_.FullyQualifiedErrorId -notlike 'NoMatchingEventsFound*') {
        return [pscustomobject]@{ Unknown = "The event logs cannot be read: $($_.Exception.Message)" }
    }
}

$counted = @($events | ForEach-Object { "$($_.ProviderName) $($_.Id)" } | Where-Object {
        $name = $_
        @($Ignore | Where-Object { $name -like $_ }).Count -eq 0
    })
$usual = $counted | Group-Object | Sort-Object -Property Count -Descending | Select-Object -First 1
$top = 'none'
if ($usual) {
    $top = "$($usual.Name) ($($usual.Count) times)"
}
[pscustomobject]@{
    Errors = $counted.Count
    Hours  = $Hours
    Top    = $top
}

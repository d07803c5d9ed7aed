# How long ago the last backup succeeded: one object.
#
# Sources: learn.microsoft.com, Get-WBSummary (WindowsServerBackup module: LastSuccessfulBackupTime, LastBackupTime,
# LastBackupResultHR) and Get-WinEvent (ProviderName). A backup that never succeeded has a time before all others.
param(
    # Another product's log, and who writes which event into it when a backup succeeded. With Log the summary of Windows Server
    # Backup is not asked.
    [string] $Log = '',
    [string] $Provider = '',
    [int] $EventId = 0
)

$last = $null
$result = 0
if ($Log) {
    if (-not (Get-Command -Name Get-WinEvent -ErrorAction SilentlyContinue)) {
        return [pscustomobject]@{ Unknown = 'There is no Get-WinEvent on this host.' }
    }
    $filter = @{ LogName = $Log; Id = $EventId }
    if ($Provider) {
        $filter.ProviderName = $Provider
    }
    try {
        $last = @(Get-WinEvent -FilterHashtable $filter -MaxEvents 1 -ErrorAction Stop)[0].TimeCreated
    } catch {
        if ($_.FullyQualifiedErrorId -notlike 'NoMatchingEventsFound*') {
            return [pscustomobject]@{ Unknown = "The log $Log cannot be read: $($_.Exception.Message)" }
        }
    }
} else {
    if (-not (Get-Command -Name Get-WBSummary -ErrorAction SilentlyContinue)) {
        return [pscustomobject]@{ Unknown = 'Windows Server Backup is not installed: name the event of another product with the parameters Log and EventId.' }
    }
    try {
        $summary = Get-WBSummary -ErrorAction Stop
    } catch {
        return [pscustomobject]@{ Unknown = "Windows Server Backup gave no answer: $($_.Exception.Message)" }
    }
    $last = $summary.LastSuccessfulBackupTime
    $result = $summary.LastBackupResultHR
}

if ($null -eq $last -or $last.Year -lt 1990) {
    return [pscustomobject]@{ Succeeded = 'never'; Hours = -1; LastResult = $result }
}
[pscustomobject]@{
    Succeeded  = $last.ToString('yyyy-MM-dd HH:mm')
    Hours      = [math]::Round(((Get-Date) - $last).TotalHours, 1)
    LastResult = '0x{0:X8}' -f $result
}

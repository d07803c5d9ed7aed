# How long ago the last update was installed: one object.
#
# Sources: learn.microsoft.com, Win32_QuickFixEngineering class: updates of component based servicing. InstalledOn is a text and may
# be empty. Windows writes month, day and year; PowerShell's own types make a date of it by the culture of the account, which fails
# or takes the third of April for the fourth of March (github.com/dpaulson45/HealthChecker, issues 11 and 288). So the text itself
# is read wherever it can be had.
param()

if (-not (Get-Command -Name Get-CimInstance -ErrorAction SilentlyContinue)) {
    return [pscustomobject]@{ Unknown = 'There is no Get-CimInstance on this host.' }
}
try {
    $updates = @(Get-CimInstance -ClassName Win32_QuickFixEngineering -ErrorAction Stop)
} catch {
    return [pscustomobject]@{ Unknown = "Win32_QuickFixEngineering gave no answer: $($_.Exception.Message)" }
}

$last = $null
$lastId = ''
foreach ($update in $updates) {
    $installed = $null
    if ($update.CimInstanceProperties) {
        $raw = ($update.CimInstanceProperties | Where-Object { $_.Name -eq 'InstalledOn' }).Value
    } else {
        $raw = $update.InstalledOn
    }
    if ($raw -is [datetime]) {
        $installed = $raw
    } elseif ([string] $raw -match '^(\d{1,2})/(\d{1,2})/(\d{4})$') {
        $installed = Get-Date -Year $Matches[3] -Month $Matches[1] -Day $Matches[2] -Hour 0 -Minute 0 -Second 0
    }
    if ($null -ne $installed -and ($null -eq $last -or $installed -gt $last)) {
        $last = $installed
        $lastId = $update.HotFixID
    }
}
if ($null -eq $last) {
    return [pscustomobject]@{ Unknown = "None of $($updates.Count) installed updates tells its day." }
}
[pscustomobject]@{
    Days      = [math]::Floor(((Get-Date) - $last).TotalDays)
    Last      = $lastId
    Installed = $last.ToString('yyyy-MM-dd')
    Count     = $updates.Count
}

# Whether Windows waits for a restart, and who wants it: one object.
#
# Sources: devblogs.microsoft.com/scripting, "Determine Pending Reboot Status, PowerShell Style" (component based servicing, Windows
# Update, file renames, Configuration Manager); adamtheautomator.com, "How to Check for a Pending Reboot in the Registry"
# (UpdateExeVolatile, Server Manager, join of a domain); learn.microsoft.com, MoveFileEx (PendingFileRenameOperations).
param(
    # Files that are renamed at the next start are no reason by themselves: printers and virus scanners leave some.
    [bool] $CountFileRenames = $false
)

if (-not (Test-Path -Path 'HKLM:\SOFTWARE\Microsoft')) {
    return [pscustomobject]@{ Unknown = 'There is no registry on this host.' }
}

$reasons = @()
$windows = 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion'
$keys = @(
    @('component servicing', "$windows\Component Based Servicing\RebootPending"),
    @('Windows Update', "$windows\WindowsUpdate\Auto Update\RebootRequired"),
    @('Server Manager', 'HKLM:\SOFTWARE\Microsoft\ServerManager\CurrentRebootAttempts')
)
foreach ($key in $keys) {
    if (Test-Path -Path $key[1]) {
        $reasons += $key[0]
    }
}

$volatile = Get-ItemProperty -Path 'HKLM:\SOFTWARE\Microsoft\Updates' -Name UpdateExeVolatile -ErrorAction SilentlyContinue
if ($volatile -and $volatile.UpdateExeVolatile -ne 0) {
    $reasons += 'an updater'
}

foreach ($value in 'JoinDomain', 'AvoidSpnSet') {
    if (Get-ItemProperty -Path 'HKLM:\SYSTEM\CurrentControlSet\Services\Netlogon' -Name $value -ErrorAction SilentlyContinue) {
        $reasons += 'the join of a domain'
    }
}

$names = 'HKLM:\SYSTEM\CurrentControlSet\Control\ComputerName'
$active = (Get-ItemProperty -Path "$names\ActiveComputerName" -ErrorAction SilentlyContinue).ComputerName
$next = (Get-ItemProperty -Path "$names\ComputerName" -ErrorAction SilentlyContinue).ComputerName
if ($active -and $next -and $active -ne $next) {
    $reasons += "the new name $next"
}

$manager = 'HKLM:\SYSTEM\CurrentControlSet\Control\Session Manager'
$renames = Get-ItemProperty -Path $manager -Name PendingFileRenameOperations -ErrorAction SilentlyContinue
$renamed = 0
if ($renames) {
    # Pairs of an old and a new name; a file that is deleted has no new one.
    $renamed = @($renames.PendingFileRenameOperations | Where-Object { $_ -like '\??\*' }).Count
}
if ($CountFileRenames -and $renamed -gt 0) {
    $reasons += 'renames of files'
}

# The client of Configuration Manager keeps its own mark. Most hosts have none, and then the class is not there.
if (Get-Command -Name Invoke-CimMethod -ErrorAction SilentlyContinue) {
    try {
        $client = Invoke-CimMethod -Namespace 'root/ccm/ClientSDK' -ClassName CCM_ClientUtilities -MethodName DetermineIfRebootPending -ErrorAction Stop
        if ($client.RebootPending -or $client.IsHardRebootPending) {
            $reasons += 'Configuration Manager'
        }
    } catch {
        Write-Debug -Message "Configuration Manager is not asked: $($_.Exception.Message)"
    }
}

$reasons = @($reasons | Select-Object -Unique)
[pscustomobject]@{
    ReasonCount = $reasons.Count
    Reasons     = $reasons -join ', '
    FileRenames = $renamed
}

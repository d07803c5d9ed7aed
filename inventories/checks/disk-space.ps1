# Free space of the fixed drives, an object for each.
#
# Source: learn.microsoft.com, Win32_LogicalDisk class: DriveType 3 is a local disk; Size and FreeSpace are bytes.
param(
    # Smaller drives are not judged.
    [int] $MinimumSizeMB = 500
)

if (-not (Get-Command -Name Get-CimInstance -ErrorAction SilentlyContinue)) {
    return [pscustomobject]@{ Unknown = 'There is no Get-CimInstance on this host.' }
}
try {
    $drives = @(Get-CimInstance -ClassName Win32_LogicalDisk -Filter 'DriveType = 3' -ErrorAction Stop)
} catch {
    return [pscustomobject]@{ Unknown = "Win32_LogicalDisk gave no answer: $($_.Exception.Message)" }
}
foreach ($drive in $drives) {
    # A drive that is locked by BitLocker, or that has no file system, has no size.
    if (-not $drive.Size) {
        [pscustomobject]@{ Unknown = "Drive $($drive.DeviceID) tells no size: it is locked or not formatted." }
    } elseif ($drive.Size -ge $MinimumSizeMB * 1MB) {
        [pscustomobject]@{
            Drive       = $drive.DeviceID
            Label       = $drive.VolumeName
            FreePercent = [math]::Round(100 * $drive.FreeSpace / $drive.Size, 1)
            FreeGB      = [math]::Round($drive.FreeSpace / 1GB, 1)
            SizeGB      = [math]::Round($drive.Size / 1GB, 1)
        }
    }
}

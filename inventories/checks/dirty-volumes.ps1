# Volumes whose dirty bit is set: Windows found damage and wants chkdsk. An object for each volume of a fixed disk.
#
# Sources: learn.microsoft.com, Win32_Volume class (DirtyBitSet, DriveType 3, FileSystem) and fsutil dirty. The property is empty
# for whoever is no administrator, and the texts of fsutil are in the host's language.
param()

if (-not (Get-Command -Name Get-CimInstance -ErrorAction SilentlyContinue)) {
    return [pscustomobject]@{ Unknown = 'There is no Get-CimInstance on this host.' }
}
try {
    $volumes = @(Get-CimInstance -ClassName Win32_Volume -Filter "DriveType = 3 AND FileSystem = 'NTFS'" -ErrorAction Stop)
} catch {
    return [pscustomobject]@{ Unknown = "Win32_Volume gave no answer: $($_.Exception.Message)" }
}
foreach ($volume in $volumes) {
    if ($null -eq $volume.DirtyBitSet) {
        [pscustomobject]@{ Unknown = "$($volume.Name) does not tell its dirty bit: the account must be an administrator." }
        continue
    }
    $state = 'clean'
    if ($volume.DirtyBitSet) {
        $state = 'dirty'
    }
    [pscustomobject]@{
        Volume = $volume.Name
        Label  = $volume.Label
        State  = $state
    }
}

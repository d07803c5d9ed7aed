# Memory, what programs were promised, and the page files: one object.
#
# Sources: learn.microsoft.com, Win32_OperatingSystem class (FreePhysicalMemory, TotalVisibleMemorySize, FreeVirtualMemory,
# TotalVirtualMemorySize, all in kilobytes) and Win32_PageFileUsage class (AllocatedBaseSize and CurrentUsage in megabytes).
param()

if (-not (Get-Command -Name Get-CimInstance -ErrorAction SilentlyContinue)) {
    return [pscustomobject]@{ Unknown = 'There is no Get-CimInstance on this host.' }
}
try {
    $system = Get-CimInstance -ClassName Win32_OperatingSystem -ErrorAction Stop
    # A host may have no page file.
    $files = @(Get-CimInstance -ClassName Win32_PageFileUsage -ErrorAction Stop)
} catch {
    return [pscustomobject]@{ Unknown = "The memory cannot be asked for: $($_.Exception.Message)" }
}
if (-not $system.TotalVisibleMemorySize -or -not $system.TotalVirtualMemorySize) {
    return [pscustomobject]@{ Unknown = 'Win32_OperatingSystem does not tell how much memory there is.' }
}

$size = 0
$used = 0
foreach ($file in $files) {
    $size += $file.AllocatedBaseSize
    $used += $file.CurrentUsage
}
$paged = 0
if ($size -gt 0) {
    $paged = [math]::Round(100 * $used / $size, 1)
}
$promised = $system.TotalVirtualMemorySize - $system.FreeVirtualMemory
[pscustomobject]@{
    FreePercent      = [math]::Round(100 * $system.FreePhysicalMemory / $system.TotalVisibleMemorySize, 1)
    FreeMB           = [math]::Round($system.FreePhysicalMemory / 1KB)
    CommittedPercent = [math]::Round(100 * $promised / $system.TotalVirtualMemorySize, 1)
    PageFilePercent  = $paged
    PageFileMB       = $size
}

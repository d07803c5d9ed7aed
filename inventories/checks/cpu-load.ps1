# How busy the processors are, as the mean of some looks: one object.
#
# Source: learn.microsoft.com, Win32_PerfFormattedData_PerfOS_Processor class (PercentProcessorTime of _Total) and
# Win32_PerfFormattedData_PerfOS_System class (ProcessorQueueLength). Classes have the same names on every Windows; the paths of
# Get-Counter are in the host's language.
param(
    # How many looks.
    [int] $Samples = 3,
    # How long between two of them.
    [int] $PauseMilliseconds = 1000
)

if (-not (Get-Command -Name Get-CimInstance -ErrorAction SilentlyContinue)) {
    return [pscustomobject]@{ Unknown = 'There is no Get-CimInstance on this host.' }
}
$values = @()
$queue = 0
try {
    for ($look = 0; $look -lt $Samples; $look++) {
        if ($look -gt 0) {
            Start-Sleep -Milliseconds $PauseMilliseconds
        }
        $total = Get-CimInstance -ClassName Win32_PerfFormattedData_PerfOS_Processor -Filter "Name = '_Total'" -ErrorAction Stop
        if ($total) {
            $values += [double] $total.PercentProcessorTime
        }
    }
    $queue = (Get-CimInstance -ClassName Win32_PerfFormattedData_PerfOS_System -ErrorAction Stop).ProcessorQueueLength
} catch {
    return [pscustomobject]@{ Unknown = "The processors cannot be asked for: $($_.Exception.Message)" }
}
if ($values.Count -eq 0) {
    return [pscustomobject]@{ Unknown = 'The performance counters of the processors are not there; lodctr /R makes them anew.' }
}
$sorted = @($values | Sort-Object)
$sum = 0
foreach ($value in $values) {
    $sum += $value
}
[pscustomobject]@{
    Percent     = [math]::Round($sum / $values.Count, 1)
    Lowest      = $sorted[0]
    Highest     = $sorted[-1]
    QueueLength = $queue
    Samples     = $values.Count
}

# Scheduled tasks whose last run failed, and those whose did not: an object for each that is on.
#
# Sources: learn.microsoft.com, Get-ScheduledTask and Get-ScheduledTaskInfo (LastTaskResult, LastRunTime); Task Scheduler Error and
# Success Constants: 0x00041300 to 0x00041325 (SCHED_S_...) tell of a state and are no failures, as 0x00041301 "is running" and
# 0x00041303 "has not run"; 0x8004131F says that an instance was running already.
param(
    # Folders, with wildcards, whose tasks are not judged: Windows' own fail and are run again by themselves.
    [string[]] $IgnorePaths = @('\Microsoft\*'),
    # Names, with wildcards.
    [string[]] $IgnoreTasks = @('User_Feed_Synchronization*', 'Optimize Start Menu Cache*'),
    # Results that are as good as 0.
    [long[]] $GoodResults = @(0)
)

foreach ($command in 'Get-ScheduledTask', 'Get-ScheduledTaskInfo') {
    if (-not (Get-Command -Name $command -ErrorAction SilentlyContinue)) {
        return [pscustomobject]@{ Unknown = "There is no $command on this host." }
    }
}
try {
    $tasks = @(Get-ScheduledTask -ErrorAction Stop)
} catch {
    return [pscustomobject]@{ Unknown = "The Task Scheduler gave no answer: $($_.Exception.Message)" }
}

foreach ($task in $tasks) {
    $isIgnored = @($IgnorePaths | Where-Object { $task.TaskPath -like $_ }).Count -gt 0 -or
        @($IgnoreTasks | Where-Object { $task.TaskName -like $_ }).Count -gt 0
    if ($isIgnored -or [string] $task.State -eq 'Disabled') {
        continue
    }
    $name = "$($task.TaskPath)$($task.TaskName)"
    try {
        $info = Get-ScheduledTaskInfo -TaskPath $task.TaskPath -TaskName $task.TaskName -ErrorAction Stop
    } catch {
        [pscustomobject]@{ Unknown = "The task $name gave no answer: $($_.Exception.Message)" }
        continue
    }
    $result = [long] $info.LastTaskResult
    $isState = $result -ge 0x41300 -and $result -le 0x41325
    $failed = 'yes'
    # 0x8004131F, written so that it is no negative number.
    if ($GoodResults -contains $result -or $isState -or $result -eq 2147750687) {
        $failed = 'no'
    }
    $ran = 'never'
    if ($info.LastRunTime -and $info.LastRunTime.Year -gt 2000) {
        $ran = $info.LastRunTime.ToString('yyyy-MM-dd HH:mm')
    }
    [pscustomobject]@{
        Task   = $name
        Result = '0x{0:X}' -f $result
        Failed = $failed
        Ran    = $ran
    }
}

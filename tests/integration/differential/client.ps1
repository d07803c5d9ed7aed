# Runs script blocks by Invoke-Command over SSH and writes what it gave, a line of JSON for each block.
#
# Jobs is a file of JSON: the port, key and known_hosts of the server, the script that runs before each block, and the
# blocks. A line is {"records":[[stream,record],..],"others":{"verbose":[..],..},"failed":record or null}: objects, errors,
# warnings, information and calls of the host in the order in which they came, the streams that Invoke-Command keeps apart, and
# the terminating error.
param([string] $Jobs, [string] $Results)

. (Join-Path $PSScriptRoot dump.ps1)
. (Join-Path $PSScriptRoot host.ps1)
$ErrorActionPreference = 'Stop'

# As psfleet takes JSON: the first of Int32, Int64 that holds an integer, arrays, hashtables in their order.
function ConvertFrom-Element([System.Text.Json.JsonElement] $element) {
    switch ($element.ValueKind) {
        Null { return $null }
        True { return $true }
        False { return $false }
        String { return $element.GetString() }
        Number {
            $small = 0
            if ($element.TryGetInt32([ref] $small)) { return $small }
            $large = 0L
            if ($element.TryGetInt64([ref] $large)) { return $large }
            return $element.GetDouble()
        }
        Array {
            $items = [System.Collections.Generic.List[object]]::new()
            foreach ($item in $element.EnumerateArray()) { $items.Add((ConvertFrom-Element $item)) }
            return , $items.ToArray()
        }
        default {
            $table = @{}
            foreach ($member in $element.EnumerateObject()) { $table[$member.Name] = ConvertFrom-Element $member.Value }
            return $table
        }
    }
}

function Get-Text($element, [string] $name) { return $element.GetProperty($name).GetString() }

function Open-Session {
    $options = @{ StrictHostKeyChecking = 'yes'; UserKnownHostsFile = Get-Text $server known_hosts; LogLevel = 'ERROR' }
    $user = Get-Text $server user
    return New-PSSession -HostName 127.0.0.1 -Port $server.GetProperty('port').GetInt32() -UserName $user -KeyFilePath (Get-Text $server key) -Options $options
}

# Runs a block as a job and waits for it: a job keeps every stream, and what it has not handed out in its order.
function Invoke-Block($session, $block) {
    $given = ConvertFrom-Element $block.GetProperty('using')
    foreach ($name in $given.Keys) { Set-Variable -Name $name -Value $given[$name] }
    $options = @{ Session = $session; ScriptBlock = [scriptblock]::Create((Get-Text $block script)); AsJob = $true }
    $arguments = ConvertFrom-Element $block.GetProperty('arguments')
    if ($null -ne $arguments) { $options.ArgumentList = $arguments }
    $objects = ConvertFrom-Element $block.GetProperty('input')
    $job = if ($null -ne $objects) { $objects | Invoke-Command @options } else { Invoke-Command @options }
    $child = $job.ChildJobs[0]
    $answered = [System.Collections.Generic.HashSet[object]]::new()
    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    # A job that asks something is blocked until its host has answered.
    while (-not $child.Finished.WaitOne(20)) {
        if ($child.State -eq 'Blocked') { Deny-Question $child $absent $answered }
        if ($watch.Elapsed.TotalMinutes -gt 2) { throw "still running after two minutes: $(Get-Text $block covers)" }
    }
    $records = [System.Collections.Generic.List[object]]::new()
    foreach ($item in Get-Results $child) {
        $stream = $streams["$($item.ObjectType)"]
        if (-not $stream) { continue }
        $value = Get-Hidden $item Value
        $tree = switch ($stream) { object { Get-Meaning $value } call { Get-Call $value } default { Get-Record $value } }
        if ($stream -eq 'information') { $tree.told = Get-Told $value }
        if ($tree) { $records.Add([object[]] @($stream, $tree)) }
    }
    $others = @{}
    foreach ($name in 'Verbose', 'Debug', 'Progress') {
        $others[$name.ToLower()] = [object[]] @(foreach ($record in $child.$name) { Get-Record $record })
    }
    $reason = $child.JobStateInfo.Reason
    $failed = if ($reason -is [System.Management.Automation.RemoteException]) { Get-ErrorRecord $reason.ErrorRecord } elseif ($reason) { "$reason" }
    Remove-Job $job -Force
    return @{ records = $records.ToArray(); others = $others; failed = $failed }
}

# How the items of a job are called.
$streams = @{ Output = 'object'; Error = 'error'; WarningRecord = 'warning'; Information = 'information'; MethodExecutor = 'call' }
$absent = [AbsentHost]::new()
# The server's formatting fills the client's window: ours has 120 columns.
$Host.UI.RawUI.BufferSize = $Host.UI.RawUI.WindowSize = [System.Management.Automation.Host.Size]::new(120, 50)
$document = [System.Text.Json.JsonDocument]::Parse([System.IO.File]::ReadAllText($Jobs))
$server = $document.RootElement
$between = [scriptblock]::Create((Get-Text $server between))
$session = $null
$writer = [System.IO.StreamWriter]::new($Results)
$writer.AutoFlush = $true
foreach ($block in $server.GetProperty('blocks').EnumerateArray()) {
    if ($session -and ($session.State -ne 'Opened' -or $block.GetProperty('new_session').GetBoolean())) {
        # A session that a script has ended is gone already.
        if ($session.State -eq 'Opened') { Remove-PSSession $session }
        $session = $null
    }
    if (-not $session) { $session = Open-Session }
    $null = Invoke-Command -Session $session -ScriptBlock $between
    $out = [System.Text.StringBuilder]::new()
    Write-Tree $out (Invoke-Block $session $block)
    $writer.WriteLine($out.ToString())
}
$writer.Dispose()
if ($session.State -eq 'Opened') { Remove-PSSession $session }

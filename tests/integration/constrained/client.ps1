# Runs script blocks by Invoke-Command on one session over SSH, and writes what each gave: a line of JSON with pairs of
# strings. An object is ["object",its text], an error ["error",its id].
#
# Jobs is a file of JSON: the port, key and known_hosts of the server, the subsystem, and the blocks. Every block gets the same
# arguments and variables, those of `wire.rs`.
param([string] $Jobs, [string] $Results)

$document = [System.Text.Json.JsonDocument]::Parse([System.IO.File]::ReadAllText($Jobs)).RootElement
function Get-Text([string] $name) { return $document.GetProperty($name).GetString() }

$options = @{ StrictHostKeyChecking = 'yes'; UserKnownHostsFile = Get-Text known_hosts; LogLevel = 'ERROR' }
$connection = @{
    HostName = '127.0.0.1'; Port = $document.GetProperty('port').GetInt32(); UserName = Get-Text user
    KeyFilePath = Get-Text key; Subsystem = Get-Text subsystem; Options = $options
}
$session = New-PSSession @connection -ErrorAction Stop

$number = 9
$list = 1, 2
$table = @{ y = 1; Force = $true }
$single = @{ y = 1 }
$text = 'text'
$nested = @{ a = @{ b = 7 } }
$nothing = $null
$arguments = 6, 'seven', @(8, 9), @{ k = 1 }

$writer = [System.IO.StreamWriter]::new($Results)
foreach ($element in $document.GetProperty('blocks').EnumerateArray()) {
    $block = [scriptblock]::Create($element.GetString())
    $records = try {
        Invoke-Command -Session $session -ScriptBlock $block -ArgumentList $arguments 2>&1 3>$null 6>$null
    }
    catch { $_ }
    $pairs = [System.Collections.Generic.List[string[]]]::new()
    foreach ($record in $records) {
        if ($record -is [System.Management.Automation.ErrorRecord]) { $pairs.Add(@('error', $record.FullyQualifiedErrorId)) }
        else { $pairs.Add(@('object', "$record")) }
    }
    $writer.WriteLine([System.Text.Json.JsonSerializer]::Serialize($pairs.ToArray(), [string[][]]))
}
$writer.Dispose()
Remove-PSSession $session

param([string]$Base, [string]$Program, [string]$Pipeline, [long]$Keep)

# The deck: runs beside the session that started it, and outlives it. It has a PowerShell server of its own, to which it
# gives what is appended to one file, and of which it writes every line to another one, the tape, until the pipeline has
# ended. Nobody sees what goes wrong here but whoever reads the tape.
$ErrorActionPreference = 'Stop'
$shared = [IO.FileShare]'ReadWrite, Delete'
# Held as long as this process lives: that is how others know.
$lock = New-Object IO.FileStream("$Base.lock", [IO.FileMode]::OpenOrCreate, [IO.FileAccess]::ReadWrite, [IO.FileShare]::None, 1, [IO.FileOptions]::DeleteOnClose)
# Without a buffer: what is written is there for whoever reads, and stays when this process is killed.
$tape = New-Object IO.FileStream("$Base.tape", [IO.FileMode]::Open, [IO.FileAccess]::ReadWrite, $shared, 1)
$null = $tape.Seek(0, [IO.SeekOrigin]::End)

$start = New-Object Diagnostics.ProcessStartInfo($Program, '-NoLogo -NoProfile -s')
$start.UseShellExecute = $false
$start.RedirectStandardInput = $start.RedirectStandardOutput = $start.RedirectStandardError = $true
$child = [Diagnostics.Process]::Start($start)
$null = $child.StandardError.BaseStream.CopyToAsync([IO.Stream]::Null)
$server = $child.StandardInput.BaseStream
$next = $child.StandardOutput.ReadLineAsync()

$buffer = New-Object byte[] 1048576
# As many bytes may be on the tape: others need room on this host, too.
$most = 1GB
$mark = "PSGuid='$Pipeline'>"
$given = 0L
$isLeft = $false
$isEnding = $false
$seen = [DateTime]::UtcNow
$clock = [Diagnostics.Stopwatch]::StartNew()
$fate = $null
try {
    while (-not $fate) {
        if ($next.Wait(50)) {
            $line = $next.Result
            if ($null -eq $line) {
                $fate = if ($child.WaitForExit(5000)) { "gone $($child.ExitCode)" } else { 'gone' }
                break
            }
            $bytes = [Text.Encoding]::ASCII.GetBytes("$line`n")
            $good = $tape.Position
            if ($good + $bytes.Length -gt $most) { $fate = 'large'; break }
            try { $tape.Write($bytes, 0, $bytes.Length) }
            catch {
                # What is there of the line makes room for a word.
                $fate = 'full'
                $tape.SetLength($good)
                $null = $tape.Seek(0, [IO.SeekOrigin]::End)
                break
            }
            $at = $line.IndexOf($mark, [StringComparison]::Ordinal)
            if ($at -ge 0 -and $at -lt 64) {
                # The header of the fragment, and the type of the message that begins with it: PIPELINE_STATE is the last one.
                $from = $at + $mark.Length
                $head = [Convert]::FromBase64String($line.Substring($from, [Math]::Min(40, ($line.Length - $from) -band -4)))
                if ($head.Length -ge 29) {
                    if (($head[16] -band 1) -and [BitConverter]::ToUInt32($head, 25) -eq 0x00041006) { $isEnding = $true }
                    if ($isEnding -and ($head[16] -band 2)) { $fate = 'ended'; break }
                }
            }
            $next = $child.StandardOutput.ReadLineAsync()
        }
        if ($clock.ElapsedMilliseconds -lt 40) { continue }
        $clock.Restart()
        # A file may go between two looks at it, or another program may have it for a moment: the next turn looks again.
        try {
            if ([IO.File]::Exists("$Base.in")) {
                $file = New-Object IO.FileStream("$Base.in", [IO.FileMode]::Open, [IO.FileAccess]::Read, $shared)
                try {
                    $file.Position = $given
                    $count = $file.Read($buffer, 0, $buffer.Length)
                }
                finally { $file.Dispose() }
                if ($count -gt 0) {
                    $given += $count
                    # Of a server that has ended, the end of its output tells.
                    $server.Write($buffer, 0, $count)
                    $server.Flush()
                }
            }
            elseif ($given -gt 0) {
                # Whoever started this has left.
                $isLeft = $true
                $given = 0L
                $seen = [DateTime]::UtcNow
            }
            if (-not [IO.File]::Exists("$Base.tape")) { $fate = 'removed'; break }
            $visit = [IO.File]::GetLastWriteTimeUtc("$Base.seen")
            if ($visit -gt $seen) { $seen = $visit }
        }
        catch { $null = $_ }
        $patience = if ($isLeft) { $Keep } else { 60 }
        if (([DateTime]::UtcNow - $seen).TotalSeconds -gt $patience) { $fate = if ($isLeft) { 'expired' } else { 'removed' } }
    }
}
catch { $fate = 'broken' }
finally {
    try {
        if ($fate -eq 'ended') {
            $bytes = [Text.Encoding]::ASCII.GetBytes("<Close PSGuid='00000000-0000-0000-0000-000000000000' />`n")
            $server.Write($bytes, 0, $bytes.Length)
        }
        $server.Dispose()
        if ($fate -ne 'ended' -or -not $child.WaitForExit(5000)) { $child.Kill() }
    }
    catch { $null = $_ }
    if ($fate -eq 'removed') {
        foreach ($suffix in 'tape', 'in', 'seen') { try { [IO.File]::Delete("$Base.$suffix") } catch { $null = $_ } }
    }
    else {
        $bytes = [Text.Encoding]::ASCII.GetBytes("#$fate`n")
        $tape.Write($bytes, 0, $bytes.Length)
    }
    $tape.Dispose()
    $lock.Dispose()
}

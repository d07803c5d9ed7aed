param([string]$Name, [string]$Deck, [string]$Pipeline, [long]$Keep, [string]$Label, [string]$Note, [string]$Look)

# The relay: stands between a client and a deck. With the text of a deck it starts one, without it finds one that was
# started before, with a note it puts the note in place of all that the deck has written. First it says what it found;
# then it takes words, one at a time, and answers each. Or it looks: at all decks, to list them, or at one, to end it.
if ("$($ExecutionContext.SessionState.LanguageMode)" -ne 'FullLanguage') {
    # Here nothing can have been left running.
    if ($Look) { return }
    throw "leaving a script running needs an endpoint with the language mode FullLanguage; this one has $($ExecutionContext.SessionState.LanguageMode)"
}
$ErrorActionPreference = 'Stop'
$shared = [IO.FileShare]'ReadWrite, Delete'
$windows = [IO.Path]::DirectorySeparatorChar -eq '\'
$hasModes = -not $windows -and [IO.File].GetMethods().Name -contains 'SetUnixFileMode'
$state = if ($windows) { $env:LOCALAPPDATA } elseif ($env:XDG_STATE_HOME) { $env:XDG_STATE_HOME } elseif ($HOME) { [IO.Path]::Combine($HOME, '.local/state') }
if (-not $state) {
    $unset = if ($windows) { 'LOCALAPPDATA' } else { 'HOME' }
    throw "what is left running is kept in a folder of the user's, and the session does not know where that is: $unset is not set"
}
$folder = [IO.Path]::Combine($state, 'psfleet', 'left-running')
# The name is a number of our own making, so all of this stays in the folder.
$base = [IO.Path]::Combine($folder, ([guid]$Name).ToString())
$tape = "$base.tape"
$unusable = "what is left running is kept in the folder $folder, which cannot be used: "

$innermost = {
    param($record)
    $cause = $record.Exception
    while ($cause.InnerException) { $cause = $cause.InnerException }
    $cause
}
$private = { param($path, [int]$mode) if ($hasModes) { [IO.File]::SetUnixFileMode($path, [IO.UnixFileMode]$mode) } elseif (-not $windows) { chmod ([Convert]::ToString($mode, 8)) $path; if ($LASTEXITCODE) { throw "chmod failed on $path" } } }
$create = {
    param($path, $text)
    $bytes = [Text.Encoding]::UTF8.GetBytes($text)
    $file = New-Object IO.FileStream($path, [IO.FileMode]::CreateNew, [IO.FileAccess]::Write, $shared)
    try { & $private $path 384; $file.Write($bytes, 0, $bytes.Length) } finally { $file.Dispose() }
}
$isLink = { param($path) ([IO.File]::GetAttributes($path) -band [IO.FileAttributes]::ReparsePoint) -ne 0 }
# The first bytes of a file. A link is none; a pipe, which would keep us waiting, cannot be told from one until it is open.
$read = {
    param($path, [int]$most)
    if (-not [IO.File]::Exists($path) -or (& $isLink $path)) { return }
    # To write, too: whoever opens a pipe for that waits for nobody.
    $file = New-Object IO.FileStream($path, [IO.FileMode]::Open, [IO.FileAccess]::ReadWrite, $shared)
    try {
        if (-not $file.CanSeek) { return }
        $bytes = New-Object byte[] $most
        [Text.Encoding]::UTF8.GetString($bytes, 0, $file.Read($bytes, 0, $most))
    }
    finally { $file.Dispose() }
}
# The first line of what a deck has written, if this is that: how long it is to be kept, for whom, and where the rest begins.
$head = {
    param($path)
    $text = & $read $path 1000
    if ($text -match '\Apsfleet 1 ([0-9a-f-]{36}) ([0-9]{1,12})(?: ([^\n]{1,200}))?\n' -and $Matches[1] -eq [IO.Path]::GetFileNameWithoutExtension($path)) {
        @{ Keep = [long]$Matches[2]; Label = $Matches[3]; Length = [Text.Encoding]::UTF8.GetByteCount($Matches[0]) }
    }
}
# Whether no deck lives that has this name.
$isDead = {
    param($base)
    if (-not [IO.File]::Exists("$base.lock")) { return $true }
    try { (New-Object IO.FileStream("$base.lock", [IO.FileMode]::Open, [IO.FileAccess]::ReadWrite, [IO.FileShare]::None)).Dispose(); $true }
    catch { $false }
}
# On Windows nobody removes what another one holds: that goes when it is let go of.
$remove = { param($base, $suffixes) foreach ($suffix in $suffixes) { try { [IO.File]::Delete("$base.$suffix") } catch { $null = $_ } } }
$all = 'tape', 'in', 'seen', 'lock'
# What nobody has come for in its time.
$sweep = {
    $now = [DateTime]::UtcNow
    foreach ($path in [IO.Directory]::GetFiles($folder)) {
        try {
            $age = ($now - [IO.File]::GetLastWriteTimeUtc($path)).TotalSeconds
            $other = [IO.Path]::ChangeExtension($path, $null).TrimEnd('.')
            if ($other -eq $base -or [IO.Path]::GetFileName($other) -notmatch '^[0-9a-f-]{36}$') { continue }
            if ($path.EndsWith('.end') -and $age -gt 2592000) { [IO.File]::Delete($path) }
            elseif ($path.EndsWith('.tape') -and ($found = & $head $path) -and $age -gt $found.Keep -and (& $isDead $other)) { & $remove $other ($all + 'reader') }
            # What is left of one that was killed.
            elseif ($path -match '\.(in|seen|lock|reader)$' -and $age -gt 86400 -and -not [IO.File]::Exists("$other.tape") -and (& $isDead $other)) { & $remove $other 'in', 'seen', 'lock', 'reader' }
        }
        catch { $null = $_ }
    }
}
$claim = {
    # One who has just gone may hold it for a moment.
    for ($turn = 0; $turn -lt 50; $turn++) {
        try {
            $file = New-Object IO.FileStream("$base.reader", [IO.FileMode]::OpenOrCreate, [IO.FileAccess]::ReadWrite, [IO.FileShare]::None, 1, [IO.FileOptions]::DeleteOnClose)
            & $private "$base.reader" 384
            return $file
        }
        catch {
            $cause = & $innermost $_
            # ERROR_SHARING_VIOLATION, and EWOULDBLOCK of Linux and of macOS.
            if ($cause.HResult -notin -2147024864, 11, 35) { throw $cause }
            [Threading.Thread]::Sleep(100)
        }
    }
}

if ($Look -eq 'all') {
    if (-not [IO.Directory]::Exists($folder)) { return }
    "owner $([Environment]::UserName)"
    $now = [DateTime]::UtcNow
    foreach ($path in [IO.Directory]::GetFiles($folder, '*.tape')) {
        try {
            $found = & $head $path
            if (-not $found) { continue }
            $other = [IO.Path]::ChangeExtension($path, $null).TrimEnd('.')
            $seen = [IO.File]::GetLastWriteTimeUtc($(if ([IO.File]::Exists("$other.seen")) { "$other.seen" } else { $path }))
            $idle = [Math]::Max(0, [long]($now - $seen).TotalSeconds)
            # One that is being started takes its lock just now: nobody else may have it then.
            $isStarted = -not [IO.File]::Exists("$other.in") -or $idle -gt 120
            $state = if ($isStarted -and (& $isDead $other)) { 'Ended' } else { 'Running' }
            $age = [Math]::Max($idle, [long]($now - [IO.File]::GetCreationTimeUtc($path)).TotalSeconds)
            "deck $([IO.Path]::GetFileName($other)) $state $age $idle $($found.Label)"
        }
        # It has gone meanwhile.
        catch { $null = $_ }
    }
    return
}

$reader = $stream = $process = $null
$isLeft = $true
$isStarting = [bool]$Deck
try {
    if ($Deck) {
        $isLeft = $false
        $program = (Get-Process -Id $PID).Path
        if ([IO.Path]::GetFileNameWithoutExtension($program) -notmatch '^(pwsh|pwsh-preview|powershell)$') {
            $program = [IO.Path]::Combine($PSHOME, $(if ($windows) { 'pwsh.exe' } else { 'pwsh' }))
        }
        if (-not [IO.File]::Exists($program)) { throw "leaving a script running needs PowerShell's program, and there is none at $program" }
        try {
            foreach ($path in [IO.Path]::GetDirectoryName($folder), $folder) {
                if (-not [IO.Directory]::Exists($path)) { $null = [IO.Directory]::CreateDirectory($path); & $private $path 448 }
            }
            if (& $isLink $folder) { throw "it is a link" }
            # Whoever made it.
            & $private $folder 448
            $reader = & $claim
            & $create $tape "psfleet 1 $(([guid]$Name).ToString()) $Keep $Label`n"
            & $create "$base.in" ''
            foreach ($suffix in 'seen', 'lock') { & $create "$base.$suffix" '' }
        }
        catch { throw "$unusable$((& $innermost $_).Message)" }
        & $sweep
        $quoted = ($base, $program, $Pipeline | ForEach-Object { "'" + $_.Replace("'", "''") + "'" }) -join ' '
        $encoded = [Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes("& {$Deck} $quoted $Keep"))
        $words = '-NoLogo', '-NoProfile', '-NonInteractive', '-EncodedCommand', $encoded
        if ($windows) {
            # A process of the service for that: the job object of an SSH session ends its own ones.
            $hidden = New-CimInstance -ClassName Win32_ProcessStartup -ClientOnly -Property @{ ShowWindow = [uint16]0 }
            $made = Invoke-CimMethod -ClassName Win32_Process -MethodName Create -Arguments @{
                CommandLine = "`"$program`" $($words -join ' ')"; CurrentDirectory = $PWD.ProviderPath; ProcessStartupInformation = $hidden
            }
            if ($made.ReturnValue -ne 0) { throw "Windows does not start a process that outlives the session: Win32_Process.Create gave $($made.ReturnValue)" }
            $number = $made.ProcessId
        }
        else {
            $start = New-Object Diagnostics.ProcessStartInfo '/bin/sh'
            $line = 'exec </dev/null >/dev/null 2>&1; if command -v setsid >/dev/null; then exec setsid "$0" "$@"; else exec nohup "$0" "$@"; fi'
            '-c', $line, $program + $words | ForEach-Object { $start.ArgumentList.Add($_) }
            $process = [Diagnostics.Process]::Start($start)
            $number = $process.Id
        }
        $at = 0L
        "started $number $tape"
    }
    else {
        if ([IO.Directory]::Exists($folder)) { & $sweep }
        if (-not [IO.File]::Exists($tape)) {
            $said = & $read "$base.end" 65536
            if ($said) { "end $said" } else { "none $tape" }
            return
        }
        try {
            $found = & $head $tape
            if (-not $found) { 'strange'; return }
            $reader = & $claim
        }
        catch { throw "$unusable$((& $innermost $_).Message)" }
        if (-not $reader) { 'busy'; return }
        if ($Look) {
            # It ends, and its script with it, once it finds no tape any more.
            & $remove $base 'tape', 'in', 'seen'
            for ($turn = 0; $turn -lt 100 -and -not (& $isDead $base); $turn++) { [Threading.Thread]::Sleep(100) }
            if ([IO.File]::Exists($tape)) { 'kept' }
            elseif (& $isDead $base) { & $remove $base @('lock'); 'removed' }
            else { 'runs' }
            return
        }
        if ($Note) {
            # First the note, unless only the tape's end makes room for it.
            try { [IO.File]::Delete("$base.end"); & $create "$base.end" $Note } catch { $null = $_ }
            & $remove $base $all
            if ([IO.File]::Exists($tape)) { 'kept' } else { 'removed' }
            return
        }
        $at = [long]$found.Length
        'tape'
    }
    $stream = New-Object IO.FileStream($tape, [IO.FileMode]::Open, [IO.FileAccess]::Read, $shared)
    if (-not $at) { $at = [long](& $head $tape).Length }
    $buffer = New-Object byte[] 524288
    $plain = [Text.Encoding]::GetEncoding(28591)
    foreach ($word in $input) {
        [IO.File]::SetLastWriteTimeUtc("$base.seen", [DateTime]::UtcNow)
        if ($word -ceq 'L') {
            [IO.File]::Delete("$base.in")
            $isLeft = $true
            'left'
            continue
        }
        if ($word[0] -eq '+') {
            $bytes = $plain.GetBytes($word.Substring(1))
            $file = New-Object IO.FileStream("$base.in", [IO.FileMode]::Append, [IO.FileAccess]::Write, $shared)
            try { $file.Write($bytes, 0, $bytes.Length) } finally { $file.Dispose() }
        }
        # Before the last look at the tape: it may have written something before it died.
        $lives = if ($isStarting) { -not ($process -and $process.HasExited) } else { -not (& $isDead $base) }
        $stream.Position = $at
        $count = $stream.Read($buffer, 0, $buffer.Length)
        $at += $count
        if ($count -gt 0) { $isStarting = $false; $plain.GetString($buffer, 0, $count) }
        elseif ($lives) { '' }
        else { "`n#dead`n" }
    }
}
finally {
    if ($stream) { $stream.Dispose() }
    # Whoever finds no tape any more ends.
    if (-not $isLeft) { & $remove $base 'tape', 'in' }
    if ($reader) { $reader.Dispose() }
}

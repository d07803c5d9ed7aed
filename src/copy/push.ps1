param([string]$Destination, [bool]$Folder, [bool]$Force, [bool]$Bare)

if ("$($ExecutionContext.SessionState.LanguageMode)" -ne 'FullLanguage') {
    throw "copying needs an endpoint with the language mode FullLanguage; this one has $($ExecutionContext.SessionState.LanguageMode)"
}
# A PowerShell that only resembles one says here what it lacks.
$null = [IO.FileStream]
$windows = [IO.Path]::DirectorySeparatorChar -eq '\'
$hasModes = -not $windows -and [IO.File].GetMethods().Name -contains 'SetUnixFileMode'
$invalid = [IO.Path]::GetInvalidFileNameChars()
# Another host that shares the folder may put the same file in its place meanwhile.
$shared = [IO.FileShare]'ReadWrite, Delete'

# What went wrong with one file: the innermost exception says it.
$fail = {
    param($number, $path, $record)
    $cause = $record.Exception
    while ($cause.InnerException) { $cause = $cause.InnerException }
    [pscustomobject]@{
        k = 'fail'; n = $number; p = "$path"; e = $cause.Message; t = $cause.GetType().FullName
        c = [Runtime.InteropServices.Marshal]::GetHRForException($cause)
    }
}

# SHA-256 of the first bytes of a file, in lower-case hexadecimal.
$hash = {
    param($path, [long]$length)
    $sha = if ($PSVersionTable.PSEdition -eq 'Core') { [Security.Cryptography.SHA256]::Create() }
    else { New-Object Security.Cryptography.SHA256CryptoServiceProvider }
    $stream = New-Object IO.FileStream($path, [IO.FileMode]::Open, [IO.FileAccess]::Read, $shared, 4096)
    try {
        $buffer = New-Object byte[] 1048576
        while ($length -gt 0) {
            $count = $stream.Read($buffer, 0, [int][Math]::Min([long]$buffer.Length, $length))
            if ($count -eq 0) { break }
            $null = $sha.TransformBlock($buffer, 0, $count, $null, 0)
            $length -= $count
        }
        $null = $sha.TransformFinalBlock($buffer, 0, 0)
        [BitConverter]::ToString($sha.Hash).Replace('-', '').ToLowerInvariant()
    }
    finally { $stream.Dispose(); $sha.Dispose() }
}

# Where a file or folder belongs: this machine joins the parts, and takes no part that leads elsewhere.
$place = {
    param($parts)
    $path = $root
    foreach ($part in $parts) {
        if ($part -eq '.' -or $part -eq '..' -or $part.IndexOfAny($invalid) -ge 0) { throw "'$part' is no file name here" }
        $path = [IO.Path]::Combine($path, $part)
    }
    $path
}

$open = {
    param($temporary)
    New-Object IO.FileStream($temporary, [IO.FileMode]::OpenOrCreate, [IO.FileAccess]::ReadWrite, [IO.FileShare]::None, 4096)
}

try {
    $provider = $null
    $drive = $null
    $root = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Destination, [ref]$provider, [ref]$drive)
    if ($provider.Name -ne 'FileSystem') { throw "this is a place of the provider $($provider.Name), not of the file system" }
    if ($Folder) { $null = [IO.Directory]::CreateDirectory($root) }
    elseif ([IO.Directory]::Exists($root)) { $Folder = $true }
}
catch { & $fail -1 $Destination $_; return }

$files = @{}
$stream = $null
$current = -1
try {
    foreach ($frame in $input) {
        $number = $frame.n
        $path = $root
        try {
            switch ($frame.k) {
                'folder' {
                    $path = & $place $frame.p
                    $null = [IO.Directory]::CreateDirectory($path)
                }
                'file' {
                    $path = if ($Folder) { & $place $frame.p } else { $root }
                    if ([IO.Directory]::Exists($path)) { throw (New-Object IO.IOException 'a folder is in the way') }
                    $parent = [IO.Path]::GetDirectoryName($path)
                    if (-not [IO.Directory]::Exists($parent)) {
                        throw (New-Object IO.DirectoryNotFoundException "there is no folder '$parent'")
                    }
                    if (-not $Force -and -not $frame.c -and [IO.File]::Exists($path) -and
                        (New-Object IO.FileInfo $path).Length -eq $frame.s -and (& $hash $path $frame.s) -eq $frame.h) {
                        [pscustomobject]@{ k = 'same'; n = $number; p = $path }
                        continue
                    }
                    $temporary = [IO.Path]::Combine($parent, $frame.x)
                    $length = 0L
                    $prefix = $null
                    if ([IO.File]::Exists($temporary)) {
                        $length = (New-Object IO.FileInfo $temporary).Length
                        if ($length -gt $frame.s) { $length = 0L }
                        if (-not $frame.c -and $length -gt 0) { $prefix = & $hash $temporary $length }
                    }
                    # Nobody else may read it while it grows, whatever may read it in the end. It is not kept open: its
                    # bytes may come by SFTP.
                    $created = & $open $temporary
                    if ($created.Length -ne $length) { $created.SetLength($length) }
                    $created.Dispose()
                    if ($hasModes) { [IO.File]::SetUnixFileMode($temporary, [IO.UnixFileMode]384) }
                    $files[$number] = @{ Path = $path; Temporary = $temporary; Frame = $frame }
                    [pscustomobject]@{ k = 'want'; n = $number; p = $path; o = $length; h = $prefix; x = $temporary }
                }
                'data' {
                    # Every chunk is counted, those of a file that has failed too.
                    [pscustomobject]@{ k = 'took'; n = $number }
                    $file = $files[$number]
                    if (-not $file) { continue }
                    if ($current -ne $number) {
                        if ($stream) { $stream.Dispose(); $stream = $null }
                        $stream = & $open $file.Temporary
                        $current = $number
                    }
                    if ($stream.Length -ne $frame.o) { $stream.SetLength($frame.o) }
                    $stream.Position = $frame.o
                    $stream.Write($frame.b, 0, $frame.b.Length)
                    $stream.Flush()
                }
                'end' {
                    $file = $files[$number]
                    if (-not $file) { continue }
                    $temporary = $file.Temporary
                    $path = $file.Path
                    # Bytes that only the memory has would leave an empty file in its place when the power fails. What came
                    # by SFTP was written by another process, but the disk gets all of the file.
                    if ($current -ne $number) {
                        if ($stream) { $stream.Dispose(); $stream = $null }
                        $stream = & $open $temporary
                        $current = $number
                    }
                    $stream.Flush($true)
                    $stream.Dispose()
                    $stream = $null
                    $current = -1
                    $length = (New-Object IO.FileInfo $temporary).Length
                    $found = & $hash $temporary $length
                    if ($length -ne $file.Frame.s -or $found -ne $file.Frame.h) {
                        throw (New-Object IO.InvalidDataException "what arrived is not what was sent: SHA-256 $found instead of $($file.Frame.h)")
                    }
                    [IO.File]::SetLastWriteTimeUtc($temporary, (New-Object DateTime($file.Frame.t, [DateTimeKind]::Utc)))
                    if ($hasModes) {
                        $mode = if ($null -ne $file.Frame.m) { $file.Frame.m } else { 420 }
                        [IO.File]::SetUnixFileMode($temporary, [IO.UnixFileMode]$mode)
                    }
                    if ($PSVersionTable.PSEdition -eq 'Core') { [IO.File]::Move($temporary, $path, $true) }
                    elseif ([IO.File]::Exists($path)) { [IO.File]::Replace($temporary, $path, [NullString]::Value) }
                    else { [IO.File]::Move($temporary, $path) }
                    $files.Remove($number)
                    [pscustomobject]@{ k = 'done'; n = $number; p = $path; h = $found }
                }
            }
        }
        catch [System.Management.Automation.PipelineStoppedException] { throw }
        catch {
            $record = $_
            $file = $files[$number]
            $where = $path
            if ($file) {
                # What could not be written must not fill the disk; it is taken up again only after a broken link.
                $where = $file.Path
                if ($current -eq $number -and $stream) { try { $stream.Dispose() } catch { $null = $_ }; $stream = $null; $current = -1 }
                try { [IO.File]::Delete($file.Temporary) } catch { $null = $_ }
                $files.Remove($number)
            }
            & $fail $number $where $record
        }
    }
}
finally {
    if ($stream) { $stream.Dispose() }
    # What has begun is kept, to go on there; what was only announced leaves no trace.
    foreach ($file in $files.Values) {
        $info = New-Object IO.FileInfo $file.Temporary
        if ($info.Exists -and $info.Length -eq 0) { try { $info.Delete() } catch { $null = $_ } }
    }
}
